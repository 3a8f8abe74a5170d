"""Tables of a report: each measure with its error and its words, each time and cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from footnote.evals.dataset.schemas import MeanShape
from footnote.evals.judge.trust import trust
from footnote.evals.metrics import LOWER_IS_BETTER
from footnote.evals.report.numbers import format_exact

# What is averaged, and what a mean says, measure by measure.
_GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Retrieval": {
        "R@1": ("questions", "the first hit is a gold paper"),
        "R@5": ("questions", "gold papers among the first 5 hits"),
        "R@10": ("questions", "gold papers among the first 10 hits"),
        "nDCG@10": ("questions", "gold papers near the top of the first 10"),
        "RR@10": ("questions", "1 / rank of the first gold paper"),
        "AP@20": ("questions", "precision at each gold paper of the first 20"),
        "Success@1": ("questions", "a gold paper is the first hit"),
        "Success@5": ("questions", "a gold paper is among the first 5"),
    },
    "Evidence and citations": {
        "verbatim": ("quotes", "exact slices of the stored abstract"),
        "markers_bound": ("markers", "with a quote behind them"),
        "citation_recall": ("sentences", "carried by their quotes together"),
        "citation_precision": ("quotes", "needed by their sentence"),
        "cited_gold": ("quotes", "cut from a gold paper"),
        "evidence": ("questions", "a gold sentence was quoted"),
        "evidence_recall": ("questions", "gold sentences that were quoted"),
    },
    "Facts and reference": {
        "nuggets": ("facts", "wanted facts that were stated"),
        "nuggets_partial": ("facts", "words of each wanted fact that were stated"),
        "similarity": ("questions", "cosine to the reference answer"),
    },
    "A model's judgement": {
        "judge_quality": ("questions", "says what the reference says, as a model judges"),
        "judge_support": ("sentences", "in its own words and carried by quotes, as a model judges"),
    },
    "Abstaining": {
        "abstain_right": ("questions", "refused where there is no answer"),
        "absence_told": ("questions", "refused or said what is missing, where there is no answer"),
        "abstain_wrong": ("questions", "refused where there is one"),
        "abstain_precision": ("refusals", "refusals that were right"),
        "abstain_recall": ("questions", "unanswerable questions that were refused"),
        "aurc": ("answers", "area under the risk-coverage curve"),
    },
    "What a model took": {
        "tokens": ("answers", "of prompt and answer, a question"),
        "cost_usd": ("answers", "USD, a question"),
    },
}
_OTHER = "Other measures"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One row of the summary; figures as in ``report.json``.

    Attributes:
        unit: What ``n`` counts.
        says: What a mean of 1 would say.
        trust: How far people agree with the judge that gave it; None where no judge did.
    """

    name: str
    unit: str
    says: str
    mean: float
    low: float
    high: float
    n: int
    failures: int
    trust: str | None = None

    @property
    def lower(self) -> bool:
        """Whether lower is better."""
        return self.name in LOWER_IS_BETTER

    @property
    def resampled(self) -> bool:
        """Whether ``low`` and ``high`` are an interval; one area over all cases has none."""
        return self.name != "aurc"


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A time or a cost: a number without an interval, of which lower is better."""

    name: str
    says: str
    shown: str
    n: int
    unit: str = "answers"


def groups(report: Mapping[str, Any]) -> Iterator[tuple[str, list[ReportLine]]]:
    """Yields each group that has a measure; one that we have no words for is not left out."""
    measures = report["measures"]["ALL"]
    known = {name for group in _GROUPS.values() for name in group}
    rest = {name: ("values", "") for name in measures if name not in known}
    for title, group in {**_GROUPS, _OTHER: rest}.items():
        lines = [
            ReportLine(name, unit, says, **_mean(measures[name]), trust=trust(report, name))
            for name, (unit, says) in group.items()
            if name in measures
        ]
        if lines:
            yield title, lines


def _mean(measure: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a measure without what another version may have written beside it."""
    return MeanShape.model_validate(measure).model_dump()


def figures(report: Mapping[str, Any]) -> Iterator[ReportFigure]:
    """Yields each time and cost of a report."""
    times, usage = report["times"], report["usage"]
    if times["n"]:
        yield ReportFigure(
            "p50_ms", "half of the answers were faster", format_exact(times["p50_ms"]), times["n"]
        )
        yield ReportFigure(
            "p95_ms", "19 of 20 answers were faster", format_exact(times["p95_ms"]), times["n"]
        )
    for name in ("prompt_tokens", "completion_tokens"):
        yield ReportFigure(name, "over all answers", f"{usage[name]:,}", times["n"])
    cost = "price unknown" if usage["cost_usd"] is None else f"{usage['cost_usd']:.4f}"
    yield ReportFigure("cost_usd", "US dollars over all answers", cost, times["n"])
    if judge := report.get("judge"):
        yield from _judge_figures(judge)


def _judge_figures(judge: Mapping[str, Any]) -> Iterator[ReportFigure]:
    count = judge["judgements"]
    kept = f"spent on judging, {judge['cached']} kept from before"
    yield ReportFigure("judge_tokens", kept, f"{judge['tokens']:,}", count, "judgements")
    cost = "price unknown" if judge["cost_usd"] is None else f"{judge['cost_usd']:.4f}"
    yield ReportFigure("judge_cost_usd", "US dollars spent on judging", cost, count, "judgements")
