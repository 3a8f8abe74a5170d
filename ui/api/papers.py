"""Papers over HTTP: searched, listed, added and removed; texts that cite them are checked."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from footnote.index.models import Hit, Paper
from footnote.index.readers.cited_text import CitedSentence, citing_sentences, read_cited_blocks
from footnote.index.readers.record import describe_fault, parse_paper
from footnote.index.readers.references import read_references
from footnote.index.search.filters import Filters
from footnote.rag.query.question import understand
from footnote.rag.verification.sentence_check import SentenceChecker
from footnote.ui.api.answering import Answering
from footnote.ui.api.asks import filters_of
from footnote.ui.api.errors import FAULTS, ApiError
from footnote.ui.api.schemas.asking import Text, Year
from footnote.ui.api.schemas.library import (
    AddedReply,
    CheckReply,
    CheckRequest,
    FoundPapers,
    PaperPage,
    PaperReply,
    PapersIn,
    RemovedReply,
    SearchRequest,
)
from footnote.ui.checks.verdicts import check_json
from footnote.ui.export.records import paper_record
from footnote.ui.export.written import MEDIA_TYPES, ExportForm, write_papers
from footnote.ui.storage.annotations import Annotation
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.check import FORMS
from footnote.ui.web.security.access.identity import identity_of

MOST_LISTED, MOST_CITING = 500, 200


def reading_routes(desk: AppContext, answering: Answering) -> APIRouter:
    """Returns the routes that find papers; a search waits for a slot, as an answer does."""
    routes = APIRouter(tags=["papers"], responses=FAULTS)

    @routes.post("/search", response_model=FoundPapers)
    async def search(body: SearchRequest) -> Any:
        """Finds papers by meaning and by words, best first."""

        def find() -> Sequence[Hit]:
            return find_papers(desk, body.query, body.k, filters_of(desk, body.filters))

        return {"hits": list(map(_found, await answering.compute(find)))}

    @routes.get("/papers", response_model=PaperPage)
    def papers(
        at: Annotated[int, Query(ge=0, le=10**9)] = 0,
        count: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    ) -> Any:
        """Lists the papers of the library, the latest first."""
        library = desk.papers
        page = library.page("added", at, count)
        more = at + len(page) < library.size
        return {
            "papers": list(map(paper_json, page)),
            "total": library.size,
            "next": at + len(page) if page and more else None,
        }

    @routes.get("/papers/{name:path}/similar", response_model=FoundPapers)
    def similar(name: str, k: Annotated[int, Query(ge=1, le=100)] = 10) -> Any:
        """Finds the papers that are most like one."""
        return {"hits": list(map(_found, desk.papers.similar(known_paper(desk, name).id, k=k)))}

    @routes.get("/papers/{name:path}", response_model=PaperReply)
    def paper(name: str) -> Any:
        """Returns one paper by its arXiv number, DOI, PMID, id or title."""
        return paper_json(known_paper(desk, name))

    return routes


def export_routes(desk: AppContext) -> APIRouter:
    """Returns the route that exports papers; it runs in threads."""
    routes = APIRouter(tags=["papers"], responses=FAULTS)

    @routes.get(
        "/export",
        response_class=StreamingResponse,
        responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}},
    )
    def export(
        request: Request,
        form: Annotated[ExportForm, Query(alias="format")] = "jsonl",
        since: Annotated[Year | None, Query()] = None,
        until: Annotated[Year | None, Query()] = None,
        author: Annotated[Text | None, Query()] = None,
        venue: Annotated[Text | None, Query()] = None,
        source: Annotated[Text | None, Query()] = None,
    ) -> StreamingResponse:
        """Gives the papers as a file that `footnote index` and reference managers read."""
        filters = Filters(since=since, until=until, author=author, venue=venue, source=source)
        own = _own(desk.of(identity_of(request.scope)), form)
        pieces = write_papers(_chosen(desk, filters), form, own)
        return StreamingResponse(pieces, media_type=f"{MEDIA_TYPES[form]}; charset=utf-8")

    return routes


def changing_routes(desk: AppContext) -> APIRouter:
    """Returns the routes that add and remove papers; each runs in a thread."""
    routes = APIRouter(tags=["papers"], responses=FAULTS)

    @routes.post("/papers", response_model=AddedReply)
    def add(body: PapersIn) -> Any:
        """Adds papers; those that are there already gain what they lack."""
        found, problems = [], []
        for number, record in enumerate(body.papers, 1):
            try:
                found.append(parse_paper(record.model_dump()))
            except ValueError as error:
                problems.append(f"paper {number}: {describe_fault(error)}")
        added = desk.papers.add(found) if found else None
        return {
            "new": added.new if added else 0,
            "changed": added.changed if added else 0,
            "unchanged": added.unchanged if added else 0,
            "problems": problems,
            "papers": desk.papers.size,
        }

    @routes.delete("/papers/{name:path}", response_model=RemovedReply)
    def remove(name: str) -> Any:
        """Removes one paper; `footnote undo` puts it back."""
        found = known_paper(desk, name)
        desk.papers.remove([found.id])
        return {"removed": found.id, "papers": desk.papers.size}

    return routes


def checking_routes(desk: AppContext, answering: Answering) -> APIRouter:
    """Returns the route that checks a text, sentence by sentence as slots are free."""
    routes = APIRouter(tags=["check"], responses=FAULTS)

    @routes.post("/check", response_model=CheckReply)
    async def check(body: CheckRequest, request: Request) -> Any:
        """Checks a text: is each sentence that cites a paper of the library supported by it?"""
        opened = partial(open_check, desk, body.text, body.references)
        checker, citing = await answering.compute(opened)
        told = []
        for number, sentence in enumerate(citing, 1):
            if await request.is_disconnected():
                raise ApiError(499, "nobody waits for this check any more")
            checked = await answering.compute(partial(checker.check_cited, sentence))
            told.append(check_json(str(number), checked))
        return {"sentences": told}

    return routes


def _chosen(desk: AppContext, filters: Filters) -> Iterable[Paper]:
    if filters.names:
        return desk.papers.select(filters, most=desk.papers.size)
    return (paper for paper in desk.papers.papers() if filters.admit(paper.year))


def _own(desk: AppContext, form: ExportForm) -> Mapping[str, Annotation] | None:
    """Returns a reader's tags and notes, where a format takes them."""
    return None if form in ("jsonl", "csv") else desk.annotations_of(desk.papers.papers())


def find_papers(desk: AppContext, query: str, k: int, filters: Filters) -> Sequence[Hit]:
    """Returns up to ``k`` papers, best first, by meaning and by words.

    Raises:
        QuestionError: The query is empty, too long, or not text.
    """
    question = understand(query, longest=desk.engine.longest)
    return desk.engine.retriever.find(question, k=k, filters=filters).hits


def open_check(
    desk: AppContext, text: str, references: str
) -> tuple[SentenceChecker, Sequence[CitedSentence]]:
    """Returns who checks a text, and its sentences that cite.

    Raises:
        ApiError: No sentence does, or too many do.
    """
    citing = citing_sentences(read_cited_blocks(text, read_references(references)))
    if not citing:
        raise ApiError(422, f"no sentence cites a paper: cite with {FORMS}", param="text")
    if len(citing) > MOST_CITING:
        raise ApiError(
            422,
            f"{len(citing):,} sentences cite papers; the limit is {MOST_CITING}: send fewer",
            param="text",
        )
    return SentenceChecker(desk.papers), citing


def known_paper(desk: AppContext, name: str) -> Paper:
    """Returns a paper by any of its names.

    Raises:
        ApiError: The library has no such paper.
    """
    found = desk.papers.paper(name)
    if found is None:
        raise ApiError(404, f"the library has no paper {name[:100]!r}; search for it first")
    return found


def paper_json(paper: Paper) -> dict[str, Any]:
    """Returns a paper as JSON values."""
    return {**paper_record(paper), "id": paper.id}


def _found(hit: Hit) -> dict[str, Any]:
    return {
        "paper_id": hit.paper.id,
        "title": hit.paper.title,
        "year": hit.paper.year,
        "score": round(hit.score, 6),
        "scale": hit.scale,
        "rank": hit.rank,
    }
