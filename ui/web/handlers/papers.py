"""Papers: opened in the margin, what resembles them, their citations, and which are searched."""

import hashlib
from typing import Any

from footnote.index.models import Paper
from footnote.ui.export.bibliography import FORMS, bibliography
from footnote.ui.export.styles import STYLES, citation
from footnote.ui.rendering.cards import byline_html, card_html, text_html
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.conversations import answer_at
from footnote.ui.web.requests import Args, BadRequest

SIMILAR = 8


def shown(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns the card of any paper of the library."""
    paper = desk.papers.known(args.text("paper", most=500))
    return {"card": card_html(card_name(paper), "Paper", paper, ())}


def similar(desk: AppContext, args: Args) -> dict[str, Any]:
    """Lists the papers nearest to a paper, in its card."""
    hits = desk.papers.similar(args.text("paper", most=500), k=SIMILAR)
    rows = "".join(
        f"<li><div>{opener(hit.paper)}{byline_html(hit.paper, shown=1)}</div>"
        f'<span class="fn-score">{hit.score:.2f}</span></li>'
        for hit in hits
    )
    told = f'<ul class="fn-hits">{rows}</ul>' if rows else "<p>Nothing resembles it.</p>"
    return {
        "html": {args.text("into", most=100): f'<h4 class="fn-heading">Similar papers</h4>{told}'}
    }


def cited(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns the citation of a paper, from its record alone, for the clipboard."""
    form, paper = args.text("form", most=20), desk.papers.known(args.text("paper", most=500))
    if form in STYLES:
        return {"copy": citation(paper, form)}
    if form not in FORMS:
        raise BadRequest(f"no format is called {form!r}; choose one from the list")
    return {"copy": bibliography([paper], form)}


def copied(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns an answer as Markdown with its sources, for the clipboard."""
    from footnote.ui.export.transcripts import transcript_markdown
    from footnote.ui.storage.models import Transcript, parse_time

    answer = answer_at(desk, args)
    return {"copy": transcript_markdown(Transcript(answer.question, parse_time(0), (answer,)))}


def opener(paper: Paper, kind: str = "fn-title", label: str = "") -> str:
    """Returns a button that opens a paper's card, fetched when it is first wanted."""
    name = card_name(paper)
    return (
        f'<button type="button" class="{kind}" data-card="{name}"'
        f' data-paper="{text_html(paper.id)}" aria-controls="{name}" aria-expanded="false">'
        f"{text_html(label or paper.title)}</button>"
    )


def card_name(paper: Paper) -> str:
    """Returns the id in the page of a paper's own card."""
    return f"p{hashlib.sha256(paper.id.encode()).hexdigest()[:12]}"


ACTIONS = {
    "paper": shown,
    "similar": similar,
    "cite": cited,
    "copy": copied,
}
