"""The papers of several catalogs as one table, which is read and never written."""

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from footnote.index.library.shards.numbers import ShardNumbers, join_number, split_number
from footnote.index.models import Paper, Span
from footnote.index.storage.papers import LAST_ROW, Order, PaperTable

# Letters whose case SQLite's NOCASE leaves out.
_NOCASE = str.maketrans({chr(at): chr(at + 32) for at in range(ord("A"), ord("Z") + 1)})


class ShardedPapers(PaperTable):
    """Reads the tables of several catalogs; each method returns what it would for one of all."""

    def __init__(self, numbers: ShardNumbers) -> None:
        """Takes what tells the shards' papers apart."""
        self._numbers = numbers
        self._tables = [catalog.papers for catalog in numbers.catalogs]

    def _hidden(self, shard: int) -> Mapping[int, int]:
        return self._numbers.hidden()[shard].papers

    def _hidden_papers(self) -> Iterator[Paper]:
        """Yields every paper that is counted in its shard and not over all."""
        for table, hidden in zip(self._tables, self._numbers.hidden(), strict=True):
            yield from (paper for _, paper in table.read(sorted(hidden.papers)))

    def _sum(
        self, counts: Iterable[dict[Any, int]], value: Callable[[Paper], Any]
    ) -> dict[Any, int]:
        """Returns the sums of counts by value, without what is hidden; None comes first."""
        total = Counter[Any]()
        for count in counts:
            total.update(count)
        total.subtract(map(value, self._hidden_papers()))
        kept = [(one, count) for one, count in total.items() if count > 0]
        return dict(sorted(kept, key=lambda row: (row[0] is not None, row[0] or 0)))

    def count(self) -> int:
        """Returns the number of papers."""
        hidden = sum(len(one.papers) for one in self._numbers.hidden())
        return sum(table.count() for table in self._tables) - hidden

    def years(self) -> dict[int | None, int]:
        """Returns how many papers each year has; None counts those without one."""
        return self._sum((table.years() for table in self._tables), lambda paper: paper.year)

    def notes(self) -> list[str]:
        """Returns the distinct notes that papers carry."""
        return sorted({note for table in self._tables for note in table.notes()})

    def titles(
        self, numbers: Sequence[int] | None = None
    ) -> dict[int, tuple[str, str, int | None]]:
        """Returns the id, the title and the year of each paper, or of some, by number."""
        found: dict[int, tuple[str, str, int | None]] = {}
        wanted = None if numbers is None else self._numbers.split(numbers)
        for shard, table in enumerate(self._tables):
            hidden = self._hidden(shard)
            rows = table.titles(None if wanted is None else wanted.get(shard, []))
            found |= {join_number(shard, n): row for n, row in rows.items() if n not in hidden}
        return found

    def field(self, name: str) -> Iterator[tuple[int, str]]:
        """Yields the number of each paper whose record has this field, and the field as text."""
        for shard, table in enumerate(self._tables):
            hidden = self._hidden(shard)
            rows = table.field(name)
            yield from ((join_number(shard, n), value) for n, value in rows if n not in hidden)

    def count_field(self, name: str) -> dict[str | None, int]:
        """Returns how many papers have each value of a field of text; None counts those without."""
        counts = (table.count_field(name) for table in self._tables)
        return self._sum(counts, lambda paper: getattr(paper, name) or None)

    def count_without_authors(self) -> int:
        """Returns how many papers name no author."""
        hidden = sum(not paper.authors for paper in self._hidden_papers())
        return sum(table.count_without_authors() for table in self._tables) - hidden

    def find(self, alias: str) -> Paper | None:
        """Returns the paper with this identifier."""
        number = self.owners([alias]).get(alias)
        return None if number is None else self.by_number([number]).get(number)

    def owners(self, aliases: Iterable[str]) -> dict[str, int]:
        """Returns the number of the paper that each known identifier belongs to."""
        wanted, found = list(aliases), dict[str, int]()
        for shard, table in enumerate(self._tables):
            hidden = self._hidden(shard)
            for alias, number in table.owners(wanted).items():
                found.setdefault(alias, hidden.get(number, join_number(shard, number)))
        return found

    def ids_of(self, aliases: Iterable[str]) -> dict[str, str]:
        """Returns the id of the paper that each known identifier belongs to."""
        owners = self.owners(aliases)
        rows = self.titles(sorted(set(owners.values())))
        return {alias: rows[number][0] for alias, number in owners.items() if number in rows}

    def names_of(self, aliases: Iterable[str]) -> dict[str, list[str]]:
        """Returns every identifier that finds the same paper, by each that is known."""
        asked, found = list(aliases), dict[str, list[str]]()
        for table in self._tables:
            for name, names in table.names_of(asked).items():
                known = found.setdefault(name, [])
                known += [one for one in names if one not in known]
        return found

    def numbers(self, ids: Iterable[str]) -> list[int]:
        """Returns the numbers of the papers that are named so, ascending."""
        wanted = list(ids)
        return [
            join_number(shard, number)
            for shard, table in enumerate(self._tables)
            for number in table.numbers(wanted)
            if number not in self._hidden(shard)
        ]

    def numbers_between(
        self, since: int | None, until: int | None, papers: Collection[int] | None = None
    ) -> list[int]:
        """Returns the numbers of papers with a year from ``since`` to ``until``, as in one."""
        wanted = None if papers is None else self._numbers.split(papers)
        found: list[int] = []
        for shard, table in enumerate(self._tables):
            hidden, among = self._hidden(shard), None if wanted is None else wanted.get(shard, [])
            rows = table.numbers_between(since, until, among)
            found += [join_number(shard, number) for number in rows if number not in hidden]
        return found

    def all(self, last: int = 0) -> Iterator[tuple[int, Paper]]:
        """Yields every paper with its number, those after the number ``last``."""
        begun, after = split_number(min(max(0, last), LAST_ROW))
        for shard, table in enumerate(self._tables):
            if shard < begun:
                continue
            hidden = self._hidden(shard)
            rows = table.all(after if shard == begun else 0)
            yield from ((join_number(shard, n), paper) for n, paper in rows if n not in hidden)

    def page(self, order: Order, at: int, count: int) -> list[Paper]:
        """Returns up to ``count`` papers from place ``at`` on, in an order."""
        at, count = max(0, at), max(0, count)
        key: Callable[[Paper], Any] = {
            "added": lambda paper: 0,
            "year": lambda paper: -(paper.year or 0),
            "title": lambda paper: paper.title.translate(_NOCASE),
        }[order]
        # Of papers that are alike the latest comes first, except by title.
        parts = self._pages(lambda table, most: table.page(order, 0, most), at + count)
        merged = heapq.merge(*(parts if order == "title" else reversed(parts)), key=key)
        return list(islice(merged, at, at + count))

    def dated(self, count: int, *, oldest: bool = False) -> list[Paper]:
        """Returns up to ``count`` papers with a year, the newest or the oldest first."""
        parts = self._pages(lambda table, most: table.dated(most, oldest=oldest), max(0, count))
        merged = heapq.merge(
            *(parts if oldest else reversed(parts)),
            key=lambda paper: (paper.year or 0, paper.published or ""),
            reverse=not oldest,
        )
        return list(islice(merged, max(0, count)))

    def _pages(
        self, read: Callable[[PaperTable, int], list[Paper]], count: int
    ) -> list[list[Paper]]:
        """Returns the first papers of each shard in an order, those that are hidden left out."""
        pages: list[list[Paper]] = []
        for table, hidden in zip(self._tables, self._numbers.hidden(), strict=True):
            gone = {paper.id for _, paper in table.read(sorted(hidden.papers))}
            found = read(table, count + len(gone))
            pages.append([paper for paper in found if paper.id not in gone][:count])
        return pages

    def by_number(self, numbers: Sequence[int]) -> dict[int, Paper]:
        """Returns the papers with these numbers; one that is gone is left out."""
        found: dict[int, Paper] = {}
        for shard, wanted in self._numbers.split(numbers).items():
            hidden = self._hidden(shard)
            known = self._tables[shard].by_number([n for n in wanted if n not in hidden])
            found |= {join_number(shard, number): paper for number, paper in known.items()}
        return {number: found[number] for number in numbers if number in found}

    def read(self, numbers: Sequence[int]) -> Iterator[tuple[int, Paper]]:
        """Yields the papers with these numbers, without remembering them."""
        for shard, wanted in self._numbers.split(numbers).items():
            hidden = self._hidden(shard)
            known = self._tables[shard].read([n for n in wanted if n not in hidden])
            yield from ((join_number(shard, number), paper) for number, paper in known)

    def sentences(self, paper_id: str) -> list[Span] | None:
        """Returns the spans of the sentences in a paper's abstract; none if it is gone."""
        for number in self.numbers([paper_id])[:1]:
            return self._tables[split_number(number)[0]].sentences(paper_id)
        return []

    def uncut(self, most: int, *, after: int = 0) -> list[int]:
        """Returns the numbers of up to ``most`` papers whose text is not cut and embedded yet."""
        found: list[int] = []
        for shard, table in enumerate(self._tables):
            hidden = self._hidden(shard)
            own = min(max(0, after - join_number(shard, 0)), LAST_ROW)
            rows = table.uncut(min(most + len(hidden), LAST_ROW), after=own)
            found += [join_number(shard, number) for number in rows if number not in hidden]
        return found[:most]

    def count_uncut(self) -> int:
        """Returns how many papers are not cut and embedded yet."""
        if not any(one.papers for one in self._numbers.hidden()):
            return sum(table.count_uncut() for table in self._tables)
        return len(self.uncut(LAST_ROW))

    def newest(self) -> int:
        """Returns the highest number of a paper that was published; 0 where none was."""
        return max(
            (join_number(shard, table.newest()) for shard, table in enumerate(self._tables)),
            default=0,
        )
