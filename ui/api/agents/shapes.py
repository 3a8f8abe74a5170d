"""Shapes: what each tool returns, as its output schema describes it, and how it is sent."""

import json
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import quote

from mcp.types import CallToolResult, ContentBlock, ResourceLink, TextContent
from pydantic import BaseModel, Field

from footnote.index.models import Paper
from footnote.rag.answer import Answer, Statement
from footnote.ui.api.compatible.citations import address_of
from footnote.ui.api.schemas.asking import Verdict
from footnote.ui.api.schemas.library import CheckedReply

# Characters of an abstract that tell whether it is worth reading.
SNIPPET = 300
PAPERS = "footnote://papers/"


class FoundResult(BaseModel):
    """A paper, as ChatGPT's connectors take it."""

    id: str = Field(description="What fetch takes.")
    title: str
    url: str


class SearchResults(BaseModel):
    """Papers, best first."""

    results: list[FoundResult]


class FetchedDocument(BaseModel):
    """A paper to be read, as ChatGPT's connectors take it."""

    id: str
    title: str
    text: str = Field(description="Title, authors and the whole abstract.")
    url: str
    metadata: dict[str, str]


class BriefPaper(BaseModel):
    """A paper with the beginning of its abstract."""

    id: str
    title: str = Field(description="Begins with RETRACTED or WITHDRAWN if the paper was.")
    authors: list[str]
    year: int | None
    venue: str | None
    url: str
    snippet: str


class BriefPapers(BaseModel):
    """Papers; best first if they were searched for."""

    papers: list[BriefPaper]
    total: int | None = Field(None, description="All that pass the filters, where it is counted.")


class GivenQuote(BaseModel):
    """A verbatim quote."""

    marker: int = Field(description="The paper's number in the text, as [1].")
    paper_id: str
    quote: str


class GivenSentence(BaseModel):
    """One sentence with its verdict and its quotes."""

    text: str
    verdict: Verdict | None
    notes: list[str] = Field(description="What a reader must know of it.")
    citations: list[GivenQuote]


class NumberedPaper(BriefPaper):
    """A cited paper with its number."""

    marker: int


class CitedAnswer(BaseModel):
    """An answer, or a refusal with its reason."""

    question: str
    text: str = Field(description="Markdown with markers as [1].")
    abstained: bool = Field(description="The library does not answer it; `reason` says why.")
    reason: str | None
    confidence: float
    statements: list[GivenSentence]
    papers: list[NumberedPaper]
    mode: str
    model: str | None


class CheckedText(BaseModel):
    """The verdict on each sentence that cites."""

    sentences: list[CheckedReply]


class PaperPosition(BaseModel):
    """What one paper says to a claim, in its own words."""

    paper_id: str
    title: str
    year: int | None
    side: Literal["yes", "no", "mixed"] | None = Field(description="null: it takes no clear side.")
    chance: float = Field(description="That the side is right, by a model.")
    quote: str


class PaperPositions(BaseModel):
    """What the papers near a claim say to it."""

    summary: str
    positions: list[PaperPosition]


class References(BaseModel):
    """References, made of the records alone."""

    style: str
    text: str
    papers: list[str] = Field(description="Their ids, in this order.")


def reply(told: BaseModel, linked: Sequence[Paper] = ()) -> CallToolResult:
    """Returns a result: its values, the same as JSON text, and links to papers."""
    values: dict[str, Any] = told.model_dump(mode="json")
    text = TextContent(type="text", text=json.dumps(values, ensure_ascii=False))
    content: list[ContentBlock] = [text, *map(link_to, linked)]
    return CallToolResult(content=content, structured_content=values)


def refusal(line: str) -> CallToolResult:
    """Returns a result that says what went wrong and what to do next."""
    return CallToolResult(content=[TextContent(type="text", text=line)], is_error=True)


def link_to(paper: Paper) -> ResourceLink:
    """Returns where a client reads a paper."""
    return ResourceLink(
        type="resource_link",
        name=paper.id,
        title=paper.flagged_title,
        uri=f"{PAPERS}{quote(paper.id, safe='')}",
        mime_type="text/markdown",
    )


def paper_text(paper: Paper) -> str:
    """Returns a paper to be read, as Markdown."""
    known = (", ".join(paper.authors), paper.venue, str(paper.year or ""))
    about = " · ".join(filter(None, known))
    parts = (f"# {paper.flagged_title}", about, paper.abstract, paper.note, address_of(paper))
    return "\n\n".join(filter(None, parts)) + "\n"


def brief(paper: Paper) -> BriefPaper:
    """Returns a paper with the beginning of its abstract."""
    return BriefPaper(**_brief(paper))


def _brief(paper: Paper) -> dict[str, Any]:
    text = " ".join(paper.abstract.split())
    return {
        "id": paper.id,
        "title": paper.flagged_title,
        "authors": list(paper.authors[:5]),
        "year": paper.year,
        "venue": paper.venue,
        "url": address_of(paper),
        "snippet": text if len(text) <= SNIPPET else f"{text[: SNIPPET - 1]}…",
    }


def cited_answer(answer: Answer) -> CitedAnswer:
    """Returns an answer with what a model needs of it."""
    return CitedAnswer(
        question=answer.question,
        text=answer.text,
        abstained=answer.abstained,
        reason=answer.reason,
        confidence=round(answer.confidence, 4),
        statements=list(map(_sentence, answer.statements)),
        papers=[
            NumberedPaper(marker=number, **_brief(paper))
            for number, paper in enumerate(answer.papers, 1)
        ],
        mode=answer.mode,
        model=answer.receipt.model,
    )


def _sentence(told: Statement) -> GivenSentence:
    quotes = [
        GivenQuote(marker=one.marker, paper_id=one.paper_id, quote=one.quote)
        for one in told.citations
    ]
    return GivenSentence(
        text=told.text, verdict=told.verdict, notes=list(told.notes), citations=quotes
    )
