"""Scope: which papers are searched."""

from typing import Any

from footnote.ui.rendering.cards import text_html
from footnote.ui.rendering.panels import extent, scope_html, searching
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import Args, parse_filters


def scope(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the scope of the search, without papers that were removed."""
    given = parse_filters(args.part("scope"))
    papers = [paper for id in sorted(given.papers or ()) if (paper := desk.papers.paper(id))]
    pinned = [(paper.id, paper.title) for paper in papers]
    return {
        "html": {
            "#fn-scope": scope_html(desk, given, pinned),
            "#fn-extent": text_html(searching(desk, given)),
            ".fn-count": text_html(extent(desk.library.status())),
        },
        "scope": {"papers": [paper for paper, _ in pinned]},
    }


ACTIONS = {"scope": scope}
