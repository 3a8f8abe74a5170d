"""An answer's papers on a line of years, or of months within one: what it cites, what it found.

The drawing is SVG, once for wide columns and once for narrow ones, so that its letters keep a
readable size; upon it lie real buttons, each opening its paper's card as a marker does.
"""

import math
from calendar import month_abbr
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from footnote.index.models import LAST_YEAR, Paper
from footnote.rag.answer import Answer
from footnote.ui.rendering.answer import spans_of
from footnote.ui.rendering.cards import text_html

# Widths of the two drawings, in units that are about a pixel.
WIDE, NARROW = 640, 300
# From one dot to the next: 24 px is what WCAG 2.2 asks of a target.
_STEP = 27
_EDGE = 30
_UNDATED = 84
# After every year and month.
LAST = 12 * (LAST_YEAR + 1)
_ROW = 22
_LETTER = 7.0
_LONGEST = 56
_BETWEEN_TICKS = 58
# With fewer dated papers, or all of one time, a line of time says nothing.
FEWEST_DATED, FEWEST_TIMES = 3, 2


@dataclass(frozen=True, slots=True)
class _Dot:
    """A paper to be drawn.

    Attributes:
        card: Id of the card that its button opens.
        marker: Its number in the answer; None where it was found, not cited.
        quote: The first span that is quoted, as the card names it.
        when: Its year, or its months since the year 0; None where no source gave it.
    """

    paper: Paper
    card: str
    marker: int | None
    quote: str
    when: int | None = None


def tells_time(answer: Answer) -> bool:
    """Returns whether a timeline of an answer says anything.

    It takes three dated papers of two years, or of two months of one year.
    """
    dots, _ = _dated(_dots(answer, 0))
    times = [dot.when for dot in dots if dot.when is not None]
    return len(times) >= FEWEST_DATED and len(set(times)) >= FEWEST_TIMES


def timeline_html(answer: Answer, number: int) -> Markup:
    """Returns the answer's papers on a timeline; empty where it has none.

    Args:
        answer: Whose cited papers and hits.
        number: Of the turn, as in ``footnote.ui.rendering.answer.answer_html``; the cards are
        those it names.
    """
    dots, unit = _dated(_dots(answer, number))
    if not dots:
        return Markup("")
    cited = sum(dot.marker is not None for dot in dots)
    told = f"{cited} cited, {len(dots) - cited} found and not cited"
    return Markup(
        '<figure class="fn-view fn-time" data-view="timeline" '
        f'aria-label="Papers by {unit}">'
        f"{_drawing(dots, WIDE, 'fn-wide', unit)}{_drawing(dots, NARROW, 'fn-narrow', unit)}"
        f"<figcaption>{told}</figcaption></figure>"
    )


def _dots(answer: Answer, number: int) -> list[_Dot]:
    """Returns the cited papers and then the other hits, each once."""
    dots = {}
    for marker, paper in enumerate(answer.papers, 1):
        spans = spans_of(answer, paper)
        quote = f"{spans[0][0]}-{spans[0][1]}" if spans else ""
        dots[paper.id] = _Dot(paper, f"t{number}-s{marker}", marker, quote)
    for hit in answer.hits:
        dots.setdefault(hit.paper.id, _Dot(hit.paper, f"t{number}-h{hit.rank}", None, ""))
    return list(dots.values())


def _dated(dots: Sequence[_Dot]) -> tuple[list[_Dot], str]:
    """Returns the dots with their times, and the unit of these: months where all are of a year."""
    years = [replace(dot, when=dot.paper.year) for dot in dots]
    if len({dot.when for dot in years if dot.when is not None}) > 1:
        return years, "year"
    months = [replace(dot, when=_month_of(dot.paper)) for dot in dots]
    known = [dot.when for dot in months if dot.when is not None]
    by_month = len(known) >= FEWEST_DATED and len(set(known)) >= FEWEST_TIMES
    return (months, "month") if by_month else (years, "year")


def _month_of(paper: Paper) -> int | None:
    """Returns the months from the year 0 to a paper's; None where no source gave its month."""
    month = (paper.published or "")[5:7]
    known = paper.year is not None and month.isdecimal() and 1 <= int(month) <= 12
    return 12 * (paper.year or 0) + int(month) - 1 if known else None


def _drawing(dots: Sequence[_Dot], width: int, kind: str, unit: str) -> str:
    dated = [dot for dot in dots if dot.when is not None]
    undated = [dot for dot in dots if dot.when is None]
    right = width - (_UNDATED if dated and undated else 0)
    times = [dot.when for dot in dated if dot.when is not None]
    placed = _stacked(dated, times, right)
    start = right if dated else 0
    placed += _heaped(undated, start + 8, width)
    levels = 1 + max(level for _, _, level in placed)
    cited = ((x, dot) for dot, x, _ in placed if dot.marker is not None)
    titled = sorted(cited, key=lambda one: one[0])
    rows = [_title(dot, x, row, width) for row, (x, dot) in enumerate(_by_place(titled))]
    axis = len(rows) * _ROW + levels * _STEP + 12
    height = axis + 24
    ticks = "".join(
        _tick(_named(time, unit), _at(time, times, right), axis) for time in _ticks(times, right)
    )
    if dated and undated:
        ticks += _line("fn-time-apart", right, axis - levels * _STEP, right, axis + 20)
    if undated:
        ticks += f'<text x="{(start + 8 + width) / 2:.0f}" y="{axis + 20}">No {unit}</text>'
    buttons = "".join(
        _button(dot, x / width, (axis - 4 - (level + 0.5) * _STEP) / height)
        for dot, x, level in sorted(placed, key=lambda one: (one[0].when or LAST, one[1]))
    )
    line = _line("fn-time-axis", 8, axis, (right if dated else width) - 8, axis)
    return (
        f'<div class="fn-time-ground {kind}"><svg viewBox="0 0 {width} {height}" '
        f'aria-hidden="true" xmlns="http://www.w3.org/2000/svg">{"".join(rows)}{line}{ticks}</svg>'
        f'<div role="group" aria-label="Papers">{buttons}</div></div>'
    )


def _at(year: int, years: Sequence[int], right: float) -> float:
    """Returns where a year stands on the axis."""
    first, last = min(years), max(years)
    if first == last:
        return right / 2
    return _EDGE + (right - 2 * _EDGE) * (year - first) / (last - first)


def _stacked(
    dots: Sequence[_Dot], years: Sequence[int], right: float
) -> list[tuple[_Dot, float, int]]:
    """Returns each dot with its place: as low as it can stand, and then as near to its year."""
    span = max(years, default=0) - min(years, default=0)
    room = (right - 2 * _EDGE) / span if span else right - 2 * _EDGE
    # Dots of a year may stand side by side where the next year is far enough away.
    beside = max(0, int((room * 0.8 / _STEP - 1) / 2))
    offsets = sorted(range(-beside, beside + 1), key=lambda n: (abs(n), n))
    placed: list[tuple[_Dot, float, int]] = []
    # What is cited stands lowest.
    for dot in dots:
        middle = _at(dot.when or 0, years, right)
        places = ((middle + n * _STEP, level) for level in range(len(dots)) for n in offsets)
        x, level = next(
            (x, level) for x, level in places
            if _EDGE / 2 <= x <= right - _EDGE / 2
            and all(level != other or abs(x - at) >= _STEP for _, at, other in placed)
        )  # fmt: skip
        placed.append((dot, x, level))
    return placed


def _heaped(dots: Sequence[_Dot], left: float, right: float) -> list[tuple[_Dot, float, int]]:
    """Returns dots without a year in rows of as many as there is room for."""
    across = max(1, min(len(dots), int((right - left) / _STEP)))
    first = (left + right) / 2 - (across - 1) * _STEP / 2
    return [(dot, first + n % across * _STEP, n // across) for n, dot in enumerate(dots)]


def _by_place(titled: Sequence[tuple[float, _Dot]]) -> list[tuple[float, _Dot]]:
    return sorted(titled, key=lambda one: one[1].marker or 0)


def _title(dot: _Dot, x: float, row: int, width: int) -> str:
    """Returns a cited paper's short title on a row of its own, near above its dot."""
    most = min(_LONGEST, int((width - 24) / _LETTER))
    title = f"{dot.marker}  {dot.paper.title or 'Untitled'}"
    short = title if len(title) <= most else f"{title[: most - 1].rstrip()}…"
    half = len(short) * _LETTER / 2
    middle = min(max(x, half + 4), width - half - 4)
    at = f'x="{middle:.0f}" y="{row * _ROW + 16}"'
    return f'<text class="fn-time-title" {at}>{text_html(short)}</text>'


def _ticks(years: Sequence[int], right: float) -> list[int]:
    """Returns the years that are written under the axis."""
    if not years:
        return []
    first, last = min(years), max(years)
    most = max(1, int((right - 2 * _EDGE) / _BETWEEN_TICKS))
    step = next(
        step for power in range(5) for step in (10**power, 2 * 10**power, 5 * 10**power)
        if (last - first) / step <= most
    )  # fmt: skip
    return list(range(math.ceil(first / step) * step, last + 1, step))


def _named(time: int, unit: str) -> str:
    return str(time) if unit == "year" else f"{month_abbr[time % 12 + 1]} {time // 12}"


def _tick(named: str, x: float, axis: float) -> str:
    mark = _line("fn-time-tick", x, axis, x, axis + 5)
    return f'{mark}<text x="{x:.1f}" y="{axis + 20}">{named}</text>'


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _button(dot: _Dot, across: float, down: float) -> str:
    kind = "Found, not cited" if dot.marker is None else f"Open source {dot.marker}"
    title = dot.paper.title or "Untitled"
    named = text_html(f"{kind}: {title}, {dot.paper.year or 'no year'}")
    return (
        f'<button type="button" class="fn-dot{"" if dot.marker is None else " fn-cited"}"'
        f' data-card="{dot.card}" data-quotes="{dot.quote}" aria-controls="{dot.card}"'
        f' aria-expanded="false" aria-label="{named}" title="{named}"'
        f' style="left:{100 * across:.2f}%;top:{100 * down:.2f}%">{dot.marker or ""}</button>'
    )
