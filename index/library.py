"""Library: one folder of papers to search, opened as one thing.

Adding goes into the catalog, batch by batch; searching reads a snapshot derived from it.
"""

import threading
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import filelock
import numpy as np

from index import EmbedderMismatch, LibraryError, LibraryLocked, LibraryNotFound
from index.build import Added, add_papers, reembed
from index.catalog import Catalog
from index.embedders import Embedder, Matrix, Reader
from index.filters import EVERYTHING as EVERYTHING
from index.filters import Filters as Filters
from index.filters import Names
from index.map import LibraryMap, Maps
from index.papers import ID_KINDS, Hit, Paper, Passage, Scale, Span, identifier
from index.snapshots import Snapshots
from index.spelling import respelled
from index.status import Status, read_status
from index.tokens import Tokens

CATALOG = "catalog.sqlite3"
SNAPSHOTS = "snapshots"
LOCK = "write.lock"
# Passages asked of Chroma at least, so that filters and fusion have something to choose from.
OVER_FETCH = 200
# Up to here a filtered search ranks every vector itself: exact, and faster than fetching on.
EXACT_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Ranked:
    """A paper's number in the catalog, the span of its best passage, and its score."""

    paper: int
    span: tuple[int, int] | None
    score: float


class Library:
    """Papers that can be searched by meaning and by words."""

    def __init__(self, path: Path, catalog: Catalog, embedder: Embedder) -> None:
        """Use ``Library.open``."""
        self.path = path
        self.embedder = embedder
        self._catalog = catalog
        # The file keeps other processes out, the thread lock this process's other threads.
        self._lock = filelock.FileLock(path / LOCK, thread_local=False)
        self._thread_lock = threading.Lock()
        self._snapshots = Snapshots(path / SNAPSHOTS, catalog, embedder.name)
        self._read_state: tuple[int, str | None] | None = None
        self._all_read = False
        self.names = Names(catalog)
        self._maps = Maps(catalog)

    @classmethod
    def open(cls, path: Path, *, embedder: Embedder, create: bool = False) -> Self:
        """Opens a library, mending what is derived where it disagrees with the catalog.

        Args:
            path: Its folder.
            embedder: Must be the one that made the library.
            create: Make an empty library where there is none.

        Raises:
            LibraryNotFound: There is none, and ``create`` is false.
            EmbedderMismatch: Another embedder made it.
            LibraryError: The folder is something else, or cannot be written.
        """
        if not (path / CATALOG).is_file():
            if path.exists() and (not path.is_dir() or any(path.iterdir())) and create:
                raise LibraryError(f"{path} is not a library, and not empty; give another folder")
            if not create:
                raise LibraryNotFound(
                    f"no library at {path}; make one with: footnote index PATH --library {path}"
                )
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LibraryError(f"{path} cannot be made ({error.strerror})") from error
        catalog = Catalog(path / CATALOG)
        recorded = catalog.meta("embedder")
        if recorded is None:
            catalog.set_meta(embedder=embedder.name, dimensions=str(embedder.dimensions))
        elif (recorded, catalog.meta("dimensions")) != (embedder.name, str(embedder.dimensions)):
            dimensions = catalog.meta("dimensions")
            catalog.close()
            raise EmbedderMismatch(
                f"library was built with {recorded} ({dimensions}), asked to open with "
                f"{embedder.name} ({embedder.dimensions}); run: footnote index --rebuild "
                f"--library {path}"
            )
        library = cls(path, catalog, embedder)
        library._mend()
        return library

    @classmethod
    def rebuild(
        cls,
        path: Path,
        *,
        embedder: Embedder,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Opens a library after embedding all of it again, with this embedder.

        The present vectors serve until the last new one is there; a call that was killed
        goes on where it was.

        Args:
            path: Its folder.
            embedder: The one to change to.
            on_progress: Called with how many passages are done, and of how many.

        Raises:
            LibraryNotFound: There is none.
            LibraryLocked: Another process is writing.
        """
        if not (path / CATALOG).is_file():
            raise LibraryNotFound(f"no library at {path}; make one with: footnote index PATH")
        catalog = Catalog(path / CATALOG)
        library = cls(path, catalog, embedder)
        with library._writing():
            reembed(catalog, embedder, on_progress=on_progress)
            library._snapshots.publish(afresh=True)
        return library

    def close(self) -> None:
        """Closes every file."""
        self._snapshots.close()
        self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    # Writing.

    def add(
        self, papers: Iterable[Paper], *, on_progress: Callable[[int], None] | None = None
    ) -> Added:
        """Adds papers, merging each with the one it already is, and publishes them.

        Every batch is committed by itself: after a kill the same call goes on where
        it was. A paper whose title and abstract stay the same is not embedded again.

        Args:
            papers: In any order, repetitions allowed.
            on_progress: Called with how many papers were read since the last call.

        Raises:
            LibraryLocked: Another process is writing.
        """
        with self._writing():
            added = add_papers(self._catalog, self.embedder, papers, on_progress=on_progress)
            if not self._snapshots.agrees():
                self._snapshots.publish()
            return added

    def _writing(self) -> ExitStack:
        stack = ExitStack()
        try:
            if not self._thread_lock.acquire(blocking=False):
                raise filelock.Timeout(str(self.path / LOCK))
            stack.callback(self._thread_lock.release)
            stack.enter_context(self._lock.acquire(timeout=0))
        except filelock.Timeout as error:
            stack.close()
            raise LibraryLocked(
                f"another process is writing {self.path}; wait for it to end, then try again"
            ) from error
        except OSError as error:
            stack.close()
            raise LibraryError(f"{self.path} cannot be written ({error.strerror})") from error
        return stack

    def _mend(self) -> None:
        """Makes the snapshot again where it disagrees with the catalog."""
        if self._snapshots.agrees():
            return
        try:
            with self._writing():
                if not self._snapshots.agrees():
                    self._snapshots.publish(afresh=True)
        except LibraryLocked:
            # The writer publishes what is missing; until then its last snapshot serves.
            return

    # Reading.

    @property
    def size(self) -> int:
        """The number of papers."""
        return self._catalog.counts()[0]

    def count(self, filters: Filters) -> int:
        """Returns the number of papers that may be found."""
        if filters == EVERYTHING:
            return self.size
        papers = self.names.admitted(filters)
        return len(self._catalog.paper_numbers_between(filters.since, filters.until, papers))

    def search(
        self,
        query: str,
        *,
        k: int,
        filters: Filters = EVERYTHING,
        by: Literal["cosine", "bm25"] = "cosine",
    ) -> list[Hit]:
        """Returns up to ``k`` papers, best first, by meaning (``cosine``) or words (``bm25``)."""
        if by == "bm25":
            return self.hits(self.rank_by_words(query, k=k, filters=filters), "bm25")
        vector = self.embedder.embed([query])[0]
        return self.hits(self.rank_by_vector(vector, k=k, filters=filters), "cosine")

    def rank_by_words(self, query: str, *, k: int, filters: Filters = EVERYTHING) -> list[Ranked]:
        """Returns up to ``k`` papers by BM25 over title and abstract."""
        snapshot = self._snapshots.current()
        if snapshot is None:
            return []
        found = snapshot.words.search(
            query,
            k,
            since=filters.since,
            until=filters.until,
            papers=self.names.admitted(filters),
        )
        return [Ranked(number, None, score) for number, score in found]

    def respelled(self, word: str) -> str | None:
        """Returns the library's word that an unknown one was meant to be; None if it is known."""
        snapshot = self._snapshots.current()
        if snapshot is None:
            return None
        return respelled(
            word, snapshot.words, lambda ns: list(self._catalog.papers_by_number(ns).values())
        )

    def rank_by_vector(
        self, vector: Matrix, *, k: int, filters: Filters = EVERYTHING
    ) -> list[Ranked]:
        """Returns up to ``k`` papers by the cosine of their best passage to ``vector`` ``(d,)``."""
        snapshot = self._snapshots.current()
        if snapshot is None or k < 1:
            return []
        width, total = max(OVER_FETCH, 4 * k), snapshot.vectors.count()
        papers = self.names.admitted(filters)
        while True:
            found = snapshot.vectors.nearest(vector, width)
            ranked = self._best_passages(found, filters, papers)
            if len(ranked) >= k or len(found) >= total:
                return ranked[:k]
            # Chroma's own `where` scans: 286 ms at 300,000 rows, where this takes 2. And its
            # graph loses sight of passages that are nearly alike: 120 of 384 from one template.
            numbers = self._catalog.passage_numbers_between(filters.since, filters.until, papers)
            if len(numbers) <= EXACT_ROWS:
                return self._best_passages(self._exact(vector, numbers), filters, papers)[:k]
            if len(found) < width:
                return ranked
            width *= 5

    def _exact(self, vector: Matrix, numbers: Sequence[int]) -> list[tuple[int, float]]:
        kept, vectors = self._catalog.vectors(numbers)
        cosines = vectors @ vector if kept else np.empty(0, np.float32)
        return [(kept[i], float(cosines[i])) for i in np.argsort(-cosines)]

    def _best_passages(
        self, found: Sequence[tuple[int, float]], filters: Filters, papers: Container[int] | None
    ) -> list[Ranked]:
        """Returns each paper once, for its best passage; rows must come best first."""
        places = self._catalog.places([number for number, _ in found])
        ranked: dict[int, Ranked] = {}
        for number, cosine in found:
            place = places.get(number)
            if not place or place.paper in ranked:
                continue
            if filters.admit(place.year) and (papers is None or place.paper in papers):
                ranked[place.paper] = Ranked(place.paper, (place.start, place.end), cosine)
        return list(ranked.values())

    def tokens(self, papers: Sequence[Paper]) -> dict[str, Tokens]:
        """Returns the tokens of papers, by id; one that was never read is left out."""
        embedder = self.embedder
        if not isinstance(embedder, Reader):
            return {}
        return self._catalog.tokens([paper.id for paper in papers], embedder.reader)

    @property
    def reads(self) -> bool:
        """Whether the embedder reads tokens and those of every passage are here."""
        if not isinstance(self.embedder, Reader):
            return False
        # Counting 28,000 rows takes 30 ms: done once for each state of the catalog.
        state = (self._catalog.data_version(), self._catalog.meta("revision"))
        if self._read_state != state:
            self._read_state = state
            self._all_read = self._catalog.has_tokens(self.embedder.reader)
        return self._all_read

    def hits(self, ranked: Sequence[Ranked], scale: Scale) -> list[Hit]:
        """Returns the papers of a ranking; one that was removed meanwhile is left out."""
        papers = self._catalog.papers_by_number([r.paper for r in ranked])
        kept = [(papers[r.paper], r) for r in ranked if r.paper in papers]
        return [
            Hit(
                paper,
                Passage(paper.id, *(r.span or (0, len(paper.abstract)))),
                r.score,
                rank,
                scale,
            )
            for rank, (paper, r) in enumerate(kept, 1)
        ]

    def similar(self, paper_id: str, *, k: int) -> list[Hit]:
        """Returns the papers nearest to a paper of the library, itself left out.

        Raises:
            LibraryError: The library has no such paper.
        """
        paper = self.paper(paper_id)
        if paper is None:
            raise LibraryError(
                f"no paper {paper_id!r} in {self.path}; find its id with: footnote search WORDS"
            )
        _, vectors = self._catalog.vectors(self._catalog.passage_numbers_of(paper.id))
        if not len(vectors):
            return []
        middle = vectors.mean(axis=0)
        ranked = self.rank_by_vector(middle / np.linalg.norm(middle), k=k + 1)
        hits = self.hits(ranked, "cosine")
        others = [hit for hit in hits if hit.paper.id != paper.id][:k]
        return [replace(hit, rank=rank) for rank, hit in enumerate(others, 1)]

    def paper(self, name: str) -> Paper | None:
        """Returns a paper by any of its identifiers, a bare arXiv number, or its title."""
        for kind in ("", *ID_KINDS):
            alias = identifier(kind, name) if kind else name
            if alias and (found := self._catalog.paper(alias)):
                return found
        return None

    def sentences(self, paper: Paper) -> list[Span]:
        """Returns the spans of the sentences in a paper's abstract."""
        return self._catalog.sentences(paper.id)

    def papers(self) -> Iterator[Paper]:
        """Yields every paper, in the order of adding."""
        return (paper for _, paper in self._catalog.papers())

    def map(self) -> LibraryMap:
        """Returns every paper at its place among the others, drawn anew where papers changed."""
        return self._maps.current()

    def status(self) -> Status:
        """Returns what the library holds."""
        return read_status(self.path, self._catalog, self.embedder)
