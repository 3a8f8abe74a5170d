"""A paper as the page shows it: safe text, its byline, and the card with its abstract."""

import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

from footnote.index.models import Paper
from footnote.ui.rendering.mathml import prose_html

Span = tuple[int, int]
"""First character of a quote in the abstract, and one past its last."""

AUTHORS_SHOWN = 8
CITATIONS = (("apa", "APA"), ("ieee", "IEEE"), ("bibtex", "BibTeX"), ("ris", "RIS"))

_WEB = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)


def card_html(name: str, kind: str, paper: Paper, spans: Sequence[Span]) -> str:
    """Returns a hidden card that shows one paper whole, the quotes ``spans`` marked.

    Args:
        name: The card's id in the page.
        kind: What the card is, such as "Source 1".
        paper: Shown with its whole abstract.
        spans: The quotes, as spans of the abstract.
    """
    note = f'<p class="fn-remark">{text_html(paper.note)}</p>' if paper.note else ""
    return (
        f'<section class="fn-card" id="{name}" tabindex="-1" aria-labelledby="{name}-title" hidden>'
        f'<header><p class="fn-kicker">{kind}</p><button type="button" class="fn-close"'
        f' aria-label="Close source">Close</button></header>'
        f'<h3 id="{name}-title">{prose_html(paper.title)}</h3>'
        f"{byline_html(paper)}{_link(paper)}{note}"
        f'<p class="fn-abstract">{marked(paper.abstract, spans)}</p>{_tools(name, paper)}</section>'
    )


def _tools(name: str, paper: Paper) -> str:
    """Returns what can be done with a paper, under its abstract."""
    into, about = f"#{name} .fn-similar", text_html(paper.id)
    citations = "".join(
        f'<button type="button" class="fn-quiet" data-do="cite"'
        f' data-args="{text_html(json.dumps({"paper": paper.id, "form": form}))}">{label}</button>'
        for form, label in CITATIONS
    )
    return (
        f'<footer class="fn-tools"><button type="button" class="fn-quiet" data-pin="{about}">'
        'Ask about this paper</button><button type="button" class="fn-quiet" data-do="similar"'
        f' data-args="{text_html(json.dumps({"paper": paper.id, "into": into}))}">Similar papers'
        '</button><details class="fn-menu"><summary>Copy citation</summary>'
        f'<div>{citations}</div></details></footer><div class="fn-similar"></div>'
    )


def _link(paper: Paper) -> str:
    url = web_address(paper)
    if not url:
        return ""
    shown = re.sub(r"^https?://(?:www\.)?", "", url, flags=re.IGNORECASE).rstrip("/")
    return (
        f'<a class="fn-link" href="{text_html(url)}" rel="noopener noreferrer" target="_blank">'
        f'{text_html(shown)}<span class="fn-sr"> (opens in a new tab)</span></a>'
    )


def marked(text: str, spans: Iterable[Span]) -> str:
    """Returns ``text`` as HTML with exactly the characters of ``spans`` in ``<mark>``."""
    known = sorted({(start, end) for start, end in spans if 0 <= start < end <= len(text)})
    edges = sorted({0, len(text), *(edge for span in known for edge in span)})
    pieces = []
    for start, end in pairwise(edges):
        names = " ".join(f"{a}-{b}" for a, b in known if a <= start and end <= b)
        piece = prose_html(text[start:end])
        pieces.append(f'<mark data-quotes="{names}">{piece}</mark>' if names else piece)
    return "".join(pieces)


def byline_html(paper: Paper, *, shown: int = AUTHORS_SHOWN) -> str:
    """Returns the byline as a paragraph; nothing where nothing is known."""
    line = byline(paper, shown=shown)
    return f'<p class="fn-byline">{text_html(line)}</p>' if line else ""


def byline(paper: Paper, *, shown: int = AUTHORS_SHOWN) -> str:
    """Returns authors, year and venue in one line of plain text, as far as they are known."""
    count = max(paper.author_count or 0, len(paper.authors))
    authors = ", ".join(paper.authors[:shown])
    if not authors:
        authors = f"{count} authors" if count else ""
    elif count > shown:
        authors += " et al." if shown == 1 else f" and {count - shown} more"
    facts = (authors, str(paper.year) if paper.year else "", paper.venue or "")
    return " · ".join(fact for fact in facts if fact)


def web_address(paper: Paper) -> str | None:
    """Returns the paper's address where it is one that a page may link to."""
    return paper.url if paper.url and _WEB.fullmatch(paper.url) else None


def text_html(text: str) -> str:
    """Returns foreign text as HTML that shows it literally."""
    return escape(text, quote=True)
