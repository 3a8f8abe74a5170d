"""Output: answers, hits and reports as text; in colour on a terminal."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
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

from footnote.index.models import Hit, Paper
from footnote.index.storage.health.status import Status
from footnote.rag.answer import Answer, Statement
from footnote.ui.rendering.answer import remarks_on, writer_of
from footnote.ui.rendering.answer_blocks import Block, Bold, Pieces, parse_blocks

WIDTH = 88
# Characters of a column of a table at least.
NARROW = 30


# An abstract or a model's answer may contain escape sequences that a terminal would execute.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def show_answer(console: Console, answer: Answer) -> None:
    """Prints an answer: its blocks with their markers, then the papers by marker."""
    if answer.scope:
        told = f"only papers {answer.receipt.filters}; --no-filters to search all"
        _print(console, _text(told, "dim"))
    if answer.abstained:
        _show_refusal(console, answer)
        return
    if answer.reason:
        _print(console, _text(f"Note: {answer.reason}.", "yellow"))
    for block in parse_blocks(answer.text, answer.statements):
        _show_block(console, block)
        console.print()
    for marker, paper in enumerate(answer.papers, 1):
        _print(console, _source(marker, paper))
        # Otherwise the answer consists of its quotes.
        if answer.mode == "llm":
            _show_evidence(console, answer, marker)
    for remark in remarks_on(answer):
        console.print()
        _print(console, _text(remark, "dim"))
    for note in sorted({paper.note for paper in answer.papers if paper.note}):
        _print(console, _text(note, "dim"))
    if unread := answer.receipt.unread:
        share = f"{unread:,} of {answer.receipt.searched:,} papers are not embedded yet"
        _print(console, _text(f"{share}; they were searched by their words alone", "dim"))
    total = answer.receipt.timings_ms["total"]
    _print(console, _text(f"{writer_of(answer)}, {total:.0f} ms", "dim"))


def show_receipt(console: Console, answer: Answer) -> None:
    """Prints how an answer was made: what was searched and read, its confidence and cost."""
    receipt = answer.receipt
    leaned = ", together with the conversation" if receipt.leaned else ""
    papers = f"{receipt.searched:,} papers" + (f" {receipt.filters}" if receipt.filters else "")
    rows = [("searched", papers), ("for", f"{receipt.query}{leaned}")]
    rows += [
        ("" if n else "read", f"{paper.score:.3f}  match {paper.match:.3f}  {paper.title}")
        for n, paper in enumerate(receipt.papers_read)
    ]
    usage = f"{receipt.prompt_tokens:,} in, {receipt.completion_tokens:,} out"
    cost = "price unknown" if receipt.cost_usd is None else f"${receipt.cost_usd:.4f}"
    cost += f" by {receipt.price_source}" if receipt.price_source else ""
    stages = ", ".join(f"{name} {value:.0f} ms" for name, value in receipt.timings_ms.items())
    rows += [
        ("nearest", f"cosine {receipt.cosine:.3f}"),
        ("confidence", f"{answer.confidence:.3f}, refused below {receipt.threshold:.3f}"),
        ("composer", answer.mode),
        ("model", receipt.model or "none"),
        ("prompt", receipt.prompt_version or "none"),
        ("tokens", f"{usage}; {cost}"),
        ("time", stages),
    ]
    console.print("\nHow it was made:")
    for label, value in rows:
        name = label
        for line in _text(value).wrap(console, min(console.width, WIDTH) - 12):
            line.rstrip()
            console.print(_text(f"{name:12}", "dim").append_text(line))
            name = ""


def _show_refusal(console: Console, answer: Answer) -> None:
    _print(console, _text(answer.text))
    if answer.reason:
        _print(console, _text(f"Why: {answer.reason}.", "yellow"))
    if answer.hits:
        console.print("\nNearest papers:")
        show_hits(console, answer.hits[:3])


def _show_block(console: Console, block: Block) -> None:
    """Prints a paragraph, a heading, a list or a table."""
    match block.kind:
        case "heading":
            _print(console, _pieces(block.pieces, "bold"))
        case "list":
            for row in block.rows:
                _print(console, _pieces(row[0]), hang="- ")
        case "table":
            _show_table(console, block)
        case _:
            _print(console, _pieces(block.pieces))


def _show_table(console: Console, block: Block) -> None:
    """Prints a table; where it would be too narrow, row by row, or column by column.

    Row by row where the first column names the rows: a cell says nothing without its name.
    """
    head, *rows = block.rows
    width = min(console.width, WIDTH)
    if width >= NARROW * len(head):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, width=width)
        for cell in head:
            table.add_column(_pieces(cell, "bold"), overflow="fold", ratio=1)
        for row in rows:
            table.add_row(*(_pieces(cell) for cell in row), end_section=False)
        console.print(table)
        return
    if all(row[0] and not any(isinstance(p, Statement) for p in row[0]) for row in rows):
        for row in rows:
            _print(console, _pieces(row[0], "bold"))
            for name, cell in zip(head[1:], row[1:], strict=True):
                if cell:
                    said = _pieces(name).append(": ").append_text(_pieces(cell))
                    _print(console, said, hang="- ")
        return
    for at, cell in enumerate(head):
        _print(console, _pieces(cell, "bold"))
        for row in rows:
            if row[at]:
                _print(console, _pieces(row[at]), hang="- ")


def _pieces(pieces: Pieces, style: str = "") -> Text:
    """Returns words and statements as one text."""
    text = Text(style=style)
    for piece in pieces:
        if isinstance(piece, Statement):
            text.append_text(_sentences([piece]))
        elif isinstance(piece, Bold):
            text.append_text(_text(piece.text, "bold"))
        else:
            text.append_text(_text(piece))
    return text


def _show_evidence(console: Console, answer: Answer, marker: int) -> None:
    cited = {c for s in answer.statements for c in s.citations if c.marker == marker}
    for citation in sorted(cited, key=lambda c: c.start):
        _print(console, _text(f"“{citation.quote}”", "dim"), indent=4)


def _print(console: Console, text: Text, *, indent: int = 0, hang: str = "") -> None:
    """Prints wrapped text without space at line ends.

    Args:
        console: Where to print.
        text: One paragraph.
        indent: Spaces before each line.
        hang: Stands before the first line, and as much space before the others.
    """
    width = min(console.width, WIDTH) - indent - len(hang)
    for n, line in enumerate(text.wrap(console, width)):
        line.rstrip()
        console.print(Text(" " * indent + (" " * len(hang) if n else hang)) + line)


def _text(value: str, style: str = "") -> Text:
    """Returns a text without markup or control sequences."""
    return Text(_CONTROL.sub(" ", value), style=style)


def _sentences(statements: Sequence[Statement]) -> Text:
    text = Text()
    for statement in statements:
        text.append(" " if text else "").append_text(_text(statement.text))
        for marker in dict.fromkeys(c.marker for c in statement.citations):
            text.append(f" [{marker}]", style="cyan")
        if statement.verdict not in ("supported", None):
            told = statement.verdict.replace("unsettled", "not settled")
            text.append(f" ({told})", style="yellow")
        for note in statement.notes:
            text.append(f" ({note})", style="yellow")
    return text


def _name(paper: Paper) -> str:
    title = paper.flagged_title or paper.id
    return f"{title} ({paper.year})" if paper.year else title


def _source(marker: int, paper: Paper) -> Text:
    text = Text(f"[{marker}] ", style="cyan")
    text.append_text(_text(_name(paper), "default"))
    if paper.authors:
        more = " et al" if len(paper.authors) > 3 else ""
        text.append_text(_text(f". {', '.join(paper.authors[:3])}{more}", "dim"))
    if paper.url:
        text.append_text(_text(f". {paper.url}", "dim"))
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
        title = _text(hit.paper.flagged_title or "(untitled)")
        table.add_row(str(hit.rank), f"{hit.score:.3f}", year, title, _text(hit.paper.id))
    console.print(table)


def show_status(console: Console, status: Status) -> None:
    """Prints a library's statistics."""
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
        ("collection", _collection(status)),
    ):
        table.add_row(name, Text(value))
    console.print(table)


def _collection(status: Status) -> str:
    """Returns how far the Chroma collection has come."""
    changes = f"{status.unfolded:,} change{'s' * (status.unfolded != 1)}"
    lag = f", {changes} since, searched beside it" if status.unfolded else ""
    waiting = f"; {status.waiting:,} papers are not embedded yet" if status.waiting else ""
    where = "" if status.vectors == "folder" else f" on {status.vectors}"
    return f"number {status.generation}{where}{lag}{waiting}"


@contextmanager
def progress_bar(console: Console, label: str, total: int) -> Iterator["Bar"]:
    """Shows a bar with rate and remaining time while open, but only on a terminal."""
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
    """A running progress bar; call it with the number of finished items."""

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
