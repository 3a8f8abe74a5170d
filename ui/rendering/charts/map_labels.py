"""Places of the map's names and numbers: near their clusters, upon no other and upon no lit paper.

All in units of the drawing. What finds no place nearby is named below the map instead.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Space that is left around a lit paper; its outline takes some of it.
_MARGIN = 4.0
# A name farther from its cluster than this would be taken for another's, where papers are lit.
FARTHEST = 150.0


@dataclass(frozen=True, slots=True)
class Box:
    """A name or a number: its middle, and half of its width and height."""

    x: float
    y: float
    half: float
    tall: float

    def meets(self, other: "Box") -> bool:
        """Returns whether two boxes lie upon one another."""
        across = abs(self.x - other.x) < self.half + other.half
        return across and abs(self.y - other.y) < self.tall + other.tall - 0.01

    def covers(self, dot: "Dot") -> bool:
        """Returns whether the box lies upon a lit paper, or too near to it."""
        across = max(0.0, abs(self.x - dot.x) - self.half)
        down = max(0.0, abs(self.y - dot.y) - self.tall)
        return math.hypot(across, down) < dot.radius + _MARGIN


@dataclass(frozen=True, slots=True)
class Dot:
    """A lit paper."""

    x: float
    y: float
    radius: float


def place_boxes(
    wanted: Sequence[Box],
    dots: Sequence[Dot],
    size: tuple[float, float],
    taken: Sequence[Box] = (),
) -> list[Box | None]:
    """Returns each box at the place nearest to where it is wanted; None where none is near enough.

    Where nothing is lit, boxes move up and down only, as far as they must.

    Args:
        wanted: Where they would be best.
        dots: The lit papers.
        size: Width and height of the drawing.
        taken: Boxes that stand already.
    """
    placed = list(taken)
    found: dict[int, Box | None] = {}
    for number in sorted(range(len(wanted)), key=lambda n: wanted[n].y):
        box = wanted[number]
        x = min(max(box.x, box.half), size[0] - box.half)
        box = Box(x, box.y, box.half, box.tall)
        free = next(
            (one for one in _near(box, size, aside=bool(dots))
             if not any(map(one.meets, placed)) and not any(map(one.covers, dots))),
            None if dots else box,
        )  # fmt: skip
        found[number] = free
        placed += [free] if free else []
    return [found[number] for number in range(len(wanted))]


def _near(box: Box, size: tuple[float, float], *, aside: bool) -> Iterator[Box]:
    """Yields the places within the drawing that a box may move to, the nearest first."""
    down = [sign * step * box.tall / 2 for step in range(80) for sign in (1, -1)]
    across = [0.0]
    if aside:
        across += [sign * step * box.half / 4 for step in range(1, 9) for sign in (1, -1)]
    moves = dict.fromkeys((dx, dy) for dx in across for dy in down)
    for dx, dy in sorted(moves, key=lambda move: math.hypot(*move)):
        if aside and math.hypot(dx, dy) > FARTHEST:
            return
        x, y = box.x + dx, box.y + dy
        if box.half <= x <= size[0] - box.half and box.tall <= y <= size[1] - box.tall:
            yield Box(x, y, box.half, box.tall)
