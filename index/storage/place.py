"""The place of a library: a folder with a catalog, or one where a library can be made."""

from pathlib import Path

from footnote.index import LibraryError

CATALOG = "catalog.sqlite3"


def check_place(path: Path) -> None:
    """Raises if there is no library and none can be created.

    Raises:
        LibraryError: The path is something else.
    """
    if (path / CATALOG).is_file() or not path.exists():
        return
    if not path.is_dir():
        raise LibraryError(f"{path} is a file, and a library is a folder; give another folder")
    if any(path.iterdir()):
        raise LibraryError(f"{path} is not a library, and not empty; give another folder")
