"""The map of a library as HTML: dots for a canvas, what is lit as SVG, labels, and controls.

``static/map.js`` draws and moves it, ``static/views.js`` gives it hands: hover, click, lasso and
keys. Our own, since Gradio's plots neither lasso nor follow the theme.
"""

from collections.abc import Collection, Mapping, Sequence

from markupsafe import Markup

from footnote.index.clusters.layout import LibraryMap
from footnote.index.embeddings.protocols import Matrix
from footnote.ui.rendering.charts.dots import (
    HEIGHT,
    WIDTH,
    choose_rows,
    dots_text,
    frame,
    frame_labels,
    name_of,
)
from footnote.ui.rendering.charts.map_labels import Box, Dot, place_boxes
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import counted

# Colours that static/views.css has.
COLOURS = 14
_HIT, _CITED = 6.5, 9.0
# Labels keep their size on the screen; below this width of the map they stand under it.
_NARROWEST = 560
_LINE, _BESIDE = 26.0, 34.0
# What a letter takes at most in the fonts that the page may be shown in; any other takes _WIDE.
_NARROW, _CAPITAL, _WIDE = 7.8, 10.5, 14.0
# Half the width and the height of a number, and the lit dots of a narrow map (static/views.css).
_NUMBER, _NARROW_RADII = (18.0, 14.0), (10.0, 14.0)


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
    places = _label_places(drawn, _rank(cited, hits))
    labels = [_label(drawn, number, place) for number, place in enumerate(places)]
    points = map_svg(drawn, cited=cited, hits=hits, places=places)
    return piece("map", "figure", points, dots, labels, sample, revision)


def map_svg(
    drawn: LibraryMap,
    *,
    cited: Collection[str] = (),
    hits: Collection[str] = (),
    places: Sequence[Box | None] = (),
) -> Markup:
    """Returns what an answer found as one inline SVG; what was cited lies on top.

    Each point is a circle with ``data-paper``, ``data-cluster`` and its title and year as
    ``aria-label``; one of them can be reached with Tab, the others from it with the arrow keys.
    The script adds circles for other papers while they are in focus or chosen.

    Args:
        drawn: From ``Library.map``.
        cited: Ids of the papers that the last answer cites.
        hits: Ids of all that it found.
        places: Of the names that stand on it; no number takes one.
    """
    rank = _rank(cited, hits)
    lit = [row for row, paper in enumerate(drawn.ids) if paper in rank]
    lit.sort(key=lambda row: rank[drawn.ids[row]])
    at = frame(drawn)
    points = [_point(drawn, row, at[row], rank[drawn.ids[row]]) for row in lit]
    numbers, told = _number_places(drawn, rank, places)
    return piece("map", "svg", (WIDTH, HEIGHT), points, _texts(numbers), _texts(told), bool(points))


def _texts(places: Mapping[int, Box]) -> list[tuple[int, str, str]]:
    return [(number + 1, f"{box.x:.1f}", f"{box.y:.1f}") for number, box in places.items()]


def _rank(cited: Collection[str], hits: Collection[str]) -> dict[str, int]:
    """Returns how strongly papers are lit: 1 what was found, 2 what is cited."""
    return dict.fromkeys(hits, 1) | dict.fromkeys(cited, 2)


def _point(drawn: LibraryMap, row: int, place: Matrix, rank: int) -> tuple[object, ...]:
    cluster = int(drawn.clusters[row])
    said = ("", "; found by the last answer", "; cited by the last answer")[rank]
    kind = f"fn-c{cluster % COLOURS}{('', ' fn-hit', ' fn-cited')[rank]}"
    across, down = (f"{along:.1f}" for along in place)
    radius = (0.0, _HIT, _CITED)[rank]
    return kind, across, down, radius, drawn.ids[row], cluster, name_of(drawn, row) + said


def _label(drawn: LibraryMap, number: int, place: Box | None) -> dict[str, object]:
    return {
        "colour": number % COLOURS,
        "number": number,
        "place": place and (f"{100 * place.x / WIDTH:.2f}", f"{100 * place.y / HEIGHT:.2f}"),
        "text": drawn.labels[number].text,
        "papers": counted(int((drawn.clusters == number).sum()), "paper"),
    }


def _label_places(drawn: LibraryMap, rank: Mapping[str, int]) -> list[Box | None]:
    """Returns a place for each name near its cluster; None for one that goes below the map."""
    # At the narrowest, a letter takes more of the drawing.
    grown = WIDTH / _NARROWEST
    wanted = [
        Box(x, y, (sum(map(_letter, label.text)) + _BESIDE) * grown / 2, _LINE * grown / 2)
        for label, (x, y) in zip(drawn.labels, frame_labels(drawn).tolist(), strict=True)
    ]
    return place_boxes(wanted, _dots(drawn, rank, (_HIT, _CITED)), (WIDTH, HEIGHT))


def _letter(sign: str) -> float:
    if not sign.isascii() or sign in "MWmw@%":
        return _WIDE
    return _CAPITAL if sign.isupper() else _NARROW


def _number_places(
    drawn: LibraryMap, rank: Mapping[str, int], labels: Sequence[Box | None]
) -> tuple[dict[int, Box], dict[int, Box]]:
    """Returns places of numbers that stand in their names' stead, where there is one.

    First those of a narrow map, then those of a wide one, whose names went below it.
    """
    half, tall = _NUMBER if rank else (0.0, 0.0)
    wanted = [Box(x, y, half, tall) for x, y in frame_labels(drawn).tolist()]
    below = [number for number, label in enumerate(labels) if label is None]
    dots, size = _dots(drawn, rank, _NARROW_RADII), (WIDTH, HEIGHT)
    told = place_boxes([wanted[n] for n in below], dots, size, [one for one in labels if one])
    narrow = enumerate(place_boxes(wanted, dots, size))
    return (
        {number: box for number, box in narrow if box},
        {number: box for number, box in zip(below, told, strict=True) if box},
    )


def _dots(drawn: LibraryMap, rank: Mapping[str, int], radii: tuple[float, float]) -> list[Dot]:
    """Returns the lit papers, as large as they are drawn."""
    return [
        Dot(x, y, radii[rank[paper] - 1])
        for paper, (x, y) in zip(drawn.ids, frame(drawn).tolist(), strict=True)
        if paper in rank
    ]
