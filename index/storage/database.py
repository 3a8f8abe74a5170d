"""One SQLite file: its settings, its transactions, its migrations, and its errors in one line.

Whatever else is kept in SQLite, such as conversations, is kept in a file of this kind.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from footnote.index import LibraryError

SCHEMA_VERSION = 1
# SQLite takes at most 32,766 parameters in a statement.
MANY = 10_000
# Rows remembered at most; a place takes 0.2 kB, a paper 3.
MOST_KNOWN = 50_000
# Free pages, and their share of a file, for writing it anew to pay.
_FREE_PAGES, _FREE_SHARE = 256, 0.25
_SETTINGS = (
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
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

Row = TypeVar("Row")
# What ``read_rows`` raises of a file that cannot be read.
UNREADABLE = sqlite3.DatabaseError


@dataclass(frozen=True, slots=True)
class Schema:
    """What a file holds, and what errors say about it.

    Attributes:
        holds: What the file is.
        migrations: SQL statements, separated by semicolons: the first makes the tables, and each
            of the others brings a file of the version before up to date.
        renewal: What to do where the file is of another version.
        rescue: What to do where the file is damaged.
        settings: What ``meta`` holds in a new file; ``holds`` tells our files apart.
    """

    holds: str
    migrations: Sequence[str]
    renewal: str
    rescue: str
    settings: Mapping[str, str] = field(default_factory=dict)


class OtherDatabase(LibraryError):
    """A file of ours that holds something else."""


class Database:
    """One SQLite file in WAL mode; safe to use from several threads of one process.

    Attributes:
        path: Of the file.
        lock: Held by whoever reads or writes; a thread may take it several times.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        """Opens the file, makes one where there is none, and brings an old one up to date.

        Raises:
            OtherDatabase: The file holds something else.
            LibraryError: The file is no such database, or one of another version.
        """
        self.lock = threading.RLock()
        self.path = path
        self._schema = schema
        # Transactions that this object began or ended.
        self._turns = 0
        self._translating = _Translating(self)
        with self._translating:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._prepare()
        except LibraryError:
            self.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def translate(self, error: sqlite3.DatabaseError) -> LibraryError:
        """Returns what an error of sqlite3 means to whoever has the file."""
        # An extended code has the primary one in its low byte.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING:
            return LibraryError(
                f"{self.path} cannot be used now ({error}); free disk space, check "
                "the permissions or wait for the other process, then try again"
            )
        return LibraryError(
            f"{self.path} is not a usable {self._schema.holds} ({error}); {self._schema.rescue}"
        )

    # Statements.

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Returns the rows that a statement gives."""
        with self.lock, self._translating:
            return self._db.execute(sql, values).fetchall()

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Runs a statement; returns how many rows it changed."""
        with self.lock, self._translating:
            return self._db.execute(sql, values).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Runs a statement once for each row of values."""
        with self.lock, self._translating:
            self._db.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits everything done inside, or nothing of it."""
        with self.lock, self._translating:
            self._turns += 1
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._turns += 1

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Shows everything read inside in one state, whoever writes meanwhile; writes nothing."""
        with self.lock, self._translating:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("ROLLBACK")

    # What is stored about the file itself.

    def meta(self, key: str) -> str | None:
        """Returns a setting of the file, or None."""
        rows = self.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_meta(self, **values: str) -> None:
        """Stores settings of the file."""
        self.execute_many("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def data_version(self) -> int:
        """Returns a number that changes when another connection has committed."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def state(self) -> tuple[int, int]:
        """Returns a value that changes when anybody, here or elsewhere, changes rows."""
        return self._turns, self.data_version()

    # Opening.

    def _prepare(self) -> None:
        # A reader is never blocked in WAL; a second writer waits for the commit.
        self.execute("PRAGMA busy_timeout = 10000")
        self.rows("PRAGMA journal_mode = WAL")
        if not self.rows("SELECT count(*) FROM sqlite_master")[0][0]:
            self._create()
        if self.meta("holds") != self._schema.settings.get("holds"):
            raise OtherDatabase(f"{self.path} is not a {self._schema.holds}; give another file")
        found, known = self.meta("schema"), len(self._schema.migrations)
        if found != str(SCHEMA_VERSION) or self._migrated() > known:
            newer = found == str(SCHEMA_VERSION)
            found = f"{found}.{self._migrated()}" if newer else found
            reads = f"{SCHEMA_VERSION}.{known}" if newer else SCHEMA_VERSION
            raise LibraryError(
                f"{self.path} has schema {found}, this version reads {reads}; "
                f"{'update Footnote, or ' if newer else ''}{self._schema.renewal}"
            )
        if self._migrated() < known:
            self._migrate()

    def _create(self) -> None:
        # In one transaction: a kill leaves an empty file or a whole one.
        with self.transaction():
            self.execute(_SETTINGS)
            new = {"schema": str(SCHEMA_VERSION), **self._schema.settings}
            self.execute_many("INSERT OR IGNORE INTO meta VALUES (?, ?)", list(new.items()))
            self._run_migrations()

    def _migrate(self) -> None:
        try:
            with self.transaction():
                self._run_migrations()
        except LibraryError as error:
            cause = error.__cause__
            if getattr(cause, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_READONLY:
                raise
            # A file that may only be read is read: what it lacks stands empty beside it.
            for statement in _statements(self._schema.migrations[self._migrated() :]):
                if statement.startswith("CREATE TABLE"):
                    self.execute(statement.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))

    def _run_migrations(self) -> None:
        # Asked again inside of the transaction: another process may have come first.
        for statement in _statements(self._schema.migrations[self._migrated() :]):
            self.execute(statement)
        self.execute(f"PRAGMA user_version = {len(self._schema.migrations)}")

    def _migrated(self) -> int:
        return int(self.rows("PRAGMA user_version")[0][0])


class _Translating:
    """Translates the errors of sqlite3 into LibraryError.

    A class, for a statement takes less time than a context manager made of a generator.
    """

    def __init__(self, of: "Database") -> None:
        self._of = of

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, sqlite3.DatabaseError):
            raise self._of.translate(error) from error


class RowCache(Generic[Row]):
    """Rows by number as they were read in one state of a file: 4 ms of a search's 13 otherwise."""

    def __init__(self, db: Database) -> None:
        """Remembers nothing yet."""
        self._db = db
        self._state: tuple[int, int] | None = None
        self._rows: dict[int, Row] = {}

    def current(self) -> dict[int, Row]:
        """Returns what was remembered since the last change of the file, to be added to."""
        with self._db.lock:
            state = self._db.state()
            if state != self._state or len(self._rows) > MOST_KNOWN:
                self._rows, self._state = {}, state
            return self._rows


def in_parts(numbers: Sequence[int]) -> Iterator[str]:
    """Yields the numbers as lists for SQL; they are ints, so nothing needs quoting."""
    for at in range(0, len(numbers), MANY):
        yield ",".join(str(int(n)) for n in numbers[at : at + MANY])


def _statements(migrations: Sequence[str]) -> list[str]:
    """Returns each statement of the scripts; one that holds others, as a trigger does, is one."""
    found, begun = list[str](), ""
    for part in ";".join([*migrations, ""]).split(";"):
        begun += f"{part};"
        if sqlite3.complete_statement(begun):
            found.append(begun.strip())
            begun = ""
    return [statement for statement in found if statement != ";"]


def read_rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
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


def copy_database(path: Path, to: Path) -> None:
    """Copies a file as it is at one moment, whoever writes it meanwhile, to one that is not there.

    Raises:
        LibraryError: It cannot be read, or the copy cannot be written.
    """
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as read,
            closing(sqlite3.connect(to)) as copy,
        ):
            read.backup(copy)
            # One file, without a log of writes beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        raise LibraryError(f"{path} cannot be copied ({error}); run: footnote doctor") from error


def pays_to_vacuum(path: Path) -> bool:
    """Returns whether so much of a file is free that writing it anew pays."""
    counts = (read_rows(path, f"PRAGMA {name}_count") for name in ("freelist", "page"))
    free, pages = (int(rows[0][0]) if rows else 0 for rows in counts)
    return free > _FREE_PAGES and free > _FREE_SHARE * pages


def vacuum(path: Path) -> None:
    """Writes a file anew without its free pages; others read it meanwhile.

    Raises:
        LibraryError: The disk has no room for a second one, or somebody writes it.
    """
    try:
        with closing(sqlite3.connect(path)) as opened:
            opened.execute("VACUUM")
            # The log of writes holds the whole file now.
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError as error:
        raise LibraryError(f"{path} cannot be made smaller ({error}); free disk space") from error


def find_damage(path: Path) -> str | None:
    """Returns what SQLite finds wrong with a file of its own, None of one that is whole."""
    try:
        found = "; ".join(str(row[0]) for row in read_rows(path, "PRAGMA integrity_check"))
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else found
