"""Conversations of every user of a server, in one SQLite file.

Each method takes the user and touches only that user's rows: another user's conversation looks like
one that does not exist. Users, identifiers and tokens are compared byte by byte.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import ClassVar

from footnote.index import FootnoteError
from footnote.index.search.filters import fold_name
from footnote.rag.answer import Answer
from footnote.rag.serialization import make_record
from footnote.ui.storage.models import (
    TITLE_MOST,
    UNTITLED,
    Conversation,
    ConversationError,
    Transcript,
    make_transcript,
    parse_time,
    shorten,
)
from footnote.ui.storage.shares import ENDLESS, SHARES_END, WORKS, ShareTerms, check_reader
from footnote.ui.storage.user_database import UserDatabase, as_bytes

# Maximum words of a search; each is a condition, and SQLite allows fewer than 1,000.
SEARCH_MOST = 16

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, user BLOB NOT NULL,
    title TEXT NOT NULL, folded TEXT NOT NULL, named INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, updated REAL NOT NULL);
CREATE INDEX IF NOT EXISTS conversations_by_user ON conversations (user, updated);
CREATE TABLE IF NOT EXISTS messages (
    conversation INTEGER NOT NULL, place INTEGER NOT NULL, words TEXT NOT NULL,
    answer TEXT NOT NULL, PRIMARY KEY (conversation, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shares (
    token BLOB PRIMARY KEY, conversation INTEGER NOT NULL, title TEXT NOT NULL,
    created REAL NOT NULL, answers TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shares_by_conversation ON shares (conversation);
"""


class Conversations(UserDatabase):
    """The conversations of every user; safe to use from the threads of one server."""

    holds: ClassVar[str] = "file of conversations"
    what: ClassVar[str] = "conversations"
    schema: ClassVar[str] = _SCHEMA
    changes: ClassVar[Sequence[str]] = (SHARES_END,)
    owned: ClassVar[Mapping[str, tuple[str, Sequence[str]]]] = {
        "conversations": ("conversation", ("messages", "shares"))
    }
    fault: ClassVar[type[FootnoteError]] = ConversationError

    def start(self, user: str) -> str:
        """Returns the unguessable identifier of a new conversation."""
        made, now = secrets.token_urlsafe(12), self._clock().timestamp()
        values = (as_bytes(made), self._user(user), UNTITLED, fold_name(UNTITLED), now, now)
        with self._db.transaction():
            self._db.rows(
                "INSERT INTO conversations (id, user, title, folded, created, updated) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
        return made

    def append(self, user: str, id: str, answer: Answer) -> None:
        """Adds an answer; until the user sets a title it is the first question about papers.

        Raises:
            ConversationError: The user has no such conversation.
        """
        record = json.dumps(make_record(answer))
        words = fold_name(f"{answer.question} {answer.text}")
        with self._db.transaction():
            number = self._number(user, id)
            place = self._count(number)
            self._db.rows(
                "INSERT INTO messages VALUES (?, ?, ?, ?)", (number, place, words, record)
            )
            self._touch(number)
            if not self._real(number, place):
                title = shorten(answer.question) or UNTITLED
                self._db.rows(
                    "UPDATE conversations SET title = ?, folded = ? WHERE number = ? AND named = 0",
                    (title, fold_name(title), number),
                )

    def list(self, user: str, search: str = "") -> list[Conversation]:
        """Returns the user's conversations, the last changed first.

        Args:
            user: Whose.
            search: Words that must all stand, anywhere in a word, in a conversation's title,
                questions or answers; without case and accents.
        """
        words = fold_name(search).split()[:SEARCH_MOST]
        if search.strip() and not words:
            return []
        found = (
            " AND (instr(folded, ?) OR EXISTS (SELECT 1 FROM messages "
            "WHERE conversation = number AND instr(words, ?)))"
        )
        now = self._clock().timestamp()
        rows = self._db.rows(
            "SELECT id, title, created, updated, "
            "(SELECT count(*) FROM messages WHERE conversation = number), "
            f"EXISTS (SELECT 1 FROM shares WHERE conversation = number AND {WORKS}) "
            f"FROM conversations WHERE user = ?{found * len(words)} "
            "ORDER BY updated DESC, number DESC",
            (now, self._user(user), *(word for word in words for _ in range(2))),
        )
        return [
            Conversation(
                id.decode(), title, parse_time(created), parse_time(updated), count, bool(shared)
            )
            for id, title, created, updated, count, shared in rows
        ]

    def load(self, user: str, id: str) -> Transcript:
        """Returns a conversation whole.

        Raises:
            ConversationError: The user has no such conversation, or it is damaged.
        """
        with self._db.lock:
            number = self._number(user, id)
            title, created = self._head(number)
            return make_transcript(title, created, self._answers(number))

    def said(self, user: str, id: str) -> Sequence[tuple[str, str]]:
        """Returns each question with its answer's text; raises as ``load`` does."""
        said = "json_extract(answer, '$.question'), json_extract(answer, '$.text')"
        select = f"SELECT {said} FROM messages WHERE conversation = ? ORDER BY place"
        with self._db.lock:
            return self._db.rows(select, (self._number(user, id),))

    def rename(self, user: str, id: str, title: str) -> None:
        """Sets the title of a conversation permanently.

        Raises:
            ConversationError: The user has no such conversation, or the title is empty.
        """
        kept = shorten(title, TITLE_MOST)
        if not kept:
            raise ConversationError("a title needs a letter; type one, or keep the old title")
        with self._db.transaction():
            number = self._number(user, id)
            self._db.rows(
                "UPDATE conversations SET title = ?, folded = ?, named = 1 WHERE number = ?",
                (kept, fold_name(kept), number),
            )
            self._touch(number)

    def delete(self, user: str, id: str) -> None:
        """Deletes a conversation and every link to it.

        Raises:
            ConversationError: The user has no such conversation.
        """
        with self._db.transaction():
            number = self._number(user, id)
            for table in ("messages", "shares"):
                self._db.rows(f"DELETE FROM {table} WHERE conversation = ?", (number,))
            self._db.rows("DELETE FROM conversations WHERE number = ?", (number,))

    def truncate(self, user: str, id: str, messages: int) -> None:
        """Deletes all but the first ``messages`` answers, so that a question can be asked again.

        Raises:
            ConversationError: The user has no such conversation, or the number is negative.
        """
        if messages < 0:
            raise ConversationError(f"{messages} is not a number of answers; give 0 or more")
        with self._db.transaction():
            number = self._number(user, id)
            # More than SQLite counts is more than there are.
            kept = min(messages, self._count(number))
            self._db.rows(
                "DELETE FROM messages WHERE conversation = ? AND place >= ?", (number, kept)
            )
            self._touch(number)

    def share(self, user: str, id: str, terms: ShareTerms = ENDLESS, *, instead: str = "") -> str:
        """Returns a token with which others can read the conversation as it is now.

        Args:
            user: Whose.
            id: The conversation's.
            terms: How long it works, and for whom.
            instead: A token of the same conversation that ends with this.

        Raises:
            ConversationError: The user has no such conversation, or it is empty.
        """
        token, now = secrets.token_urlsafe(24), self._clock().timestamp()
        with self._db.transaction():
            number = self._number(user, id)
            answers = self._answers(number)
            if not answers:
                raise ConversationError("an empty conversation cannot be shared; ask first")
            shown = (*self._head(number), json.dumps(answers))
            self._db.rows(
                "DELETE FROM shares WHERE token = ? AND conversation = ?",
                (as_bytes(instead), number),
            )
            self._db.rows(
                "INSERT INTO shares VALUES (?, ?, ?, ?, ?, ?, ?)",
                (as_bytes(token), number, *shown, *terms.row(now)),
            )
        return token

    def shared(self, token: str, *, signed_in: bool = True) -> Transcript:
        """Returns a shared conversation as it was when shared.

        Raises:
            ConversationError: Nothing is shared under this token, or not any more.
            SignInNeeded: It is shared with those alone who have signed in.
        """
        rows = self._db.rows(
            f"SELECT title, created, answers, members FROM shares WHERE token = ? AND {WORKS}",
            (as_bytes(token), self._clock().timestamp()),
        )
        if not rows:
            raise ConversationError("nothing is shared at this link; ask for a new one")
        title, created, answers, members = rows[0]
        check_reader(members, signed_in=signed_in)
        return make_transcript(title, created, json.loads(answers))

    def unshare(self, user: str, id: str) -> None:
        """Ends every link to a conversation.

        Raises:
            ConversationError: The user has no such conversation.
        """
        with self._db.transaction():
            number = self._number(user, id)
            self._db.rows("DELETE FROM shares WHERE conversation = ?", (number,))

    def _number(self, user: str, id: str) -> int:
        """Returns the row of a conversation, if it is this user's."""
        rows = self._db.rows(
            "SELECT number FROM conversations WHERE id = ? AND user = ?",
            (as_bytes(id), self._user(user)),
        )
        if not rows:
            raise ConversationError(
                f"no conversation {shorten(ascii(id), 40)} for this user; choose one in the list"
            )
        return int(rows[0][0])

    def _head(self, number: int) -> tuple[str, float]:
        """Returns the title and the time of the start."""
        title, created = self._db.rows(
            "SELECT title, created FROM conversations WHERE number = ?", (number,)
        )[0]
        return title, created

    def _count(self, number: int) -> int:
        rows = self._db.rows("SELECT count(*) FROM messages WHERE conversation = ?", (number,))
        return int(rows[0][0])

    def _real(self, number: int, place: int) -> bool:
        """Returns whether anything before ``place`` asked about papers: a greeting names nothing.

        Nor does a follow-up that followed nothing.
        """
        rows = self._db.rows(
            "SELECT count(*) FROM messages WHERE conversation = ? AND place < ? "
            "AND coalesce(json_extract(answer, '$.kind'), 'fact') NOT IN ('talk', 'vague')",
            (number, place),
        )
        return bool(rows[0][0])

    def _answers(self, number: int) -> Sequence[str]:
        rows = self._db.rows(
            "SELECT answer FROM messages WHERE conversation = ? ORDER BY place", (number,)
        )
        return [row[0] for row in rows]

    def _touch(self, number: int) -> None:
        now = self._clock().timestamp()
        self._db.rows("UPDATE conversations SET updated = ? WHERE number = ?", (now, number))
