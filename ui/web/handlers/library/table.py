"""Table: papers side by side, each cell a quote."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from footnote.index.models import Paper
from footnote.rag.generation.forms.cells import (
    COLUMNS,
    Column,
    QuotedTable,
    fill_table,
    make_column,
)
from footnote.ui.export.tables import table_csv, table_markdown, table_xlsx
from footnote.ui.rendering.cards import byline
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import counted
from footnote.ui.storage.shelf import LibraryPart
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.conversations import answer_at
from footnote.ui.web.handlers.library.browsing import papers_of
from footnote.ui.web.handlers.library.papers import card_name
from footnote.ui.web.jobs import Job
from footnote.ui.web.requests import Args, BadRequest

_ROOM = "#fn-room-table"
MOST_ROWS, MOST_COLUMNS = 200, 8
FORMS = (("CSV", "csv"), ("Excel", "xlsx"), ("Markdown", "markdown"))
_WRITERS = {
    "csv": ("csv", "text/csv", table_csv),
    "markdown": ("md", "text/markdown", table_markdown),
}


def shown(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the room: an empty one says where tables come from."""
    return {"html": {_ROOM: piece("table", "room", "", (), (), ())}}


def opened(desk: AppContext, args: Args) -> dict[str, Any]:
    """Fills a table of an answer's papers, of a part of the library, or of chosen papers."""
    papers, of = _papers(desk, args)
    columns = _columns(args)
    library = desk.papers

    def work(job: Job) -> str:
        job.total = len(papers)

        def advance() -> None:
            job.check_wanted()
            job.advance()

        filled = fill_table(library, papers, columns, on_row=advance)
        return str(_table_html(filled))

    job = desk.jobs.start(args.user, "Reading", "papers", work)
    told = f"{counted(len(papers), 'paper')} {of}".strip()
    named, chosen = [one.name for one in COLUMNS], [one.name for one in columns]
    own = [name for name in chosen if name not in named]
    html = piece("table", "room", told, named, chosen, own)
    return {"html": {_ROOM: html}, "table": job}


def exported(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns the table that is shown as a file, filled as it was."""
    form = args.text("form", most=20)
    papers, _ = _papers(desk, args)
    filled = fill_table(desk.papers, papers, _columns(args))
    if form == "xlsx":
        data = table_xlsx(filled)
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return {"file": {"name": "table.xlsx", "kind": kind, "base64": data}}
    if form not in _WRITERS:
        raise BadRequest(f"no format is called {form!r}; choose one from the list")
    ending, kind, write = _WRITERS[form]
    return {"file": {"name": f"table.{ending}", "kind": kind, "text": write(filled)}}


def _papers(desk: AppContext, args: Args) -> tuple[Sequence[Paper], str]:
    """Returns the papers of a table in their order, and where they are from in words.

    Raises:
        FootnoteError: There is none, or too many.
    """
    names, within = args.texts("papers", most=5_000), args.text("within", "", most=200)
    of = ""
    if names:
        papers = [desk.papers.known(name) for name in names]
    elif within:
        papers, _ = papers_of(desk, within)
        of = next((f"of “{p.name}”" for p in _parts(desk) if p.key == within), "")
    else:
        answer = answer_at(desk, args)
        found = dict.fromkeys([*(paper.id for paper in answer.papers), *answer.more])
        papers = [paper for name in found if (paper := desk.papers.paper(name))]
        of = f"of the answer to “{answer.question}”"
    if not papers:
        raise BadRequest("no paper is in it, so there is nothing to compare")
    if len(papers) > MOST_ROWS:
        raise BadRequest(
            f"a table has at most {MOST_ROWS} papers, this would have {len(papers):,}; choose fewer"
        )
    return papers, of


def _columns(args: Args) -> list[Column]:
    asked = args.texts("columns", most=MOST_COLUMNS) or tuple(one.name for one in COLUMNS)
    return list({column.name: column for column in map(make_column, asked)}.values())


def _parts(desk: AppContext) -> Sequence[LibraryPart]:
    return desk.parts


def _table_html(table: QuotedTable) -> Markup:
    rows = []
    for row in table.rows:
        paper = row.paper
        cells = [
            (f"{cell[0]}-{cell[1]}", paper.abstract[slice(*cell)]) if cell else None
            for cell in row.cells
        ]
        spans = list(dict.fromkeys(cell[0] for cell in cells if cell))
        # A card of its own for these quotes: another answer may mark others.
        name = f"{card_name(paper)}-{'-'.join(spans) or 'none'}"
        rows.append((name, paper, byline(paper, shown=1), spans, cells))
    return piece("table", "table", table.columns, rows, FORMS)


ACTIONS = {"table": shown, "table-open": opened, "table-export": exported}
