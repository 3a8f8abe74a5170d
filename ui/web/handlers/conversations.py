"""Conversations: begun, led on, listed, opened, renamed, shared, deleted, saved as files."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from footnote.index import FootnoteError
from footnote.index.search.filters import Filters
from footnote.rag.answer import Answer
from footnote.rag.claim_check import positions
from footnote.rag.generation.forms.suggestions import offer_next
from footnote.ui.export.bibliography import ENDINGS, FORMS, bibliography
from footnote.ui.export.transcripts import transcript_html, transcript_json, transcript_markdown
from footnote.ui.rendering.charts.offers import (
    FEWEST_SIDED,
    can_have_sides,
    count_sided,
    offered_charts,
)
from footnote.ui.rendering.environment import piece, render
from footnote.ui.rendering.panels import (
    invitation_html,
    library_html,
    next_html,
    start_html,
    talks_html,
)
from footnote.ui.storage.accounts.models import Role
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.models import UNTITLED, Transcript, shorten
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.filters import scope
from footnote.ui.web.handlers.model import writing_html
from footnote.ui.web.requests import Args, BadRequest, QuestionRequest
from footnote.ui.web.streaming import done_frame

_ROWS = "#fn-talk-rows"
_NO_SCOPE: dict[str, Any] = {
    "papers": [],
    **dict.fromkeys(("venue", "source", "author", "within", "since", "until")),
}
# Milliseconds after which a page asks again for what is still being made.
LATER = 1_000
_TRANSCRIPTS: Mapping[str, tuple[str, str, Callable[[Transcript], str]]] = {
    "markdown": ("md", "text/markdown", transcript_markdown),
    "html": ("html", "text/html", transcript_html),
    "json": ("json", "application/json", transcript_json),
}


def booted(desk: AppContext, args: Args) -> dict[str, Any]:
    """Fills a newly opened page: the list, the scope, and the last open conversation."""
    try:
        reply = scope(desk, args)
    except FootnoteError:
        # What the browser kept may be no scope: it would fail every question.
        reply = {**_without_scope(desk, args), "scope": _NO_SCOPE}
    id = args.text("conversation", "", most=100)
    kept = bool(id) if desk.conversations is not None else bool(args.values.get("records"))
    try:
        rest = opened(desk, _in(args, id, id=id)) if kept else listed(desk, args)
    except FootnoteError:
        # It was deleted, perhaps in another tab, or is another reader's.
        gone = "That conversation is not here any more."
        rest = {"cleared": True, "told": gone, **listed(desk, _in(args, None))}
    html = {**writing_html(desk), **reply["html"], **rest["html"], **_signed_html(desk)}
    signed = {"id": desk.who.id, "role": desk.who.role.label}
    return {**reply, **rest, "html": html, **({"signed": signed} if desk.who.has_account else {})}


def _signed_html(desk: AppContext) -> dict[str, Any]:
    """Returns who is signed in, by its place; nothing where there are no accounts."""
    if not desk.who.has_account:
        return {}
    is_admin = desk.who.role >= Role.ADMIN
    return {"#fn-signed": piece("account", "line", desk.who, is_admin, desk.who.way == "session")}


def _without_scope(desk: AppContext, args: Args) -> dict[str, Any]:
    try:
        return scope(desk, Args({**args.values, "scope": {}}))
    except FootnoteError:
        return {"html": {"#fn-scope": library_html(desk.library.status())}}


def begun(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows what an empty conversation offers: topics, and questions that were tried."""
    engine, offers = desk.quoting, desk.offers
    if engine is None:
        return {}
    library = desk.papers
    if not library.size:
        empty = library.status()
        shown = {"#fn-invited": invitation_html(empty), "#fn-offered": start_html((), empty=True)}
        return {"html": shown}
    html = {"#fn-invited": invitation_html(library.status())}
    if not offers.renew(library, engine.ask):
        return {"html": html, "later": LATER}
    if offers.questions or offers.topics:
        html["#fn-offered"] = start_html(offers.questions, offers.topics)
    return {"html": html}


def led_on(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the questions that lead on from an answer, each of which was tried."""
    engine, turn = desk.quoting, args.number("turn") or 1
    if engine is None:
        return {}
    # As they were when a conversation last began: a map is not drawn anew for this.
    topics = [topic for topic, _ in desk.offers.topics]
    answer = answer_at(desk, args)
    html = {f"#fn-turn-{turn} .fn-next": next_html(offer_next(answer, engine.ask, topics))}
    if _has_sides_unquoted(desk, answer, desk.filters(args.part("scope"))):
        html[f"#fn-turn-{turn} .fn-later"] = piece("controls", "chart", "agreement")
    return {"html": html}


def _has_sides_unquoted(desk: AppContext, answer: Answer, filters: Filters) -> bool:
    """Returns whether papers take sides, of which what stands in the answer does not tell."""
    if not can_have_sides(answer) or "agreement" in offered_charts(answer):
        return False
    if count_sided(answer, desk.papers.embedder) >= FEWEST_SIDED:
        return True
    try:
        found = positions(desk.engine.retriever, answer.standalone_question, filters)
    except FootnoteError:
        return False
    return sum(one.side is not None for one in found) >= FEWEST_SIDED


def listed(desk: AppContext, args: Args) -> dict[str, Any]:
    """Lists the reader's conversations, or those with the words of a search."""
    if desk.conversations is None:
        return {"html": {_ROWS: piece("controls", "remark", "Kept in this browser alone.")}}
    search = args.text("search", "", most=500)
    talks = desk.conversations.list(args.user, search)
    shown = [talk for talk in talks if talk.messages]
    open_one = args.text("conversation", "", most=100)
    return {"html": {_ROWS: talks_html(shown, open_one, search, args.now)}}


def opened(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows a conversation with its stored answers."""
    transcript = _transcript(desk, args)
    id = args.text("id", "", most=100) or None
    frames = [
        done_frame(desk, answer, place, place, id, reopened=True)
        for place, answer in enumerate(transcript.answers, 1)
    ]
    return {"frames": frames, "conversation": id, **listed(desk, _in(args, id))}


def renamed(desk: AppContext, args: Args) -> dict[str, Any]:
    """Gives a conversation another title."""
    _store(desk).rename(args.user, args.text("id"), args.text("title"))
    return listed(desk, args)


def deleted(desk: AppContext, args: Args) -> dict[str, Any]:
    """Deletes a conversation; the open one leaves the page."""
    id = args.text("id")
    _store(desk).delete(args.user, id)
    gone = {"cleared": True} if id == args.text("conversation", "") else {}
    return {**gone, **listed(desk, args), "told": "Deleted."}


def shared(desk: AppContext, args: Args) -> dict[str, Any]:
    """Makes a link to a conversation as it stands, for reading only; to the open one by itself."""
    id = args.text("id", "") or args.text("conversation")
    instead = args.text("instead", "", most=100)
    token = _store(desk).share(args.user, id, desk.share_terms(args), instead=instead)
    told = "It shows it as it stands now, and nothing that is asked later."
    dialog = link_html(desk, args, "this conversation", told)
    return {"link": f"shared/{token}", "dialog": dialog, **listed(desk, args)}


def link_html(desk: AppContext, args: Args, what: str, told: str) -> Markup:
    """Returns the dialog of a link that was made: to what, and what is told of it."""
    days = desk.share_terms(args).days
    ends = "" if days is None else f"It ends after {days} days. "
    other = None
    if desk.accounts is not None:
        other = {"do": args.text("action"), "id": args.text("id", "", most=100)}
    members = args.flag("members")
    return render("link", what=what, told=told, ends=ends, members=members, other=other)


def unshared(desk: AppContext, args: Args) -> dict[str, Any]:
    """Ends every link to a conversation."""
    _store(desk).unshare(args.user, args.text("id"))
    return {"told": "Its links no longer work.", **listed(desk, args)}


def exported(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns a conversation as a file: itself, or the papers that it cites."""
    form, transcript = args.text("form", most=20), desk.refreshed(_transcript(desk, args))
    words = "".join(c if c.isalnum() else " " for c in shorten(transcript.title, 40)).split()
    name = "-".join(words) or "conversation"
    if form in _TRANSCRIPTS:
        ending, kind, write = _TRANSCRIPTS[form]
        return _file(f"{name}.{ending}", kind, write(transcript))
    if form not in FORMS:
        raise BadRequest(f"no format is called {form!r}; choose one from the list")
    answers = transcript.answers
    place = args.number("place", least=1)
    if place is not None:
        answers = answers[place - 1 : place]
    cited = [paper for answer in answers for paper in answer.papers]
    if not cited:
        raise BadRequest("no paper is cited there, so there is nothing to save")
    own = desk.annotations_of(cited)
    text = bibliography(cited, form, own)
    return _file(f"{name}.{ENDINGS[form]}", "text/plain", text)


def answer_at(desk: AppContext, args: Args) -> Answer:
    """Returns the answer at ``place`` of an action's conversation.

    Raises:
        BadRequest: There is no such answer.
    """
    answers = desk.answers(QuestionRequest.read(args.values))
    place = args.number("place") or 0
    if not 1 <= place <= len(answers):
        raise BadRequest("that answer is not in the conversation any more; ask again")
    return answers[place - 1]


def _transcript(desk: AppContext, args: Args) -> Transcript:
    if desk.conversations is not None:
        # Buttons under an answer name no conversation: they mean the open one.
        id = args.text("id", "", most=100) or args.text("conversation", "", most=100)
        return desk.conversations.load(args.user, id)
    answers = QuestionRequest.read(args.values).records
    title = shorten(answers[0].question) if answers else UNTITLED
    return Transcript(title, args.now, answers)


def _store(desk: AppContext) -> Conversations:
    if desk.conversations is None:
        raise BadRequest("this server keeps no conversations; export it instead")
    return desk.conversations


def _in(args: Args, conversation: str | None, **more: Any) -> Args:
    return Args({**args.values, "conversation": conversation or "", **more})


def _file(name: str, kind: str, text: str) -> dict[str, Any]:
    return {"file": {"name": name, "kind": kind, "text": text}}


ACTIONS = {
    "boot": booted,
    "begin": begun,
    "next": led_on,
    "talks": listed,
    "open": opened,
    "rename": renamed,
    "delete": deleted,
    "share": shared,
    "unshare": unshared,
    "export": exported,
}
