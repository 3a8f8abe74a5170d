"""Several catalogs as one, which is read and never written."""

from collections.abc import Collection, Iterable, Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from footnote.index import LibraryError
from footnote.index.embeddings.protocols import Matrix
from footnote.index.embeddings.tokens.vectors import Tokens
from footnote.index.library.shards.numbers import ShardNumbers, join_number
from footnote.index.library.shards.papers import ShardedPapers
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.passages import PassageTable, Place
from footnote.index.storage.vectors import VectorTable


class ShardedPassages(PassageTable):
    """Reads the passages of several catalogs."""

    def __init__(self, numbers: ShardNumbers) -> None:
        """Takes what tells the shards' passages apart."""
        self._numbers = numbers
        self._tables = [catalog.passages for catalog in numbers.catalogs]

    def count(self) -> int:
        """Returns the number of passages."""
        hidden = sum(len(one.passages) for one in self._numbers.hidden())
        return sum(table.count() for table in self._tables) - hidden

    def numbers(self) -> list[int]:
        """Returns every passage number, ascending."""
        return self._seen(table.numbers() for table in self._tables)

    def numbers_of(self, paper_id: str) -> list[int]:
        """Returns the passage numbers of one paper, in order of the text."""
        return self._seen(table.numbers_of(paper_id) for table in self._tables)

    def numbers_between(
        self, since: int | None, until: int | None, papers: Collection[int] | None = None
    ) -> list[int]:
        """Returns the passage numbers of papers, as ``PaperTable.numbers_between`` does of them."""
        wanted = None if papers is None else self._numbers.split(papers)
        return self._seen(
            table.numbers_between(since, until, None if wanted is None else wanted.get(shard, []))
            for shard, table in enumerate(self._tables)
        )

    def _seen(self, found: Iterable[Sequence[int]]) -> list[int]:
        """Returns the numbers that each shard gave as such over all, without those hidden."""
        hidden = self._numbers.hidden()
        return [
            join_number(shard, number)
            for shard, numbers in enumerate(found)
            for number in numbers
            if number not in hidden[shard].passages
        ]

    def places(self, numbers: Sequence[int]) -> dict[int, Place]:
        """Returns where passages stand; one that is gone is left out."""
        found: dict[int, Place] = {}
        for shard, wanted in self._numbers.split(numbers).items():
            hidden = self._numbers.hidden()[shard].passages
            known = self._tables[shard].places([n for n in wanted if n not in hidden])
            found |= {
                join_number(shard, n): Place(
                    join_number(shard, at.paper), at.start, at.end, at.year
                )
                for n, at in known.items()
            }
        return {number: found[number] for number in numbers if number in found}

    read_places = places


class ShardedVectors(VectorTable):
    """Reads the vectors and tokens of several catalogs; no map is kept of them together."""

    def __init__(self, numbers: ShardNumbers) -> None:
        """Takes what tells the shards' passages apart."""
        self._numbers = numbers
        self._tables = [catalog.vectors for catalog in numbers.catalogs]

    def read(self, numbers: Sequence[int]) -> tuple[list[int], Matrix]:
        """Returns the numbers that are stored, ascending, and their vectors ``(n, d)``."""
        kept: list[int] = []
        rows: list[Matrix] = []
        for shard, wanted in self._numbers.split(numbers).items():
            found, vectors = self._tables[shard].read(wanted)
            if found:
                kept += [join_number(shard, number) for number in found]
                rows.append(vectors)
        return kept, np.concatenate(rows) if rows else np.empty((0, 0), np.float32)

    def means(self, papers: Sequence[int] | None = None) -> tuple[NDArray[np.int64], Matrix]:
        """Returns the numbers of papers with vectors, and the means of these, as in one."""
        wanted = None if papers is None else self._numbers.split(papers)
        numbers, means = [np.empty(0, np.int64)], []
        for shard, table in enumerate(self._tables):
            found, rows = table.means(None if wanted is None else wanted.get(shard, []))
            hidden = np.array(sorted(self._numbers.hidden()[shard].papers), np.int64)
            seen = ~np.isin(found, hidden)
            if seen.any():
                numbers.append(join_number(shard, 0) + found[seen])
                means.append(rows[seen])
        return np.concatenate(numbers), (
            np.concatenate(means) if means else np.empty((0, 0), np.float32)
        )

    def tokens(self, ids: Sequence[str], reader: str) -> dict[str, Tokens]:
        """Returns the tokens that a reader made of papers, by id; unread papers are left out."""
        found: dict[str, Tokens] = {}
        for table in self._tables:
            # A paper that is in two shards is that of the first.
            found |= table.tokens([paper for paper in ids if paper not in found], reader)
        return found

    def has_tokens(self, reader: str) -> bool:
        """Returns whether every passage was read by this reader."""
        return all(table.has_tokens(reader) for table in self._tables)

    def read_map(self) -> None:
        """Returns None: no map is kept."""


class ShardedCatalog(Catalog):
    """The reading half of a catalog, over several."""

    def __init__(self, numbers: ShardNumbers) -> None:
        """Takes the catalogs with what tells their papers apart; they are closed by their own."""
        self._numbers = numbers
        self.papers = ShardedPapers(numbers)
        self.passages = ShardedPassages(numbers)
        self.vectors = ShardedVectors(numbers)
        self.meta = self._read_meta

    def _read_meta(self, key: str) -> str | None:
        if key == "revision":
            return self._numbers.revision()
        return self._numbers.catalogs[0].meta(key)

    def close(self) -> None:
        """Closes nothing; each shard closes its own file."""

    def write_map(
        self, key: str, numbers: bytes, positions: bytes, clusters: bytes, labels: str
    ) -> NoReturn:
        """Raises LibraryError: a map over shards is drawn and not kept."""
        raise LibraryError("nothing is written to shards; open one of them alone")
