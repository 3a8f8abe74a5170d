"""Positions: whether each paper near a claim or a yes-or-no question agrees or disagrees.

For each of the best papers, ``footnote.rag.verification.stance`` decides which side its most
relevant sentences take. A side is a trained model's opinion about one quote, shown beside it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from footnote.index.library import EVERYTHING, Filters, LibraryReader
from footnote.index.models import Hit, Paper
from footnote.rag import QuestionError
from footnote.rag.answer import Side
from footnote.rag.query.question import Question, understand
from footnote.rag.retrieval.answerability import LOWEST_COSINE, AnswerabilityModel
from footnote.rag.retrieval.evidence import FAR_BEHIND, EvidenceFinder, Sentence
from footnote.rag.retrieval.hybrid import HybridRetriever, RetrievalResult
from footnote.rag.verification.stance import (
    Chances,
    PaperStance,
    asks_for_sides,
    read_stances,
)

# Sentences classified in each paper: with only one, a paper could not say both.
SENTENCES = 2
_OPEN = re.compile(
    r"\W*(?:what|which|who|whom|whose|how|why|when|where)\b[^?]*\?\W*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Position:
    """What one paper says to a claim.

    Attributes:
        start: First character of the quote in the paper's abstract.
        end: One past its last, so that ``quote == abstract[start:end]``.
        side: None if the paper takes no side or the model is not sure.
        chance: Probability, in [0, 1], of ``side``; for None, of saying neither.
        score: Of retrieval, on the scale of the hits.
    """

    paper: Paper
    start: int
    end: int
    quote: str
    side: Side | None
    chance: float
    score: float


def check_claim(claim: str) -> Question:
    """Returns a claim in the form used for searching.

    Raises:
        QuestionError: It is empty, too long, not text, or a question of another kind.
    """
    asked = understand(claim)
    if _OPEN.match(claim) and not asks_for_sides(claim):
        raise QuestionError(
            "this question has no yes-or-no answer; give a claim, or begin with Does ..., Is ..."
        )
    return asked


def positions(
    retriever: HybridRetriever, claim: str, filters: Filters = EVERYTHING, *, k: int = 10
) -> list[Position]:
    """Returns the position of each paper near a claim, the nearest first.

    The result is empty if the engine would refuse to answer.

    Args:
        retriever: Finds the papers, in its own library.
        claim: A claim, or a question that can be answered by yes or no.
        filters: Which papers may be found.
        k: Papers at most.

    Raises:
        QuestionError: It is empty, too long, not text, or a question of another kind.
    """
    asked = check_claim(claim)
    found = retriever.find(asked, k=k, filters=filters)
    if not _comes_near(retriever.library, found):
        return []
    wording = found.question.wording
    read = _read(EvidenceFinder(retriever.library), wording, found)
    stances = read_stances(wording, [own for _, own in read], retriever.library.embedder)
    return [_position(hit, own, told) for (hit, own), told in zip(read, stances, strict=True)]


def _comes_near(library: LibraryReader, found: RetrievalResult) -> bool:
    if library.searcher.has_token_vectors:
        model = AnswerabilityModel.load()
        return model.chance(found) >= model.threshold
    return found.cosine >= LOWEST_COSINE


def _read(
    finder: EvidenceFinder, wording: str, found: RetrievalResult
) -> list[tuple[Hit, list[Sentence]]]:
    """Returns the hits near the best one, with the most relevant sentences of each."""
    near = [hit for hit in found.hits if found.hits[0].score - hit.score < FAR_BEHIND]
    read = [(hit, finder.find(wording, [hit], found.matches, count=SENTENCES)) for hit in near]
    return [(hit, sentences) for hit, sentences in read if sentences]


def _position(hit: Hit, sentences: Sequence[Sentence], told: PaperStance) -> Position:
    side = told.side
    # Show the quote that decided the side.
    sure = [_chance(side, one) for one in told.chances]
    at = 0 if side is None else max(range(len(sure)), key=sure.__getitem__)
    quoted = sentences[at]
    return Position(
        hit.paper, quoted.start, quoted.end, quoted.text, side, sure[at], hit.score
    )  # fmt: skip


def _chance(side: Side | None, said: Chances) -> float:
    if side is None:
        return said.neither
    return {"yes": said.yes, "no": said.no, "mixed": max(said.yes, said.no)}[side]
