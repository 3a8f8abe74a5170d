"""Papers over HTTP: searched, listed, added and removed; texts that cite them are checked."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from footnote.index.models import Hit, Paper
from footnote.index.readers.cited_text import CitedSentence, citing_sentences, read_cited_blocks
from footnote.index.readers.record import describe_fault, parse_paper
from footnote.index.readers.references import read_references
from footnote.index.search.filters import Filters
from footnote.rag.query.question import understand
from footnote.rag.verification.sentence_check import SentenceChecker
from footnote.ui.api.asks import filters_of
from footnote.ui.api.errors import ApiError, ErrorReply
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
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.check import FORMS

MOST_LISTED, MOST_CITING = 500, 200
_FAULTS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorReply} for status in (400, 401, 403, 404, 409, 422, 429, 503)
}


def reading_routes(desk: AppContext) -> APIRouter:
    """Returns the routes that find papers; each runs in a thread."""
    routes = APIRouter(tags=["papers"], responses=_FAULTS)

    @routes.post("/search", response_model=FoundPapers)
    def search(body: SearchRequest) -> Any:
        """Finds papers by meaning and by words, best first."""
        hits = find_papers(desk, body.query, body.k, filters_of(desk, body.filters))
        return {"hits": list(map(_found, hits))}

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


def changing_routes(desk: AppContext) -> APIRouter:
    """Returns the routes that add and remove papers; each runs in a thread."""
    routes = APIRouter(tags=["papers"], responses=_FAULTS)

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


def checking_routes(desk: AppContext) -> APIRouter:
    """Returns the route that checks a text; it runs in a thread."""
    routes = APIRouter(tags=["check"], responses=_FAULTS)

    @routes.post("/check", response_model=CheckReply)
    def check(body: CheckRequest) -> Any:
        """Checks a text: is each sentence that cites a paper of the library supported by it?"""
        checker, citing = open_check(desk, body.text, body.references)
        checked = enumerate(map(checker.check_cited, citing), 1)
        return {"sentences": [check_json(str(n), one) for n, one in checked]}

    return routes


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
