"""Corrections: a paper's record, mended by hand in its card."""

import re
from typing import Any

from markupsafe import Markup

from footnote.index.readers.record import describe_fault, parse_correction
from footnote.ui.rendering.cards import record_html
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.import_report import latest_html
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.library.browsing import browsed
from footnote.ui.web.requests import Args, BadRequest

_CARD = re.compile(r"[A-Za-z0-9-]{1,500}")


def asked(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the fields of a record in its card, or puts them away."""
    card, shut = _card(args), args.number("shut") == 1
    paper = desk.papers.known(args.text("paper", most=500))
    form = Markup() if shut else piece("shelf", "correction", card, paper)
    reply: dict[str, Any] = {"html": {f"#{card} .fn-correct": form}}
    return reply if shut else {**reply, "focus": f"#{card} [name=title]"}


def corrected(desk: AppContext, args: Args) -> dict[str, Any]:
    """Corrects a record; what stands in a field is right, what stood there before is not."""
    name, card = args.text("paper", most=500), _card(args)
    fields: dict[str, object] = {
        field: args.text(field, "", most=3_000_000) for field in ("title", "published", "venue")
    }
    fields["authors"] = args.text("authors", "", most=3_000_000).splitlines()
    try:
        correction = parse_correction(fields)
    except ValueError as error:
        raise BadRequest(f"the paper stays as it was: {describe_fault(error)}") from error
    changed = desk.papers.correct(name, correction)
    paper = desk.papers.known(name)
    html = {
        f"#{card}-title": piece("controls", "title", paper),
        f"#{card} .fn-record": record_html(paper),
        f"#{card} .fn-correct": Markup(),
        "#fn-import": latest_html(desk.papers),
    }
    told = "Corrected." if changed else "Nothing was changed."
    return {"html": {**html, **browsed(desk, args)["html"]}, "told": told, "changed": changed}


def _card(args: Args) -> str:
    card = args.text("card", most=500)
    if not _CARD.fullmatch(card):
        raise BadRequest("the page has no such card; reload it")
    return card


ACTIONS = {"correct-form": asked, "correct": corrected}
