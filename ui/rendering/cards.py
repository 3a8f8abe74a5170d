"""A paper as the page shows it: safe text, its byline, and the card with its abstract."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from urllib.parse import quote, quote_plus

from markupsafe import Markup, escape

from footnote.index.models import Paper
from footnote.ui.rendering.environment import piece, render
from footnote.ui.storage.refresh import GONE, SINCE, since

Span = tuple[int, int]
"""First character of a quote in the abstract, and one past its last."""

AUTHORS_SHOWN = 8
CITATIONS = (("apa", "APA"), ("ieee", "IEEE"), ("bibtex", "BibTeX"), ("ris", "RIS"))

# Where identifiers lead, and where a title without any is looked for.
_PLACES = (
    ("arxiv", "arXiv", "https://arxiv.org/abs/"),
    ("doi", "DOI", "https://doi.org/"),
    ("pmid", "PubMed", "https://pubmed.ncbi.nlm.nih.gov/"),
)
_SEARCHES = (
    ("Find on arXiv", "arXiv", "https://arxiv.org/search/?searchtype=title&query="),
    ("Scholar", "Google Scholar", "https://scholar.google.com/scholar?q="),
)
_WEB = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)


def card_html(name: str, kind: str, paper: Paper, spans: Sequence[Span]) -> Markup:
    """Returns a hidden card that shows one paper whole, the quotes ``spans`` marked.

    Args:
        name: The card's id in the page.
        kind: What the card is, such as "Source 1".
        paper: Shown with its whole abstract.
        spans: The quotes, as spans of the abstract.
    """
    return render(
        "card",
        name=name,
        kind=kind,
        paper=paper,
        line=byline(paper),
        found=web_links(paper),
        abstract=marked(paper.abstract, spans),
        citations=CITATIONS,
        gone=since(paper) == SINCE[GONE],
    )


def marked(text: str, spans: Iterable[Span]) -> Markup:
    """Returns ``text`` as HTML with exactly the characters of ``spans`` in ``<mark>``."""
    known = sorted({(start, end) for start, end in spans if 0 <= start < end <= len(text)})
    edges = sorted({0, len(text), *(edge for span in known for edge in span)})
    pieces = []
    for start, end in pairwise(edges):
        names = " ".join(f"{a}-{b}" for a, b in known if a <= start and end <= b)
        pieces.append((text[start:end], names))
    return render("marked", pieces=pieces)


def record_html(paper: Paper) -> Markup:
    """Returns what is known of a paper beside its title: its byline and where it can be read."""
    return piece("controls", "record", byline(paper), web_links(paper))


def byline_html(paper: Paper, *, shown: int = AUTHORS_SHOWN) -> Markup:
    """Returns the byline as a paragraph; nothing where nothing is known."""
    return piece("controls", "byline", byline(paper, shown=shown))


def byline(paper: Paper, *, shown: int = AUTHORS_SHOWN) -> str:
    """Returns authors, year and venue in one line of plain text, as far as they are known.

    A paper that was retracted or withdrawn says so first.
    """
    count = max(paper.author_count or 0, len(paper.authors))
    authors = ", ".join(paper.authors[:shown])
    if not authors:
        authors = f"{count} authors" if count else ""
    elif count > shown:
        authors += " et al." if shown == 1 else f" and {count - shown} more"
    year, status = str(paper.year or ""), (paper.status or "").upper()
    facts = (status, authors, year, paper.venue or "")
    return " · ".join(fact for fact in facts if fact)


def web_links(paper: Paper) -> list[tuple[str, str, str]]:
    """Returns where a paper can be read: label, address and tooltip of each link.

    The paper's own places by its identifiers and its address; without any, a search for its title.
    """
    names = (name.partition(":") for name in reversed((paper.id, *paper.aliases)))
    known = {kind: value for kind, _, value in names}
    found = [
        (label, f"{place}{quote(known[kind], safe='/:;()')}", f"{label} {known[kind]}")
        for kind, label, place in _PLACES
        if known.get(kind)
    ]
    url = web_address(paper)
    end = (url or "").rstrip("/").lower()
    if url and not any(known.get(k) and end.endswith(known[k].lower()) for k, _, _ in _PLACES):
        shown = re.sub(r"^https?://(?:www\.)?", "", url, flags=re.IGNORECASE)
        found.append((shown.partition("/")[0], url, shown.rstrip("/")))
    if found or not paper.title.strip():
        return found
    title = " ".join(paper.title.split())
    return [
        (label, f"{place}{quote_plus(title)}", f"Search {where} for this title")
        for label, where, place in _SEARCHES
    ]


def web_address(paper: Paper) -> str | None:
    """Returns the paper's address where it is one that a page may link to."""
    return paper.url if paper.url and _WEB.fullmatch(paper.url) else None


def text_html(text: str) -> Markup:
    """Returns foreign text as HTML that shows it literally."""
    return escape(text)
