"""CSV: tables with a row a paper, of Scopus, Web of Science, PubMed, Zotero or Excel."""

import csv
from collections.abc import Iterator
from typing import Any

from footnote.index import SourceError
from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text, in_pieces
from footnote.index.readers.fields import NAMES, is_known, name_field, our_fields
from footnote.index.readers.record import describe_fault, parse_paper

_SIGNS = ",;\t|"
# Characters of a cell; the longest abstracts have some ten thousand.
LONGEST = 1_000_000


def recognises(head: str) -> bool:
    """Returns whether a text begins with the names of columns, a title's and another's."""
    sign = _sign(head)
    names = _cells(head, sign) if sign else []
    return _has(names, "title") and sum(map(is_known, names)) > 1


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each row.

    Raises:
        SourceError: No column has abstracts.
    """
    lines = _lines(text)
    head = next((line for line in lines if line.strip() and not line.startswith("sep=")), "")
    names = _cells(head, _sign(head))
    if not head:
        return
    if not (_has(names, "title") and _has(names, "abstract")):
        told = ", ".join(one for one in names if one)[:200]
        raise SourceError(f"{name}: columns {told}; a title and an abstract are needed")
    csv.field_size_limit(LONGEST)
    rows = csv.reader(lines, delimiter=_sign(head))
    line = head.count("\n") + 1
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(name, line + rows.line_num, f"not CSV ({error})")
            return
        if not any(cell.strip() for cell in row):
            continue
        try:
            yield parse_paper(_record(names, row))
        except (ValueError, RecursionError) as error:
            yield Problem(name, line + rows.line_num - 1, describe_fault(error))


def _record(names: list[str], row: list[str]) -> dict[str, Any]:
    cells = {n: cell.strip() for n, cell in zip(names, row, strict=False) if cell.strip()}
    return our_fields(cells)


def _has(names: list[str], field: str) -> bool:
    known = {name_field(name) for name in names}
    return bool(known.intersection((field, *NAMES[field])))


def _sign(head: str) -> str:
    """Returns what stands between the columns: the sign that the first line has most."""
    lines = (line for line in head.splitlines() if line.strip() and not line.startswith("sep="))
    first = next(lines, "")
    best = max(_SIGNS, key=first.count)
    return best if best in first else ""


def _cells(head: str, sign: str) -> list[str]:
    lines = (line for line in head.splitlines() if line.strip() and not line.startswith("sep="))
    first = next(lines, "")
    if not sign or len(first) > LONGEST:
        return []
    try:
        return [cell.strip() for cell in next(csv.reader([first], delimiter=sign), [])]
    except csv.Error:
        return []


def _lines(text: Text) -> Iterator[str]:
    """Yields the lines of a text, each with its end."""
    held = ""
    for piece in in_pieces(text):
        *whole, held = (held + piece).split("\n")
        yield from (f"{line}\n" for line in whole)
    if held:
        yield held
