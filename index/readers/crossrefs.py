"""Crossrefs: an entry of BibTeX takes year and venue from the one that its ``crossref`` names."""

from collections.abc import Iterator
from typing import NamedTuple

from footnote.index.readers.bibtex_entries import Entry

Record = dict[str, object]

# What others are part of; another entry is remembered where it has no abstract, or one waits.
_HOLDERS = frozenset(
    """proceedings book collection periodical reference xdata mvbook mvproceedings mvcollection
    mvreference""".split()
)
# Entries that are remembered, and characters that wait; beyond it they go without.
MOST_HOLDERS, MOST_WAITING = 50_000, 10_000_000
# Entries that one takes from: a volume may be part of another.
_MOST_STEPS = 8
_INHERITED = ("published", "venue")


class _Given(NamedTuple):
    """What an entry gives to its parts: date, venue, and the entries that it names itself."""

    published: object
    venue: object
    names: tuple[str, ...]


class _Part(NamedTuple):
    """An entry that takes from others: its line, whom it asks next, and how many it still may."""

    line: int
    record: Record
    names: tuple[str, ...]
    steps: int = _MOST_STEPS


class Crossrefs:
    """The entries of a file that others name, and those that wait for one.

    BibTeX wants the entry that is named after those that name it; programs write either.
    """

    def __init__(self) -> None:
        self._holders: dict[str, _Given] = {}
        self._waiting: dict[str, list[_Part]] = {}
        self._size = 0

    def take(self, line: int, entry: Entry, record: Record) -> Iterator[tuple[int, Record]]:
        """Yields the records that are whole now, each with its line."""
        key, given = entry.key.casefold(), _given(entry, record)
        waiting = self._waiting.pop(key, []) if key else []
        if key and (waiting or entry.kind in _HOLDERS or not record.get("abstract")):
            if len(self._holders) >= MOST_HOLDERS:
                self._holders.pop(next(iter(self._holders)))
            self._holders[key] = given
        if entry.kind != "xdata":
            yield from self._settle(_Part(line, record, given.names))
        for part in waiting:
            self._size -= _size(part.record)
            yield from self._settle(part._replace(names=(key, *part.names)))

    def rest(self) -> Iterator[tuple[int, Record]]:
        """Yields the records whose other entry the file does not have."""
        left = (one for waiting in self._waiting.values() for one in waiting)
        for part in sorted(left, key=lambda one: one.line):
            yield part.line, _whole(part.record)

    def _settle(self, part: _Part) -> Iterator[tuple[int, Record]]:
        """Yields an entry that has what others give, or lets it wait for the next of them."""
        line, record, names, steps = part
        # Steps count across waits: a long chain would wake all of its entries at each.
        for left in range(steps - 1, -1, -1):
            if not names or (record["published"] and record["venue"]):
                break
            first, *others = names
            given = self._holders.get(first)
            if given is None and self._size + _size(record) <= MOST_WAITING:
                self._size += _size(record)
                self._waiting.setdefault(first, []).append(
                    _Part(line, record, tuple(others), left + 1)
                )
                return
            names = tuple(others)
            if given:
                record["published"] = record["published"] or given.published
                record["venue"] = record["venue"] or given.venue
                names = (*given.names, *names)
        yield line, _whole(record)


def _size(record: Record) -> int:
    """Returns the characters of what does not change while a record waits."""
    return sum(len(str(value)) for name, value in record.items() if name not in _INHERITED)


def _given(entry: Entry, record: Record) -> _Given:
    own = entry.key.casefold()
    named = entry.fields.get("crossref") or entry.fields.get("xdata") or ""
    names = (name.strip("{} ").casefold() for name in named[:1_000].split(",")[:_MOST_STEPS])
    venue = record.get("venue") or (record.get("title") if entry.kind != "xdata" else None)
    return _Given(
        record.get("published"),
        str(venue)[:1_000] if venue else None,
        tuple(name for name in names if name and name != own),
    )


def _whole(record: Record) -> Record:
    """Returns a record whose venue is its publisher where nothing else stands."""
    publisher = record.pop("publisher", None)
    return {**record, "venue": record["venue"] or publisher}
