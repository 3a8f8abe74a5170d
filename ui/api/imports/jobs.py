"""Import jobs: what programs gave a server to read, and what became of it, in an SQLite file.

Work that was under way when a server ended is told of as cut off when the next one opens the file.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from footnote.index import FootnoteError
from footnote.ui.storage.models import parse_time
from footnote.ui.storage.user_database import UserDatabase

JobState = Literal["waiting", "reading", "adding", "done", "failed", "cancelled", "cut"]
STATES: tuple[JobState, ...] = get_args(JobState)
UNDER_WAY: tuple[JobState, ...] = ("waiting", "reading", "adding")
CUT = "the server ended before it was done; what was stored stays; send it again for the rest"
# Jobs that are remembered.
KEPT = 1_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, user BLOB NOT NULL,
    names TEXT NOT NULL, state TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL,
    new INTEGER NOT NULL, changed INTEGER NOT NULL, unchanged INTEGER NOT NULL,
    problems TEXT NOT NULL, error TEXT, created REAL NOT NULL, began REAL, ended REAL);
"""
_FIELDS = "id, names, state, done, total, new, changed, unchanged, problems, error, created, began"


class ImportJobError(FootnoteError):
    """The user has no such job, or its file cannot be used."""


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One import.

    Attributes:
        names: What was given, as its giver calls it.
        done: Of ``total`` papers; the total is known once all is read.
        problems: Records and files that could not be used, one line each.
        error: Why it failed, or was cut.
        created: In UTC, as ``began`` and ``ended``.
    """

    id: str
    names: tuple[str, ...]
    state: JobState
    done: int = 0
    total: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: tuple[str, ...] = ()
    error: str | None = None
    created: datetime | None = None
    began: datetime | None = None
    ended: datetime | None = None


class ImportJobs(UserDatabase):
    """The import jobs of every user; safe to use from the threads of one server."""

    holds: ClassVar[str] = "file of import jobs"
    what: ClassVar[str] = "jobs"
    schema: ClassVar[str] = _SCHEMA
    owned: ClassVar[Mapping[str, tuple[str, Sequence[str]]]] = {"jobs": ("number", ())}
    fault: ClassVar[type[FootnoteError]] = ImportJobError

    def start(self, user: str, names: Sequence[str]) -> ImportJob:
        """Returns a new job that waits."""
        job = ImportJob(secrets.token_hex(8), tuple(names), "waiting", created=self._clock())
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO jobs (id, user, names, state, done, total, new, changed, unchanged, "
                "problems, created) VALUES (?, ?, ?, 'waiting', 0, 0, 0, 0, 0, '[]', ?)",
                (job.id, self._user(user), json.dumps(names), self._clock().timestamp()),
            )
            self._db.execute(
                "DELETE FROM jobs WHERE number <= (SELECT max(number) FROM jobs) - ?", (KEPT,)
            )
        return job

    def save(self, job: ImportJob) -> ImportJob:
        """Stores how far a job is; returns it with its times."""
        now = self._clock()
        if job.state != "waiting" and job.began is None:
            job = replace(job, began=now)
        if job.state not in UNDER_WAY and job.ended is None:
            job = replace(job, ended=now)
        times = [time.timestamp() if time else None for time in (job.began, job.ended)]
        self._db.execute(
            "UPDATE jobs SET state = ?, done = ?, total = ?, new = ?, changed = ?, unchanged = ?, "
            "problems = ?, error = ?, began = ?, ended = ? WHERE id = ?",
            (
                job.state, job.done, job.total, job.new, job.changed, job.unchanged,
                json.dumps(job.problems), job.error, *times, job.id,
            ),
        )  # fmt: skip
        return job

    def cut_off(self) -> None:
        """Tells of all work that is under way that it was cut off; for whoever begins to serve."""
        marks = ", ".join("?" * len(UNDER_WAY))
        self._db.execute(
            f"UPDATE jobs SET state = 'cut', error = ?, ended = ? WHERE state IN ({marks})",
            (CUT, self._clock().timestamp(), *UNDER_WAY),
        )

    def load(self, user: str, id: str) -> ImportJob:
        """Returns a job.

        Raises:
            ImportJobError: The user has no such job.
        """
        found = self._select(user, "AND id = ?", id.encode("utf-8", "replace").decode())
        if not found:
            raise ImportJobError(f"there is no import {id[:40]!r}; list them first")
        return found[0]

    def list(self, user: str, most: int = 50) -> "Sequence[ImportJob]":
        """Returns the latest jobs of a user, the newest first."""
        return self._select(user, "ORDER BY number DESC LIMIT ?", most)

    def _select(self, user: str, which: str, value: object) -> Sequence[ImportJob]:
        rows = self._db.rows(
            f"SELECT {_FIELDS}, ended FROM jobs WHERE user = ? {which}", (self._user(user), value)
        )
        return list(map(_job, rows))


def _job(row: Sequence[Any]) -> ImportJob:
    id, names, state, done, total, new, changed, unchanged, problems, error, *times = row
    created, began, ended = (None if time is None else parse_time(time) for time in times)
    return ImportJob(
        id, tuple(json.loads(names)), state, done, total, new, changed, unchanged,
        tuple(json.loads(problems)), error, created, began, ended,
    )  # fmt: skip
