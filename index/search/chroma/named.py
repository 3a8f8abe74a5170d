"""Named: the servers that somebody named on this machine, which alone are asked.

A library remembers its server, and anybody may have made a library: it could have questions, and
the token, sent to an address of theirs. So a server that no setting names is asked only if it was
given to ``footnote index`` here before. The list lies beside the user's settings file.
"""

import json
import os
import tempfile
from pathlib import Path

from footnote.index.settings import beside_settings

FILE = "servers.json"
_MOST_BYTES, _MOST = 100_000, 1_000


def is_named(url: str) -> bool:
    """Returns whether somebody gave this address on this machine."""
    return url in _read(beside_settings(FILE))


def note_named(url: str) -> None:
    """Remembers that somebody gave this address; where that cannot be kept, nothing is."""
    path = beside_settings(FILE)
    known = _read(path)
    if url in known:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made for its owner alone, and there whole or not at all.
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, delete=False, encoding="utf-8"
        ) as file:
            json.dump([*known, url][-_MOST:], file, indent=1)
        os.replace(file.name, path)
    except OSError:
        return


def _read(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return []
        urls = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    return [url for url in urls if isinstance(url, str)] if isinstance(urls, list) else []
