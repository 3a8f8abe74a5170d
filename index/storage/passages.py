"""The passages of a catalog: where each stands in its paper's abstract."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from footnote.index.embeddings.protocols import Matrix
from footnote.index.models import Passage
from footnote.index.storage.database import Database, RowCache, in_parts
from footnote.index.storage.papers import select_between
from footnote.index.storage.vectors import pack_vector


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage stands: its paper's number, its span, and the paper's year."""

    paper: int
    start: int
    end: int
    year: int | None


class PassageTable:
    """Spans by passage number. What changes them runs in the caller's transaction."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the table."""
        self._db = db
        self._known = RowCache[Place](db)
        self._counted = RowCache[int](db)

    def count(self) -> int:
        """Returns the number of passages."""
        known = self._counted.current()
        if 0 not in known:
            known[0] = int(self._db.rows("SELECT count(*) FROM passages")[0][0])
        return known[0]

    def sample(self, count: int) -> list[int]:
        """Returns the numbers of some passages, other ones at each call."""
        rows = self._db.rows(
            "SELECT number FROM passages WHERE number >= (SELECT "
            "abs(random()) % max(1, (SELECT coalesce(max(number), 1) FROM passages))) LIMIT ?",
            (count,),
        )
        return [int(row[0]) for row in rows]

    def numbers(self) -> list[int]:
        """Returns every passage number, ascending."""
        rows = self._db.rows("SELECT number FROM passages ORDER BY number")
        return [int(row[0]) for row in rows]

    def numbers_of(self, paper_id: str) -> list[int]:
        """Returns the passage numbers of one paper, in order of the text."""
        rows = self._db.rows(
            "SELECT passages.number FROM passages JOIN papers ON papers.number = paper "
            "WHERE id = ? ORDER BY first",
            (paper_id,),
        )
        return [int(row[0]) for row in rows]

    def numbers_between(
        self, since: int | None, until: int | None, papers: Collection[int] | None = None
    ) -> list[int]:
        """Returns the passage numbers of papers, as ``PaperTable.numbers_between`` does of them."""
        if since is None and until is None and papers is None:
            return self.numbers()
        select = "SELECT passages.number FROM papers JOIN passages ON paper = papers.number"
        return select_between(self._db, select, since, until, papers)

    def places(self, numbers: Sequence[int]) -> dict[int, Place]:
        """Returns where passages stand; one that is gone is left out."""
        known = self._known.current()
        known |= self.read_places([n for n in numbers if n not in known])
        return {n: known[n] for n in numbers if n in known}

    def read_places(self, numbers: Sequence[int]) -> dict[int, Place]:
        """Returns where passages stand as ``places`` does, without remembering it."""
        found: dict[int, Place] = {}
        for part in in_parts(numbers):
            rows = self._db.rows(
                "SELECT passages.number, paper, first, last, year FROM passages "
                f"JOIN papers ON papers.number = paper WHERE passages.number IN ({part})"
            )
            found |= {row[0]: Place(*row[1:]) for row in rows}
        return found

    def papers_of(self, numbers: Sequence[int]) -> dict[int, int]:
        """Returns the number of each passage's paper."""
        return {
            int(number): int(paper)
            for part in in_parts(numbers)
            for number, paper in self._db.rows(
                f"SELECT number, paper FROM passages WHERE number IN ({part})"
            )
        }

    def write(self, paper: int, passages: Sequence[Passage], vectors: Matrix) -> list[int]:
        """Writes the passages of a paper with their ``(n, d)`` vectors; returns their numbers."""
        return [
            self._db.rows(
                "INSERT INTO passages (paper, first, last, vector) VALUES (?, ?, ?, ?) "
                "RETURNING number",
                (paper, p.start, p.end, pack_vector(row)),
            )[0][0]
            for p, row in zip(passages, vectors, strict=True)
        ]

    def delete(self, paper: int) -> None:
        """Deletes the passages of a paper."""
        self._db.execute("DELETE FROM passages WHERE paper = ?", (paper,))
