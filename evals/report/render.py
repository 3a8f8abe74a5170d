"""Report: a run as one HTML file that opens offline, as Markdown, or as JSON.

The figures are those of ``report.json``, none is computed anew; only the two curves (risk
over coverage, and times) and the list of cases are drawn from the rows. The template draws
with inline SVG and no chart library: the file stays self-contained, and the charts cost 5 kB.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from footnote.evals.dataset.cases import describe_made
from footnote.evals.judge.trust import JUDGED, trust
from footnote.evals.metrics.summary import Row, confidences
from footnote.evals.report.charts import curve, latency, outcomes
from footnote.evals.report.details import case
from footnote.evals.report.markdown import as_markdown
from footnote.evals.report.numbers import format_milliseconds, format_number
from footnote.evals.report.tables import figures, groups
from footnote.evals.runs.run_folder import REPORT, ROWS, RunMismatch, iterate_rows, read_report

# It stands beside this package.
TEMPLATE = "report.html.j2"


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
            f"{folder} has an unfinished run of {len(rows)} cases without {REPORT}; "
            f"finish it with: footnote eval run SET --out {folder}"
        )
    report = read_report(folder)
    _check(folder, report, rows)
    if format == "json":
        return _as_json(report, rows)
    return as_markdown(report, rows) if format == "md" else _as_html(report, rows)


def _check(folder: Path, report: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Refuses rows and a report of two runs, which would tell of each other what is not so."""
    answered = sum(row["answer"] is not None for row in rows)
    rated = "aurc" in report["measures"]["ALL"]
    told = (report["cases"], report["times"]["n"], rated)
    if told != (len(rows), answered, bool(confidences(rows))):
        raise RunMismatch(
            f"{folder}: {ROWS} and {REPORT} are from different runs; run the set again with: "
            "footnote eval run SET"
        )


def _as_json(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
    kept = ("id", "tag", "answerable", "missed", "error", "seconds", "values")
    cases = [{name: row[name] for name in kept} for row in rows]
    return json.dumps({**report, "rows": cases}, indent=1, ensure_ascii=False) + "\n"


def _as_html(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
    measures = report["measures"]
    template = _environment().get_template(TEMPLATE)
    return template.render(
        report=report,
        config=report["config"],
        made=describe_made(report["config"].get("made")),
        groups=list(groups(report)),
        figures=list(figures(report)),
        tags=[tag for tag in measures if tag != "ALL"],
        tag_sizes={tag: sum(row["tag"] == tag for row in rows) for tag in measures},
        outcomes=list(outcomes(rows)),
        curve=curve(rows),
        latency=latency(report, rows),
        cases=[case(row) for row in rows],
        trusts=[f"{name}: {trust(report, name)}" for name in JUDGED if name in measures["ALL"]],
    )


@lru_cache(1)
def _environment() -> Environment:
    """Returns what holds the template, compiled once for all reports of a process."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": format_number, "milliseconds": format_milliseconds}
    return environment
