"""Charts of a report: outcomes, risk over coverage, and times."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from footnote.evals.metrics.risk_coverage import risk_coverage
from footnote.evals.metrics.summary import Row, confidences
from footnote.evals.report.numbers import format_milliseconds

# Worst first; the order in which cases can be sorted.
OUTCOMES = {
    "failure": ("Failure", "the case crashed; it has the worst value of every measure"),
    "retrieval": ("Retrieval miss", "no gold paper among the first ten hits"),
    "evidence": ("Evidence miss", "a gold paper was found, none was quoted"),
    "abstained": ("Abstained wrongly", "refused a question that has an answer"),
    "answered": ("Should have refused", "answered a question that has no answer here"),
    "right": ("Nothing missed", "quoted a gold paper, or rightly refused"),
}
_BINS_A_TICK = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many cases came out in one way."""

    key: str
    label: str
    says: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of equally wide bins from 0 to ``limit`` ms; ``beyond`` sit in the last one."""

    counts: tuple[int, ...]
    ticks: tuple[float, ...]
    limit: float
    beyond: int
    stages: str

    @property
    def unit(self) -> float:
        """Milliseconds in the unit of the axis: 1, or 1000 where it goes on for seconds."""
        return 1000.0 if self.limit > 2000 else 1.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Coverage and risk of each point; the axis of risk goes from 0 to ``top``."""

    points: tuple[tuple[float, float], ...]
    top: float


def outcome(row: Row) -> str:
    """Returns in which way a case came out, a key of ``OUTCOMES``."""
    return "failure" if row["error"] else row["missed"] or "right"


def outcomes(rows: Sequence[Row]) -> Iterator[Outcome]:
    """Yields each way in which a case can come out, worst first."""
    found = [outcome(row) for row in rows]
    for key, (label, says) in OUTCOMES.items():
        yield Outcome(key, label, says, found.count(key), found.count(key) / max(len(rows), 1))


def curve(rows: Sequence[Row]) -> Curve | None:
    """Returns risk over coverage; None where no answer states a confidence."""
    points = risk_coverage(confidences(rows))
    if not points:
        return None
    highest = max(risk for _, risk in points)
    return Curve(tuple(points), max(0.25, math.ceil(highest * 4) / 4))


def latency(report: Mapping[str, Any], rows: Sequence[Row]) -> Histogram | None:
    """Returns how long answers took; None without answers."""
    timings = [row["answer"]["timings_ms"] for row in rows if row["answer"]]
    totals = [timing["total"] for timing in timings]
    if not totals:
        return None
    # One answer that takes a minute must not squeeze all others into one bar.
    top = min(max(totals), 3 * report["times"]["p95_ms"])
    step = _round_step(top)
    ticks = math.ceil(top / step) or 1
    limit, bins = step * ticks, ticks * _BINS_A_TICK
    places = [min(int(total / limit * bins), bins - 1) for total in totals]
    stages = [name for name in timings[0] if name != "total"]
    medians = {name: median(t.get(name, 0.0) for t in timings) for name in stages}
    return Histogram(
        counts=tuple(places.count(place) for place in range(bins)),
        ticks=tuple(step * number for number in range(ticks + 1)),
        limit=limit,
        beyond=sum(total > limit for total in totals),
        stages=", ".join(f"{name} {format_milliseconds(value)}" for name, value in medians.items()),
    )


def _round_step(top: float) -> float:
    """Returns 1, 2 or 5 times a power of ten, of which at most six reach up to ``top``."""
    rough = max(top, 1e-3) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
