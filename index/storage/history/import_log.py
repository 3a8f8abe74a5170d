"""Imports: what each call to ``Library.add`` changed, kept so that it can be undone.

A batch of papers and its log entry are one transaction, so a killed import can be undone as far as
it got.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from footnote.index.models import Paper, from_json
from footnote.index.storage.database import Database


@dataclass(frozen=True, slots=True)
class Import:
    """One call to ``Library.add`` that changed something.

    Attributes:
        number: From 1, in the order of the calls.
        when: It began, as ISO 8601 in UTC.
        names: Of what was read, such as paths; none where the caller gave none.
        new: Papers that it added.
        changed: Papers that it changed.
        complete: Whether it came to its end; false while it runs, and after a kill.
        undone: Whether it was taken back.
    """

    number: int
    when: str
    names: tuple[str, ...] = ()
    new: int = 0
    changed: int = 0
    complete: bool = False
    undone: bool = False


@dataclass(frozen=True, slots=True)
class ImportChange:
    """What an import did to one paper.

    Attributes:
        paper: Its number.
        before: What it was; None where the import added it.
    """

    paper: int
    before: Paper | None


class ImportLog:
    """The imports of a catalog, and what each changed; written in the caller's transaction."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the tables."""
        self._db = db

    def list(self) -> list[Import]:
        """Returns every import, the newest first."""
        rows = self._db.rows(
            "SELECT number, began, names, new, changed, complete, undone FROM imports "
            "ORDER BY number DESC"
        )
        return [
            Import(number, began, tuple(json.loads(names)), new, changed, bool(whole), bool(undone))
            for number, began, names, new, changed, whole, undone in rows
        ]

    def next(self, names: Sequence[str]) -> Import:
        """Returns an import that is stored with the first paper that it changes."""
        number = max((known.number for known in self.list()), default=0) + 1
        return Import(number, datetime.now(UTC).isoformat(timespec="seconds"), tuple(names))

    def join(self, number: int, names: Sequence[str]) -> Import:
        """Returns an import that more papers belong to, or the next where another one came since.

        What it does to them is stored as what a further batch of it would do.
        """
        newest = next((one for one in self.list() if not one.undone), None)
        if newest is None or newest.number != number:
            return self.next(names)
        return replace(newest, names=(*newest.names, *names))

    def complete(self, done: Import) -> None:
        """Takes note that an import came to its end."""
        with self._db.transaction():
            self._db.execute("UPDATE imports SET complete = 1 WHERE number = ?", (done.number,))

    def changes(self, number: int) -> "Sequence[ImportChange]":
        """Returns what an import changed, by number of the paper."""
        rows = self._db.rows(
            "SELECT paper, record FROM changes WHERE import = ? ORDER BY paper", (number,)
        )
        return [
            ImportChange(paper, from_json(record) if record else None) for paper, record in rows
        ]

    def added(self, number: int) -> "Sequence[int]":
        """Returns the numbers of the papers that an import added and that are still here."""
        rows = self._db.rows(
            "SELECT paper FROM changes WHERE import = ? AND record IS NULL "
            # One that a later import found to be another is a row of this one still.
            "AND paper IN (SELECT number FROM papers) ORDER BY paper",
            (number,),
        )
        return [int(row[0]) for row in rows]

    def count_changes(self, number: int) -> tuple[int, int]:
        """Returns how many papers undoing an import would remove, and how many restore."""
        rows = self._db.rows(
            "SELECT count(*) - count(record), count(record) FROM changes WHERE import = ?",
            (number,),
        )
        return int(rows[0][0]), int(rows[0][1])

    # Writing.

    def begin(self, of: Import) -> None:
        """Stores an import, unless it is stored already; then its names."""
        self._db.execute(
            "INSERT INTO imports (number, began, names) VALUES (?, ?, ?) "
            "ON CONFLICT (number) DO UPDATE SET names = excluded.names",
            (of.number, of.when, json.dumps(of.names)),
        )

    def note_new(self, of: Import, papers: Sequence[int]) -> None:
        """Takes note of papers that an import adds."""
        self._db.execute_many(
            "INSERT INTO changes (import, paper) VALUES (?, ?)",
            [(of.number, paper) for paper in papers],
        )
        self._count(of, new=len(papers))

    def note_change(self, of: Import, paper: int) -> None:
        """Keeps what a paper is before it changes; what it was before the import stays."""
        self._count(of, changed=self._keep(of, paper))

    def note_absorbed(self, of: Import, paper: int, became: int) -> None:
        """Keeps what a paper is before another one absorbs it."""
        if self._keep(of, paper):
            self._set_became(of, paper, became)
            return
        # It was counted before; one that this import added never was.
        added = self._db.execute(
            "DELETE FROM changes WHERE import = ? AND paper = ? AND record IS NULL",
            (of.number, paper),
        )
        self._set_became(of, paper, became)
        self._count(of, new=-added, changed=added - 1)

    def forget_paper(self, paper: int) -> None:
        """Leaves nothing of a paper to be restored, nor of those that it absorbed."""
        self._db.execute(
            "WITH RECURSIVE gone (number) AS (SELECT ? UNION SELECT paper FROM changes "
            "JOIN gone ON became = gone.number) DELETE FROM changes WHERE paper IN gone",
            (paper,),
        )

    def restore_aliases(self, number: int, papers: Iterable[int]) -> None:
        """Gives back to papers the identifiers that each had before an import."""
        self._db.execute_many(
            "INSERT OR IGNORE INTO aliases SELECT value, paper FROM changes, "
            "json_each(changes.aliases) WHERE import = ? AND paper = ?",
            [(number, paper) for paper in papers],
        )

    def mark_undone(self, number: int) -> None:
        """Takes note that an import was taken back; what it changed is forgotten."""
        self._db.execute("DELETE FROM changes WHERE import = ?", (number,))
        self._db.execute("UPDATE imports SET undone = 1 WHERE number = ?", (number,))

    def _keep(self, of: Import, paper: int) -> int:
        return self._db.execute(
            "INSERT OR IGNORE INTO changes (import, paper, record, aliases) "
            "SELECT ?, number, record, (SELECT json_group_array(alias) FROM aliases "
            "WHERE paper = number) FROM papers WHERE number = ?",
            (of.number, paper),
        )

    def _set_became(self, of: Import, paper: int, became: int) -> None:
        self._db.execute(
            "UPDATE changes SET became = ? WHERE import = ? AND paper = ?",
            (became, of.number, paper),
        )

    def _count(self, of: Import, *, new: int = 0, changed: int = 0) -> None:
        self._db.execute(
            "UPDATE imports SET new = new + ?, changed = changed + ? WHERE number = ?",
            (new, changed, of.number),
        )
