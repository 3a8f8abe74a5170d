"""Folding: a new Chroma collection of what the one in use holds and what changed since.

The one in use serves until the new one is whole. Papers may be added meanwhile: they stay in the
tail. A fold that was stopped or killed goes on where it was.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from footnote.index.embeddings.protocols import Matrix
from footnote.index.search.chroma import (
    ChromaIndex,
    DamagedCollection,
    Metadata,
    UnusableCollection,
    passage_metadata,
)
from footnote.index.search.chroma.stores import CollectionStore, NewCollection
from footnote.index.search.vector_index import VectorIndex
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.history.backlog import Unfolded

# Passages written between two looks at whether to stop. Chroma writes its whole graph to the disk
# after each call, which a large one has longer to do than to take up the passages.
_AT_ONCE, _AT_ONCE_INTO_MANY = 1_000, 5_000
_MANY_PASSAGES = 50_000

Progress = Callable[[int, int], None]
Stopped = Callable[[], bool]


class _FoldedRows(NamedTuple):
    """Passages as they are written; without texts where the collection has no documents."""

    numbers: list[int]
    vectors: Matrix
    texts: Sequence[str] = ()
    metadata: Sequence[Metadata] = ()


def rows_at_once(passages: int) -> int:
    """Returns how many passages are written at once into a collection that will have so many."""
    return _AT_ONCE_INTO_MANY if passages > _MANY_PASSAGES else _AT_ONCE


class Fold:
    """Makes new collections of one library."""

    def __init__(self, vectors: VectorIndex, catalog: Catalog) -> None:
        """Takes what is searched until a new collection is there."""
        self._vectors = vectors
        self._catalog = catalog

    def due(self) -> bool:
        """Returns whether so much changed that a new collection pays."""
        if self._catalog.backlog.pays_to_fold(self._catalog.passages.count()):
            return True
        if self._vectors.is_elsewhere():
            return True
        wanted = documents_wanted(self._catalog)
        try:
            base = self._vectors.base()
            return base is not None and base.has_documents() not in (None, wanted)
        except DamagedCollection:
            return True
        except UnusableCollection:
            # Its server may hold a whole one.
            return False

    def run(self, on_progress: Progress | None = None, stopped: Stopped = lambda: False) -> bool:
        """Makes a collection of all that is there now, and takes it into use.

        Args:
            on_progress: Called with the number of passages that are written, and of how many.
            stopped: Asked after each thousand, or five where there are many; then what is made so
                far stays for the next call.

        Returns:
            Whether it is in use: false where it was stopped.
        """
        generation, store = self._vectors.generation(), self._vectors.store_wanted()
        made = store.begin(generation + 1, self._copied())
        index, resumed = made.index, made.resumed
        todo, there = self._catalog.read_unfolded(all_passages=resumed or not made.copied)
        if todo.generation != generation:
            index.close()
            return False
        try:
            held = index.numbers() if resumed else set[int]()
            index.delete(todo.went if there is None else held - there)
            wanted = todo.came if there is None else sorted(there - held)
            written = self._write(index, wanted, on_progress, stopped)
            if written is None:
                return False
            self._describe(index, todo.described)
        finally:
            index.close()
        store.shrink(made)
        # What left while this was made is in neither.
        lost = {*wanted} - {*written}
        came, went = {*todo.came} - lost, {*todo.went} | (lost - {*todo.came})
        return self._take(store, made, replace(todo, came=sorted(came), went=sorted(went)))

    def _copied(self) -> int | None:
        """Returns the collection to begin with, which has documents as is wanted; None without."""
        name = self._vectors.base_name()
        if name is None or name.server is not None:
            return None
        try:
            base = self._vectors.base()
            alike = base and base.has_documents() in (None, documents_wanted(self._catalog))
        except DamagedCollection:
            return None
        return name.number if alike else None

    def _write(
        self,
        index: ChromaIndex,
        wanted: Sequence[int],
        on_progress: Progress | None,
        stopped: Stopped,
    ) -> list[int] | None:
        """Writes passages; returns those that are written, None where it was stopped."""
        size = rows_at_once(index.count() + len(wanted))
        parts = [wanted[at : at + size] for at in range(0, len(wanted), size)]
        written: list[int] = []
        # The next ones are read while these are written, which takes most of the time.
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(self._read, parts[0]) if parts else None
            for place, part in enumerate(parts, 1):
                if ahead is None or stopped():
                    return None
                batch = ahead.result()
                ahead = pool.submit(self._read, parts[place]) if place < len(parts) else None
                index.upsert(*batch)
                written += batch.numbers
                if on_progress:
                    on_progress(len(part) + (place - 1) * size, len(wanted))
        return written

    def _read(self, numbers: Sequence[int]) -> _FoldedRows:
        """Returns what a collection holds of passages; those that left are left out."""
        kept, vectors = self._catalog.vectors.read(numbers)
        if not documents_wanted(self._catalog):
            return _FoldedRows(kept, vectors)
        rows = self.read_rows(kept)
        places = [place for place, n in enumerate(kept) if n in rows]
        numbers = [kept[place] for place in places]
        texts, metadata = [rows[n][0] for n in numbers], [rows[n][1] for n in numbers]
        return _FoldedRows(numbers, vectors[places], texts, metadata)

    def _describe(self, index: ChromaIndex, papers: Sequence[int]) -> None:
        """Replaces the metadata of the passages of papers whose record changed."""
        if papers and documents_wanted(self._catalog):
            numbers = self._catalog.passages.numbers_between(None, None, papers)
            rows = self.read_rows(index.present(numbers))
            index.describe({number: metadata for number, (_, metadata) in rows.items()})

    def read_rows(self, numbers: Sequence[int]) -> dict[int, tuple[str, Metadata]]:
        """Returns the document and the metadata of passages; one that left has none."""
        places = self._catalog.passages.read_places(numbers)
        papers = dict(self._catalog.papers.read(sorted({p.paper for p in places.values()})))
        rows: dict[int, tuple[str, Metadata]] = {}
        for number, place in places.items():
            if paper := papers.get(place.paper):
                start, end = place.start, place.end
                metadata = passage_metadata(paper.id, paper.title, paper.year, start, end)
                rows[number] = paper.abstract[start:end], metadata
        return rows

    def _take(self, store: CollectionStore, made: NewCollection, done: Unfolded) -> bool:
        before = self._vectors.base_name()
        # Within the transaction: a library that was embedded anew meanwhile has no place for it.
        number, place = made.base.number, made.base.write()
        if not self._catalog.fold(done, number, place, lambda: store.take(made)):
            store.discard(made)
            return False
        self._vectors.sweep(before)
        return True


def documents_wanted(catalog: Catalog) -> bool:
    """Returns whether the collection is to hold documents and metadata beside the vectors."""
    return catalog.meta("documents") != "no"
