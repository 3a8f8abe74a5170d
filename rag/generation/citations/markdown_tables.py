"""Tables of a model: each cell that claims something is a sentence with its markers.

Heads of columns and names of rows are words between the sentences. Models cite a row once, in a
column of sources or behind its last cell; those markers count for each of its cells.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from footnote.rag.generation.citations.patterns import BAR, MARKERS, is_rule
from footnote.rag.verification.rules.remarks import is_about_evidence

# A longer head or name of a row is a claim, which needs its quote.
_LONGEST_LABEL = 60


class Part(NamedTuple):
    """A sentence of a model's text, or a cell of its table.

    Attributes:
        lead: The text before it: space, line breaks, a bullet, the bars and labels of a table.
        text: With its markers.
        tail: What closes a table behind it.
    """

    lead: str
    text: str
    tail: str = ""


def is_row(line: str) -> bool:
    """Returns whether a line is a row of a table that says something."""
    return line.lstrip().startswith("|") and says(line)


def says(text: str) -> bool:
    """Returns whether a text contains a word besides markers."""
    return re.search(r"\w", MARKERS.sub("", text)) is not None


def split_table(lines: Sequence[str], lead: str) -> list[Part]:
    """Splits a table into its claims; none if it holds labels alone.

    Args:
        lines: Its rows, and the rule below its head if it has one.
        lead: The text before it.
    """
    headed = len(lines) > 1 and is_rule(lines[1])
    rows = [split_row(line) for line in lines if not is_rule(line)]
    hidden = _find_source_columns(rows[headed:])
    parts: list[Part] = []
    for number, row in enumerate(rows):
        head = headed and number == 0
        cells = [cell for n, cell in enumerate(read_row(row, head=head)) if n not in hidden]
        for n, (cell, claims) in enumerate(cells):
            lead += " | " if n else "| "
            if claims:
                parts.append(Part(lead, cell))
                lead = ""
            else:
                lead += cell
        lead += f" |\n|{'---|' * len(cells)}\n" if head else " |\n"
    return [*parts[:-1], parts[-1]._replace(tail=lead.rstrip())] if parts else []


def split_row(line: str) -> list[str]:
    """Returns the cells of a row."""
    barred = line.strip().startswith("|")
    cells = [cell.strip() for cell in BAR.split(line.strip())[barred:]]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def _find_source_columns(rows: Sequence[Sequence[str]]) -> set[int]:
    """Returns the columns that hold markers alone; whoever shows a claim shows its markers."""
    found = set()
    for column in range(max(map(len, rows), default=0)):
        cells = [row[column] for row in rows if column < len(row) and row[column]]
        if cells and all(MARKERS.search(cell) and not says(cell) for cell in cells):
            found.add(column)
    return found


def read_row(row: Sequence[str], *, head: bool = False) -> list[tuple[str, bool]]:
    """Returns each cell of a row and whether it claims something; a claim has the row's markers."""
    own = ["".join(mark.strip() for mark in MARKERS.findall(cell)) for cell in row]
    said = [n for n, cell in enumerate(row) if says(cell)]
    labels = [n for n in said if (head or n == 0) and not own[n] and len(row[n]) <= _LONGEST_LABEL]
    # What stands in cells of markers counts for the claims that have none, or for the last cell.
    alone = "".join(own[n] for n in range(len(row)) if n not in said)
    bare = [n for n in said if n not in labels and not own[n] and not head]
    cells = ["" if own[n] and n not in said else cell for n, cell in enumerate(row)]
    for n in bare:
        if is_about_evidence(row[n]):
            continue
        near = next(filter(None, (*own[n + 1 :], *reversed(own[:n]))), "")
        cells[n] = f"{cells[n]} {alone or near}".rstrip()
    if alone and not bare:
        cells[said[-1]] += f" {alone}"
        labels = [n for n in labels if n != said[-1]]
    return [(cell, n in said and n not in labels) for n, cell in enumerate(cells)]
