"""The command line: one function a command.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

import io
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from footnote.index import FootnoteError
from footnote.ui.cli.backup import backup, restore
from footnote.ui.cli.check import check
from footnote.ui.cli.cite import cite
from footnote.ui.cli.correct import correct
from footnote.ui.cli.digest import digest, topics
from footnote.ui.cli.doctor import doctor
from footnote.ui.cli.eval_make import make
from footnote.ui.cli.evals import app as evals
from footnote.ui.cli.export import export
from footnote.ui.cli.library import index, remove, undo
from footnote.ui.cli.mcp import mcp
from footnote.ui.cli.models import models
from footnote.ui.cli.options import (
    ComposerOption,
    CountOption,
    ExplainOption,
    InstructionsOption,
    JsonOption,
    LanguageOption,
    LengthOption,
    LibraryOption,
    Misuse,
    NoFiltersOption,
    RecordOption,
    ReplayOption,
    ShardOption,
    SinceOption,
    ThoroughOption,
    UntilOption,
    check_years,
    chosen_limits,
    chosen_model,
    console,
    make_filters,
    open_engine,
    open_reader,
    open_replaying,
    print_json,
    progress,
    read_wishes,
)
from footnote.ui.cli.positions import positions
from footnote.ui.cli.serve import chat, demo, serve
from footnote.ui.cli.settings import settings
from footnote.ui.cli.setup import setup
from footnote.ui.cli.split import split
from footnote.ui.cli.sync import sync
from footnote.ui.cli.token import app as tokens
from footnote.ui.cli.user import app as users

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from footnote.index.models import Hit
    from footnote.rag.answer import Answer, Turn
    from footnote.rag.engine import CitedQueryEngine

app = typer.Typer(
    name="footnote",
    help="Ask questions over paper abstracts; every sentence of an answer has its quote.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"footnote {version('footnote-papers')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Handle options that come before a command."""


def main() -> NoReturn:
    """Runs the command line; every error is one line on stderr."""
    logging.basicConfig(level=logging.ERROR, format="footnote: %(message)s")
    # Messages from an endpoint are for the operator; readers of an answer see only our words.
    logging.getLogger("footnote").setLevel(logging.WARNING)
    for stream in (sys.stdout, sys.stderr):
        # Do not fail on a name that the terminal cannot display.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(sys.argv[1:] or ["--help"], prog_name="footnote", standalone_mode=False)
        sys.stdout.flush()
    except Misuse as error:
        status = _print_problems(str(error), 2)
    except FootnoteError as error:
        status = _print_problems(str(error), 2 if type(error).__name__ == "QuestionError" else 1)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except BrokenPipeError:
        # The output pipe is closed, so nothing can be reported.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except OSError as error:
        status = _print_problems(str(error), 1)
    except typer.TyperException as error:
        status = _print_problems(f"{_read_history(error)}; see: footnote --help", 2)
    sys.exit(status if isinstance(status, int) else 0)


def _print_problems(message: str, status: int) -> int:
    print(f"footnote: {' '.join(message.split())}", file=sys.stderr)
    return status


def _read_history(error: Exception) -> str:
    say = getattr(error, "format_message", None)
    return str(say() if say else error).rstrip(".")


app.command()(index)
app.command()(remove)
app.command()(undo)


@app.command()
def status(
    library: LibraryOption = None, shard: ShardOption = None, as_json: JsonOption = False
) -> None:
    """Show library statistics."""
    from dataclasses import asdict

    from footnote.ui.cli.output import show_status

    with open_reader(library, shard) as opened:
        found = opened.status()
    if as_json:
        print_json({**asdict(found), "path": str(found.path)})
    else:
        show_status(console(), found)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    library: LibraryOption = None,
    shard: ShardOption = None,
    history: Annotated[
        Path | None,
        typer.Option(help='Conversation history: JSON list or JSONL of {"role", "content"}.'),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    k: CountOption = 20,
    composer: ComposerOption = "auto",
    batch: Annotated[
        Path | None, typer.Option(help='JSONL file with {"id", "question", "history"} per line.')
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the batch's answers.")] = None,
    no_filters: NoFiltersOption = False,
    explain: ExplainOption = False,
    thorough: ThoroughOption = False,
    language: LanguageOption = None,
    length: LengthOption = None,
    instructions: InstructionsOption = None,
    record: RecordOption = None,
    replay: ReplayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with quotes from the papers, or a whole file of questions."""
    from footnote.rag.query.question import understand

    _check_asked(question, batch, out, history)
    if thorough:
        _check_thorough(batch, composer, recorded=bool(record or replay))
    check_years(since, until)
    wishes = read_wishes(language, length, instructions)
    opened = open_replaying(library, composer, record, replay, wishes, shard)
    filters = make_filters(since, until)
    asking: dict[str, Any] = {"filters": filters, "k": k, "read_filters": not no_filters}
    if question is None:
        _ask_batch(batch, out, opened, **asking)
        return
    turns = _turns(history) if history else []
    # Complain before anything is loaded.
    understand(question, turns, longest=chosen_limits().question)
    with opened as engine:
        answer = _ask_one(engine, question, turns, thorough=thorough, **asking)
    _show_answer(answer, as_json=as_json, explain=explain)


def _ask_one(
    engine: "CitedQueryEngine",
    question: str,
    turns: "Sequence[Turn]",
    *,
    thorough: bool,
    **asking: Any,
) -> "Answer":
    if not thorough:
        return engine.ask(question, turns, **asking)
    from footnote.ui.cli.thorough import ask_thoroughly

    return ask_thoroughly(engine, question, turns, **asking)


def _show_answer(answer: "Answer", *, as_json: bool, explain: bool) -> None:
    from footnote.rag.answer import STOPPED
    from footnote.rag.serialization import answer_json

    if as_json:
        print_json(answer_json(answer))
    else:
        from footnote.ui.cli.output import show_answer, show_receipt

        show_answer(console(), answer)
        if explain:
            show_receipt(console(), answer)
    if answer.reason == STOPPED:
        raise typer.Abort


def _check_asked(
    question: str | None, batch: Path | None, out: Path | None, history: Path | None
) -> None:
    if (question is None) == (batch is None):
        raise Misuse('give one question, or --batch IN.jsonl --out OUT.jsonl: footnote ask "..."')
    if (out is None) != (batch is None):
        raise Misuse("--batch IN.jsonl and --out OUT.jsonl go together; give both")
    if batch and history:
        raise Misuse('--history is for one question; a batch has "history" in its lines')


def _check_thorough(batch: Path | None, composer: str, *, recorded: bool) -> None:
    """Rejects what no thorough answer can be made of, before anything is loaded."""
    if batch:
        raise Misuse("--thorough is for one question; ask the questions of a batch one by one")
    if recorded:
        return
    if composer == "extractive":
        raise Misuse(
            "--thorough lets a language model write, and --composer extractive only quotes; "
            "leave one of them out"
        )
    if chosen_model("auto") is None:
        raise Misuse(
            "--thorough lets a language model write, and none is configured; set OPENAI_API_KEY, "
            "or OPENAI_BASE_URL and FOOTNOTE_MODEL"
        )


def _ask_batch(
    batch: Path | None,
    out: Path | None,
    opened: "AbstractContextManager[CitedQueryEngine]",
    **asking: Any,
) -> None:
    from footnote.ui.cli.batch import answer_all, read_questions

    assert batch is not None
    assert out is not None
    _check_out(out, batch)
    asked = read_questions(batch)
    with opened as engine, progress("Answering", len(asked)) as advance:
        failed = answer_all(engine, asked, out, on_answer=advance, **asking)
    if failed:
        raise FootnoteError(f"{failed} of {len(asked)} questions failed; see 'reason' in {out}")


def _turns(history: Path) -> "list[Turn]":
    from footnote.ui.cli.batch import read_turns

    return read_turns(history)


def _check_out(out: Path, batch: Path) -> None:
    """Checks the output path before an hour of answers is lost."""
    if out.is_dir() or not out.parent.is_dir():
        raise Misuse(f"{out} cannot be a file; give --out a file in a folder that exists")
    if out.exists() and batch.exists() and out.samefile(batch):
        raise Misuse(f"--out {out} would overwrite the questions; give another file")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    library: LibraryOption = None,
    shard: ShardOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    k: CountOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Find papers by meaning and words, without answering."""
    from footnote.rag.query.question import understand

    asked = understand(query, longest=chosen_limits().question)
    check_years(since, until)
    with open_engine(library, "extractive", shards=shard) as engine:
        found = engine.retriever.find(asked, k=k, filters=make_filters(since, until))
    if found.note:
        console(stderr=True).print(f"Note: {found.note}.", style="yellow", markup=False)
    _show(found.hits, as_json, "No papers found; widen the years or use other words.")


@app.command()
def similar(
    paper: Annotated[str, typer.Argument(help="Id, arXiv number or title of a paper.")],
    library: LibraryOption = None,
    shard: ShardOption = None,
    k: CountOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Find the papers most similar to a paper in the library."""
    with open_reader(library, shard) as opened:
        hits = opened.similar(paper, k=k)
    _show(hits, as_json, "The library has no other papers.")


def _show(hits: "Sequence[Hit]", as_json: bool, nothing: str) -> None:
    from footnote.ui.cli.output import show_hits

    if as_json:
        rows = [
            {
                "paper_id": hit.paper.id,
                "title": hit.paper.title,
                "year": hit.paper.year,
                **({"status": hit.paper.status} if hit.paper.status else {}),
                "score": round(hit.score, 6),
                "scale": hit.scale,
                "rank": hit.rank,
            }
            for hit in hits
        ]
        print_json(rows)
    elif hits:
        show_hits(console(), hits)
    else:
        print(nothing)


for command in (
    export, correct, split, cite, check, positions, topics, digest, chat, serve, mcp, demo,
    models, settings, setup, doctor, backup, restore, sync,
):  # fmt: skip
    app.command()(command)
evals.command()(make)
app.add_typer(evals, name="eval")
app.add_typer(users, name="user")
app.add_typer(tokens, name="token")


if __name__ == "__main__":
    main()
