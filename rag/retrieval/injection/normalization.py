"""Normalization: reveal what a disguised text says to a machine.

It removes invisible characters and replaces letters of other alphabets that look Latin. If a text
shows signs of an encoding (spaced letters, digits for letters, base64, reversed or rotated words),
it is decoded as well.
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
# "I g n o r e", "i-g-n-o-r-e", "i.g.n.o.r.e": seven separated letters; wider gaps separate words.
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
# Unicode names: "LATIN LETTER SMALL CAPITAL I", "LATIN SMALL LETTER L WITH STROKE".
_FORM = re.compile(
    r"(?:NEGATIVE (?:SQUARED|CIRCLED) |CROSSED NEGATIVE SQUARED |REGIONAL INDICATOR SYMBOL )?"
    r"(?:LATIN )?(?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |TURNED |OPEN |SCRIPT |REVERSED "
    r"|DOTLESS )?([A-Z])(?: WITH [A-Z ]{1,40})?\Z"
)
# Characters in a word of seven separated letters.
_LONG = 13
_SHIFTED = ("vtaber", "qvfertneq", "vafgehpgvbaf", "cebzcg")
_BACKWARDS = ("erongi", "drager", "snoitcurtsni", "tpmorp")


class NormalizedText(NamedTuple):
    """One reading of a text, in lower case on one line; ``coded`` if a person cannot read it."""

    text: str
    coded: bool


def readings(text: str) -> Iterator[NormalizedText]:
    """Yields the readings of a text: as it is, without formatting, then decoded."""
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
    """Returns emphasised text without its marks; code of several words in quotation marks."""
    code = found["code"]
    return f'"{code}"' if code and " " in code else code or ""


@lru_cache(4096)
def _letter(character: str) -> str:
    """Returns the plain letter of a small capital or a letter with a stroke."""
    found = None if character.isascii() else _FORM.match(unicodedata.name(character, ""))
    return found[1].lower() if found else character


def _codes(text: str, plain: str, words: list[str]) -> Iterator[str]:
    """Yields a text decoded by each encoding that it shows signs of."""
    # Most sentences show no sign of an encoding, and signs are quicker to check than encodings.
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
    """Returns the visible text: one form of each letter, no invisible characters."""
    shown = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    # A fully Greek or Russian word stays; a Latin word with a Greek letter in it is disguised.
    return " ".join(
        word if word.isascii() or not _LATIN.search(word.translate(_KEPT)) else _alike(word)
        for word in shown.translate(_KEPT).split(" ")
    )


_KEPT = str.maketrans("‘’‛ʼ“”„‟«»`´", "''''\"\"\"\"\"\"''")


def _alike(word: str) -> str:
    return word.translate(_ALIKE)


def _hidden(text: str) -> Iterator[str]:
    """Yields text that only a machine reads: tag characters, and text displayed backwards."""
    for run in _TAGS.finditer(text):
        if text[run.start() - 1 : run.start()] != _FLAG:
            yield "".join(chr(ord(c) - 0xE0000) for c in run[0]).casefold()
    if _OVERRIDE.search(text):
        yield _plain(text)[::-1]


def _closed(text: str) -> str:
    """Returns a text with its separated letters joined into words."""
    parts = (_GAP.sub("", part) for part in _WIDE.split(text.casefold()))
    return " ".join(" ".join(parts).split())


def _decoded(blob: str) -> Iterator[str]:
    try:
        said = base64.b64decode(blob + "=" * (-len(blob) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return
    if said.isprintable():
        yield said.casefold()
