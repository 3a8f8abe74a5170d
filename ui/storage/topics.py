"""Saved topics of every user in one SQLite file, each with a mark of the papers it has seen.

A mark is the number of the newest paper that was there then (``Library.newest``). Each method
takes the user and touches nothing of another's.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from footnote.index import FootnoteError
from footnote.rag.query.question import understand
from footnote.ui.storage.models import parse_time, shorten
from footnote.ui.storage.user_database import UserDatabase, as_bytes

_SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, user BLOB NOT NULL,
    text TEXT NOT NULL, created REAL NOT NULL, mark INTEGER NOT NULL, UNIQUE (user, text));
CREATE TABLE IF NOT EXISTS visits (user BLOB PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID;
"""


# The user of a library's topics, shared by the command line and the page.
LOCAL = "local"


class TopicError(FootnoteError):
    """The user has no such topic, or the file cannot store topics."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A question or a topic that a user follows.

    Attributes:
        id: Letters and digits that are easy to type.
        text: On one line.
        created: In UTC.
        mark: Number of the newest paper that its last digest has seen.
    """

    id: str
    text: str
    created: datetime
    mark: int


class Topics(UserDatabase):
    """The topics of every user; safe to use from the threads of one server."""

    holds: ClassVar[str] = "file of topics"
    what: ClassVar[str] = "topics"
    schema: ClassVar[str] = _SCHEMA
    owned: ClassVar[Mapping[str, tuple[str, Sequence[str]]]] = {
        "topics": ("", ()),
        "visits": ("", ()),
    }
    fault: ClassVar[type[FootnoteError]] = TopicError

    def add(self, user: str, text: str, *, mark: int = 0) -> str:
        """Returns the identifier of a topic; saving it again returns the existing one.

        Args:
            user: Whose.
            text: A question or a topic.
            mark: Papers up to this number are not new to it.

        Raises:
            QuestionError: The text is empty, too long, or not text.
            TopicError: There is no user.
        """
        asked = understand(text).asked
        made = secrets.token_hex(5)
        values = (as_bytes(made), self._user(user), asked, self._clock().timestamp(), mark)
        with self._db.transaction():
            self._db.rows(
                "INSERT OR IGNORE INTO topics (id, user, text, created, mark) "
                "VALUES (?, ?, ?, ?, ?)",
                values,
            )
            rows = self._db.rows(
                "SELECT id FROM topics WHERE user = ? AND text = ?", (self._user(user), asked)
            )
        return bytes(rows[0][0]).decode()

    def list(self, user: str) -> list[Topic]:
        """Returns the user's topics, the oldest first."""
        rows = self._db.rows(
            "SELECT id, text, created, mark FROM topics WHERE user = ? ORDER BY number",
            (self._user(user),),
        )
        return [
            Topic(id.decode(), text, parse_time(created), mark) for id, text, created, mark in rows
        ]

    def remove(self, user: str, id: str) -> None:
        """Deletes a topic and so ends its digests.

        Raises:
            TopicError: The user has no such topic.
        """
        with self._db.transaction():
            gone = self._db.rows(
                "DELETE FROM topics WHERE user = ? AND id = ? RETURNING number",
                (self._user(user), as_bytes(id)),
            )
        if not gone:
            raise TopicError(
                f"no topic {shorten(ascii(id), 40)} for this user; choose one in the list"
            )

    def move_marks(self, user: str, marks: Iterable[tuple[str, int]]) -> None:
        """Moves the marks of topics, all or none, after delivery.

        A topic that was removed meanwhile stays removed.

        Args:
            user: Whose.
            marks: Each topic's identifier, and the number of the newest paper that it has seen.
        """
        with self._db.transaction():
            self._db.execute_many(
                "UPDATE topics SET mark = ? WHERE user = ? AND id = ?",
                [(number, self._user(user), as_bytes(id)) for id, number in marks],
            )

    def mark_visit(self, user: str, number: int) -> None:
        """Takes note that the user has seen all papers up to a number."""
        self._db.rows("INSERT OR REPLACE INTO visits VALUES (?, ?)", (self._user(user), number))

    def last_visit(self, user: str) -> int | None:
        """Returns the number of the newest paper at the user's last visit; None before the first.

        Of a library that was empty then it is 0.
        """
        rows = self._db.rows("SELECT mark FROM visits WHERE user = ?", (self._user(user),))
        return int(rows[0][0]) if rows else None
