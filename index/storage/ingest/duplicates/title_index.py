"""Title index: which papers of a catalog may be one with a record, by keys of titles."""

from collections.abc import Iterable

from footnote.index.models import Paper
from footnote.index.storage.database import Database
from footnote.index.storage.ingest.duplicates.likeness import title_keys

# Papers under one key: that of a title has one or two, and a file that repeats a
# title must not take quadratic time.
MOST_UNDER_KEY = 16
_INSERT = (
    "INSERT OR IGNORE INTO title_keys SELECT ?1, ?2 "
    f"WHERE (SELECT count(*) FROM title_keys WHERE key = ?1) < {MOST_UNDER_KEY}"
)


class TitleIndex:
    """Numbers of papers by key. What changes them runs in the caller's transaction."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the table."""
        self._db = db

    @property
    def complete(self) -> bool:
        """Whether every paper has its keys; an earlier version wrote none."""
        return self._db.meta("titled") is not None

    def mark_complete(self) -> None:
        """Takes note that every paper has its keys."""
        self._db.set_meta(titled="yes")

    def papers(self, keys: Iterable[int]) -> dict[int, list[int]]:
        """Returns the numbers of the papers under each key, ascending."""
        listed = ",".join(str(int(key)) for key in keys)
        found: dict[int, list[int]] = {}
        for key, paper in self._db.rows(
            "SELECT key, paper FROM title_keys WHERE key IN "
            "(SELECT value FROM json_each(?)) ORDER BY key, paper",
            (f"[{listed}]",),
        ):
            found.setdefault(int(key), []).append(int(paper))
        return found

    def write(self, number: int, paper: Paper) -> None:
        """Writes the keys of a paper; those of a title that it had before stay."""
        self.write_all([(number, paper)])

    def write_all(self, papers: Iterable[tuple[int, Paper]]) -> None:
        """Writes the keys of papers, each after its number."""
        self._db.execute_many(
            _INSERT, ((key, number) for number, paper in papers for key in title_keys(paper))
        )

    def delete(self, number: int, paper: Paper) -> None:
        """Deletes the keys of a paper."""
        self._db.execute_many(
            "DELETE FROM title_keys WHERE key = ? AND paper = ?",
            ((key, number) for key in title_keys(paper)),
        )
