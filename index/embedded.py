"""What embedders made of passages: vectors and tokens, the present ones and those to come."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from index.arrivals import Arrivals
from index.embedders import Matrix
from index.tokens import Tokens

# Libraries made before tokens were kept get the table when they are next written.
_TOKENS = """
CREATE TABLE IF NOT EXISTS tokens (
    passage INTEGER PRIMARY KEY REFERENCES passages, paper INTEGER NOT NULL,
    reader TEXT NOT NULL, sentences BLOB NOT NULL, vectors BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS tokens_by_paper ON tokens (paper, reader);
CREATE INDEX IF NOT EXISTS tokens_by_reader ON tokens (reader);
"""
# SQLite takes at most 32,766 parameters in a statement.
MANY = 10_000


class Embedded(Arrivals):
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
            revision = str(int(self.meta("revision") or 0) + 1)
            self.set_meta(embedder=embedder, dimensions=str(dimensions), revision=revision)


def in_parts(numbers: Sequence[int]) -> Iterator[str]:
    """Yields the numbers as lists for SQL; they are ints, so nothing needs quoting."""
    for at in range(0, len(numbers), MANY):
        yield ",".join(str(int(n)) for n in numbers[at : at + MANY])
