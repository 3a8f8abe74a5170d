"""Judging: rate a run's answers with the judge, and compare the judge with people.

``judge_quality`` has a value for each answer to a question that has an answer and a
reference. ``judge_support`` has one for each statement in the answer's own words: one without
citations scores 0 without a call, and one that is a quote of its citation is not judged, since
``verbatim`` covers it. A failed judgement counts as 0 and as a failure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from footnote.evals.dataset.cases import Case
from footnote.evals.judge.agreement import Rating, agreement
from footnote.evals.judge.judge import Judge
from footnote.evals.judge.judgement import LABELS, Criterion, Judgement
from footnote.evals.judge.prompts import PROMPT_VERSION
from footnote.evals.judge.trust import JUDGED
from footnote.index import SourceError

Row = dict[str, Any]

_STATEMENT_ID = re.compile(r".+#\d+")


class Judging:
    """What a run needs of a judge: its judgements of each row, and its section of the report."""

    def __init__(self, judge: Judge, *, labels: Mapping[str, Rating] | None = None) -> None:
        """Stores the judge without calling it.

        Args:
            judge: May be asked from many threads at once.
            labels: What people said, by case (of its quality) or by ``CASE#N`` (of the
                support of its statement N, from 1).

        Raises:
            SourceError: A label is none that the judge could give.
        """
        self._judge = judge
        self._labels = labels or {}
        known = dict.fromkeys(label for scores in LABELS.values() for label in scores)
        for name, rating in self._labels.items():
            if rating.label not in known:
                raise SourceError(
                    f"human label {rating.label!r} of {name!r} is not one of {', '.join(known)}"
                )

    @property
    def name(self) -> str:
        """The judge's identity; a run can only be resumed with the same judge."""
        return f"{self._judge.config.model} ({PROMPT_VERSION})"

    def judged(self, case: Case, row: Row) -> Row:
        """Returns a row with its judgements and their values.

        Raises:
            JudgeError: A judgement could exceed the limit, or cannot be kept.
        """
        referred = case.answerable and case.reference
        if row["error"] or not row["answer"]:
            worst = {"judge_quality": [0.0]} if referred else {}
            return {**row, "values": row["values"] | worst, "judgements": []}
        told: list[Row] = []
        values: dict[str, list[float]] = {}
        if case.reference and case.answerable:
            found = self._judge.quality(_conversation(case), row["answer"]["text"], case.reference)
            told.append(_told("quality", None, found))
            values["judge_quality"] = [found.score or 0.0]
        for number, text, quotes in _in_own_words(row["answer"]["statements"]):
            score = 0.0
            if quotes:
                found = self._judge.support(text, quotes)
                told.append(_told("support", number, found))
                score = found.score or 0.0
            values.setdefault("judge_support", []).append(score)
        return {**row, "values": row["values"] | values, "judgements": told}

    def report(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Returns who judged, what the rows took, and how far people agree.

        A kill changes what was spent and how much came from disk, and nothing else.
        """
        told = [judgement for row in rows for judgement in row["judgements"]]
        costs = [judgement.get("cost_usd") for judgement in told]
        return {
            "model": self._judge.config.model,
            "prompt_version": PROMPT_VERSION,
            "judgements": len(told),
            "tokens": sum(judgement.get("tokens", 0) for judgement in told),
            "cost_usd": None if None in costs else round(sum(costs), 6),
            "cached": sum(judgement.get("cached", False) for judgement in told),
            "agreement": self._agreement(rows),
        }

    def _agreement(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """Returns the agreement on each measure that people labelled; None without labels."""
        cases = {row["id"] for row in rows}
        human: dict[str, dict[str, Rating]] = {criterion: {} for criterion in LABELS}
        for name, rating in self._labels.items():
            of_statement = name not in cases and _STATEMENT_ID.fullmatch(name)
            human["support" if of_statement else "quality"][name] = rating
        judged: dict[str, dict[str, Rating]] = {criterion: {} for criterion in LABELS}
        for row in rows:
            for told in row["judgements"]:
                place = "" if told["statement"] is None else f"#{told['statement']}"
                judged[told["criterion"]][f"{row['id']}{place}"] = _rating(told)
        found = {
            measure: _rounded(asdict(agreement(human[criterion], judged[criterion])))
            for measure, criterion in JUDGED.items()
            if human[criterion]
        }
        return found or None


def _conversation(case: Case) -> str:
    """Returns the question with what was said before it, which a follow-up leaves out."""
    turns = [f"{turn.role}: {turn.content}" for turn in case.history]
    return "\n".join([*turns, f"user: {case.question}"]) if turns else case.question


def _in_own_words(
    statements: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[int, str, list[str]]]:
    """Yields number, text and quotes of each statement that is not one of its quotes."""
    for number, statement in enumerate(statements, 1):
        quotes = [citation["quote"] for citation in statement["citations"]]
        if statement["text"].split() not in [quote.split() for quote in quotes]:
            yield number, statement["text"], quotes


def _told(criterion: Criterion, statement: int | None, judgement: Judgement) -> Row:
    return {"criterion": criterion, "statement": statement, **asdict(judgement)}


def _rating(told: Mapping[str, Any]) -> Rating:
    """Returns a judgement as a label, the nearest to its score where it has none."""
    if told["score"] is None or told["label"] is not None:
        return Rating(told["label"])
    scores = LABELS[told["criterion"]]
    # Of two that are equally near, the better one.
    return Rating(min(scores, key=lambda label: abs(scores[label] - told["score"])))


def _rounded(found: Any) -> Any:
    """Returns nested figures with six digits, as measures have them."""
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return round(found, 6) if isinstance(found, float) else found
