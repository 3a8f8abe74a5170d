"""The evals room: runs listed, two compared, a case opened as a conversation, a run started."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from footnote.evals.compare import MetricChange, compare
from footnote.evals.dataset.cases import read_cases
from footnote.evals.report.tables import groups
from footnote.evals.runs.engine import run_engine
from footnote.evals.runs.run_folder import CONFIG, REPORT, iterate_rows, read_report
from footnote.rag.answer import Answer, AnswerTrace, Turn
from footnote.ui.rendering.cards import text_html
from footnote.ui.rendering.panels import counted, data
from footnote.ui.web.context import Desk
from footnote.ui.web.jobs import Job
from footnote.ui.web.requests import Args, BadRequest
from footnote.ui.web.streaming import done_frame

_ROOM = "#fn-room-evals"
_DETAIL = "#fn-run"
CASES_SHOWN = 200
# Measures of the list; a run's own page has them all.
_MAIN = ("R@1", "R@5", "evidence", "nuggets", "abstain_right", "abstain_wrong")


def shown(desk: Desk, args: Args) -> dict[str, Any]:
    """Shows the runs, newest first, and what a run can be started of."""
    return {
        "html": {
            _ROOM: '<header class="fn-roomhead"><h2>Evals</h2><p class="fn-soft">Each figure '
            "is a mean with its 95 % interval over the questions of a set.</p></header>"
            f'{_start(desk)}<div id="fn-progress-eval" role="status"></div>{_runs(desk)}'
            '<div id="fn-run" tabindex="-1"></div>'
        }
    }


def started(desk: Desk, args: Args) -> dict[str, Any]:
    """Starts a run of a set; the reply names a job to follow."""
    name = args.text("set", most=200)
    if name not in desk.sets or not desk.engines or desk.runs is None:
        raise BadRequest(f"no set is called {name[:40]!r}; choose one of the list")
    cases, runs = read_cases(desk.sets[name]), desk.runs
    engine = desk.engines.get(args.text("composer", "", most=200)) or next(
        iter(desk.engines.values())
    )

    def work(job: Job) -> str:
        job.total = len(cases)
        # Two runs may begin within one second.
        folder = runs / f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(2)}"
        run_engine(engine, name, cases, folder, on_case=job.advance)
        return f"<p>Done: {text_html(folder.name)}</p>"

    return {"job": desk.jobs.start(args.user, f"Asking {name}", "questions", work)}


def opened(desk: Desk, args: Args) -> dict[str, Any]:
    """Shows one run: its measures, and its cases, the failures first."""
    folder = _folder(desk, args.text("run", most=200))
    return {"html": {_DETAIL: _run(folder)}, "focus": _DETAIL}


def compared(desk: Desk, args: Args) -> dict[str, Any]:
    """Shows what differs between two runs, and whether it is more than chance."""
    names = args.text("a", most=200), args.text("b", most=200)
    if names[0] == names[1]:
        raise BadRequest("these are one and the same run; choose two")
    a, b = (_folder(desk, name) for name in names)
    found = compare(a, b)
    rows = "".join(_change(change) for change in found.changes)
    won, lost = (
        "".join(f"<li>{text_html(pair.question)}</li>" for pair in pairs)
        for pairs in (found.wins, found.losses)
    )
    cases = f"<h4>Won by the second</h4><ul>{won}</ul>" if won else ""
    cases += f"<h4>Lost by it</h4><ul>{lost}</ul>" if lost else ""
    html = (
        f"<h3>{text_html(names[0])} and {text_html(names[1])}</h3>"
        f'<p class="fn-soft">{counted(found.cases, "case")} in both; a difference is named only'
        " where it is more than chance, all measures taken together.</p>"
        f"{_scroll('Measures of both runs')}<thead><tr><th>Measure</th><th>First</th>"
        f"<th>Second</th><th>Difference</th><th></th></tr></thead><tbody>{rows}</tbody></table></div>"
        f"{cases}"
    )
    return {"html": {_DETAIL: html}, "focus": _DETAIL}


def case(desk: Desk, args: Args) -> dict[str, Any]:
    """Opens a case as a conversation: what was said before it, then its question, asked anew."""
    folder = _folder(desk, args.text("run", most=200))
    wanted = args.text("case", most=200)
    row = next((row for row in iterate_rows(folder) if row["id"] == wanted), None)
    if row is None:
        raise BadRequest(f"this run has no case {wanted[:40]!r}; open the run again")
    turns = [Turn(turn["role"], turn["content"]) for turn in row.get("history", ())]
    said = [
        _said(asked.content, answered.content)
        for asked, answered in zip(turns[::2], turns[1::2], strict=False)
    ]
    conversation = None
    if desk.conversations is not None and said:
        conversation = desk.conversations.start(args.user)
        for answer in said:
            desk.conversations.append(args.user, conversation, answer)
    frames = [done_frame(desk, a, n, n, conversation) for n, a in enumerate(said, 1)]
    return {"frames": frames, "conversation": conversation, "ask": row["question"]}


def _said(question: str, text: str) -> Answer:
    """Returns what a set says was answered before: words without papers."""
    receipt = AnswerTrace({}, model="from the set")
    return Answer(question, question, text, (), (), (), False, "llm", receipt)


def _start(desk: Desk) -> str:
    if not desk.sets or desk.runs is None or not desk.engines:
        return ""
    sets = "".join(f"<option>{text_html(name)}</option>" for name in desk.sets)
    composers = "".join(f"<option>{text_html(name)}</option>" for name in desk.engines)
    return (
        '<form class="fn-find" data-do="eval-start"><label>Set <select name="set">'
        f'{sets}</select></label><label>Written by <select name="composer">{composers}</select>'
        '</label><button class="fn-button">Start a run</button></form>'
    )


def _folders(desk: Desk) -> list[Path]:
    if desk.runs is None or not desk.runs.is_dir():
        return []
    found = [path.parent for path in desk.runs.glob(f"*/{CONFIG}")]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _folder(desk: Desk, name: str) -> Path:
    found = next((folder for folder in _folders(desk) if folder.name == name), None)
    if found is None:
        raise BadRequest(f"there is no run {name[:60]!r}; choose one of the list")
    return found


def _runs(desk: Desk) -> str:
    folders = _folders(desk)
    if not folders:
        return '<p class="fn-remark">No runs yet. Start one, or run: footnote eval run SET</p>'
    heads = "".join(f"<th>{name}</th>" for name in _MAIN)
    rows = "".join(_row(folder) for folder in folders)
    options = "".join(f"<option>{text_html(folder.name)}</option>" for folder in folders)
    other = "".join(
        f"<option{' selected' if n == 1 else ''}>{text_html(folder.name)}</option>"
        for n, folder in enumerate(folders)
    )
    comparing = (
        f'<form class="fn-find" data-do="eval-compare"><label>Compare <select name="a">{other}'
        f'</select></label><label>with <select name="b">{options}</select></label>'
        '<button class="fn-button">Compare</button></form>'
        if len(folders) > 1
        else ""
    )
    return (
        f"{_scroll('Runs')}<thead><tr><th>Run</th><th>Cases</th>"
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>{comparing}"
    )


def _scroll(label: str) -> str:
    """Returns the start of a table that a keyboard can scroll where it is too wide."""
    return (
        f'<div class="fn-scroll" role="region" tabindex="0" aria-label="{text_html(label)}">'
        '<table class="fn-table">'
    )


def _row(folder: Path) -> str:
    name = (
        f'<button type="button" class="fn-title" data-do="eval-open" {data(run=folder.name)}>'
        f"{text_html(folder.name)}</button>"
    )
    if not (folder / REPORT).exists():
        return f'<tr><td>{name}</td><td colspan="{len(_MAIN) + 1}">unfinished</td></tr>'
    report = read_report(folder)
    measures = report["measures"]["ALL"]
    cells = "".join(f"<td>{_mean(measures.get(measure))}</td>" for measure in _MAIN)
    return f"<tr><td>{name}</td><td>{report['cases']:,}</td>{cells}</tr>"


def _mean(measure: Mapping[str, Any] | None) -> str:
    if measure is None:
        return "–"
    spread = f"{measure['low']:.3f} to {measure['high']:.3f}, n={measure['n']}"
    return f'<span title="{spread}">{measure["mean"]:.3f}</span>'


def _run(folder: Path) -> str:
    tables = ""
    if (folder / REPORT).exists():
        for title, lines in groups(read_report(folder)):
            rows = "".join(
                f"<tr><td>{text_html(line.name)}</td><td>{line.mean:.3f}</td>"
                f"<td>{line.low:.3f}–{line.high:.3f}</td><td>{line.n:,}</td>"
                f"<td>{text_html(line.says)}</td></tr>"
                for line in lines
            )
            tables += (
                f"<h4>{text_html(title)}</h4>{_scroll(title)}<thead>"
                "<tr><th>Measure</th><th>Mean</th><th>95 %</th><th>n</th><th>1 would say</th></tr>"
                f"</thead><tbody>{rows}</tbody></table></div>"
            )
    found = sorted(iterate_rows(folder), key=lambda row: row["missed"] in (None, "answered"))
    cases = "".join(_case(folder, row) for row in found[:CASES_SHOWN])
    return (
        f'<h3>{text_html(folder.name)}</h3>{tables}<h4>Cases</h4><ul class="fn-hits">{cases}</ul>'
    )


def _case(folder: Path, row: Mapping[str, Any]) -> str:
    missed = row["error"] or (f"missed: {row['missed']}" if row["missed"] else "found")
    return (
        f"<li><div>{text_html(row['question'])}"
        f'<p class="fn-byline">{text_html(row["id"])} · {text_html(row["tag"])} · '
        f'{text_html(missed)}</p></div><button type="button" class="fn-quiet" data-do="eval-case"'
        f" {data(run=folder.name, case=row['id'])}"
        f' aria-label="{text_html("Open " + row["id"] + " as a conversation")}">Open</button></li>'
    )


def _change(change: MetricChange) -> str:
    told = {True: "better", False: "worse", None: "no difference shown"}[change.better]
    kind = {True: "fn-better", False: "fn-worse", None: "fn-soft"}[change.better]
    return (
        f"<tr><td>{text_html(change.measure)}</td><td>{change.a:.3f}</td><td>{change.b:.3f}</td>"
        f'<td>{change.b - change.a:+.3f}</td><td class="{kind}">{told}</td></tr>'
    )


ACTIONS = {
    "evals": shown,
    "eval-start": started,
    "eval-open": opened,
    "eval-compare": compared,
    "eval-case": case,
}
