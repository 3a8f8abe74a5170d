"""Vectors and tokens of passages: the current ones and those staged for a new embedder.

Also stores the last map drawn from the vectors.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from footnote.index.embeddings.protocols import Matrix
from footnote.index.embeddings.token_vectors import Tokens
from footnote.index.storage.database import MANY, Database, in_parts


class VectorTable:
    """Vectors, tokens and the map. What changes them runs in the caller's transaction."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the tables."""
        self._db = db

    def read(self, numbers: Sequence[int]) -> tuple[list[int], Matrix]:
        """Returns the numbers that are stored, ascending, and their vectors ``(n, d)``."""
        kept: list[int] = []
        blobs: list[bytes] = []
        for part in in_parts(sorted(numbers)):
            for number, blob in self._db.rows(
                f"SELECT number, vector FROM passages WHERE number IN ({part}) ORDER BY number"
            ):
                kept.append(int(number))
                blobs.append(blob)
        matrix = np.frombuffer(b"".join(blobs), np.float32)
        return kept, matrix.reshape(len(kept), -1) if kept else matrix.reshape(0, 0)

    def means(self, papers: Sequence[int] | None = None) -> tuple[NDArray[np.int64], Matrix]:
        """Returns the numbers ``(n,)`` of papers with vectors, and the means of these.

        The means are ``(n, d)`` float32 rows, not of unit length. Without ``papers`` they are of
        all papers.
        """
        numbers, means = [np.empty(0, np.int64)], []
        select = "SELECT paper, vector FROM passages WHERE paper"
        for where in self._spans() if papers is None else in_parts(sorted(papers)):
            among = f"IN ({where})" if papers is not None else where
            if rows := self._db.rows(f"{select} {among} ORDER BY paper"):
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

    def _spans(self) -> Iterator[str]:
        """Yields conditions on papers' numbers that together are met by all."""
        last = self._db.rows("SELECT coalesce(max(number), 0) FROM papers")[0][0]
        for at in range(1, last + 1, MANY):
            yield f"BETWEEN {at} AND {at + MANY - 1}"

    # The map.

    def read_map(self) -> tuple[str, bytes, bytes, bytes, str] | None:
        """Returns the stored map with its key; None where there is none."""
        rows = self._db.rows("SELECT revision, numbers, positions, clusters, labels FROM map")
        return rows[0] if rows else None

    def write_map(
        self, key: str, numbers: bytes, positions: bytes, clusters: bytes, labels: str
    ) -> None:
        """Replaces the stored map."""
        self._db.execute("DELETE FROM map")
        row = (key, numbers, positions, clusters, labels)
        self._db.execute("INSERT INTO map VALUES (?, ?, ?, ?, ?)", row)

    # Tokens.

    def has_tokens(self, reader: str) -> bool:
        """Returns whether every passage was read by this reader."""
        rows = self._db.rows(
            "SELECT (SELECT count(*) FROM tokens WHERE reader = ?) = "
            "(SELECT count(*) FROM passages)",
            (reader,),
        )
        return bool(rows[0][0])

    def tokens(self, ids: Sequence[str], reader: str) -> dict[str, Tokens]:
        """Returns the tokens that a reader made of papers, by id; unread papers are left out."""
        packed: dict[str, list[tuple[bytes, bytes]]] = {}
        for at in range(0, len(ids), MANY):
            part = ids[at : at + MANY]
            for paper, *row in self._db.rows(
                "SELECT id, tokens.sentences, vectors FROM papers JOIN tokens ON paper = number "
                # The plus stops SQLite from scanning every row of the reader.
                f"WHERE id IN ({','.join('?' * len(part))}) AND +reader = ? ORDER BY passage",
                (*part, reader),
            ):
                packed.setdefault(str(paper), []).append((row[0], row[1]))
        return {paper: Tokens.unpack(reader, rows) for paper, rows in packed.items()}

    def write_tokens(self, rows: Iterable[tuple[int, int, Tokens]]) -> None:
        """Writes the tokens of passages, each after its number and its paper's."""
        self._db.execute_many(
            "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)",
            [(passage, paper, t.reader, *t.pack()) for passage, paper, t in rows],
        )

    def delete_tokens(self, paper: int) -> None:
        """Deletes the tokens of a paper."""
        self._db.execute("DELETE FROM tokens WHERE paper = ?", (paper,))

    # Another embedder's vectors, written beside the present ones until all are there.

    def unstaged(self, embedder: str) -> list[int]:
        """Returns the passages that still need a vector of this embedder; drops other ones'."""
        with self._db.transaction():
            self._db.execute("DELETE FROM staged WHERE embedder != ?", (embedder,))
        rows = self._db.rows(
            "SELECT number FROM passages LEFT JOIN staged ON passage = number "
            "WHERE passage IS NULL ORDER BY number"
        )
        return [row[0] for row in rows]

    def stage(self, embedder: str, numbers: Sequence[int], vectors: Matrix) -> None:
        """Writes vectors of another embedder for passages."""
        self._db.execute_many(
            "INSERT OR REPLACE INTO staged VALUES (?, ?, ?)",
            [(n, embedder, v.tobytes()) for n, v in zip(numbers, vectors, strict=True)],
        )

    def adopt_staged(self) -> None:
        """Makes the staged vectors the library's."""
        self._db.execute(
            "UPDATE passages SET vector = "
            "(SELECT vector FROM staged WHERE passage = passages.number)"
        )
        self._db.execute("DELETE FROM staged")
