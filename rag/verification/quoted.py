"""Quoted: whether words that are said to be a paper's are in it, whatever signs stand between."""

import re
import unicodedata

# What a quote leaves out: "...", "[...]".
_CUT = re.compile(r"\[?(?:…|\.{3,9})\]?|\[\s?\]")
_WORDS = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[%<>=+×±$€]")


def stands_in(quote: str, text: str) -> bool:
    """Returns whether a quote has words, and a text has them so; "..." stands for some more."""
    whole = f" {_words(text)} "
    at = 0
    parts = [f" {words} " for part in _CUT.split(quote) if (words := _words(part))]
    for part in parts:
        found = whole.find(part, at)
        if found < 0:
            return False
        at = found + len(part) - 1
    return bool(parts)


def _words(text: str) -> str:
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))
