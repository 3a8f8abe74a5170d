"""Accounts of a library: one file beside it, which holds users, sessions, tokens and the log."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from footnote.index import FootnoteError
from footnote.ui.storage.accounts.libraries import LibraryTable
from footnote.ui.storage.accounts.log import AuditLog
from footnote.ui.storage.accounts.models import AccountError, Role, User
from footnote.ui.storage.accounts.passwords import Passwords
from footnote.ui.storage.accounts.sessions import SessionTable, TokenTable
from footnote.ui.storage.accounts.settings import AccountSettings
from footnote.ui.storage.accounts.spending import SpendingTable
from footnote.ui.storage.accounts.users import UserTable
from footnote.ui.storage.user_database import UserDatabase, utc_now

# In the library's folder.
ACCOUNTS = "accounts.sqlite3"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
    role INTEGER NOT NULL, password TEXT, created REAL NOT NULL, seen REAL);
CREATE TABLE IF NOT EXISTS sessions (
    hash BLOB PRIMARY KEY, user BLOB NOT NULL, created REAL NOT NULL, seen REAL NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user);
CREATE TABLE IF NOT EXISTS tokens (
    hash BLOB PRIMARY KEY, id BLOB NOT NULL UNIQUE, user BLOB NOT NULL, label TEXT NOT NULL,
    scope INTEGER NOT NULL, created REAL NOT NULL, expires REAL NOT NULL, used REAL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_by_user ON tokens (user);
CREATE TABLE IF NOT EXISTS log (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, who TEXT NOT NULL,
    address TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS spending (
    user BLOB NOT NULL, day TEXT NOT NULL, answers INTEGER NOT NULL, tokens INTEGER NOT NULL,
    cost REAL NOT NULL, PRIMARY KEY (user, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS libraries (folder TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS grants (
    user BLOB NOT NULL, folder TEXT NOT NULL, role INTEGER NOT NULL,
    PRIMARY KEY (user, folder)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS log_by_user ON log (who, number);
"""


class Accounts(UserDatabase):
    """The accounts of one library; safe to use from the threads of one server.

    Attributes:
        users: Names, roles and passwords.
        sessions: Who is signed in.
        tokens: Of programs.
        libraries: Those of its server, and who may do something else in one of them.
        spending: What each took of models.
        log: Who did what.
        settings: What is configured.
    """

    holds: ClassVar[str] = "file of accounts"
    what: ClassVar[str] = "accounts"
    schema: ClassVar[str] = _SCHEMA
    fault: ClassVar[type[FootnoteError]] = AccountError

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        settings: AccountSettings | None = None,
    ) -> None:
        """Opens the file, or makes it; raises as its base class does."""
        super().__init__(path, clock=clock)
        self.settings = settings or AccountSettings()
        self.passwords = Passwords(self.settings)
        self.users = UserTable(self._db, clock)
        self.sessions = SessionTable(self._db, clock, days=self.settings.session_days)
        self.tokens = TokenTable(self._db, clock)
        self.libraries = LibraryTable(self._db)
        self.spending = SpendingTable(self._db, clock, self.settings)
        self.log = AuditLog(self._db, clock)

    def add(self, name: str, role: Role, password: str | None) -> User:
        """Returns a new user with a password, or with none where a proxy signs them in.

        Raises:
            AccountError: The name or the password cannot be used.
        """
        hashed = self.passwords.hash(password) if password is not None else None
        return self.users.add(name, role, hashed)

    def check(self, name: str, password: str) -> User | None:
        """Returns the user whose name and password these are; None for any others.

        A name that nobody has takes as long as a wrong password.
        """
        user = self.users.find(name)
        stored = self.users.password(user.id) if user else None
        if not self.passwords.matches(password, stored) or user is None or stored is None:
            return None
        if self.passwords.is_dated(stored):
            self.users.set_password(user.id, self.passwords.hash(password))
        return user

    def change_password(self, user: User, password: str, *, session: str = "") -> None:
        """Sets a password and ends the user's sessions, except the one with a key.

        Raises:
            AccountError: It cannot be one.
        """
        hashed = self.passwords.hash(password)
        with self._db.transaction():
            self.users.set_password(user.id, hashed)
            self.sessions.end_all(user.id, but=session)

    def reset_password(self, user: User, password: str) -> None:
        """Sets a password that was lost or is known to others: also ends the user's tokens.

        Raises:
            AccountError: It cannot be one.
        """
        hashed = self.passwords.hash(password)
        with self._db.transaction():
            self.users.set_password(user.id, hashed)
            self.sessions.end_all(user.id)
            self.tokens.revoke_all(user.id)
