"""Charts: papers by year, the map, and who says yes or no."""

from typing import Any

from footnote.index.search.filters import Filters
from footnote.rag.claim_check import Position, positions
from footnote.ui.rendering.charts.map import map_html
from footnote.ui.rendering.charts.stance import agreement_cards_html, agreement_html
from footnote.ui.rendering.charts.timeline import timeline_html
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import searching
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.conversations import answer_at
from footnote.ui.web.handlers.library.papers import card_name
from footnote.ui.web.requests import Args, BadRequest

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
    drawn = map_html(desk.papers.map(), cited=cited, hits=hits)
    return {"html": {_ROOM: piece("map", "room", lit, drawn)}}


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


ACTIONS = {"timeline": timeline, "map": map_room, "agreement": agreement}
