"""Library: one folder of papers to search.

Adding writes to the catalog in batches; searching reads an index of words and a collection of
vectors that are made from it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from footnote.index import EmbedderMismatch, LibraryError, LibraryLocked, LibraryNotFound
from footnote.index.chunking import sentence_spans
from footnote.index.clusters.drawer import MapDrawer
from footnote.index.clusters.layout import LibraryMap
from footnote.index.embeddings.protocols import Embedder
from footnote.index.models import ID_KINDS, Correction, Hit, Paper, Span, identifier
from footnote.index.readers.titles import titles_within
from footnote.index.search.filters import EVERYTHING as EVERYTHING
from footnote.index.search.filters import Filters as Filters
from footnote.index.search.fold import documents_wanted
from footnote.index.search.searcher import SNAPSHOTS as SNAPSHOTS
from footnote.index.search.searcher import WORDS as WORDS
from footnote.index.search.searcher import Ranked as Ranked
from footnote.index.search.searcher import Searcher
from footnote.index.search.upkeep import Upkeep
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.health.status import Status, read_status
from footnote.index.storage.history.import_log import Import
from footnote.index.storage.history.removals import Removal as Removal
from footnote.index.storage.ingest.corrections import store_correction
from footnote.index.storage.ingest.known import preview
from footnote.index.storage.ingest.pipeline import (
    Added,
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


def _as_embedder(embedder: "Embedder | BaseEmbedding") -> Embedder:
    if isinstance(embedder, Embedder):
        return embedder
    # Importing LlamaIndex takes a second, which ours do not need.
    from footnote.index.embeddings.adapters import as_embedder

    return as_embedder(embedder)


class Library:
    """Papers that many can search at once, and one at a time can change.

    Attributes:
        path: Its folder.
        embedder: What makes its vectors.
        searcher: Searches the papers.
        origins: Where they were read from.
    """

    def __init__(
        self, path: Path, catalog: Catalog, embedder: Embedder, *, wait: float = 0.0
    ) -> None:
        """Use ``Library.open``."""
        self.path = path
        self.embedder = embedder
        self.searcher = Searcher(path, catalog, embedder)
        self.origins = catalog.origins
        self._catalog = catalog
        self._maps = MapDrawer(catalog)
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
        wait: float = 0.0,
    ) -> Self:
        """Opens a library, and repairs its indexes if they disagree with the catalog.

        Args:
            path: Its folder.
            embedder: The embedder that made the library; may be a LlamaIndex embedding.
            create: Make an empty library if there is none.
            documents: Whether the Chroma collection of a new library holds texts and metadata
                besides the vectors; our code does not read them. Existing ones stay as they are.
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
        library._upkeep.mend()
        return library

    @classmethod
    def rebuild(
        cls,
        path: Path,
        *,
        embedder: "Embedder | BaseEmbedding",
        documents: bool | None = None,
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
        with library._writer.hold():
            reembed(catalog, embedder, on_progress=on_progress)
            embed_rest(catalog, embedder)
            if documents is not None:
                catalog.set_meta(documents="yes" if documents else "no")
            library._upkeep.write_words()
            library.fold(always=True)
        return library

    @property
    def has_documents(self) -> bool:
        """Whether the Chroma collection is to hold documents and metadata."""
        return documents_wanted(self._catalog)

    def close(self) -> None:
        """Closes every file."""
        self.searcher.close()
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

    # Reading.

    @property
    def size(self) -> int:
        """The number of papers."""
        return self._catalog.papers.count()

    @property
    def waiting(self) -> int:
        """The number of papers that are not embedded yet, and found by their words alone."""
        return self._catalog.papers.count_uncut()

    @property
    def revision(self) -> str:
        """A value that changes whenever papers do."""
        return self._catalog.meta("revision") or "0"

    def count(self, filters: Filters) -> int:
        """Returns the number of papers that may be found."""
        return self.searcher.count(filters)

    def select(self, filters: Filters, *, most: int) -> list[Paper]:
        """Returns up to ``most`` papers that pass the filters, in the order of adding."""
        return self.searcher.select(filters, most=most)

    def dated(self, count: int, *, oldest: bool = False) -> list[Paper]:
        """Returns up to ``count`` papers with a year, the newest or the oldest first."""
        return self._catalog.papers.dated(count, oldest=oldest)

    def search(
        self,
        query: str,
        *,
        k: int,
        filters: Filters = EVERYTHING,
        by: Literal["cosine", "bm25"] = "cosine",
    ) -> list[Hit]:
        """Returns up to ``k`` papers, best first, by meaning (``cosine``) or words (``bm25``)."""
        return self.searcher.search(query, k=k, filters=filters, by=by)

    def similar(self, name: str, *, k: int) -> list[Hit]:
        """Returns the papers nearest to a paper of the library, itself left out.

        Raises:
            LibraryError: The library has no such paper.
        """
        return self.searcher.similar(self.known(name), k=k)

    def paper(self, name: str) -> Paper | None:
        """Returns a paper by any of its identifiers, a bare arXiv number, or its title."""
        for kind in ("", *ID_KINDS):
            alias = identifier(kind, name) if kind else name
            if alias and (found := self._catalog.papers.find(alias)):
                return found
        return None

    def find(self, names: Sequence[str]) -> dict[str, Paper]:
        """Returns the papers that ``paper`` gives for names, by name, read all at once."""
        owners = self._catalog.papers.owners(names)
        known = self._catalog.papers.by_number(list(owners.values()))
        found = {
            name: known[owners[name]] if owners.get(name) in known else self.paper(name)
            for name in names
        }
        return {name: paper for name, paper in found.items() if paper}

    def ids(self, names: Sequence[str]) -> list[str]:
        """Returns the id of each paper that is here by one of its identifiers, in order."""
        ids = self._catalog.papers.ids_of(names)
        return list(dict.fromkeys(ids[name] for name in names if name in ids))

    def cited(self, name: str) -> Paper | None:
        """Returns a paper as ``paper`` does, or the one whose whole title stands in a reference."""
        found = self.paper(name)
        if found is None and (titles := titles_within(name)):
            owners = self._catalog.papers.owners(titles)
            longest = max(owners, key=len, default=None)
            found = self._catalog.papers.find(longest) if longest else None
        return found

    def known(self, name: str) -> Paper:
        """Returns a paper as ``paper`` does.

        Raises:
            LibraryError: The library has no such paper.
        """
        found = self.paper(name)
        if found is None:
            raise LibraryError(
                f"no paper {name!r} in {self.path}; find its id with: footnote search WORDS"
            )
        return found

    def papers(self) -> Iterator[Paper]:
        """Yields every paper, in the order of adding."""
        return (paper for _, paper in self._catalog.papers.all())

    def page(self, order: Order, at: int, count: int) -> list[Paper]:
        """Returns up to ``count`` papers from position ``at`` in the given order."""
        return self._catalog.papers.page(order, at, count)

    def sentences(self, paper: Paper) -> list[Span]:
        """Returns the spans of the sentences in a paper's abstract."""
        known = self._catalog.papers.sentences(paper.id)
        return sentence_spans(paper.abstract) if known is None else known

    def years(self) -> dict[int | None, int]:
        """Returns how many papers each year has; None counts those without one."""
        return self._catalog.papers.years()

    def sources(self) -> dict[str | None, int]:
        """Returns how many papers each source has; None counts those without one."""
        return self._catalog.papers.count_field("source")

    def count_without_authors(self) -> int:
        """Returns how many papers name no author."""
        return self._catalog.papers.count_without_authors()

    def newest(self) -> int:
        """Returns the number of the newest published paper, for use with ``since``."""
        return self._catalog.papers.newest()

    def since(self, number: int) -> list[Paper]:
        """Returns the papers added after that number, in order; a changed one is not new."""
        newest = self.newest()
        return [paper for at, paper in self._catalog.papers.all(number) if at <= newest]

    def added_by(self, number: int, *, after: int = 0, most: int) -> tuple[int, list[Paper]]:
        """Returns how many papers an import added, and the last of them, the latest first.

        Args:
            number: Number of the import, as in ``imports``.
            after: Only papers added after that number, as for ``since``.
            most: Papers at most.
        """
        newest = self.newest()
        numbers = [n for n in self._catalog.imports.added(number) if after < n <= newest]
        shown = numbers[: -most - 1 : -1] if most > 0 else []
        return len(numbers), list(self._catalog.papers.by_number(shown).values())

    def map(self) -> LibraryMap:
        """Returns the map of all papers; new ones are placed beside those that are like them."""
        return self._maps.current()

    def status(self) -> Status:
        """Returns what the library holds."""
        return read_status(self.path, self._catalog, self.embedder)

    # Writing.

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
        names: Sequence[str] = (),
        joins: int | None = None,
        on_progress: Callable[[int], None] | None = None,
        fold: bool = True,
    ) -> Added:
        """Adds pairs of file number and paper, as ``add`` does.

        The result counts the papers of each file; together they are one import.
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
            embed_rest(self._catalog, self.embedder, on_progress=on_progress)
        if fold:
            self._upkeep.fold_if_due()
        return added

    def preview(self, records: Iterable[tuple[int, Paper]]) -> Added:
        """Returns how many papers ``add_records`` would add and change, without adding any."""
        return preview(self._catalog, records)

    def ids_of(self, numbers: Iterable[int]) -> list[str]:
        """Returns the ids of papers by their numbers; those that are gone are left out."""
        return [titles[0] for _, titles in sorted(self._catalog.papers.titles([*numbers]).items())]

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
        waiting = self.waiting > 0 or self.searcher.words.is_due()
        return waiting or self.searcher.fold.due() or self._maps.is_due()

    def tidy(
        self,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Does what readers need not wait for.

        Embeds what a killed call left, writes the index of words again where much of it went, folds
        where that is due, and draws the map anew where a tenth of its papers came or went.

        Args:
            on_progress: Called while folding, as in ``fold``.
            stopped: Asked now and then whether to stop here and go on another time.
        """
        if self.waiting or self.searcher.words.is_due():
            # Another process that writes does it.
            with suppress(LibraryLocked), self._writer.hold():
                embed_rest(self._catalog, self.embedder, stopped=stopped)
                if self.searcher.words.is_due():
                    self.searcher.words.rewrite()
        self._upkeep.fold_if_due(on_progress, stopped)
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
