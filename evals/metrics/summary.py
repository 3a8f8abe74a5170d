"""Summaries: from rows to means with their error, by tag and over all.

Times are separate from measures, so that two runs with the same answers have identical measures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from footnote.evals.judge.trust import JUDGED
from footnote.evals.metrics.risk_coverage import area_under_risk_coverage
from footnote.evals.metrics.statistics import Mean, mean

Row = Mapping[str, Any]


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Returns ``measures`` and ``times`` of rows in the order of their set.

    ``measures`` is ``{TAG: {MEASURE: {mean, low, high, n, failures}}}``, ``ALL`` being every
    case; ``times`` is ``{"n", "p50_ms", "p95_ms", "by_tag": {TAG: {"n", ...}}}``.
    """
    tags = {"ALL": list(rows)}
    for row in rows:
        tags.setdefault(row["tag"], []).append(row)
    return {
        "cases": len(rows),
        "failures": sum(row["error"] is not None for row in rows),
        "missed": _counts(row["missed"] for row in rows if row["missed"]),
        "measures": {tag: _rounded(measures(found)) for tag, found in sorted(tags.items())},
        "usage": _usage(rows),
        "times": _times(rows) | {"by_tag": {tag: _times(rs) for tag, rs in sorted(tags.items())}},
    }


def measures(rows: Sequence[Row]) -> dict[str, Mean]:
    """Returns the mean of every measure that applies to any of the rows."""
    names = dict.fromkeys(name for row in rows for name in row["values"])
    found: dict[str, Mean] = {}
    for name in names:
        relevant = [row for row in rows if row["values"].get(name)]
        failures = sum(_failures(row, name) for row in relevant)
        value = mean([row["values"][name] for row in relevant], failures=failures)
        if value is not None:
            found[name] = value
    return found | _abstention(rows)


def _failures(row: Row, name: str) -> int:
    """Returns 1 for a case that crashed, else the failed judgements behind a measure."""
    told = row.get("judgements", ())
    failed = sum(t["score"] is None and JUDGED.get(name) == t["criterion"] for t in told)
    return 1 if row["error"] is not None else failed


def _abstention(rows: Sequence[Row]) -> dict[str, Mean]:
    """Returns precision and recall of abstaining, and the area under risk and coverage."""
    found: dict[str, Mean] = {}
    abstained = [row for row in rows if row["answer"] and row["answer"]["abstained"]]
    if value := mean([[float(not row["answerable"])] for row in abstained]):
        found["abstain_precision"] = value
    refusable = [row for row in rows if not row["answerable"]]
    crashed = sum(row["error"] is not None for row in refusable)
    right = [[float(row in abstained and not row["error"])] for row in refusable]
    if value := mean(right, failures=crashed):
        found["abstain_recall"] = value
    ranked = confidences(rows)
    area = area_under_risk_coverage(ranked)
    if area is not None:
        found["aurc"] = Mean(area, area, area, len(ranked))
    return found


def confidences(rows: Sequence[Row]) -> list[tuple[float, bool]]:
    """Returns the confidence and the rightness of each answer that states a confidence.

    An answer is right when the question has an answer and a gold paper was cited, or, where
    the case names gold sentences, one of them was quoted.
    """
    found = []
    for row in rows:
        confidence = (row["answer"] or {}).get("confidence")
        if confidence is None:
            continue
        values = row["values"]
        quoted = values.get("evidence") or [max(values.get("cited_gold") or [0.0])]
        found.append((float(confidence), bool(row["answerable"]) and quoted[0] > 0))
    return found


def _rounded(found: Mapping[str, Mean]) -> dict[str, dict[str, float]]:
    # Six digits: floating-point sums may differ in the last ones between machines.
    return {
        name: {k: round(v, 6) for k, v in asdict(value).items()} for name, value in found.items()
    }


def _counts(found: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in found:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def _usage(rows: Sequence[Row]) -> dict[str, Any]:
    used = [row["answer"]["usage"] for row in rows if row["answer"]]
    costs = [u["cost_usd"] for u in used]
    return {
        "prompt_tokens": sum(u["prompt_tokens"] for u in used),
        "completion_tokens": sum(u["completion_tokens"] for u in used),
        "cost_usd": None if None in costs else round(sum(costs), 6),
    }


def _times(rows: Sequence[Row]) -> dict[str, Any]:
    totals = [row["answer"]["timings_ms"]["total"] for row in rows if row["answer"]]
    if not totals:
        return {"n": 0}
    p50, p95 = np.quantile(totals, [0.5, 0.95])
    return {"n": len(totals), "p50_ms": round(float(p50), 2), "p95_ms": round(float(p95), 2)}
