"""Numbers over several catalogs, and which of their papers are one.

A number over all of them has the place of its shard above ``BITS`` bits, so it stays the same while
any shard grows, and papers are in the order of the shards, then of adding. A paper that is in two
shards is that of the first; in the others it is hidden, as if it were not there.
"""

import heapq
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from footnote.index.models import Paper
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.duplicates.merging import same_paper

BITS = 40
_LOCAL = (1 << BITS) - 1
# Papers whose records are compared at once.
_AT_ONCE = 1_000


def join_number(shard: int, number: int) -> int:
    """Returns the number over all shards of a paper or passage that is ``number`` in its own."""
    return shard << BITS | number


def split_number(number: int) -> tuple[int, int]:
    """Returns the place of a number's shard, and the number there."""
    return number >> BITS, number & _LOCAL


@dataclass(frozen=True, slots=True)
class Hidden:
    """The papers of one shard that are in an earlier one too.

    Attributes:
        papers: The number over all shards of the paper that each is, by its number here.
        passages: Numbers of their passages here.
    """

    papers: Mapping[int, int]
    passages: frozenset[int]


class ShardNumbers:
    """Joins and splits the numbers of several catalogs; safe to use from many threads."""

    def __init__(self, catalogs: Sequence[Catalog]) -> None:
        """Takes the catalogs, in the order of the shards."""
        self.catalogs = catalogs
        self._guard = threading.Lock()
        self._seen: str | None = None
        self._hidden: Sequence[Hidden] = ()

    def revision(self) -> str:
        """Returns a value that changes whenever the papers of any shard do."""
        return ".".join(catalog.meta("revision") or "0" for catalog in self.catalogs)

    def hidden(self) -> Sequence[Hidden]:
        """Returns what is hidden in each shard, found again where papers changed."""
        with self._guard:
            revision = self.revision()
            if revision != self._seen:
                self._hidden, self._seen = find_hidden(self.catalogs), revision
            return self._hidden

    def split(self, numbers: Iterable[int]) -> dict[int, list[int]]:
        """Returns numbers in their shards, by the place of these, each in order.

        What is in no shard is left out.
        """
        found: dict[int, list[int]] = {}
        for shard, number in map(split_number, numbers):
            if 0 <= shard < len(self.catalogs):
                found.setdefault(shard, []).append(number)
        return dict(sorted(found.items()))


def find_hidden(catalogs: Sequence[Catalog]) -> list[Hidden]:
    """Returns the papers of each catalog that an earlier one holds, by the rule of adding.

    The identifiers of all catalogs are read once, in order.
    """
    shared: list[set[int]] = [set() for _ in catalogs]
    if len(catalogs) > 1:
        streams = [_read_aliases(at, catalog) for at, catalog in enumerate(catalogs)]
        for _, rows in groupby(heapq.merge(*streams), key=itemgetter(0)):
            _, *later = rows
            for _, shard, number in later:
                shared[shard].add(number)
    found: list[Hidden] = []
    for shard, catalog in enumerate(catalogs):
        papers = dict(_find_same(catalog, sorted(shared[shard]), catalogs, found))
        numbers = sorted(papers)
        passages = catalog.passages.numbers_between(None, None, numbers) if numbers else []
        found.append(Hidden(papers, frozenset(passages)))
    return found


def _read_aliases(shard: int, catalog: Catalog) -> Iterator[tuple[str, int, int]]:
    return ((alias, shard, number) for alias, number in catalog.papers.aliases())


def _find_same(
    catalog: Catalog,
    numbers: Sequence[int],
    catalogs: Sequence[Catalog],
    earlier: Sequence[Hidden],
) -> Iterator[tuple[int, int]]:
    """Yields the papers of a catalog that are in an earlier one, with their numbers over all."""
    for at in range(0, len(numbers), _AT_ONCE):
        papers = dict(catalog.papers.read(numbers[at : at + _AT_ONCE]))
        for shard, hidden in enumerate(earlier):
            for number, other in _compare(papers, catalogs[shard]):
                yield number, hidden.papers.get(other, join_number(shard, other))
                del papers[number]


def _compare(papers: Mapping[int, Paper], catalog: Catalog) -> list[tuple[int, int]]:
    """Returns the numbers of papers that a catalog holds too, with their numbers there."""
    owners = catalog.papers.owners({alias for paper in papers.values() for alias in paper.aliases})
    known = dict(catalog.papers.read(sorted(set(owners.values()))))
    found: list[tuple[int, int]] = []
    for number, paper in papers.items():
        meant = dict.fromkeys(owners[alias] for alias in paper.aliases if alias in owners)
        same = next((n for n in meant if n in known and same_paper(known[n], paper)), None)
        if same is not None:
            found.append((number, same))
    return found
