"""User database: an SQLite file with separate rows for each user.

Users, identifiers and tokens are compared byte by byte.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Self

from footnote.index import FootnoteError
from footnote.index.storage.database import Database, OtherDatabase, Schema


def _now() -> datetime:
    return datetime.now(UTC)


class UserDatabase:
    """One such file; safe to use from the threads of one server.

    Attributes:
        holds: What it is, as errors name it.
        what: One word that identifies the kind of file.
        schema: Its tables.
        fault: The error class that its methods raise.
    """

    holds: ClassVar[str]
    what: ClassVar[str]
    schema: ClassVar[str]
    fault: ClassVar[type[FootnoteError]]

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _now) -> None:
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
            migrations=(self.schema,),
            renewal="move the file away to start over",
            rescue="restore it, or move it away to start over",
            settings={"holds": self.what},
        )
        try:
            self._db = Database(path, schema)
        except OtherDatabase as error:
            raise self.fault(f"{path} holds no {self.what}; give another file") from error

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], datetime] = _now) -> Self:
        """Opens the file, as the constructor does."""
        return cls(path, clock=clock)

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
