"""Collections, tags and notes: what readers make of the papers of a library."""

from typing import Any

from footnote.index.models import Paper
from footnote.ui.export.bibliography import ENDINGS, FORMS, bibliography
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import counted
from footnote.ui.storage.annotations import Annotation
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.conversations import link_html
from footnote.ui.web.handlers.filters import scope
from footnote.ui.web.handlers.library.browsing import browsed, papers_of, parts_html
from footnote.ui.web.requests import Args, BadRequest

MOST_CHOSEN = 5_000


def created(desk: AppContext, args: Args) -> dict[str, Any]:
    """Makes a collection and lists it."""
    id = desk.own_shelf.collections.create(desk.owner, args.text("name", most=500))
    return _listed(desk, args, f"c:{id}")


def collected(desk: AppContext, args: Args) -> dict[str, Any]:
    """Puts papers into a collection, made first if it is named and not there."""
    collections, papers = desk.own_shelf.collections, _chosen(desk, args)
    name = args.text("name", "", most=500)
    id = collections.create(desk.owner, name) if name else args.text("id", most=100)
    known = desk.papers.names_of(collections.members(desk.owner, id))
    held = {names[0] for names in known.values()}
    count = collections.add(desk.owner, id, [paper.id for paper in papers if paper.id not in held])
    told = f"{counted(count, 'paper')} added to “{collections.get(desk.owner, id).name}”."
    if not count:
        told = f"Already in “{collections.get(desk.owner, id).name}”."
    return {**_listed(desk, args), "told": told, "unpick": not args.text("card", "")}


def uncollected(desk: AppContext, args: Args) -> dict[str, Any]:
    """Takes papers out of a collection; they stay in the library."""
    collections, id = desk.own_shelf.collections, args.text("id", most=100)
    names = args.texts("papers", most=MOST_CHOSEN)
    held = {name for name in collections.members(desk.owner, id) if _same(desk, name, names)}
    count = len({names[0] for names in desk.papers.names_of(held).values()})
    collections.discard(desk.owner, id, held)
    told = f"{counted(count, 'paper')} taken out of “{collections.get(desk.owner, id).name}”."
    return {**_listed(desk, args), "told": told, "unpick": True}


def renamed(desk: AppContext, args: Args) -> dict[str, Any]:
    """Gives a collection another name."""
    id = args.text("id", most=100)
    desk.own_shelf.collections.rename(desk.owner, id, args.text("name", most=500))
    return _listed(desk, args, f"c:{id}")


def deleted(desk: AppContext, args: Args) -> dict[str, Any]:
    """Deletes a collection; its papers stay in the library."""
    desk.own_shelf.collections.delete(desk.owner, args.text("id", most=100))
    return {**_listed(desk, args, ""), "told": "Deleted; its papers stay in the library."}


def shared(desk: AppContext, args: Args) -> dict[str, Any]:
    """Makes a link to a collection as it is now, for reading only."""
    id = args.text("id", most=100)
    instead, terms = args.text("instead", "", most=100), desk.share_terms(args)
    token = desk.own_shelf.collections.share(desk.owner, id, terms, instead=instead)
    told = "It shows the papers as they are chosen now, without your tags and notes."
    dialog = link_html(desk, args, "this collection", told)
    return {"link": f"shared/{token}", "dialog": dialog, **_listed(desk, args, f"c:{id}")}


def unshared(desk: AppContext, args: Args) -> dict[str, Any]:
    """Ends every link to a collection."""
    id = args.text("id", most=100)
    desk.own_shelf.collections.unshare(desk.owner, id)
    return {**_listed(desk, args, f"c:{id}"), "told": "Its links no longer work."}


def tagged(desk: AppContext, args: Args) -> dict[str, Any]:
    """Gives papers a tag."""
    papers = _chosen(desk, args)
    tag = args.text("tag", most=500)
    kept = desk.own_shelf.annotations.tag(desk.owner, [paper.id for paper in papers], tag)
    told = f"{counted(len(papers), 'paper')} tagged #{kept}."
    return {**_listed(desk, args), "told": told, "unpick": not args.text("card", "")}


def untagged(desk: AppContext, args: Args) -> dict[str, Any]:
    """Takes a tag from papers."""
    papers = [paper.id for paper in _chosen(desk, args)]
    desk.own_shelf.untag(papers, args.text("tag", most=500), desk.papers)
    return _listed(desk, args)


def noted(desk: AppContext, args: Args) -> dict[str, Any]:
    """Keeps the note of a paper."""
    paper = desk.papers.known(args.text("paper", most=500))
    desk.own_shelf.write(paper.id, args.text("note", "", most=100_000), desk.papers)
    card = args.text("card", "", most=500)
    # Beside the field: it is kept at each pause, and a line over the page each time would disturb.
    return {"html": {f"#{card} .fn-saved": "Saved"}} if card else {"told": "Note saved."}


def own(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the tags, the note and the collections of a paper in its card."""
    if desk.shelf is None:
        return {}
    return {"html": _own(desk, desk.papers.known(args.text("paper", most=500)), args.text("card"))}


def exported(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns chosen papers, or a part of the library, as a file of citations."""
    form, within = args.text("form", most=20), args.text("within", "", most=200)
    if form not in FORMS:
        raise BadRequest(f"no format is called {form!r}; choose one from the list")
    papers = papers_of(desk, within)[0] if within else _chosen(desk, args)
    if not papers:
        raise BadRequest("no paper is in it, so there is nothing to save")
    own = desk.annotations_of(papers)
    text = bibliography(papers, form, own)
    return {"file": {"name": f"papers.{ENDINGS[form]}", "kind": "text/plain", "text": text}}


def _listed(desk: AppContext, args: Args, within: str | None = None) -> dict[str, Any]:
    """Returns what shows a change: the card it was made in, else the room; and the scope."""
    told = scope(desk, args)
    card = args.text("card", "", most=100)
    if card:
        paper = desk.papers.known(args.texts("papers", most=MOST_CHOSEN)[0])
        return {**told, "html": {**told["html"], **_own(desk, paper, card)}}
    if within is not None:
        args = Args({**args.values, "within": within, "at": 0, "query": ""})
    parts = {"#fn-parts": parts_html(desk, args)}
    return {**told, "html": {**told["html"], **parts, **browsed(desk, args)["html"]}}


def _own(desk: AppContext, paper: Paper, card: str) -> dict[str, str]:
    shelf = desk.own_shelf
    written = desk.annotations_of([paper]).get(paper.id, Annotation())
    names = desk.papers.names_of([paper.id])[paper.id]
    collections = [
        (one, not set(names).isdisjoint(shelf.collections.members(desk.owner, one.id)))
        for one in shelf.collections.list(desk.owner)
    ]
    return {f"#{card} .fn-ownplace": piece("shelf", "own", card, paper.id, written, collections)}


def _chosen(desk: AppContext, args: Args) -> list[Paper]:
    names = args.texts("papers", most=MOST_CHOSEN)
    if not names:
        raise BadRequest("no paper is chosen; tick one or more first")
    found = desk.papers.find(names)
    return [found.get(name) or desk.papers.known(name) for name in names]


def _same(desk: AppContext, member: str, names: tuple[str, ...]) -> bool:
    """Returns whether a member is one of these papers, by whichever of its identifiers."""
    paper = desk.papers.paper(member)
    return member in names or (paper is not None and paper.id in names)


ACTIONS = {
    "collection-new": created,
    "collect": collected,
    "uncollect": uncollected,
    "collection-rename": renamed,
    "collection-delete": deleted,
    "collection-share": shared,
    "collection-unshare": unshared,
    "tag": tagged,
    "untag": untagged,
    "note": noted,
    "own": own,
    "papers-export": exported,
}
