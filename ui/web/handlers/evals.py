"""The evals room: sets made and run, runs listed and compared, a case opened as a conversation."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from markupsafe import Markup

from footnote.evals.compare import compare
from footnote.evals.dataset.cases import describe_made, makers, read_cases
from footnote.evals.dataset.making.make import CASES, make_set, write_set
from footnote.evals.report.tables import groups
from footnote.evals.runs.engine import run_engine
from footnote.evals.runs.run_folder import CONFIG, REPORT, iterate_rows, read_report
from footnote.index import SourceError
from footnote.rag.answer import Answer, AnswerTrace, Turn
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import counted
from footnote.ui.web.context import AppContext
from footnote.ui.web.jobs import Job
from footnote.ui.web.requests import Args, BadRequest
from footnote.ui.web.streaming import done_frame

_ROOM = "#fn-room-evals"
_DETAIL = "#fn-run"
CASES_SHOWN = 200
# Measures of the list; a run's own page has them all.
_MAIN = ["R@1", "R@5", "evidence", "nuggets", "abstain_right", "abstain_wrong"]


def shown(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the runs, newest first, the sets that can be run, and the way to make one."""
    able = desk.runs is not None and bool(desk.engines)
    sets = [(name, _made_of(folder)) for name, folder in desk.known_sets.items()] if able else []
    runs = [(folder.name, _report(folder)) for folder in _folders(desk)]
    makes = able and desk.made_sets is not None
    papers = desk.papers.size if makes else 0
    shown = (sets, list(desk.engines), makes, papers, runs, _MAIN)
    return {"html": {_ROOM: piece("evals", "room", *shown)}}


def made(desk: AppContext, args: Args) -> dict[str, Any]:
    """Makes a set of the library, by rules; the reply names a job to follow."""
    library, folder = desk.papers, desk.made_sets
    if folder is None:
        raise BadRequest("this server makes no sets; serve with: footnote chat")

    def work(job: Job) -> str:
        job.total = CASES
        made = make_set(library, on_case=job.advance)
        # The same papers give the same set, so pressing again adds no folder.
        name = f"made-{made.rows[0]['made']['library'][:8]}"
        return piece("evals", "made", name, counted(write_set(folder / name, made), "question"))

    return {"job": desk.jobs.start(args.user, "Making", "questions", work)}


def started(desk: AppContext, args: Args) -> dict[str, Any]:
    """Starts a run of a set; the reply names a job to follow."""
    name, sets = args.text("set", most=200), desk.known_sets
    if name not in sets or not desk.engines or desk.runs is None:
        raise BadRequest(f"no set is called {name[:40]!r}; choose one from the list")
    cases, runs = read_cases(sets[name]), desk.runs
    engine = desk.engines.get(args.text("composer", "", most=200)) or next(
        iter(desk.engines.values())
    )

    def work(job: Job) -> str:
        job.total = len(cases)
        # Two runs may begin within one second.
        folder = runs / f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(2)}"
        run_engine(engine, name, cases, folder, on_case=job.advance)
        return piece("evals", "done", folder.name)

    return {"job": desk.jobs.start(args.user, f"Asking {name}", "questions", work)}


def opened(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows one run: its measures, and its cases, the failures first."""
    folder = _folder(desk, args.text("run", most=200))
    return {"html": {_DETAIL: _run(folder)}, "focus": _DETAIL}


def compared(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows what differs between two runs, and whether it is more than chance."""
    names = args.text("a", most=200), args.text("b", most=200)
    if names[0] == names[1]:
        raise BadRequest("these are one and the same run; choose two")
    a, b = (_folder(desk, name) for name in names)
    found = compare(a, b)
    html = piece("evals", "compared", names, counted(found.cases, "case"), found)
    return {"html": {_DETAIL: html}, "focus": _DETAIL}


def case(desk: AppContext, args: Args) -> dict[str, Any]:
    """Opens a case as a conversation: its history, then its question, asked again."""
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
    frames = [done_frame(desk, a, n, n, conversation, reopened=True) for n, a in enumerate(said, 1)]
    return {"frames": frames, "conversation": conversation, "ask": row["question"]}


def _said(question: str, text: str) -> Answer:
    """Returns a case's earlier answers: text without papers."""
    receipt = AnswerTrace({}, model="from the set")
    return Answer(question, question, text, (), (), (), False, "llm", receipt)


def _folders(desk: AppContext) -> list[Path]:
    if desk.runs is None or not desk.runs.is_dir():
        return []
    found = [path.parent for path in desk.runs.glob(f"*/{CONFIG}")]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _folder(desk: AppContext, name: str) -> Path:
    found = next((folder for folder in _folders(desk) if folder.name == name), None)
    if found is None:
        raise BadRequest(f"there is no run {name[:60]!r}; choose one from the list")
    return found


def _made_of(folder: Path) -> str:
    """Returns what a reader must know of a set that a program made; "" for one of people's."""
    try:
        return describe_made(makers(read_cases(folder)))
    except SourceError:
        # It is told when it is run.
        return ""


def _report(folder: Path) -> Mapping[str, Any] | None:
    """Returns the report of a run; None if it is unfinished."""
    return read_report(folder) if (folder / REPORT).exists() else None


def _run(folder: Path) -> Markup:
    report = _report(folder)
    found = sorted(iterate_rows(folder), key=lambda row: row["missed"] in (None, "answered"))
    tables = list(groups(report)) if report else []
    made = describe_made(report["config"].get("made")) if report else ""
    return piece("evals", "run", folder.name, made, tables, found[:CASES_SHOWN])


ACTIONS = {
    "evals": shown,
    "eval-make": made,
    "eval-start": started,
    "eval-open": opened,
    "eval-compare": compared,
    "eval-case": case,
}
