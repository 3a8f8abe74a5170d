"""Schemas of papers, searches, imports and checks."""

from pydantic import BaseModel, ConfigDict, Field

from footnote.ui.api.schemas.asking import AskedScope, HitReply, Text


class PaperReply(BaseModel):
    """A paper as ``footnote export`` writes it, with its id."""

    id: str
    title: str
    abstract: str
    authors: list[str]
    published: str | None
    year: int | None
    venue: str | None
    doi: str | None
    arxiv_id: str | None
    pmid: str | None
    url: str | None
    source: str | None


class PaperPage(BaseModel):
    """Some papers of the library, in the order in which they came."""

    papers: list[PaperReply]
    total: int
    next: int | None = Field(description="What to give as `at` for the next page; null at the end.")


class FoundPaper(HitReply):
    """A paper that was found, with its year."""

    year: int | None


class FoundPapers(BaseModel):
    """Papers, best first."""

    hits: list[FoundPaper]


class SearchRequest(BaseModel):
    """A search by meaning and by words."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=4_000)
    k: int = Field(10, ge=1, le=100)
    filters: AskedScope = AskedScope()


class PaperIn(BaseModel):
    """A paper to add; it needs a title and an abstract."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=2_000)
    abstract: str = Field(min_length=1, max_length=50_000)
    authors: list[Text] = Field(default_factory=list, max_length=5_000)
    published: Text | None = None
    year: int | None = Field(None, ge=1000, le=9999)
    venue: str | None = Field(None, max_length=1_000)
    doi: Text | None = None
    arxiv_id: Text | None = None
    pmid: Text | None = None
    url: str | None = Field(None, max_length=4_000)


class PapersIn(BaseModel):
    """Papers to add."""

    model_config = ConfigDict(extra="forbid")

    papers: list[PaperIn] = Field(min_length=1, max_length=1_000)


class AddedReply(BaseModel):
    """How many papers came, changed, and were as they are, and which records could not be used."""

    new: int
    changed: int
    unchanged: int
    problems: list[str]
    papers: int = Field(description="In the library now.")


class RemovedReply(BaseModel):
    """What was removed, and how many papers are left."""

    removed: str
    papers: int


class StatusReply(BaseModel):
    """What the library holds, and who can answer."""

    version: str
    papers: int
    waiting: int = Field(description="Not embedded yet; found by their words alone.")
    modes: list[str]
    models: list[str]


class CheckRequest(BaseModel):
    """A text that cites papers of the library, to be checked."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=200_000)
    references: str = Field("", max_length=500_000, description="Its list of references.")


class CheckedQuote(BaseModel):
    """The sentence of a cited paper that comes nearest."""

    paper_id: str
    title: str
    quote: str


class CheckedReply(BaseModel):
    """One sentence that cites, with its verdict."""

    id: str
    sentence: str
    verdict: str
    support: float
    notes: list[str]
    quotes: list[CheckedQuote]


class CheckReply(BaseModel):
    """The verdict on each sentence that cites a paper."""

    sentences: list[CheckedReply]
