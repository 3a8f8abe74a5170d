"""Splitting: a paper that records of two papers were taken for becomes two again."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from footnote.index import LibraryError
from footnote.index.embeddings.protocols import Embedder
from footnote.index.models import Paper, by_strength, identifier
from footnote.index.storage.catalog import Catalog, EmbeddedPaper
from footnote.index.storage.ingest.duplicates.drafts import rename
from footnote.index.storage.ingest.duplicates.merging import merge, strong_aliases
from footnote.index.storage.ingest.pipeline import embed_entries, prepare_entry

# What a split is called in the list of imports, beside the files of the others.
BY_HAND = "a split by hand"
_BOTH_SIDES = "the paper stays as it was: a split leaves at least one record on each side"

Part = tuple[str, Paper]


def store_split(catalog: Catalog, embedder: Embedder, paper: Paper, leaving: Sequence[int]) -> str:
    """Makes two papers of one, as an import that can be undone; returns the new one's id.

    Neither is merged with the other, or with its records, when these are read again.

    Args:
        catalog: The caller holds the library's write lock.
        embedder: The library's.
        paper: As the catalog holds it.
        leaving: Places, from 0, of the parts that leave, as ``PartLog.of`` gives them.

    Raises:
        LibraryError: No part would leave, or none stay; nothing is changed.
    """
    if not leaving:
        raise LibraryError(_BOTH_SIDES)
    (number,) = catalog.papers.numbers([paper.id])
    parts = catalog.parts.of(number)
    out = [part for at, part in enumerate(parts) if at in set(leaving)]
    rest = [part for at, part in enumerate(parts) if at not in set(leaving)]
    if not out or not rest:
        raise LibraryError(_BOTH_SIDES)
    of = catalog.imports.next((BY_HAND,))
    mark = f"split:{of.number}"
    corrected = {name: getattr(paper, name) for name in paper.corrected}
    stays = replace(_join(rest, paper.apart, mark, out), **corrected, corrected=paper.corrected)
    if named := identifier("title", stays.title):
        stays = replace(stays, aliases=by_strength({*stays.aliases, named}))
    leaves = _own(_join(out, (), mark, rest), stays)
    catalog.index_titles()
    owners = catalog.papers.owners(leaves.aliases)
    while owners.get(leaves.id, number) != number:
        leaves = rename(leaves)
    entries = [prepare_entry(stays, number, paper), prepare_entry(leaves, None, None)]
    old, new = embed_entries(entries, embedder)
    catalog.split(_with_parts(old, rest), _with_parts(new, out), [key for key, _ in out], of)
    catalog.imports.complete(of)
    return leaves.id


def _join(parts: Sequence[Part], apart: Sequence[str], mark: str, others: Sequence[Part]) -> Paper:
    """Returns the paper that records make, apart from the other records."""
    joined = reduce(merge, (paper for _, paper in parts))
    marks = {*joined.apart, *apart, mark, *(key for key, _ in others)}
    return replace(joined, apart=tuple(sorted(marks)))


def _own(leaves: Paper, stays: Paper) -> Paper:
    """Returns the leaving paper without the identifiers that stay."""
    shared = set(strong_aliases(stays))
    own = by_strength(alias for alias in leaves.aliases if alias not in shared)
    leaves = replace(leaves, id=own[0], aliases=own) if own else leaves
    while leaves.id in stays.aliases:
        leaves = rename(leaves)
    return leaves


def _with_parts(entry: EmbeddedPaper, parts: Sequence[Part]) -> EmbeddedPaper:
    """Returns an entry that keeps its records if it still has several."""
    return replace(entry, parts=tuple(parts)) if len(parts) > 1 else entry
