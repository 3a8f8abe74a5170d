"""Charts: papers by year, the map, and who says yes or no."""

from typing import Any

from footnote.index.clusters.layout import LibraryMap
from footnote.index.search.filters import Filters
from footnote.rag.claim_check import Position, positions
from footnote.ui.rendering.charts.dots import (
    MOST_CORNERS,
    MapExtent,
    choose_rows,
    dots_text,
    papers_of_cluster,
    papers_within,
    parse_numbers,
)
from footnote.ui.rendering.charts.map import map_html
from footnote.ui.rendering.charts.stance import agreement_cards_html, agreement_html
from footnote.ui.rendering.charts.timeline import timeline_html
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import searching
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.conversations import answer_at
from footnote.ui.web.handlers.library.papers import card_name
from footnote.ui.web.requests import MOST_PINNED, Args, BadRequest

_ROOM = "#fn-room-map"


def timeline(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows an answer's papers by year."""
    turn = args.number("turn") or 1
    drawn = timeline_html(answer_at(desk, args), turn)
    return {"view": drawn or piece("controls", "remark", "No paper of this answer has a year.")}


def map_room(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the map with the last answer's papers highlighted."""
    cited: list[str] = []
    hits: list[str] = []
    lit = bool(args.number("place"))
    if lit:
        answer = answer_at(desk, args)
        cited, hits = [p.id for p in answer.papers], [hit.paper.id for hit in answer.hits]
    # Asked for before the map: a paper that comes between is told of by what is asked later.
    revision = desk.papers.revision
    drawn = map_html(desk.papers.map(), cited=cited, hits=hits, revision=revision)
    return {"html": {_ROOM: piece("map", "room", lit, drawn)}}


def map_dots(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns the dots of a part of the map."""
    box = _numbers(args, "box")
    if len(box) != 4:
        raise BadRequest("a part of the map has four sides; reload the page")
    drawn = _drawn(desk, args)
    return {"dots": dots_text(drawn, choose_rows(drawn, box=MapExtent(*box)))[0]}


def map_papers(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns the papers of a cluster, or within an outline, also those that are not drawn."""
    cluster, outline = args.number("cluster"), _numbers(args, "outline")
    if cluster is None and (len(outline) < 6 or len(outline) % 2):
        raise BadRequest("nothing was drawn on the map; draw around papers, or press a name")
    drawn = _drawn(desk, args)
    papers = papers_within(drawn, outline) if cluster is None else papers_of_cluster(drawn, cluster)
    if len(papers) > MOST_PINNED:
        raise BadRequest(
            f"{len(papers):,} papers are there, and at most {MOST_PINNED:,} can be asked alone; "
            "draw around fewer"
        )
    return {"papers": papers}


def _numbers(args: Args, name: str) -> list[float]:
    try:
        return parse_numbers(args.text(name, "", most=20 * MOST_CORNERS))
    except ValueError as error:
        raise BadRequest(f"{name} must be {error}; reload the page") from error


def _drawn(desk: AppContext, args: Args) -> LibraryMap:
    """Returns the map that a reader sees.

    Raises:
        BadRequest: Papers have changed since it was drawn.
    """
    if args.text("revision", most=40) != desk.papers.revision:
        raise BadRequest("papers were added or removed since this map was drawn; open it again")
    return desk.papers.map()


def agreement(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows which papers say yes to a question and which say no, with quotes."""
    answer, filters = answer_at(desk, args), desk.filters(args.part("scope"))
    found = positions(desk.engine.retriever, answer.standalone_question, filters)
    if not found:
        raise BadRequest("no paper comes near enough to the question to take a side")

    def card(position: Position) -> str:
        return f"{card_name(position.paper)}-{position.start}"

    # Use the current scope, which may differ from that of the answer.
    within = "" if filters == Filters() else searching(desk, filters)
    return {
        "view": agreement_html(answer.question, found, card=card, within=within),
        "cards": agreement_cards_html(found, card=card),
    }


ACTIONS = {
    "timeline": timeline,
    "map": map_room,
    "map-dots": map_dots,
    "map-papers": map_papers,
    "agreement": agreement,
}
