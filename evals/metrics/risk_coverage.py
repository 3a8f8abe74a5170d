"""Risk and coverage: the error rate among the most confident answers."""

from collections.abc import Sequence

import numpy as np


def area_under_risk_coverage(ranked: Sequence[tuple[float, bool]]) -> float | None:
    """Returns the mean risk over all coverages, answers given in order of confidence.

    Risk at a coverage is the share of wrong answers among the most confident ones. Ties
    in confidence share the mean risk of their group, so their order does not matter.

    Args:
        ranked: Confidence and rightness of every answer, abstained ones too, as if they
            had been given.

    Source: Geifman and El-Yaniv 2017 (arXiv:1705.08500); El-Yaniv and Wiener 2010.
    """
    points = risk_coverage(ranked)
    return float(np.mean([risk for _, risk in points])) if points else None


def risk_coverage(ranked: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Returns coverage and risk after each answer, the most confident first."""
    confidences = np.array([confidence for confidence, _ in ranked])
    wrong = np.array([not right for _, right in ranked], float)
    for confidence in set(confidences.tolist()):
        tied = confidences == confidence
        wrong[tied] = wrong[tied].mean()
    wrong = wrong[np.argsort(-confidences, kind="stable")]
    counts = np.arange(1, len(wrong) + 1)
    risks = np.cumsum(wrong) / counts
    return [(float(n / len(wrong)), float(r)) for n, r in zip(counts, risks, strict=True)]
