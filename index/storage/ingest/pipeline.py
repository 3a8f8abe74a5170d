"""Adding papers to a catalog: merged with what is known, cut, embedded, committed in batches."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from footnote.index.chunking import passages, sentence_spans
from footnote.index.embeddings.base import Embedder, Matrix, TokenEmbedder, TokenEmbedding
from footnote.index.embeddings.token_vectors import passage_tokens
from footnote.index.models import Paper, Passage
from footnote.index.storage.catalog import Catalog, EmbeddedPaper
from footnote.index.storage.import_log import Import
from footnote.index.storage.ingest.drafts import merge_batch
from footnote.index.storage.ingest.tallies import Added as Added
from footnote.index.storage.ingest.tallies import Tallies

# Papers embedded and committed at once: what a killed run has to do again.
BATCH_PAPERS = 64


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking an import back did.

    Attributes:
        removed: Papers that the import had added.
        restored: Papers that it had changed, and are again what they were.
    """

    removed: int = 0
    restored: int = 0


def add_records(
    catalog: Catalog,
    embedder: Embedder,
    records: Iterable[tuple[int, Paper]],
    *,
    names: Sequence[str] = (),
    joins: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Added:
    """Merges each paper with the one it already is, and commits batch by batch.

    A paper whose title and abstract stay the same is not embedded again, so a call that
    was killed goes on where it was when it is made again.

    Args:
        catalog: Where to; the caller holds the library's write lock.
        embedder: The library's.
        records: Papers in any order, repetitions allowed, each after the number of its file.
        names: Of what they were read from.
        joins: Number of an import that they belong to, as long as it is the newest.
        on_progress: Called with how many papers were read since the last call.
    """
    tallies = Tallies()
    of = catalog.imports.next(names) if joins is None else catalog.imports.join(joins, names)
    stream = iter(records)
    while batch := list(islice(stream, BATCH_PAPERS)):
        _add_batch(catalog, embedder, batch, tallies, of)
        if on_progress:
            on_progress(len(batch))
    added = tallies.added()
    if added.new or added.changed:
        catalog.imports.complete(of)
        added = replace(added, number=of.number)
    return added


def undo_import(catalog: Catalog, embedder: Embedder, number: int) -> Undone:
    """Takes an import back: removes what it added, restores what it changed.

    Only a paper whose text the import changed is embedded again, before anything is written.

    Args:
        catalog: The caller holds the library's write lock.
        embedder: The library's.
        number: Of the newest import that is not undone.
    """
    before = {c.paper: c.before for c in catalog.imports.changes(number) if c.before is not None}
    present = catalog.papers.by_number(sorted(before))
    entries = [prepare_entry(paper, n, present.get(n)) for n, paper in before.items()]
    done = [
        entry
        for at in range(0, len(entries), BATCH_PAPERS)
        for entry in embed_entries(entries[at : at + BATCH_PAPERS], embedder)
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
    left = catalog.vectors.unstaged(embedder.name)
    total = catalog.counts()[1]
    for at in range(0, len(left), BATCH_PAPERS):
        numbers = left[at : at + BATCH_PAPERS]
        places = catalog.passages.places(numbers)
        papers = catalog.papers.by_number([place.paper for place in places.values()])
        staged = [
            (papers[place.paper], Passage(papers[place.paper].id, place.start, place.end))
            for place in (places[number] for number in numbers)
        ]
        vectors, readings = _embed_texts(embedder, [embedded_text(*of) for of in staged])
        tokens = [
            passage_tokens(paper, passage, catalog.papers.sentences(paper.id), reading)
            for (paper, passage), reading in zip(staged, readings, strict=False)
        ]
        catalog.stage(embedder.name, numbers, vectors, tokens)
        if on_progress:
            on_progress(total - len(left) + at + len(numbers), total)
    catalog.adopt_staged(embedder.name, embedder.dimensions)


def _add_batch(
    catalog: Catalog,
    embedder: Embedder,
    batch: Sequence[tuple[int, Paper]],
    tallies: Tallies,
    of: Import,
) -> None:
    drafts = merge_batch(catalog, batch)
    changed = [draft for draft in drafts if not draft.same]
    entries = [prepare_entry(d.paper, d.number, d.stored, tuple(d.absorbs)) for d in changed]
    numbers = catalog.store(embed_entries(entries, embedder), of)
    for draft, number in zip(changed, numbers, strict=True):
        tallies.stored(draft, number)
    for draft in drafts:
        if draft.same and draft.number is not None:
            tallies.stored(draft, draft.number)


def prepare_entry(
    paper: Paper, number: int | None, stored: Paper | None, absorbs: Sequence[int] = ()
) -> EmbeddedPaper:
    """Returns a paper cut into passages, or without any where what is stored of it holds."""
    if stored is not None and embedded_text(stored) == embedded_text(paper):
        return EmbeddedPaper(paper, number, absorbs=absorbs)
    spans = sentence_spans(paper.abstract)
    # A text without a passage takes the place of one with some.
    none = np.empty((0, 0), np.float32)
    return EmbeddedPaper(
        paper, number, spans, passages(paper, spans), vectors=none, absorbs=absorbs
    )


def embed_entries(entries: Sequence[EmbeddedPaper], embedder: Embedder) -> list[EmbeddedPaper]:
    """Returns the entries with vectors and tokens of their passages, all read in one call."""
    vectors, readings = _embed_texts(
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


def _embed_texts(embedder: Embedder, texts: Sequence[str]) -> tuple[Matrix, list[TokenEmbedding]]:
    """Returns the vectors of texts, and their readings where the embedder gives any."""
    if not texts or not isinstance(embedder, TokenEmbedder):
        return embedder.embed(texts), []
    readings = embedder.read(texts)
    return np.stack([reading.vector for reading in readings]), readings


def embedded_text(paper: Paper, passage: Passage | None = None) -> str:
    """Returns the text that is embedded: the title travels with every passage."""
    text = paper.abstract[passage.start : passage.end] if passage else paper.abstract
    return f"{paper.title}. {text}" if paper.title else text
