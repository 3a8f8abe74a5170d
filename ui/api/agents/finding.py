"""Finding: the tools that search papers and read them, and papers as resources."""

from functools import partial
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.server.mcpserver.resources import ResourceSecurity
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from footnote.index import FootnoteError
from footnote.index.models import Paper
from footnote.index.search.filters import EVERYTHING, Filters
from footnote.ui.api.agents.shapes import (
    PAPERS,
    BriefPapers,
    FetchedDocument,
    FoundResult,
    References,
    SearchResults,
    brief,
    paper_text,
    reply,
)
from footnote.ui.api.answering import Answering
from footnote.ui.api.compatible.citations import address_of
from footnote.ui.api.papers import find_papers, known_paper, paper_json
from footnote.ui.api.schemas.asking import Text, Year
from footnote.ui.api.schemas.library import PaperReply
from footnote.ui.export.bibliography import Form, bibliography
from footnote.ui.web.context import AppContext

READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
FOUND = 10

Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2_000,
        description="Its id, arXiv number, DOI, PMID or exact title.",
    ),
]
Query = Annotated[
    str, Field(min_length=1, max_length=4_000, description="What to find, in words of the field.")
]
Count = Annotated[int, Field(ge=1, le=50, description="Papers at most.")]
Since = Annotated[
    Year | None, Field(description="From this year on; papers without a year are left out.")
]
Until = Annotated[Year | None, Field(description="Up to this year.")]
Author = Annotated[Text | None, Field(description="A surname or a full name.")]
Venue = Annotated[Text | None, Field(description="A journal or conference, such as NeurIPS.")]


def add_finding(server: MCPServer[Any], desk: AppContext, answering: Answering) -> None:
    """Adds the tools that find papers."""

    @server.tool(title="Search papers", annotations=READS)
    async def search(query: Query) -> Annotated[CallToolResult, SearchResults]:
        """Finds papers on a topic by meaning and by words, best first; fetch reads one of them."""
        papers = await answering.compute(partial(_found, desk, query, EVERYTHING, FOUND))
        results = [
            FoundResult(id=one.id, title=one.flagged_title, url=address_of(one)) for one in papers
        ]
        return reply(SearchResults(results=results))

    @server.tool(title="Search papers with filters", annotations=READS)
    async def search_papers(
        query: Annotated[
            str, Field(max_length=4_000, description="What to find; empty for all that pass.")
        ] = "",
        since: Since = None,
        until: Until = None,
        author: Author = None,
        venue: Venue = None,
        k: Count = FOUND,
    ) -> Annotated[CallToolResult, BriefPapers]:
        """Finds papers of some years, an author or a venue, with the beginnings of abstracts."""
        filters = Filters(since=since, until=until, author=author, venue=venue)
        if query.strip():
            papers = await answering.compute(partial(_found, desk, query, filters, k))
            total = None
        else:
            papers = await answering.run(partial(desk.papers.select, filters, most=k))
            total = await answering.run(partial(desk.papers.count, filters))
        return reply(BriefPapers(papers=list(map(brief, papers)), total=total), papers)

    @server.tool(title="Similar papers", annotations=READS)
    async def similar(paper: Name, k: Count = FOUND) -> Annotated[CallToolResult, BriefPapers]:
        """Finds the papers of the library that are most like one of them."""

        def find() -> list[Paper]:
            return [hit.paper for hit in desk.papers.similar(known_paper(desk, paper).id, k=k)]

        papers = await answering.compute(find)
        return reply(BriefPapers(papers=list(map(brief, papers)), total=None), papers)


def add_papers(server: MCPServer[Any], desk: AppContext, answering: Answering) -> None:
    """Adds the tools that read known papers, and the papers as resources."""

    @server.tool(title="Read a paper", annotations=READS)
    async def fetch(id: Name) -> Annotated[CallToolResult, FetchedDocument]:
        """Returns the abstract of a paper that search found, with its title and authors."""
        paper = await answering.run(partial(known_paper, desk, id))
        return reply(
            FetchedDocument(
                id=paper.id,
                title=paper.flagged_title,
                text=paper_text(paper),
                url=address_of(paper),
                metadata=_metadata(paper),
            )
        )

    @server.tool(title="Get a paper's record", annotations=READS)
    async def get_paper(paper: Name) -> Annotated[CallToolResult, PaperReply]:
        """Returns all that is known of one paper: abstract, authors, date, venue, identifiers."""
        found = await answering.run(partial(known_paper, desk, paper))
        return reply(PaperReply.model_validate(paper_json(found)), [found])

    @server.tool(title="Write references", annotations=READS)
    async def cite(
        papers: Annotated[list[Name], Field(min_length=1, max_length=100)], style: Form = "apa"
    ) -> Annotated[CallToolResult, References]:
        """Writes references to papers, in a style for readers or a format of reference managers."""
        found = [await answering.run(partial(known_paper, desk, name)) for name in papers]
        text = await answering.compute(partial(bibliography, found, style))
        ids = list(dict.fromkeys(paper.id for paper in found))
        return reply(References(style=style, text=text, papers=ids), found)

    @server.resource(
        f"{PAPERS}{{name}}",
        name="paper",
        title="A paper of the library",
        description="Title, authors and abstract, by an id that a tool gave.",
        mime_type="text/markdown",
        # A name is looked up in a table and is no path.
        security=ResourceSecurity(reject_path_traversal=False, reject_absolute_paths=False),
    )
    async def paper(name: str) -> str:
        try:
            return paper_text(await answering.run(partial(known_paper, desk, name)))
        except FootnoteError as error:
            raise ResourceNotFoundError(str(error)) from error


def _found(desk: AppContext, query: str, filters: Filters, k: int) -> list[Paper]:
    return [hit.paper for hit in find_papers(desk, query, k, filters)]


def _metadata(paper: Paper) -> dict[str, str]:
    """Returns what is known beside the text, each as one string."""
    record = paper_json(paper)
    names = ("published", "venue", "doi", "arxiv_id", "pmid", "source", "status")
    told = {name: str(record[name]) for name in names if record.get(name)}
    return {"authors": "; ".join(paper.authors), **told}
