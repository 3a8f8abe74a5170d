"""Agreement: how well a measure or a judge agrees with labels that people gave.

Every figure has a bootstrap interval over pairs of labels. An undefined figure or interval is None,
with the reason; it is never NaN or a misleading number.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy import stats

from footnote.evals.metrics.statistics import CONFIDENCE, RESAMPLES, SEED
from footnote.index import SourceError
from footnote.index.readers.files import read_text

Codes = NDArray[np.int64]
"""Labels as numbers from 0, one for each pair."""

OTHER = "other"
"""What every label but the positive one becomes under a threshold."""


@dataclass(frozen=True, slots=True)
class AgreementFigure:
    """One measure of agreement.

    Attributes:
        value: None where it is not defined.
        low: Lower end of the 95 % interval; None where there is none.
        reason: Why the value or the interval is missing, or what the interval leaves out.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a judge's labels agree with those of people.

    Attributes:
        n: Pairs compared.
        raw: Share of pairs with the same label.
        balanced_accuracy: Mean over human labels of the share that the judge found.
        kappa: Cohen's, for nominal labels.
        human_only: Human labels for which the judge has no row.
        judged_only: Rows of the judge that no person labelled.
        failed: Labelled items on which the judge gave neither score nor label.
        threshold: Scores from here on counted as ``positive``; None where labels were compared.
    """

    n: int
    raw: AgreementFigure
    balanced_accuracy: AgreementFigure
    kappa: AgreementFigure
    human_only: int
    judged_only: int
    failed: int
    threshold: float | None = None
    positive: str | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """What a person or a judge said of one item; neither label nor score is a failure."""

    label: str | None = None
    score: float | None = None


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    id: str | int
    label: str | bool | int | None = None
    score: float | None = Field(None, strict=True)


def read_ratings(path: Path, *, human: bool = False) -> dict[str, Rating]:
    """Returns the rating of each id in a JSONL file of ``{"id", "label" and/or "score"}``.

    Args:
        path: Of the file.
        human: Whether each row must have a label; a judge's row may be a failure.

    Raises:
        SourceError: The file cannot be read, or a line is no rating or the second of its id.
    """
    lines = read_text(path).split("\n")
    ratings: dict[str, Rating] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            name, rating = _rating(line, f"{path}:{number}")
            if name in ratings:
                raise SourceError(f"{path}:{number}: id {name!r} occurs twice; keep one of them")
            if human and rating.label is None:
                raise SourceError(
                    f'{path}:{number}: missing "label"; add the label that a person gave'
                )
            ratings[name] = rating
    return ratings


def _rating(line: str, at: str) -> tuple[str, Rating]:
    try:
        row = _Row.model_validate_json(line)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(map(str, fault["loc"])) or "line"
        raise SourceError(f"{at}: no rating ({field}: {fault['msg']}); correct the line") from error
    return str(row.id), Rating(_label(row.label), row.score)


def _label(label: str | bool | int | None) -> str | None:
    """Spells a label as JSON does, so that ``true`` and ``"true"`` are one."""
    if label is None:
        return None
    return str(label).lower() if isinstance(label, bool) else str(label).strip()


def agreement(
    human: Mapping[str, Rating],
    judged: Mapping[str, Rating],
    *,
    threshold: float | None = None,
    positive: str | None = None,
) -> Agreement:
    """Returns the agreement over the ids that both sides rated.

    Args:
        human: Labels by id.
        judged: Labels or scores by id.
        threshold: A score from here on means ``positive``, one below anything else; human
            labels are then only told apart as ``positive`` or not.
        positive: That label.

    Raises:
        SourceError: A threshold without its label, or scores without a threshold.
    """
    if (threshold is None) != (positive is None):
        raise SourceError("threshold and positive go together; give both, or neither for labels")
    if threshold is not None and not math.isfinite(threshold):
        raise SourceError(f"threshold is {threshold}; give a finite number")
    both = [name for name in human if name in judged]
    pairs: list[tuple[str, str]] = []
    for name in both:
        ours, theirs = human[name].label, _reduced(judged[name], threshold, positive, name)
        if theirs is not None and ours is not None:
            pairs.append((ours if positive in (None, ours) else OTHER, theirs))
    coded = _coded(pairs)
    return Agreement(
        n=len(pairs),
        raw=_figure(raw_agreement, *coded, needs_classes=False),
        balanced_accuracy=_figure(balanced_accuracy, *coded),
        kappa=_figure(cohens_kappa, *coded),
        human_only=len(human) - len(both),
        judged_only=len(judged) - len(both),
        failed=len(both) - len(pairs),
        threshold=threshold,
        positive=positive,
    )


def _reduced(
    rating: Rating, threshold: float | None, positive: str | None, name: str
) -> str | None:
    """Returns the label to compare; None for a failure."""
    if threshold is not None and positive is not None:
        if rating.score is not None:
            return positive if rating.score >= threshold else OTHER
        return rating.label if rating.label in (None, positive) else OTHER
    if rating.label is None and rating.score is not None:
        raise SourceError(f"id {name!r} has a score but no label; give a threshold and its label")
    return rating.label


def _coded(pairs: Sequence[tuple[str, str]]) -> tuple[Codes, Codes]:
    names = sorted({label for pair in pairs for label in pair})
    places = {name: place for place, name in enumerate(names)}
    coded = np.array([[places[a], places[b]] for a, b in pairs], np.int64).reshape(-1, 2)
    return coded[:, 0], coded[:, 1]


def raw_agreement(human: Codes, judged: Codes) -> float:
    """Returns the share of pairs with the same label; NaN without pairs."""
    return float(np.mean(human == judged)) if human.size else float("nan")


def balanced_accuracy(human: Codes, judged: Codes) -> float:
    """Returns the mean over human labels of the share that the judge found.

    NaN where the human labels are of fewer than two kinds.

    Source: Brodersen, Ong, Stephan and Buhmann 2010, "The balanced accuracy and its
    posterior distribution", ICPR, equation 1; its mean over two kinds taken over all.
    """
    kinds = np.unique(human)
    if kinds.size < 2:
        return float("nan")
    return float(np.mean([np.mean(judged[human == kind] == kind) for kind in kinds]))


# SciPy and NumPy have no kappa, and scikit-learn would be a dependency for these lines alone.
def cohens_kappa(human: Codes, judged: Codes) -> float:
    """Returns ``(observed - chance) / (1 - chance)``, chance from both sides' label counts.

    NaN where the human labels are of fewer than two kinds: whatever the judge says, kappa
    is then 0 or 0/0, which tells nothing of the judge.

    Source: Cohen 1960, "A Coefficient of Agreement for Nominal Scales", Educational and
    Psychological Measurement 20(1), equation 1.
    """
    kinds = np.unique(human)
    if kinds.size < 2:
        return float("nan")
    chance = sum(float(np.mean(human == kind) * np.mean(judged == kind)) for kind in kinds)
    return (raw_agreement(human, judged) - chance) / (1 - chance)


def _figure(
    measure: Callable[[Codes, Codes], float],
    human: Codes,
    judged: Codes,
    *,
    needs_classes: bool = True,
) -> AgreementFigure:
    if not human.size:
        return AgreementFigure(None, None, None, "no id was rated by both sides")
    if needs_classes and np.unique(human).size < 2:
        return AgreementFigure(
            None, None, None, "all human labels are the same; label some of another kind"
        )
    value = measure(human, judged)
    if human.size < 2:
        return AgreementFigure(value, None, None, "one pair cannot be resampled; label more")
    seen = _resampled(measure, human, judged)
    defined = seen[~np.isnan(seen)]
    if defined.size == 0 or np.ptp(defined) == 0:
        # [1, 1] after five of five would claim a certainty that five pairs cannot give.
        return AgreementFigure(value, None, None, "all resamples give the same value; label more")
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    left_out = seen.size - defined.size
    reason = f"{left_out} of {seen.size} resamples had one human label only" if left_out else None
    return AgreementFigure(value, float(low), float(high), reason)


def _resampled(
    measure: Callable[[Codes, Codes], float], human: Codes, judged: Codes
) -> NDArray[np.float64]:
    """Returns the measure of each resample of the pairs, NaN where it is not defined.

    Source: percentile bootstrap, Efron and Tibshirani 1993, chapter 13, by SciPy.
    """
    with warnings.catch_warnings():
        # SciPy warns of a NaN among resamples; those are counted and reported above.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            (human, judged),
            measure,
            paired=True,
            vectorized=False,
            n_resamples=RESAMPLES,
            batch=200,
            confidence_level=CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(SEED),
        )
    return np.asarray(found.bootstrap_distribution, np.float64)
