"""Dots: which papers a map draws, as text for the browser's canvas, and which lie in a region.

A map of many papers is a sample; zoomed in, it is the sample of what is seen, which has all that
the wider one had there. What is sent has a bound, however many papers there are.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from footnote.index.clusters.layout import LibraryMap
from footnote.index.embeddings.protocols import Matrix

# Dots of a map at most, and the characters of their text: 100 a dot, as most titles are.
MOST_POINTS, MOST_TEXT = 5000, 700_000
# The map's own units; static/map.js has the same.
WIDTH, HEIGHT, EDGE = 800, 560, 24
# Characters of a title under the mouse.
_TITLE = 120
_SEED = 7
_NUMBER = re.compile(r"-?[0-9]{1,5}(?:\.[0-9]{1,3})?")
# Corners of an outline that a hand drew; the browser sends fewer.
MOST_CORNERS = 1000


@dataclass(frozen=True, slots=True)
class MapExtent:
    """A part of a map, in its units."""

    left: float
    top: float
    right: float
    bottom: float


def frame(drawn: LibraryMap) -> Matrix:
    """Returns the place of each paper in the map's units, ``(n, 2)``."""
    return _framed(drawn.positions)


def frame_labels(drawn: LibraryMap) -> Matrix:
    """Returns the middle of each group in the map's units, ``(n, 2)``."""
    middles = [(label.x, label.y) for label in drawn.labels]
    return _framed(np.array(middles, np.float32).reshape(-1, 2))


def _framed(positions: Matrix) -> Matrix:
    size = np.array([WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE], np.float32)
    places: Matrix = EDGE + positions * size
    return places


def choose_rows(
    drawn: LibraryMap, lit: Collection[str] = (), box: MapExtent | None = None
) -> list[int]:
    """Returns the rows of the papers that are drawn: all lit ones, and a sample of the others.

    Args:
        drawn: The map.
        lit: Ids of papers that are drawn in any case.
        box: What is seen; None is all.
    """
    count = len(drawn.ids)
    kept = [row for row, paper in enumerate(drawn.ids) if paper in lit] if lit else []
    if box is None and count <= MOST_POINTS:
        return list(range(count))
    seen = np.ones(count, bool) if box is None else _inside(frame(drawn), box)
    seen[kept] = False
    # In one order for every part: what the whole shows, a part of it shows too.
    order = np.random.default_rng(_SEED).permutation(count)
    rows = order[seen[order]][: max(0, MOST_POINTS - len(kept))]
    return sorted([*kept, *(int(row) for row in rows)])


def dots_text(drawn: LibraryMap, rows: Sequence[int]) -> tuple[str, int]:
    """Returns a line for each paper, and how many there are: those that fit into ``MOST_TEXT``.

    A line has tabs between: across and down in the map's units, the cluster, the id with percent
    signs for what is no plain character, and the title with the year.
    """
    lines, size = [], 0
    places = frame(drawn)
    for row in rows:
        x, y = places[row]
        at = f"{x:.1f}\t{y:.1f}\t{drawn.clusters[row]}"
        paper = quote(drawn.ids[row], safe=":/@+()", errors="replace")
        line = f"{at}\t{paper}\t{name_of(drawn, row)}"
        size += len(line) + 1
        if size > MOST_TEXT:
            break
        lines.append(line)
    return "\n".join(lines), len(lines)


def name_of(drawn: LibraryMap, row: int) -> str:
    """Returns a paper's title, shortened, and its year."""
    title = " ".join(drawn.titles[row].split()) or "Untitled"
    if len(title) > _TITLE:
        title = f"{title[:_TITLE].rstrip()}…"
    return f"{title}, {drawn.years[row] or 'no year'}"


def parse_numbers(text: str, *, most: int = 2 * MOST_CORNERS) -> list[float]:
    """Returns the numbers of a text as a browser sends them, with spaces between.

    Raises:
        ValueError: It holds something else, or more of them.
    """
    words = text.split()
    if len(words) > most or not all(map(_NUMBER.fullmatch, words)):
        raise ValueError(f"at most {most:,} numbers, got {text[:40]!r}")
    return [float(word) for word in words]


def papers_within(drawn: LibraryMap, outline: Sequence[float]) -> list[str]:
    """Returns the ids of the papers within an outline, drawn or not.

    Args:
        drawn: The map.
        outline: Across and down of each corner in turn, in the map's units.
    """
    corners = np.array(outline, np.float32).reshape(-1, 2)
    x, y = frame(drawn).T
    odd = np.zeros(len(drawn.ids), bool)
    # A ray from the paper to the right crosses the outline an odd number of times.
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        if y1 != y2:
            meets = (y1 > y) != (y2 > y)
            odd ^= meets & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return [drawn.ids[row] for row in np.flatnonzero(odd)]


def papers_of_cluster(drawn: LibraryMap, cluster: int) -> list[str]:
    """Returns the ids of the papers of a cluster, drawn or not."""
    return [drawn.ids[row] for row in np.flatnonzero(drawn.clusters == cluster)]


def _inside(places: Matrix, box: MapExtent) -> NDArray[np.bool_]:
    x, y = places.T
    sides = [box.left <= x, x <= box.right, box.top <= y, y <= box.bottom]
    inside: NDArray[np.bool_] = np.logical_and.reduce(sides)
    return inside
