"""Paper list: the papers of a shared collection as one self-contained page."""

from collections.abc import Sequence

from markupsafe import Markup

from footnote.index.models import Paper
from footnote.ui.export.citation_data import one_line
from footnote.ui.export.page_style import PAGE_POLICY, page_style
from footnote.ui.rendering.cards import byline, web_address
from footnote.ui.rendering.environment import render
from footnote.ui.storage.collections import SharedPapers


def shared_papers_html(shared: SharedPapers, papers: Sequence[Paper | None]) -> str:
    """Returns a shared collection as an HTML page without scripts or requests.

    Args:
        shared: As it was shared; its readers' notes and tags are their own and not on it.
        papers: Its papers as the library has them now; None stands for one that is gone.
    """
    # Two that became one since are one.
    found = list({paper.id: paper for paper in papers if paper is not None}.values())
    gone = sum(paper is None for paper in papers)
    told = f"Footnote · {shared.created:%Y-%m-%d} · {len(found):,} paper{'s' * (len(found) != 1)}"
    if gone:
        told += f", {gone:,} not in the library any more"
    return render(
        "papers",
        title=one_line(shared.name),
        about=told,
        papers=found,
        policy=Markup(PAGE_POLICY),
        style=page_style(),
        byline_of=byline,
        address_of=web_address,
    )
