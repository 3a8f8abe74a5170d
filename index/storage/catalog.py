"""Catalog: papers, identifiers, passages and vectors in SQLite; the library's source of truth.

A paper, its passages and their vectors are committed in one transaction. Whatever else
a library holds can be rebuilt from here without embedding again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from footnote.index.embeddings.protocols import Matrix
from footnote.index.embeddings.tokens.vectors import Tokens
from footnote.index.models import Paper, Passage, Span
from footnote.index.storage.database import Database
from footnote.index.storage.health.compaction import Compaction
from footnote.index.storage.health.faults import mend_faults
from footnote.index.storage.history.backlog import Backlog, CollectionState, Unfolded
from footnote.index.storage.history.import_log import Import, ImportLog
from footnote.index.storage.history.origins import OriginLog
from footnote.index.storage.history.parts import PartLog
from footnote.index.storage.history.removals import Removal, RemovalLog
from footnote.index.storage.ingest.duplicates.title_index import TitleIndex
from footnote.index.storage.papers import PaperTable
from footnote.index.storage.passages import PassageTable
from footnote.index.storage.schema import CATALOG
from footnote.index.storage.vectors import VectorTable


@dataclass(frozen=True, slots=True)
class EmbeddedPaper:
    """A paper ready to be stored.

    Attributes:
        number: Number of the stored paper that it replaces.
        vectors: Vectors of ``passages``; None keeps the stored passages and vectors.
        uncut: The text is new and to be cut and embedded later; until then it has no passages.
        tokens: Tokens of ``passages``; empty if the embedder has no token vectors.
        absorbs: Numbers of other stored papers that turned out to be this one.
        parts: Its records as they came, each with its key, that are not stored yet.
    """

    paper: Paper
    number: int | None = None
    sentences: Sequence[Span] = ()
    passages: Sequence[Passage] = ()
    vectors: Matrix | None = None
    tokens: Sequence[Tokens] = ()
    absorbs: Sequence[int] = ()
    parts: Sequence[tuple[str, Paper]] = ()
    uncut: bool = False

    @property
    def stands_alone(self) -> bool:
        """Whether it is new, and storing it touches no other paper."""
        return self.number is None and self.uncut and not self.absorbs and not self.parts


class Catalog:
    """The tables of one SQLite file, and the changes that touch several of them at once.

    Attributes:
        papers: Records and identifiers.
        titles: Which papers are like a record.
        passages: Where each stands.
        vectors: Vectors, tokens and the map.
        imports: What each import changed.
        removals: What was removed and can be restored.
        origins: Where papers were read from.
        parts: The records that made a paper.
        backlog: What the indexes that are made from it lack.
        compaction: What takes more room than it needs.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes an empty catalog.

        Raises:
            LibraryError: The file is no catalog, or one of another version.
        """
        self._db = Database(path, CATALOG)
        self.meta, self.set_meta = self._db.meta, self._db.set_meta
        self.data_version, self.state = self._db.data_version, self._db.state
        self.papers = PaperTable(self._db)
        self.titles = TitleIndex(self._db)
        self.passages = PassageTable(self._db)
        self.vectors = VectorTable(self._db)
        self.imports = ImportLog(self._db)
        self.removals = RemovalLog(self._db)
        self.parts = PartLog(self._db)
        self.backlog = Backlog(self._db)
        self.origins = OriginLog(self._db)
        self.compaction = Compaction(self._db)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def counts(self) -> tuple[int, int]:
        """Returns the numbers of papers and of passages."""
        return self.papers.count(), self.passages.count()

    # Each in one transaction.

    def store(self, entries: Sequence[EmbeddedPaper], of: Import | None = None) -> list[int]:
        """Writes papers, their passages and vectors; returns their numbers.

        Args:
            entries: The papers.
            of: The import that adds them, which records the changes.
        """
        if not entries:
            return []
        with self._db.transaction():
            self.papers.mark_published()
            self._count_revision()
            self.removals.forget()
            if of:
                self.imports.begin(of)
            return [
                number
                for new, some in groupby(entries, attrgetter("stands_alone"))
                for number in (
                    self._store_new(list(some), of) if new else [self._store(e, of) for e in some]
                )
            ]

    def split(
        self, staying: EmbeddedPaper, leaving: EmbeddedPaper, keys: Sequence[str], of: Import
    ) -> None:
        """Makes two papers of one, as an import.

        Args:
            staying: What is left of it, with its number.
            leaving: The new one.
            keys: Of the parts that leave.
            of: The import.
        """
        assert staying.number is not None
        with self._db.transaction():
            self._count_revision()
            self.removals.forget()
            self.imports.begin(of)
            self.imports.note_change(of, staying.number)
            freed = self.papers.free_aliases([staying.number])
            self.papers.free_ids([staying.number])
            for entry in (staying, leaving):
                self._store(entry, of)
            self.papers.hand_on_aliases(freed)
            self.parts.part(staying.number, keys, of)

    def store_texts(self, entries: Sequence[EmbeddedPaper]) -> None:
        """Writes the passages and vectors of papers that were stored uncut."""
        with self._db.transaction():
            self._count_revision()
            for entry in entries:
                if entry.number is not None and entry.vectors is not None:
                    self._store_text(entry, entry.number, entry.vectors)

    def remove(self, numbers: Sequence[int]) -> None:
        """Takes papers out; ``restore`` undoes it."""
        with self._db.transaction():
            self._count_revision()
            self.removals.keep(numbers, gone=len(numbers))
            freed = self.papers.free_aliases(numbers)
            for number in numbers:
                self._delete(number)
                self.imports.forget_paper(number)
            self.papers.hand_on_aliases(freed)

    def revert(self, number: int, entries: Sequence[EmbeddedPaper]) -> int:
        """Undoes an import; returns how many papers it removes.

        Args:
            number: Of the import.
            entries: Former states of the changed papers, with their numbers.
        """
        with self._db.transaction():
            self._count_revision()
            changed = [entry.number for entry in entries if entry.number is not None]
            touched = [change.paper for change in self.imports.changes(number)]
            added = sorted(set(touched) - set(changed))
            self.removals.keep(touched, gone=len(added), undone=number, changed=len(changed))
            freed = self.papers.free_aliases(touched)
            for paper in added:
                self._delete(paper)
            # Two papers that had been merged may each need the id that the other has now.
            self.papers.free_ids(changed)
            self.imports.restore_aliases(number, changed)
            for entry in entries:
                self._store(entry, None)
            self.papers.hand_on_aliases(freed)
            self.imports.mark_undone(number)
            return len(added)

    def restore(self, removal: Removal) -> None:
        """Restores what was removed last, as it was."""
        with self._db.transaction():
            self._count_revision()
            touched = self.removals.numbers(removal)
            self.removals.restore(removal)
            self.titles.write_all(self.papers.read(touched))

    def stage(
        self, embedder: str, numbers: Sequence[int], vectors: Matrix, tokens: Sequence[Tokens]
    ) -> None:
        """Stores another embedder's vectors for passages, and their tokens if there are any."""
        with self._db.transaction():
            self.vectors.stage(embedder, numbers, vectors)
            papers = self.passages.papers_of(numbers)
            self.vectors.write_tokens(
                (n, papers[n], t) for n, t in zip(numbers, tokens, strict=False)
            )

    def adopt_staged(self, embedder: str, dimensions: int) -> None:
        """Makes the staged vectors the library's."""
        with self._db.transaction():
            self.vectors.adopt_staged()
            self.backlog.void()
            # Vectors of the previous embedder no longer fit.
            self.removals.forget()
            self._count_revision()
            self.set_meta(embedder=embedder, dimensions=str(dimensions), read_by="")

    def mend(self) -> None:
        """Mends rows that cannot be right, as far as that loses nothing; see ``find_faults``."""
        with self._db.transaction():
            self._count_revision()
            mend_faults(self._db)

    # The indexes that are made from it.

    def read_unfolded(self, *, all_passages: bool = False) -> tuple[Unfolded, set[int] | None]:
        """Returns what the collection of vectors lacks, and on request every passage with one.

        Both are read in one state.
        """
        with self._db.snapshot():
            there = {*self.passages.numbers()} if all_passages else None
            return self.backlog.unfolded(), there

    def index_titles(self) -> None:
        """Makes the keys of a library that an earlier version made; does nothing otherwise."""
        if not self.titles.complete:
            with self._db.transaction():
                self.titles.write_all(self.papers.all())
                self.titles.mark_complete()

    def read_collection_state(self) -> CollectionState:
        """Returns which collection is in use and what it lacks, all in one state."""
        with self._db.snapshot():
            came, (_, went) = self.backlog.came(), self.backlog.count_unfolded()
            passages = self.passages.count()
            place = self.meta("base_place")
            return CollectionState(
                self.meta("embedder"), self.backlog.base(), came, went, passages, place
            )

    def read_base(self) -> tuple[int | None, str | None]:
        """Returns the number of the collection in use, and where it is, in one state."""
        with self._db.snapshot():
            return self.backlog.base(), self.meta("base_place")

    def fold(self, done: Unfolded, generation: int, place: str, put: Callable[[], object]) -> bool:
        """Takes a new collection into use, as ``Backlog.fold`` does.

        Args:
            done: What it was made of.
            generation: Its number.
            place: Where it is.
            put: Puts it where it is looked for; called only if it is taken.
        """
        with self._db.transaction():
            taken = self.backlog.fold(done, generation, place)
            if taken:
                put()
            return taken

    def void_collection(self) -> None:
        """Gives the collection up, so that a new one is made of all passages."""
        with self._db.transaction():
            self.backlog.void()

    def mark_written(self, papers: Sequence[int]) -> None:
        """Takes note that the index of words holds these papers as they are."""
        with self._db.transaction():
            self.backlog.mark_written(papers)
            newest = max(self.papers.newest(), *papers) if papers else self.papers.newest()
            self.set_meta(newest=str(newest))

    def mark_unwritten(self) -> None:
        """Takes note that the index of words is to be written anew."""
        with self._db.transaction():
            self.backlog.mark_unwritten()

    def write_map(
        self, key: str, numbers: bytes, positions: bytes, clusters: bytes, labels: str
    ) -> None:
        """Replaces the stored map."""
        with self._db.transaction():
            self.vectors.write_map(key, numbers, positions, clusters, labels)

    # Inside of a transaction.

    def _count_revision(self) -> None:
        self.set_meta(revision=str(int(self.meta("revision") or 0) + 1))

    def _store_new(self, entries: Sequence[EmbeddedPaper], of: Import | None) -> list[int]:
        """Stores papers that stand alone at once: one by one takes twice as long."""
        first = self.papers.next_number()
        rows = [(first + n, entry.paper) for n, entry in enumerate(entries)]
        numbers = [number for number, _ in rows]
        self.papers.write_new(rows)
        self.titles.write_all(rows)
        if of:
            self.imports.note_new(of, numbers)
        return numbers

    def _store(self, entry: EmbeddedPaper, of: Import | None) -> int:
        known = entry.number
        number = self.papers.next_number() if known is None else known
        for other in entry.absorbs:
            if of:
                self.imports.note_absorbed(of, other, number)
            if of:
                self.parts.join(other, number, of)
            self.papers.free_aliases([other])
            self._delete(other)
        if of and known is None:
            self.imports.note_new(of, [number])
        elif of:
            self.imports.note_change(of, number)
        self.papers.write(number, entry.paper)
        self.titles.write(number, entry.paper)
        if of:
            self.parts.keep(number, entry.parts, of)
        if entry.uncut:
            self._delete_text(number)
            self.papers.mark_uncut(number)
        elif entry.vectors is not None:
            self._store_text(entry, number, entry.vectors)
        return number

    def _store_text(self, entry: EmbeddedPaper, number: int, vectors: Matrix) -> None:
        """Replaces a paper's sentences, passages, vectors and tokens."""
        self.papers.write_sentences(number, entry.sentences)
        self._delete_text(number)
        passages = self.passages.write(number, entry.passages, vectors)
        self.vectors.write_tokens(
            (passage, number, tokens)
            for passage, tokens in zip(passages, entry.tokens, strict=False)
        )

    def _delete(self, number: int) -> None:
        """Deletes a paper whose identifiers are free."""
        self._delete_text(number)
        for _, paper in self.papers.read([number]):
            self.titles.delete(number, paper)
        self.papers.delete(number)

    def _delete_text(self, number: int) -> None:
        self.vectors.delete_tokens(number)
        self.passages.delete(number)
