"""The map of a library as HTML: dots for a canvas, what is lit as SVG, labels, and controls.

``static/map.js`` draws and moves it, ``static/views.js`` gives it hands: hover, click, lasso and
keys. Our own, since Gradio's plots neither lasso nor follow the theme.
"""

from collections.abc import Collection, Sequence

from markupsafe import Markup

from footnote.index.clusters.layout import LibraryMap
from footnote.ui.rendering.charts.dots import (
    EDGE,
    HEIGHT,
    WIDTH,
    choose_rows,
    dots_text,
    name_of,
)
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import counted

# Colours that static/views.css has.
COLOURS = 14
_EDGE = EDGE
_HIT, _CITED = 6.5, 9.0
# Labels keep their size on the screen; below this width of the map they stand under it.
_NARROWEST = 560
_LETTER, _LINE = 7.2, 26.0


def map_html(
    drawn: LibraryMap,
    *,
    cited: Collection[str] = (),
    hits: Collection[str] = (),
    revision: str = "",
) -> Markup:
    """Returns the map with its labels, what was chosen on it, and how to choose.

    A choice leaves the page as the event ``footnote:scope``; see ``static/views.js``.

    Args:
        drawn: From ``Library.map``.
        cited: Ids of the papers that the last answer cites; they stand out most.
        hits: Ids of all that it found.
        revision: Of the library; what is asked about the map later must be of the same.
    """
    if not drawn.ids:
        return piece("controls", "remark", "The library is empty; add papers to see a map.")
    lit = {*cited, *hits}
    rows = choose_rows(drawn, lit)
    above = [row for row in rows if drawn.ids[row] in lit]
    dots, count = dots_text(drawn, [row for row in rows if drawn.ids[row] not in lit])
    shown, sample = count + len(above), ""
    if shown < len(drawn.ids):
        sample = (
            f"Showing {shown:,} of {len(drawn.ids):,} papers, chosen at random; "
            "zooming in shows more. "
        )
    labels = [_label(drawn, number, place) for number, place in enumerate(_label_places(drawn))]
    points = map_svg(drawn, cited=cited, hits=hits)
    return piece("map", "figure", points, dots, labels, sample, revision, len(drawn.ids))


def map_svg(
    drawn: LibraryMap, *, cited: Collection[str] = (), hits: Collection[str] = ()
) -> Markup:
    """Returns what an answer found as one inline SVG; what was cited lies on top.

    Each point is a circle with ``data-paper``, ``data-cluster`` and its title and year as
    ``aria-label``; one of them can be reached with Tab, the others from it with the arrow keys.
    The script adds circles for other papers while they are in focus or chosen.
    """
    rank = dict.fromkeys(hits, 1) | dict.fromkeys(cited, 2)
    lit = [row for row, paper in enumerate(drawn.ids) if paper in rank]
    lit.sort(key=lambda row: rank[drawn.ids[row]])
    points = [_point(drawn, row, rank[drawn.ids[row]]) for row in lit]
    numbers = [(f"{_across(label.x):.1f}", f"{_down(label.y):.1f}") for label in drawn.labels]
    return piece("map", "svg", (WIDTH, HEIGHT), points, numbers, bool(points))


def _point(drawn: LibraryMap, row: int, rank: int) -> tuple[object, ...]:
    x, y = drawn.positions[row]
    cluster = int(drawn.clusters[row])
    said = ("", "; found by the last answer", "; cited by the last answer")[rank]
    kind = f"fn-c{cluster % COLOURS}{('', ' fn-hit', ' fn-cited')[rank]}"
    across, down = f"{_across(float(x)):.1f}", f"{_down(float(y)):.1f}"
    radius = (0.0, _HIT, _CITED)[rank]
    return kind, across, down, radius, drawn.ids[row], cluster, name_of(drawn, row) + said


def _across(x: float) -> float:
    return _EDGE + x * (WIDTH - 2 * _EDGE)


def _down(y: float) -> float:
    return _EDGE + y * (HEIGHT - 2 * _EDGE)


def _label(drawn: LibraryMap, number: int, place: tuple[float, float]) -> dict[str, object]:
    return {
        "colour": number % COLOURS,
        "left": f"{100 * place[0] / WIDTH:.2f}",
        "top": f"{100 * place[1] / HEIGHT:.2f}",
        "text": drawn.labels[number].text,
        "papers": counted(int((drawn.clusters == number).sum()), "paper"),
    }


def _label_places(drawn: LibraryMap) -> list[tuple[float, float]]:
    """Returns a place for each label near its cluster, moved up or down off the others'."""
    # At the narrowest, a letter takes more of the drawing.
    grown = WIDTH / _NARROWEST
    placed: list[tuple[float, float, float]] = []
    order = sorted(range(len(drawn.labels)), key=lambda n: drawn.labels[n].y)
    places = {}
    for number in order:
        label = drawn.labels[number]
        half = (len(label.text) * _LETTER + 22) * grown / 2
        x = min(max(_across(label.x), half), WIDTH - half)
        y = _free(x, _down(label.y), half, _LINE * grown, placed)
        placed.append((x, y, half))
        places[number] = (x, y)
    return [places[number] for number in range(len(drawn.labels))]


def _free(
    x: float, y: float, half: float, line: float, placed: Sequence[tuple[float, float, float]]
) -> float:
    """Returns the height nearest to ``y`` at which a label meets no other one."""
    steps = [0.0, *(sign * step * line / 4 for step in range(1, 80) for sign in (1, -1))]
    for step in steps:
        at = y + step
        inside = line / 2 <= at <= HEIGHT - line / 2
        if inside and all(
            abs(at - other) >= line - 0.01 or abs(x - across) >= half + width
            for across, other, width in placed
        ):
            return at
    return y
