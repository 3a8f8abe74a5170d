"""Removals: rows that an undo or a removal deleted, stored so that they can be restored.

Whole rows are stored, with vectors and tokens, so nothing is embedded again. They form a stack: the
last removal is restored first. Storing a paper clears it, since removed rows may no longer fit. The
tables are called ``takings`` and ``taken_*``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from footnote.index.storage.database import Database
from footnote.index.storage.schema import REMOVED

# Removals that are stored; older ones cannot be restored.
MOST_KEPT = 20
_NAMED = 3
# Papers whose changes a removal forgets: they, and those that they absorbed.
_FORGOTTEN = (
    "WITH RECURSIVE gone (number) AS (SELECT value FROM json_each(?) UNION SELECT paper "
    "FROM changes JOIN gone ON became = gone.number) SELECT number FROM gone"
)


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed at once.

    Attributes:
        number: From 1; higher is later.
        when: As ISO 8601 in UTC.
        undone: Number of the import that was undone; None where papers were removed.
        names: Sources of that import, or titles of the first removed papers.
        papers: How many papers were removed.
        changed: How many papers returned to their state before the import.
    """

    number: int
    when: str
    undone: int | None
    names: tuple[str, ...]
    papers: int
    changed: int = 0


class RemovalLog:
    """What was removed from a catalog and can be restored; written in the caller's transaction."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the tables."""
        self._db = db

    def list(self) -> list[Removal]:
        """Returns the removals that can be restored, newest first."""
        rows = self._db.rows(
            "SELECT number, began, import, names, papers, changed FROM takings ORDER BY number DESC"
        )
        return [
            Removal(number, began, undone, tuple(json.loads(names)), papers, changed)
            for number, began, undone, names, papers, changed in rows
        ]

    def numbers(self, removal: Removal) -> "Sequence[int]":
        """Returns the numbers of the papers that a removal touched."""
        rows = self._db.rows(
            "SELECT paper FROM taken_numbers WHERE taking = ? ORDER BY paper", (removal.number,)
        )
        return [int(row[0]) for row in rows]

    def keep(
        self, papers: Sequence[int], *, gone: int, undone: int | None = None, changed: int = 0
    ) -> None:
        """Stores all rows of papers before they are removed or changed back."""
        number = 1 + max((removal.number for removal in self.list()), default=0)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        names = self._names(papers, undone)
        row = (number, now, undone, json.dumps(names), gone, changed)
        self._db.execute("INSERT INTO takings VALUES (?, ?, ?, ?, ?, ?)", row)
        listed = json.dumps([*papers])
        self._db.execute(
            "INSERT INTO taken_numbers SELECT ?, value FROM json_each(?)", (number, listed)
        )
        for table in ("papers", "aliases", "passages", "tokens"):
            of = "number" if table == "papers" else "paper"
            where = f"{of} IN (SELECT value FROM json_each(?))"
            self._copy(table, number, where, listed)
        if undone is None:
            self._copy("changes", number, f"paper IN ({_FORGOTTEN})", listed)
        else:
            self._copy("changes", number, "import = ?", undone)
        self.forget(number - MOST_KEPT)

    def restore(self, removal: Removal) -> None:
        """Restores the papers of a removal to their state before it."""
        number = removal.number
        touched = "(SELECT paper FROM taken_numbers WHERE taking = ?)"
        for table in ("tokens", "passages", "aliases", "papers"):
            of = "number" if table == "papers" else "paper"
            self._db.execute(f"DELETE FROM {table} WHERE {of} IN {touched}", (number,))
        # Another paper may have taken an identifier that became free.
        self._db.execute(
            "DELETE FROM aliases WHERE alias IN (SELECT alias FROM taken_aliases WHERE taking = ?)",
            (number,),
        )
        for table, columns in REMOVED.items():
            self._db.execute(
                f"INSERT INTO {table} ({columns}) SELECT {columns} FROM taken_{table} "
                "WHERE taking = ?",
                (number,),
            )
        # A collection may hold them as they were in between.
        self._db.execute(
            "INSERT INTO undescribed SELECT paper, (SELECT CAST(value AS INTEGER) FROM meta "
            "WHERE key = 'revision') FROM taken_numbers WHERE taking = ? "
            "ON CONFLICT (paper) DO UPDATE SET at = excluded.at",
            (number,),
        )
        if removal.undone is not None:
            self._db.execute("UPDATE imports SET undone = 0 WHERE number = ?", (removal.undone,))
        self._drop("=", number)

    def forget(self, last: int | None = None) -> None:
        """Deletes all removals, or those up to a number."""
        self._drop("<=", 2**62 if last is None else last)

    def _copy(self, table: str, number: int, where: str, value: object) -> None:
        self._db.execute(
            f"INSERT INTO taken_{table} SELECT ?, {REMOVED[table]} FROM {table} WHERE {where}",
            (number, value),
        )

    def _names(self, papers: Sequence[int], undone: int | None) -> Sequence[str]:
        if undone is not None:
            rows = self._db.rows("SELECT names FROM imports WHERE number = ?", (undone,))
            return tuple(json.loads(rows[0][0])) if rows else ()
        rows = self._db.rows(
            "SELECT coalesce(nullif(json_extract(record, '$.title'), ''), id) FROM papers "
            "WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number",
            (json.dumps([*papers[:_NAMED]]),),
        )
        return [str(row[0]) for row in rows]

    def _drop(self, comparison: str, number: int) -> None:
        for table in ("numbers", *REMOVED):
            self._db.execute(f"DELETE FROM taken_{table} WHERE taking {comparison} ?", (number,))
        self._db.execute(f"DELETE FROM takings WHERE number {comparison} ?", (number,))
