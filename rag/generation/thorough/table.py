"""Table: one row a paper, each cell bound to a sentence of that paper; half rows are left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote.index.models import Paper
from footnote.rag.generation.citations import Bound, CitationBinder
from footnote.rag.generation.citations.markdown_tables import (
    is_row,
    read_row,
    says,
    split_row,
)
from footnote.rag.generation.citations.patterns import is_rule
from footnote.rag.generation.forms.form import escape_cell, heading
from footnote.rag.retrieval.evidence import Sentence

# The second where a section has the first.
HEADING, OTHER_HEADING = "Comparison", "Comparison of the papers"
COLUMNS = ("Paper", "Method", "Data", "Result")
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
# Papers of one call.
BATCH = 10
NOTHING = "–"
_LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class TableRows:
    """What a model wrote of a table.

    Attributes:
        bounds: The cells that claim something, row by row.
        papers: Ids of the papers that have a row.
        dropped: Rows that were cut off, or not of one paper.
    """

    bounds: Sequence[Bound]
    papers: Sequence[str]
    dropped: int


def read_table(text: str, given: Sequence[Sentence], *, cut: bool) -> TableRows:
    """Returns the whole rows in a model's reply, each under its paper's own title.

    Args:
        text: What the model wrote.
        given: The evidence by its numbers.
        cut: Whether it ended early.
    """
    binder = CitationBinder(given)
    lines = [line.strip() for line in binder.normalize(text).splitlines()]
    rows = [line for line in lines if is_row(line) and not is_rule(line)]
    if cut and rows and not (lines[-1] == rows[-1] and rows[-1].endswith("|")):
        whole = rows[:-1] if lines[-1] == rows[-1] else rows
    else:
        whole = rows
    bounds: list[Bound] = []
    papers: list[str] = []
    dropped = len(rows) - len(whole)
    for number, line in enumerate(whole):
        found = _read_cells(line, binder, given)
        if found is None or found[0].id in papers:
            # A head of its own is no row that was lost.
            dropped += not (number == 0 and "[" not in line)
            continue
        paper, cells = found
        papers.append(paper.id)
        bounds += _put_in_row(paper, cells)
    return TableRows(bounds, papers, dropped)


def _read_cells(
    line: str, binder: CitationBinder, given: Sequence[Sentence]
) -> tuple[Paper, list[Bound | None]] | None:
    """Returns the paper of a row and its cells, None in place of one without a quote of it."""
    cells = [cell for cell, _ in read_row(split_row(line))]
    if len(cells) == len(COLUMNS) + 1 and not says(cells[-1]):
        cells.pop()  # a column of sources, whose markers its row has by now
    if len(cells) != len(COLUMNS):
        return None
    bounds = [binder.bound(" | ", cell) for cell in cells[1:]]
    cited = Counter(id for b in bounds for id in {c.paper_id for c in b.citations})
    best = cited.most_common(2)
    if not best or (len(best) == 2 and best[0][1] == best[1][1]):
        return None
    paper = next(one.paper for one in given if one.paper.id == best[0][0])
    own = [b if {c.paper_id for c in b.citations} == {paper.id} else None for b in bounds]
    return (paper, own) if any(own) else None


def _put_in_row(paper: Paper, cells: Sequence[Bound | None]) -> list[Bound]:
    """Returns the cells of a row that claim something, with the row around them."""
    lead, found = f"\n| {name_paper(paper)}", list[Bound]()
    for cell in cells:
        if cell is None:
            lead += f" | {NOTHING}"
        else:
            found.append(replace(cell, lead=f"{lead} | "))
            lead = ""
    return [*found[:-1], replace(found[-1], tail=f"{lead} |")]


def name_paper(paper: Paper) -> str:
    """Returns a paper's title for a row: up to its colon, else its first words; and its year.

    Whether it was retracted or withdrawn stands beside that.
    """
    whole = heading(replace(paper, published=None, status=None))
    name, colon, _ = whole.partition(": ")
    if not (colon and 2 <= len(name) <= _LONGEST_TITLE):
        name = whole
    if len(name) > _LONGEST_TITLE:
        name = f"{name[:_LONGEST_TITLE].rpartition(' ')[0] or name[:_LONGEST_TITLE]} …"
    return escape_cell(heading(replace(paper, title=name)))
