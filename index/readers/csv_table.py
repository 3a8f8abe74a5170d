"""CSV: tables with a row a paper, of Scopus, Web of Science, PubMed, Zotero or Excel.

The first row that names columns is the header; rows before it, such as a title, are let go.

Source: RFC 4180; the names of columns are those of each service's own export.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from footnote.index import SourceError
from footnote.index.models import Paper, Problem
from footnote.index.models import identifier as make_identifier
from footnote.index.readers.encodings import Text
from footnote.index.readers.fields import NAMES, is_known, name_field, our_fields
from footnote.index.readers.record import describe_fault, parse_paper
from footnote.index.readers.splitting import split_records, with_newlines

_SIGNS = ",;\t|"
# Characters of a line, and of a cell, which is the least that Python's reader allows by itself.
LONGEST, LONGEST_CELL = 1_000_000, 131_072
# Rows that may stand before the header.
_MOST_BEFORE = 10
# Quotes without an end after which the lines behind are read once more.
_MOST_REREAD = 100
_LINE = re.compile("^", re.MULTILINE)

Line = tuple[int, str]
# A line, the cells from it on, and what is wrong with them.
Row = tuple[int, list[str], str]


def recognises(head: str, columns: Mapping[str, str] | None = None) -> bool:
    """Returns whether a text begins with the names of columns, some of which are known."""
    return bool(_header(head.splitlines(), columns)[1])


def read(
    text: Text, name: str, columns: Mapping[str, str] | None = None
) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each row.

    Args:
        text: The file, whole or in pieces.
        name: Of the file, for problems.
        columns: Our field of each column whose own name does not tell it, by that name.

    Raises:
        SourceError: No column has titles, or none abstracts.
    """
    lines = _Lines(text)
    before = lines.take(_MOST_BEFORE)
    if not any(line.strip() for _, line in before):
        return
    place, names, sign = _header([line for _, line in before], columns)
    lines.give_back(before[place + 1 :])
    if not _has(names, "venue"):
        # Publish or Perish names the journal so; others the database that they export from.
        names = ["venue" if one.casefold() == "source" else one for one in names]
    if not (_has(names, "title") and _has(names, "abstract")):
        told = ", ".join(one for one in names if one)[:200]
        of_pubmed = {"PMID", "NIHMS ID"} <= set(names)
        instead = "; PubMed's CSV has no abstracts, save in the format PubMed" if of_pubmed else ""
        raise SourceError(
            f"{name}: columns {told}; a title and an abstract are needed"
            f"{instead or '; name them with --columns title=NAME,abstract=NAME'}"
        )
    for number, cells, fault in _rows(lines, sign, len(names)):
        try:
            if fault:
                raise ValueError(fault)
            if any(cell.strip() for cell in cells):
                yield parse_paper(_record(names, cells))
        except (ValueError, RecursionError) as error:
            yield Problem(name, number, describe_fault(error))


class _Lines:
    """The lines of a text with their numbers, some of which may be read once more."""

    def __init__(self, text: Text) -> None:
        self._found = split_records(with_newlines(text), _LINE, LONGEST)
        self._again: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        while self._again or (more := self.take(1)):
            yield self._again.popleft() if self._again else more[0]

    def take(self, most: int) -> list[Line]:
        """Returns the next lines, at most so many; the end of one that is too long is cut off."""
        return [(number, line) for number, line, _ in islice(self._found, most)]

    def give_back(self, lines: Iterable[Line]) -> None:
        """Puts lines before those that come."""
        self._again.extendleft(reversed(list(lines)))


def _rows(lines: _Lines, sign: str, columns: int) -> Iterator[Row]:
    """Yields the cells of each row, and the line that it begins in."""
    reread = 0
    source = iter(lines)
    while True:
        used: list[Line] = []
        try:
            cells = next(csv.reader(_note(source, used), delimiter=sign), None)
            fault = _fault(cells or [], columns, used)
        except csv.Error as error:
            cells, fault = [], str(error)
        if not used:
            return
        if fault and len(used) > 1 and reread < _MOST_REREAD:
            # A quote has no end: what it took from the rows behind is theirs.
            reread += 1
            lines.give_back(used[1:])
            source = iter(lines)
        yield used[0][0], cells or [], fault and f"not CSV ({fault})"


def _note(source: Iterator[Line], used: list[Line]) -> Iterator[str]:
    for line in source:
        used.append(line)
        yield line[1]


def _fault(cells: list[str], columns: int, lines: list[Line]) -> str:
    """Returns what is wrong with the cells of a row; "" where nothing is."""
    if any(cell.strip() for cell in cells[columns:]):
        return f"{len(cells)} cells under {columns} columns; put quotes around a cell with commas"
    # A quote without an end takes every line behind it into its cell.
    if len(lines) > 1 and len(cells) < columns and not lines[-1][1].rstrip().endswith('"'):
        return "a quote has no end"
    return ""


def _record(names: list[str], row: list[str]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for column, cell in zip(names, row, strict=False):
        if cell.strip():
            cells.setdefault(column, cell.strip())
    found = our_fields(cells)
    # The number of a row is no name of a paper, and a word that is no date does no harm.
    if not _is_identifier(str(found.get("id", ""))):
        found.pop("id", None)
    if not re.match(r"\d{4}", str(found.get("published", ""))):
        found.pop("published", None)
    if "author_count" not in names:
        # Of a table of our own it is said of the abstract; of others it is a reader's.
        found.pop("note", None)
    return found


def _is_identifier(text: str) -> bool:
    kind, colon, value = text.partition(":")
    named = bool(colon and kind in ("arxiv", "doi", "pmid", "acl", "id") and value)
    return named or make_identifier("arxiv", text) is not None


def _has(names: list[str], field: str) -> bool:
    return any(name_field(name) in NAMES[field] for name in names)


def parse_columns(text: str) -> dict[str, str]:
    """Returns the field that each column is told to be: "title=Titel,doi=Link".

    Raises:
        ValueError: A part is none of these, or names a field that is not ours.
    """
    columns: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        field, equals, column = (side.strip() for side in part.partition("="))
        if not equals or not column or field not in NAMES:
            raise ValueError(f"{part!r} is not FIELD=COLUMN; fields are {', '.join(NAMES)}")
        columns[column.casefold()] = field
    return columns


def _header(
    lines: list[str], columns: Mapping[str, str] | None = None
) -> tuple[int, list[str], str]:
    """Returns the place of the header among lines, the names of its columns and their sign.

    Columns are names where two of them are known, a title among them or an abstract.
    """
    for place, line in enumerate(lines[:_MOST_BEFORE]):
        for sign in sorted(_SIGNS, key=line.count, reverse=True):
            names = _cells(line.lstrip("\ufeff"), sign) if sign in line else []
            if columns:
                names = _renamed(names, columns)
            if sum(map(is_known, names)) > 1 and (_has(names, "title") or _has(names, "abstract")):
                return place, names, sign
    return 0, [], ","


def _renamed(names: list[str], columns: Mapping[str, str]) -> list[str]:
    """Returns the names of columns, those that were told by their field; that counts alone."""
    told = [columns.get(name.casefold()) for name in names]
    fields = set(told) - {None}
    return [
        field or ("" if fields & {n for n, others in NAMES.items() if name_field(name) in others}
                  else name)
        for field, name in zip(told, names, strict=True)
    ]  # fmt: skip


def _cells(line: str, sign: str) -> list[str]:
    if len(line) > LONGEST_CELL:
        return []
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=sign), [])]
    except csv.Error:
        return []
