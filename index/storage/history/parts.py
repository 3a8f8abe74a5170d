"""Parts: the records of several sources that made one paper, as they came, so that it can be split.

A record that only repeats what its paper is called is not kept: most papers have none.
"""

from collections.abc import Iterable, Sequence

from footnote.index.models import Paper, from_json, to_json
from footnote.index.storage.database import Database, in_parts
from footnote.index.storage.history.import_log import Import

# A row of an import counts as long as that is not undone.
_STANDS = "import IN (SELECT number FROM imports WHERE undone = 0)"
# Papers that became this one, and those that had become them.
_MADE_OF = (
    "WITH RECURSIVE made (number) AS (SELECT ? UNION SELECT paper FROM joined "
    f"JOIN made ON became = made.number WHERE {_STANDS}) "
)


class PartLog:
    """Records by paper. What changes them runs in the caller's transaction."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the tables."""
        self._db = db

    def of(self, number: int) -> list[tuple[str, Paper]]:
        """Returns the records that made a paper, each after its key, in the order of import."""
        rows = self._db.rows(
            f"{_MADE_OF} SELECT key, record, min(import) AS first FROM parts "
            f"WHERE paper IN made AND {_STANDS} AND key NOT IN "
            f"(SELECT key FROM parted WHERE paper = ? AND {_STANDS}) "
            "GROUP BY key ORDER BY first, json_extract(record, '$.id'), key",
            (number, number),
        )
        return [(str(key), from_json(record)) for key, record, _ in rows]

    def keys(self, numbers: Iterable[int]) -> dict[int, set[str]]:
        """Returns the keys of the records that made papers; one with none is left out."""
        if not self._db.rows("SELECT 1 FROM parts LIMIT 1"):
            return {}
        some = {
            int(number)
            for part in in_parts(sorted(numbers))
            for table, name in (("parts", "paper"), ("joined", "became"))
            for (number,) in self._db.rows(
                f"SELECT DISTINCT {name} FROM {table} WHERE {name} IN ({part})"
            )
        }
        return {number: {key for key, _ in self.of(number)} for number in some}

    def keep(self, number: int, parts: Sequence[tuple[str, Paper]], of: Import) -> None:
        """Stores records that made a paper."""
        self._db.execute_many(
            "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)",
            [(number, key, of.number, to_json(paper)) for key, paper in parts],
        )

    def join(self, paper: int, became: int, of: Import) -> None:
        """Takes note that a paper became another, and its parts with it."""
        self._db.execute(
            "INSERT OR IGNORE INTO joined VALUES (?, ?, ?)", (became, paper, of.number)
        )

    def part(self, number: int, keys: Sequence[str], of: Import) -> None:
        """Takes note that records make a paper no longer."""
        self._db.execute_many(
            "INSERT OR IGNORE INTO parted VALUES (?, ?, ?)",
            [(number, key, of.number) for key in keys],
        )
