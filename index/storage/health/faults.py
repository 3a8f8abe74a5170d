"""Faults: rows of a catalog that cannot be right, and how they are mended without loss.

Records are the truth. What is made of them can be made again: an identifier stands in the record,
sentences and vectors come from its abstract. What belongs to no record can go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from footnote.index.storage.database import Database, read_rows

_ABSTRACT = "length(json_extract(record, '$.abstract'))"


@dataclass(frozen=True, slots=True)
class RowFault:
    """Rows of a catalog that cannot be right.

    Attributes:
        what: They are, in the plural.
        count: Of them.
        mendable: Whether they can be mended without loss.
    """

    what: str
    count: int
    mendable: bool


@dataclass(frozen=True, slots=True)
class _Check:
    """How one fault is found and mended.

    Attributes:
        finds: The rows, from FROM on.
        mends: Statements that mend them.
        cuts: Their papers, which are to be cut and embedded anew, as a SELECT.
    """

    what: str
    finds: str
    mends: Sequence[str] = ()
    cuts: str = ""

    @property
    def count(self) -> str:
        return f"SELECT count(*) {self.finds}"


_ORPHANS = {
    "passages": "paper NOT IN (SELECT number FROM papers)",
    "aliases": "paper NOT IN (SELECT number FROM papers)",
    "tokens": "passage NOT IN (SELECT number FROM passages)",
}
_UNNAMED = "FROM papers WHERE number NOT IN (SELECT paper FROM aliases)"
# SQLite may look at any side of an AND first, and gives up at JSON that is none.
_OUTSIDE = (
    "FROM papers WHERE CASE WHEN sentences != '' AND json_valid(record) AND json_valid(sentences) "
    "THEN EXISTS (SELECT 1 FROM json_each(sentences) WHERE json_extract(value, '$[0]') < 0 "
    f"OR json_extract(value, '$[1]') > {_ABSTRACT}) ELSE sentences != '' AND json_valid(record) END"
)
_BEYOND = (
    "FROM passages JOIN papers ON papers.number = paper WHERE first < 0 OR last < first "
    f"OR CASE WHEN json_valid(record) THEN last > {_ABSTRACT} ELSE 0 END"
)
# A vector takes a byte, and 20 bits for each number; one of an earlier version 32 for each.
_LENGTHS = (
    "FROM passages JOIN meta ON key = 'dimensions' "
    "WHERE length(vector) NOT IN (4 * value, 1 + (5 * value + 1) / 2)"
)
_UNREAD = (
    "FROM papers WHERE sentences NOT IN ('', '[]') AND number NOT IN (SELECT paper FROM passages)"
)
_SHAPELESS = (
    "FROM papers WHERE CASE WHEN json_valid(record) THEN "
    "coalesce(json_type(record, '$.title'), '') != 'text' OR "
    "coalesce(json_type(record, '$.abstract'), '') != 'text' OR "
    "coalesce(json_type(record, '$.listings'), '') != 'array' ELSE 1 END"
)
_CHECKS = (
    _Check("records that are no papers", _SHAPELESS),
    *(
        _Check(
            f"{table} that belong to no {'passage' if table == 'tokens' else 'paper'}",
            f"FROM {table} WHERE {where}",
            (f"DELETE FROM {table} WHERE {where}",),
        )
        for table, where in _ORPHANS.items()
    ),
    _Check(
        "papers without an identifier",
        _UNNAMED,
        (
            "INSERT OR IGNORE INTO aliases SELECT one.value, number FROM papers, "
            "json_each(CASE WHEN json_valid(record) THEN record ELSE '{}' END, '$.aliases') AS one "
            "WHERE number NOT IN (SELECT paper FROM aliases)",
        ),
    ),
    _Check("papers whose sentences lie outside their abstract", _OUTSIDE, cuts="number"),
    _Check("passages that lie outside their abstract", _BEYOND, cuts="paper"),
    _Check("vectors of a wrong length", _LENGTHS, cuts="paper"),
    _Check("papers with sentences and without a passage", _UNREAD, cuts="number"),
)


def find_faults(path: Path) -> list[RowFault]:
    """Returns what cannot be right in the catalog at a path, which is not changed.

    The file must be one that SQLite finds whole.
    """
    # A library of an earlier version lacks some tables, and so their faults.
    counted = ((check, read_rows(path, check.count)) for check in _CHECKS)
    return [
        RowFault(check.what, int(rows[0][0]), bool(check.mends or check.cuts))
        for check, rows in counted
        if rows and rows[0][0]
    ]


def mend_faults(db: Database) -> None:
    """Mends what can be mended; papers that are to be embedded anew have no passages then.

    It runs in the caller's transaction.
    """
    for check in _CHECKS:
        papers = db.rows(f"SELECT DISTINCT {check.cuts} {check.finds}") if check.cuts else []
        for (number,) in papers:
            db.execute("DELETE FROM tokens WHERE paper = ?", (number,))
            db.execute("DELETE FROM passages WHERE paper = ?", (number,))
            db.execute("UPDATE papers SET sentences = '' WHERE number = ?", (number,))
        for statement in check.mends:
            db.execute(statement)
