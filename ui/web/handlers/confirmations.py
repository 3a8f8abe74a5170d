"""Confirmations: what a deletion will remove, and whether it can be restored.

The page shows what ``asked`` returns in one dialog (``static/dialogs.js``), for every action.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from footnote.ui.rendering.environment import render
from footnote.ui.rendering.import_report import is_correction, of_names
from footnote.ui.rendering.panels import counted
from footnote.ui.storage.collections import Collection
from footnote.ui.storage.models import shorten
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import Args, BadRequest

_BACK = "Until more papers are added, it can be put back."
_GONE = "This cannot be taken back."
_TITLE_MOST = 120


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The texts of a confirmation dialog.

    Attributes:
        title: The question.
        text: What will be removed, and whether it can be restored.
        does: Label of the confirming button.
    """

    title: str
    text: str
    does: str


def asked(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns the dialog for an action, with current counts."""
    about = args.text("about", most=40)
    if about not in QUESTIONS:
        raise BadRequest(f"nothing is asked before {about!r}; reload the page")
    return {"dialog": render("dialog", asked=QUESTIONS[about](desk, args))}


def _undo(desk: AppContext, args: Args) -> Confirmation:
    number = args.number("number")
    if number is None:
        raise BadRequest("nothing was chosen to undo; reload the page")
    names = next((one.names for one in desk.papers.imports() if one.number == number), ())
    does = desk.papers.preview_undo(number)
    if is_correction(names):
        return Confirmation(
            "Undo the correction?", f"The record is as it was before. {_BACK}", "Undo it"
        )
    goes = "goes" if does.removed == 1 else "go"
    was = "is as it was" if does.restored == 1 else "are as they were"
    rest = f", {does.restored:,} {was} before" if does.restored else ""
    text = f"{counted(does.removed, 'paper')} {goes}{rest}. {_BACK}"
    return Confirmation(f"Undo the import{of_names(names)}?", text, "Undo the import")


def _remove(desk: AppContext, args: Args) -> Confirmation:
    papers = [desk.papers.known(name) for name in args.texts("papers", most=500)]
    if not papers:
        raise BadRequest("nothing was chosen to remove; reload the page")
    what = f"“{_short(papers[0].title)}”" if len(papers) == 1 else counted(len(papers), "paper")
    text = f"Answers no longer quote {'it' if len(papers) == 1 else 'them'}. {_BACK}"
    return Confirmation(f"Remove {what} from the library?", text, "Remove")


def _delete(desk: AppContext, args: Args) -> Confirmation:
    title, count = _talk(desk, args)
    text = f"{counted(count, 'answer')} and every link to it go. {_GONE}"
    return Confirmation(f"Delete the conversation “{title}”?", text, "Delete")


def _unshare(desk: AppContext, args: Args) -> Confirmation:
    title, _ = _talk(desk, args)
    text = f"Every link to it stops working; one made later is another. {_GONE}"
    return Confirmation(f"Stop sharing “{title}”?", text, "Stop sharing")


def _topic(desk: AppContext, args: Args) -> Confirmation:
    id = args.text("id", most=100)
    kept = desk.topics.list(desk.owner) if desk.topics is not None else ()
    topic = next((topic for topic in kept if topic.id == id), None)
    if topic is None:
        raise BadRequest("that topic is not there any more; reload the page")
    text = "Nothing more is told or sent of it. Saved again, it begins with papers that come then."
    return Confirmation(f"Remove the topic “{_short(topic.text)}”?", text, "Remove")


def _collection(desk: AppContext, args: Args) -> Confirmation:
    one = _collection_named(desk, args)
    papers = counted(one.papers, "paper")
    text = f"{papers} of it stay in the library; every link to it stops working. {_GONE}"
    return Confirmation(f"Delete the collection “{_short(one.name)}”?", text, "Delete")


def _collection_unshare(desk: AppContext, args: Args) -> Confirmation:
    name = _short(_collection_named(desk, args).name)
    text = f"Every link to it stops working; one made later is another. {_GONE}"
    return Confirmation(f"Stop sharing “{name}”?", text, "Stop sharing")


def _collection_named(desk: AppContext, args: Args) -> Collection:
    return desk.own_shelf.collections.get(desk.owner, args.text("id", most=100))


def _clear(desk: AppContext, args: Args) -> Confirmation:
    text = (
        "The present one is kept in this browser alone, and goes; export it first to have it. "
        f"{_GONE}"
    )
    return Confirmation("Begin a new conversation?", text, "Begin a new one")


def _again(desk: AppContext, args: Args) -> Confirmation:
    after = args.number("after") or 0
    text = f"This answer and the {counted(after, 'answer')} after it go. {_GONE}"
    return Confirmation("Ask this again?", text, "Ask again")


def _talk(desk: AppContext, args: Args) -> tuple[str, int]:
    if desk.conversations is None:
        raise BadRequest("this server keeps no conversations; reload the page")
    transcript = desk.conversations.load(args.user, args.text("id", most=100))
    return _short(transcript.title), len(transcript.answers)


def _short(title: str) -> str:
    return shorten(title, _TITLE_MOST)


QUESTIONS: Mapping[str, Callable[[AppContext, Args], Confirmation]] = {
    "undo": _undo,
    "remove": _remove,
    "delete": _delete,
    "unshare": _unshare,
    "topic-remove": _topic,
    "collection-delete": _collection,
    "collection-unshare": _collection_unshare,
    "clear": _clear,
    "again": _again,
}
ACTIONS = {"confirm": asked}
