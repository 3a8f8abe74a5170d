"""Report: a run as one HTML file that opens offline, as Markdown, or as JSON.

The figures are those of ``report.json``, none is computed anew; only the two curves (risk
over coverage, and times) and the list of cases are drawn from the rows. The template draws
with inline SVG and no chart library: the file stays self-contained, and the charts cost 5 kB.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evals.answers import LOWER_IS_BETTER, risk_coverage
from evals.runner import REPORT, RunMismatch, iterate_rows
from evals.summary import Row, confidences
from evals.trust import JUDGED, trust

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
        "abstain_wrong": ("questions", "refused where there is one"),
        "abstain_precision": ("refusals", "refusals that were right"),
        "abstain_recall": ("questions", "unanswerable questions that were refused"),
        "aurc": ("answers", "area under the risk-coverage curve"),
    },
}
_OTHER = "Other measures"
# Worst first; the order in which cases can be sorted.
_OUTCOMES = {
    "failure": ("Failure", "the case crashed; it has the worst value of every measure"),
    "retrieval": ("Retrieval miss", "no gold paper among the first ten hits"),
    "evidence": ("Evidence miss", "a gold paper was found, none was quoted"),
    "abstained": ("Abstained wrongly", "refused a question that has an answer"),
    "answered": ("Should have refused", "answered a question that has no answer here"),
    "right": ("Nothing missed", "quoted a gold paper, or rightly refused"),
}
_BINS_A_TICK = 4


@dataclass(frozen=True, slots=True)
class Line:
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
class Figure:
    """A time or a cost: a number without an interval, of which lower is better."""

    name: str
    says: str
    shown: str
    n: int
    unit: str = "answers"


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


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote of an answer; ``gold`` is None where the row does not tell."""

    marker: int
    paper: str
    title: str
    text: str
    gold: bool | None


@dataclass(frozen=True, slots=True)
class GoldPaper:
    """A paper that answers the question: its rank among the hits, or None."""

    name: str
    rank: int | None
    cited: bool


def render_report(folder: Path, *, format: Literal["html", "md", "json"]) -> str:
    """Returns a finished run as text.

    Args:
        folder: A run folder, which stays as it is.
        format: ``html`` has every case and needs nothing beside it; ``md`` is the summary;
            ``json`` is ``report.json`` with the values of each row.

    Raises:
        RunMismatch: The folder holds no run, or one that has not come to its end.
    """
    rows = list(iterate_rows(folder))
    path = folder / REPORT
    if not path.exists():
        raise RunMismatch(
            f"{folder} holds a run of {len(rows)} cases so far and no {REPORT}; "
            f"finish it with: footnote eval run SET --out {folder}"
        )
    report = json.loads(path.read_text("utf-8"))
    if format == "json":
        return _as_json(report, rows)
    return _as_markdown(report, rows) if format == "md" else _as_html(report, rows)


def _as_json(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
    kept = ("id", "tag", "answerable", "missed", "error", "seconds", "values")
    cases = [{name: row[name] for name in kept} for row in rows]
    return json.dumps({**report, "rows": cases}, indent=1, ensure_ascii=False) + "\n"


def _as_html(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "milliseconds": _milliseconds}
    measures = report["measures"]
    return environment.get_template("report.html.j2").render(
        report=report,
        config=report["config"],
        groups=list(_groups(report)),
        figures=list(_figures(report)),
        tags=[tag for tag in measures if tag != "ALL"],
        tag_sizes={tag: sum(row["tag"] == tag for row in rows) for tag in measures},
        outcomes=list(_outcomes(rows)),
        curve=_curve(rows),
        latency=_latency(report, rows),
        cases=[_case(row) for row in rows],
        trusts=[f"{name}: {trust(report, name)}" for name in JUDGED if name in measures["ALL"]],
    )


def _groups(report: Mapping[str, Any]) -> Iterator[tuple[str, list[Line]]]:
    """Yields each group that has a measure; one that we have no words for is not left out."""
    measures = report["measures"]["ALL"]
    known = {name for group in _GROUPS.values() for name in group}
    rest = {name: ("values", "") for name in measures if name not in known}
    for title, group in {**_GROUPS, _OTHER: rest}.items():
        lines = [
            Line(name, unit, says, **measures[name], trust=trust(report, name))
            for name, (unit, says) in group.items()
            if name in measures
        ]
        if lines:
            yield title, lines


def _figures(report: Mapping[str, Any]) -> Iterator[Figure]:
    times, usage = report["times"], report["usage"]
    if times["n"]:
        yield Figure(
            "p50_ms", "half of the answers were faster", _exact(times["p50_ms"]), times["n"]
        )
        yield Figure("p95_ms", "19 of 20 answers were faster", _exact(times["p95_ms"]), times["n"])
    for name in ("prompt_tokens", "completion_tokens"):
        yield Figure(name, "over all answers", f"{usage[name]:,}", times["n"])
    cost = "price unknown" if usage["cost_usd"] is None else f"{usage['cost_usd']:.4f}"
    yield Figure("cost_usd", "US dollars over all answers", cost, times["n"])
    if judge := report.get("judge"):
        yield from _judge_figures(judge)


def _judge_figures(judge: Mapping[str, Any]) -> Iterator[Figure]:
    count = judge["judgements"]
    kept = f"spent on judging, {judge['cached']} kept from before"
    yield Figure("judge_tokens", kept, f"{judge['tokens']:,}", count, "judgements")
    cost = "price unknown" if judge["cost_usd"] is None else f"{judge['cost_usd']:.4f}"
    yield Figure("judge_cost_usd", "US dollars spent on judging", cost, count, "judgements")


def _outcome(row: Row) -> str:
    return "failure" if row["error"] else row["missed"] or "right"


def _outcomes(rows: Sequence[Row]) -> Iterator[Outcome]:
    found = [_outcome(row) for row in rows]
    for key, (label, says) in _OUTCOMES.items():
        yield Outcome(key, label, says, found.count(key), found.count(key) / max(len(rows), 1))


def _curve(rows: Sequence[Row]) -> Curve | None:
    points = risk_coverage(confidences(rows))
    if not points:
        return None
    highest = max(risk for _, risk in points)
    return Curve(tuple(points), max(0.25, math.ceil(highest * 4) / 4))


def _latency(report: Mapping[str, Any], rows: Sequence[Row]) -> Histogram | None:
    timings = [row["answer"]["timings_ms"] for row in rows if row["answer"]]
    totals = [timing["total"] for timing in timings]
    if not totals:
        return None
    # One answer that waited for a minute must not press all others into one bar.
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
        stages=", ".join(f"{name} {_milliseconds(value)}" for name, value in medians.items()),
    )


def _round_step(top: float) -> float:
    """Returns 1, 2 or 5 times a power of ten, of which at most six reach up to ``top``."""
    rough = max(top, 1e-3) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def _case(row: Row) -> dict[str, Any]:
    """Returns what the template shows of a row, each part in the order of the row."""
    answer = row["answer"] or {}
    outcome = _outcome(row)
    hits = answer.get("hits", ())[:10]
    gold = _gold_papers(row)
    return {
        "row": row,
        "answer": answer,
        "outcome": outcome,
        "label": _OUTCOMES[outcome][0],
        "severity": list(_OUTCOMES).index(outcome),
        "history": row.get("history", ()),
        "gold": gold,
        "found": _found(row),
        "statements": list(_statements(row)),
        "hits": [(hit, hit["rank"] in {paper.rank for paper in gold}) for hit in hits],
        "values": {
            name: " ".join(map(_exact, found))
            for name, found in row["values"].items()
            # A judge's are shown as its judgements, with what they are worth.
            if found and name not in JUDGED
        },
        "judgements": row.get("judgements", ()),
    }


def _statements(row: Row) -> Iterator[tuple[Mapping[str, Any], list[Quote]]]:
    """Yields each statement with its quotes; ``cited_gold`` has a value for each, in order."""
    statements = (row["answer"] or {}).get("statements", ())
    told = row["values"].get("cited_gold", [])
    if len(told) != sum(len(statement["citations"]) for statement in statements):
        told = ()
    place = 0
    for statement in statements:
        quotes = []
        for cited in statement["citations"]:
            gold = bool(told[place]) if told else None
            quotes.append(
                Quote(cited["marker"], cited["paper_id"], cited["title"], cited["quote"], gold)
            )
            place += 1
        yield statement, quotes


def _gold_papers(row: Row) -> list[GoldPaper]:
    """Returns the gold papers that a row names, ``{NAME: PAPER_ID}``; it need not."""
    answer = row["answer"] or {}
    ranks = {hit["paper_id"]: hit["rank"] for hit in answer.get("hits", ())}
    cited = {paper["id"] for paper in answer.get("papers", ())}
    return [
        GoldPaper(name, ranks.get(paper), paper in cited)
        for name, paper in row.get("gold", {}).items()
    ]


def _found(row: Row) -> str | None:
    """Returns what became of the gold papers, as far as the values tell."""
    recall, reciprocal = (row["values"].get(name) for name in ("R@10", "RR@10"))
    if not recall or not reciprocal or row["error"]:
        return None
    if not reciprocal[0]:
        deeper = row["values"].get("AP@20", [0.0])[0]
        return f"None among the first 10 hits{', one among the next 10' if deeper else ''}."
    share = "All" if recall[0] == 1 else f"{recall[0]:.0%}"
    return f"{share} among the first 10 hits, the best at rank {round(1 / reciprocal[0])}."


def _as_markdown(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
    config = report["config"]
    parts = [
        f"# {_markdown(config['set'])}: {report['cases']} cases, {report['failures']} failures",
        "\n".join(f"- {name}: {_markdown(str(value))}" for name, value in config.items()),
    ]
    for title, lines in _groups(report):
        cells = [
            [
                _named(line),
                _number(line.mean),
                f"{_number(line.low)} to {_number(line.high)}" if line.resampled else "",
                f"{line.n} {line.unit}",
                str(line.failures),
            ]
            for line in lines
        ]
        heads = ("Measure", "Mean", "95 % interval", "n", "Failures")
        parts += [f"## {title}", _table(heads, cells)]
    figures = [[_markdown(f.name), f.shown, f"{f.n} {f.unit}"] for f in _figures(report)]
    parts += ["## Time and cost", _table(("Figure", "Value", "n"), figures)]
    outcomes = [[o.label, str(o.count), o.says] for o in _outcomes(rows)]
    parts += ["## What was missed", _table(("Outcome", "Cases", "Meaning"), outcomes)]
    parts += ["## By tag", _by_tag(report)]
    if failed := [row for row in rows if row["error"]]:
        told = [f"- {_markdown(row['id'])}: {_markdown(row['error'])}" for row in failed]
        parts += ["## Failures", "\n".join(told)]
    return "\n\n".join(parts) + "\n"


def _named(line: Line) -> str:
    """Returns a measure's name with what a reader of its figures must know."""
    told = f" ({_markdown(line.trust)})" if line.trust else ""
    return _markdown(line.name) + (" (lower is better)" if line.lower else told)


def _by_tag(report: Mapping[str, Any]) -> str:
    measures = report["measures"]
    cells = [
        [
            _named(line),
            *(
                _interval(found[line.name]) if line.name in found else ""
                for found in measures.values()
            ),
        ]
        for _, lines in _groups(report)
        for line in lines
    ]
    return _table(["Measure", *map(_markdown, measures)], cells)


def _interval(found: Mapping[str, float]) -> str:
    return f"{_number(found['mean'])} ({_number(found['low'])} to {_number(found['high'])})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _markdown(text: str) -> str:
    """Returns text on one line, with every character that Markdown would read made plain."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))


def _number(value: float) -> str:
    return f"{value:.3f}"


def _exact(value: float) -> str:
    """Returns a value with up to four digits, whole ones without a point."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _milliseconds(value: float) -> str:
    return f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.{0 if value >= 10 else 1}f} ms"
