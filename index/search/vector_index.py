"""The vectors of a library: a Chroma collection that never changes, and what came since.

A collection is a folder. It is written next to the one in use and never changes once one row in the
catalog names it. So a reader sees a whole old or new one, and a killed writer leaves only a folder.
Two processes that share a changing Chroma folder lose vectors silently; here that cannot happen.

Papers that were added since are the tail: few enough for their vectors to be compared one by one,
read from the catalog. What left is in the collection still; whoever searches finds no such passage
in the catalog. ``Fold`` makes the tail part of a new collection.
"""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footnote.index import EmbedderMismatch, LibraryError
from footnote.index.embeddings.protocols import Matrix
from footnote.index.search.chroma import ChromaIndex
from footnote.index.storage.catalog import Catalog

# A passage that finds itself has cosine 1, minus the rounding of float32 and the graph.
SELF_COSINE = 0.999
MAKING = ".making"
# Other processes may change the library between two looks.
_LOOKS = 3


class DamagedCollection(LibraryError):
    """A collection that cannot be opened, or is not there."""


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """Passages that the collection lacks.

    Attributes:
        numbers: Ascending.
        vectors: ``(n, d)`` float32, a row for each.
    """

    numbers: tuple[int, ...]
    vectors: Matrix

    def nearest(self, vector: Matrix, k: int) -> list[tuple[int, float]]:
        """Returns up to ``k`` pairs of passage number and cosine, best first."""
        if not self.numbers or k < 1:
            return []
        cosines = self.vectors @ vector
        best = np.argsort(-cosines, kind="stable")[:k]
        return [(self.numbers[i], float(cosines[i])) for i in best]


class VectorIndex:
    """The folder of a library's collections, of which one is in use, and the tail beside it."""

    def __init__(self, folder: Path, catalog: Catalog, embedder: str) -> None:
        """Opens nothing yet; ``embedder`` is whose vectors the caller can search with."""
        self.root = folder
        self._embedder = embedder
        self._catalog = catalog
        self._guard = threading.RLock()
        self._base: tuple[int, ChromaIndex] | None = None
        self._previous: ChromaIndex | None = None
        self._tail = Tail((), np.empty((0, 0), np.float32))
        self._seen: tuple[int, int] | None = None

    def close(self) -> None:
        """Closes the collections in use."""
        with self._guard:
            for base in (self._base and self._base[1], self._previous):
                if base:
                    base.close()
            self._base = self._previous = self._seen = None

    def nearest(self, vector: Matrix, k: int) -> list[tuple[int, float]]:
        """Returns up to ``k`` pairs of passage number and cosine, best first.

        A passage that left the catalog may be among them.

        Raises:
            EmbedderMismatch: The library changed to another embedder meanwhile.
            DamagedCollection: The collection cannot be opened.
        """
        base, tail = self._current()
        found = [*(base.nearest(vector, k) if base else ()), *tail.nearest(vector, k)]
        return sorted(found, key=lambda row: (-row[1], row[0]))[:k]

    def count(self) -> int:
        """Returns how many passages ``nearest`` can find, those included that left."""
        base, tail = self._current()
        return (base.count() if base else 0) + len(tail.numbers)

    def base(self) -> ChromaIndex | None:
        """Returns the collection in use; None where there is none."""
        return self._current()[0]

    def agrees(self) -> bool:
        """Returns whether collection and tail hold what the catalog holds.

        The counts are compared, and one passage, another one at each call, must find itself.
        """
        try:
            return any(self._matches() for _ in range(_LOOKS))
        except DamagedCollection:
            return False
        except LibraryError:
            # Of the catalog, which tells nothing of the collection.
            raise
        # After any error in Chroma, the collection can be made anew from the catalog.
        except Exception:
            self.close()
            return False

    def _matches(self) -> bool:
        with self._guard:
            base, _ = self._current()
            found = self._catalog.read_collection_state()
            if (self._base and self._base[0]) != found.base:
                return False
            held = base.count() if base else 0
        if held + len(found.came) - found.went != found.passages:
            return False
        numbers, vectors = self._catalog.vectors.read(self._catalog.passages.sample(1))
        return not numbers or self.nearest(vectors[0], 1)[0][1] > SELF_COSINE

    def void(self) -> None:
        """Gives up a collection that is damaged or gone: all is tail until it is folded."""
        self._catalog.void_collection()
        self.close()

    def generation(self) -> int:
        """Returns the number of the collection in use."""
        return int(self._catalog.meta("generation") or 0)

    def folder(self, generation: int) -> Path:
        """Returns the folder of a collection."""
        return self.root / str(generation)

    def leftovers(self) -> list[Path]:
        """Returns the folders that nobody reads nor fills: leftovers of a killed writer."""
        generation = self.generation()
        # The previous one stays: a reader may be opening it now.
        kept = {str(generation), str(generation - 1)}
        # The second stands in for a first that could not be opened.
        kept |= {f"{generation + step}{MAKING}" for step in (1, 2)}
        if not self.root.is_dir():
            return []
        return [folder for folder in self.root.iterdir() if folder.name not in kept]

    def sweep(self) -> None:
        """Removes the folders that nobody reads; the caller holds the fold lock."""
        for folder in self.leftovers():
            shutil.rmtree(folder, ignore_errors=True)

    def _current(self) -> tuple[ChromaIndex | None, Tail]:
        """Returns the collection in use and the tail, read again where anybody changed them."""
        with self._guard:
            state = self._catalog.state()
            if state != self._seen:
                found = self._catalog.read_collection_state()
                self._check_embedder(found.embedder)
                self._open_base(found.base)
                self._read_tail(found.came)
                self._seen = state
            return self._base[1] if self._base else None, self._tail

    def _check_embedder(self, recorded: str | None) -> None:
        if recorded != self._embedder:
            raise EmbedderMismatch(
                f"the library changed to {recorded} while it was open with {self._embedder}; "
                "open it again"
            )

    def _open_base(self, wanted: int | None) -> None:
        if (self._base and self._base[0]) == wanted:
            return
        opened = _open(self.folder(wanted)) if wanted is not None else None
        # Another thread may still be reading the old one, so it stays open until the next swap.
        if self._previous:
            self._previous.close()
        self._previous = self._base[1] if self._base else None
        self._base = (wanted, opened) if wanted is not None and opened else None

    def _read_tail(self, wanted: Sequence[int]) -> None:
        """Reads the tail, of which only what is new takes time."""
        known = {number: at for at, number in enumerate(self._tail.numbers)}
        kept = [number for number in wanted if number in known]
        if len(kept) == len(wanted) == len(known):
            return
        added, vectors = self._catalog.vectors.read([n for n in wanted if n not in known])
        rows = self._tail.vectors[[known[n] for n in kept]] if kept else vectors[:0]
        numbers = [*kept, *added]
        order = np.argsort(numbers, kind="stable")
        joined = np.concatenate([rows, vectors]) if len(vectors) else rows
        self._tail = Tail(tuple(numbers[at] for at in order), joined[order])


def _open(folder: Path) -> ChromaIndex:
    if not (folder / "vectors").is_dir():
        raise DamagedCollection(f"{folder} is gone; open the library again to rebuild it")
    try:
        return ChromaIndex(folder / "vectors")
    # Chroma's errors share no base class.
    except Exception as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise DamagedCollection(
            f"{folder} is damaged ({reason}); open the library again to rebuild it"
        ) from error
