"""Log: who did what, kept for a while; questions and secrets are never in it."""

from collections.abc import Callable
from datetime import datetime

from footnote.index.storage.database import Database
from footnote.ui.storage.accounts.models import LogEntry
from footnote.ui.storage.models import parse_time, shorten

# Entries that are kept; 100 bytes each.
MOST = 200_000
_EVERY = 1_000
COMMAND_LINE = "command line"
_ABOUT_MOST = 200


class AuditLog:
    """The table of what was done."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        """Takes the opened file."""
        self._db, self._clock = db, clock

    def add(self, who: str, what: str, about: str = "", address: str = "") -> None:
        """Adds an entry: who did what to what, from where."""
        values = [_line(text) for text in (who, address, what, about)]
        (number,) = self._db.rows(
            "INSERT INTO log (at, who, address, what, about) VALUES (?, ?, ?, ?, ?) "
            "RETURNING number",
            (self._clock().timestamp(), *values),
        )[0]
        if number % _EVERY == 0:
            self._db.rows("DELETE FROM log WHERE number <= ?", (number - MOST,))

    def list(self, most: int = 50, who: str | None = None) -> list[LogEntry]:
        """Returns the latest entries, the last one first; of one user alone if it is given."""
        rows = self._db.rows(
            "SELECT at, who, address, what, about FROM log WHERE ? IS NULL OR who = ? "
            "ORDER BY number DESC LIMIT ?",
            (who, who, most),
        )
        return [
            LogEntry(parse_time(at), who, address, what, about)
            for at, who, address, what, about in rows
        ]


def _line(text: str) -> str:
    # It is read in a terminal, which obeys some signs.
    return shorten("".join(sign if sign.isprintable() else " " for sign in text), _ABOUT_MOST)
