"""Library: one folder of papers to search.

Adding writes to the catalog in batches; searching reads an index of words and a collection of
vectors that are made from it.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from footnote.index import EmbedderMismatch, LibraryError, LibraryLocked, LibraryNotFound
from footnote.index.embeddings.protocols import Embedder
from footnote.index.library.reading import LibraryReader as LibraryReader
from footnote.index.models import Correction, Paper
from footnote.index.search.chroma.address import VectorPlace, write_place
from footnote.index.search.filters import EVERYTHING as EVERYTHING
from footnote.index.search.filters import Filters as Filters
from footnote.index.search.searcher import SNAPSHOTS as SNAPSHOTS
from footnote.index.search.searcher import WORDS as WORDS
from footnote.index.search.searcher import Ranked as Ranked
from footnote.index.search.upkeep import Upkeep
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.history.import_log import Import
from footnote.index.storage.history.removals import Removal as Removal
from footnote.index.storage.ingest.corrections import store_correction
from footnote.index.storage.ingest.duplicates.splitting import store_split
from footnote.index.storage.ingest.pipeline import (
    Added,
    Names,
    Undone,
    add_records,
    embed_rest,
    reembed,
    undo_import,
)
from footnote.index.storage.ingest.write_lock import WriteLock
from footnote.index.storage.papers import Order as Order
from footnote.index.storage.place import CATALOG as CATALOG
from footnote.index.storage.place import check_place

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

LOCK, FOLD_LOCK = "write.lock", "fold.lock"


def _make_folder(path: Path) -> None:
    check_place(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"{path} cannot be created ({error.strerror})") from error


def _check_embedder(catalog: Catalog, embedder: Embedder, path: Path, *, documents: bool) -> None:
    """Records the embedder of a new library; raises where another one made it."""
    recorded, dimensions = catalog.meta("embedder"), catalog.meta("dimensions")
    if recorded is None:
        catalog.set_meta(
            embedder=embedder.name,
            dimensions=str(embedder.dimensions),
            documents="yes" if documents else "no",
        )
    elif (recorded, dimensions) != (embedder.name, str(embedder.dimensions)):
        raise EmbedderMismatch(
            f"library was built with {recorded} ({dimensions}) but opened with "
            f"{embedder.name} ({embedder.dimensions}); run: footnote index --rebuild "
            f"--library {path}"
        )


def _keep_at(catalog: Catalog, vectors: VectorPlace | None) -> None:
    """Has the library remember where its collections are to be."""
    if vectors is not None and (kept := write_place(vectors)) != (catalog.meta("vectors") or ""):
        catalog.set_meta(vectors=kept)


def _as_embedder(embedder: "Embedder | BaseEmbedding") -> Embedder:
    if isinstance(embedder, Embedder):
        return embedder
    # Importing LlamaIndex takes a second, which ours do not need.
    from footnote.index.embeddings.adapters import as_embedder

    return as_embedder(embedder)


class Library(LibraryReader):
    """Papers that many can search at once, and one at a time can change.

    Attributes:
        origins: Where they were read from.
    """

    def __init__(
        self, path: Path, catalog: Catalog, embedder: Embedder, *, wait: float = 0.0
    ) -> None:
        """Use ``Library.open``."""
        super().__init__(path, catalog, embedder)
        self.origins = catalog.origins
        self._writer = WriteLock(path / LOCK, wait=wait)
        folder = WriteLock(path / FOLD_LOCK, "tidying", wait=wait)
        self._upkeep = Upkeep(self.searcher, self._writer, folder)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        embedder: "Embedder | BaseEmbedding",
        create: bool = False,
        documents: bool = True,
        vectors: VectorPlace | None = None,
        wait: float = 0.0,
    ) -> Self:
        """Opens a library, and repairs its indexes if they disagree with the catalog.

        Args:
            path: Its folder.
            embedder: The embedder that made the library; may be a LlamaIndex embedding.
            create: Make an empty library if there is none.
            documents: Whether the Chroma collection of a new library holds texts and metadata
                besides the vectors; our code does not read them. Existing ones stay as they are.
            vectors: Where the library keeps its collection from the next fold on: a
                ``ServerPlace``, or "folder"; None leaves it where it is.
            wait: Seconds that whatever writes waits for another process that does.

        Raises:
            LibraryNotFound: There is none, and ``create`` is false.
            EmbedderMismatch: Another embedder made it.
            LibraryError: The folder is something else, or cannot be written.
        """
        embedder = _as_embedder(embedder)
        if not (path / CATALOG).is_file():
            if not create:
                raise LibraryNotFound(
                    f"no library at {path}; create one with: footnote index PATH --library {path}"
                )
            _make_folder(path)
        catalog = Catalog(path / CATALOG)
        try:
            _check_embedder(catalog, embedder, path, documents=documents)
        except EmbedderMismatch:
            catalog.close()
            raise
        library = cls(path, catalog, embedder, wait=wait)
        _keep_at(catalog, vectors)
        library._upkeep.mend()
        return library

    @classmethod
    def rebuild(
        cls,
        path: Path,
        *,
        embedder: "Embedder | BaseEmbedding",
        documents: bool | None = None,
        vectors: VectorPlace | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        wait: float = 0.0,
    ) -> Self:
        """Opens a library after embedding all of it again, with this embedder.

        The old vectors are used until all new ones are ready; a killed call continues where it
        stopped.

        Args:
            path: Its folder.
            embedder: The one to change to.
            documents: Whether the collection holds documents; None keeps the setting.
            vectors: As for ``open``.
            on_progress: Called with the number of finished passages and the total.
            wait: As for ``open``.

        Raises:
            LibraryNotFound: There is none.
            LibraryLocked: Another process is writing.
        """
        if not (path / CATALOG).is_file():
            raise LibraryNotFound(f"no library at {path}; create one with: footnote index PATH")
        embedder = _as_embedder(embedder)
        catalog = Catalog(path / CATALOG)
        library = cls(path, catalog, embedder, wait=wait)
        with library._writer.hold(), library._upkeep.folding():
            reembed(catalog, embedder, on_progress=on_progress)
            embed_rest(catalog, embedder)
            if documents is not None:
                catalog.set_meta(documents="yes" if documents else "no")
            _keep_at(catalog, vectors)
            library._upkeep.write_words()
            library._upkeep.fold_held()
        return library

    def add(
        self,
        papers: Iterable[Paper],
        *,
        names: Sequence[str] = (),
        joins: int | None = None,
        on_progress: Callable[[int], None] | None = None,
        fold: bool = True,
    ) -> Added:
        """Adds papers, merging each with the one it already is, and publishes them.

        Papers are stored first, and can be found by their words; then they are embedded. Every
        batch is committed separately: after a kill the same call continues where it stopped. A
        paper whose title and abstract stay the same is not embedded again.

        Args:
            papers: In any order, repetitions allowed.
            names: Names of the sources, such as paths; listed by ``imports``.
            joins: Number of an import that they belong to and are undone with; where another one
                came since, they are an import of their own.
            on_progress: Called with how many papers were embedded, or need not be, since the last
                call.
            fold: Make a new collection afterwards where one is due.

        Raises:
            LibraryLocked: Another process is writing.
        """
        records = ((0, paper) for paper in papers)
        return self.add_records(
            records, names=names, joins=joins, on_progress=on_progress, fold=fold
        )

    def add_records(
        self,
        records: Iterable[tuple[int, Paper]],
        *,
        names: Names = (),
        joins: int | None = None,
        on_progress: Callable[[int], None] | None = None,
        fold: bool = True,
    ) -> Added:
        """Adds pairs of file number and paper, as ``add`` does.

        The result counts the papers of each file; together they are one import. ``names`` may be
        a function, called as papers come: their files may be read only then.
        """
        with self._writer.hold():
            added = add_records(
                self._catalog,
                records,
                names=names,
                joins=joins,
                on_stored=self._upkeep.write_words,
                on_progress=on_progress,
            )
            while self.waiting:
                long = self._upkeep.has_long_tail
                embed_rest(self._catalog, self.embedder, on_progress=on_progress, stopped=long)
                if long() and not self._upkeep.fold_if_possible():
                    # The vectors are in the catalog, and folded once the server is there.
                    embed_rest(self._catalog, self.embedder, on_progress=on_progress)
        if fold:
            self._upkeep.fold_if_possible()
        return added

    def fold(
        self,
        *,
        always: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Makes a new Chroma collection of all that is there, if one is due.

        The one in use serves meanwhile, and papers may be added. A killed call goes on where it
        was when it is made again.

        Args:
            always: Make one even where it is not due.
            on_progress: Called with the number of written passages, and of how many.
            stopped: Asked now and then whether to stop here and go on another time.

        Returns:
            Whether a new collection is in use.

        Raises:
            LibraryLocked: Another process is making one.
        """
        return self._upkeep.fold(always=always, on_progress=on_progress, stopped=stopped)

    def needs_tidying(self) -> bool:
        """Returns whether ``tidy`` would do anything."""
        words = self._upkeep.has_unwritten() or self.searcher.words.is_due()
        rows = self.waiting > 0 or self._catalog.compaction.is_due()
        return words or rows or self.searcher.fold.due() or self._maps.is_due()

    def tidy(
        self,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Does what readers need not wait for.

        Writes the words of what a killed call left and embeds it, writes the index of words again
        where much of it went, stores what an earlier version stored in the form of this one, folds
        where that is due, and draws the map anew where a tenth of its papers came or went. Others
        can write between two batches.

        Args:
            on_progress: Called while folding, as in ``fold``.
            stopped: Asked now and then whether to stop here and go on another time.

        Raises:
            UnusableServer: All is done but the fold, as the server cannot be used.
        """
        # Another process that writes does it.
        with suppress(LibraryLocked):
            if self._upkeep.has_unwritten():
                with self._writer.hold():
                    self._upkeep.write_words()
            while self.waiting and not stopped():
                with self._writer.hold():
                    embed_rest(self._catalog, self.embedder, stopped=lambda: True)
            if self.searcher.words.is_due() and not stopped():
                with self._writer.hold():
                    self.searcher.words.rewrite()
            self._upkeep.compact(stopped)
        try:
            self._upkeep.fold_if_due(on_progress, stopped)
        finally:
            if not stopped():
                self._maps.refresh()

    def correct(self, name: str, correction: Correction) -> bool:
        """Corrects a paper's record and publishes it; ``undo`` takes it back.

        What is corrected stays so when the paper's sources are read again.

        Args:
            name: Identifier or title, as ``paper`` accepts it.
            correction: The right values.

        Returns:
            Whether anything changed.

        Raises:
            LibraryError: The library lacks the paper, or a value cannot be stored.
            LibraryLocked: Another process is writing.
        """
        with self._writer.hold():
            paper = self.known(name)
            try:
                changed = store_correction(self._catalog, self.embedder, paper, correction)
            except ValueError as error:
                raise LibraryError(f"the paper stays as it was: {error}") from error
            self._upkeep.write_words()
            return changed

    def parts(self, name: str) -> list[Paper]:
        """Returns the records that made a paper, as they came; none where one source did.

        Raises:
            LibraryError: The library lacks the paper.
        """
        (number,) = self._catalog.papers.numbers([self.known(name).id])
        return [paper for _, paper in self._catalog.parts.of(number)]

    def split(self, name: str, leaving: Sequence[int]) -> str:
        """Makes two papers of one that was merged wrongly; ``undo`` takes it back.

        They stay apart when their sources are read again.

        Args:
            name: Identifier or title, as ``paper`` accepts it.
            leaving: Places in ``parts``, from 0, of the records that become the new paper.

        Returns:
            The id of the new paper.

        Raises:
            LibraryError: The library lacks the paper, or no record would leave or stay.
            LibraryLocked: Another process is writing.
        """
        with self._writer.hold():
            found = store_split(self._catalog, self.embedder, self.known(name), leaving)
            self._upkeep.write_words()
            return found

    def remove(self, ids: Iterable[str]) -> int:
        """Removes papers and publishes the rest; returns how many were removed.

        Args:
            ids: Identifiers or titles, as ``paper`` accepts them.

        Raises:
            LibraryError: The library lacks one of the papers; then nothing is removed.
            LibraryLocked: Another process is writing.
        """
        with self._writer.hold():
            numbers = self._catalog.papers.numbers(self.known(name).id for name in ids)
            if numbers:
                self._catalog.remove(numbers)
                self._upkeep.write_words()
            return len(numbers)

    def imports(self) -> list[Import]:
        """Returns the calls to ``add`` that changed something, the newest first."""
        return self._catalog.imports.list()

    def undo(self, number: int) -> Undone:
        """Undoes the newest import that is not undone, and publishes the rest.

        Removes the papers it added and restores those it changed, in one transaction. Papers
        removed since then stay removed.

        Args:
            number: Number of that import; a killed import is undone as far as it got.

        Raises:
            LibraryError: It is not the newest; then nothing is changed.
            LibraryLocked: Another process is writing.
        """
        with self._writer.hold():
            self._check_newest(number)
            undone = undo_import(self._catalog, self.embedder, number)
            self._upkeep.write_words()
            return undone

    def preview_undo(self, number: int) -> Undone:
        """Returns what undoing an import would do now; raises as ``undo`` does."""
        self._check_newest(number)
        return Undone(*self._catalog.imports.count_changes(number))

    def removals(self) -> list[Removal]:
        """Returns the undos and removals since papers were last added, newest first."""
        return self._catalog.removals.list()

    def restore(self, number: int) -> Removal:
        """Restores the last removal, an undone import or removed papers, and publishes it.

        Every paper gets its former state, in one transaction and without embedding.

        Args:
            number: Number of that removal.

        Raises:
            LibraryError: It is not the last removal, or papers were added since; nothing is
            changed. LibraryLocked: Another process is writing.
        """
        with self._writer.hold():
            last = next(iter(self.removals()), None)
            if last is None or last.number != number:
                raise LibraryError(
                    f"cannot put back removal {number} in {self.path}: papers were added "
                    "since, or more was removed later; index its source again"
                )
            self._catalog.restore(last)
            self._upkeep.write_words()
            return last

    def _check_newest(self, number: int) -> None:
        known = {one.number: one for one in self.imports()}
        newest = next((one.number for one in known.values() if not one.undone), None)
        if newest is None:
            raise LibraryError(f"nothing to undo in {self.path}: it has no imports left")
        if number == newest:
            return
        if number not in known:
            what = f"{self.path} has no import {number}"
        elif known[number].undone:
            what = f"import {number} of {self.path} is undone already"
        else:
            what = f"import {number} of {self.path} is not the newest"
        raise LibraryError(f"{what}; undo {newest} first, the newest import")
