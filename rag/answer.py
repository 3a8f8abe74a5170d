"""Answer: what every front end, script and eval receives.

A citation is a span of a stored abstract; its quote was cut from there by code. The
classes are frozen: an answer is a record of what was said, and nothing edits it later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from footnote.index.models import Hit, Paper

# The text of an answer that abstains, whoever writes it.
REFUSAL = "The library does not hold an answer to this question."

Verdict = Literal["supported", "partial", "unsupported"]
Mode = Literal["extractive", "llm"]
Side = Literal["yes", "no", "mixed"]
ConstraintKind = Literal["since", "until", "venue", "author", "source"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote.

    Attributes:
        marker: Number of the paper in this answer, from 1, by first use.
        start: First character of the quote in the paper's abstract.
        end: One past its last character, so that ``quote == abstract[start:end]``.
    """

    marker: int
    paper_id: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer, the quotes it stands on, and whether they carry it.

    Attributes:
        text: The sentence, without markers.
        support: In [0, 1]; 1.0 for a verbatim quote.
        notes: What a reader should know, such as a marker that points nowhere.
        side: What its paper says to a question of yes or no, where that is plain.
    """

    text: str
    citations: tuple[Citation, ...]
    verdict: Verdict
    support: float
    notes: tuple[str, ...] = ()
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """A filter that was read from a question.

    Attributes:
        value: A year, or a name.
        text: The words of the question that it came from.
    """

    kind: ConstraintKind
    value: int | str
    text: str


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """A paper whose sentences were candidates for the answer.

    Attributes:
        score: Of retrieval, on the scale of the hits.
        match: Of the whole paper with the question, token by token.
    """

    paper_id: str
    title: str
    score: float
    match: float


@dataclass(frozen=True, slots=True)
class AnswerTrace:
    """What an answer cost and how it was made.

    Attributes:
        timings_ms: Milliseconds by stage, ``total`` among them.
        cost_usd: None where the price of the model is not known.
        searched: Papers that could have been found.
        read: Papers that the composer saw sentences of.
        query: As it was searched for.
        language: In which it was asked, where the query puts it into English words.
        leaned: Whether it was searched for together with the conversation.
        filters: In words, empty where all papers were searched.
        papers_read: Whose sentences were candidates, best first.
        cosine: Between the query and the nearest passage.
        threshold: Below it the question is refused; of the confidence.
    """

    timings_ms: Mapping[str, float]
    model: str | None = None
    prompt_version: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    searched: int = 0
    read: int = 0
    query: str = ""
    language: str | None = None
    leaned: bool = False
    filters: str = ""
    papers_read: tuple[ReadPaper, ...] = ()
    cosine: float = 0.0
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A cited answer, or a refusal with its reason.

    Attributes:
        standalone_question: The question with what the conversation left implicit.
        text: Markdown; markers as ``[1]``.
        papers: The cited papers; ``papers[i]`` has marker ``i + 1``.
        hits: What was retrieved, best first, cited or not.
        reason: Why it abstained, or why another composer answered than was asked for.
        confidence: In [0, 1], that what was read answers the question, whether or not it was
            then answered; how far to trust it, the risk-coverage curve of an eval tells.
        scope: The filters that were read from the question.
    """

    question: str
    standalone_question: str
    text: str
    statements: tuple[Statement, ...]
    papers: tuple[Paper, ...]
    hits: tuple[Hit, ...]
    abstained: bool
    mode: Mode
    receipt: AnswerTrace
    reason: str | None = None
    confidence: float = 0.0
    id: str | None = None
    scope: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of answering has begun; ``detail`` is for people ("searching 512 papers")."""

    name: Literal["search", "read", "write", "check"]
    detail: str


@dataclass(frozen=True, slots=True)
class Delta:
    """More text of an answer in the making, markers included."""

    text: str


Event = Stage | Delta | Answer
"""What ``CitedQueryEngine.stream`` yields: stages, text as it comes, at last the Answer."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the calls of a model took.

    Attributes:
        cost_usd: None where the price is not known.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0


__all__ = [
    "REFUSAL",
    "Answer",
    "AnswerTrace",
    "Citation",
    "Constraint",
    "ConstraintKind",
    "Delta",
    "Event",
    "Mode",
    "ReadPaper",
    "Side",
    "Stage",
    "Statement",
    "Turn",
    "Usage",
    "Verdict",
]
