"""Users: the table of names, roles and hashes of passwords."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime

from footnote.index.storage.database import Database
from footnote.ui.storage.accounts.models import AccountError, Role, User
from footnote.ui.storage.models import parse_time, shorten

# Also an address of mail, as a single sign-on may name people.
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")
_FIELDS = "id, name, role, created, seen, password IS NOT NULL"


class UserTable:
    """The users of a library."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        """Takes the opened file."""
        self._db, self._clock = db, clock

    def add(self, name: str, role: Role, password: str | None) -> User:
        """Returns a new user.

        Args:
            name: In small letters; it is how they sign in.
            role: What they may do.
            password: Its hash; None where only a proxy signs them in.

        Raises:
            AccountError: The name is taken, or cannot be one.
        """
        own, id = user_name(name), secrets.token_hex(16)
        now = self._clock().timestamp()
        with self._db.transaction():
            if self._db.rows("SELECT 1 FROM users WHERE name = ?", (own,)):
                raise AccountError(f"there is a user {own} already; choose another name")
            self._db.rows(
                "INSERT INTO users (id, name, role, password, created) VALUES (?, ?, ?, ?, ?)",
                (id.encode(), own, int(role), password, now),
            )
        return self.get(own)

    def list(self) -> list[User]:
        """Returns all users by name."""
        return [_user(row) for row in self._db.rows(f"SELECT {_FIELDS} FROM users ORDER BY name")]

    def find(self, name: str) -> User | None:
        """Returns the user with a name, in whichever case it is written; None without one."""
        rows = self._db.rows(f"SELECT {_FIELDS} FROM users WHERE name = ?", (name.strip().lower(),))
        return _user(rows[0]) if rows else None

    def get(self, name: str) -> User:
        """Returns the user with a name.

        Raises:
            AccountError: There is none.
        """
        found = self.find(name)
        if found is None:
            raise AccountError(
                f"there is no user {shorten(ascii(name), 60)}; see: footnote user list"
            )
        return found

    def by_id(self, id: str) -> User | None:
        """Returns the user with an identifier."""
        rows = self._db.rows(f"SELECT {_FIELDS} FROM users WHERE id = ?", (id.encode(),))
        return _user(rows[0]) if rows else None

    def password(self, id: str) -> str | None:
        """Returns the hash of a user's password."""
        rows = self._db.rows("SELECT password FROM users WHERE id = ?", (id.encode(),))
        return rows[0][0] if rows else None

    def set_password(self, id: str, hashed: str) -> None:
        """Sets the hash of a user's password."""
        self._db.rows("UPDATE users SET password = ? WHERE id = ?", (hashed, id.encode()))

    def set_role(self, name: str, role: Role) -> None:
        """Gives a user another role, from their next request on.

        Raises:
            AccountError: There is no such user, or nobody would be left who may do all.
        """
        with self._db.transaction():
            user = self.get(name)
            if role < Role.ADMIN:
                self._keep_an_admin(user)
            else:
                # One is an admin in every library.
                self._db.rows("DELETE FROM grants WHERE user = ?", (user.id.encode(),))
            self._db.rows("UPDATE users SET role = ? WHERE id = ?", (int(role), user.id.encode()))

    def remove(self, name: str) -> User:
        """Deletes a user; what they kept elsewhere stays.

        Raises:
            AccountError: There is no such user, or others would be left without an admin.
        """
        with self._db.transaction():
            user = self.get(name)
            if self.count() > 1:
                self._keep_an_admin(user)
            for table in ("sessions", "tokens", "grants", "spending"):
                self._db.rows(f"DELETE FROM {table} WHERE user = ?", (user.id.encode(),))
            self._db.rows("DELETE FROM users WHERE id = ?", (user.id.encode(),))
        return user

    def mark_seen(self, id: str) -> None:
        """Takes note that somebody was here now."""
        now = self._clock().timestamp()
        self._db.rows("UPDATE users SET seen = ? WHERE id = ?", (now, id.encode()))

    def count(self, least: Role = Role.NOBODY) -> int:
        """Returns how many users have at least a role."""
        rows = self._db.rows("SELECT count(*) FROM users WHERE role >= ?", (int(least),))
        return int(rows[0][0])

    def first_admin(self) -> User | None:
        """Returns the admin who was there first; None without one."""
        rows = self._db.rows(
            f"SELECT {_FIELDS} FROM users WHERE role = ? ORDER BY number LIMIT 1",
            (int(Role.ADMIN),),
        )
        return _user(rows[0]) if rows else None

    def _keep_an_admin(self, user: User) -> None:
        if user.role == Role.ADMIN and self.count(Role.ADMIN) == 1:
            raise AccountError(
                f"{user.name} is the only admin; make another one first: "
                "footnote user role NAME admin"
            )


def user_name(name: str) -> str:
    """Returns a name as it is stored.

    Raises:
        AccountError: It cannot be one.
    """
    own = name.strip().lower()
    if not _NAME.fullmatch(own):
        raise AccountError(
            f"{shorten(ascii(name), 60)} cannot be a name; use up to 80 letters a to z, digits "
            "and . _ @ + -"
        )
    return own


def _user(row: tuple[bytes, str, int, float, float | None, int]) -> User:
    id, name, role, created, seen, has_password = row
    return User(
        id.decode(), name, Role(role), parse_time(created),
        None if seen is None else parse_time(seen), bool(has_password),
    )  # fmt: skip
