"""Snapshots: the Chroma collection and the Tantivy index of a library, derived together.

A snapshot is a folder. It is written next to the one in use and never changes after publishing,
which writes one row in the catalog. So a reader sees a complete old or new snapshot, and a killed
writer leaves only a folder to delete. Two processes that share a changing Chroma folder lose
vectors silently; here that cannot happen.
"""

import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from footnote.index import EmbedderMismatch, LibraryError
from footnote.index.search.chroma import BATCH_ROWS, ChromaIndex, Metadata, passage_metadata
from footnote.index.search.fulltext import FullTextIndex
from footnote.index.storage.catalog import Catalog

# A passage that finds itself has cosine 1, minus the rounding of float32 and the graph.
SELF_COSINE = 0.999


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The two derived stores of one generation, opened."""

    generation: int
    vectors: ChromaIndex
    words: FullTextIndex

    def close(self) -> None:
        """Closes the files."""
        self.vectors.close()
        self.words.close()


class Snapshots:
    """The folder of a library's snapshots, of which one is published."""

    def __init__(self, folder: Path, catalog: Catalog, embedder: str) -> None:
        """Opens nothing yet; ``embedder`` is whose vectors the caller can search with."""
        self._root = folder
        self._embedder = embedder
        self._catalog = catalog
        self._guard = threading.RLock()
        self._snapshot: Snapshot | None = None
        self._previous: Snapshot | None = None
        self._seen = -1

    def close(self) -> None:
        """Closes the snapshots in use."""
        with self._guard:
            for snapshot in (self._snapshot, self._previous):
                if snapshot:
                    snapshot.close()
            self._snapshot = self._previous = None

    def current(self) -> Snapshot | None:
        """Returns the published snapshot, opening it when it is not the one in use.

        Raises:
            EmbedderMismatch: The library changed to another embedder meanwhile.
            LibraryError: The snapshot is damaged.
        """
        with self._guard:
            version = self._catalog.data_version()
            if self._snapshot is not None and version == self._seen:
                return self._snapshot
            recorded = self._catalog.meta("embedder")
            if recorded != self._embedder:
                raise EmbedderMismatch(
                    f"the library changed to {recorded} while it was open with {self._embedder}; "
                    "open it again"
                )
            generation = self._generation()
            if self._snapshot is None or self._snapshot.generation != generation:
                folder = self._folder(generation)
                if not folder.is_dir():
                    return self._snapshot
                opened = _open(folder, generation)
                # Another thread may still be reading the old one, so it stays open until the next
                # swap.
                if self._previous:
                    self._previous.close()
                self._previous, self._snapshot = self._snapshot, opened
            self._seen = version
            return self._snapshot

    def agrees(self) -> bool:
        """Returns whether the published snapshot holds what the catalog holds.

        The catalog's revision and the counts are compared, and one passage, another one at
        each call, must find itself.
        """
        try:
            snapshot = self.current()
            return snapshot is not None and self._matches(snapshot)
        except EmbedderMismatch:
            raise
        # After any error in the stores, they can be rebuilt from the catalog.
        except Exception:
            self.close()
            return False

    def _matches(self, snapshot: Snapshot) -> bool:
        if self._catalog.meta("revision") != self._catalog.meta("published"):
            return False
        if self._catalog.counts() != (snapshot.words.count(), snapshot.vectors.count()):
            return False
        numbers, vectors = self._catalog.vectors.read(self._catalog.passages.sample(1))
        found = snapshot.vectors.nearest(vectors[0], 1) if numbers else [(0, 1.0)]
        return bool(found) and found[0][1] > SELF_COSINE

    def publish(self, *, afresh: bool = False) -> None:
        """Writes the next snapshot and switches to it.

        Nothing is embedded: vectors come from the catalog.

        Args:
            afresh: Build a new collection rather than copying the current one.
        """
        generation = self._generation() + 1
        revision = self._catalog.meta("revision") or "0"
        making = self._root / f"{generation}.making"
        for leftover in (making, self._folder(generation)):
            shutil.rmtree(leftover, ignore_errors=True)
        making.mkdir(parents=True)
        present = self._folder(generation - 1) / "vectors"
        if self._snapshot and not afresh and present.is_dir() and self._is_as_wanted():
            shutil.copytree(present, making / "vectors")
        self._write_vectors(making / "vectors")
        self._write_words(making / "words")
        os.replace(making, self._folder(generation))
        newest = str(self._catalog.papers.newest_of_all())
        self._catalog.set_meta(generation=str(generation), published=revision, newest=newest)
        # SQLite's data_version speaks of other connections' commits only.
        self._seen = -1
        self.current()
        self.sweep()

    @property
    def documents(self) -> bool:
        """Whether the collection holds documents and metadata beside the vectors."""
        return self._catalog.meta("documents") != "no"

    def _is_as_wanted(self) -> bool:
        """Returns whether the collection in use has documents where they are wanted, or none."""
        assert self._snapshot
        return self._snapshot.vectors.has_documents() in (None, self.documents)

    def _write_vectors(self, folder: Path) -> None:
        vectors = ChromaIndex(folder)
        wanted, held = self._catalog.passages.numbers(), vectors.metadata()
        vectors.delete(held.keys() - set(wanted))
        titles = self._catalog.papers.titles() if self.documents else {}
        for at in range(0, len(wanted), BATCH_ROWS):
            part = wanted[at : at + BATCH_ROWS]
            metadata = self._metadata(part, titles)
            new = [n for n in part if n not in held]
            if new:
                texts = self._texts(new) if titles else []
                of_new = [metadata[n] for n in new] if titles else []
                vectors.upsert(new, self._catalog.vectors.read(new)[1], texts, of_new)
            vectors.describe({n: m for n, m in metadata.items() if held.get(n, m) != m})
        vectors.close()

    def _metadata(
        self, numbers: Sequence[int], titles: Mapping[int, tuple[str, str, int | None]]
    ) -> dict[int, Metadata]:
        """Returns the metadata of passages, by number; none where there are no titles."""
        return {
            number: passage_metadata(*titles[place.paper], place.start, place.end)
            for number, place in (self._catalog.passages.places(numbers) if titles else {}).items()
        }

    def _texts(self, numbers: Sequence[int]) -> list[str]:
        """Returns the texts of passages, in their order."""
        places = self._catalog.passages.places(numbers)
        papers = self._catalog.papers.by_number([p.paper for p in places.values()])
        return [papers[p.paper].abstract[p.start : p.end] for p in places.values()]

    def _write_words(self, folder: Path) -> None:
        # Always rebuilt: it takes 22,000 papers a second and cannot be partly wrong.
        words = FullTextIndex(folder)
        words.add((n, f"{p.title}\n{p.abstract}", p.year) for n, p in self._catalog.papers.all())
        words.close()

    def leftovers(self) -> list[Path]:
        """Returns the folders that nobody reads: leftovers of a killed writer."""
        generation = self._generation()
        # The previous one stays: a reader may be opening it now.
        kept = (str(generation), str(generation - 1))
        if not self._root.is_dir():
            return []
        return [folder for folder in self._root.iterdir() if folder.name not in kept]

    def sweep(self) -> None:
        """Removes the folders that nobody reads; the caller holds the write lock."""
        for folder in self.leftovers():
            shutil.rmtree(folder, ignore_errors=True)

    def _generation(self) -> int:
        return int(self._catalog.meta("generation") or 0)

    def _folder(self, generation: int) -> Path:
        return self._root / str(generation)


def _open(folder: Path, generation: int) -> Snapshot:
    try:
        vectors = ChromaIndex(folder / "vectors")
        try:
            return Snapshot(generation, vectors, FullTextIndex(folder / "words"))
        except BaseException:
            vectors.close()
            raise
    # Chroma's and Tantivy's errors share no base class.
    except Exception as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise LibraryError(
            f"{folder} is damaged ({reason}); open the library again to rebuild it"
        ) from error
