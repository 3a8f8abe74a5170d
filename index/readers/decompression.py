"""Decompression: read a file, packed or not, in pieces of text, one in memory at a time.

A small packed file may unpack to any size, so the bytes are counted during reading.
"""

import bz2
import codecs
import gzip
import io
import lzma
import sys
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
from footnote.index.readers.foreign import SIGNED, name_archive, name_bytes

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE_BYTES = 1 << 20
# Members of an archive that are looked at.
MOST_MEMBERS = 10_000
_PACKED: dict[bytes, Callable[[BinaryIO], IO[bytes]]] = {
    b"\x1f\x8b": lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file)),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": lambda file: cast(IO[bytes], zstd.ZstdFile(file)),
}
# With members, and without any.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What is read as a file alone.
_INNER = {b"PK\x03\x04": "a ZIP archive", b"%PDF-": "a PDF"}


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
            head = file.read(SIGNED)
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
        path: Of a file, plain or packed (gzip, bzip2, xz, Zstandard, ZIP), whatever its name.
        most_unpacked: Bytes that a packed file may open to.

    Raises:
        SourceError: It cannot be read, opens to more, or holds no text.
    """
    with _named(path):
        if kind := irregular(path):
            raise SourceError(f"{path}: cannot be read (it is {kind}); give a file")
        with path.open("rb") as file:
            head = file.read(SIGNED)
            file.seek(0)
            if head.startswith(_ZIP):
                yield from _members(path, file, most_unpacked)
            else:
                yield "", decode(_bytes(path, file, head, most_unpacked))


_BROKEN = (zlib.error, lzma.LZMAError, zstd.ZstdError, zipfile.BadZipFile, NotImplementedError)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Makes one line of what goes wrong while a file is read."""
    try:
        yield
    except (OSError, EOFError, *_BROKEN) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SourceError(f"{path}: cannot be read ({reason}); check the path") from error


def _bytes(path: Path, file: BinaryIO, head: bytes, most: int) -> Iterator[bytes]:
    """Yields what a file holds, unpacked."""
    _refuse_no_text(str(path), head)
    unpack = _unpacker(head)
    with _named(path):
        if unpack is None:
            yield from _chunks(file)
            return
        # Measure first: a file that is too large is refused before parsing, which takes a hundred
        # times as long.
        if _measure(path, unpack(file), most):
            file.seek(0)
            yield from _texts_alone(str(path), _unpacked(path, unpack(file), most))


def _measure(path: Path, opened: IO[bytes], most: int) -> int:
    """Returns how many bytes a packed file opens to; one that is broken, up to there."""
    size = 0
    try:
        for chunk in _unpacked(path, opened, most):
            size += len(chunk)
    except (OSError, EOFError, *_BROKEN):
        # Told when it is read: what stands before the fault counts.
        return max(size, 1)
    return size


def _members(path: Path, file: BinaryIO, most: int) -> Iterator[tuple[str, Iterator[str]]]:
    """Yields the texts of a ZIP archive; together they may open to ``most`` bytes."""
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        names = [member.filename for member in members]
        if what := name_archive(names, _kind(archive) if "mimetype" in names else ""):
            raise SourceError(f"{path}: this is {what}")
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
            with archive.open(member) as opened:
                head = opened.read(SIGNED)
            unpack = _unpacker(head) or (lambda file: cast(IO[bytes], file))
            with archive.open(member) as opened:
                left -= _measure(path, unpack(cast(BinaryIO, opened)), left)
            with archive.open(member) as opened:
                texts = _member(path, head, unpack(cast(BinaryIO, opened)))
                yield member.filename, decode(texts)


def _kind(archive: zipfile.ZipFile) -> str:
    """Returns what an archive says that it is, as those of OpenDocument do."""
    with archive.open("mimetype") as opened:
        return opened.read(SIGNED).decode("ascii", "replace")


def _unpacker(head: bytes) -> Callable[[BinaryIO], IO[bytes]] | None:
    """Returns what opens a file that begins so; None for one that is not packed."""
    return next((way for mark, way in _PACKED.items() if head.startswith(mark)), None)


def _member(path: Path, head: bytes, opened: IO[bytes]) -> Iterator[bytes]:
    """Yields what a member holds; one that is no text says so when it is read."""
    inner = next((what for mark, what in _INNER.items() if head.startswith(mark)), "")
    if inner:
        raise SourceError(f"this is {inner} within an archive; unpack it first")
    with _named(path):
        yield from _texts_alone("", _chunks(opened))


def _texts_alone(name: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yields the chunks of what was packed, unless they begin something else than a text."""
    for at, chunk in enumerate(chunks):
        if not at:
            _refuse_no_text(name, chunk[:SIGNED])
        yield chunk


def _refuse_no_text(name: str, head: bytes) -> None:
    if what := name_bytes(head):
        raise SourceError(f"{name}: this is {what}" if name else f"this is {what}")


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
    mark, fault = codecs.BOM_UTF8, None
    while fault is None:
        chunk, fault = _piece(file)
        bare = chunk.removeprefix(mark)
        if bare:
            yield bare
        if not chunk and fault is None:
            return
        mark = b""
    raise fault


def _piece(file: IO[bytes]) -> tuple[bytes, Exception | None]:
    """Returns the next bytes of a file, and what went wrong behind them."""
    parts, size = [], 0
    try:
        while size < PIECE_BYTES and (part := cast(io.BufferedReader, file).read1(PIECE_BYTES)):
            parts.append(part)
            size += len(part)
    except (OSError, EOFError, *_BROKEN) as error:
        return b"".join(parts), error
    return b"".join(parts), None
