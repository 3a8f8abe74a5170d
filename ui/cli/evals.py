"""``footnote eval``: run a set, compare runs, check a gate, write reports, import feedback."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from footnote.index import FootnoteError
from footnote.ui.cli.judge_options import (
    JudgeLabelsOption,
    JudgeModelOption,
    JudgeOption,
    JudgePricesOption,
    JudgeTokensOption,
    JudgeUsdOption,
    JudgeWish,
    open_judge,
)
from footnote.ui.cli.options import (
    ComposerOption,
    JsonOption,
    LibraryOption,
    Misuse,
    ReplayOption,
    console,
    open_engine,
    open_replaying,
    print_json,
    progress,
)

if TYPE_CHECKING:
    from footnote.evals.dataset.cases import Case
    from footnote.evals.judge.run import Judging
    from footnote.evals.runs.sweep import Setting
    from footnote.rag.engine import CitedQueryEngine

app = typer.Typer(
    help="Measure answers; every figure has its confidence interval.", rich_markup_mode=None
)

SetArgument = Annotated[Path, typer.Argument(help="Folder of an evaluation set.", metavar="SET")]
RunArgument = Annotated[Path, typer.Argument(help="Folder of a run.")]
OnlyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="File of the ids of questions, one a line; asks only these."),
]
WorkersOption = Annotated[
    int, typer.Option(min=1, max=64, help="Number of questions asked in parallel.")
]


@app.command()
def run(
    cases: SetArgument,
    library: LibraryOption = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; a new one by default.")] = None,
    composer: ComposerOption = "auto",
    k: Annotated[
        int, typer.Option("-k", min=1, max=1000, help="Number of papers per question.")
    ] = 20,
    limit: Annotated[
        int | None, typer.Option(min=1, max=10**9, help="Maximum number of questions.")
    ] = None,
    only: OnlyOption = None,
    workers: WorkersOption = 1,
    judge: JudgeOption = False,
    judge_model: JudgeModelOption = None,
    judge_tokens: JudgeTokensOption = None,
    judge_usd: JudgeUsdOption = None,
    judge_prices: JudgePricesOption = None,
    judge_labels: JudgeLabelsOption = None,
    replay: ReplayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask every question of a set and measure the answers; --out resumes a killed run."""
    from footnote.evals.dataset.cases import choose_cases

    asked = choose_cases(cases, only, limit)
    folder = out or Path("runs") / f"{cases.resolve().name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    wish = JudgeWish(judge_model, judge_tokens, judge_usd, judge_prices, judge_labels)
    with (
        open_judge(judge, wish, cases=cases, folder=folder) as judging,
        open_replaying(library, composer, None, replay) as engine,
    ):
        report = _run(engine, cases, asked, folder, k=k, workers=workers, judging=judging)
    if as_json:
        print_json(report)
    else:
        _show(report, folder)


@app.command()
def record(
    cases: SetArgument,
    out: Annotated[Path, typer.Option(help="Folder for prompts and replies.")],
    library: LibraryOption = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=10**9, help="Maximum number of questions.")
    ] = None,
    only: OnlyOption = None,
) -> None:
    """Write the prompts that a run of a set needs, as far as the replies so far make possible.

    Put each reply into OUT/replies under the name of its prompt and run this again, until no
    prompt is left; `footnote eval run SET --replay OUT` then measures the answers.
    """
    from footnote.evals.dataset.cases import choose_cases
    from footnote.rag.generation.chat.recorded import MissingReply

    asked = choose_cases(cases, only, limit)
    with (
        open_replaying(library, "auto", out, None) as engine,
        progress("Recording", len(asked)) as advance,
    ):
        left = 0
        for case in asked:
            try:
                engine.ask(case.question, case.history)
            except MissingReply:
                left += 1
            advance(1)
    print(f"{len(asked) - left} of {len(asked)} questions have all their replies")


@app.command()
def pack(
    folder: Annotated[Path, typer.Argument(help="Folder of `footnote eval record`.")],
    out: Annotated[Path, typer.Option(help="File for the replies: .jsonl.gz")],
    by: Annotated[str, typer.Option(help="Who or what wrote the replies.")],
) -> None:
    """Pack recorded replies into one compressed file."""
    from footnote.rag.generation.chat.recorded import pack_replies

    print(f"{pack_replies(folder, out, by=by)} replies in {out}")


@app.command()
def report(
    run: RunArgument,
    format: Annotated[Literal["html", "md", "json"], typer.Option(help="Format.")] = "html",
    out: Annotated[
        Path | None, typer.Option(help="File; by default report.html in the run's folder.")
    ] = None,
) -> None:
    """Write a run's report: one HTML file that opens offline, Markdown or JSON."""
    from footnote.evals.report import render_report

    text = render_report(run, format=format)
    if format != "html" and out is None:
        print(text, end="")
        return
    target = out or run / "report.html"
    target.write_text(text, "utf-8")
    print(target)


@app.command()
def compare(
    a: RunArgument,
    b: RunArgument,
    by: Annotated[str, typer.Option(help="Measure that decides won and lost cases.")] = "evidence",
    as_json: JsonOption = False,
) -> None:
    """Show how run B differs from run A, and whether the difference is more than chance."""
    from footnote.evals.compare import compare as compared
    from footnote.ui.cli.eval_output import show_comparison

    found, reports = compared(a, b, by=by), [_report_of(a), _report_of(b)]
    if as_json:
        judges = {name: report.get("judge") for name, report in zip("ab", reports, strict=True)}
        print_json({**asdict(found), "judges": judges})
    else:
        show_comparison(console(), found, reports)


@app.command()
def gate(
    run: RunArgument,
    min: Annotated[
        list[str] | None, typer.Option("--min", help='"MEASURE=VALUE" or "TAG/MEASURE=VALUE".')
    ] = None,
    no_worse_than: Annotated[Path | None, typer.Option(help="Run to compare with.")] = None,
) -> None:
    """Exit with status 1 if a run is below its bounds or worse than another run."""
    from footnote.evals.compare import compare as compared
    from footnote.evals.compare import failed_bounds
    from footnote.evals.runs.run_folder import read_report

    if not min and no_worse_than is None:
        raise Misuse('nothing to check; give --min "R@5=0.9" or --no-worse-than RUN')
    found = read_report(run)
    failed = [f"{line}{_in_brackets(found, line)}" for line in failed_bounds(found, min or [])]
    if no_worse_than is not None:
        worse = [c for c in compared(no_worse_than, run).shown if c.better is False]
        for change in worse:
            line = f"{change.measure} fell from {change.a:.3f} to {change.b:.3f}"
            failed.append(f"{line}{_in_brackets(found, line)}")
    if failed:
        raise FootnoteError(f"gate failed: {'; '.join(failed)}")
    print("gate passed")


@app.command()
def sweep(
    cases: SetArgument,
    settings: Annotated[
        list[str],
        typer.Argument(help='"NAME: key=value, ..."; the others are compared with the first.'),
    ],
    library: LibraryOption = None,
    by: Annotated[str, typer.Option(help="Measure to choose by.")] = "evidence",
    out: Annotated[Path, typer.Option(help="Folder for the runs.")] = Path("runs/sweep"),
) -> None:
    """Compare several settings on one set, in one table."""
    from footnote.evals.dataset.cases import read_cases
    from footnote.evals.runs.sweep import parse_setting, table
    from footnote.ui.cli.eval_output import show_sweep

    parsed = [parse_setting(text) for text in settings]
    if len({setting.name for setting in parsed}) < len(parsed):
        raise Misuse("two settings have the same name; give each its own")
    asked = read_cases(cases)
    folders = {}
    for setting in parsed:
        folders[setting.name] = out / setting.name
        with open_engine(library, setting.composer or "extractive") as engine:
            _apply(engine, setting)
            _run(engine, cases, asked, folders[setting.name], k=setting.k or 20, setting=setting)
    show_sweep(console(), table(folders, by), by)


@app.command("import")
def import_feedback(
    feedback: Annotated[Path, typer.Argument(help="JSONL file recorded by the chat page.")],
    out: Annotated[Path, typer.Option(help="File to write, such as questions.jsonl.")],
) -> None:
    """Turn feedback recorded by the chat page into cases."""
    from footnote.evals.feedback import cases_from_feedback, read_feedback, write_cases

    entries, problems = read_feedback(feedback)
    for problem in problems:
        print(problem, file=sys.stderr)
    found = cases_from_feedback(entries)
    count = write_cases(out, found.rows)
    skipped = "".join(f", {n} skipped ({why})" for why, n in found.skipped.items())
    print(f"{len(entries)} entries, {len(problems)} problems{skipped}; {count} cases in {out}")


@app.command()
def agree(
    human: Annotated[Path, typer.Argument(help='JSONL of {"id", "label"} from people.')],
    machine: Annotated[Path, typer.Argument(help='JSONL of {"id", "score" or "label"}.')],
    threshold: Annotated[
        float | None, typer.Option(help="Lowest score that counts as --positive.")
    ] = None,
    positive: Annotated[
        str | None, typer.Option(help="Label that scores from --threshold on mean.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how well a measure or a judge agrees with people."""
    from footnote.evals.judge.agreement import agreement, read_ratings

    ours, theirs = read_ratings(human, human=True), read_ratings(machine)
    found = asdict(agreement(ours, theirs, threshold=threshold, positive=positive))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        print(f"{name:18s} {value}")


def _run(
    engine: "CitedQueryEngine",
    folder_of_cases: Path,
    cases: "list[Case]",
    folder: Path,
    *,
    k: int,
    workers: int = 1,
    setting: "Setting | None" = None,
    judging: "Judging | None" = None,
) -> dict[str, Any]:
    """Runs cases through an engine into a folder, with a progress bar; returns the report."""
    from footnote.evals.runs.engine import run_engine

    with progress("Answering", len(cases)) as advance:
        return run_engine(
            engine,
            folder_of_cases.resolve().name,
            cases,
            folder,
            k=k,
            workers=workers,
            setting=setting,
            judging=judging,
            on_case=advance,
        )


def _report_of(run: Path) -> dict[str, Any]:
    """Returns the report of a run; an empty one while it is unfinished."""
    from footnote.evals.runs.run_folder import REPORT, read_report

    return read_report(run) if (run / REPORT).exists() else {}


def _in_brackets(report: dict[str, Any], line: str) -> str:
    """Returns how well people agree with the judge behind a line's figure."""
    from footnote.evals.judge.trust import JUDGED, trust

    return "".join(f" ({trust(report, name)})" for name in JUDGED if name in line)


def _apply(engine: "CitedQueryEngine", setting: "Setting") -> None:
    """Applies a setting to an engine."""
    from footnote.rag.generation.extractive import ExtractiveComposer
    from footnote.rag.retrieval.hybrid import Fusion

    if setting.dense_weight is not None:
        engine.retriever.fusion = Fusion(setting.dense_weight)
    if setting.sentences is not None:
        engine.composer = ExtractiveComposer(sentences=setting.sentences)


def _show(report: dict[str, Any], folder: Path) -> None:
    from footnote.ui.cli.eval_output import show_measures

    show_measures(console(), report)
    print(f"Run: {folder}   report: footnote eval report {folder}")
