"""The map of a library as HTML: one SVG of points, its labels, and selection controls.

``static/views.js`` gives it hands: hover, click, lasso and keys. Our own, since Gradio's plots
neither lasso nor follow the theme.
"""

from collections.abc import Collection, Sequence
from random import Random

from markupsafe import Markup

from footnote.index.clusters.layout import LibraryMap
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import counted

# Points drawn at most: a browser shows 5,000 circles at once without a pause.
MOST_POINTS = 5000
# Colours that static/views.css has.
COLOURS = 14
WIDTH, HEIGHT = 800, 560
_EDGE = 24
_RADIUS, _HIT, _CITED = 4.0, 6.5, 9.0
# Labels keep their size on the screen; below this width of the map they stand under it.
_NARROWEST = 560
_LETTER, _LINE = 7.2, 26.0
_SEED = 7


def map_html(
    drawn: LibraryMap, *, cited: Collection[str] = (), hits: Collection[str] = ()
) -> Markup:
    """Returns the map with its labels, what was chosen on it, and how to choose.

    A choice leaves the page as the event ``footnote:scope``; see ``static/views.js``.

    Args:
        drawn: From ``Library.map``.
        cited: Ids of the papers that the last answer cites; they stand out most.
        hits: Ids of all that it found.
    """
    if not drawn.ids:
        return piece("controls", "remark", "The library is empty; add papers to see a map.")
    shown, sample = len(_shown(drawn, {*cited, *hits})), ""
    if shown < len(drawn.ids):
        sample = f"Showing {shown:,} of {len(drawn.ids):,} papers, chosen at random. "
    labels = [_label(drawn, number, place) for number, place in enumerate(_label_places(drawn))]
    return piece("map", "figure", map_svg(drawn, cited=cited, hits=hits), labels, sample)


def map_svg(
    drawn: LibraryMap, *, cited: Collection[str] = (), hits: Collection[str] = ()
) -> Markup:
    """Returns the map's points as one inline SVG; what was cited lies on top.

    Each point is a circle with ``data-paper``, ``data-cluster`` and its title and year as
    ``aria-label``; one of them can be reached with Tab, the others from it with the arrow keys.
    """
    rank = dict.fromkeys(hits, 1) | dict.fromkeys(cited, 2)
    shown = sorted(_shown(drawn, rank), key=lambda at: rank.get(drawn.ids[at], 0))
    points = [_point(drawn, at, rank.get(drawn.ids[at], 0)) for at in shown]
    numbers = [(f"{_across(label.x):.1f}", f"{_down(label.y):.1f}") for label in drawn.labels]
    return piece("map", "svg", (WIDTH, HEIGHT), points, numbers, bool(rank))


def _shown(drawn: LibraryMap, lit: Collection[str]) -> list[int]:
    """Returns the places of the papers that are drawn: all, or all lit ones and a sample."""
    if len(drawn.ids) <= MOST_POINTS:
        return list(range(len(drawn.ids)))
    kept = [at for at, paper in enumerate(drawn.ids) if paper in lit]
    others = [at for at, paper in enumerate(drawn.ids) if paper not in lit]
    return sorted(kept + Random(_SEED).sample(others, MOST_POINTS - len(kept)))


def _point(drawn: LibraryMap, at: int, rank: int) -> tuple[object, ...]:
    x, y = drawn.positions[at]
    year, cluster = drawn.years[at], int(drawn.clusters[at])
    named = f"{drawn.titles[at] or 'Untitled'}, {year or 'no year'}"
    said = ("", "; found by the last answer", "; cited by the last answer")[rank]
    kind = f"fn-c{cluster % COLOURS}{('', ' fn-hit', ' fn-cited')[rank]}"
    across, down = f"{_across(float(x)):.1f}", f"{_down(float(y)):.1f}"
    return kind, across, down, (_RADIUS, _HIT, _CITED)[rank], drawn.ids[at], cluster, named + said


def _across(x: float) -> float:
    return _EDGE + x * (WIDTH - 2 * _EDGE)


def _down(y: float) -> float:
    return _EDGE + y * (HEIGHT - 2 * _EDGE)


def _label(drawn: LibraryMap, number: int, place: tuple[float, float]) -> dict[str, object]:
    members: list[str] = []
    # Where not all are drawn, the name still chooses all.
    if len(drawn.ids) > MOST_POINTS:
        pairs = zip(drawn.ids, drawn.clusters, strict=True)
        members = [paper for paper, of in pairs if of == number]
    return {
        "colour": number % COLOURS,
        "members": members,
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
