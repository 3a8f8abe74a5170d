"""What's new: papers since the last visit, and the digests of saved topics.

Topics belong to the library, as those of ``footnote topics`` do, so that what is saved here is
what ``footnote digest`` sends; when somebody was last here is remembered for each reader.
"""

from typing import Any

from footnote.index.models import Paper
from footnote.ui.digests.build import Digest, make_digest, mark_delivered
from footnote.ui.digests.format import digest_html
from footnote.ui.rendering.cards import byline_html, text_html
from footnote.ui.rendering.panels import counted, data
from footnote.ui.storage.topics import LOCAL, Topics
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.conversations import answer_at
from footnote.ui.web.handlers.papers import opener
from footnote.ui.web.requests import Args, BadRequest

_ROOM = "#fn-room-news"
SHOWN = 60


def shown(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the room; a digest is only made of the papers that its topic has not seen."""
    if desk.topics is None:
        return {"html": {_ROOM: _NONE}}
    library, topics = desk.papers, _topics(desk)
    visited = topics.last_visit(args.user)
    new = library.since(visited) if visited else []
    digests = [make_digest(desk.engine, topic) for topic in topics.list(LOCAL)]
    told = (
        f"{counted(len(new), 'new paper')} since you last marked them as seen."
        if visited
        else "From now on, papers that are added are listed here."
    )
    if not visited:
        topics.mark_visit(args.user, library.newest())
    rows = "".join(_paper(paper) for paper in reversed(new[-SHOWN:]))
    seen = (
        f'<button type="button" class="fn-button" data-do="seen" {data(mark=library.newest())}>'
        "Mark as seen</button>"
        if new or any(digest.new for digest in digests)
        else ""
    )
    return {
        "html": {
            _ROOM: '<header class="fn-roomhead"><h2>What’s new</h2>'
            f'<p class="fn-soft">{told}</p></header>{seen}<ul class="fn-hits">{rows}</ul>'
            f"<h3>Topics</h3>{_FORM}{''.join(_topic(digest) for digest in digests)}{_FEED}"
        }
    }


def seen(desk: AppContext, args: Args) -> dict[str, Any]:
    """Marks what is shown as seen; what came since then stays new."""
    topics, mark = _topics(desk), args.number("mark")
    if mark is None:
        raise BadRequest("nothing was chosen to mark; reload the page")
    # A mark of what is yet to come would hide it.
    topics.mark_visit(args.user, min(mark, desk.papers.newest()))
    kept = topics.list(LOCAL)
    mark_delivered(topics, LOCAL, [make_digest(desk.engine, topic) for topic in kept])
    return shown(desk, args)


def saved(desk: AppContext, args: Args) -> dict[str, Any]:
    """Saves a topic; what is in the library by now is not new to it."""
    text = " ".join(args.text("text", most=4000).split())
    if not text:
        raise BadRequest("the topic is empty; write a question or a topic")
    _topics(desk).add(LOCAL, text, mark=desk.papers.newest())
    return {**shown(desk, args), "told": "Saved; new papers on it are told here."}


def watched(desk: AppContext, args: Args) -> dict[str, Any]:
    """Saves the question of an answer as a topic."""
    answer = answer_at(desk, args)
    _topics(desk).add(LOCAL, answer.standalone_question[:4000], mark=desk.papers.newest())
    return {"told": "Saved under What’s new: papers that come on it are told there."}


def unsaved(desk: AppContext, args: Args) -> dict[str, Any]:
    """Removes a topic: nothing more is told or sent of it."""
    _topics(desk).remove(LOCAL, args.text("id", most=100))
    return {**shown(desk, args), "told": "Removed; nothing more is sent of it."}


_NONE = (
    '<header class="fn-roomhead"><h2>What’s new</h2><p class="fn-soft">This server keeps no '
    "topics; serve with: footnote chat</p></header>"
)
_FORM = (
    '<form class="fn-find" data-do="topic-save"><input name="text" aria-label="Question or topic"'
    ' placeholder="A question or topic to be told about" autocomplete="off" required>'
    '<button class="fn-button">Save topic</button></form>'
)
_FEED = (
    '<p class="fn-soft">Also as a <a href="feed.atom">feed</a>, or by mail from cron: '
    "<code>footnote digest --email</code></p>"
)


def _topics(desk: AppContext) -> Topics:
    if desk.topics is None or not desk.engines:
        raise BadRequest("this server keeps no topics; serve with: footnote chat")
    return desk.topics


def _paper(paper: Paper) -> str:
    return f"<li><div>{opener(paper)}{byline_html(paper, shown=3)}</div></li>"


def _topic(digest: Digest) -> str:
    topic = digest.topic
    return (
        f'<section class="fn-topic"><h4>{text_html(topic.text)}</h4>{digest_html(digest)}'
        f'<button type="button" class="fn-quiet" data-do="topic-remove" {data(id=topic.id)}'
        f' data-ask aria-label="{text_html(f"Remove topic {topic.text}")}">Remove'
        "</button></section>"
    )


ACTIONS = {
    "news": shown,
    "seen": seen,
    "topic-save": saved,
    "topic-remove": unsaved,
    "watch": watched,
}
