"""The vectors of a library: a Chroma collection that never changes, and what came since.

A collection is a folder, or is on a Chroma server (``stores``). It is written next to the one in
use and never changes once one row in the catalog names it. Two processes that share a changing
Chroma folder lose vectors silently; here that cannot happen.

Papers that were added since are the tail: few enough for their vectors to be compared one by one,
read from the catalog. What left is in the collection still; whoever searches finds no such passage
in the catalog. ``Fold`` makes the tail part of a new collection.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footnote.index import EmbedderMismatch, LibraryError
from footnote.index.embeddings.protocols import Matrix
from footnote.index.search.chroma import ChromaIndex
from footnote.index.search.chroma import DamagedCollection as DamagedCollection
from footnote.index.search.chroma.address import ServerPlace, VectorPlace, read_place
from footnote.index.search.chroma.served import ServerAccess
from footnote.index.search.chroma.server import MissingCollection
from footnote.index.search.chroma.stores import BaseName, CollectionStore, FolderStore, ServerStore
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.place import CATALOG

# A passage that finds itself has cosine 1, minus the rounding of float32 and the graph.
SELF_COSINE = 0.999
# Other processes may change the library between two looks.
_LOOKS = 3


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
    """The collections of a library, of which one is in use, and the tail beside it."""

    def __init__(self, folder: Path, catalog: Catalog, embedder: str) -> None:
        """Opens nothing yet; ``embedder`` is whose vectors the caller can search with."""
        self._folders = FolderStore(folder)
        self._servers = ServerAccess()
        self._embedder = embedder
        self._catalog = catalog
        self._guard = threading.RLock()
        self._base: tuple[BaseName, ChromaIndex] | None = None
        self._distrusted: BaseName | None = None
        self._previous: ChromaIndex | None = None
        self._tail = Tail((), np.empty((0, 0), np.float32))
        self._seen: tuple[int, int] | None = None

    def close(self) -> None:
        """Closes the collections in use."""
        with self._guard:
            for base in (self._base and self._base[1], self._previous):
                if base:
                    base.close()
            self._servers.close()
            self._base = self._previous = self._seen = None

    def nearest(self, vector: Matrix, k: int) -> list[tuple[int, float]]:
        """Returns up to ``k`` pairs of passage number and cosine, best first.

        A passage that left the catalog may be among them.

        Raises:
            EmbedderMismatch: The library changed to another embedder meanwhile.
            UnusableCollection: The collection cannot be opened, or its server asked.
        """
        base, tail = self._current()
        try:
            near = base.nearest(vector, k) if base else []
        except MissingCollection:
            # Another process folds, and deleted it just now; unless it is in use still.
            if self._look_again() is base:
                raise
            return self.nearest(vector, k)
        found = [*near, *tail.nearest(vector, k)]
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
            if (self._base and self._base[0]) != _name(found.base, found.place):
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

    def base_name(self) -> BaseName | None:
        """Returns which collection is in use, whether or not it can be opened."""
        return _name(*self._catalog.read_base())

    def is_served(self) -> bool:
        """Returns whether the collection in use is on a server."""
        name = self.base_name()
        return name is not None and name.server is not None

    def place_wanted(self) -> VectorPlace:
        """Returns where the next collection is to be."""
        return read_place(self._catalog.meta("vectors"))

    def is_elsewhere(self) -> bool:
        """Returns whether the collection in use is not where the next one is to be."""
        name = self.base_name()
        return name is not None and (name.server or "folder") != self.place_wanted()

    def store_wanted(self) -> CollectionStore:
        """Returns where the next collection is made.

        Raises:
            UnusableServer: Nobody named the server on this machine.
        """
        place = self.place_wanted()
        return self._store(place) if isinstance(place, ServerPlace) else self._folders

    def distrust(self) -> None:
        """Has the collection searched no more: it holds something else than the catalog."""
        with self._guard:
            self._distrusted, self._seen = self.base_name(), None

    def leftovers(self) -> list[str]:
        """Returns the folders that nobody reads nor fills: leftovers of a killed writer."""
        return self._folders.leftovers(self.generation())

    def served_leftovers(self) -> list[str]:
        """Returns the library's collections on its server that nobody reads nor fills.

        Raises:
            UnusableServer: It does not answer as it must.
        """
        name = self.base_name()
        if name is None or name.server is None:
            return []
        return self._store(name.server).leftovers(name, making=self.is_elsewhere())

    def sweep(self, before: BaseName | None = None) -> None:
        """Deletes what nobody reads; the caller holds the fold lock.

        Args:
            before: The collection that was in use, of whose server nothing may be needed now.
        """
        self._folders.sweep(self.generation())
        name, wanted = self.base_name(), self.place_wanted()
        servers = {one.server for one in (name, before) if one and one.server}
        for server in servers:
            kept = name if name and name.server == server else None
            self._store(server).sweep(kept, making=server != wanted)

    def _store(self, place: ServerPlace) -> ServerStore:
        file = self._folders.root.with_name(CATALOG)
        return ServerStore(self._servers.get(place), self._catalog, file)

    def _look_again(self) -> ChromaIndex | None:
        with self._guard:
            self._seen = None
            return self._current()[0]

    def _current(self) -> tuple[ChromaIndex | None, Tail]:
        """Returns the collection in use and the tail, read again where anybody changed them."""
        with self._guard:
            state = self._catalog.state()
            if state != self._seen:
                found = self._catalog.read_collection_state()
                self._check_embedder(found.embedder)
                self._open_base(_name(found.base, found.place))
                self._read_tail(found.came)
                self._seen = state
            return self._base[1] if self._base else None, self._tail

    def _check_embedder(self, recorded: str | None) -> None:
        if recorded != self._embedder:
            raise EmbedderMismatch(
                f"the library changed to {recorded} while it was open with {self._embedder}; "
                "open it again"
            )

    def _open_base(self, wanted: BaseName | None) -> None:
        if wanted and wanted == self._distrusted:
            raise DamagedCollection(
                f"the collection {wanted.name or wanted.number} does not hold what the catalog "
                "holds; run: footnote doctor"
            )
        if (self._base and self._base[0]) == wanted:
            return
        opened = self._open(wanted) if wanted is not None else None
        # Another thread may still be reading the old one, so it stays open until the next swap.
        if self._previous:
            self._previous.close()
        self._previous = self._base[1] if self._base else None
        self._base = (wanted, opened) if wanted is not None and opened else None

    def _open(self, name: BaseName) -> ChromaIndex:
        if name.server is None:
            return self._folders.open(name.number)
        opened = self._servers.get(name.server).open(name.name)
        # Read now: it never changes, and each search asks for it.
        opened.count()
        return opened

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


def _name(base: int | None, place: str | None) -> BaseName | None:
    return None if base is None else BaseName.read(base, place)
