"""Browsing: the papers of a library, of a collection or of a tag, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from markupsafe import Markup

from footnote.index.models import Paper
from footnote.index.search.filters import EVERYTHING, Filters
from footnote.index.search.searcher import Ranked
from footnote.index.storage.papers import Order
from footnote.ui.export.bibliography import LABELS
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import counted
from footnote.ui.storage.annotations import Annotation
from footnote.ui.storage.collections import Collection
from footnote.ui.storage.shelf import LibraryPart
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.library.papers import row
from footnote.ui.web.requests import Args

ROWS = 40
ORDERS: dict[str, str] = {"added": "Last added", "year": "Newest year", "title": "Title"}
# A search looks at so many papers; those below this share of the best score are weaker matches,
# shown when they are asked for.
LOOKED_AT, WEAKER = 400, 0.5
SNIPPET = 220


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of papers.

    Attributes:
        papers: In order.
        told: How many there are, in words.
        more: Whether there are more behind it.
        weaker: Matches that were left out.
    """

    papers: Sequence[Paper]
    told: str
    more: bool
    weaker: int = 0


def browsed(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows papers: those with some words, or all of a part of the library in some order."""
    # The choice of the part is the reader's, and may have changed again meanwhile.
    return {"html": {"#fn-shelf": shelf_html(desk, args)}}


def parts_html(desk: AppContext, args: Args) -> Markup:
    """Returns the choice of what is listed: all papers, a collection, a tag."""
    parts = desk.parts
    return piece("shelf", "parts", parts, _within(desk, args), desk.papers.size, bool(desk.shelf))


def shelf_html(desk: AppContext, args: Args) -> Markup:
    """Returns a page of papers as its form asks for it."""
    query = " ".join(args.text("query", "", most=500).split())
    order = args.text("order", "added", most=20)
    if order not in get_args(Order):
        order = "added"
    at, within = args.number("at") or 0, _within(desk, args)
    weaker = args.number("weaker") == 1
    listed = (
        _found(desk, query, at, within, weaker=weaker)
        if query
        else _of_part(desk, within, order, at)
        if within
        else _all(desk, order, at)
    )
    turn = {"query": query, "order": order, "within": within, **({"weaker": 1} if weaker else {})}
    pages = [("Earlier", {"at": max(0, at - ROWS), **turn})] if at and listed.papers else []
    pages += [("More", {"at": at + ROWS, **turn})] if listed.more else []
    if listed.weaker:
        matches = "1 weaker match" if listed.weaker == 1 else f"{listed.weaker:,} weaker matches"
        pages.append((f"Show {matches}", {"at": 0, **turn, "weaker": 1}))
    own = desk.annotations_of(listed.papers)
    rows = [
        (*row(paper, shown=3), snippet(paper), own.get(paper.id, Annotation()))
        for paper in listed.papers
    ]
    part = _chosen(desk, within)
    collections = desk.shelf.collections.list(desk.owner) if desk.shelf else []
    return piece(
        "shelf", "shelf", rows, query, pages, listed.told, part, collections, LABELS,
        desk.shelf is not None,
    )  # fmt: skip


def snippet(paper: Paper) -> str:
    """Returns the beginning of a paper's abstract on one line."""
    line = " ".join(paper.abstract[: 2 * SNIPPET].split())
    return line if len(line) <= SNIPPET else f"{line[:SNIPPET].rpartition(' ')[0]} …"


def papers_of(desk: AppContext, within: str) -> tuple[list[Paper], int]:
    """Returns the papers of a part of the library, and how many of it are not here any more.

    Raises:
        FootnoteError: There is no such part.
    """
    names = desk.own_shelf.papers(within)
    papers = desk.papers.find(names)
    unique = list({paper.id: paper for paper in papers.values()}.values())
    known = desk.papers.names_of(names)
    return unique, len({known[name][0] for name in names if name not in papers})


def _within(desk: AppContext, args: Args) -> str:
    """Returns the part that is listed; a collection that is gone is all papers."""
    within = args.text("within", "", most=200)
    known = any(part.key == within for part in desk.parts)
    return within if known else ""


def _chosen(desk: AppContext, within: str) -> tuple[LibraryPart, Collection | None] | None:
    """Returns the part that is listed, and its collection if it is one; None for all papers."""
    if not within or desk.shelf is None:
        return None
    part = next(part for part in desk.parts if part.key == within)
    kind, _, id = within.partition(":")
    return part, desk.shelf.collections.get(desk.owner, id) if kind == "c" else None


def _all(desk: AppContext, order: str, at: int) -> Listed:
    papers = desk.papers.page(order, at, ROWS + 1)  # type: ignore[arg-type]  # as was checked
    return Listed(papers[:ROWS], "", len(papers) > ROWS)


def _of_part(desk: AppContext, within: str, order: str, at: int) -> Listed:
    papers, gone = papers_of(desk, within)
    if order == "title":
        papers.sort(key=lambda paper: paper.title.casefold())
    elif order == "year":
        papers.sort(key=lambda paper: paper.year or 0, reverse=True)
    told = counted(len(papers), "paper")
    if gone:
        told += f", {gone:,} not in the library any more"
    return Listed(papers[at : at + ROWS], told, len(papers) > at + ROWS)


def _found(desk: AppContext, query: str, at: int, within: str, *, weaker: bool) -> Listed:
    filters = EVERYTHING
    if within:
        filters = Filters(papers=frozenset(desk.own_shelf.papers(within)))
    searcher = desk.papers.searcher
    ranked = searcher.rank_by_words(query, k=LOOKED_AT, filters=filters)
    near = ranked if weaker else _near(ranked)
    many = "at least " if len(near) == LOOKED_AT else ""
    told = f"{many}{counted(len(near), 'paper')}" if near else ""
    # Only what is shown is read: 400 records take 20 ms.
    page = [hit.paper for hit in searcher.hits(near[at : at + ROWS], "bm25")]
    more = len(near) > at + ROWS
    return Listed(page, told, more, weaker=0 if more else len(ranked) - len(near))


def _near(ranked: Sequence[Ranked]) -> Sequence[Ranked]:
    return [one for one in ranked if one.score >= WEAKER * ranked[0].score]


ACTIONS = {"browse": browsed}
