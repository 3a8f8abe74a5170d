"""What a library tells about its papers, and how it finds them; nothing here changes it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from footnote.index import LibraryError
from footnote.index.chunking import sentence_spans
from footnote.index.clusters.drawer import MapDrawer
from footnote.index.clusters.layout import LibraryMap
from footnote.index.embeddings.protocols import Embedder
from footnote.index.models import ID_KINDS, Hit, Paper, Span, identifier
from footnote.index.readers.titles import titles_within
from footnote.index.search.chroma.address import FOLDER
from footnote.index.search.filters import EVERYTHING, Filters
from footnote.index.search.fold import documents_wanted
from footnote.index.search.searcher import Searcher
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.health.status import Status, read_status
from footnote.index.storage.ingest.known import preview
from footnote.index.storage.ingest.tallies import Added
from footnote.index.storage.papers import Order


class LibraryReader:
    """The papers of one folder, to be read by many at once.

    Attributes:
        path: The folder.
        embedder: What makes its vectors.
        searcher: Searches the papers.
    """

    def __init__(self, path: Path, catalog: Catalog, embedder: Embedder) -> None:
        """Use ``Library.open``."""
        self.path = path
        self.embedder = embedder
        self.searcher = Searcher(path, catalog, embedder)
        self._catalog = catalog
        self._maps = MapDrawer(catalog)

    @property
    def folders(self) -> Sequence[Path]:
        """The folders whose papers these are."""
        return [self.path]

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

    def names_of(self, names: Iterable[str]) -> dict[str, list[str]]:
        """Returns every identifier of the paper that a name finds, by name.

        The paper's id comes first; a name that finds none stands alone. So what was kept under one
        name of a paper is found by all of them, whatever it was merged with.
        """
        asked = list(dict.fromkeys(names))
        known = self._catalog.papers.names_of(asked)
        return {name: known.get(name, [name]) for name in asked}

    def owners(self, names: Iterable[str]) -> dict[str, Paper]:
        """Returns the papers that have these identifiers, by identifier, read all at once."""
        numbers = self._catalog.papers.owners(names)
        known = self._catalog.papers.by_number([*numbers.values()])
        return {name: known[number] for name, number in numbers.items() if number in known}

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
        name = self.searcher.vectors.base_name()
        vectors = str(name.server) if name and name.server else FOLDER
        return replace(read_status(self.path, self._catalog, self.embedder), vectors=vectors)

    def preview(self, records: Iterable[tuple[int, Paper]]) -> Added:
        """Returns how many papers ``add_records`` would add and change, without adding any."""
        return preview(self._catalog, records)

    def ids_of(self, numbers: Iterable[int]) -> list[str]:
        """Returns the ids of papers by their numbers; those that are gone are left out."""
        return [titles[0] for _, titles in sorted(self._catalog.papers.titles([*numbers]).items())]
