"""The papers of a catalog: their records, identifiers and numbers.

Papers are numbered in the order of adding; a number is never reused, even after papers were
removed.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar

from footnote.index.models import Paper, Span, from_json, to_json, year_bounds
from footnote.index.storage.database import MANY, Database, RowCache, in_parts

# The largest number that SQLite gives a row.
LAST_ROW = 2**63 - 1

Order = Literal["added", "year", "title"]
Found = TypeVar("Found")
# What is read once for each state of the catalog.
PAPERS, WITHOUT_AUTHORS, YEARS, NOTES, UNCUT = range(5)
_ORDERS = {
    "added": "number DESC",
    # NULL is smaller than any year, so papers without one come last, and the index gives the order.
    "year": "year DESC, number DESC",
    "title": "json_extract(record, '$.title') COLLATE NOCASE, number",
}
# The next number after every one that a paper ever had: indexes may still name one that left.
_NEXT_NUMBER = (
    "SELECT 1 + max((SELECT coalesce(max(number), 0) FROM papers), "
    "(SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM meta WHERE key = 'retired'))"
)


class PaperTable:
    """Records by number and by identifier. What changes them runs in the caller's transaction."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the table."""
        self._db = db
        self._known = RowCache[Paper](db)
        # Counting takes 3 ms at 100,000 papers, of those without authors 150 ms, and a question
        # counts three times; each visit to the page asks for years and notes.
        self._facts = RowCache[Any](db)

    # Reading.

    def count(self) -> int:
        """Returns the number of papers."""
        sql = "SELECT count(*) FROM papers"
        return self._once(PAPERS, lambda: int(self._db.rows(sql)[0][0]))

    def years(self) -> dict[int | None, int]:
        """Returns how many papers each year has; None counts those without one."""
        sql = "SELECT year, count(*) FROM papers GROUP BY year ORDER BY year"
        return dict(self._once(YEARS, lambda: self._db.rows(sql)))

    def notes(self) -> list[str]:
        """Returns the distinct notes that papers carry."""
        sql = (
            "SELECT DISTINCT json_extract(record, '$.note') AS note FROM papers "
            "WHERE note IS NOT NULL ORDER BY note"
        )
        return [str(note) for (note,) in self._once(NOTES, lambda: self._db.rows(sql))]

    def titles(
        self, numbers: Sequence[int] | None = None
    ) -> dict[int, tuple[str, str, int | None]]:
        """Returns the id, the title and the year of each paper, or of some, by number."""
        select = "SELECT number, id, json_extract(record, '$.title'), year FROM papers"
        if numbers is None:
            rows = self._db.rows(select)
        else:
            rows = [
                row
                for part in in_parts(numbers)
                for row in self._db.rows(f"{select} WHERE number IN ({part})")
            ]
        return {row[0]: (row[1], row[2] or "", row[3]) for row in rows}

    def field(self, name: str) -> Iterator[tuple[int, str]]:
        """Yields the number of each paper whose record has this field, and the field as text."""
        rows = self._db.rows(
            "SELECT number, json_extract(record, ?) AS value FROM papers WHERE value IS NOT NULL",
            (f"$.{name}",),
        )
        yield from rows

    def count_field(self, name: str) -> dict[str | None, int]:
        """Returns how many papers have each value of a field of text; None counts those without."""
        rows = self._db.rows(
            "SELECT json_extract(record, ?), COUNT(*) FROM papers GROUP BY 1", (f"$.{name}",)
        )
        return {value or None: count for value, count in rows}

    def count_without_authors(self) -> int:
        """Returns how many papers name no author."""
        sql = "SELECT count(*) FROM papers WHERE json_array_length(record, '$.authors') = 0"
        return self._once(WITHOUT_AUTHORS, lambda: int(self._db.rows(sql)[0][0]))

    def _once(self, fact: int, read: Callable[[], Found]) -> Found:
        known = self._facts.current()
        if fact not in known:
            known[fact] = read()
        found: Found = known[fact]
        return found

    def find(self, alias: str) -> Paper | None:
        """Returns the paper with this identifier."""
        rows = self._db.rows(
            "SELECT record FROM papers JOIN aliases ON paper = number WHERE alias = ?", (alias,)
        )
        return from_json(rows[0][0]) if rows else None

    def owners(self, aliases: Iterable[str]) -> dict[str, int]:
        """Returns the number of the paper that each known identifier belongs to."""
        rows = self._db.rows(
            "SELECT alias, paper FROM aliases WHERE alias IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(aliases)),),
        )
        return {str(alias): int(number) for alias, number in rows}

    def aliases(self) -> Iterator[tuple[str, int]]:
        """Yields every identifier with the number of its paper, in the order of code points."""
        last = ""
        while rows := self._db.rows(
            "SELECT alias, paper FROM aliases WHERE alias > ? ORDER BY alias LIMIT ?", (last, MANY)
        ):
            yield from rows
            last = rows[-1][0]

    def ids_of(self, aliases: Iterable[str]) -> dict[str, str]:
        """Returns the id of the paper that each known identifier belongs to."""
        rows = self._db.rows(
            "SELECT alias, id FROM aliases JOIN papers ON paper = number "
            "WHERE alias IN (SELECT value FROM json_each(?))",
            (json.dumps(list(aliases)),),
        )
        return {str(alias): str(id) for alias, id in rows}

    def names_of(self, aliases: Iterable[str]) -> dict[str, list[str]]:
        """Returns every identifier that finds the same paper, by each that is known.

        The paper's id is the first.
        """
        rows = self._db.rows(
            "SELECT given.alias, owned.alias FROM aliases AS given "
            "JOIN papers ON papers.number = given.paper "
            "JOIN claims ON claims.paper = given.paper "
            "JOIN aliases AS owned ON owned.alias = claims.alias AND owned.paper = given.paper "
            "WHERE given.alias IN (SELECT value FROM json_each(?)) "
            "ORDER BY given.alias, owned.alias != papers.id, owned.alias",
            (json.dumps(list(aliases)),),
        )
        found: dict[str, list[str]] = {}
        for given, owned in rows:
            found.setdefault(str(given), []).append(str(owned))
        return found

    def numbers(self, ids: Iterable[str]) -> list[int]:
        """Returns the numbers of the papers that are named so, ascending."""
        rows = self._db.rows(
            "SELECT number FROM papers WHERE id IN (SELECT value FROM json_each(?)) "
            "ORDER BY number",
            (json.dumps(list(ids)),),
        )
        return [int(row[0]) for row in rows]

    def numbers_between(
        self, since: int | None, until: int | None, papers: Collection[int] | None = None
    ) -> list[int]:
        """Returns the numbers of papers with a year from ``since`` to ``until``.

        Without either bound they are all numbers, of papers without a year too; with ``papers``,
        only those of papers with these numbers.
        """
        return select_between(self._db, "SELECT number FROM papers", since, until, papers)

    def all(self, last: int = 0) -> Iterator[tuple[int, Paper]]:
        """Yields every paper with its number, those after the number ``last``."""
        last = min(max(0, last), LAST_ROW)
        while rows := self._db.rows(
            "SELECT number, record FROM papers WHERE number > ? ORDER BY number LIMIT ?",
            (last, MANY),
        ):
            for number, record in rows:
                last = int(number)
                yield last, from_json(record)

    def page(self, order: Order, at: int, count: int) -> list[Paper]:
        """Returns up to ``count`` papers from place ``at`` on, in an order."""
        # SQLite takes numbers of 64 bits, and a negative limit for none.
        count, at = (min(max(0, number), self.count()) for number in (count, at))
        rows = self._db.rows(
            f"SELECT record FROM papers ORDER BY {_ORDERS[order]} LIMIT ? OFFSET ?", (count, at)
        )
        return [from_json(record) for (record,) in rows]

    def dated(self, count: int, *, oldest: bool = False) -> list[Paper]:
        """Returns up to ``count`` papers with a year, the newest or the oldest first."""
        way = "ASC" if oldest else "DESC"
        rows = self._db.rows(
            "SELECT record FROM papers WHERE year IS NOT NULL "
            f"ORDER BY year {way}, json_extract(record, '$.published') {way} LIMIT ?",
            (count,),
        )
        return [from_json(record) for (record,) in rows]

    def by_number(self, numbers: Sequence[int]) -> dict[int, Paper]:
        """Returns the papers with these numbers; one that is gone is left out."""
        known = self._known.current()
        for part in in_parts([n for n in numbers if n not in known]):
            rows = self._db.rows(f"SELECT number, record FROM papers WHERE number IN ({part})")
            known |= {number: from_json(record) for number, record in rows}
        return {n: known[n] for n in numbers if n in known}

    def read(self, numbers: Sequence[int]) -> Iterator[tuple[int, Paper]]:
        """Yields the papers with these numbers, without remembering them."""
        for part in in_parts(numbers):
            rows = self._db.rows(
                f"SELECT number, record FROM papers WHERE number IN ({part}) ORDER BY number"
            )
            yield from ((int(number), from_json(record)) for number, record in rows)

    def sentences(self, paper_id: str) -> list[Span] | None:
        """Returns the spans of the sentences in a paper's abstract; none if it is gone.

        None where it was not cut yet.
        """
        rows = self._db.rows("SELECT sentences FROM papers WHERE id = ?", (paper_id,))
        if rows and not rows[0][0]:
            return None
        return [(start, end) for start, end in json.loads(rows[0][0])] if rows else []

    def uncut(self, most: int, *, after: int = 0) -> list[int]:
        """Returns the numbers of up to ``most`` papers whose text is not cut and embedded yet.

        Args:
            most: Papers at most.
            after: Only papers with higher numbers, which are returned ascending.
        """
        rows = self._db.rows(
            "SELECT number FROM papers WHERE sentences = '' AND number > ? ORDER BY number LIMIT ?",
            (after, most),
        )
        return [int(row[0]) for row in rows]

    def count_uncut(self) -> int:
        """Returns how many papers are not cut and embedded yet."""
        sql = "SELECT count(*) FROM papers WHERE sentences = ''"
        return self._once(UNCUT, lambda: int(self._db.rows(sql)[0][0]))

    # What was published.

    def newest(self) -> int:
        """Returns the highest number of a paper that was published; 0 where none was.

        What is being added has higher ones: it cannot be found before it is published, so a mark
        taken now must not cover it.
        """
        kept = self._db.meta("newest")
        return self._highest() if kept is None else int(kept)

    def mark_published(self) -> None:
        """Marks the papers of an older library as published, before papers are added."""
        if self._db.meta("newest") is None:
            self._db.set_meta(newest=str(self._highest()))

    def _highest(self) -> int:
        return int(self._db.rows("SELECT ifnull(max(number), 0) FROM papers")[0][0])

    # Writing.

    def next_number(self) -> int:
        """Returns a number that no paper ever had."""
        return int(self._db.rows(_NEXT_NUMBER)[0][0])

    def write(self, number: int, paper: Paper) -> None:
        """Writes a record, in place of the one under this number."""
        self._db.execute(
            "INSERT INTO papers (number, id, year, record) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (number) DO UPDATE SET id = excluded.id, year = excluded.year, "
            "record = excluded.record",
            (number, paper.id, paper.year, to_json(paper)),
        )
        self._write_aliases([(number, paper)])

    def _write_aliases(self, papers: Iterable[tuple[int, Paper]]) -> None:
        self._db.execute_many(
            "INSERT OR IGNORE INTO aliases VALUES (?, ?)",
            ((alias, number) for number, paper in papers for alias in paper.aliases),
        )

    def write_new(self, papers: Sequence[tuple[int, Paper]]) -> None:
        """Writes the records of papers that are new, each after its number, to be cut."""
        self._db.execute_many(
            "INSERT INTO papers (number, id, year, record, sentences) VALUES (?, ?, ?, ?, '')",
            ((number, paper.id, paper.year, to_json(paper)) for number, paper in papers),
        )
        self._write_aliases(papers)

    def write_sentences(self, number: int, spans: Sequence[Span]) -> None:
        """Writes the spans of the sentences in a paper's abstract."""
        self._db.execute(
            "UPDATE papers SET sentences = ? WHERE number = ?", (json.dumps(spans), number)
        )

    def mark_uncut(self, number: int) -> None:
        """Takes note that a paper's text is to be cut and embedded."""
        self._db.execute("UPDATE papers SET sentences = '' WHERE number = ?", (number,))

    def free_ids(self, numbers: Iterable[int]) -> None:
        """Gives papers temporary ids, so that they can exchange their own."""
        self._db.execute_many(
            "UPDATE papers SET id = 'undone:' || number WHERE number = ?",
            [(number,) for number in numbers],
        )

    def delete(self, number: int) -> None:
        """Deletes a paper whose identifiers are free."""
        self._db.execute("DELETE FROM papers WHERE number = ?", (number,))
        if number > int(self._db.meta("retired") or 0):
            self._db.set_meta(retired=str(number))

    def free_aliases(self, numbers: Sequence[int]) -> list[str]:
        """Takes their identifiers from papers, and returns them."""
        return [
            str(row[0])
            for part in in_parts(numbers)
            for row in self._db.rows(f"DELETE FROM aliases WHERE paper IN ({part}) RETURNING alias")
        ]

    def hand_on_aliases(self, freed: Sequence[str]) -> None:
        """Gives each identifier that is free to the first paper that has it too."""
        self._db.execute(
            "INSERT OR IGNORE INTO aliases SELECT alias, min(paper) FROM claims "
            "WHERE alias IN (SELECT value FROM json_each(?)) GROUP BY alias",
            (json.dumps(freed),),
        )


def select_between(
    db: Database,
    select: str,
    since: int | None,
    until: int | None,
    papers: Collection[int] | None,
) -> list[int]:
    """Returns the numbers that a SELECT over papers gives, limited by year and paper."""
    dated, years = "1", tuple[int, ...]()
    if since is not None or until is not None:
        dated, years = "year BETWEEN ? AND ?", year_bounds(since, until)
    if papers is None:
        rows = db.rows(f"{select} WHERE {dated}", years)
    else:
        rows = [
            row
            for part in in_parts(sorted(papers))
            for row in db.rows(f"{select} WHERE {dated} AND papers.number IN ({part})", years)
        ]
    return [int(row[0]) for row in rows]
