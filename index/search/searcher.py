"""Searching a library by meaning and by words."""

from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from footnote.index import LibraryError
from footnote.index.embeddings.protocols import Embedder, Matrix, TokenEmbedder, query_vector
from footnote.index.embeddings.tokens.vectors import Tokens
from footnote.index.models import Hit, Paper, Passage, Scale
from footnote.index.search.filters import EVERYTHING, Filters, NameFilter
from footnote.index.search.fold import Fold
from footnote.index.search.spelling import find_respelling, is_english
from footnote.index.search.vector_index import VectorIndex
from footnote.index.search.word_index import WordIndex
from footnote.index.storage.catalog import Catalog

# Folders of a library: its collections of vectors, and its index of words.
SNAPSHOTS, WORDS = "snapshots", "words"
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


class Searcher:
    """Papers that can be searched by meaning and by words.

    Attributes:
        vectors: Finds passages by their vectors.
        fold: Makes new collections.
        words: Finds papers by their words.
        catalog: Whose papers these are.
        names: Finds papers by venue, author and source.
    """

    def __init__(self, path: Path, catalog: Catalog, embedder: Embedder) -> None:
        """Opens nothing but what is given; ``Library.searcher`` is one."""
        self.embedder = embedder
        self.vectors = VectorIndex(path / SNAPSHOTS, catalog, embedder.name)
        self.fold = Fold(self.vectors, catalog)
        self.words = WordIndex(path / WORDS, catalog)
        self.catalog = catalog
        # The state of the catalog that was looked at last, and whether all was read in it.
        self._all_read: tuple[tuple[int, int] | None, bool] = (None, False)
        self.names = NameFilter(catalog)

    def count(self, filters: Filters) -> int:
        """Returns the number of papers that may be found."""
        if filters == EVERYTHING:
            return self.catalog.papers.count()
        papers = self.names.find_admitted(filters)
        return len(self.catalog.papers.numbers_between(filters.since, filters.until, papers))

    def select(self, filters: Filters, *, most: int) -> list[Paper]:
        """Returns up to ``most`` papers that pass, in the order of adding."""
        papers = self.names.find_admitted(filters)
        numbers = self.catalog.papers.numbers_between(filters.since, filters.until, papers)
        return list(self.catalog.papers.by_number(sorted(numbers)[:most]).values())

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
        vector = query_vector(self.embedder, query)
        return self.hits(self.rank_by_vector(vector, k=k, filters=filters), "cosine")

    def rank_by_words(self, query: str, *, k: int, filters: Filters = EVERYTHING) -> list[Ranked]:
        """Returns up to ``k`` papers by BM25 over title and abstract."""
        words = self.words.current()
        if words is None:
            return []
        found = words.search(
            query,
            k,
            since=filters.since,
            until=filters.until,
            papers=self.names.find_admitted(filters),
        )
        return [Ranked(number, None, score) for number, score in found]

    def knows_word(self, word: str) -> bool:
        """Returns whether any paper has a word with the same stem."""
        words = self.words.current()
        return words is not None and words.known(word)

    def is_word(self, word: str) -> bool:
        """Returns whether a word is English, or some paper's."""
        return self.knows_word(word) or is_english(word)

    def find_respelling(self, word: str) -> str | None:
        """Returns the library's word that an unknown one was meant to be; None if it is known."""
        words = self.words.current()
        if words is None:
            return None
        return find_respelling(
            word, words, lambda ns: list(self.catalog.papers.by_number(ns).values())
        )

    def rank_by_vector(
        self, vector: Matrix, *, k: int, filters: Filters = EVERYTHING
    ) -> list[Ranked]:
        """Returns up to ``k`` papers by the cosine of their best passage to ``vector`` ``(d,)``."""
        if k < 1:
            return []
        total = self.vectors.count()
        width = max(OVER_FETCH, 4 * min(k, total))
        papers = self.names.find_admitted(filters)
        while True:
            found = self.vectors.nearest(vector, width)
            ranked = self._best_passages(found, filters, papers)
            if len(ranked) >= k or len(found) >= total:
                return ranked[:k]
            # Chroma's own `where` scans: 286 ms at 300,000 rows, where this takes 2. And its
            # graph loses sight of passages that are nearly alike: 120 of 384 from one template.
            numbers = self.catalog.passages.numbers_between(filters.since, filters.until, papers)
            if len(numbers) <= EXACT_ROWS:
                return self._best_passages(self._exact(vector, numbers), filters, papers)[:k]
            if len(found) < width:
                return ranked
            width *= 5

    def rank_among(self, vector: Matrix, papers: Sequence[int]) -> list[Ranked]:
        """Returns papers by the cosine of their best passage, read from the catalog alone.

        Args:
            vector: ``(d,)``.
            papers: Their numbers; one without a passage is left out.
        """
        numbers = self.catalog.passages.numbers_between(None, None, papers)
        return self._best_passages(self._exact(vector, numbers), EVERYTHING, None)

    def _exact(self, vector: Matrix, numbers: Sequence[int]) -> list[tuple[int, float]]:
        kept, vectors = self.catalog.vectors.read(numbers)
        cosines = vectors @ vector if kept else np.empty(0, np.float32)
        return [(kept[i], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")]

    def _best_passages(
        self, found: Sequence[tuple[int, float]], filters: Filters, papers: Container[int] | None
    ) -> list[Ranked]:
        """Returns each paper once, for its best passage; rows must come best first."""
        places = self.catalog.passages.places([number for number, _ in found])
        ranked: dict[int, Ranked] = {}
        for number, cosine in found:
            place = places.get(number)
            if not place or place.paper in ranked:
                continue
            if filters.admit(place.year) and (papers is None or place.paper in papers):
                ranked[place.paper] = Ranked(place.paper, (place.start, place.end), cosine)
        return list(ranked.values())

    def close(self) -> None:
        """Closes the files."""
        self.vectors.close()
        self.words.close()

    def agrees(self) -> bool:
        """Returns whether everything can be found that the catalog holds."""
        return self.vectors.agrees() and self.words.agrees()

    def tokens(self, papers: Sequence[Paper]) -> dict[str, Tokens]:
        """Returns the tokens of papers, by id; one that was never read is left out."""
        embedder = self.embedder
        if not isinstance(embedder, TokenEmbedder):
            return {}
        return self.catalog.vectors.tokens([paper.id for paper in papers], embedder.reader)

    @property
    def has_token_vectors(self) -> bool:
        """Whether the embedder reads tokens and those of every passage are here."""
        if not isinstance(self.embedder, TokenEmbedder):
            return False
        # Counting 28,000 rows takes 30 ms: once they are all there, whatever is embedded adds its
        # own, and until then it is done once for each state of the catalog.
        if self.catalog.meta("read_by") == self.embedder.reader:
            return True
        state = self.catalog.state()
        known, read = self._all_read
        if known != state:
            read = self.catalog.vectors.has_tokens(self.embedder.reader)
            # Both at once: another thread would take the old answer for the new state's.
            self._all_read = (state, read)
            if read:
                # A library that cannot be written is counted.
                with suppress(LibraryError):
                    self.catalog.set_meta(read_by=self.embedder.reader)
        return read

    def hits(self, ranked: Sequence[Ranked], scale: Scale) -> list[Hit]:
        """Returns the papers of a ranking; one that was removed meanwhile is left out."""
        papers = self.catalog.papers.by_number([r.paper for r in ranked])
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

    def paper_vector(self, paper: Paper) -> Matrix | None:
        """Returns the mean of a paper's passages, ``(d,)`` of unit length; None without any."""
        _, vectors = self.catalog.vectors.read(self.catalog.passages.numbers_of(paper.id))
        if not len(vectors):
            return None
        middle: Matrix = vectors.mean(axis=0)
        return middle / np.linalg.norm(middle)

    def similar(self, paper: Paper, *, k: int) -> list[Hit]:
        """Returns the papers nearest to a paper of the library, itself left out."""
        middle = self.paper_vector(paper)
        if middle is None:
            return []
        ranked = self.rank_by_vector(middle, k=k + 1)
        hits = self.hits(ranked, "cosine")
        others = [hit for hit in hits if hit.paper.id != paper.id][: max(0, k)]
        return [replace(hit, rank=rank) for rank, hit in enumerate(others, 1)]
