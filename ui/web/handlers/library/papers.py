"""Papers: their cards, similar papers, and citations."""

import hashlib
import re
from typing import Any

from footnote.index.models import Paper
from footnote.ui.export.bibliography import FORMS, bibliography
from footnote.ui.export.styles import STYLES, citation
from footnote.ui.rendering.cards import byline, card_html
from footnote.ui.rendering.environment import render
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.conversations import answer_at
from footnote.ui.web.requests import Args, BadRequest

SIMILAR = 8
_NAME = re.compile(r"[a-z0-9-]{1,500}")
_SPAN = re.compile(r"\b([0-9]{1,6})-([0-9]{1,6})\b")


def shown(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns the card of any paper of the library."""
    paper = desk.papers.known(args.text("paper", most=500))
    name, spans = args.text("card", "", most=500), args.text("spans", "", most=500)
    marked = [(int(a), int(b)) for a, b in _SPAN.findall(spans)]
    # Of a table, whose cards mark what its cells quote.
    own = name.startswith(f"{card_name(paper)}-") and _NAME.fullmatch(name)
    return {"card": card_html(name if own else card_name(paper), "Paper", paper, marked)}


def similar(desk: AppContext, args: Args) -> dict[str, Any]:
    """Lists the papers nearest to a paper, in its card."""
    hits = desk.papers.similar(args.text("paper", most=500), k=SIMILAR)
    html = render("similar", hits=[(row(hit.paper, shown=1), hit.score) for hit in hits])
    into = args.text("into", most=100)
    return {"html": {into: html}, "reveal": into}


def cited(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns the citation of a paper, from its record alone, for the clipboard."""
    form, paper = args.text("form", most=20), desk.papers.known(args.text("paper", most=500))
    if form in STYLES:
        return {"copy": citation(paper, form)}
    if form not in FORMS:
        raise BadRequest(f"no format is called {form!r}; choose one from the list")
    own = desk.annotations_of([paper])
    return {"copy": bibliography([paper], form, own)}


def copied(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns an answer as Markdown with its sources, or its table as CSV, for the clipboard."""
    from footnote.ui.export.tables import answer_csv
    from footnote.ui.export.transcripts import transcript_markdown
    from footnote.ui.storage.models import Transcript

    answer = desk.refresh(answer_at(desk, args))
    if args.text("form", "", most=20) == "csv":
        if not (table := answer_csv(answer)):
            raise BadRequest("this answer has no table; copy it as Markdown")
        return {"copy": table}
    return {"copy": transcript_markdown(Transcript(answer.question, args.now, (answer,)))}


def row(paper: Paper, *, shown: int) -> tuple[str, Paper, str]:
    """Returns the values of a paper's row: its card's id, the paper, and its byline.

    Args:
        paper: The paper; its card is fetched on first use.
        shown: Authors in the byline.
    """
    return card_name(paper), paper, byline(paper, shown=shown)


def card_name(paper: Paper) -> str:
    """Returns the HTML id of a paper's card."""
    return f"p{hashlib.sha256(paper.id.encode()).hexdigest()[:12]}"


ACTIONS = {
    "paper": shown,
    "similar": similar,
    "cite": cited,
    "copy": copied,
}
