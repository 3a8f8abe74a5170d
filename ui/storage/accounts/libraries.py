"""Libraries: those that a server had and has, and what each user may do in each.

A library is known by its folder: another name on the command line opens it to nobody.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from footnote.index.storage.database import Database
from footnote.ui.storage.accounts.models import AccountError, Role, User

# A name stands in addresses and in the names of models.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class LibraryTable:
    """Folders of libraries with their names now, and roles of users that hold in one of them."""

    def __init__(self, db: Database) -> None:
        """Takes the opened file."""
        self._db = db

    def register(self, folders: Mapping[str, Path]) -> Sequence[Path]:
        """Takes note of the libraries of a server; returns those that it never had before.

        What users keep in others, and roles there, are not forgotten.

        Args:
            folders: By name; "" is the name of one alone.
        """
        known, came = set(self.folders()), list[Path]()
        with self._db.transaction():
            self._db.execute("UPDATE libraries SET name = NULL")
            for name, folder in folders.items():
                own = folder.resolve()
                self._db.execute("INSERT OR REPLACE INTO libraries VALUES (?, ?)", (str(own), name))
                came += [] if own in known else [own]
        return came

    def folders(self) -> Sequence[Path]:
        """Returns the folders of all libraries that the server ever had."""
        return [Path(row[0]) for row in self._db.rows("SELECT folder FROM libraries ORDER BY 1")]

    def set_role(self, user: User, library: str, role: Role | None) -> None:
        """Lets a user have another role in one library than elsewhere.

        Args:
            user: Who.
            library: Its name.
            role: NOBODY keeps them out of it; None makes it the same as elsewhere.

        Raises:
            AccountError: The server has no such library, or the role does not hold in one alone.
        """
        rows = self._db.rows("SELECT name, folder FROM libraries WHERE name != '' ORDER BY name")
        known = dict(rows)
        if library not in known:
            has = ", ".join(known) if known else "one alone; start it with several first"
            raise AccountError(f"the server has no library {library[:40]!r}; it has {has}")
        if role is Role.ADMIN:
            raise AccountError("an admin is one in every library: footnote user role NAME admin")
        with self._db.transaction():
            key = (user.id.encode(), known[library])
            self._db.execute("DELETE FROM grants WHERE user = ? AND folder = ?", key)
            if role is not None:
                self._db.execute("INSERT INTO grants VALUES (?, ?, ?)", (*key, int(role)))

    def roles(self, user: str) -> tuple[tuple[str, Role], ...]:
        """Returns the libraries in which a user has another role than elsewhere, with that role."""
        rows = self._db.rows(
            "SELECT name, role FROM grants JOIN libraries USING (folder) "
            "WHERE user = ? AND name IS NOT NULL ORDER BY name",
            (user.encode(),),
        )
        return tuple((name, Role(role)) for name, role in rows)
