"""Adding papers to a catalog: merged with what is known and stored, then cut and embedded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from footnote.index.chunking import passages, sentence_spans
from footnote.index.embeddings.protocols import (
    BatchEmbedder,
    Embedder,
    Matrix,
    TokenEmbedder,
    TokenEmbedding,
)
from footnote.index.embeddings.tokens.vectors import Tokens, passage_tokens
from footnote.index.models import Paper, Passage
from footnote.index.storage.catalog import Catalog, EmbeddedPaper
from footnote.index.storage.history.import_log import Import
from footnote.index.storage.ingest.duplicates.drafts import merge_batch
from footnote.index.storage.ingest.duplicates.merging import record_key
from footnote.index.storage.ingest.tallies import Added as Added
from footnote.index.storage.ingest.tallies import Tallies

Names = Sequence[str] | Callable[[], Sequence[str]]

# Papers embedded and committed at once: what a killed run has to do again.
BATCH_PAPERS = 64
# Records merged and stored at once, and those after which they can be found by their words.
BATCH_RECORDS, WRITTEN_RECORDS = 1_000, 5_000


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
    records: Iterable[tuple[int, Paper]],
    *,
    names: Names = (),
    joins: int | None = None,
    on_stored: Callable[[], None] = lambda: None,
    on_progress: Callable[[int], None] | None = None,
) -> Added:
    """Merges each paper with the one it already is, and commits batch by batch, without embedding.

    What has a new text is left to ``embed_rest``.

    Args:
        catalog: Where to; the caller holds the library's write lock.
        records: Papers in any order, repetitions allowed, each after the number of its file.
        names: Of what they were read from; or returns these, as far as ``records`` was read.
        joins: Number of an import that they belong to, as long as it is the newest.
        on_stored: Called each time that many more papers are stored, and at the end.
        on_progress: Called with how many papers were read that need no embedding.
    """
    tallies = Tallies()
    catalog.index_titles()
    given = () if callable(names) else names
    of = catalog.imports.next(given) if joins is None else catalog.imports.join(joins, given)
    earlier, stream, since = of.names, iter(records), 0
    try:
        while batch := list(islice(stream, BATCH_RECORDS)):
            of = replace(of, names=(*earlier, *names())) if callable(names) else of
            left = len(batch) - _add_batch(catalog, batch, tallies, of)
            if on_progress and left:
                on_progress(left)
            since += len(batch)
            if since >= WRITTEN_RECORDS:
                on_stored()
                since = 0
        added = tallies.added()
        if added.new or added.changed:
            catalog.imports.complete(of)
            added = replace(added, number=of.number)
        return added
    finally:
        # What was stored before a fault can be found too.
        on_stored()


def embed_rest(
    catalog: Catalog,
    embedder: Embedder,
    *,
    on_progress: Callable[[int], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Cuts and embeds every paper whose text is new, and commits batch by batch.

    A killed call goes on where it was when it is made again.

    Args:
        catalog: The caller holds the library's write lock.
        embedder: The library's.
        on_progress: Called with how many papers were embedded since the last call.
        stopped: Asked after each batch.
    """
    cut = deque[list[EmbeddedPaper]]()

    def read_texts() -> Iterator[list[str]]:
        last = 0
        while numbers := catalog.papers.uncut(BATCH_PAPERS, after=last):
            papers = catalog.papers.read(numbers)
            cut.append([prepare_entry(paper, number, None) for number, paper in papers])
            last = numbers[-1]
            yield _texts_of(cut[-1])
            if stopped():
                return

    for vectors, readings in _embed_each(embedder, read_texts()):
        entries = cut.popleft()
        catalog.store_texts(_fill_entries(entries, vectors, readings))
        if on_progress:
            on_progress(len(entries))
        if stopped():
            return


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
    read = deque[list[tuple[Paper, Passage]]]()

    def read_texts() -> Iterator[list[str]]:
        for at in range(0, len(left), BATCH_PAPERS):
            read.append(_read_passages(catalog, left[at : at + BATCH_PAPERS]))
            yield [embedded_text(*of) for of in read[-1]]

    for n, (vectors, readings) in enumerate(_embed_each(embedder, read_texts())):
        at, staged = n * BATCH_PAPERS, read.popleft()
        numbers = left[at : at + BATCH_PAPERS]
        tokens = [
            passage_tokens(paper, passage, catalog.papers.sentences(paper.id) or [], reading)
            for (paper, passage), reading in zip(staged, readings, strict=False)
        ]
        catalog.stage(embedder.name, numbers, vectors, tokens)
        if on_progress:
            on_progress(total - len(left) + at + len(numbers), total)
    catalog.adopt_staged(embedder.name, embedder.dimensions)


def _read_passages(catalog: Catalog, numbers: Sequence[int]) -> list[tuple[Paper, Passage]]:
    """Returns passages with their papers, in order."""
    places = catalog.passages.places(numbers)
    papers = catalog.papers.by_number([place.paper for place in places.values()])
    return [
        (papers[place.paper], Passage(papers[place.paper].id, place.start, place.end))
        for place in (places[number] for number in numbers)
    ]


def _add_batch(
    catalog: Catalog, batch: Sequence[tuple[int, Paper]], tallies: Tallies, of: Import
) -> int:
    """Stores a batch; returns how many of its papers have a text to embed."""
    drafts = merge_batch(catalog, batch)
    changed = [draft for draft in drafts if not draft.same]
    entries = [
        EmbeddedPaper(
            d.paper,
            d.number,
            absorbs=tuple(d.absorbs),
            parts=tuple((record_key(part), part) for part in d.parts),
            uncut=d.stored is None or embedded_text(d.stored) != embedded_text(d.paper),
        )
        for d in changed
    ]
    numbers = catalog.store(entries, of)
    for draft, number in zip(changed, numbers, strict=True):
        tallies.stored(draft, number)
    for draft in drafts:
        if draft.same and draft.number is not None:
            tallies.stored(draft, draft.number)
    return sum(entry.uncut for entry in entries)


def prepare_entry(paper: Paper, number: int | None, stored: Paper | None) -> EmbeddedPaper:
    """Returns a paper cut into passages, or without any where what is stored of it holds."""
    if stored is not None and embedded_text(stored) == embedded_text(paper):
        return EmbeddedPaper(paper, number)
    spans = sentence_spans(paper.abstract)
    # A text without a passage takes the place of one with some.
    none = np.empty((0, 0), np.float32)
    return EmbeddedPaper(paper, number, spans, passages(paper, spans), vectors=none)


def embed_entries(entries: Sequence[EmbeddedPaper], embedder: Embedder) -> list[EmbeddedPaper]:
    """Returns the entries with vectors and tokens of their passages, all read in one call."""
    return _fill_entries(entries, *_embed_texts(embedder, _texts_of(entries)))


def _texts_of(entries: Sequence[EmbeddedPaper]) -> list[str]:
    return [embedded_text(entry.paper, p) for entry in entries for p in entry.passages]


def _fill_entries(
    entries: Sequence[EmbeddedPaper], vectors: Matrix, readings: Sequence[TokenEmbedding]
) -> list[EmbeddedPaper]:
    """Returns the entries with what their texts became, in order."""
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


def read_tokens(paper: Paper, embedder: TokenEmbedder) -> Tokens:
    """Returns the tokens of a paper that is not embedded yet, read now: 10 ms a passage."""
    spans = sentence_spans(paper.abstract)
    cut = passages(paper, spans)
    readings = embedder.read([embedded_text(paper, passage) for passage in cut])
    pairs = zip(cut, readings, strict=True)
    # As they would be stored in a library that is not large.
    packed = [
        passage_tokens(paper, passage, spans, one).pack(coded=False) for passage, one in pairs
    ]
    return Tokens.unpack(embedder.reader, packed)


def _embed_each(
    embedder: Embedder, batches: Iterable[Sequence[str]]
) -> Iterator[tuple[Matrix, list[TokenEmbedding]]]:
    """Yields what ``_embed_texts`` returns of each batch, in order.

    A batch is embedded while whoever takes them stores the one before it.
    """
    if isinstance(embedder, BatchEmbedder):
        for readings in embedder.embed_batches(batches):
            yield _vectors_of(readings, embedder.dimensions), readings
        return
    with ThreadPoolExecutor(1) as pool:
        before: Future[tuple[Matrix, list[TokenEmbedding]]] | None = None
        for texts in batches:
            embedding = pool.submit(_embed_texts, embedder, texts)
            if before:
                yield before.result()
            before = embedding
        if before:
            yield before.result()


def _vectors_of(readings: Sequence[TokenEmbedding], dimensions: int) -> Matrix:
    rows = [reading.vector for reading in readings]
    return np.stack(rows) if rows else np.empty((0, dimensions), np.float32)


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
