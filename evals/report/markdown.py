"""A report as Markdown: the summary, without the cases that went well."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from footnote.evals.dataset.cases import describe_made
from footnote.evals.metrics.summary import Row
from footnote.evals.report.charts import outcomes
from footnote.evals.report.numbers import format_number
from footnote.evals.report.tables import ReportLine, figures, groups


def as_markdown(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Returns the summary of a run, and its failures."""
    config = report["config"]
    made = describe_made(config.get("made"))
    parts = [
        f"# {_markdown(config['set'])}: {report['cases']} cases, {report['failures']} failures",
        "\n".join(f"- {name}: {_markdown(str(value))}" for name, value in config.items()),
    ]
    parts += [_markdown(made)] if made else []
    for title, lines in groups(report):
        cells = [
            [
                _named(line),
                format_number(line.mean),
                f"{format_number(line.low)} to {format_number(line.high)}"
                if line.resampled
                else "",
                f"{line.n} {line.unit}",
                str(line.failures),
            ]
            for line in lines
        ]
        heads = ("Measure", "Mean", "95 % interval", "n", "Failures")
        parts += [f"## {title}", _table(heads, cells)]
    costs = [[_markdown(f.name), f.shown, f"{f.n} {f.unit}"] for f in figures(report)]
    parts += ["## Time and cost", _table(("Figure", "Value", "n"), costs)]
    missed = [[o.label, str(o.count), o.says] for o in outcomes(rows)]
    parts += ["## What was missed", _table(("Outcome", "Cases", "Meaning"), missed)]
    parts += ["## By tag", _by_tag(report)]
    if failed := [row for row in rows if row["error"]]:
        told = [f"- {_markdown(row['id'])}: {_markdown(row['error'])}" for row in failed]
        parts += ["## Failures", "\n".join(told)]
    return "\n\n".join(parts) + "\n"


def _named(line: ReportLine) -> str:
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
        for _, lines in groups(report)
        for line in lines
    ]
    return _table(["Measure", *map(_markdown, measures)], cells)


def _interval(found: Mapping[str, float]) -> str:
    mean, low, high = (format_number(found[name]) for name in ("mean", "low", "high"))
    return f"{mean} ({low} to {high})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _markdown(text: str) -> str:
    """Returns text on one line, with every character that Markdown would read made plain."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))
