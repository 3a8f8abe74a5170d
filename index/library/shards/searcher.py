"""Searching several shards side by side."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from footnote.index.embeddings.protocols import Embedder, Matrix
from footnote.index.library.shards.catalog import ShardedCatalog
from footnote.index.library.shards.numbers import ShardNumbers, join_number
from footnote.index.library.shards.words import ShardedWords
from footnote.index.search.filters import NameFilter
from footnote.index.search.searcher import Searcher
from footnote.index.search.vector_index import VectorIndex


class ShardedVectorIndex(VectorIndex):
    """The collections of several shards; a cosine is the same in each, so the best are the best."""

    def __init__(self, shards: Sequence[VectorIndex], pool: ThreadPoolExecutor) -> None:
        """Takes the collections in the order of the shards; each is closed by its own."""
        self._shards = shards
        self._pool = pool

    def close(self) -> None:
        """Closes nothing."""

    def nearest(self, vector: Matrix, k: int) -> list[tuple[int, float]]:
        """Returns up to ``k`` pairs of passage number and cosine, best first, as over one.

        A passage that left its catalog, or whose paper an earlier shard has, may be among them.
        """
        found = self._pool.map(lambda shard: shard.nearest(vector, k), self._shards)
        rows = [
            (join_number(at, number), cosine)
            for at, part in enumerate(found)
            for number, cosine in part
        ]
        return sorted(rows, key=lambda row: (-row[1], row[0]))[:k]

    def count(self) -> int:
        """Returns how many passages ``nearest`` can find, those included that left."""
        return sum(shard.count() for shard in self._shards)

    def agrees(self) -> bool:
        """Returns whether each shard holds what its catalog holds."""
        return all(shard.agrees() for shard in self._shards)


class ShardedSearcher(Searcher):
    """Searches as one searcher of all papers does; only what it asks is spread over shards."""

    def __init__(
        self,
        shards: Sequence[Searcher],
        numbers: ShardNumbers,
        catalog: ShardedCatalog,
        embedder: Embedder,
        pool: ThreadPoolExecutor,
    ) -> None:
        """Takes the shards' searchers, which are closed by their own, and where they run."""
        self.embedder = embedder
        self.catalog = catalog
        self.names = NameFilter(catalog)
        self.vectors = ShardedVectorIndex([shard.vectors for shard in shards], pool)
        self.words = ShardedWords([shard.words for shard in shards], numbers, pool)
        self._shards = shards

    @property
    def has_token_vectors(self) -> bool:
        """Whether the embedder reads tokens and those of every passage are there."""
        return all(shard.has_token_vectors for shard in self._shards)
