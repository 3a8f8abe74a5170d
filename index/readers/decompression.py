"""Decompression: read a file, packed or not, in pieces of text, one in memory at a time.

A small packed file may unpack to any size, so the bytes are counted during reading.
"""

import bz2
import codecs
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from footnote.index import SourceError
from footnote.index.readers.encodings import Text as Text
from footnote.index.readers.encodings import decode
from footnote.index.readers.encodings import in_pieces as in_pieces
from footnote.index.readers.files import MOST_UNPACKED as MOST_UNPACKED
from footnote.index.readers.files import irregular

PIECE_BYTES = 1 << 20
# Members of an archive that are looked at.
MOST_MEMBERS = 10_000
_PACKED: dict[bytes, Callable[[BinaryIO], IO[bytes]]] = {
    b"\x1f\x8b": lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file)),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
# With members, and without any.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# Archives that hold one document, which is no list of papers, by a member that each has.
_DOCUMENTS = {
    "word/": "a Word document", "xl/": "an Excel workbook; save the sheet as CSV",
    "ppt/": "a PowerPoint file", "META-INF/container.xml": "an EPUB", "content.xml": "a document",
}  # fmt: skip
# What begins a file that is none of text, by its first bytes.
_NO_TEXT = {
    b"\x28\xb5\x2f\xfd": "a Zstandard archive; unpack it first", b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture", b"SQLite format 3\0": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old Office file",
}  # fmt: skip
_HEAD = 16


def read_text(path: Path, *, most_unpacked: int = MOST_UNPACKED) -> Iterator[str]:
    """Yields the text of a file of our own, which must be UTF-8, packed or not.

    A file that was cut off inside its last character ends before that character.

    Raises:
        SourceError: It cannot be read, opens to more, or is in another encoding.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    before = 0
    with _named(path):
        if kind := irregular(path):
            raise SourceError(f"{path}: cannot be read (it is {kind}); give a file")
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(0)
            for piece in _bytes(path, file, head, most_unpacked):
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


def read_texts(
    path: Path, *, most_unpacked: int = MOST_UNPACKED
) -> Iterator[tuple[str, Iterator[str]]]:
    """Yields the name of each text in a file and its pieces, to be read before the next.

    Lines end in line feeds. A plain or packed file holds one text, without a name; a ZIP archive
    those of its members, hidden ones left out.

    Args:
        path: Of a file, plain or packed (gzip, bzip2, xz, ZIP), whatever its name.
        most_unpacked: Bytes that a packed file may open to.

    Raises:
        SourceError: It cannot be read, opens to more, or holds no text.
    """
    with _named(path):
        if kind := irregular(path):
            raise SourceError(f"{path}: cannot be read (it is {kind}); give a file")
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(0)
            if head.startswith(_ZIP):
                yield from _members(path, file, most_unpacked)
            else:
                yield "", decode(_bytes(path, file, head, most_unpacked))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Makes one line of what goes wrong while a file is read."""
    try:
        yield
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SourceError(f"{path}: cannot be read ({reason}); check the path") from error


def _bytes(path: Path, file: BinaryIO, head: bytes, most: int) -> Iterator[bytes]:
    """Yields what a file holds, unpacked."""
    _refuse_no_text(str(path), head)
    unpack = next((way for mark, way in _PACKED.items() if head.startswith(mark)), None)
    with _named(path):
        if unpack is None:
            yield from _chunks(file)
            return
        # Measure first: a file that is too large is refused before parsing, which takes a hundred
        # times as long.
        if sum(map(len, _unpacked(path, unpack(file), most))):
            file.seek(0)
            yield from _unpacked(path, unpack(file), most)


def _members(path: Path, file: BinaryIO, most: int) -> Iterator[tuple[str, Iterator[str]]]:
    """Yields the texts of a ZIP archive; together they may open to ``most`` bytes."""
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        for mark, what in _DOCUMENTS.items():
            if any(member.filename.startswith(mark) for member in members):
                raise SourceError(f"{path}: this is {what}; export a list of papers instead")
        if len(members) > MOST_MEMBERS:
            raise SourceError(f"{path}: holds {len(members):,} files; at most {MOST_MEMBERS:,}")
        left = most
        for member in members:
            parts = PurePosixPath(member.filename).parts
            if any(part.startswith((".", "__MACOSX")) for part in parts):
                continue
            if member.flag_bits & 1:
                raise SourceError(f"{path}: {member.filename} has a password; unpack it first")
            # What it says of its size may be a lie: it is counted.
            size = 0
            with archive.open(member) as opened:
                for chunk in _unpacked(path, opened, left):
                    size += len(chunk)
            left -= size
            with archive.open(member) as opened:
                head = opened.read(_HEAD)
            with archive.open(member) as opened:
                _refuse_no_text(f"{path}: {member.filename}", head)
                yield member.filename, decode(_member(path, opened))


def _member(path: Path, opened: IO[bytes]) -> Iterator[bytes]:
    with _named(path):
        yield from _chunks(opened)


def _refuse_no_text(name: str, head: bytes) -> None:
    what = next((what for mark, what in _NO_TEXT.items() if head.startswith(mark)), None)
    if what:
        raise SourceError(f"{name}: this is {what}, not a list of papers")


def _unpacked(path: Path, file: IO[bytes], most: int) -> Iterator[bytes]:
    total = 0
    for chunk in _chunks(file):
        total += len(chunk)
        if total > most:
            raise SourceError(
                f"{path}: unpacks to more than {most:,} bytes; split it into smaller files"
            )
        yield chunk


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    # Some streams give the mark as bytes of their own.
    first = file.read(PIECE_BYTES).removeprefix(codecs.BOM_UTF8)
    if first:
        yield first
    while chunk := file.read(PIECE_BYTES):
        yield chunk
