"""The catalog: papers, identifiers, passages and vectors in SQLite. The truth of a library.

A paper, its passages and their vectors are committed in one transaction. Whatever else
a library holds can be rebuilt from here without embedding again.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from footnote.index.models import Paper, Span, from_json, year_bounds
from footnote.index.storage.papers import Stored
from footnote.index.storage.vectors import MANY, in_parts

_SCHEMA = """
CREATE TABLE IF NOT EXISTS papers (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, year INTEGER, record TEXT NOT NULL,
    sentences TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS papers_by_year ON papers (year);
CREATE TABLE IF NOT EXISTS aliases (
    alias TEXT PRIMARY KEY, paper INTEGER NOT NULL REFERENCES papers) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, paper INTEGER NOT NULL REFERENCES papers,
    first INTEGER NOT NULL, last INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS passages_by_paper ON passages (paper);
CREATE TABLE IF NOT EXISTS staged (
    passage INTEGER PRIMARY KEY, embedder TEXT NOT NULL, vector BLOB NOT NULL);
"""
# The largest number that SQLite gives a row.
LAST_ROW = 2**63 - 1
# Rows remembered at most; a place takes 0.2 kB, a paper 3.
MOST_KNOWN = 50_000


Order = Literal["added", "year", "title"]
_ORDERS = {
    "added": "number DESC",
    "year": "year IS NULL, year DESC, number DESC",
    "title": "json_extract(record, '$.title') COLLATE NOCASE, number",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage stands: its paper's number, its span, and the paper's year."""

    paper: int
    start: int
    end: int
    year: int | None


class _KnownPaper:
    """Rows as they were read at one version of the file: 4 ms of a search's 13 otherwise."""

    def __init__(self, version: int = -1) -> None:
        self.version = version
        self.papers: dict[int, Paper] = {}
        self.places: dict[int, Place] = {}
        # Counting takes 3 ms at 100,000 papers, and a question counts three times.
        self.counts: tuple[int, int] | None = None


class Catalog(Stored):
    """Papers, identifiers, passages, vectors and tokens in one SQLite file."""

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes an empty catalog.

        Raises:
            LibraryError: The file is no catalog, or one of another version.
        """
        self._known = _KnownPaper()
        super().__init__(path, _SCHEMA)

    def _begun(self) -> None:
        self._known = _KnownPaper()

    # What is stored about the library itself.

    def counts(self) -> tuple[int, int]:
        """Returns the numbers of papers and of passages."""
        known = self._fresh()
        if known.counts is None:
            counted = "SELECT (SELECT count(*) FROM papers), (SELECT count(*) FROM passages)"
            known.counts = tuple(self._rows(counted)[0])
        return known.counts

    def years(self) -> dict[int | None, int]:
        """Returns how many papers each year has; None counts those without one."""
        rows = self._rows("SELECT year, count(*) FROM papers GROUP BY year ORDER BY year")
        return dict(rows)

    def notes(self) -> list[str]:
        """Returns the distinct notes that papers carry."""
        rows = self._rows(
            "SELECT DISTINCT json_extract(record, '$.note') AS note FROM papers "
            "WHERE note IS NOT NULL ORDER BY note"
        )
        return [str(row[0]) for row in rows]

    # Papers.

    def paper(self, alias: str) -> Paper | None:
        """Returns the paper with this identifier."""
        rows = self._rows(
            "SELECT record FROM papers JOIN aliases ON paper = number WHERE alias = ?", (alias,)
        )
        return from_json(rows[0][0]) if rows else None

    def owners(self, aliases: Iterable[str]) -> dict[str, int]:
        """Returns the number of the paper that each known identifier belongs to."""
        wanted = sorted(aliases)
        marks = ",".join("?" * len(wanted))
        rows = self._rows(f"SELECT alias, paper FROM aliases WHERE alias IN ({marks})", wanted)
        return {str(alias): int(number) for alias, number in rows}

    def numbers(self, ids: Iterable[str]) -> list[int]:
        """Returns the numbers of the papers that are named so, ascending."""
        rows = self._rows(
            "SELECT number FROM papers WHERE id IN (SELECT value FROM json_each(?)) "
            "ORDER BY number",
            (json.dumps(list(ids)),),
        )
        return [int(row[0]) for row in rows]

    def papers(self, last: int = 0) -> Iterator[tuple[int, Paper]]:
        """Yields every paper with its number, those after the number ``last``."""
        last = min(max(0, last), LAST_ROW)
        while rows := self._rows(
            "SELECT number, record FROM papers WHERE number > ? ORDER BY number LIMIT ?",
            (last, MANY),
        ):
            for number, record in rows:
                last = int(number)
                yield last, from_json(record)

    def page(self, order: Order, at: int, count: int) -> list[Paper]:
        """Returns up to ``count`` papers from place ``at`` on, in an order."""
        # SQLite takes numbers of 64 bits, and a negative limit for none.
        count, at = (min(max(0, number), self.counts()[0]) for number in (count, at))
        rows = self._rows(
            f"SELECT record FROM papers ORDER BY {_ORDERS[order]} LIMIT ? OFFSET ?", (count, at)
        )
        return [from_json(record) for (record,) in rows]

    def papers_by_number(self, numbers: Sequence[int]) -> dict[int, Paper]:
        """Returns the papers with these numbers; one that is gone is left out."""
        known = self._fresh().papers
        for part in in_parts([n for n in numbers if n not in known]):
            rows = self._rows(f"SELECT number, record FROM papers WHERE number IN ({part})")
            known |= {number: from_json(record) for number, record in rows}
        return {n: known[n] for n in numbers if n in known}

    def _fresh(self) -> "_KnownPaper":
        """Returns what was read since the last change to the file, by whomever."""
        with self._lock:
            version = self.data_version()
            full = max(len(self._known.papers), len(self._known.places)) > MOST_KNOWN
            if self._known.version != version or full:
                self._known = _KnownPaper(version)
            return self._known

    # Sentences and passages.

    def sentences(self, paper_id: str) -> list[Span]:
        """Returns the spans of the sentences in a paper's abstract; none if it is gone."""
        rows = self._rows("SELECT sentences FROM papers WHERE id = ?", (paper_id,))
        return [(start, end) for start, end in json.loads(rows[0][0])] if rows else []

    def sample_passages(self, count: int) -> list[int]:
        """Returns the numbers of some passages, other ones at each call."""
        rows = self._rows(
            "SELECT number FROM passages WHERE number >= (SELECT abs(random()) % max(1, "
            "(SELECT coalesce(max(number), 1) FROM passages))) LIMIT ?",
            (count,),
        )
        return [int(row[0]) for row in rows]

    def passage_numbers(self) -> list[int]:
        """Returns every passage number, ascending."""
        rows = self._rows("SELECT number FROM passages ORDER BY number")
        return [int(row[0]) for row in rows]

    def places(self, numbers: Sequence[int]) -> dict[int, Place]:
        """Returns where passages stand; one that is gone is left out."""
        known = self._fresh().places
        for part in in_parts([n for n in numbers if n not in known]):
            rows = self._rows(
                "SELECT passages.number, paper, first, last, year FROM passages "
                f"JOIN papers ON papers.number = paper WHERE passages.number IN ({part})"
            )
            known |= {row[0]: Place(*row[1:]) for row in rows}
        return {n: known[n] for n in numbers if n in known}

    def passage_numbers_of(self, paper_id: str) -> list[int]:
        """Returns the passage numbers of one paper, in order of the text."""
        rows = self._rows(
            "SELECT passages.number FROM passages JOIN papers ON papers.number = paper "
            "WHERE id = ? ORDER BY first",
            (paper_id,),
        )
        return [int(row[0]) for row in rows]

    def passage_numbers_between(
        self, since: int | None, until: int | None, papers: Collection[int] | None = None
    ) -> list[int]:
        """Returns the passage numbers of papers with a year from ``since`` to ``until``.

        Without either bound they are all passage numbers, of papers without a year too; with
        ``papers``, only those of papers with these numbers.
        """
        if since is None and until is None and papers is None:
            return self.passage_numbers()
        return self._between(
            "SELECT passages.number FROM papers JOIN passages ON paper = papers.number",
            since, until, papers,
        )  # fmt: skip

    def paper_numbers_between(
        self, since: int | None, until: int | None, papers: Collection[int] | None = None
    ) -> list[int]:
        """Returns the numbers of papers, as ``passage_numbers_between`` does of passages."""
        return self._between("SELECT number FROM papers", since, until, papers)

    def _between(
        self, select: str, since: int | None, until: int | None, papers: Collection[int] | None
    ) -> list[int]:
        dated, years = "1", tuple[int, ...]()
        if since is not None or until is not None:
            dated, years = "year BETWEEN ? AND ?", year_bounds(since, until)
        if papers is None:
            rows = self._rows(f"{select} WHERE {dated}", years)
        else:
            rows = [
                row
                for part in in_parts(sorted(papers))
                for row in self._rows(
                    f"{select} WHERE {dated} AND papers.number IN ({part})", years
                )
            ]
        return [int(row[0]) for row in rows]

    def field(self, name: str) -> Iterator[tuple[int, str]]:
        """Yields the number of each paper whose record has this field, and the field as text."""
        rows = self._rows(
            "SELECT number, json_extract(record, ?) AS value FROM papers WHERE value IS NOT NULL",
            (f"$.{name}",),
        )
        yield from rows
