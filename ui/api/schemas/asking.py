"""Schemas of questions and answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from footnote.index.models import LAST_YEAR

MOST_TURNS = 200

Year = Annotated[int, Field(ge=1000, le=LAST_YEAR)]
Text = Annotated[str, Field(max_length=200)]


class AskedScope(BaseModel):
    """Which papers may be found; without a field, all."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[
        Year | None, Field(description="From this year on; papers without one are left out.")
    ] = None
    until: Annotated[Year | None, Field(description="Up to this year.")] = None
    venue: Text | None = None
    author: Text | None = None
    source: Annotated[Text | None, Field(description="Where papers were read from.")] = None
    papers: Annotated[
        list[Text] | None,
        Field(max_length=5_000, description="Only these: arXiv number, DOI, PMID, id or title."),
    ] = None


class AskedTurn(BaseModel):
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str = Field(max_length=100_000)


class AskRequest(BaseModel):
    """A question."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "How many demonstrations was OpenVLA trained on?"},
                {
                    "question": "What is new on tool use?",
                    "filters": {"since": 2024},
                    "stream": True,
                },
            ]
        },
    )

    question: str = Field(min_length=1, description="In one or a few sentences.")
    history: list[AskedTurn] = Field(default_factory=list, max_length=MOST_TURNS)
    filters: AskedScope = AskedScope()
    mode: Literal["quotes", "quick", "thorough"] | None = Field(
        None,
        description="quotes: the papers' own sentences; quick: a model writes; thorough: a model "
        "writes a review. Without one, as the server does by default.",
    )
    conversation: Text | None = Field(
        None, description='"new", or the id of a conversation that the server keeps.'
    )
    stream: bool = Field(False, strict=True, description="Server-sent events, not one reply.")


Verdict = Literal["supported", "unsettled", "contradicted"]


class CitationReply(BaseModel):
    """A verbatim quote: ``quote == abstract[start:end]``."""

    marker: int
    paper_id: str
    title: str
    quote: str
    start: int
    end: int


class StatementReply(BaseModel):
    """One sentence, its verdict, and the quotes that it cites."""

    text: str
    verdict: Verdict | None
    support: float
    notes: list[str]
    side: str | None
    citations: list[CitationReply]


class CitedPaperReply(BaseModel):
    """A cited paper, numbered by first use."""

    marker: int
    id: str
    title: str
    authors: list[str]
    year: int | None
    url: str | None


class HitReply(BaseModel):
    """A paper that was found."""

    paper_id: str
    title: str
    score: float
    rank: int
    scale: str


class NearPaper(BaseModel):
    """A paper below the cut of a list or an overview."""

    paper_id: str
    title: str


class UsageReply(BaseModel):
    """What a model took; the cost in US dollars, null if the price is unknown."""

    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None


class AnswerReply(BaseModel):
    """A cited answer, or a refusal with its reason."""

    model_config = ConfigDict(extra="allow")

    version: int
    id: str | None
    question: str
    standalone_question: str
    kind: str
    text: str = Field(description="Markdown with markers as [1].")
    abstained: bool
    reason: str | None
    confidence: float
    match: str
    missing: str | None
    statements: list[StatementReply]
    papers: list[CitedPaperReply]
    hits: list[HitReply]
    more: list[NearPaper]
    mode: str
    model: str | None
    timings_ms: dict[str, float]
    usage: UsageReply
    scope: list[dict[str, Any]]
    receipt: dict[str, Any]
    conversation: str | None = Field(None, description="Where the server keeps it, if it does.")
    request_id: str = Field("", description="As in the header X-Request-ID, and in the log.")
