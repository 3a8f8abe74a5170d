"""Schemas: validate the lines of a set and the files of a run, which are untrusted JSON.

A run stays JSON after reading: a newer version may add fields. The fields that we use are checked
here once, so that later stages can rely on their types.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

# No figure of a run is larger, and sums of such stay numbers.
MOST = 10**12
Number = Annotated[float, Field(ge=-MOST, le=MOST, allow_inf_nan=False)]
Positive = Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=MOST)]
Rank = Annotated[int, Field(ge=1, le=MOST)]


def _named(value: object) -> object:
    """Takes a whole number as the name that it spells."""
    return str(value) if type(value) is int else value


Name = Annotated[str, BeforeValidator(_named), StringConstraints(min_length=1)]
Text = Annotated[str, BeforeValidator(_named)]


class Shape(BaseModel):
    """A JSON object; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)


# A set: our own questions.


class TurnSchema(Shape):
    """One message before a question."""

    role: Literal["user", "assistant"]
    content: Text


class GoldQuote(Shape):
    """A sentence that a right answer quotes."""

    title: Text
    quote: Text


class MadeMark(Shape):
    """Says of a case that a program made it; ``by`` is "rules" or the name of a model."""

    by: Name


class QuestionRow(Shape):
    """A line of ``questions.jsonl``."""

    id: Name
    question: Text
    history: list[TurnSchema] = []
    gold: list[Text] = []
    evidence: list[GoldQuote] = []
    nuggets: list[Text] = []
    reference: str | None = None
    label: str | None = None
    answerable: bool = True
    type: Name = "single"
    made: MadeMark | None = None


# A set: those of BEIR, SciFact and PubMedQA.


class Metadata(Shape):
    """What BEIR keeps beside a query."""

    kind: Text | None = None


class QueryRow(Shape):
    """A line of ``queries.jsonl``."""

    id: Annotated[Name, Field(alias="_id")]
    text: Text
    metadata: Metadata | None = None


class Rationale(Shape):
    """Sentences of one paper, by number."""

    doc_id: Text
    sentences: list[Annotated[int, Field(ge=0)]]


class AnswerRow(Shape):
    """A line of ``answers.jsonl``."""

    id: Annotated[Name, Field(alias="_id")]
    label: str | None = None
    answer: str | None = None
    long_answer: str | None = None
    evidence: list[Rationale] | None = None


class PaperRow(Shape):
    """A line of ``corpus.jsonl``, as far as sentences are numbered in it."""

    id: Annotated[Name, Field(alias="_id")]
    sentences: list[str] = []


# A run: its rows.


class Cited(Shape):
    """A quote of a statement."""

    marker: int
    paper_id: str
    title: str
    quote: str


class StatementShape(Shape):
    """A sentence of an answer."""

    text: str
    verdict: str
    support: Number
    notes: list[str]
    citations: list[Cited]


class PaperShape(Shape):
    """A paper that an answer cites."""

    id: str


class HitShape(Shape):
    """A paper that was found."""

    paper_id: str
    title: str
    score: Number
    rank: Rank


class Timings(Shape):
    """Milliseconds by stage."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, Positive]

    total: Positive


class UsageShape(Shape):
    """What a model took."""

    prompt_tokens: Count
    completion_tokens: Count
    cost_usd: Positive | None


class AnswerShape(Shape):
    """An answer as a row keeps it."""

    # footnote.rag.serialization.JSON_VERSION; version 1 has no kind, match, missing and more.
    version: Literal[1, 2] = 1
    standalone_question: str
    text: str
    abstained: bool
    reason: str | None
    confidence: Number | None = None
    statements: list[StatementShape]
    papers: list[PaperShape]
    hits: list[HitShape]
    timings_ms: Timings
    usage: UsageShape


class JudgementShape(Shape):
    """What a model said of an answer."""

    criterion: Literal["support", "quality"]
    statement: int | None
    score: Number | None
    label: str | None
    reason: str
    model: str
    tokens: Count = 0
    cost_usd: Positive | None = None
    cached: bool = False


class RowShape(Shape):
    """A line of ``rows.jsonl``."""

    id: str
    tag: str
    question: str
    history: list[TurnSchema] = []
    gold: dict[str, str] = {}
    answerable: bool
    error: str | None
    values: dict[str, list[Number]]
    missed: Literal["abstained", "answered", "retrieval", "evidence"] | None
    answer: AnswerShape | None
    judgements: list[JudgementShape] = []
    seconds: Positive


# A run: its report.


class MeanShape(Shape):
    """A measure with its error."""

    mean: Number
    low: Number
    high: Number
    n: Count
    failures: Count = 0


class TimesShape(Shape):
    """Times of all answers; without one there is none."""

    n: Count
    p50_ms: Positive = 0.0
    p95_ms: Positive = 0.0


class FigureShape(Shape):
    """A figure of agreement, or why there is none."""

    value: Number | None
    low: Number | None
    high: Number | None
    reason: str | None = None


class AgreementShape(Shape):
    """How far people agree with a judge."""

    kappa: FigureShape
    balanced_accuracy: FigureShape
    n: Count
    failed: Count


class JudgeShape(Shape):
    """Who judged, and what that took."""

    model: str
    judgements: Count
    tokens: Count
    cost_usd: Positive | None
    cached: Count
    agreement: dict[str, AgreementShape] | None = None


class ConfigShape(Shape):
    """What was asked of what."""

    set: str
    cases: str
    library: str
    code: str
    composer: str
    model: str | None
    k: int
    seed: int
    judge: str | None = None
    made: str | None = None


class OverAll(Shape):
    """Measures by tag, ``ALL`` among them."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, dict[str, MeanShape]]

    ALL: dict[str, MeanShape]


class ReportShape(Shape):
    """``report.json``."""

    config: ConfigShape
    cases: Count
    failures: Count
    missed: dict[str, Count]
    measures: OverAll
    usage: UsageShape
    times: TimesShape
    judge: JudgeShape | None = None
