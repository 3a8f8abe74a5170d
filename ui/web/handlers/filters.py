"""Scope: which papers are searched."""

from collections.abc import Sequence
from typing import Any

from footnote.index.search.filters import Filters
from footnote.ui.rendering.cards import text_html
from footnote.ui.rendering.panels import back_to_all, counted, extent, scope_html, searching
from footnote.ui.storage.shelf import LibraryPart
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import Args, parse_filters

# Chosen papers that are named; the others are counted.
PINS_SHOWN = 20


def scope(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the scope of the search, without papers that were removed."""
    part = args.part("scope")
    given, within = parse_filters(part), part.text("within", "", most=200)
    parts = desk.parts
    # A collection that was deleted meanwhile narrows nothing any more.
    within = within if any(one.key == within for one in parts) else ""
    searched = desk.narrow(given, within)
    ids = desk.papers.ids(sorted(given.papers or ()))
    shown = desk.papers.find(ids[:PINS_SHOWN])
    pinned = [(paper.id, paper.title) for paper in shown.values()]
    form = scope_html(desk, given, pinned, parts, within, unnamed=len(ids) - len(pinned))
    return {
        "html": {
            "#fn-scope": form,
            "#fn-extent": text_html(_told(desk, given, searched, parts, within)),
            "#fn-whole": text_html(back_to_all(desk, given, within)),
            ".fn-count": text_html(extent(desk.library.status())),
        },
        "scope": {"papers": ids, "within": within},
    }


def _told(
    desk: AppContext, given: Filters, searched: Filters, parts: Sequence[LibraryPart], within: str
) -> str:
    """Returns in words what is searched; a collection or a tag by its name."""
    told = searching(desk, given)
    if within:
        name = next(part.name for part in parts if part.key == within)
        told = f"{name} · {counted(desk.papers.count(searched), 'paper')}"
    return f"{desk.name}: {told}" if desk.name else told


ACTIONS = {"scope": scope}
