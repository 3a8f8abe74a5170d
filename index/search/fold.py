"""Folding: a new Chroma collection of what the one in use holds and what changed since.

The one in use serves until the new one is whole. Papers may be added meanwhile: they stay in the
tail. A fold that was stopped or killed goes on where it was.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from footnote.index import LibraryError
from footnote.index.search.chroma import DATABASE, ChromaIndex, Metadata, passage_metadata
from footnote.index.search.vector_index import MAKING, VectorIndex
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.database import pays_to_vacuum, vacuum
from footnote.index.storage.history.backlog import Unfolded

# Passages written between two looks at whether to stop.
_AT_ONCE = 1_000

Progress = Callable[[int, int], None]
Stopped = Callable[[], bool]


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
        base = self._vectors.base()
        wanted = documents_wanted(self._catalog)
        return base is not None and base.has_documents() not in (None, wanted)

    def run(self, on_progress: Progress | None = None, stopped: Stopped = lambda: False) -> bool:
        """Makes a collection of all that is there now, and takes it into use.

        Args:
            on_progress: Called with the number of passages that are written, and of how many.
            stopped: Asked after each thousand; then what is made so far stays for the next call.

        Returns:
            Whether it is in use: false where it was stopped.
        """
        generation, base = self._vectors.generation(), self._usable_base()
        making = self._vectors.root / f"{generation + 1}{MAKING}"
        resumed = self._prepare(making, base)
        index = _reopen(making)
        if index is None:
            # What a kill left is unusable, and Chroma opens no path anew that it failed to open.
            shutil.rmtree(making)
            making = self._vectors.root / f"{generation + 2}{MAKING}"
            resumed = self._prepare(making, base)
            index = ChromaIndex(making / "vectors")
        todo, there = self._catalog.read_unfolded(all_passages=resumed or base is None)
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
        _shrink(making)
        # What left while this was made is in neither.
        lost = {*wanted} - {*written}
        came, went = {*todo.came} - lost, {*todo.went} | (lost - {*todo.came})
        return self._take(making, replace(todo, came=sorted(came), went=sorted(went)))

    def _usable_base(self) -> Path | None:
        """Returns the collection to copy, which has documents as is wanted; None without one."""
        folder = self._vectors.folder(self._vectors.generation()) / "vectors"
        base = self._vectors.base()
        if base is None or not folder.is_dir():
            return None
        alike = base.has_documents() in (None, documents_wanted(self._catalog))
        return folder if alike else None

    def _prepare(self, making: Path, base: Path | None) -> bool:
        """Makes the folder that the collection is written into; returns whether there was one."""
        published = making.with_suffix("")
        if published.is_dir() and not making.exists():
            # Written, and killed before the catalog named it.
            os.replace(published, making)
        if making.is_dir():
            return True
        copying = making.with_suffix(".copying")
        shutil.rmtree(copying, ignore_errors=True)
        copying.mkdir(parents=True)
        if base:
            shutil.copytree(base, copying / "vectors")
        os.replace(copying, making)
        return False

    def _write(
        self,
        index: ChromaIndex,
        wanted: Sequence[int],
        on_progress: Progress | None,
        stopped: Stopped,
    ) -> list[int] | None:
        """Writes passages; returns those that are written, None where it was stopped."""
        written: list[int] = []
        for at in range(0, len(wanted), _AT_ONCE):
            if stopped():
                return None
            numbers, vectors = self._catalog.vectors.read(wanted[at : at + _AT_ONCE])
            if documents_wanted(self._catalog):
                rows = self.read_rows(numbers)
                kept = [place for place, n in enumerate(numbers) if n in rows]
                numbers, vectors = [numbers[place] for place in kept], vectors[kept]
                texts, metadata = [rows[n][0] for n in numbers], [rows[n][1] for n in numbers]
                index.upsert(numbers, vectors, texts, metadata)
            else:
                index.upsert(numbers, vectors)
            written += numbers
            if on_progress:
                on_progress(min(at + _AT_ONCE, len(wanted)), len(wanted))
        return written

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

    def _take(self, making: Path, done: Unfolded) -> bool:
        taken = making.with_suffix("")

        def place() -> None:
            # A killed fold may have left one that was never in use.
            shutil.rmtree(taken, ignore_errors=True)
            os.replace(making, taken)

        # Within the transaction: a library that was embedded anew meanwhile has no place for it.
        if not self._catalog.fold(done, int(taken.name), place):
            shutil.rmtree(making, ignore_errors=True)
            return False
        self._vectors.sweep()
        return True


def _reopen(making: Path) -> ChromaIndex | None:
    """Returns the collection of a folder, empty where it is new; None where it is unusable."""
    try:
        index = ChromaIndex(making / "vectors")
        index.count()
        return index
    # Chroma's errors share no base class.
    except Exception:
        return None


def _shrink(making: Path) -> None:
    """Frees what Chroma's log of writes took, two fifths of a small collection's file."""
    file = making / "vectors" / DATABASE
    # A disk without room for a second file keeps the larger one.
    with suppress(LibraryError):
        if pays_to_vacuum(file):
            vacuum(file)


def documents_wanted(catalog: Catalog) -> bool:
    """Returns whether the collection is to hold documents and metadata beside the vectors."""
    return catalog.meta("documents") != "no"
