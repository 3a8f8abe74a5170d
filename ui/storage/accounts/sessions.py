"""Sessions and API tokens: random secrets, of which only the hash is stored.

A secret has 256 random bits, so its hash needs no salt and no cost.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime

from footnote.index.storage.database import Database
from footnote.ui.storage.accounts.models import AccountError, ApiToken, Identity, Role
from footnote.ui.storage.models import parse_time, shorten

DAY = 86_400.0
# Days after which anybody has to sign in again.
SESSION_MOST = 90
# Days that a token may be good for.
TOKEN_MOST = 3650
# Seconds after which it is written down again that a session or a token is in use.
NOTED = 3600.0
# Begins each token, so that people, and what searches code for secrets, know one.
PREFIX = "fnt_"
LABEL_MOST = 80
TOKENS_MOST = 100


class SessionTable:
    """Who is signed in on the page."""

    def __init__(self, db: Database, clock: Callable[[], datetime], *, days: int) -> None:
        """Takes the opened file, and the days without use after which a session ends."""
        self._db, self._clock, self._idle = db, clock, days * DAY

    def start(self, user: str) -> str:
        """Returns the secret of a new session of a user, and forgets those that have ended."""
        secret, now = secrets.token_urlsafe(32), self._now()
        with self._db.transaction():
            self._db.rows(
                "DELETE FROM sessions WHERE seen < ? OR created < ?",
                (now - self._idle, now - SESSION_MOST * DAY),
            )
            self._db.rows(
                "INSERT INTO sessions VALUES (?, ?, ?, ?)", (_hash(secret), user.encode(), now, now)
            )
        return secret

    def find(self, secret: str) -> Identity | None:
        """Returns whose session has a secret; None if none does, or it has ended."""
        now, key = self._now(), _hash(secret)
        rows = self._db.rows(
            "SELECT users.id, name, role, sessions.seen FROM sessions "
            "JOIN users ON users.id = sessions.user "
            "WHERE hash = ? AND sessions.seen >= ? AND sessions.created >= ?",
            (key, now - self._idle, now - SESSION_MOST * DAY),
        )
        if not rows:
            return None
        id, name, role, seen = rows[0]
        if now - seen > NOTED:
            with self._db.transaction():
                self._db.rows("UPDATE sessions SET seen = ? WHERE hash = ?", (now, key))
                self._db.rows("UPDATE users SET seen = ? WHERE id = ?", (now, id))
        return Identity(id.decode(), name, Role(role), "session", key.hex())

    def end_secret(self, secret: str) -> None:
        """Ends the session with a secret, if there is one."""
        self._db.rows("DELETE FROM sessions WHERE hash = ?", (_hash(secret),))

    def end_all(self, user: str, *, but: str = "") -> None:
        """Ends the sessions of a user, except the one with a key."""
        self._db.rows(
            "DELETE FROM sessions WHERE user = ? AND hash != ?",
            (user.encode(), bytes.fromhex(but)),
        )

    def _now(self) -> float:
        return self._clock().timestamp()


class TokenTable:
    """The tokens of programs."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        """Takes the opened file."""
        self._db, self._clock = db, clock

    def add(self, user: str, label: str, scope: Role, days: int) -> tuple[str, ApiToken]:
        """Returns a new token's secret, which nobody can look up later, and what the list shows.

        Args:
            user: Identifier of its owner.
            label: What it is for.
            scope: What it may do at most; no more than its owner may at the time it is used.
            days: After which it ends.

        Raises:
            AccountError: The label is empty, the days are too many, or the user has too many.
        """
        told = shorten(label, LABEL_MOST)
        if not told:
            raise AccountError("a token needs a label; say what it is for, such as: laptop")
        if not 1 <= days <= TOKEN_MOST:
            raise AccountError(f"a token lasts 1 to {TOKEN_MOST} days, not {days:,}; choose fewer")
        secret, id = PREFIX + secrets.token_urlsafe(32), secrets.token_hex(4)
        now = self._clock().timestamp()
        with self._db.transaction():
            self._db.rows("DELETE FROM tokens WHERE expires < ?", (now - SESSION_MOST * DAY,))
            if len(self.list(user)) >= TOKENS_MOST:
                raise AccountError(f"one user has at most {TOKENS_MOST} tokens; revoke some first")
            self._db.rows(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    _hash(secret),
                    id.encode(),
                    user.encode(),
                    told,
                    int(scope),
                    now,
                    now + days * DAY,
                ),
            )
        return secret, next(one for one in self.list(user) if one.id == id)

    def find(self, secret: str) -> Identity | None:
        """Returns whose token this is, with what it may do; None if it is none, or has ended."""
        now, key = self._clock().timestamp(), _hash(secret)
        rows = self._db.rows(
            "SELECT users.id, name, min(role, scope), scope, used FROM tokens "
            "JOIN users ON users.id = tokens.user WHERE hash = ? AND expires >= ?",
            (key, now),
        )
        if not rows:
            return None
        id, name, role, most, used = rows[0]
        if used is None or now - used > NOTED:
            with self._db.transaction():
                self._db.rows("UPDATE tokens SET used = ? WHERE hash = ?", (now, key))
                self._db.rows("UPDATE users SET seen = ? WHERE id = ?", (now, id))
        return Identity(id.decode(), name, Role(role), "token", key.hex(), most=Role(most))

    def list(self, user: str | None = None) -> list[ApiToken]:
        """Returns the tokens of a user, or of all, the latest first; also those that have ended."""
        rows = self._db.rows(
            "SELECT tokens.id, name, label, scope, tokens.created, expires, used FROM tokens "
            "JOIN users ON users.id = tokens.user WHERE ? IS NULL OR users.id = ? "
            "ORDER BY tokens.created DESC, tokens.id",
            (user, user.encode() if user is not None else None),
        )
        return [
            ApiToken(
                id.decode(), name, label, Role(scope), parse_time(created), parse_time(expires),
                None if used is None else parse_time(used),
            )
            for id, name, label, scope, created, expires, used in rows
        ]  # fmt: skip

    def revoke(self, id: str, *, user: str | None = None) -> None:
        """Ends a token, of one user alone if it is given.

        Raises:
            AccountError: There is no such token.
        """
        gone = self._db.rows(
            "DELETE FROM tokens WHERE id = ? AND (? IS NULL OR user = ?) RETURNING id",
            (id.encode(), user, user.encode() if user is not None else None),
        )
        if not gone:
            raise AccountError(
                f"there is no token {shorten(ascii(id), 40)}; see: footnote token list"
            )

    def revoke_all(self, user: str) -> None:
        """Ends all tokens of a user."""
        self._db.rows("DELETE FROM tokens WHERE user = ?", (user.encode(),))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
