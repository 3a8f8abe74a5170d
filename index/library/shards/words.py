"""The indexes of words of several shards as one, with scores as one index of all would give.

How rare a word is, and how long a paper is beside others, is told over all shards. Each index is
asked with its words weighed so; only the length of an average paper is still its own, which moves a
score by no more than the two averages differ. Papers that may be among the best within that bound
are scored again by the words of their text, with Tantivy's formula.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from footnote.index.library.shards.numbers import Hidden, ShardNumbers, join_number
from footnote.index.models import Paper
from footnote.index.search.fulltext import DATED, FullTextIndex, index_terms, query_clauses
from footnote.index.search.word_index import WordIndex, indexed_text

# Source: tantivy 0.26, src/query/bm25.rs.
K1, B = 1.2, 0.75
# What Tantivy's scores of single precision may differ by, relative to them.
_ROUNDING = 1e-5

Clause = tuple[str, ...]
Rows = list[tuple[int, float]]


def rarity(papers: int, having: int) -> float:
    """Returns how much a word tells that so many of the papers have.

    Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", as Lucene has it.
    """
    return math.log(1 + (papers - having + 0.5) / (having + 0.5))


def kept_length(length: int) -> int:
    """Returns the length that an index of one byte a paper keeps of a text of so many terms.

    Source: Lucene's SmallFloat.intToByte4, which Tantivy's table of field norms equals.
    """
    if length <= 24:
        return length
    rest = length - 24
    shift = max(0, rest.bit_length() - 4)
    return 24 + (rest >> shift << shift)


def score(clauses: Mapping[Clause, float], terms: Sequence[str], average: float) -> float:
    """Returns the BM25 of a text.

    Args:
        clauses: What is looked for, with the weight of each.
        terms: Of the text, as ``index_terms`` gives them.
        average: Length of a text, in terms.
    """
    length = K1 * (1 - B + B * kept_length(len(terms)) / average)
    total = 0.0
    for clause, weight in clauses.items():
        often = terms.count(clause[0]) if len(clause) == 1 else _count_phrase(clause, terms)
        total += weight * (K1 + 1) * often / (often + length)
    return total


def _count_phrase(clause: Clause, terms: Sequence[str]) -> int:
    width = len(clause)
    return sum(tuple(terms[at : at + width]) == clause for at in range(len(terms) - width + 1))


@dataclass(frozen=True, slots=True)
class _AskedShard:
    """One shard as it is asked for some clauses.

    Attributes:
        weights: What its own rarity of each clause is multiplied by to be that over all.
        stretch: The length of an average paper of all over that of its own; a score over all is its
            own times a number between this and 1.
        hidden: Numbers of its papers that are not to be found.
    """

    index: FullTextIndex
    weights: Mapping[Clause, float]
    stretch: float
    hidden: Collection[int]

    @property
    def least(self) -> float:
        """What its scores are multiplied by at least, to be those over all."""
        return min(1.0, self.stretch) * (1 - _ROUNDING)

    @property
    def most(self) -> float:
        """What its scores are multiplied by at most."""
        return max(1.0, self.stretch) * (1 + _ROUNDING)


class ShardedFullText(FullTextIndex):
    """Searches the indexes of words of several shards, as one of all papers is searched."""

    def __init__(
        self,
        indexes: Mapping[int, FullTextIndex],
        numbers: ShardNumbers,
        hidden_terms: int,
        pool: ThreadPoolExecutor,
    ) -> None:
        """Takes the indexes by the places of their shards.

        Args:
            indexes: Of the shards that have one.
            numbers: What tells the shards' papers apart.
            hidden_terms: Terms of all papers that are hidden.
            pool: Where they are asked side by side.
        """
        self._indexes = indexes
        self._numbers = numbers
        self._hidden_terms = hidden_terms
        self._pool = pool

    def count(self) -> int:
        """Returns the number of papers."""
        hidden = self._numbers.hidden()
        return sum(one.count() - len(hidden[at].papers) for at, one in self._indexes.items())

    def known(self, word: str) -> bool:
        """Returns whether any paper has a word with the same stem."""
        return any(index.known(word) for index in self._indexes.values())

    def resembling(self, word: str, *, edits: int, k: int) -> list[int]:
        """Returns the numbers of up to ``k`` papers with a word within so many edits."""
        hidden = self._numbers.hidden()
        found = [
            join_number(at, number)
            for at, index in self._indexes.items()
            for number in index.resembling(word, edits=edits, k=k + len(hidden[at].papers))
            if number not in hidden[at].papers
        ]
        return sorted(found)[:k]

    def search(
        self,
        text: str,
        k: int,
        *,
        since: int | None = None,
        until: int | None = None,
        papers: Collection[int] | None = None,
    ) -> Rows:
        """Returns up to ``k`` pairs of paper number and BM25 score, best first, as over one index.

        Args:
            text: What to look for.
            k: Maximum number of papers.
            since: First year.
            until: Last year.
            papers: Numbers of the papers that may be found; all where not given.
        """
        clauses = Counter(query_clauses(text))
        average = self._average_length()
        if not clauses or k < 1 or not average:
            return []
        weights, parts = self._weigh(clauses, average)
        among = None if papers is None else self._numbers.split(papers)
        constant = DATED if since is not None or until is not None else 0.0

        def ask(at: int, most: int) -> Rows:
            part, chosen = parts[at], None if among is None else among.get(at, [])
            rows = part.index.search_weighted(
                part.weights, most, since=since, until=until, papers=chosen, without=part.hidden
            )
            return [(number, value - constant) for number, value in rows]

        scored = [
            (number, score(weights, index_terms(indexed_text(paper)), average) + constant)
            for number, paper in self._read(self._gather(parts, k, ask))
        ]
        return sorted(scored, key=lambda row: (-row[1], row[0]))[:k]

    def _gather(
        self, parts: Mapping[int, _AskedShard], k: int, ask: Callable[[int, int], Rows]
    ) -> list[tuple[int, int]]:
        """Returns shard and number of every paper that may be among the ``k`` best of all."""
        found: dict[int, Rows] = {}
        due = dict.fromkeys(parts, k)
        while due:
            found |= zip(due, self._pool.map(ask, due, due.values()), strict=True)
            # What is surely reached by the k best; what cannot reach it is not read.
            surely = [value * parts[at].least for at, rows in found.items() for _, value in rows]
            bound = sorted(surely, reverse=True)[k - 1] if len(surely) >= k else 0.0
            # A shard that gave less than was asked has no more.
            due = {
                at: 2 * most
                for at, most in due.items()
                if len(found[at]) >= most and found[at][-1][1] * parts[at].most >= bound
            }
        return [
            (at, number)
            for at, rows in found.items()
            for number, value in rows
            if value * parts[at].most >= bound
        ]

    def _read(self, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Paper]]:
        """Yields papers with their numbers over all; one that left meanwhile is left out."""
        for at, rows in groupby(places, key=itemgetter(0)):
            known = self._numbers.catalogs[at].papers.by_number([number for _, number in rows])
            yield from ((join_number(at, number), paper) for number, paper in known.items())

    def _average_length(self) -> float:
        """Returns how many terms a paper has on average, over all; 0 without papers."""
        lengths = [index.lengths() for index in self._indexes.values()]
        terms = sum(one.papers * one.average for one in lengths) - self._hidden_terms
        papers = self._count_scored()
        return terms / papers if papers > 0 else 0.0

    def _count_scored(self) -> int:
        """Returns how many papers scores are made by, which is those of each index."""
        hidden = sum(len(self._numbers.hidden()[at].papers) for at in self._indexes)
        return sum(index.lengths().papers for index in self._indexes.values()) - hidden

    def _weigh(
        self, clauses: Counter[Clause], average: float
    ) -> tuple[dict[Clause, float], dict[int, _AskedShard]]:
        """Returns the weight of each clause over all, and how each shard is to be asked."""
        terms = sorted({term for clause in clauses for term in clause})
        hidden, having, own = self._numbers.hidden(), Counter[str](), {}
        for at, index in self._indexes.items():
            own[at] = {term: index.frequency(term) for term in terms}
            having.update(own[at])
            if gone := hidden[at].papers:
                having.subtract({term: index.frequency(term, gone.keys()) for term in terms})
        papers = self._count_scored()
        told = {term: rarity(papers, having[term]) for term in terms}
        weights = {one: often * sum(told[t] for t in one) for one, often in clauses.items()}
        parts: dict[int, _AskedShard] = {}
        for at, index in self._indexes.items():
            lengths = index.lengths()
            # An empty index has nothing to find.
            if lengths.papers:
                ours = {term: rarity(lengths.papers, own[at][term]) for term in terms}
                moved = {one: weights[one] / sum(ours[t] for t in one) for one in clauses}
                parts[at] = _AskedShard(
                    index, moved, average / lengths.average, hidden[at].papers.keys()
                )
        return weights, parts


class ShardedWords(WordIndex):
    """The indexes of words of several shards, as they were last written."""

    def __init__(
        self, words: Sequence[WordIndex], numbers: ShardNumbers, pool: ThreadPoolExecutor
    ) -> None:
        """Takes the indexes in the order of the shards; each is closed by its own."""
        self._words = words
        self._numbers = numbers
        self._pool = pool
        # Terms of what is hidden, as it was found last.
        self._hidden_terms: tuple[Sequence[Hidden], int] | None = None

    def close(self) -> None:
        """Closes nothing."""

    def current(self) -> FullTextIndex | None:
        """Returns the indexes as one; None where no shard has any."""
        found = {at: index for at, one in enumerate(self._words) if (index := one.current())}
        if not found:
            return None
        return ShardedFullText(found, self._numbers, self._count_hidden_terms(), self._pool)

    def agrees(self) -> bool:
        """Returns whether each index holds the papers that its catalog holds."""
        return all(one.agrees() for one in self._words)

    def _count_hidden_terms(self) -> int:
        hidden = self._numbers.hidden()
        if self._hidden_terms is None or self._hidden_terms[0] is not hidden:
            count = sum(
                len(index_terms(indexed_text(paper)))
                for catalog, one in zip(self._numbers.catalogs, hidden, strict=True)
                for _, paper in catalog.papers.read(sorted(one.papers))
            )
            self._hidden_terms = hidden, count
        return self._hidden_terms[1]
