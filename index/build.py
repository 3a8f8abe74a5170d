"""Adding papers to a catalog: merged with what is known, cut, embedded, committed in batches."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from index.catalog import Catalog, Entry
from index.embedders import Embedder
from index.papers import Paper, Passage, merge, same_paper
from index.passages import passages, sentence_spans

# Papers embedded and committed at once: what a killed run has to do again.
BATCH_PAPERS = 64


@dataclass(frozen=True, slots=True)
class Added:
    """Papers of one call to ``Library.add``, by what became of them."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


class _Tally:
    """Numbers of the papers met in one call to ``Library.add``, by what became of them."""

    def __init__(self) -> None:
        self.new: set[int] = set()
        self.changed: set[int] = set()
        self.unchanged: set[int] = set()

    def added(self) -> Added:
        """Counts each paper once: as new, else as changed, else as unchanged."""
        changed = self.changed - self.new
        return Added(len(self.new), len(changed), len(self.unchanged - self.new - changed))


def add_papers(
    catalog: Catalog,
    embedder: Embedder,
    papers: Iterable[Paper],
    *,
    on_progress: Callable[[int], None] | None = None,
) -> Added:
    """Merges each paper with the one it already is, and commits batch by batch.

    A paper whose title and abstract stay the same is not embedded again, so a call that
    was killed goes on where it was when it is made again.

    Args:
        catalog: Where to; the caller holds the library's write lock.
        embedder: The library's.
        papers: In any order, repetitions allowed.
        on_progress: Called with how many papers were read since the last call.
    """
    tally = _Tally()
    stream = iter(papers)
    while batch := list(islice(stream, BATCH_PAPERS)):
        _add_batch(catalog, embedder, batch, tally)
        if on_progress:
            on_progress(len(batch))
    return tally.added()


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
        texts = []
        for number in numbers:
            place = places[number]
            paper = papers[place.paper]
            texts.append(embedded_text(paper, Passage(paper.id, place.start, place.end)))
        catalog.stage(embedder.name, numbers, embedder.embed(texts))
        if on_progress:
            on_progress(total - len(left) + at + len(numbers), total)
    catalog.adopt_staged(embedder.name, embedder.dimensions)


def _add_batch(catalog: Catalog, embedder: Embedder, batch: Sequence[Paper], tally: _Tally) -> None:
    entries: list[Entry] = []
    for paper in _distinct(batch):
        number, stored = catalog.find(paper) or (None, None)
        merged = merge(stored, paper) if stored else paper
        if number is not None and merged == stored:
            tally.unchanged.add(number)
        else:
            moved = stored is None or embedded_text(stored) != embedded_text(merged)
            spans = sentence_spans(merged.abstract) if moved else ()
            entries.append(Entry(merged, number, spans, passages(merged, spans)))
    numbers = catalog.store(_embedded(entries, embedder))
    for entry, number in zip(entries, numbers, strict=True):
        (tally.new if entry.number is None else tally.changed).add(number)


def _embedded(entries: Sequence[Entry], embedder: Embedder) -> list[Entry]:
    """Returns the entries with vectors for their passages, embedded in one call."""
    texts = [embedded_text(e.paper, p) for e in entries for p in e.passages]
    vectors = embedder.embed(texts) if texts else None
    done, at = [], 0
    for entry in entries:
        end = at + len(entry.passages)
        rows = vectors[at:end] if vectors is not None and end > at else None
        done.append(replace(entry, vectors=rows))
        at = end
    return done


def embedded_text(paper: Paper, passage: Passage | None = None) -> str:
    """Returns the text that is embedded: the title travels with every passage."""
    text = paper.abstract[passage.start : passage.end] if passage else paper.abstract
    return f"{paper.title}. {text}" if paper.title else text


def _distinct(batch: Iterable[Paper]) -> list[Paper]:
    """Returns the papers of a batch with repetitions merged, in order of first mention."""
    found: list[Paper] = []
    places: dict[str, int] = {}
    for paper in batch:
        place = next(
            (
                p
                for a in paper.aliases
                if (p := places.get(a)) is not None and same_paper(found[p], paper)
            ),
            None,
        )
        if place is None:
            place = len(found)
            found.append(paper)
        else:
            found[place] = merge(found[place], paper)
        for alias in found[place].aliases:
            places.setdefault(alias, place)
    return found
