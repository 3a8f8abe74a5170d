"""Libraries: those that one server has, and what each user may do in each."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from footnote.index.storage.database import Database
from footnote.ui.storage.accounts.models import AccountError, Role, User

# A name stands in addresses and in the names of models.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class LibraryTable:
    """Names and folders of libraries, and roles of users that hold in one of them."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        """Takes the opened file."""
        self._db = db

    def register(self, folders: Mapping[str, Path]) -> None:
        """Takes note of the libraries of a server; roles in others are kept, should they return."""
        with self._db.transaction():
            self._db.execute("DELETE FROM libraries")
            for name, folder in folders.items():
                self._db.execute("INSERT INTO libraries VALUES (?, ?)", (name, str(folder)))

    def folders(self) -> dict[str, Path]:
        """Returns the folders of the libraries of the last server, by name."""
        rows = self._db.rows("SELECT name, folder FROM libraries ORDER BY name")
        return {name: Path(folder) for name, folder in rows}

    def set_role(self, user: User, library: str, role: Role | None) -> None:
        """Lets a user have another role in one library than elsewhere.

        Args:
            user: Who.
            library: Its name.
            role: NOBODY keeps them out of it; None makes it the same as elsewhere.

        Raises:
            AccountError: The server has no such library, or the role does not hold in one alone.
        """
        known = list(self.folders())
        if library not in known:
            has = ", ".join(known) if known else "one alone; start it with several first"
            raise AccountError(f"the server has no library {library[:40]!r}; it has {has}")
        if role is Role.ADMIN:
            raise AccountError("an admin is one in every library: footnote user role NAME admin")
        with self._db.transaction():
            key = (user.id.encode(), library)
            self._db.execute("DELETE FROM grants WHERE user = ? AND library = ?", key)
            if role is not None:
                self._db.execute("INSERT INTO grants VALUES (?, ?, ?)", (*key, int(role)))

    def roles(self, user: str) -> tuple[tuple[str, Role], ...]:
        """Returns the libraries in which a user has another role than elsewhere, with that role."""
        rows = self._db.rows(
            "SELECT library, role FROM grants WHERE user = ? ORDER BY library", (user.encode(),)
        )
        return tuple((name, Role(role)) for name, role in rows)
