"""Disguise: what a text says to a machine, whatever its letters look like to a person.

Characters that nobody sees are taken out, letters of other alphabets that look like ours become
ours, and where a text bears the signs of a code (spaced letters, digits for letters, base64,
reversed or rotated words) it is read in that code as well.
"""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

# Tag characters are invisible twins of ASCII; they also spell the flags of three nations.
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}+")
_FLAG = "\U0001f3f4"
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_OVERRIDE = re.compile("[\u202d\u202e]")
_ALIKE = str.maketrans(
    "аеорсухіјѕԁһкмтвнɡıαοενικτρυχ‘’‛ʼ＇“”„‟«»`´",
    "aeopcyxijsdhkmtbhgiaoeviktpux'''''\"\"\"\"\"\"''",
)
_LATIN = re.compile(r"[a-z]")
_ENTITY = re.compile(r"&#?[a-z0-9]{2,8};", re.IGNORECASE)
# "I g n o r e", "i-g-n-o-r-e", "i.g.n.o.r.e": seven letters apart, and words by wider gaps.
_SPACED = re.compile(r"(?<!\w)\w(?:[ ._*|/-]\w(?!\w)){6,}+")
_WIDE = re.compile(r"[ ._*|/-]{2,}")
_GAP = re.compile(r"[ ._*|/-]")
_DIGIT_WITHIN = re.compile(r"[a-z][0134578@$|!]{1,12}+[a-z]|\b[0134578@$|!]{1,12}+[a-z]{2}")
_LEET = str.maketrans("0134578@$|!", "oieastbasil")
_MOST_BLOBS = 20
_BLOB = 24
_BASE64 = re.compile(rf"(?<![\w+/])[A-Za-z0-9+/]{{{_BLOB},}}+={{0,2}}+")
# A word of seven letters that stand apart has so many characters.
_LONG = 13
_SHIFTED = ("vtaber", "qvfertneq", "vafgehpgvbaf", "cebzcg")
_BACKWARDS = ("erongi", "drager", "snoitcurtsni", "tpmorp")


def readings(text: str) -> Iterator[str]:
    """Yields what a text says, in lower case and in one line; first as it stands, then in codes."""
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    words = (text.casefold() if text.isascii() else _plain(text)).split()
    plain = " ".join(words)
    yield plain
    # Most sentences show no sign of a code, and looking for one takes longer than for signs.
    longest = max(map(len, words), default=0)
    if not text.isascii():
        yield from _hidden(text)
    if (longest >= _LONG or sum(len(word) == 1 for word in words) > 6) and _SPACED.search(plain):
        yield _closed(text)
    if _DIGIT_WITHIN.search(plain):
        yield plain.translate(_LEET)
    for blob in islice(_BASE64.finditer(text), _MOST_BLOBS if longest >= _BLOB else 0):
        yield from _decoded(blob[0])
    if any(word in plain for word in _SHIFTED):
        yield codecs.decode(plain, "rot13")
    if any(word in plain for word in _BACKWARDS):
        yield plain[::-1]


def _plain(text: str) -> str:
    """Returns a text as it is seen: one form of each letter, nothing that is not shown."""
    shown = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    # A word in Greek or Russian is one; a word of Latin letters with a Greek one in it is not.
    return " ".join(
        word if word.isascii() or not _LATIN.search(word.translate(_KEPT)) else _alike(word)
        for word in shown.translate(_KEPT).split(" ")
    )


_KEPT = str.maketrans("‘’‛ʼ“”„‟«»`´", "''''\"\"\"\"\"\"''")


def _alike(word: str) -> str:
    return word.translate(_ALIKE)


def _hidden(text: str) -> Iterator[str]:
    """Yields what only a machine reads: tag characters, and text that is shown backwards."""
    for run in _TAGS.finditer(text):
        if text[run.start() - 1 : run.start()] != _FLAG:
            yield "".join(chr(ord(c) - 0xE0000) for c in run[0]).casefold()
    if _OVERRIDE.search(text):
        yield _plain(text)[::-1]


def _closed(text: str) -> str:
    """Returns a text whose letters stood apart, its words closed up."""
    parts = (_GAP.sub("", part) for part in _WIDE.split(text.casefold()))
    return " ".join(" ".join(parts).split())


def _decoded(blob: str) -> Iterator[str]:
    try:
        said = base64.b64decode(blob + "=" * (-len(blob) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return
    if said.isprintable():
        yield said.casefold()
