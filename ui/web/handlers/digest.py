"""What's new: papers since the last visit, and the digests of saved topics.

Topics belong to the library and are shared with ``footnote topics`` and ``footnote digest``. The
time of the last visit is stored for each reader.
"""

from typing import Any

from footnote.ui.digests.arrivals import Arrival, recent_arrivals
from footnote.ui.digests.build import make_digest, mark_delivered
from footnote.ui.digests.format import digest_html
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.import_report import of_names
from footnote.ui.rendering.panels import age, counted
from footnote.ui.storage.topics import Topics
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.conversations import answer_at
from footnote.ui.web.handlers.library.papers import row
from footnote.ui.web.requests import Args, BadRequest

_ROOM = "#fn-room-news"


def shown(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the room; digests use only papers that are new to their topic."""
    if desk.topics is None:
        return {"html": {_ROOM: piece("news", "closed")}}
    library, topics = desk.papers, _topics(desk)
    visited, mark = topics.last_visit(args.user), library.newest()
    new = library.since(visited) if visited is not None else []
    digests = [make_digest(desk.telling, topic) for topic in topics.list(desk.owner)]
    told = "What was added to the library, the latest first."
    if visited is not None:
        since = "since you first came here, or last marked papers as seen."
        told = f"{counted(len(new), 'new paper') if new else 'No new papers'} {since}"
    else:
        topics.mark_visit(args.user, mark)
    came = [
        (_heading(one), age(one.when, args.now), one, [row(p, shown=3) for p in one.papers])
        for one in recent_arrivals(library, visited)
    ]
    shown = [(digest, digest_html(digest)) for digest in digests]
    return {"html": {_ROOM: piece("news", "room", told, mark, bool(new), came, shown, desk.name)}}


def _heading(one: Arrival) -> str:
    return f"{counted(one.count, 'paper')}{of_names(one.names)}"


def seen(desk: AppContext, args: Args) -> dict[str, Any]:
    """Marks the shown papers as seen; papers added since then stay new."""
    topics, mark = _topics(desk), args.number("mark")
    if mark is None:
        raise BadRequest("nothing was chosen to mark; reload the page")
    # A mark beyond the newest paper would hide future papers.
    topics.mark_visit(args.user, min(mark, desk.papers.newest()))
    kept = topics.list(desk.owner)
    mark_delivered(topics, desk.owner, [make_digest(desk.telling, topic) for topic in kept])
    return shown(desk, args)


def saved(desk: AppContext, args: Args) -> dict[str, Any]:
    """Saves a topic; papers already in the library are not new to it."""
    text = " ".join(args.text("text", most=4000).split())
    if not text:
        raise BadRequest("the topic is empty; write a question or a topic")
    _topics(desk).add(desk.owner, text, mark=desk.papers.newest())
    return {**shown(desk, args), "told": "Saved; new papers on it are told here."}


def watched(desk: AppContext, args: Args) -> dict[str, Any]:
    """Saves the question of an answer as a topic."""
    answer = answer_at(desk, args)
    _topics(desk).add(desk.owner, answer.standalone_question[:4000], mark=desk.papers.newest())
    return {"told": "Saved under What’s new: papers that come on it are told there."}


def unsaved(desk: AppContext, args: Args) -> dict[str, Any]:
    """Removes a topic and stops its digests."""
    _topics(desk).remove(desk.owner, args.text("id", most=100))
    return {**shown(desk, args), "told": "Removed; nothing more is sent of it."}


def _topics(desk: AppContext) -> Topics:
    if desk.topics is None or not desk.engines:
        raise BadRequest("this server keeps no topics; serve with: footnote chat")
    return desk.topics


ACTIONS = {
    "news": shown,
    "seen": seen,
    "topic-save": saved,
    "topic-remove": unsaved,
    "watch": watched,
}
