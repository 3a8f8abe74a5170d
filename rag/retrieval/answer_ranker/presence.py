"""Presence: how likely it is that a sentence that was read answers the question, as log odds.

The weights were fitted to questions asked of their papers and of the same papers without the
sentences that answer (``python -m footnote.evals.lab.training.presence``), on which the ranker was
not trained.
"""

from collections.abc import Sequence
from math import log
from typing import NamedTuple

from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.hybrid import RetrievalResult


class PresenceSignals(NamedTuple):
    """What tells whether a question is answered.

    Attributes:
        best: The answer ranker's score of the best sentence.
        first: That of the best sentence of the first paper.
        match: How well the first paper matches the question.
        length: Logarithm of the number of the question's words and one, no less than ``SHORTEST``
            words: a long one is matched less closely.
    """

    best: float
    first: float
    match: float
    length: float


# Words that a shorter question counts as: one in twelve that was learned from is shorter, and one
# of three words, or in a language without spaces, must not lose for that alone.
SHORTEST = 9
WEIGHTS = PresenceSignals(best=0.123, first=0.341, match=4.574, length=1.374)
BIAS = -7.42


def read_signals(found: RetrievalResult, evidence: Sequence[Sentence]) -> PresenceSignals | None:
    """Returns the signals of a question; None where the ranker read no sentence.

    Args:
        found: The first paper is the first with a sentence that was read.
        evidence: Those that were read have ``answers``.
    """
    best: dict[str, float] = {}
    for sentence in evidence:
        if sentence.answers is not None:
            known = best.get(sentence.paper.id, sentence.answers)
            best[sentence.paper.id] = max(known, sentence.answers)
    first = next((hit.paper.id for hit in found.hits if hit.paper.id in best), None)
    if first is None:
        return None
    match = found.matches[first].paper if first in found.matches else 0.0
    length = log(1 + max(SHORTEST, len(found.question.standalone.split())))
    return PresenceSignals(max(best.values()), best[first], match, length)


def presence(signals: PresenceSignals) -> float:
    """Returns the log odds that a sentence answers, where as often one does as not."""
    return BIAS + sum(w * s for w, s in zip(WEIGHTS, signals, strict=True))
