"""A scripted ``ask`` over four invented papers, for tests of what shows answers."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from footnote.index import FootnoteError
from footnote.index.models import Hit, Paper, Passage, make_paper
from footnote.index.search.filters import EVERYTHING, Filters
from footnote.index.storage.health.status import Status
from footnote.rag.answer import (
    Answer,
    AnswerTrace,
    Citation,
    ConstraintKind,
    Delta,
    Event,
    Stage,
    Statement,
    Turn,
)

NOTE = "Summary written for this demo in our own words; not the authors' abstract."
QUESTION = "How long do glass sponges live, and how is their age measured?"
FOLLOW_UP = "And in warm water?"
NO_EVIDENCE = "What is the boiling point of tungsten?"
FAILS = "Please fail"
CRASHES = "Please crash"
HOSTILE_QUESTION = "What does the hostile paper say?"
SLOW = "Take your time"
SEARCHES_ON = "Search on and on"

HOSTILE = (
    '<img src="http://evil.example/x.png" onerror="window.pwned=1"> '
    "![x](http://evil.example/y.png) <script>window.pwned=1</script> "
    "[click](javascript:window.pwned=1) ${window.pwned=1} {{constructor}} \"quoted\" 'single'"
)

SPONGES = make_paper(
    "Growth rings in the spicules of deep glass sponges",
    "Glass sponges are among the slowest animals known. We cut the anchor spicules of 41 "
    "specimens from the Okinawa Trough and counted their growth rings under polarised light. "
    "The oldest specimen had lived for about 11,000 years, which agrees with its oxygen isotope "
    "record. Ring width follows the temperature of the water, so a single spicule is also an "
    "archive of the deep sea's climate. Counting rings by two readers differed by less than "
    "4 percent.",
    ["arxiv:2403.01234"],
    authors=("Mara Lindqvist", "Ken Tanabe", "Oyelaran Adeyemi"),
    published="2024-03-02",
    url="https://arxiv.org/abs/2403.01234",
    venue="Journal of Deep-Sea Biology",
)
WARM = make_paper(
    "Warm-water limits of hexactinellid growth",
    "We kept juvenile hexactinellid sponges at four temperatures for three years. Above eight "
    "degrees growth stopped within a month, and no animal survived the second summer. Below "
    "four degrees growth was slow but steady, at 0.3 millimetres a year. Our tanks held no "
    "predators, so survival in the wild may be lower. The results suggest that long lives need "
    "cold water, though three years cannot show a lifespan.",
    ["doi:10.5555/warm.2021"],
    authors=("Ida Brandt", "Luis Ferreira"),
    published="2021",
    url="https://doi.org/10.5555/warm.2021",
    venue="Marine Ecology Letters",
    note=NOTE,
)
ISOTOPES = make_paper(
    "Silicon isotopes as a clock for biogenic silica",
    "The isotopes of silicon in biogenic silica drift with the age of the water in which it "
    "formed. We calibrate this drift on 12 cores and find an uncertainty of 300 years for "
    "samples younger than 20,000 years. The method needs two milligrams of material.",
    ["pmid:39990001"],
    authors=("Chen Wei", "Anna Kowalska", "R. Osei", "T. Nyberg"),
    published="2019-11",
    venue="Geochemical Methods",
)
HOSTILE_PAPER = make_paper(
    f"Hostile title {HOSTILE}",
    f"An honest sentence. {HOSTILE} ends here. Another honest sentence.",
    ["id:hostile"],
    authors=(HOSTILE,),
    published="2020",
    url="javascript:window.pwned=1",
    venue=HOSTILE,
    note=HOSTILE,
)
PAPERS = (SPONGES, WARM, ISOTOPES, HOSTILE_PAPER)

OLDEST = (
    "The oldest specimen had lived for about 11,000 years, which agrees with its oxygen isotope "
    "record."
)


def cite(marker: int, paper: Paper, quote: str) -> Citation:
    """Returns the citation of ``quote``, which must stand in the paper's abstract."""
    start = paper.abstract.index(quote)
    return Citation(marker, paper.id, start, start + len(quote), quote)


def hits(papers: Sequence[Paper]) -> tuple[Hit, ...]:
    """Returns the papers as hits, the passage being each abstract's second sentence."""
    found = []
    for rank, paper in enumerate(papers, 1):
        start = paper.abstract.index(". ") + 2
        end = paper.abstract.index(". ", start) + 1
        found.append(Hit(paper, Passage(paper.id, start, end), 1 / (30 + rank), rank, "rrf"))
    return tuple(found)


def answered(question: str = QUESTION, standalone: str | None = None) -> Answer:
    """Returns an answer with every verdict, overlapping quotes and an uncited hit."""
    statements = (
        Statement(
            "Glass sponges can live for about 11,000 years.",
            (cite(1, SPONGES, OLDEST),), "supported", 0.94,
        ),
        Statement(
            "Their age is read from growth rings in the spicules, and the count agrees with the "
            "isotope record.",
            (
                cite(1, SPONGES, "counted their growth rings under polarised light"),
                cite(1, SPONGES, "which agrees with its oxygen isotope record"),
            ),
            "supported", 0.88,
        ),
        Statement(
            "In water warmer than eight degrees every sponge dies within a month.",
            (cite(2, WARM, "Above eight degrees growth stopped within a month"),),
            "contradicted", 0.0,
        ),
        Statement("They are therefore threatened by climate change.", (), "unsettled", 0.0,
                  ("the model cited [9], which is not in the evidence",)),
    )  # fmt: skip
    text = (
        f"{statements[0].text} [1] {statements[1].text} [1]\n\n"
        f"{statements[2].text} [2] {statements[3].text}"
    )
    return Answer(
        question, standalone or question, text, statements, (SPONGES, WARM),
        hits((SPONGES, WARM, ISOTOPES)), False, "llm",
        AnswerTrace({"search": 12.0, "total": 1284.0}, model="scripted-7b", searched=512, read=8),
    )  # fmt: skip


def abstained(question: str = NO_EVIDENCE) -> Answer:
    """Returns a refusal with four hits."""
    return Answer(
        question, question, "The library does not hold an answer to this question.", (), (),
        hits((ISOTOPES, SPONGES, WARM)), True, "extractive",
        AnswerTrace({"total": 31.0}, searched=512),
        reason="nothing that was read answers it",
    )  # fmt: skip


def hostile(question: str = HOSTILE_QUESTION) -> Answer:
    """Returns an answer in which every field that can be foreign is hostile."""
    statement = Statement(
        f"It says {HOSTILE}", (cite(1, HOSTILE_PAPER, HOSTILE),), "unsettled", 0.5, (HOSTILE,)
    )
    return Answer(
        question, HOSTILE, f"{statement.text} [1]", (statement,), (HOSTILE_PAPER,),
        hits(PAPERS), False, "llm", AnswerTrace({"total": 9.0}, model=HOSTILE), reason=HOSTILE,
    )  # fmt: skip


def quoted(question: str = QUESTION) -> Answer:
    """Returns an answer as the composer that quotes makes it: sentences under titles."""
    one = cite(1, SPONGES, OLDEST)
    two = cite(2, WARM, "Below four degrees growth was slow but steady, at 0.3 millimetres a year.")
    text = "\n\n".join(
        f"**{paper.title} ({paper.year})**\n{c.quote} [{c.marker}]"
        for paper, c in ((SPONGES, one), (WARM, two))
    )
    statements = tuple(Statement(c.quote, (c,), "supported", 1.0) for c in (one, two))
    return Answer(
        question, question, text, statements, (SPONGES, WARM), hits((SPONGES, WARM, ISOTOPES)),
        False, "extractive", AnswerTrace({"total": 38.0}, searched=512, read=8),
    )  # fmt: skip


class ScriptedAsk:
    """Answers by script; remembers the history it was given and whether it was closed.

    Attributes:
        histories: The history of each call, in order.
        closed: Set when a stream is closed before its end.
        closes: What closing a stream waits for.
    """

    def __init__(self, *, pause: float = 0.02) -> None:
        self.pause = pause
        self.histories: list[tuple[Turn, ...]] = []
        self.closed = threading.Event()
        self.closes = threading.Event()
        self.closes.set()

    def __call__(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters = EVERYTHING,
        *,
        ignored: frozenset[ConstraintKind] = frozenset(),
    ) -> Iterator[Event]:
        self.histories.append(tuple(history))
        yield Stage("search", "Searching 512 papers")
        time.sleep(self.pause * 15)
        if question == SEARCHES_ON:
            for _ in range(600):
                time.sleep(0.05)
                yield Stage("search", "Searching 512 papers")
        if question == FAILS:
            raise FootnoteError("the question has 9,001 characters; ask in 2,000 or fewer")
        if question == CRASHES:
            raise ZeroDivisionError("a secret of the stack")
        answer = _ANSWERS[question]() if question in _ANSWERS else answered(question)
        if question == FOLLOW_UP:
            answer = answered(question, "How long do glass sponges live in warm water?")
        try:
            for word in answer.text.split(" "):
                time.sleep(self.pause * (20 if question == SLOW else 1))
                yield Delta(f"{word} ")
        except GeneratorExit:
            self.closes.wait(timeout=30)
            self.closed.set()
            raise
        yield answer


_ANSWERS = {NO_EVIDENCE: abstained, HOSTILE_QUESTION: hostile, "Quote the papers": quoted}


class ScriptedLibrary:
    """A library of which only the status is ever asked."""

    def __init__(self, papers: int = 512) -> None:
        self.papers = papers

    def status(self) -> Status:
        return Status(
            name="deep-sea", path=Path("deep-sea"), papers=self.papers, passages=2048, undated=0,
            first_year=2013, last_year=2025, embedder="scripted", dimensions=3, generation=1,
            unfolded=0, waiting=0, bytes=0, notes=(NOTE,),
        )  # fmt: skip
