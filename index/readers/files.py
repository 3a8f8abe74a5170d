"""Files from outside: read whole where they are files, and told on one line where they are not."""

import stat
from pathlib import Path

from footnote.index import SourceError

# Bytes that a packed file may open to, unless the caller says otherwise.
MOST_UNPACKED = 1_000_000_000

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


def irregular(path: Path) -> str | None:
    """Returns what a path is that holds no bytes to be read to an end; None for a file.

    A pipe without a writer is waited for without end, and some devices give without end.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        # What is not there, or may not be read, is told when it is read.
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
