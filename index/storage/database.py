"""The file under the catalog: one SQLite database, its settings, its transactions, its faults.

Whatever else is kept in SQLite, such as conversations, is kept in a file of this kind.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from footnote.index import LibraryError

SCHEMA_VERSION = 1
_SETTINGS = (
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
)
# Faults that leave the file whole.
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)


class Database:
    """One SQLite file in WAL mode; safe to use from several threads of one process.

    Attributes:
        holds: What the file is, as errors name it.
        renewal: What to do where the file is of another version.
        rescue: What to do where the file is damaged.
    """

    holds: ClassVar[str] = "catalog"
    renewal: ClassVar[str] = "index the sources again into a new library"
    rescue: ClassVar[str] = "restore it, or move the library away and index again"

    def __init__(self, path: Path, schema: str) -> None:
        """Opens the file, or makes one with the tables of ``schema``.

        Raises:
            LibraryError: The file is no such database, or one of another version.
        """
        self._lock = threading.RLock()
        self._path = path
        with self._told():
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            version = self._prepare(schema)
        except LibraryError:
            self.close()
            raise
        if version != str(SCHEMA_VERSION):
            self.close()
            raise LibraryError(
                f"{path} has schema {version}, this version reads {SCHEMA_VERSION}; {self.renewal}"
            )

    def _prepare(self, schema: str) -> str | None:
        """Returns the schema's version, making the tables in a file that has none."""
        with self._told():
            # A reader is never blocked in WAL; a second writer waits for the commit.
            self._db.execute("PRAGMA busy_timeout = 10000")
            self._db.execute("PRAGMA journal_mode = WAL")
            if not self._rows("SELECT count(*) FROM sqlite_master")[0][0]:
                # In one transaction: a kill leaves an empty file or a catalog.
                self._db.executescript(
                    f"BEGIN IMMEDIATE; {_SETTINGS} {schema} INSERT OR IGNORE INTO meta VALUES "
                    f"('schema', '{SCHEMA_VERSION}'), ('generation', '0'); COMMIT;"
                )
        return self.meta("schema")

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tells what SQLite finds wrong as one line with the file's name."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            # An extended code has the primary one in its low byte.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING:
                raise LibraryError(
                    f"{self._path} cannot be used now ({error}); free space, check the rights or "
                    "wait for the other process, then try again"
                ) from error
            raise LibraryError(
                f"{self._path} is not a usable {self.holds} ({error}); {self.rescue}"
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits everything done inside, or nothing of it."""
        with self._lock, self._told():
            self._begun()
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _begun(self) -> None:
        """Is called as a transaction begins: what was read before may not hold after it."""

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._told():
            return self._db.execute(sql, values).fetchall()

    # What is stored about the library itself.

    def meta(self, key: str) -> str | None:
        """Returns a setting of the library, or None."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_meta(self, **values: str) -> None:
        """Stores settings of the library."""
        with self._lock, self._told():
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def data_version(self) -> int:
        """Returns a number that changes when another connection has committed."""
        return int(self._rows("PRAGMA data_version")[0][0])


def look(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Returns what a query finds in a file that is there, whoever writes it; makes nothing.

    A file or a table that is not there has no rows.
    """
    if not path.is_file():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as opened:
        try:
            return opened.execute(sql).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


def damage(path: Path) -> str | None:
    """Returns what SQLite finds wrong with a file of its own, None of one that is whole."""
    try:
        found = "; ".join(str(row[0]) for row in look(path, "PRAGMA integrity_check"))
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else found
