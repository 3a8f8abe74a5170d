"""Files: read a whole file, with a one-line error if that is not possible."""

import stat
from pathlib import Path

from footnote.index import SourceError

# Default maximum bytes of an unpacked file.
MOST_UNPACKED = 1_000_000_000

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


def irregular(path: Path) -> str | None:
    """Returns what a path is if it is not a regular file; None for a file.

    Reading a pipe without a writer, or some devices, never ends.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        # Missing and unreadable files fail later, when they are read.
        return "a link that leads nowhere" if path.is_symlink() else None
    return next((name for is_kind, name in _KINDS if is_kind(mode)), None)


def read_bytes(path: Path) -> bytes:
    """Returns what a file holds.

    Raises:
        SourceError: It cannot be read, or is no file.
    """
    if kind := irregular(path):
        raise SourceError(f"{path}: cannot be read (it is {kind}); give a file")
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{path}: cannot be read ({reason}); check the path") from error


def read_text(path: Path) -> str:
    """Returns the text of a UTF-8 file, without its byte order mark.

    Raises:
        SourceError: It cannot be read, or is not UTF-8.
    """
    raw = read_bytes(path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path}: byte 0x{raw[error.start]:02x} at offset {error.start} is not UTF-8; "
            "save the file as UTF-8"
        ) from error
