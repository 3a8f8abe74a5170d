"""Decompression: read a file, gzipped or not, in pieces of text, one in memory at a time.

A small gzipped file may unpack to any size, so the bytes are counted during reading.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from footnote.index import SourceError
from footnote.index.readers.files import MOST_UNPACKED as MOST_UNPACKED
from footnote.index.readers.files import irregular

PIECE_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"

# A text, or its pieces in order.
Text = str | Iterable[str]


def in_pieces(text: Text) -> Iterable[str]:
    """Returns a text as pieces; one that is whole is one piece."""
    return [text] if isinstance(text, str) else text


def read_text(path: Path, *, most_unpacked: int = MOST_UNPACKED) -> Iterator[str]:
    """Yields a file's text in pieces, without its byte order mark.

    A file that was cut off inside its last character ends before that character.

    Args:
        path: Of a plain file in UTF-8, gzipped or not, whatever its name.
        most_unpacked: Maximum unpacked bytes of a gzipped file.

    Raises:
        SourceError: It cannot be read, opens to more, or is in another encoding.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    before = 0
    for piece in _read_bytes(path, most_unpacked):
        kept = len(decoder.getstate()[0])
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{path}: byte 0x{error.object[error.start]:02x} at offset "
                f"{before - kept + error.start} is not UTF-8; save the file as UTF-8"
            ) from error
        before += len(piece)
        if text:
            yield text


def _read_bytes(path: Path, most: int) -> Iterator[bytes]:
    """Yields what a file holds, unpacked, without its byte order mark."""
    try:
        if kind := irregular(path):
            raise SourceError(f"{path}: cannot be read (it is {kind}); give a file")
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            if not packed:
                yield from _chunks(file)
                return
            # Measure first: a file that is too large is refused before parsing, which takes a
            # hundred times as long.
            if sum(map(len, _unpacked(path, file, most))):
                file.seek(0)
                yield from _unpacked(path, file, most)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SourceError(f"{path}: cannot be read ({reason}); check the path") from error


def _unpacked(path: Path, file: BinaryIO, most: int) -> Iterator[bytes]:
    total = 0
    for chunk in _chunks(cast(BinaryIO, gzip.GzipFile(fileobj=file))):
        total += len(chunk)
        if total > most:
            raise SourceError(
                f"{path}: unpacks to more than {most:,} bytes; split it into smaller files"
            )
        yield chunk


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    first = file.read(PIECE_BYTES).removeprefix(codecs.BOM_UTF8)
    if first:
        yield first
    while chunk := file.read(PIECE_BYTES):
        yield chunk
