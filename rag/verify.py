"""Verify: does a statement stand on its quotes? supported, partial or unsupported.

A first, plain rule: a verbatim quote supports itself; elsewhere numbers must be found in
the quotes, and words and meaning must come near. Thresholds are stated, not yet learned.
"""

import re
from collections.abc import Sequence

import numpy as np

from index.embedders import Embedder
from index.words import query_words
from rag.answer import Verdict

SUPPORTED = 0.6
PARTIAL = 0.4
# A number that the quotes do not give caps the support below "supported".
FOREIGN_NUMBER_CAP = 0.35

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# A model writes "8 tasks" where the abstract has "eight"; "one" is mostly no number.
_SPELLED = {
    word: str(number)
    for number, word in enumerate(
        "two three four five six seven eight nine ten eleven twelve".split(), 2
    )
}


def verify(statement: str, quotes: Sequence[str], *, embedder: Embedder) -> tuple[Verdict, float]:
    """Returns the verdict on a statement and its support in [0, 1].

    Args:
        statement: One sentence, without markers.
        quotes: What it cites; none makes it unsupported.
        embedder: For the closeness in meaning.
    """
    if not quotes:
        return "unsupported", 0.0
    joined = " ".join(" ".join(quote.split()) for quote in quotes)
    foreign = numbers(statement) - numbers(joined) - _spelled(joined)
    if not foreign and " ".join(statement.split()) in joined:
        return "supported", 1.0
    words = query_words(statement)
    covered = sum(_stem(word) in {_stem(w) for w in query_words(joined)} for word in words)
    vectors = embedder.embed([statement, *quotes])
    cosine = float(np.clip(np.max(vectors[1:] @ vectors[0]), 0.0, 1.0))
    support = 0.5 * covered / max(1, len(words)) + 0.5 * cosine
    if foreign:
        support = min(support, FOREIGN_NUMBER_CAP)
    return _verdict(support), support


def numbers(text: str) -> set[str]:
    """Returns the numbers in a text in one spelling: ``1,000`` as ``1000``, ``2.50`` as ``2.5``."""
    found = set()
    for match in _NUMBER.findall(text):
        plain = re.sub(r",(?=\d{3}\b)", "", match).replace(",", ".")
        found.add(plain.rstrip("0").rstrip(".") if "." in plain else plain)
    return found


def _spelled(text: str) -> set[str]:
    """Returns, in digits, the small numbers that a text spells out."""
    return {_SPELLED[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _SPELLED}


def _verdict(support: float) -> Verdict:
    if support >= SUPPORTED:
        return "supported"
    return "partial" if support >= PARTIAL else "unsupported"


def _stem(word: str) -> str:
    """Strips the commonest endings; enough to match "compresses" with "compress"."""
    return re.sub(r"(?:ing|edly|ed|es|s|ly)$", "", word) if len(word) > 4 else word
