"""Chosen: what was chosen on the page, kept in a file beside the user's settings file.

It is not kept with a library: one that somebody else made could send questions to an address of
theirs. A key is no setting that can be chosen, and an address that holds one is refused.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import httpx

from footnote.index import FootnoteError
from footnote.index.settings import (
    Section,
    SettingInfo,
    SettingSources,
    beside_settings,
    settings_of,
)
from footnote.rag.generation.chat.endpoints.keys import is_address

FILE = "chosen.json"
# Bytes of the file, and characters of an address.
_MOST, _LONGEST_ADDRESS = 100_000, 300


class ChoiceError(FootnoteError):
    """A value cannot be chosen, or the file of what was chosen cannot be used."""


def choosable(sections: Iterable[type[Section]]) -> dict[str, SettingInfo]:
    """Returns the settings of sections that can be chosen on the page, by their variable."""
    found = [setting for section in sections for setting in settings_of(section).values()]
    return {setting.variable: setting for setting in found if setting.chosen}


def add_chosen(sources: SettingSources, sections: Iterable[type[Section]]) -> SettingSources:
    """Returns what is configured together with what was chosen on the page.

    Args:
        sources: What is configured.
        sections: Those whose choices are wanted.

    Raises:
        ChoiceError: The file is none that the page writes.
    """
    return sources.choosing(read_chosen(beside_settings(FILE, sources), sections))


def read_chosen(path: Path, sections: Iterable[type[Section]]) -> dict[str, str]:
    """Returns what was chosen, as text by environment variable; nothing where there is no file.

    Raises:
        ChoiceError: The file is none that the page writes.
    """
    known = choosable(sections)
    try:
        if path.stat().st_size > _MOST:
            raise ValueError("it is too long")
        values = json.loads(path.read_bytes())
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            raise ValueError("it holds no texts by name")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ChoiceError(
            f"{path} is not what the page writes ({error}); move it away, and choose again"
        ) from error
    chosen = {name: text for name, text in values.items() if name in known and text.strip()}
    if address := chosen.get("OPENAI_BASE_URL"):
        try:
            check_address(address)
        except ChoiceError as error:
            raise ChoiceError(f"{path}: {error}") from error
    return chosen


def write_chosen(path: Path, chosen: Mapping[str, str]) -> None:
    """Keeps what was chosen; the file appears whole or not at all, and only its owner reads it.

    Raises:
        ChoiceError: It cannot be written.
    """
    partial: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made for its owner alone.
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, delete=False, encoding="utf-8"
        ) as file:
            partial = Path(file.name)
            json.dump(dict(chosen), file, ensure_ascii=False, indent=1, sort_keys=True)
        os.replace(partial, path)
    except OSError as error:
        if partial is not None:
            partial.unlink(missing_ok=True)
        raise ChoiceError(
            f"{path} cannot be written ({error.strerror}); nothing was changed"
        ) from error


def check_address(base_url: str) -> None:
    """Raises if an address cannot be chosen.

    Raises:
        ChoiceError: It is none of a server, or holds a user name, a password or a key.
    """
    plain = base_url.isprintable() and " " not in base_url and len(base_url) <= _LONGEST_ADDRESS
    if not plain or not is_address(base_url):
        raise ChoiceError("the address is not a URL; give one like http://HOST:PORT/v1")
    url = httpx.URL(base_url)
    if url.userinfo or url.fragment or set(url.params) - {"api-version"}:
        raise ChoiceError(
            "the address holds more than a server and a path; a key stays in OPENAI_API_KEY, "
            "where the server runs"
        )
