"""Trust: describe a judge's agreement with people next to each of its figures."""

from collections.abc import Mapping
from typing import Any

# Measures that a model gives, by what they judge.
JUDGED = {"judge_quality": "quality", "judge_support": "support"}
UNKNOWN = "no human labels: agreement unknown"
_FIGURES = {"kappa": "kappa", "balanced accuracy": "balanced_accuracy"}


def trust(report: Mapping[str, Any], measure: str) -> str | None:
    """Returns how far a judge agrees with people on a measure; None where no judge gave it.

    Args:
        report: What ``report.json`` holds.
        measure: Its name.
    """
    if measure not in JUDGED:
        return None
    found = ((report.get("judge") or {}).get("agreement") or {}).get(measure)
    if found is None:
        return UNKNOWN
    told = [f"{name} {_figure(found[key])}" for name, key in _FIGURES.items()]
    failed = f", {found['failed']} not judged" if found["failed"] else ""
    return f"agreement with people: {', '.join(told)}, n {found['n']}{failed}"


def _figure(figure: Mapping[str, Any]) -> str:
    """Returns a figure with its interval, or why it has none."""
    if figure["value"] is None:
        return f"not defined ({figure['reason']})"
    if figure["low"] is None:
        return f"{figure['value']:.2f} (no interval: {figure['reason']})"
    return f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"
