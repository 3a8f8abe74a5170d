"""Toolbar: the line of buttons under an answer."""

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup

from footnote.ui.export.bibliography import LABELS
from footnote.ui.rendering.environment import render


@lru_cache
def toolbar_html(*, cites: bool, tabled: bool, charts: Sequence[str] = ()) -> Markup:
    """Returns what can be done with an answer; chat.js knows which answer it stands under.

    Args:
        cites: Whether it cites anything: of a refusal there is nothing to save or to lay out.
        tabled: Whether it has a table.
        charts: The charts that say anything of it, from ``offered_charts``; a tuple.
    """
    return render("toolbar", cites=cites, tabled=tabled, charts=charts, forms=LABELS)
