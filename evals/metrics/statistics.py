"""Means with their error: bootstrap intervals, and a paired permutation test.

Values are grouped by case, and whole cases are resampled: the citations of one answer are not
independent.

Source: percentile bootstrap, Efron and Tibshirani 1993, chapter 13; paired permutation
test, Smucker, Allan and Carterette, CIKM 2007. Both by SciPy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 2000
SEED = 20261121


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over cases, with its interval.

    Attributes:
        low: Lower end of the 95 % interval.
        n: Values averaged: questions, citations or facts, as the measure says.
        failures: Cases among them that crashed, each counted at the worst value.
    """

    mean: float
    low: float
    high: float
    n: int
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """How much one run's mean exceeds another's on the same cases.

    Attributes:
        p: Two-sided; chance of a difference this large if runs did not differ.
    """

    mean: float
    low: float
    high: float
    p: float
    n: int

    @property
    def shown(self) -> bool:
        """Whether the difference is significant at the 5 % level."""
        return self.p < 1 - CONFIDENCE


def mean(groups: Sequence[Sequence[float]], *, failures: int = 0) -> Mean | None:
    """Returns the mean of all values, resampling whole groups; None where there is no value."""
    sums, counts = _totals(groups)
    if not counts.size:
        return None
    value = float(sums.sum() / counts.sum())
    low, high = _interval((sums, counts), value)
    return Mean(value, low, high, int(counts.sum()), failures)


def difference(
    ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]
) -> Difference | None:
    """Returns ours less theirs; item ``i`` of both belongs to one case.

    A case in which either side has no value is left out. A case with several values
    counts by their mean.
    """
    pairs = [(np.mean(a), np.mean(b)) for a, b in zip(ours, theirs, strict=True) if a and b]
    if not pairs:
        return None
    gaps = np.array([a - b for a, b in pairs])
    value = float(gaps.mean())
    low, high = _interval((gaps, np.ones_like(gaps)), value)
    # Of one case, the other sign is as likely: there is nothing to test.
    if not gaps.any() or len(gaps) == 1:
        return Difference(value, low, high, 1.0, len(pairs))
    test = stats.permutation_test(
        (gaps,),
        np.mean,
        permutation_type="samples",
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(SEED),
    )
    return Difference(value, low, high, float(test.pvalue), len(pairs))


def _totals(groups: Sequence[Sequence[float]]) -> tuple[NDArray[Any], NDArray[Any]]:
    filled = [group for group in groups if group]
    sums = np.array([sum(group) for group in filled], float)
    return sums, np.array([len(group) for group in filled], float)


def _interval(totals: tuple[NDArray[Any], NDArray[Any]], value: float) -> tuple[float, float]:
    sums, counts = totals
    if len(sums) < 2 or np.ptp(sums / counts) == 0:
        # Nothing to resample: the interval is the single value.
        return value, value
    found = stats.bootstrap(
        (sums, counts),
        lambda s, c, axis: s.sum(axis=axis) / c.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)
