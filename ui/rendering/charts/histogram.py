"""Papers by year as bars, those within the chosen years strong."""

from collections.abc import Mapping

WIDTH, HEIGHT = 300, 56
GAP = 1.0


def histogram_svg(years: Mapping[int, int], since: int, until: int) -> str:
    """Returns one bar a year; it is drawn for the eye, the sliders under it are for everybody.

    Args:
        years: Papers by year, of two years at least.
        since: First year that is searched.
        until: Last year that is searched.
    """
    first, last, most = min(years), max(years), max(years.values())
    width = WIDTH / (last - first + 1)
    bars = ""
    for year in range(first, last + 1):
        count = years.get(year, 0)
        # A year with one paper among thousands is still seen.
        height = max(2.0, HEIGHT * count / most) if count else 0.0
        within = ' class="fn-within"' if since <= year <= until else ""
        bars += (
            f'<rect x="{(year - first) * width + GAP / 2:.1f}" y="{HEIGHT - height:.1f}"'
            f' width="{max(1.0, width - GAP):.1f}" height="{height:.1f}" data-year="{year}"'
            f"{within}><title>{year}: {count:,}</title></rect>"
        )
    return (
        f'<svg class="fn-histogram" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
        f' aria-hidden="true" focusable="false">{bars}</svg>'
    )
