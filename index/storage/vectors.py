"""What embedders made of passages: vectors and tokens, the present ones and those to come.

Beside them stands the map that was drawn from the vectors last.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from footnote.index.embeddings.base import Matrix
from footnote.index.embeddings.token_vectors import Tokens
from footnote.index.storage.removals import Takings

# Libraries made before tokens were kept get the table when they are next written.
_TOKENS = """
CREATE TABLE IF NOT EXISTS tokens (
    passage INTEGER PRIMARY KEY REFERENCES passages, paper INTEGER NOT NULL,
    reader TEXT NOT NULL, sentences BLOB NOT NULL, vectors BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS tokens_by_paper ON tokens (paper, reader);
CREATE INDEX IF NOT EXISTS tokens_by_reader ON tokens (reader);
"""
# Libraries made before maps were drawn get the table with their first one.
_MAP = """
CREATE TABLE IF NOT EXISTS map (
    revision TEXT PRIMARY KEY, numbers BLOB NOT NULL, positions BLOB NOT NULL,
    clusters BLOB NOT NULL, labels TEXT NOT NULL) WITHOUT ROWID
"""
# SQLite takes at most 32,766 parameters in a statement.
MANY = 10_000


class Embedded(Takings):
    """The vectors and the tokens of a catalog's passages."""

    def vectors(self, numbers: Sequence[int]) -> tuple[list[int], Matrix]:
        """Returns the numbers that are stored, in order, and their vectors ``(n, d)``."""
        kept: list[int] = []
        blobs: list[bytes] = []
        for part in in_parts(sorted(numbers)):
            for number, blob in self._rows(
                f"SELECT number, vector FROM passages WHERE number IN ({part}) ORDER BY number"
            ):
                kept.append(int(number))
                blobs.append(blob)
        matrix = np.frombuffer(b"".join(blobs), np.float32)
        return kept, matrix.reshape(len(kept), -1) if kept else matrix.reshape(0, 0)

    def paper_vectors(self) -> tuple[NDArray[np.int64], Matrix]:
        """Returns the numbers ``(n,)`` of papers with passages, and the means of their vectors.

        The means are ``(n, d)`` float32 rows, not of unit length.
        """
        last = self._rows("SELECT coalesce(max(number), 0) FROM papers")[0][0]
        numbers, means = [np.empty(0, np.int64)], []
        for at in range(1, last + 1, MANY):
            rows = self._rows(
                "SELECT paper, vector FROM passages WHERE paper BETWEEN ? AND ? ORDER BY paper",
                (at, at + MANY - 1),
            )
            if rows:
                of, first, counts = np.unique(
                    [row[0] for row in rows], return_index=True, return_counts=True
                )
                vectors = np.frombuffer(b"".join(row[1] for row in rows), np.float32)
                sums = np.add.reduceat(vectors.reshape(len(rows), -1), first)
                numbers.append(of)
                means.append(sums / counts[:, None].astype(np.float32))
        if not means:
            return numbers[0], np.empty((0, 0), np.float32)
        return np.concatenate(numbers), np.concatenate(means)

    # The map.

    def titles(self) -> dict[int, tuple[str, str, int | None]]:
        """Returns the id, the title and the year of each paper, by number."""
        rows = self._rows("SELECT number, id, json_extract(record, '$.title'), year FROM papers")
        return {row[0]: (row[1], row[2] or "", row[3]) for row in rows}

    def kept_map(self, revision: str) -> tuple[bytes, bytes, bytes, str] | None:
        """Returns what ``keep_map`` was given for a revision; None of another one."""
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'map'"):
            return None
        rows = self._rows(
            "SELECT numbers, positions, clusters, labels FROM map WHERE revision = ?", (revision,)
        )
        return rows[0] if rows else None

    def keep_map(
        self, revision: str, numbers: bytes, positions: bytes, clusters: bytes, labels: str
    ) -> None:
        """Keeps the map of a revision in place of the one before, in one transaction."""
        with self.transaction():
            self._db.execute(_MAP)
            self._db.execute("DELETE FROM map")
            row = (revision, numbers, positions, clusters, labels)
            self._db.execute("INSERT INTO map VALUES (?, ?, ?, ?, ?)", row)

    # Tokens.

    def _make_tokens(self) -> None:
        for statement in filter(str.strip, _TOKENS.split(";")):
            self._db.execute(statement)

    def _keep_tokens(self, rows: Iterable[tuple[int, int, Tokens]]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)",
            [(passage, paper, t.reader, *t.pack()) for passage, paper, t in rows],
        )

    def has_tokens(self, reader: str) -> bool:
        """Returns whether every passage was read by this reader."""
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'tokens'"):
            return False
        read = self._rows("SELECT count(*) FROM tokens WHERE reader = ?", (reader,))[0][0]
        return bool(read == self._rows("SELECT count(*) FROM passages")[0][0])

    def tokens(self, ids: Sequence[str], reader: str) -> dict[str, Tokens]:
        """Returns what a reader made of papers, by id; one that it never read is left out."""
        packed: dict[str, list[tuple[bytes, bytes]]] = {}
        for at in range(0, len(ids), MANY):
            part = ids[at : at + MANY]
            for paper, *row in self._rows(
                "SELECT id, tokens.sentences, vectors FROM papers JOIN tokens ON paper = number "
                # The plus keeps SQLite from walking through all that the reader ever read.
                f"WHERE id IN ({','.join('?' * len(part))}) AND +reader = ? ORDER BY passage",
                (*part, reader),
            ):
                packed.setdefault(str(paper), []).append((row[0], row[1]))
        return {paper: Tokens.unpack(reader, rows) for paper, rows in packed.items()}

    # Another embedder's vectors, written beside the present ones until all are there.

    def unstaged(self, embedder: str) -> list[int]:
        """Returns the passages that still need a vector of this embedder; drops other ones'."""
        with self.transaction():
            self._db.execute("DELETE FROM staged WHERE embedder != ?", (embedder,))
        rows = self._rows(
            "SELECT number FROM passages LEFT JOIN staged ON passage = number "
            "WHERE passage IS NULL ORDER BY number"
        )
        return [row[0] for row in rows]

    def stage(
        self, embedder: str, numbers: Sequence[int], vectors: Matrix, tokens: Sequence[Tokens]
    ) -> None:
        """Keeps vectors of another embedder for passages, and their tokens if it read any."""
        with self.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO staged VALUES (?, ?, ?)",
                [(n, embedder, v.tobytes()) for n, v in zip(numbers, vectors, strict=True)],
            )
            self._make_tokens()
            papers = {
                row[0]: row[1]
                for part in in_parts(numbers)
                for row in self._rows(
                    f"SELECT number, paper FROM passages WHERE number IN ({part})"
                )
            }
            self._keep_tokens((n, papers[n], t) for n, t in zip(numbers, tokens, strict=False))

    def adopt_staged(self, embedder: str, dimensions: int) -> None:
        """Makes the staged vectors the library's, in one transaction."""
        with self.transaction():
            self._db.execute(
                "UPDATE passages SET vector = "
                "(SELECT vector FROM staged WHERE passage = passages.number)"
            )
            self._db.execute("DELETE FROM staged")
            # Vectors of the embedder before fit in no more.
            self._forget_takings()
            revision = str(int(self.meta("revision") or 0) + 1)
            self.set_meta(embedder=embedder, dimensions=str(dimensions), revision=revision)


def in_parts(numbers: Sequence[int]) -> Iterator[str]:
    """Yields the numbers as lists for SQL; they are ints, so nothing needs quoting."""
    for at in range(0, len(numbers), MANY):
        yield ",".join(str(int(n)) for n in numbers[at : at + MANY])
