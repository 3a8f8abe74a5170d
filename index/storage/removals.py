"""Takings: what an undo or a removal took from a library, kept so that it can be put back.

Whole rows are kept, vectors and tokens among them, so nothing is embedded again. They are a
stack: what was taken last goes back first. The next paper that is stored ends it, since what was
taken may not fit any more.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from footnote.index.storage.arrivals import Arrivals

# Takings that are kept; older ones are for good.
MOST_KEPT = 20
_NAMED = 3
_COLUMNS = {
    "papers": "number, id, year, record, sentences",
    "aliases": "alias, paper",
    "passages": "number, paper, first, last, vector",
    "tokens": "passage, paper, reader, sentences, vectors",
    "changes": "import, paper, record, aliases, became",
}
# Libraries made before anything could be put back get the tables when something is next taken.
_TAKINGS = """
CREATE TABLE IF NOT EXISTS takings (
    number INTEGER PRIMARY KEY, began TEXT NOT NULL, import INTEGER, names TEXT NOT NULL,
    papers INTEGER NOT NULL, changed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS taken_numbers (taking INTEGER NOT NULL, paper INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Taking:
    """What was taken at once.

    Attributes:
        number: From 1; higher is later.
        when: As ISO 8601 in UTC.
        undone: Number of the import that was undone; None where papers were removed.
        names: Of what that import read, or the titles of the first papers that were removed.
        papers: How many went.
        changed: How many became again what they were before the import.
    """

    number: int
    when: str
    undone: int | None
    names: tuple[str, ...]
    papers: int
    changed: int = 0


class Takings(Arrivals):
    """What was taken from a catalog and can be put back."""

    def takings(self) -> list[Taking]:
        """Returns what can be put back, what was taken last first."""
        if not self._has_takings():
            return []
        rows = self._rows(
            "SELECT number, began, import, names, papers, changed FROM takings ORDER BY number DESC"
        )
        return [
            Taking(number, began, undone, tuple(json.loads(names)), papers, changed)
            for number, began, undone, names, papers, changed in rows
        ]

    def _has_takings(self) -> bool:
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = 'takings'"))

    # Inside of a transaction.

    def _make_takings(self) -> None:
        for statement in filter(str.strip, _TAKINGS.split(";")):
            self._db.execute(statement)
        for table, columns in _COLUMNS.items():
            self._db.execute(
                f"CREATE TABLE IF NOT EXISTS taken_{table} AS "
                f"SELECT 0 AS taking, {columns} FROM {table} WHERE 0"
            )

    def _take(
        self, papers: Sequence[int], *, gone: int, undone: int | None = None, changed: int = 0
    ) -> None:
        """Keeps all that is stored of papers, before they are taken or changed back."""
        self._make_takings()
        number = 1 + max((taking.number for taking in self.takings()), default=0)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        names = self._names(papers, undone)
        row = (number, now, undone, json.dumps(names), gone, changed)
        self._db.execute("INSERT INTO takings VALUES (?, ?, ?, ?, ?, ?)", row)
        listed = json.dumps(list(papers))
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
        self._forget_takings(number - MOST_KEPT)

    def _copy(self, table: str, number: int, where: str, value: object) -> None:
        self._db.execute(
            f"INSERT INTO taken_{table} SELECT ?, {_COLUMNS[table]} FROM {table} WHERE {where}",
            (number, value),
        )

    def _names(self, papers: Sequence[int], undone: int | None) -> list[str]:
        if undone is not None:
            rows = self._rows("SELECT names FROM imports WHERE number = ?", (undone,))
            return list(json.loads(rows[0][0])) if rows else []
        rows = self._rows(
            "SELECT coalesce(nullif(json_extract(record, '$.title'), ''), id) FROM papers "
            "WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number",
            (json.dumps(list(papers[:_NAMED])),),
        )
        return [str(row[0]) for row in rows]

    def _give_back(self, taking: Taking) -> None:
        """Makes of the papers of a taking again what they were when it began."""
        number = taking.number
        touched = "(SELECT paper FROM taken_numbers WHERE taking = ?)"
        for table in ("tokens", "passages", "aliases", "papers"):
            of = "number" if table == "papers" else "paper"
            self._db.execute(f"DELETE FROM {table} WHERE {of} IN {touched}", (number,))
        # Another paper may have got an identifier that became free.
        self._db.execute(
            "DELETE FROM aliases WHERE alias IN (SELECT alias FROM taken_aliases WHERE taking = ?)",
            (number,),
        )
        for table, columns in _COLUMNS.items():
            self._db.execute(
                f"INSERT INTO {table} ({columns}) SELECT {columns} FROM taken_{table} "
                "WHERE taking = ?",
                (number,),
            )
        if taking.undone is not None:
            self._db.execute("UPDATE imports SET undone = 0 WHERE number = ?", (taking.undone,))
        self._drop_takings("=", number)

    def _forget_takings(self, last: int | None = None) -> None:
        """Leaves nothing to be put back, or nothing up to a taking."""
        if self._has_takings():
            self._drop_takings("<=", 2**62 if last is None else last)

    def _drop_takings(self, comparison: str, number: int) -> None:
        for table in ("numbers", *_COLUMNS):
            self._db.execute(f"DELETE FROM taken_{table} WHERE taking {comparison} ?", (number,))
        self._db.execute(f"DELETE FROM takings WHERE number {comparison} ?", (number,))


# Papers whose changes a removal forgets: they, and those that they absorbed.
_FORGOTTEN = (
    "WITH RECURSIVE gone (number) AS (SELECT value FROM json_each(?) UNION SELECT paper "
    "FROM changes JOIN gone ON became = gone.number) SELECT number FROM gone"
)
