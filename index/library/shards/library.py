"""ShardedLibrary: several libraries read and searched as one."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from footnote.index import LibraryError
from footnote.index.clusters.drawer import MapDrawer
from footnote.index.library import Library
from footnote.index.library.reading import LibraryReader
from footnote.index.library.shards.catalog import ShardedCatalog
from footnote.index.library.shards.numbers import ShardNumbers
from footnote.index.library.shards.searcher import ShardedSearcher
from footnote.index.storage.health.status import Status

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

    from footnote.index.embeddings.protocols import Embedder


class ShardedLibrary(LibraryReader):
    """Libraries of one embedder, searched side by side; it tells and finds what one of all would.

    A paper that is in two shards counts once: the record of the first shard stands.

    Attributes:
        shards: The libraries, in order.
    """

    def __init__(self, shards: Sequence[Library], closing: ExitStack) -> None:
        """Use ``ShardedLibrary.open``."""
        self.shards = shards
        self.path = shards[0].path
        self.embedder = shards[0].embedder
        self._closing = closing
        pool = closing.enter_context(ThreadPoolExecutor(len(shards)))
        numbers = ShardNumbers([shard.searcher.catalog for shard in shards])
        catalog = ShardedCatalog(numbers)
        self._catalog = catalog
        self._maps = MapDrawer(catalog)
        searchers = [shard.searcher for shard in shards]
        self.searcher = ShardedSearcher(searchers, numbers, catalog, self.embedder, pool)

    @classmethod
    def open(cls, folders: Sequence[Path], *, embedder: "Embedder | BaseEmbedding") -> Self:
        """Opens libraries as one, each as ``Library.open`` does.

        Args:
            folders: Of the shards, as ``shard_folders`` gives them.
            embedder: The embedder that made all of them.

        Raises:
            LibraryError: There are none, or one is missing, damaged or of another embedder; the
                message names its folder.
        """
        if not folders:
            raise LibraryError("no shard is given; name the folder of at least one library")
        with ExitStack() as stack:
            opened = (Library.open(folder, embedder=embedder) for folder in folders)
            shards = [stack.enter_context(shard) for shard in opened]
            return cls(shards, stack.pop_all())

    @property
    def folders(self) -> Sequence[Path]:
        """The folders of the shards."""
        return [shard.path for shard in self.shards]

    def close(self) -> None:
        """Closes every file."""
        self._closing.close()

    def status(self) -> Status:
        """Returns what the shards hold together."""
        each = [shard.status() for shard in self.shards]
        years = self.years()
        dated = [year for year in years if year is not None]
        papers, passages = self._catalog.counts()
        return replace(
            each[0],
            name=f"{len(each)} shards",
            papers=papers,
            passages=passages,
            undated=years.get(None, 0),
            first_year=min(dated, default=None),
            last_year=max(dated, default=None),
            unfolded=sum(one.unfolded for one in each),
            waiting=self.waiting,
            bytes=sum(one.bytes for one in each),
            notes=tuple(self._catalog.papers.notes()),
        )
