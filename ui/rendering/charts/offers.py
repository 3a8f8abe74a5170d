"""Offers: which charts of an answer's papers say anything, so that no others are offered."""

import re

from footnote.index.embeddings.protocols import Embedder
from footnote.rag.answer import Answer
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.stance import asks_for_sides, read_stances
from footnote.ui.rendering.charts.timeline import tells_time

# With fewer papers that take a side there is nobody to agree or to disagree.
FEWEST_SIDED = 2
# A claim is a sentence; fewer words name a subject.
_CLAIM_WORDS = 4
_OPEN = re.compile(
    r"\W*(?:what|which|who|whom|whose|how|why|when|where|list|name|give|show|find|tell|compare"
    r"|explain|describe|summari[sz]e)\b",
    re.IGNORECASE,
)


def offered_charts(answer: Answer, embedder: Embedder | None = None) -> tuple[str, ...]:
    """Returns the actions of the charts that say anything of an answer.

    Args:
        answer: Whose papers they show.
        embedder: Tells which side a paper takes where a model wrote the answer; without one only
            the sides that stand in the answer count.
    """
    if not answer.papers:
        return ()
    sided = can_have_sides(answer) and count_sided(answer, embedder) >= FEWEST_SIDED
    return ("timeline",) * tells_time(answer) + ("agreement",) * sided


def can_have_sides(answer: Answer) -> bool:
    """Returns whether a question can be answered by yes or no, or is a claim."""
    asked = answer.standalone_question
    if answer.kind == "yesno" or asks_for_sides(asked):
        return True
    claims = "?" not in asked and len(asked.split()) >= _CLAIM_WORDS
    return claims and answer.kind == "fact" and _OPEN.match(asked) is None


def count_sided(answer: Answer, embedder: Embedder | None = None) -> int:
    """Returns how many of the papers that an answer quotes say yes or no to its question."""
    told = {c.paper_id for s in answer.statements if s.side for c in s.citations}
    if told or embedder is None:
        return len(told)
    papers = {paper.id: paper for paper in answer.papers}
    spans = {
        (c.paper_id, c.start, c.end): None
        for statement in answer.statements
        for c in statement.citations
        if c.paper_id in papers
    }
    quotes: dict[str, list[Sentence]] = {}
    for paper, start, end in spans:
        quotes.setdefault(paper, []).append(Sentence(papers[paper], start, end, 0.0))
    stances = read_stances(answer.standalone_question, list(quotes.values()), embedder)
    return sum(stance.side is not None for stance in stances)
