"""Origins: where papers were read from, so that it can be read again, and what each gave."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from footnote.index.storage.database import Database


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of papers that can be read again.

    Attributes:
        number: From 1.
        name: An absolute path or pattern, an address, an identifier, or a daily listing's name.
        columns: What columns of a CSV file hold, as ``--columns`` takes it.
        seen: The last day that was read of a daily listing, as YYYY-MM-DD.
    """

    number: int
    name: str
    columns: str = ""
    seen: str | None = None


class OriginLog:
    """The sources of a catalog; each change is a transaction of its own."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the tables."""
        self._db = db

    def list(self) -> list[Origin]:
        """Returns the sources, in the order of recording; none whose import was undone."""
        rows = self._db.rows(
            "SELECT number, name, columns, seen FROM origins WHERE import IS NULL "
            "OR import NOT IN (SELECT number FROM imports WHERE undone) ORDER BY number"
        )
        return [Origin(*row) for row in rows]

    def record(self, name: str, *, columns: str = "", of: int | None = None) -> Origin:
        """Records a source, unless it is there; returns it.

        Args:
            name: As ``Origin.name``.
            columns: Replaces those of before.
            of: Number of the import that read it.
        """
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO origins (name, columns, import) VALUES (?, ?, ?) ON CONFLICT (name) "
                "DO UPDATE SET columns = excluded.columns, "
                "import = coalesce(excluded.import, CASE WHEN import IN "
                "(SELECT number FROM imports WHERE undone) THEN NULL ELSE import END)",
                (name, columns, of),
            )
            rows = self._db.rows(
                "SELECT number, name, columns, seen FROM origins WHERE name = ?", (name,)
            )
        return Origin(*rows[0])

    def forget(self, name: str) -> bool:
        """Forgets a source, and not its papers; returns whether it was there."""
        with self._db.transaction():
            self._db.execute(
                "DELETE FROM given WHERE origin IN (SELECT number FROM origins WHERE name = ?)",
                (name,),
            )
            return self._db.execute("DELETE FROM origins WHERE name = ?", (name,)) > 0

    def set_seen(self, origin: Origin, day: str) -> None:
        """Takes note that a daily listing was read up to a day."""
        with self._db.transaction():
            self._db.execute("UPDATE origins SET seen = ? WHERE number = ?", (day, origin.number))

    # What each gave.

    def numbers(self, ids: Iterable[str]) -> set[int]:
        """Returns the numbers of the papers that have these identifiers."""
        rows = self._db.rows(
            "SELECT paper FROM aliases WHERE alias IN (SELECT value FROM json_each(?))",
            (json.dumps([*ids]),),
        )
        return {int(row[0]) for row in rows}

    def given(self, origin: Origin) -> set[int]:
        """Returns the numbers of the papers that a source gave and that are still here."""
        rows = self._db.rows(
            "SELECT paper FROM given WHERE origin = ? AND paper IN (SELECT number FROM papers)",
            (origin.number,),
        )
        return {int(row[0]) for row in rows}

    def set_given(self, origin: Origin, papers: Collection[int]) -> None:
        """Replaces what a source gave."""
        with self._db.transaction():
            self._db.execute("DELETE FROM given WHERE origin = ?", (origin.number,))
            self._db.execute_many(
                "INSERT INTO given VALUES (?, ?)", [(origin.number, paper) for paper in papers]
            )

    def alone(self, origin: Origin, papers: Sequence[int]) -> Sequence[int]:
        """Returns those of some papers that no other source gave, ascending."""
        rows = self._db.rows(
            "SELECT value FROM json_each(?) WHERE value NOT IN "
            "(SELECT paper FROM given WHERE origin != ?) ORDER BY value",
            (json.dumps([*papers]), origin.number),
        )
        return [int(row[0]) for row in rows]
