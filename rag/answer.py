"""Answer: what every front end, script and eval receives.

A citation is a span of a stored abstract; code cuts its quote from there. The classes are frozen:
an answer is a record of what was said, and nothing edits it later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from footnote.index import FootnoteError
from footnote.index.models import Hit, Paper

# The text of every answer that abstains, with or without a language model.
REFUSAL = "The library does not hold an answer to this question."

# What stands behind a sentence in the text of an answer, where its verdict is told in words.
NO_SOURCE = " (no source)"
CONTRADICTED = " (contradicted by its source)"

# What is told of a thorough answer that is not whole, and why one that was stopped is not.
RULES_ALONE = "what stands was checked by the rules alone"
STOPPED = f"stopped before it was whole; {RULES_ALONE}"
# What stands in place of a section; its reason follows.
SECTION_MISSING = "This section is missing: "
# Why an answer is not whole, or a part of it is missing, after a fault of ours.
BROKEN = "something went wrong; see the log"

Verdict = Literal["supported", "unsettled", "contradicted"]
Mode = Literal["extractive", "llm"]
Side = Literal["yes", "no", "mixed"]
# What a question asks for; it decides the form of the answer.
Kind = Literal[
    "fact", "number", "yesno", "define", "list", "overview", "compare", "metadata", "talk", "vague"
]
Strength = Literal["strong", "weak"]
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
    """One sentence of an answer, the quotes it cites, and whether they support it.

    Attributes:
        text: The sentence, without markers.
        verdict: Whether its quotes carry it: supported; unsettled if that could not be decided;
            contradicted if a number, a unit, a name or a direction is proved to be another. None
            for a sentence about the evidence itself, which needs no quote.
        support: In [0, 1]; 1.0 for a verbatim quote.
        notes: What a reader should know, such as a marker without a source.
        side: What its paper says to a yes-or-no question; None if that is not clear.
    """

    text: str
    citations: tuple[Citation, ...]
    verdict: Verdict | None
    support: float
    notes: tuple[str, ...] = ()
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """A filter found in a question.

    Attributes:
        value: A year, or a name.
        text: The words of the question it comes from.
    """

    kind: ConstraintKind
    value: int | str
    text: str


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """A paper whose sentences were candidates for the answer.

    Attributes:
        score: Retrieval score, on the scale of the hits.
        match: How well the whole paper matches the question, token by token.
    """

    paper_id: str
    title: str
    score: float
    match: float


@dataclass(frozen=True, slots=True)
class AnswerTrace:
    """How an answer was made and what it cost.

    Attributes:
        timings_ms: Milliseconds by stage, including ``total``.
        cost_usd: None if the price of the model is unknown.
        price_source: Which table the price is from; empty for a price that the user has set.
        searched: Papers that could have been found.
        unread: Papers of the library that are not embedded yet, and found by their words alone.
        read: Papers whose sentences the composer saw.
        query: The text that was searched for.
        language: Language of the question, if the query was translated.
        leaned: Whether the query includes the conversation.
        filters: In words; empty if all papers were searched.
        papers_read: The best papers whose sentences were candidates, best first; where there were
            none, the best that were found.
        cosine: Between the query and the nearest passage.
        threshold: The confidence below which the question is refused.
        asked_of: How many papers were asked where only those of the last answer were; else 0.
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
    price_source: str = ""
    unread: int = 0
    asked_of: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A cited answer, or a refusal with its reason.

    Attributes:
        standalone_question: The question, completed from the conversation.
        text: Markdown; markers as ``[1]``.
        papers: The cited papers; ``papers[i]`` has marker ``i + 1``.
        hits: What was retrieved, best first, cited or not.
        reason: Why it abstained, or why the requested composer did not answer.
        confidence: Probability, in [0, 1], that the papers read answer the question, even if it was
            refused. An eval's risk-coverage curve shows how far to trust it.
        scope: The filters found in the question.
        kind: What the question asks for.
        match: Weak where the quotes may well not answer it.
        missing: What was asked for and is not there; also the first line of the text.
        more: Ids of papers among the hits that come near and are not cited.
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
    kind: Kind = "fact"
    match: Strength = "strong"
    missing: str | None = None
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Stage:
    """The start of a stage of answering.

    Attributes:
        detail: For people ("searching 512 papers").
        lasts: Whether it holds for all stages that follow, as what a thorough answer may spend.
    """

    name: Literal["search", "read", "write", "check"]
    detail: str
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class PapersToRead:
    """The papers that a model is about to read, best first; it has written nothing yet."""

    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of an answer's text, including markers."""

    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of a thorough answer so far, with its sources; the whole Answer comes last."""

    answer: Answer


def break_off(answer: Answer, error: Exception) -> Answer:
    """Returns what stands of a thorough answer as the answer, with what ended it as its reason."""
    why = str(error) if isinstance(error, FootnoteError) else BROKEN
    return replace(answer, reason=f"{why}; {RULES_ALONE}")


@dataclass(frozen=True, slots=True)
class JudgedSentence:
    """A sentence of the text so far with the rules' verdict, as soon as it is whole.

    A model may still settle what is open in it, or correct what is contradicted: the Answer has the
    last word. A new ``write`` stage takes the sentences back with the text.
    """

    statement: Statement


Event = Stage | PapersToRead | Delta | JudgedSentence | Standing | Answer
"""What ``CitedQueryEngine.stream`` yields: stages, text as it comes, at last the Answer.

A thorough answer also yields what stands of it, each time that a part is whole.
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens and cost of a model's calls.

    Attributes:
        cost_usd: None if the price is unknown.
        price_source: Which table the price is from; empty for a price that the user has set.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    price_source: str = ""

    def add(self, other: "Usage") -> "Usage":
        """Returns the usage of both; a cost that is unknown makes the sum unknown."""
        known = self.cost_usd is not None and other.cost_usd is not None
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            (self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
            (self.price_source or other.price_source) if known else "",
        )


__all__ = [
    "BROKEN",
    "REFUSAL",
    "RULES_ALONE",
    "SECTION_MISSING",
    "STOPPED",
    "Answer",
    "AnswerTrace",
    "Citation",
    "Constraint",
    "ConstraintKind",
    "Delta",
    "Event",
    "JudgedSentence",
    "Kind",
    "Mode",
    "PapersToRead",
    "ReadPaper",
    "Side",
    "Stage",
    "Standing",
    "Statement",
    "Strength",
    "Turn",
    "Usage",
    "Verdict",
    "break_off",
]
