"""Spelling: find the library's word that an unknown word was meant to be."""

from collections import Counter
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import lru_cache

from spellchecker import SpellChecker

from footnote.index.models import Paper
from footnote.index.search.fulltext import STOP_WORDS, FullTextIndex, query_words

# A shorter word is similar to too many others.
_SHORTEST = 5
# Anything longer is not a word, and the search takes quadratic time.
_LONGEST = 40
# From this length on two letters may be wrong.
_LONG = 8
# Papers in which the right word is looked for.
_READ = 20
# Minimum share of letters in the same order; Ratcliff and Obershelp, 1988.
_ALIKE = 0.75


def find_respelling(
    word: str, words: FullTextIndex, papers: Callable[[Sequence[int]], Sequence[Paper]]
) -> str | None:
    """Returns the library's nearest, then most common, word to one that it lacks.

    Args:
        word: Without spaces.
        words: The full-text index.
        papers: Returns papers by their numbers.

    Returns:
        None where the word is known to the library or to English, is short, very long or has
        digits, or nothing is near.
    """
    lower = word.lower()
    if not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha():
        return None
    if lower in STOP_WORDS or words.known(word) or is_english(lower):
        return None
    numbers = words.resembling(lower, edits=2 if len(word) >= _LONG else 1, k=_READ)
    counts = Counter(
        other
        for paper in papers(numbers)
        for other in query_words(f"{paper.title} {paper.abstract}")
        # Few people mistype the first letter; a word with another one is usually a different word.
        if other[:1] == lower[:1] and abs(len(other) - len(lower)) <= 2
    )
    near = get_close_matches(lower, sorted(counts, key=lambda o: -counts[o]), 1, _ALIKE)
    return near[0] if near else None


def is_english(word: str) -> bool:
    """Returns whether a word, in any form, is one of the commoner 160,000 of English."""
    return word.lower() in _english_words()


@lru_cache(1)
def _english_words() -> SpellChecker:
    """Returns the English words, 160,000 of them, in 0.15 s: only once a word is not known."""
    return SpellChecker(language="en")
