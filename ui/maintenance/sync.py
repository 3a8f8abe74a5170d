"""Sync: the sources of a library read again, and what is new, changed or gone.

Nothing is gone that a source which cannot be read whole does not name: a disk that is not there
would empty the library.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.index.models import Paper
from footnote.index.readers.gathering import Gathered
from footnote.index.storage.history.origins import Origin, OriginLog

_AT_ONCE = 10_000
Gather = Callable[[Origin], Gathered]


@dataclass(frozen=True, slots=True)
class SyncedSource:
    """What reading a source again showed.

    Attributes:
        name: Of the source.
        new: Papers that it has and the library had not.
        changed: Papers of which it says more than the library held.
        gone: Papers that it gave earlier, gives no more, and no other source gives.
        removed: How many of these were removed.
        error: Why it was not read, or not to its end; "" where it was.
        unread: A file of a folder that was not read, and why; then nothing is taken as gone.
    """

    name: str
    new: int = 0
    changed: int = 0
    gone: tuple[str, ...] = ()
    removed: int = 0
    error: str = ""
    unread: str = ""


def sync(
    library: Library,
    origins: Sequence[Origin],
    gather: Gather,
    *,
    mirrored: Callable[[Origin], bool] = lambda origin: False,
    dry_run: bool = False,
) -> list[SyncedSource]:
    """Reads sources again, adds what is new, and tells what is gone; returns one row for each.

    All that is added is one import. What is removed is removed last, so that it can be put back.

    Args:
        library: Where to.
        origins: The sources.
        gather: Reads one.
        mirrored: Whether papers that are gone from a source are removed.
        dry_run: Only tell what would be done.
    """
    rows: list[SyncedSource] = []
    read: list[tuple[int, Origin, set[int]]] = []
    joins: int | None = None
    for at, origin in enumerate(origins):
        try:
            with gather(origin) as found:
                row, joins = _take(library, origin, found, joins, dry_run=dry_run)
                if not row.error and not row.unread:
                    read.append((at, origin, _numbers(library, found)))
        except FootnoteError as error:
            row = SyncedSource(origin.name, error=str(error))
        rows.append(row)
    gone = {at: _gone(library, origin, now) for at, origin, now in read}
    now_there = set[int]().union(*(now for _, _, now in read))
    removed: dict[str, None] = {}
    for at, origin, now in read:
        left = [number for number in gone[at] if number not in now_there]
        ids = library.ids_of(left)
        mirror = mirrored(origin)
        rows[at] = replace(rows[at], gone=tuple(ids), removed=len(ids) if mirror else 0)
        removed |= dict.fromkeys(ids if mirror else ())
        if not dry_run:
            kept = now if mirror else now | library.origins.given(origin)
            library.origins.set_given(origin, kept)
    if removed and not dry_run:
        library.remove(removed)
    return rows


def _take(
    library: Library, origin: Origin, found: Gathered, joins: int | None, *, dry_run: bool
) -> tuple[SyncedSource, int | None]:
    """Adds what was read; returns its row, and the import that it and what follows belong to."""
    faults = [file for file in found.files if file.error]
    error = next((file.error or "" for file in faults if file.failed), "")
    unread = next((f"{file.name}: {file.error}" for file in faults if not file.failed), "")
    if not found.papers:
        return SyncedSource(origin.name, error=error, unread=unread), joins
    if dry_run:
        added = library.preview(found.records())
    else:
        added = library.add_records(found.records(), names=[origin.name], joins=joins, fold=False)
    row = SyncedSource(origin.name, added.new, added.changed, error=error, unread=unread)
    return row, added.number or joins


def _numbers(library: Library, found: Gathered) -> set[int]:
    numbers, stream = set[int](), (paper.id for _, paper in found.records())
    while batch := list(islice(stream, _AT_ONCE)):
        numbers |= library.origins.numbers(batch)
    return numbers


def _gone(library: Library, origin: Origin, now: set[int]) -> Sequence[int]:
    return library.origins.alone(origin, sorted(library.origins.given(origin) - now))


def record(
    log: OriginLog,
    names: Mapping[str, str],
    papers: Iterable[tuple[str, Paper]],
    *,
    columns: str = "",
    of: int | None = None,
) -> None:
    """Records the sources of an import, and what each gave.

    Args:
        log: Of the library that they were read into.
        names: The lasting name of each source, by the name that it was read by.
        papers: Each after the name that its source was read by.
        columns: As ``Origin.columns``.
        of: Number of the import.
    """
    given: dict[str, set[int]] = {name: set() for name in names.values()}
    stream = iter(papers)
    while batch := list(islice(stream, _AT_ONCE)):
        ids: dict[str, list[str]] = {}
        for read_by, paper in batch:
            ids.setdefault(names.get(read_by, ""), []).append(paper.id)
        for name in ids.keys() & given.keys():
            given[name] |= log.numbers(ids[name])
    for name, numbers in given.items():
        origin = log.record(name, columns=columns, of=of)
        log.set_given(origin, numbers | log.given(origin))
