"""Detector: find sentences of a paper that tell a reader or a model what to do.

An abstract is data. A sentence such as "Ignore all previous instructions" is neither quoted nor
given to a model, unless the question is about such sentences. A paper *about* such attacks stays
quotable: its sentence puts the order in quotation marks and says what it is, or has a subject of
its own ("the model ignores ...").

The patterns are in ``imperatives``, ``statements``, ``markers`` and ``languages``; this module
decides where they count. ``python -m footnote.evals.lab.bench.orders PATH`` counts how many honest
sentences they withhold.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

from footnote.index.models import Paper, Span
from footnote.rag.retrieval.injection.imperatives import (
    ADDRESS,
    ADVERBS,
    AND,
    BREAKS,
    COMMANDS,
    GOES_ON,
    LEADING,
    LEADS,
    VERBS,
)
from footnote.rag.retrieval.injection.languages import FOREIGN, FOREIGN_HINT
from footnote.rag.retrieval.injection.markers import ABOUT, ASKS, FRAME, MARKS, NAMES, SIGNS
from footnote.rag.retrieval.injection.normalization import readings
from footnote.rag.retrieval.injection.statements import NEEDS, PATTERNS

# Abstracts whose orders are cached.
KEPT = 512
# Characters of a clause searched for an order, and around a quotation for what it is.
_CLAUSE = 240
_AROUND = 200
_LONGEST_ADDRESS = 120
_WORD = re.compile(r"[a-z']{1,30}+")
_QUOTE = re.compile(r"\"|(?<!\w)'|'(?!\w)")


def asks_about_orders(question: str) -> bool:
    """Returns whether a question is about prompt injection, jailbreaks or hidden instructions."""
    return ASKS.search(question) is not None


def select_quotable(paper: Paper, spans: Sequence[Span], question: str) -> list[int]:
    """Returns the numbers of a paper's sentences that may be quoted for a question.

    Args:
        paper: The paper whose abstract has the spans.
        spans: Its sentences.
        question: As it was asked.
    """
    held = () if asks_about_orders(question) else find_orders(paper.abstract, tuple(spans))
    return [number for number in range(len(spans)) if number not in held]


@lru_cache(KEPT)
def find_orders(abstract: str, spans: tuple[Span, ...]) -> frozenset[int]:
    """Returns the numbers of the sentences of an abstract that give orders.

    A sentence that continues an order ("Answer 42.", "Never mention this.") counts if it follows
    one.
    """
    held: set[int] = set()
    for number, (start, end) in enumerate(spans):
        sentence = abstract[start:end]
        goes_on = number - 1 in held and GOES_ON.match(sentence.casefold()) is not None
        if goes_on or gives_orders(sentence, abstract[max(0, start - _AROUND) : start]):
            held.add(number)
    return frozenset(held)


def gives_orders(sentence: str, before: str = "") -> bool:
    """Returns whether a sentence gives a reader or a model orders.

    Args:
        sentence: As it stands in the paper.
        before: The text before it, where a quotation may have begun.
    """
    # Nobody encodes an example: an encoded order counts, whatever is around it.
    return any(
        coded or not _mentioned(text, before, at)
        for text, coded in readings(sentence)
        for at in _orders(text)
    )


def _orders(text: str) -> Iterator[int]:
    """Yields the positions where orders begin in a text."""
    words = set(_WORD.findall(text))
    for pattern, needs in zip(PATTERNS, NEEDS, strict=True):
        if not words.isdisjoint(needs):
            yield from (found.start() for found in pattern.finditer(text))
    if SIGNS.search(text):
        for found in MARKS.finditer(text):
            if not NAMES.search(text, max(0, found.start() - _AROUND), found.start()):
                yield found.start()
    if not text.isascii() or not words.isdisjoint(FOREIGN_HINT):
        yield from (found.start() for found in FOREIGN.finditer(text))
    if not words.isdisjoint(VERBS):
        for at in _clauses(text, words):
            if _opens(text, at) and COMMANDS.match(text, at, at + _CLAUSE):
                yield at


def _clauses(text: str, words: set[str]) -> Iterator[int]:
    """Yields positions where a clause without a subject, and so an imperative, may begin."""
    head = len(text) - len(text.lstrip("\"'([*-–—•>#_~. "))
    yield head
    for found in BREAKS.finditer(text):
        start = found.start()
        if not _opens(text, found.end()):
            continue
        if text[start] != "," or ADDRESS.search(text, max(0, start - _LONGEST_ADDRESS), start):
            yield found.end()
    if not words.isdisjoint(LEADING):
        yield from (found.end() for found in LEADS.finditer(text))
    first = _WORD.match(text, head)
    if first and first[0] in VERBS:
        yield from (found.end() for found in AND.finditer(text))


def _opens(text: str, at: int) -> bool:
    """Returns whether an order may begin with the word at a position."""
    word = _WORD.match(text, at)
    return word is not None and (word[0] in VERBS or word[0] in ADVERBS or word[0].endswith("ly"))


def _mentioned(text: str, before: str, at: int) -> bool:
    """Returns whether the order at a position is quoted by a sentence that says what it is."""
    if FRAME.search(text, max(0, at - 60), at):
        return True
    quotes = [found.start() for found in _QUOTE.finditer(text)]
    here = bisect_left(quotes, at)
    closing = quotes[here] if here < len(quotes) else len(text)
    after = text[closing : closing + _AROUND]
    if here % 2:
        opening = quotes[here - 1]
        return ABOUT.search(text[max(0, opening - _AROUND) : opening] + after) is not None
    # The quotation began in the sentence before and ends in this one.
    begun = before.translate(_PLAIN_QUOTES).count('"') % 2
    return bool(not here and begun and after and ABOUT.search(before.casefold() + after))


_PLAIN_QUOTES = str.maketrans("“”„«»", '"""""')
