"""Compaction: what was stored in more bytes, stored again in fewer.

Vectors of an earlier version take 32 bits a number, and tokens of a library that was not large yet
are no codes. Either is read as it is, and stored again batch by batch; a killed call goes on where
it was. Then the file is written anew without the room that this frees.
"""

from footnote.index.embeddings.tokens.vectors import PackedTokens
from footnote.index.storage.database import Database, pays_to_vacuum, vacuum
from footnote.index.storage.vectors import is_large, pack_vector, unpack_vectors

# Passages stored again in one transaction, which takes a second.
BATCH = 1_000
# The last passage whose vector, and whose tokens, are stored as they are now; "all" where all are,
# as in a new library the vectors.
VECTORS, TOKENS, DONE = "compacted", "coded", "all"


class Compaction:
    """What of a catalog takes more room than it needs; each change is a transaction of its own."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the tables."""
        self._db = db
        self._tried = False

    def is_due(self) -> bool:
        """Returns whether ``run`` or ``vacuum`` would do anything."""
        return not self.is_done() or self.pays_to_vacuum()

    def is_done(self) -> bool:
        """Returns whether every passage is stored as it is done now."""
        return not self._left()

    def _left(self) -> list[str]:
        """Returns the marks of what is not stored as it is done now."""
        wanted = [VECTORS, TOKENS] if is_large(self._db) else [VECTORS]
        return [mark for mark in wanted if self._db.meta(mark) != DONE]

    def run(self) -> bool:
        """Stores the next batch of passages as it is done now; returns whether any was left."""
        with self._db.transaction():
            left = self._left()
            if not left:
                return False
            mark = left[0]
            rows = self._next(int(self._db.meta(mark) or "0"))
            if not rows:
                self._db.set_meta(**{mark: DONE})
                return len(left) > 1
            numbers = [int(row[0]) for row in rows]
            if mark == VECTORS:
                self._store_vectors(numbers, [row[1] for row in rows])
            else:
                self._store_tokens(numbers[0], numbers[-1])
            self._db.set_meta(**{mark: str(numbers[-1])})
            return True

    def pays_to_vacuum(self) -> bool:
        """Returns whether so much of the file is free that writing it anew pays.

        It is tried once: where the disk has no room for a second file, it would fail again.
        """
        return not self._tried and pays_to_vacuum(self._db.path)

    def vacuum(self) -> None:
        """Writes the file anew, without free pages.

        Raises:
            LibraryError: The disk is full; the file stays as it was.
        """
        self._tried = True
        vacuum(self._db.path)

    def _next(self, last: int) -> list[tuple[int, bytes]]:
        return self._db.rows(
            "SELECT number, vector FROM passages WHERE number > ? ORDER BY number LIMIT ?",
            (last, BATCH),
        )

    def _store_vectors(self, numbers: list[int], packed: list[bytes]) -> None:
        vectors = unpack_vectors(packed, int(self._db.meta("dimensions") or 0))
        self._db.execute_many(
            "UPDATE passages SET vector = ? WHERE number = ?",
            [(pack_vector(v), number) for number, v in zip(numbers, vectors, strict=True)],
        )

    def _store_tokens(self, first: int, last: int) -> None:
        rows = self._db.rows(
            "SELECT passage, reader, sentences, vectors FROM tokens WHERE passage BETWEEN ? AND ?",
            (first, last),
        )
        packed = [(number, PackedTokens(*row).recode()) for number, *row in rows]
        self._db.execute_many(
            "UPDATE tokens SET reader = ?, sentences = ?, vectors = ? WHERE passage = ?",
            [(one.form, one.sentences, one.vectors, number) for number, one in packed],
        )
