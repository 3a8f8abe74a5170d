"""Known: whether a catalog already holds all that is to be added, found without any embedder."""

from collections.abc import Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path

from footnote.index.models import Paper
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.duplicates.drafts import merge_batch
from footnote.index.storage.ingest.pipeline import BATCH_RECORDS
from footnote.index.storage.ingest.tallies import Added, Tallies


def count_known(catalog: Catalog, records: Iterable[tuple[int, Paper]]) -> Added | None:
    """Returns what adding records would say if it would change nothing; None if it would.

    Args:
        catalog: As it is.
        records: As ``add_records`` takes them; read up to the first that is new.
    """
    tallies, stream = Tallies(), iter(records)
    while batch := list(islice(stream, BATCH_RECORDS)):
        for draft in merge_batch(catalog, batch):
            if not draft.same or draft.number is None:
                return None
            tallies.stored(draft, draft.number)
    return tallies.added()


def preview(catalog: Catalog, records: Iterable[tuple[int, Paper]]) -> Added:
    """Returns how many papers adding records would add and change, without adding any.

    Records of one new paper are counted once where they share an identifier.
    """
    added, met = set[str](), set[str]()
    changed, same = set[int](), set[int]()
    stream = iter(records)
    while batch := list(islice(stream, BATCH_RECORDS)):
        for draft in merge_batch(catalog, batch):
            if draft.number is not None:
                (same if draft.same else changed).add(draft.number)
            elif not met.intersection(draft.paper.aliases):
                added.add(draft.paper.id)
            met.update(draft.paper.aliases if draft.number is None else ())
    return Added(len(added), len(changed), len(same - changed))


def find_known(
    path: Path, embedder: str, records: Iterable[tuple[int, Paper]]
) -> tuple[Added, int] | None:
    """Returns what adding records would say, and the library's size, if there is nothing to do.

    None where anything is new, waits to be embedded, is not folded in as it should be, or is stored
    as an earlier version did.

    Args:
        path: Of the catalog; there may be none.
        embedder: Name of the one that papers would be embedded with.
        records: As ``add_records`` takes them.
    """
    if not path.is_file():
        return None
    with closing(Catalog(path)) as catalog:
        backlog, passages = catalog.backlog, catalog.passages.count()
        if catalog.meta("embedder") != embedder or catalog.papers.count_uncut():
            return None
        if not catalog.titles.complete or not catalog.compaction.is_done():
            return None
        if backlog.unwritten(1) or backlog.pays_to_fold(passages):
            return None
        added = count_known(catalog, records)
        return (added, catalog.papers.count()) if added else None
