"""Sweep: one set asked under several named settings, in one table, honest about chance."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from footnote.evals.compare import holm
from footnote.evals.metrics import LOWER_IS_BETTER
from footnote.evals.metrics.statistics import Difference, Mean, difference, mean
from footnote.evals.runs.run_folder import iterate_rows
from footnote.index import FootnoteError

COMPOSERS = ("extractive", "llm")
# How each number of a setting is read, and between what it must be.
_BOUNDS: Mapping[str, tuple[type[int] | type[float], int, int]] = {
    "k": (int, 1, 1000),
    "sentences": (int, 1, 100),
    "dense_weight": (float, 0, 1),
}
_SETTING = re.compile(r"(?P<name>[\w.+-]+)\s*:\s*(?P<pairs>.*)")


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to answer; what is None stays as the product has it.

    Attributes:
        k: Hits in an answer.
        dense_weight: Share of the cosine in the fused score.
        sentences: Most quotes in an extractive answer.
        composer: extractive or llm.
    """

    name: str
    k: int | None = None
    dense_weight: float | None = None
    sentences: int | None = None
    composer: str | None = None


@dataclass(frozen=True, slots=True)
class SweepLine:
    """One setting's result; ``gap`` is against the first setting, None for that itself.

    Attributes:
        shown: Whether the gap stands after correcting for the number of settings.
    """

    setting: str
    mean: Mean
    gap: Difference | None
    shown: bool


def parse_setting(text: str) -> Setting:
    """Returns a setting from ``NAME: key=value, key=value``.

    Raises:
        FootnoteError: It cannot be read; the message says what can be set.
    """
    match = _SETTING.fullmatch(text.strip())
    known = {field.name: field.type for field in fields(Setting) if field.name != "name"}
    if match is None:
        raise FootnoteError(f'setting {text!r} is not "NAME: key=value, ..."')
    values: dict[str, Any] = {}
    for pair in filter(None, map(str.strip, match["pairs"].split(","))):
        key, _, value = (part.strip() for part in pair.partition("="))
        if key not in known:
            raise FootnoteError(f"setting {match['name']}: no {key!r}; known: {', '.join(known)}")
        values[key] = _value(match["name"], key, value)
    return Setting(match["name"], **values)


def _value(name: str, key: str, text: str) -> int | float | str:
    """Returns the value of one key of a setting."""
    if key == "composer":
        if text not in COMPOSERS:
            raise FootnoteError(f"setting {name}: composer must be one of {', '.join(COMPOSERS)}")
        return text
    kind, least, most = _BOUNDS[key]
    try:
        value = kind(text)
    except ValueError as error:
        raise FootnoteError(f"setting {name}: {key}={text[:40]} is not a number") from error
    if not least <= value <= most:
        raise FootnoteError(f"setting {name}: {key}={text[:40]} is not from {least} to {most}")
    return value


def table(folders: Mapping[str, Path], measure: str) -> list[SweepLine]:
    """Returns one line a setting, in the given order; the first is what others are held against.

    Args:
        folders: Setting's name to its run folder; all runs of one set.
        measure: By which they are compared.

    Raises:
        FootnoteError: No run has the measure.
    """
    values = {name: _values(folder, measure) for name, folder in folders.items()}
    first: dict[str, list[float]] = next(iter(values.values()), {})
    gaps: dict[str, Difference] = {}
    for name in list(values)[1:]:
        ours = [values[name].get(case, []) for case in first]
        gap = difference(ours, list(first.values()))
        if gap is not None:
            gaps[name] = gap
    stands = holm({name: gap.p for name, gap in gaps.items()})
    lines = []
    for name, found in values.items():
        value = mean(list(found.values()))
        if value is None:
            raise FootnoteError(f"run {name} has no measure {measure!r}; see its report.json")
        lines.append(SweepLine(name, value, gaps.get(name), name in stands))
    return lines


def best(lines: Sequence[SweepLine], measure: str) -> SweepLine | None:
    """Returns the line with the best mean, which chance may have made so; None of no lines."""
    sign = -1 if measure in LOWER_IS_BETTER else 1
    return max(lines, key=lambda line: sign * line.mean.mean, default=None)


def _values(folder: Path, measure: str) -> dict[str, list[float]]:
    return {row["id"]: row["values"].get(measure, []) for row in iterate_rows(folder)}
