"""Adding papers to a catalog: merged with what is known, cut, embedded, committed in batches."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from index.catalog import Catalog, Entry
from index.embedders import Embedder, Matrix, Reader, Reading
from index.imports import Import
from index.papers import Paper, Passage, merge, same_paper
from index.passages import passages, sentence_spans
from index.tokens import passage_tokens

# Papers embedded and committed at once: what a killed run has to do again.
BATCH_PAPERS = 64


@dataclass(frozen=True, slots=True)
class Added:
    """Papers of one call to ``Library.add``, by what became of them."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking an import back did.

    Attributes:
        removed: Papers that the import had added.
        restored: Papers that it had changed, and are again what they were.
    """

    removed: int = 0
    restored: int = 0


class _Tally:
    """Numbers of the papers met in one call to ``Library.add``, by what became of them."""

    def __init__(self) -> None:
        self.new: set[int] = set()
        self.changed: set[int] = set()
        self.unchanged: set[int] = set()

    def stored(self, entry: Entry, number: int) -> None:
        """Takes note of what an entry was stored as."""
        (self.new if entry.number is None else self.changed).add(number)
        for numbers in (self.new, self.changed, self.unchanged):
            numbers.difference_update(entry.absorbs)

    def added(self) -> Added:
        """Counts each paper once: as new, else as changed, else as unchanged."""
        changed = self.changed - self.new
        return Added(len(self.new), len(changed), len(self.unchanged - self.new - changed))


def add_papers(
    catalog: Catalog,
    embedder: Embedder,
    papers: Iterable[Paper],
    *,
    names: Sequence[str] = (),
    on_progress: Callable[[int], None] | None = None,
) -> Added:
    """Merges each paper with the one it already is, and commits batch by batch.

    A paper whose title and abstract stay the same is not embedded again, so a call that
    was killed goes on where it was when it is made again.

    Args:
        catalog: Where to; the caller holds the library's write lock.
        embedder: The library's.
        papers: In any order, repetitions allowed.
        names: Of what they were read from.
        on_progress: Called with how many papers were read since the last call.
    """
    tally = _Tally()
    of = catalog.next_import(names)
    stream = iter(papers)
    while batch := list(islice(stream, BATCH_PAPERS)):
        _add_batch(catalog, embedder, batch, tally, of)
        if on_progress:
            on_progress(len(batch))
    if tally.new or tally.changed:
        catalog.complete(of)
    return tally.added()


def undo_import(catalog: Catalog, embedder: Embedder, number: int) -> Undone:
    """Takes an import back: removes what it added, restores what it changed.

    Only a paper whose text the import changed is embedded again, before anything is written.

    Args:
        catalog: The caller holds the library's write lock.
        embedder: The library's.
        number: Of the newest import that is not undone.
    """
    before = {c.paper: c.before for c in catalog.changes(number) if c.before is not None}
    present = catalog.papers_by_number(sorted(before))
    entries = [_entry(paper, n, present.get(n)) for n, paper in before.items()]
    done = [
        entry
        for at in range(0, len(entries), BATCH_PAPERS)
        for entry in _embedded(entries[at : at + BATCH_PAPERS], embedder)
    ]
    return Undone(catalog.revert(number, done), len(done))


def reembed(
    catalog: Catalog,
    embedder: Embedder,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Embeds every passage again and then changes over to the new vectors at once.

    Args:
        catalog: The caller holds the library's write lock.
        embedder: The one to change to.
        on_progress: Called with how many passages are done, and of how many.
    """
    left = catalog.unstaged(embedder.name)
    total = catalog.counts()[1]
    for at in range(0, len(left), BATCH_PAPERS):
        numbers = left[at : at + BATCH_PAPERS]
        places = catalog.places(numbers)
        papers = catalog.papers_by_number([place.paper for place in places.values()])
        staged = [
            (papers[place.paper], Passage(papers[place.paper].id, place.start, place.end))
            for place in (places[number] for number in numbers)
        ]
        vectors, readings = _read(embedder, [embedded_text(*of) for of in staged])
        tokens = [
            passage_tokens(paper, passage, catalog.sentences(paper.id), reading)
            for (paper, passage), reading in zip(staged, readings, strict=False)
        ]
        catalog.stage(embedder.name, numbers, vectors, tokens)
        if on_progress:
            on_progress(total - len(left) + at + len(numbers), total)
    catalog.adopt_staged(embedder.name, embedder.dimensions)


def _add_batch(
    catalog: Catalog, embedder: Embedder, batch: Sequence[Paper], tally: _Tally, of: Import
) -> None:
    entries: list[Entry] = []
    for draft in _drafts(catalog, batch):
        paper, stored = draft.paper, draft.stored
        if draft.number is not None and paper == stored and not draft.absorbs:
            tally.unchanged.add(draft.number)
        else:
            entries.append(_entry(paper, draft.number, stored, tuple(draft.absorbs)))
    numbers = catalog.store(_embedded(entries, embedder), of)
    for entry, number in zip(entries, numbers, strict=True):
        tally.stored(entry, number)


def _entry(
    paper: Paper, number: int | None, stored: Paper | None, absorbs: Sequence[int] = ()
) -> Entry:
    """Returns a paper cut into passages, or without any where what is stored of it holds."""
    if stored is not None and embedded_text(stored) == embedded_text(paper):
        return Entry(paper, number, absorbs=absorbs)
    spans = sentence_spans(paper.abstract)
    # A text without a passage takes the place of one with some.
    none = np.empty((0, 0), np.float32)
    return Entry(paper, number, spans, passages(paper, spans), vectors=none, absorbs=absorbs)


def _embedded(entries: Sequence[Entry], embedder: Embedder) -> list[Entry]:
    """Returns the entries with vectors and tokens of their passages, all read in one call."""
    vectors, readings = _read(
        embedder, [embedded_text(e.paper, p) for e in entries for p in e.passages]
    )
    done, at = [], 0
    for entry in entries:
        end = at + len(entry.passages)
        if end > at:
            tokens = tuple(
                passage_tokens(entry.paper, passage, entry.sentences, reading)
                for passage, reading in zip(entry.passages, readings[at:end], strict=False)
            )
            entry = replace(entry, vectors=vectors[at:end], tokens=tokens)
        done.append(entry)
        at = end
    return done


def _read(embedder: Embedder, texts: Sequence[str]) -> tuple[Matrix, list[Reading]]:
    """Returns the vectors of texts, and their readings where the embedder gives any."""
    if not texts or not isinstance(embedder, Reader):
        return embedder.embed(texts), []
    readings = embedder.read(texts)
    return np.stack([reading.vector for reading in readings]), readings


def embedded_text(paper: Paper, passage: Passage | None = None) -> str:
    """Returns the text that is embedded: the title travels with every passage."""
    text = paper.abstract[passage.start : passage.end] if passage else paper.abstract
    return f"{paper.title}. {text}" if paper.title else text


@dataclass(slots=True, eq=False)
class _Draft:
    """A paper as a batch leaves it, and what the catalog holds of it so far."""

    paper: Paper
    number: int | None = None
    stored: Paper | None = None
    absorbs: set[int] = field(default_factory=set)


def _drafts(catalog: Catalog, batch: Sequence[Paper]) -> list[_Draft]:
    """Returns the papers that a batch names, merged as if its records came one at a time."""
    owners = catalog.owners({alias for paper in batch for alias in paper.aliases})
    known = catalog.papers_by_number(sorted(set(owners.values())))
    stored = {number: _Draft(paper, number, paper) for number, paper in known.items()}
    places = {alias: stored[number] for alias, number in owners.items()}
    named: dict[_Draft, None] = {}
    for paper in batch:
        # Strongest identifier first; a record with two may show that two papers are one.
        meant = dict.fromkeys(places[alias] for alias in paper.aliases if alias in places)
        draft: _Draft | None = None
        for other in meant:
            if draft is None and same_paper(other.paper, paper):
                draft = other
                draft.paper = merge(draft.paper, paper)
            elif draft is not None and same_paper(draft.paper, other.paper):
                named.pop(other, None)
                places |= {alias: draft for alias, at in places.items() if at is other}
                _join(draft, other)
        draft = draft or _Draft(paper)
        named[draft] = None
        for alias in draft.paper.aliases:
            places.setdefault(alias, draft)
    return list(named)


def _join(draft: _Draft, other: _Draft) -> None:
    """Makes two drafts one, which keeps the number of the first that has one."""
    draft.paper = merge(draft.paper, other.paper)
    draft.absorbs |= other.absorbs
    if draft.number is None:
        draft.number, draft.stored = other.number, other.stored
    elif other.number is not None:
        draft.absorbs.add(other.number)
