"""Compare: what differs between two runs of one set, case by case, and the gate for CI."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footnote.evals.metrics import LOWER_IS_BETTER
from footnote.evals.metrics.statistics import Difference, difference
from footnote.evals.runs.run_folder import RunMismatch, iterate_rows
from footnote.index import FootnoteError

_BOUND = re.compile(
    r"(?:(?P<tag>[^/=<>]+)/)?(?P<measure>[^=<>]*[^=<>\s])\s*=\s*"
    r"(?P<value>-?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++))"
)


@dataclass(frozen=True, slots=True)
class MetricChange:
    """One measure of two runs; ``gap`` is B less A.

    Attributes:
        better: Whether B is better, worse, or None where no difference is shown.
    """

    measure: str
    a: float
    b: float
    gap: Difference
    better: bool | None


@dataclass(frozen=True, slots=True)
class CasePair:
    """One case that came out better in one run than in the other."""

    id: str
    tag: str
    question: str
    measure: str
    a: float
    b: float
    text_a: str
    text_b: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of one set, side by side."""

    cases: int
    changes: tuple[MetricChange, ...]
    wins: tuple[CasePair, ...]
    losses: tuple[CasePair, ...]

    @property
    def shown(self) -> tuple[MetricChange, ...]:
        """The measures that differ by more than chance."""
        return tuple(change for change in self.changes if change.better is not None)


def compare(a: Path, b: Path, *, by: str = "evidence") -> Comparison:
    """Returns how run B differs from run A.

    Significance is corrected for the number of measures compared.

    Args:
        a: Run folder.
        b: Another one, of the same set.
        by: The measure by which cases are listed as won or lost.

    Raises:
        RunMismatch: A folder holds no run, or the two share no case.

    Source: Holm 1979, a step-down correction for multiple tests; Tarone 1990 for leaving
    out those that could not have come out otherwise.
    """
    rows_a = {row["id"]: row for row in iterate_rows(a)}
    rows_b = {row["id"]: row for row in iterate_rows(b)}
    shared = [case for case in rows_a if case in rows_b]
    if not shared:
        raise RunMismatch(f"{a} and {b} have no cases in common; compare two runs of one set")
    ours, theirs = [rows_b[case] for case in shared], [rows_a[case] for case in shared]
    names = dict.fromkeys(name for row in (*theirs, *ours) for name in row["values"])
    gaps = {name: gap for name in names if (gap := _gap(name, ours, theirs)) is not None}
    # A measure without any differing case is not a test, so the correction does not count it.
    differing = {name for name in gaps if _differs(name, ours, theirs)}
    shown = holm({name: gap.p for name, gap in gaps.items() if name in differing})
    changes = tuple(
        MetricChange(
            name,
            _find_mean(theirs, name),
            _find_mean(ours, name),
            gap,
            (gap.mean < 0) == (name in LOWER_IS_BETTER) if name in shown else None,
        )
        for name, gap in gaps.items()
    )
    pairs = [pair for x, y in zip(theirs, ours, strict=True) if (pair := _pair(x, y, by))]
    sign = -1 if by in LOWER_IS_BETTER else 1
    return Comparison(
        len(shared),
        changes,
        tuple(p for p in pairs if (p.b - p.a) * sign > 0),
        tuple(p for p in pairs if (p.b - p.a) * sign < 0),
    )


def holm(ps: Mapping[str, float], level: float = 0.05) -> set[str]:
    """Returns the names whose difference is significant after correction for multiple tests."""
    stands: set[str] = set()
    for place, (name, p) in enumerate(sorted(ps.items(), key=lambda item: item[1])):
        if p > level / (len(ps) - place):
            break
        stands.add(name)
    return stands


def failed_bounds(report: Mapping[str, Any], bounds: Sequence[str]) -> list[str]:
    """Returns one line for each bound that a report fails.

    Args:
        report: What ``report.json`` holds.
        bounds: ``MEASURE=VALUE`` or ``TAG/MEASURE=VALUE``; at least, or at most where lower
            is better.

    Raises:
        FootnoteError: A bound is malformed, or names a measure that the report lacks.
    """
    failed = []
    for bound in bounds:
        match = _BOUND.fullmatch(bound.strip())
        if match is None:
            raise FootnoteError(f'bound {bound!r} is not MEASURE=VALUE, such as "R@5=0.9"')
        tag, name, floor = match["tag"] or "ALL", match["measure"], float(match["value"])
        found = report["measures"].get(tag, {}).get(name)
        if found is None:
            known = ", ".join(sorted(report["measures"].get(tag, {}))) or "none"
            raise FootnoteError(f"the run has no {tag}/{name}; choose from {known}")
        lower = name in LOWER_IS_BETTER
        if found["mean"] > floor if lower else found["mean"] < floor:
            sign = "<=" if lower else ">="
            failed.append(f"{tag}/{name} {found['mean']:.3f}, wanted {sign} {floor:g}")
    return failed


def _gap(name: str, ours: Sequence[Any], theirs: Sequence[Any]) -> Difference | None:
    return difference(
        [row["values"].get(name, []) for row in ours],
        [row["values"].get(name, []) for row in theirs],
    )


def _differs(name: str, ours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    return any(
        x["values"].get(name) != y["values"].get(name) for x, y in zip(ours, theirs, strict=True)
    )


def _find_mean(rows: Sequence[Any], name: str) -> float:
    values = [value for row in rows for value in row["values"].get(name, ())]
    return sum(values) / len(values) if values else 0.0


def _pair(a: Mapping[str, Any], b: Mapping[str, Any], by: str) -> CasePair | None:
    values_a, values_b = a["values"].get(by), b["values"].get(by)
    if not values_a or not values_b:
        return None
    mean_a, mean_b = sum(values_a) / len(values_a), sum(values_b) / len(values_b)
    if mean_a == mean_b:
        return None
    texts = [(row["answer"] or {}).get("text") or row["error"] or "" for row in (a, b)]
    return CasePair(a["id"], a["tag"], a["question"], by, mean_a, mean_b, texts[0], texts[1])
