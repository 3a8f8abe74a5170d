"""Upkeep: the indexes of a library repaired, written and folded, each under its lock."""

import logging
from contextlib import AbstractContextManager, suppress

from footnote.index import LibraryError, LibraryLocked
from footnote.index.search.chroma.server import UnusableServer
from footnote.index.search.fold import Progress, Stopped
from footnote.index.search.searcher import Searcher
from footnote.index.storage.ingest.write_lock import WriteLock

_log = logging.getLogger(__name__)


class Upkeep:
    """Keeps what a library is searched by in agreement with its catalog."""

    def __init__(self, searcher: Searcher, writer: WriteLock, folder: WriteLock) -> None:
        """Takes the library's write lock, and the lock that is held while folding."""
        self._searcher = searcher
        self._catalog = searcher.catalog
        self._writer = writer
        self._folder = folder

    def mend(self) -> None:
        """Repairs what disagrees with the catalog; deletes folders that a killed writer left.

        A collection on a server is not made anew here, as ``tidy`` does it: it takes long, and the
        server may be the wrong one.
        """
        if self._searcher.vectors.is_served():
            self._look_at_server()
            if self._searcher.words.agrees():
                return
            # Who writes elsewhere, or a library that is only read, leaves them as they are.
            with suppress(LibraryError), self._writer.hold():
                self.write_words()
            return
        whole = self._searcher.agrees()
        if whole and not self._searcher.vectors.leftovers():
            return
        try:
            with self._writer.hold():
                if not self._searcher.words.agrees():
                    self.write_words()
            with self._folder.hold():
                if not self._searcher.vectors.agrees():
                    self._searcher.vectors.void()
                    self._searcher.fold.run()
                self._searcher.vectors.sweep()
        except LibraryLocked:
            # Who works there mends what is missing; until then what is there is used.
            return
        except LibraryError:
            # A read-only library is read, with what its index of words has and its leftovers.
            if not self._searcher.vectors.agrees():
                raise

    def _look_at_server(self) -> None:
        # One that does not answer is told of where it is searched.
        with suppress(UnusableServer):
            if not self._searcher.vectors.agrees() and self._searcher.vectors.base():
                self._searcher.vectors.distrust()

    def write_words(self) -> None:
        """Writes what the index of words lacks, or all of it where it is damaged.

        The caller holds the write lock.
        """
        words = self._searcher.words
        # Tantivy's errors share no base class; whatever they say, it can be written anew.
        with suppress(ValueError, OSError, RuntimeError):
            words.write()
        if not words.agrees():
            words.write_anew()

    def has_unwritten(self) -> bool:
        """Returns whether a killed writer left papers that cannot be found by their words."""
        return bool(self._catalog.backlog.unwritten(1))

    def has_long_tail(self) -> bool:
        """Returns whether so much came that it should be folded before more is embedded."""
        return self._catalog.backlog.is_long(self._catalog.passages.count())

    def compact(self, stopped: Stopped) -> None:
        """Stores what an earlier version stored in the form of this one, and frees the room.

        Raises:
            LibraryLocked: Another process is writing.
        """
        compaction, left = self._catalog.compaction, self._catalog.compaction.is_due()
        while left and not stopped():
            with self._writer.hold():
                left = compaction.run()
        if not stopped() and compaction.pays_to_vacuum():
            # A disk without room for a second file keeps the larger one.
            with self._writer.hold(), suppress(LibraryError):
                compaction.vacuum()

    def fold_if_due(
        self, on_progress: Progress | None = None, stopped: Stopped = lambda: False
    ) -> bool:
        """Folds what changed into a new collection if that is due and nobody else does it."""
        try:
            due = self._searcher.fold.due()
            return due and self.fold(on_progress=on_progress, stopped=stopped)
        except LibraryLocked:
            return False

    def fold_if_possible(self) -> bool:
        """Folds as ``fold_if_due`` does; returns false where the server cannot be used."""
        try:
            self.fold_if_due()
        except UnusableServer as error:
            _log.warning("%s", error)
            return False
        return True

    def fold(
        self,
        *,
        always: bool = False,
        on_progress: Progress | None = None,
        stopped: Stopped = lambda: False,
    ) -> bool:
        """Folds as ``Library.fold`` says."""
        with self.folding():
            due = always or self._searcher.fold.due()
            return due and self.fold_held(on_progress, stopped)

    def folding(self) -> AbstractContextManager[None]:
        """Holds the fold lock: nobody else makes a collection, nor sweeps folders away."""
        return self._folder.hold()

    def fold_held(
        self, on_progress: Progress | None = None, stopped: Stopped = lambda: False
    ) -> bool:
        """Folds, whoever wants it; the caller holds the fold lock."""
        done = self._searcher.fold.run(on_progress, stopped)
        self._searcher.vectors.sweep()
        return done
