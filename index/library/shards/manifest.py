"""The manifest of a library in shards: a file that lists their folders."""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from footnote.index import LibraryError, LibraryNotFound
from footnote.index.storage.place import CATALOG

# A manifest is a list of folders.
_MOST_BYTES = 1_000_000
# Each shard is a collection and an index in memory, and a thread while searching.
MOST_SHARDS = 256


def shard_folders(given: Sequence[Path]) -> list[Path]:
    """Returns the folders of shards, those of manifests in their place, in order.

    Args:
        given: Folders, or files that are manifests.

    Raises:
        LibraryNotFound: A folder holds no library.
        LibraryError: A manifest cannot be read, a folder comes twice, or there are too many.
    """
    folders = [
        folder
        for path in given
        for folder in (read_manifest(path) if path.is_file() else [path.expanduser()])
    ]
    seen = set[Path]()
    for folder in folders:
        if folder.resolve() in seen:
            raise LibraryError(f"the shard {folder} is given twice; give each folder once")
        seen.add(folder.resolve())
        if not (folder / CATALOG).is_file():
            raise LibraryNotFound(
                f"no library at {folder}, which is given as a shard; give a folder that "
                "footnote index made, or a manifest of such"
            )
    if len(folders) > MOST_SHARDS:
        raise LibraryError(
            f"{len(folders):,} shards are given, and {MOST_SHARDS} can be searched at once; "
            "put more papers into each"
        )
    return folders


def read_manifest(path: Path) -> list[Path]:
    """Returns the folders that a manifest lists; relative ones stand beside it.

    It is TOML or JSON with a list ``shards``; JSON may be the list alone.

    Raises:
        LibraryError: It is neither, or lists no folder.
    """
    what = f'{path}: not a manifest of shards; give TOML such as shards = ["one", "two"], or JSON'
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise LibraryError(what)
        found = _parse(path.read_text("utf-8"))
    except OSError as error:
        raise LibraryError(f"{path}: cannot be read ({error.strerror})") from error
    # Both parsers' errors are such, as is text in another encoding; deep nesting is the second.
    except (ValueError, RecursionError) as error:
        raise LibraryError(what) from error
    listed = found.get("shards") if isinstance(found, dict) else found
    if not isinstance(listed, list) or not listed:
        raise LibraryError(what)
    if wrong := [one for one in listed if not isinstance(one, str) or not one.strip()]:
        raise LibraryError(f"{path}: {str(wrong[0])[:60]!r} is no folder of a shard; give a path")
    return [path.parent / Path(one).expanduser() for one in listed]


def _parse(text: str) -> Any:
    # TOML's tables begin with a bracket as JSON's lists do.
    return tomllib.loads(text) if re.match(r"\s*+[\w#]|\s*+\[\w", text) else json.loads(text)
