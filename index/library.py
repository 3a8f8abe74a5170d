"""Library: one folder of papers to search, opened as one thing.

Adding goes into the catalog, batch by batch; searching reads a snapshot derived from it.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock
from llama_index.core.base.embeddings.base import BaseEmbedding

from footnote.index import EmbedderMismatch, LibraryError, LibraryLocked, LibraryNotFound
from footnote.index.embeddings.adapters import as_embedder
from footnote.index.embeddings.base import Embedder
from footnote.index.models import Paper
from footnote.index.search.filters import EVERYTHING as EVERYTHING
from footnote.index.search.filters import Filters as Filters
from footnote.index.search.searcher import SNAPSHOTS as SNAPSHOTS
from footnote.index.search.searcher import Ranked as Ranked
from footnote.index.search.searcher import Searchable
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.import_log import Import
from footnote.index.storage.ingest.pipeline import Added, Undone, add_records, reembed, undo_import
from footnote.index.storage.removals import Taking as Taking

CATALOG = "catalog.sqlite3"
LOCK = "write.lock"


def check_place(path: Path) -> None:
    """Complains where no library is and none can be made.

    Raises:
        LibraryError: Something else stands there.
    """
    if (path / CATALOG).is_file() or not path.exists():
        return
    if not path.is_dir():
        raise LibraryError(f"{path} is a file; a library is a folder: give another folder")
    if any(path.iterdir()):
        raise LibraryError(f"{path} is not a library, and not empty; give another folder")


class Library(Searchable):
    """Papers that can be searched, by many at once, and changed, by one at a time."""

    def __init__(self, path: Path, catalog: Catalog, embedder: Embedder) -> None:
        """Use ``Library.open``."""
        super().__init__(path, catalog, embedder)
        # The file keeps other processes out, the thread lock this process's other threads.
        self._lock = filelock.FileLock(path / LOCK, thread_local=False)
        self._thread_lock = threading.Lock()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        embedder: Embedder | BaseEmbedding,
        create: bool = False,
        documents: bool = True,
    ) -> Self:
        """Opens a library, mending what is derived where it disagrees with the catalog.

        Args:
            path: Its folder.
            embedder: Must be the one that made the library; any of LlamaIndex's embeddings too.
            create: Make an empty library where there is none.
            documents: Whether the Chroma collection of a new library holds texts and metadata
                beside the vectors; nothing of ours reads them. One that exists stays as it is.

        Raises:
            LibraryNotFound: There is none, and ``create`` is false.
            EmbedderMismatch: Another embedder made it.
            LibraryError: The folder is something else, or cannot be written.
        """
        embedder = as_embedder(embedder)
        if not (path / CATALOG).is_file():
            if create:
                check_place(path)
            else:
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
            catalog.set_meta(
                embedder=embedder.name,
                dimensions=str(embedder.dimensions),
                documents="yes" if documents else "no",
            )
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
        embedder: Embedder | BaseEmbedding,
        documents: bool | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Opens a library after embedding all of it again, with this embedder.

        The present vectors serve until the last new one is there; a call that was killed
        goes on where it was.

        Args:
            path: Its folder.
            embedder: The one to change to.
            documents: Whether the collection holds documents from now on; as before if None.
            on_progress: Called with how many passages are done, and of how many.

        Raises:
            LibraryNotFound: There is none.
            LibraryLocked: Another process is writing.
        """
        if not (path / CATALOG).is_file():
            raise LibraryNotFound(f"no library at {path}; make one with: footnote index PATH")
        embedder = as_embedder(embedder)
        catalog = Catalog(path / CATALOG)
        library = cls(path, catalog, embedder)
        with library._writing():
            reembed(catalog, embedder, on_progress=on_progress)
            if documents is not None:
                catalog.set_meta(documents="yes" if documents else "no")
            library._snapshots.publish(afresh=True)
        return library

    @property
    def has_documents(self) -> bool:
        """Whether the Chroma collection is to hold documents and metadata."""
        return self._snapshots.documents

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
        self,
        papers: Iterable[Paper],
        *,
        names: Sequence[str] = (),
        on_progress: Callable[[int], None] | None = None,
    ) -> Added:
        """Adds papers, merging each with the one it already is, and publishes them.

        Every batch is committed by itself: after a kill the same call goes on where
        it was. A paper whose title and abstract stay the same is not embedded again.

        Args:
            papers: In any order, repetitions allowed.
            names: Of what they were read from, such as paths; ``imports`` tells them.
            on_progress: Called with how many papers were read since the last call.

        Raises:
            LibraryLocked: Another process is writing.
        """
        records = ((0, paper) for paper in papers)
        return self.add_records(records, names=names, on_progress=on_progress)

    def add_records(
        self,
        records: Iterable[tuple[int, Paper]],
        *,
        names: Sequence[str] = (),
        on_progress: Callable[[int], None] | None = None,
    ) -> Added:
        """Adds papers as ``add`` does, each after the number of the file that it is of.

        What it returns says of each file what became of its papers; they are one import.
        """
        with self._writing():
            added = add_records(
                self._catalog, self.embedder, records, names=names, on_progress=on_progress
            )
            self._publish()
            return added

    def remove(self, ids: Iterable[str]) -> int:
        """Removes papers and publishes what is left; returns how many they were.

        Args:
            ids: What ``paper`` knows each by: identifiers or titles.

        Raises:
            LibraryError: The library has no such paper; then nothing is removed.
            LibraryLocked: Another process is writing.
        """
        with self._writing():
            numbers = self._catalog.numbers(self.known(name).id for name in ids)
            if numbers:
                self._catalog.remove(numbers)
                self._publish()
            return len(numbers)

    def imports(self) -> list[Import]:
        """Returns the calls to ``add`` that changed something, the newest first."""
        return self._catalog.imports()

    def undo(self, number: int) -> Undone:
        """Takes back the newest import that is not undone, and publishes what is left.

        The papers that it added are removed, and those that it changed are what they were;
        what was removed since stays away. All of it is one transaction.

        Args:
            number: Of that import; an import that was killed is taken back as far as it came.

        Raises:
            LibraryError: It is not the newest; then nothing is changed.
            LibraryLocked: Another process is writing.
        """
        with self._writing():
            self._check_newest(number)
            undone = undo_import(self._catalog, self.embedder, number)
            self._publish()
            return undone

    def would_undo(self, number: int) -> Undone:
        """Returns what undoing an import would do now; raises as ``undo`` does."""
        self._check_newest(number)
        return Undone(*self._catalog.undoing(number))

    def takings(self) -> list[Taking]:
        """Returns what ``undo`` and ``remove`` took since papers were added, the last first."""
        return self._catalog.takings()

    def put_back(self, number: int) -> Taking:
        """Puts back what was taken last, an undone import or removed papers, and publishes it.

        Every paper is what it was, an import stands again, and nothing is embedded. All of it is
        one transaction.

        Args:
            number: Of that taking.

        Raises:
            LibraryError: It was not taken last, or papers were added since; nothing is changed.
            LibraryLocked: Another process is writing.
        """
        with self._writing():
            last = next(iter(self.takings()), None)
            if last is None or last.number != number:
                raise LibraryError(
                    f"nothing to put back in {self.path} as taking {number}: papers were added "
                    "since, or something was taken later; index its source again"
                )
            self._catalog.put_back(last)
            self._publish()
            return last

    def _check_newest(self, number: int) -> None:
        known = {one.number: one for one in self.imports()}
        newest = next((one.number for one in known.values() if not one.undone), None)
        if newest is None:
            raise LibraryError(f"nothing to undo in {self.path}: it has no import that stands")
        if number == newest:
            return
        if number not in known:
            what = f"{self.path} has no import {number}"
        elif known[number].undone:
            what = f"import {number} of {self.path} is undone already"
        else:
            what = f"import {number} of {self.path} is not the newest"
        raise LibraryError(f"{what}; undo {newest} first, the newest that stands")

    def _publish(self) -> None:
        if not self._snapshots.agrees():
            self._snapshots.publish()

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
        """Makes the snapshot again where it disagrees with the catalog; sweeps what is left over.

        A writer that was killed after it had published has swept nothing away.
        """
        whole = self._snapshots.agrees()
        if whole and not self._snapshots.leftovers():
            return
        try:
            with self._writing():
                if not self._snapshots.agrees():
                    self._snapshots.publish(afresh=True)
                self._snapshots.sweep()
        except LibraryLocked:
            # The writer publishes what is missing; until then its last snapshot serves.
            return
        except LibraryError:
            # A library that may only be read is read, with whatever lies beside it.
            if not whole:
                raise
