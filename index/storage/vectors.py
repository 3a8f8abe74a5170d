"""Vectors and tokens of passages: the current ones and those staged for a new embedder.

A number of a vector takes 20 bits; those of an earlier version take 32 until they are compacted.
Also stores the last map drawn from the vectors.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from footnote.index.embeddings.protocols import Matrix
from footnote.index.embeddings.tokens.vectors import PackedTokens, Tokens, stored_forms
from footnote.index.storage.database import MANY, Database, in_parts

# The bits of a number without its sign, and the largest. With 16 bits a cosine is off by 2e-5.
_BITS, _MOST = 19, 2**19 - 1
# Papers from which on codes are worth what they cost (docs/choices.md).
LARGE = 20_000
# What a number was stored as before; the length of a vector tells which it is.
_EARLIER = np.dtype(np.float32)


def is_large(db: Database) -> bool:
    """Returns whether a library has so many papers that its tokens are stored as codes."""
    # The last number, and no count, which would read a million rows: removed papers count, too.
    return bool(db.rows("SELECT coalesce(max(number), 0) >= ? FROM papers", (LARGE,))[0][0])


class VectorTable:
    """Vectors, tokens and the map. What changes them runs in the caller's transaction."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the tables."""
        self._db = db

    def read(self, numbers: Sequence[int]) -> tuple[list[int], Matrix]:
        """Returns the numbers that are stored, ascending, and their vectors ``(n, d)``."""
        kept: list[int] = []
        found = [np.empty((0, 0), np.float32)]
        for part in in_parts(sorted(numbers)):
            among, vectors = self._read("number", f"number IN ({part})")
            if among:
                kept += among
                found.append(vectors)
        return kept, np.concatenate(found[1:] or found)

    def means(self, papers: Sequence[int] | None = None) -> tuple[NDArray[np.int64], Matrix]:
        """Returns the numbers ``(n,)`` of papers with vectors, and the means of these.

        The means are ``(n, d)`` float32 rows, not of unit length. Without ``papers`` they are of
        all papers.
        """
        numbers, means = [np.empty(0, np.int64)], []
        for where in self._spans() if papers is None else in_parts(sorted(papers)):
            among = f"IN ({where})" if papers is not None else where
            rows, vectors = self._read("paper", f"paper {among}")
            if rows:
                of, first, counts = np.unique(rows, return_index=True, return_counts=True)
                sums = np.add.reduceat(vectors, first)
                numbers.append(of)
                means.append(sums / counts[:, None].astype(np.float32))
        if not means:
            return numbers[0], np.empty((0, 0), np.float32)
        return np.concatenate(numbers), np.concatenate(means)

    def _read(self, column: str, where: str) -> tuple[list[int], Matrix]:
        """Returns a column of passages, in its order, and their vectors ``(n, d)``."""
        with self._db.snapshot():
            rows = self._db.rows(
                f"SELECT {column}, vector FROM passages WHERE {where} ORDER BY {column}"
            )
            dimensions = int(self._db.meta("dimensions") or 0)
        return [int(row[0]) for row in rows], unpack_vectors([row[1] for row in rows], dimensions)

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
        forms = stored_forms(reader)
        rows = self._db.rows(
            f"SELECT (SELECT count(*) FROM tokens WHERE reader IN ({','.join('?' * len(forms))})) "
            "= (SELECT count(*) FROM passages)",
            forms,
        )
        return bool(rows[0][0])

    def tokens(self, ids: Sequence[str], reader: str) -> dict[str, Tokens]:
        """Returns the tokens that a reader made of papers, by id; unread papers are left out."""
        packed: dict[str, list[PackedTokens]] = {}
        forms = stored_forms(reader)
        for at in range(0, len(ids), MANY):
            part = ids[at : at + MANY]
            for paper, *row in self._db.rows(
                "SELECT id, reader, tokens.sentences, vectors FROM papers "
                # The plus stops SQLite from scanning every row of the reader.
                f"JOIN tokens ON paper = number WHERE id IN ({','.join('?' * len(part))}) "
                f"AND +reader IN ({','.join('?' * len(forms))}) ORDER BY passage",
                (*part, *forms),
            ):
                packed.setdefault(str(paper), []).append(PackedTokens(*row))
        return Tokens.unpack_papers(reader, packed)

    def write_tokens(self, rows: Iterable[tuple[int, int, Tokens]]) -> None:
        """Writes the tokens of passages, each after its number and its paper's."""
        coded = is_large(self._db)
        self._db.execute_many(
            "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)",
            [(passage, paper, *astuple(t.pack(coded=coded))) for passage, paper, t in rows],
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
            [(n, embedder, pack_vector(v)) for n, v in zip(numbers, vectors, strict=True)],
        )

    def adopt_staged(self) -> None:
        """Makes the staged vectors the library's."""
        self._db.execute(
            "UPDATE passages SET vector = "
            "(SELECT vector FROM staged WHERE passage = passages.number)"
        )
        self._db.execute("DELETE FROM staged")


def pack_vector(vector: Matrix) -> bytes:
    """Returns a vector as it is stored: a byte, the exponent of all, then 20 bits a number.

    Of each number the upper 16 bits come first, then the lower 4, those of two in a byte.
    """
    _, exponent = np.frexp(np.abs(vector).max(initial=0.0))
    numbers = np.ldexp(vector, _BITS - exponent).round().clip(-_MOST, _MOST).astype(np.int32)
    low = np.append(numbers & 15, [0] * (len(numbers) % 2)).astype(np.uint8)
    parts = np.int8(exponent), (numbers >> 4).astype(np.int16), low[::2] | low[1::2] << 4
    return b"".join(part.tobytes() for part in parts)


def unpack_vectors(packed: Sequence[bytes], dimensions: int) -> Matrix:
    """Returns stored vectors as ``(n, dimensions)`` float32, those of an earlier version too."""
    earlier = [len(one) == dimensions * _EARLIER.itemsize for one in packed]
    if not any(earlier):
        return _unpack(packed)
    if not all(earlier):
        return np.concatenate([unpack_vectors([one], dimensions) for one in packed])
    return np.frombuffer(b"".join(packed), _EARLIER).reshape(len(packed), dimensions)


def _unpack(packed: Sequence[bytes]) -> Matrix:
    if not packed:
        return np.empty((0, 0), np.float32)
    rows = np.frombuffer(b"".join(packed), np.uint8).reshape(len(packed), -1)
    exponents, width = rows[:, 0].view(np.int8).astype(np.int32), (rows.shape[1] - 1) * 2 // 5
    high = np.ascontiguousarray(rows[:, 1 : 1 + 2 * width]).view(np.int16)
    low = rows[:, 1 + 2 * width :]
    # Float32 holds 20 bits as they are, and takes a fourteenth of the time of np.ldexp on all.
    unpacked: Matrix = high.astype(np.float32) * 16
    unpacked[:, ::2] += low & 15
    unpacked[:, 1::2] += (low >> 4)[:, : width // 2]
    unpacked *= np.ldexp(np.float32(1), exponents - _BITS)[:, None]
    return unpacked
