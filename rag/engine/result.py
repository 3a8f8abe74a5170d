"""Result: the Answer that is made of what was read and written, and the trace of how."""

import time
from collections.abc import Sequence
from dataclasses import replace

from footnote.index.models import Hit, Paper, Passage
from footnote.rag.answer import Answer, AnswerTrace, Kind, Statement, Usage
from footnote.rag.engine.writing import Written
from footnote.rag.generation.forms.form import Reading
from footnote.rag.generation.prompts import PROMPT_VERSION
from footnote.rag.generation.reader import ASKED, NOTHING
from footnote.rag.query.question import Question
from footnote.rag.retrieval.answerability import WEAK
from footnote.rag.retrieval.evidence import READ_PAPERS


class Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Ends a stage; one that comes again adds to its time."""
        now = time.perf_counter()
        self._laps[stage] = self._laps.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now

    def total(self) -> dict[str, float]:
        """Returns the time of each stage, and of all until now."""
        return {**self._laps, "total": (time.perf_counter() - self._start) * 1000}


def make_told(asked: Question, kind: Kind, text: str, clock: Clock) -> Answer:
    """Returns an answer that needed no search."""
    return Answer(
        question=asked.asked,
        standalone_question=asked.standalone,
        text=text,
        statements=(),
        papers=(),
        hits=(),
        abstained=False,
        mode="extractive",
        kind=kind,
        confidence=1.0,
        receipt=AnswerTrace(clock.total(), cost_usd=0.0),
    )


def make_answer(
    asked: Question,
    reading: Reading,
    written: Written,
    k: int,
) -> Answer:
    """Returns an answer from papers, without a trace of how.

    It has the best ``k`` hits, and behind them the papers that it offers to show.
    """
    composed = written.composed
    hits = reading.hits[:k]
    offered = [paper for paper in composed.more if paper not in {hit.paper for hit in hits}]
    abstained = not composed.statements
    nothing = NOTHING if abstained else None
    note = reading.found.note if reading.found else None
    weak = reading.chance < WEAK and not (abstained or composed.settled)
    why = written.reason or composed.reason or nothing
    answer = Answer(
        question=asked.asked,
        standalone_question=asked.standalone,
        text=composed.text,
        statements=composed.statements,
        papers=composed.papers,
        hits=(*hits, *_as_hits(offered, reading.hits)),
        match="weak" if weak else "strong",
        missing=composed.missing,
        more=tuple(paper.id for paper in composed.more),
        abstained=abstained,
        mode=written.composer.mode,
        confidence=reading.chance,
        reason="; ".join(filter(None, (why, note))) or None,
        receipt=AnswerTrace({}),
    )
    return note_statuses(answer)


def _as_hits(papers: Sequence[Paper], hits: Sequence[Hit]) -> list[Hit]:
    """Returns papers as hits: as they were found, or behind all where a form found them itself."""
    known = {hit.paper: hit for hit in hits}
    scale = hits[0].scale if hits else "fused"
    made = [
        Hit(paper, Passage(paper.id, 0, len(paper.abstract)), 0.0, len(hits) + n, scale)
        for n, paper in enumerate([p for p in papers if p not in known], 1)
    ]
    return [*(known[paper] for paper in papers if paper in known), *made]


def note_statuses(answer: Answer) -> Answer:
    """Returns an answer whose sentences say which of their sources were retracted or withdrawn."""
    if not any(paper.status for paper in answer.papers):
        return answer
    statements = tuple(_note_status(one, answer.papers) for one in answer.statements)
    return replace(answer, statements=statements)


def _note_status(statement: Statement, papers: Sequence[Paper]) -> Statement:
    cited = {citation.marker: papers[citation.marker - 1] for citation in statement.citations}
    source = "its source" if len(cited) == 1 else "one of its sources"
    told = (f"{source} was {paper.status}" for paper in cited.values() if paper.status)
    new = [note for note in dict.fromkeys(told) if note not in statement.notes]
    return replace(statement, notes=(*statement.notes, *new))


def make_trace(
    searched: int,
    reading: Reading,
    written: Written,
    clock: Clock,
    planned: Usage,
    threshold: float,
) -> AnswerTrace:
    """Returns how an answer was made.

    Args:
        searched: Papers that could be found.
        reading: What was read for it.
        written: What was written, and by whom.
        clock: How long each stage took.
        planned: What the plan of the search took.
        threshold: Chance of an answer below which a question is refused.
    """
    composer, found = written.composer, reading.found
    usage = planned.add(written.composed.usage)
    assert found is not None
    papers = reading.by_paper
    most = ASKED if reading.kind == "yesno" else READ_PAPERS
    return AnswerTrace(
        timings_ms=clock.total(),
        model=composer.model,
        prompt_version=PROMPT_VERSION if composer.mode == "llm" else None,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost_usd=usage.cost_usd,
        price_source=usage.price_source,
        searched=searched,
        read=len(papers) if (read := written.composed.read) is None else read,
        query=found.question.query,
        language=found.question.language,
        papers_read=found.read(papers, most),
        cosine=found.cosine,
        threshold=threshold,
    )
