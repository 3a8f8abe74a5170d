"""Encodings: bytes as text, whatever program wrote them.

UTF-16 is told by its byte order mark or its zeros. Everything else is read as UTF-8, and a byte
that is none as Windows-1252, which is Latin-1 with more signs: so a file in that encoding is read
rightly, and one bad byte in a file of UTF-8 costs nothing.
"""

import codecs
import re
from collections.abc import Iterable, Iterator

# A text, or its pieces in order.
Text = str | Iterable[str]

# Bytes that the encoding is told by.
_LOOKED_AT = 4096
_FOREIGN = "footnote.windows-1252"
# Signs that mean nothing within a text: a mark where two files were joined, and what pads records.
_NOTHING = str.maketrans("", "", "\ufeff\0")


def in_pieces(text: Text) -> Iterable[str]:
    """Returns a text as pieces; one that is whole is one piece."""
    return [text] if isinstance(text, str) else text


def with_newlines(text: Text) -> Iterator[str]:
    """Yields the pieces of a text, each line ending in a line feed, however it ended before."""
    held = ""
    for piece in in_pieces(text):
        both = held + piece
        # It may be the first half of "\r\n".
        held = "\r" if both.endswith("\r") else ""
        yield re.sub(r"\r\n?", "\n", both[: len(both) - len(held)])
    if held:
        yield "\n"


def decode(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yields the text of a file in pieces, its lines ending in line feeds.

    A file that was cut off inside its last character ends before that character.
    """
    return with_newlines(text.translate(_NOTHING) for text in _decode(iter(pieces)) if text)


def _decode(pieces: Iterator[bytes]) -> Iterator[str]:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _LOOKED_AT:
            break
    decoder = codecs.getincrementaldecoder(_encoding(head[:_LOOKED_AT]))(errors=_FOREIGN)
    yield decoder.decode(head)
    for piece in pieces:
        yield decoder.decode(piece)


def _encoding(head: bytes) -> str:
    """Returns the encoding of a file that begins so."""
    # Before UTF-16, whose mark is the beginning of this one.
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Of a text in Latin letters every second byte is zero then.
    half = len(head) // 2
    if half and head[1::2].count(0) > 0.4 * half and head[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if half and head[::2].count(0) > 0.4 * half and head[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return "utf-8"


def _read_foreign(error: UnicodeError) -> tuple[str, int]:
    """Reads the bytes that are not of the encoding; what is not UTF-16 is replaced."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.encoding not in ("utf-8", "utf8"):
        return "\ufffd", error.end
    bad = error.object[error.start : error.end]
    try:
        return bad.decode("cp1252"), error.end
    except UnicodeDecodeError:
        # Five of its bytes mean nothing.
        return bad.decode("latin-1"), error.end


codecs.register_error(_FOREIGN, _read_foreign)
