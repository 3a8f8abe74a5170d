"""Collections: named sets of papers, in one SQLite file in the library's folder.

A collection holds identifiers alone. One whose paper was removed from the library keeps it, so that
the paper is in it again when the removal is taken back.
"""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from footnote.index import FootnoteError
from footnote.ui.storage.models import TITLE_MOST, parse_time, shorten
from footnote.ui.storage.shares import ENDLESS, SHARES_END, WORKS, ShareTerms, check_reader
from footnote.ui.storage.user_database import UserDatabase, as_bytes

_SCHEMA = """
CREATE TABLE IF NOT EXISTS collections (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, user BLOB NOT NULL,
    name TEXT NOT NULL, created REAL NOT NULL, UNIQUE (user, name));
CREATE TABLE IF NOT EXISTS members (
    collection INTEGER NOT NULL, paper BLOB NOT NULL, added REAL NOT NULL,
    PRIMARY KEY (collection, paper)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shares (
    token BLOB PRIMARY KEY, collection INTEGER NOT NULL, name TEXT NOT NULL,
    created REAL NOT NULL, papers TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shares_by_collection ON shares (collection);
"""

# Papers that one collection may hold: what one search can be narrowed to.
MOST_MEMBERS = 5_000


class CollectionError(FootnoteError):
    """There is no such collection, or it cannot be changed in this way."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A line of the list of collections.

    Attributes:
        created: In UTC.
        papers: How many it holds, those that the library no longer has counted too.
        shared: Whether there is a working link to it.
    """

    id: str
    name: str
    created: datetime
    papers: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class SharedPapers:
    """A collection as it was when it was shared.

    Attributes:
        created: When it was shared, in UTC.
        papers: Identifiers, the last added first.
    """

    name: str
    created: datetime
    papers: tuple[str, ...]


class Collections(UserDatabase):
    """The collections of every user; safe to use from the threads of one server."""

    holds: ClassVar[str] = "file of collections"
    what: ClassVar[str] = "collections"
    schema: ClassVar[str] = _SCHEMA
    changes: ClassVar[Sequence[str]] = (SHARES_END,)
    owned: ClassVar[Mapping[str, tuple[str, Sequence[str]]]] = {
        "collections": ("collection", ("members", "shares"))
    }
    fault: ClassVar[type[FootnoteError]] = CollectionError

    def create(self, user: str, name: str) -> str:
        """Returns the identifier of the collection with a name, made if there is none.

        Raises:
            CollectionError: The name is empty, or there is no user.
        """
        kept, made = _name(name), secrets.token_hex(5)
        values = (as_bytes(made), self._user(user), kept, self._clock().timestamp())
        with self._db.transaction():
            self._db.rows(
                "INSERT OR IGNORE INTO collections (id, user, name, created) VALUES (?, ?, ?, ?)",
                values,
            )
            rows = self._db.rows(
                "SELECT id FROM collections WHERE user = ? AND name = ?", (self._user(user), kept)
            )
        return bytes(rows[0][0]).decode()

    def list(self, user: str) -> list[Collection]:
        """Returns the user's collections by name."""
        rows = self._db.rows(
            "SELECT id, name, created, "
            "(SELECT count(*) FROM members WHERE collection = number), "
            f"EXISTS (SELECT 1 FROM shares WHERE collection = number AND {WORKS}) "
            "FROM collections WHERE user = ? ORDER BY name COLLATE NOCASE, number",
            (self._clock().timestamp(), self._user(user)),
        )
        return [
            Collection(id.decode(), name, parse_time(created), count, bool(shared))
            for id, name, created, count, shared in rows
        ]

    def get(self, user: str, id: str) -> Collection:
        """Returns one of the user's collections.

        Raises:
            CollectionError: The user has no such collection.
        """
        found = next((one for one in self.list(user) if one.id == id), None)
        if found is None:
            raise _absent(id)
        return found

    def members(self, user: str, id: str) -> Sequence[str]:
        """Returns the identifiers of a collection's papers, the last added first.

        Raises:
            CollectionError: The user has no such collection.
        """
        with self._db.lock:
            rows = self._db.rows(
                "SELECT paper FROM members WHERE collection = ? ORDER BY added DESC, paper",
                (self._number(user, id),),
            )
        return [bytes(row[0]).decode() for row in rows]

    def add(self, user: str, id: str, papers: Iterable[str]) -> int:
        """Puts papers into a collection; returns how many were not in it before.

        Raises:
            CollectionError: The user has no such collection, or it would hold too many.
        """
        now = self._clock().timestamp()
        with self._db.transaction():
            number = self._number(user, id)
            before = self._count(number)
            self._db.execute_many(
                "INSERT OR IGNORE INTO members VALUES (?, ?, ?)",
                [(number, as_bytes(paper), now) for paper in papers],
            )
            count = self._count(number)
            if count > MOST_MEMBERS:
                raise CollectionError(
                    f"a collection holds at most {MOST_MEMBERS:,} papers, this would have "
                    f"{count:,}; make another one"
                )
        return count - before

    def discard(self, user: str, id: str, papers: Iterable[str]) -> int:
        """Takes papers out of a collection, not out of the library; returns how many.

        Raises:
            CollectionError: The user has no such collection.
        """
        with self._db.transaction():
            number = self._number(user, id)
            before = self._count(number)
            self._db.execute_many(
                "DELETE FROM members WHERE collection = ? AND paper = ?",
                [(number, as_bytes(paper)) for paper in papers],
            )
            return before - self._count(number)

    def rename(self, user: str, id: str, name: str) -> None:
        """Gives a collection another name.

        Raises:
            CollectionError: The user has no such collection, the name is empty, or another
                collection has it.
        """
        kept = _name(name)
        with self._db.transaction():
            number = self._number(user, id)
            others = self._db.rows(
                "SELECT 1 FROM collections WHERE user = ? AND name = ? AND number != ?",
                (self._user(user), kept, number),
            )
            if others:
                raise CollectionError(f"another collection is called “{kept}”; choose another name")
            self._db.rows("UPDATE collections SET name = ? WHERE number = ?", (kept, number))

    def delete(self, user: str, id: str) -> None:
        """Deletes a collection and every link to it; its papers stay in the library.

        Raises:
            CollectionError: The user has no such collection.
        """
        with self._db.transaction():
            number = self._number(user, id)
            for table in ("members", "shares"):
                self._db.rows(f"DELETE FROM {table} WHERE collection = ?", (number,))
            self._db.rows("DELETE FROM collections WHERE number = ?", (number,))

    def share(self, user: str, id: str, terms: ShareTerms = ENDLESS, *, instead: str = "") -> str:
        """Returns a token with which others can see which papers are in it now.

        Args:
            user: Whose.
            id: The collection's.
            terms: How long it works, and for whom.
            instead: A token of the same collection that ends with this.

        Raises:
            CollectionError: The user has no such collection, or it is empty.
        """
        token, now = secrets.token_urlsafe(24), self._clock().timestamp()
        with self._db.transaction():
            number, papers = self._number(user, id), self.members(user, id)
            if not papers:
                raise CollectionError("an empty collection cannot be shared; add papers first")
            self._db.rows(
                "DELETE FROM shares WHERE token = ? AND collection = ?",
                (as_bytes(instead), number),
            )
            self._db.rows(
                "INSERT INTO shares SELECT ?, number, name, ?, ?, ?, ? FROM collections "
                "WHERE number = ?",
                (as_bytes(token), now, json.dumps(papers), *terms.row(now), number),
            )
        return token

    def shared(self, token: str, *, signed_in: bool = True) -> SharedPapers:
        """Returns what is shared under a token, as it was when shared.

        Raises:
            CollectionError: Nothing is, or not any more.
            SignInNeeded: It is shared with those alone who have signed in.
        """
        rows = self._db.rows(
            f"SELECT name, created, papers, members FROM shares WHERE token = ? AND {WORKS}",
            (as_bytes(token), self._clock().timestamp()),
        )
        if not rows:
            raise CollectionError("nothing is shared at this link; ask for a new one")
        name, created, papers, members = rows[0]
        check_reader(members, signed_in=signed_in)
        return SharedPapers(name, parse_time(created), tuple(json.loads(papers)))

    def unshare(self, user: str, id: str) -> None:
        """Ends every link to a collection.

        Raises:
            CollectionError: The user has no such collection.
        """
        with self._db.transaction():
            number = self._number(user, id)
            self._db.rows("DELETE FROM shares WHERE collection = ?", (number,))

    def _number(self, user: str, id: str) -> int:
        rows = self._db.rows(
            "SELECT number FROM collections WHERE id = ? AND user = ?",
            (as_bytes(id), self._user(user)),
        )
        if not rows:
            raise _absent(id)
        return int(rows[0][0])

    def _count(self, number: int) -> int:
        rows = self._db.rows("SELECT count(*) FROM members WHERE collection = ?", (number,))
        return int(rows[0][0])


def _name(name: str) -> str:
    kept = shorten(name, TITLE_MOST)
    if not kept:
        raise CollectionError("a collection needs a name; type one")
    return kept


def _absent(id: str) -> CollectionError:
    return CollectionError(f"no collection {shorten(ascii(id), 40)}; choose one in the list")
