"""Papers over HTTP: searched, listed, added and removed; texts that cite them are checked."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from footnote.index.models import Hit, Paper
from footnote.index.readers.cited_text import citing_sentences, read_cited_blocks
from footnote.index.readers.record import describe_fault, parse_paper
from footnote.index.readers.references import read_references
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
        hits = desk.papers.search(body.query, k=body.k, filters=filters_of(desk, body.filters))
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
            "papers": list(map(_paper, page)),
            "total": library.size,
            "next": at + len(page) if page and more else None,
        }

    @routes.get("/papers/{name:path}/similar", response_model=FoundPapers)
    def similar(name: str, k: Annotated[int, Query(ge=1, le=100)] = 10) -> Any:
        """Finds the papers that are most like one."""
        return {"hits": list(map(_found, desk.papers.similar(_known(desk, name).id, k=k)))}

    @routes.get("/papers/{name:path}", response_model=PaperReply)
    def paper(name: str) -> Any:
        """Returns one paper by its arXiv number, DOI, PMID, id or title."""
        return _paper(_known(desk, name))

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
        found = _known(desk, name)
        desk.papers.remove([found.id])
        return {"removed": found.id, "papers": desk.papers.size}

    return routes


def checking_routes(desk: AppContext) -> APIRouter:
    """Returns the route that checks a text; it runs in a thread."""
    routes = APIRouter(tags=["check"], responses=_FAULTS)

    @routes.post("/check", response_model=CheckReply)
    def check(body: CheckRequest) -> Any:
        """Checks a text: is each sentence that cites a paper of the library supported by it?"""
        blocks = read_cited_blocks(body.text, read_references(body.references))
        citing = citing_sentences(blocks)
        if not citing:
            raise ApiError(
                422,
                f"no sentence cites a paper: cite with {FORMS}",
                param="text",
            )
        if len(citing) > MOST_CITING:
            raise ApiError(
                422,
                f"{len(citing):,} sentences cite papers; the limit is {MOST_CITING}: send fewer",
                param="text",
            )
        checker = SentenceChecker(desk.papers)
        checked = enumerate(map(checker.check_cited, citing), 1)
        return {"sentences": [check_json(str(n), one) for n, one in checked]}

    return routes


def _known(desk: AppContext, name: str) -> Paper:
    found = desk.papers.paper(name)
    if found is None:
        raise ApiError(404, f"the library has no paper {name[:100]!r}; search for it by /v1/search")
    return found


def _paper(paper: Paper) -> dict[str, Any]:
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
