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
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

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
_SIGN_WITHIN = re.compile(r"[0134578@$|!][a-z]")
_LEET = str.maketrans("0134578@$|!", "oieastbasil")
_MOST_BLOBS = 20
_BLOB = 24
_BASE64 = re.compile(rf"(?<![\w+/])[A-Za-z0-9+/]{{{_BLOB},}}+={{0,2}}+")
# Emphasis of Markdown, HTML and LaTeX; code of several words is a quotation.
_DRESS = re.compile(r"[*_`~\\]|</?[a-z]")
_MARKUP = re.compile(
    r"`(?P<code>[^`]{1,200})`|[*~`]{1,3}(?=\w)|(?<=[\w.!?,;:)\"'])[*~`]{1,3}|(?<!\w)_{1,3}(?=\w)"
    r"|(?<=[\w.!?])_{1,3}(?!\w)|\\[a-z]{2,10}\{|(?<=[\w.!?])\}|</?(?:b|i|u|s|em|strong|span|sup|sub"
    r"|tt|code|mark|del|small|big|p|div|font|a|h\d)(?: [^<>]{0,80})?/?>"
)
# Names of Unicode: "LATIN LETTER SMALL CAPITAL I", "LATIN SMALL LETTER L WITH STROKE".
_FORM = re.compile(
    r"(?:NEGATIVE (?:SQUARED|CIRCLED) |CROSSED NEGATIVE SQUARED |REGIONAL INDICATOR SYMBOL )?"
    r"(?:LATIN )?(?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |TURNED |OPEN |SCRIPT |REVERSED "
    r"|DOTLESS )?([A-Z])(?: WITH [A-Z ]{1,40})?\Z"
)
# A word of seven letters that stand apart has so many characters.
_LONG = 13
_SHIFTED = ("vtaber", "qvfertneq", "vafgehpgvbaf", "cebzcg")
_BACKWARDS = ("erongi", "drager", "snoitcurtsni", "tpmorp")


class NormalizedText(NamedTuple):
    """What a text says, in lower case and in one line; ``coded``: a person would not see it."""

    text: str
    coded: bool


def readings(text: str) -> Iterator[NormalizedText]:
    """Yields what a text says: as it stands, without its dress, then in codes."""
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    words = (text.casefold() if text.isascii() else _plain(text)).split()
    plain = " ".join(words)
    yield NormalizedText(plain, coded=False)
    bare = undressed(plain)
    if bare != plain:
        yield NormalizedText(bare, coded=False)
    yield from (NormalizedText(code, coded=True) for code in _codes(text, plain, words))


def undressed(text: str) -> str:
    """Returns a text in lower case without emphasis, accents and fancy letters."""
    if _DRESS.search(text):
        text = _MARKUP.sub(_kept, text)
    if text.isascii():
        return text
    bare = unicodedata.normalize("NFKD", "".join(map(_letter, text)))
    return "".join(one for one in bare if not unicodedata.combining(one))


def _kept(found: re.Match[str]) -> str:
    """Returns what emphasis leaves: a word, or in quotation marks what code has several of."""
    code = found["code"]
    return f'"{code}"' if code and " " in code else code or ""


@lru_cache(4096)
def _letter(character: str) -> str:
    """Returns the plain letter that a small capital, or one with a stroke, is a form of."""
    found = None if character.isascii() else _FORM.match(unicodedata.name(character, ""))
    return found[1].lower() if found else character


def _codes(text: str, plain: str, words: list[str]) -> Iterator[str]:
    """Yields what a text says in codes that it bears the signs of."""
    # Most sentences show no sign of a code, and looking for one takes longer than for signs.
    longest = max(map(len, words), default=0)
    if not text.isascii():
        yield from _hidden(text)
    if (longest >= _LONG or sum(len(word) == 1 for word in words) > 6) and _SPACED.search(plain):
        yield _closed(text)
    if _SIGN_WITHIN.search(plain) and _DIGIT_WITHIN.search(plain):
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
