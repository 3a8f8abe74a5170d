"""Crossrefs: an entry of BibTeX takes year and venue from the one that its ``crossref`` names."""

from collections.abc import Iterator

from footnote.index.readers.bibtex_entries import Entry

Record = dict[str, object]

# What others are part of; another entry is remembered only where one waits for it.
_HOLDERS = frozenset(
    """proceedings book collection periodical reference xdata mvbook mvproceedings mvcollection
    mvreference""".split()
)
# Entries that are remembered, and characters that wait; beyond it they go without.
MOST_HOLDERS, MOST_WAITING = 50_000, 10_000_000


class Crossrefs:
    """The entries of a file that others name, and those that wait for one.

    BibTeX wants the entry that is named after those that name it; programs write either.
    """

    def __init__(self) -> None:
        self._holders: dict[str, tuple[object, object]] = {}
        self._waiting: dict[str, list[tuple[int, Record]]] = {}
        self._size = 0

    def take(self, line: int, entry: Entry, record: Record) -> Iterator[tuple[int, Record]]:
        """Yields the records that are whole now, each with its line."""
        key, holder = entry.key.casefold(), _named(entry)
        if holder in self._holders:
            _inherit(record, self._holders[holder])
        elif holder and holder != key and not (record["published"] and record["venue"]):
            size = sum(len(str(value)) for value in record.values())
            if self._size + size <= MOST_WAITING:
                self._size += size
                self._waiting.setdefault(holder, []).append((line, record))
                record = {}
        waiting = self._waiting.pop(key, []) if key else []
        if key and (waiting or entry.kind in _HOLDERS) and len(self._holders) < MOST_HOLDERS:
            self._holders[key] = _given(entry, record)
        if record and entry.kind != "xdata":
            yield line, _whole(record)
        for at, child in waiting:
            self._size -= sum(len(str(value)) for value in child.values())
            _inherit(child, _given(entry, record))
            yield at, _whole(child)

    def rest(self) -> Iterator[tuple[int, Record]]:
        """Yields the records whose other entry the file does not have."""
        for line, record in sorted(
            (one for waiting in self._waiting.values() for one in waiting), key=lambda one: one[0]
        ):
            yield line, _whole(record)


def _named(entry: Entry) -> str:
    named = entry.fields.get("crossref") or entry.fields.get("xdata") or ""
    return named.partition(",")[0].strip("{} ").casefold()


def _given(entry: Entry, record: Record) -> tuple[object, object]:
    """Returns the date and the venue that an entry gives to its parts."""
    venue = record.get("venue") or record.get("title")
    return record.get("published"), str(venue)[:1_000] if venue else None


def _inherit(record: Record, given: tuple[object, object]) -> None:
    published, venue = given
    record["published"] = record["published"] or published
    record["venue"] = record["venue"] or venue


def _whole(record: Record) -> Record:
    """Returns a record whose venue is its publisher where nothing else stands."""
    publisher = record.pop("publisher", None)
    return {**record, "venue": record["venue"] or publisher}
