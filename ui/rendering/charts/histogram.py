"""Papers by year as bars, those within the chosen years strong."""

from collections.abc import Mapping

from markupsafe import Markup

from footnote.ui.rendering.environment import render

WIDTH, HEIGHT = 300, 56
GAP = 1.0


def histogram_svg(years: Mapping[int, int], since: int, until: int) -> Markup:
    """Returns one bar for each year; hidden from screen readers, which use the sliders.

    Args:
        years: Papers by year, of two years at least.
        since: First year that is searched.
        until: Last year that is searched.
    """
    first, last, most = min(years), max(years), max(years.values())
    width = WIDTH / (last - first + 1)
    bars = []
    for year in range(first, last + 1):
        count = years.get(year, 0)
        # A year with one paper among thousands is still seen.
        height = max(2.0, HEIGHT * count / most) if count else 0.0
        x, y, wide = (year - first) * width + GAP / 2, HEIGHT - height, max(1.0, width - GAP)
        bars.append((year, count, *(f"{size:.1f}" for size in (x, y, wide, height))))
    return render("histogram", size=(WIDTH, HEIGHT), bars=bars, since=since, until=until)
