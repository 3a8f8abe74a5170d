"""Answers, hits and reports on a terminal; colour only where it is one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from index.library import Status
from index.papers import Hit, Paper
from rag.answer import Answer, Statement

WIDTH = 88


def show_answer(console: Console, answer: Answer) -> None:
    """Prints an answer: statements by paper, their markers, then the papers by marker."""
    if answer.reason:
        console.print(Text(f"Note: {answer.reason}.", style="yellow"))
    if answer.abstained:
        console.print(Text(answer.text))
        if answer.hits:
            console.print("\nNearest papers:")
            show_hits(console, answer.hits[:3])
        return
    if answer.mode == "llm":
        console.print(_sentences(answer.statements), width=WIDTH)
    else:
        _show_quotes(console, answer)
    console.print()
    for marker, paper in enumerate(answer.papers, 1):
        console.print(_source(marker, paper), width=WIDTH)
    for note in sorted({paper.note for paper in answer.papers if paper.note}):
        console.print(Text(note, style="dim"))
    model = f" with {answer.receipt.model}" if answer.receipt.model else ""
    total = answer.receipt.timings_ms["total"]
    console.print(Text(f"{answer.mode}{model}, {total:.0f} ms", style="dim"))


def _show_quotes(console: Console, answer: Answer) -> None:
    for marker, paper in enumerate(answer.papers, 1):
        said = [s for s in answer.statements if s.citations[0].marker == marker]
        console.print(Text(_name(paper), style="bold"), width=WIDTH)
        console.print(Padding(_sentences(said), (0, 0, 1, 2)), width=WIDTH)


def _sentences(statements: Sequence[Statement]) -> Text:
    text = Text()
    for statement in statements:
        text.append(statement.text)
        for marker in dict.fromkeys(c.marker for c in statement.citations):
            text.append(f" [{marker}]", style="cyan")
        if statement.verdict != "supported":
            text.append(f" ({statement.verdict})", style="yellow")
        for note in statement.notes:
            text.append(f" ({note})", style="yellow")
        text.append(" ")
    return text


def _name(paper: Paper) -> str:
    title = paper.title or paper.id
    return f"{title} ({paper.year})" if paper.year else title


def _source(marker: int, paper: Paper) -> Text:
    text = Text(f"[{marker}] ", style="cyan")
    text.append(_name(paper), style="default")
    if paper.authors:
        more = " et al." if len(paper.authors) > 3 else ""
        text.append(f". {', '.join(paper.authors[:3])}{more}", style="dim")
    if paper.url:
        text.append(f". {paper.url}", style="dim")
    return text


def show_hits(console: Console, hits: Sequence[Hit]) -> None:
    """Prints hits as a table: rank, score, year, title, id."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("", justify="right", style="dim")
    table.add_column(hits[0].scale if hits else "score", justify="right")
    table.add_column("year", justify="right")
    table.add_column("title", overflow="fold", ratio=1)
    table.add_column("id", style="dim", overflow="ellipsis", no_wrap=True, max_width=24)
    for hit in hits:
        year = str(hit.paper.year or "")
        title = Text(hit.paper.title or "(untitled)")
        table.add_row(str(hit.rank), f"{hit.score:.3f}", year, title, Text(hit.paper.id))
    console.print(table)


def show_status(console: Console, status: Status) -> None:
    """Prints what a library holds."""
    years = f"{status.first_year} to {status.last_year}" if status.first_year else "none known"
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in (
        ("library", str(status.path)),
        ("papers", f"{status.papers:,}"),
        ("passages", f"{status.passages:,}"),
        ("years", f"{years}; {status.undated:,} papers without one"),
        ("embedder", f"{status.embedder} ({status.dimensions})"),
        ("size on disk", f"{status.bytes / 1e6:.1f} MB"),
        ("generation", str(status.generation)),
    ):
        table.add_row(name, Text(value))
    console.print(table)


@contextmanager
def progress_bar(console: Console, label: str, total: int) -> Iterator["Bar"]:
    """Shows a bar with rate and time left while open; on no terminal, nothing."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bar(progress, progress.add_task(label, total=total or None, rate=""))


class Bar:
    """A running progress bar; call it with how much more is done."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        """Use ``progress_bar``."""
        self._progress = progress
        self._task = task

    def __call__(self, count: int) -> None:
        """Moves on by ``count``."""
        self._progress.advance(self._task, count)
        self._show_rate()

    def to(self, done: int, total: int) -> None:
        """Moves to ``done`` of ``total``."""
        self._progress.update(self._task, completed=done, total=total)
        self._show_rate()

    def _show_rate(self) -> None:
        speed = self._progress.tasks[0].speed
        self._progress.update(self._task, rate=f"{speed:.0f}/s" if speed else "")
