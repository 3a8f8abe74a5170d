"""Tables: papers side by side as CSV, Markdown and XLSX; every cell is a quote."""

import base64
import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from footnote.rag.answer import Answer, Statement
from footnote.rag.generation.forms.cells import QuotedTable
from footnote.ui.export.citation_data import one_line
from footnote.ui.export.transcripts import text_markdown
from footnote.ui.rendering.answer_blocks import Pieces, parse_blocks
from footnote.ui.rendering.cards import web_address

# What a spreadsheet takes for a formula where a cell begins with it.
_FORMULA = ("=", "+", "-", "@")
# Characters: the width of a column with quotes, and of one without.
_WIDE, _NARROW = 60, 12


def table_csv(table: QuotedTable) -> str:
    """Returns the table as CSV with a head; what would be a formula has an apostrophe before it."""
    return _write_csv(_rows(table))


def answer_csv(answer: Answer) -> str:
    """Returns the tables of an answer as CSV, sentences with their markers; "" without any."""
    blocks = parse_blocks(answer.text, answer.statements)
    tables = [block.rows for block in blocks if block.kind == "table"]
    return "\n".join(_write_csv([_words(cell) for cell in row] for row in rows) for rows in tables)


def _words(pieces: Pieces) -> str:
    parts = []
    for piece in pieces:
        if isinstance(piece, Statement):
            markers = "".join(f" [{citation.marker}]" for citation in piece.citations)
            parts.append(piece.text + markers)
        else:
            parts.append(piece if isinstance(piece, str) else piece.text)
    return one_line("".join(parts))


def _write_csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row)
    return out.getvalue()


def table_markdown(table: QuotedTable) -> str:
    """Returns the table as a Markdown table; foreign text shows as it is."""
    head, *rows = ([text_markdown(cell) for cell in row] for row in _rows(table))
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def table_xlsx(table: QuotedTable) -> str:
    """Returns the table as an Excel workbook in base64; every cell is text, none a formula."""
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    for n, row in enumerate(_rows(table), 1):
        for m, text in enumerate(row, 1):
            cell = sheet.cell(n, m)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if n == 1:
                cell.font = Font(bold=True)
    for m in range(1, len(table.columns) + 4):
        wide = m == 1 or m > 3
        sheet.column_dimensions[get_column_letter(m)].width = _WIDE if wide else _NARROW
    sheet.freeze_panes = "B2"
    out = io.BytesIO()
    book.save(out)
    return base64.b64encode(out.getvalue()).decode()


def _rows(table: QuotedTable) -> Iterator[list[str]]:
    """Yields the head, then each paper: its title, year, address, and what it says."""
    yield ["Paper", "Year", "Address", *(column.name for column in table.columns)]
    for row in table.rows:
        paper = row.paper
        told = (paper.abstract[slice(*cell)] if cell else "" for cell in row.cells)
        facts = (paper.flagged_title, str(paper.year or ""), web_address(paper) or "")
        yield [one_line(text) for text in (*facts, *told)]
