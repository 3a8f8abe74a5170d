"""User database: an SQLite file with separate rows for each user.

Users, identifiers and tokens are compared byte by byte.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Self

from footnote.index import FootnoteError
from footnote.index.storage.database import Database, OtherDatabase, Schema

# Rows of browsers and of this machine: an account's name has 32 digits of 16 (``UserTable.add``).
_NOBODYS = "NOT (length(user) = 32 AND CAST(user AS TEXT) NOT GLOB '*[^0-9a-f]*')"


def utc_now() -> datetime:
    """Returns the time, in UTC."""
    return datetime.now(UTC)


class UserDatabase:
    """One such file; safe to use from the threads of one server.

    Attributes:
        holds: What it is, as errors name it.
        what: One word that identifies the kind of file.
        schema: Its tables.
        changes: What brings a file of an earlier version up to date, one script a version.
        owned: Tables with a column ``user``, each with the column by which rows of other tables
            belong to one of its rows, and these tables.
        fault: The error class that its methods raise.
    """

    holds: ClassVar[str]
    what: ClassVar[str]
    schema: ClassVar[str]
    changes: ClassVar[Sequence[str]] = ()
    owned: ClassVar[Mapping[str, tuple[str, Sequence[str]]]] = {}
    fault: ClassVar[type[FootnoteError]]

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Opens the file, or makes one that only its owner may read.

        Raises:
            LibraryError: The file is of another kind or version, or cannot be used.
            FootnoteError: Of the kind ``fault``: its folder cannot be made, or it is another
                database of ours.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        except OSError as error:
            raise self.fault(
                f"{path} cannot be created ({error.strerror}); give another place"
            ) from error
        self._clock = clock
        schema = Schema(
            holds=self.holds,
            migrations=(self.schema, *self.changes),
            renewal="move the file away to start over",
            rescue="restore it, or move it away to start over",
            settings={"holds": self.what},
        )
        try:
            self._db = Database(path, schema)
        except OtherDatabase as error:
            raise self.fault(f"{path} holds no {self.what}; give another file") from error

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], datetime] = utc_now) -> Self:
        """Opens the file, as the constructor does."""
        return cls(path, clock=clock)

    def hand_over(self, user: str) -> int:
        """Makes all rows of nobody those of one user; returns how many, without their parts.

        What belongs to an account, also of another file of accounts, stays its own.
        """
        owner = self._user(user)
        with self._db.transaction():
            return sum(
                # What two of them had alike stays once.
                self._db.execute(
                    f"UPDATE OR IGNORE {table} SET user = ? WHERE {_NOBODYS}", (owner,)
                )
                for table in self.owned
            )

    def forget(self, user: str) -> None:
        """Deletes all that belongs to a user, and overwrites it in the file."""
        owner = self._user(user)
        self._db.rows("PRAGMA secure_delete = ON")
        with self._db.transaction():
            for table, (column, parts) in self.owned.items():
                for part in parts:
                    self._db.execute(
                        f"DELETE FROM {part} WHERE {column} IN "
                        f"(SELECT number FROM {table} WHERE user = ?)",
                        (owner,),
                    )
                self._db.execute(f"DELETE FROM {table} WHERE user = ?", (owner,))

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _user(self, user: str) -> bytes:
        """Returns the user as bytes; rejects an empty name, which several users could share."""
        if not isinstance(user, str) or not user:
            one = self.what.removesuffix("s")
            raise self.fault(f"a {one} needs its user; give a name or an identifier")
        return as_bytes(user)


def as_bytes(text: str) -> bytes:
    """Returns a text as bytes for comparing, including lone surrogates."""
    return str(text).encode("utf-8", "surrogatepass")
