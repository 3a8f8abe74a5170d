"""Corrections: what a reader says of a paper's record, which then stands before its sources."""

from dataclasses import fields, replace
from typing import Any

from footnote.index.embeddings.protocols import Embedder
from footnote.index.models import Correction, Paper, by_strength, check_lengths, identifier
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.pipeline import embed_entries, prepare_entry

# What a correction is called in the list of imports, beside the files of the others.
BY_HAND = "a correction by hand"


def apply_correction(paper: Paper, correction: Correction) -> Paper:
    """Returns a corrected paper; it can still be found by the title that it had.

    Raises:
        ValueError: A value is too long, or no title is left.
    """
    wanted = {field.name: getattr(correction, field.name) for field in fields(Correction)}
    empty = {"title": "", "authors": ()}
    changed: dict[str, Any] = {
        name: value or empty.get(name)
        for name, value in wanted.items()
        if value is not None and value != (getattr(paper, name) or empty.get(name, ""))
    }
    if not changed:
        return paper
    title = changed.get("title", paper.title)
    named = identifier("title", title or "")
    if "title" in changed and named is None:
        raise ValueError('"title": has no letters or digits')
    # A title that another paper has too stays that one's name.
    aliases = by_strength({*paper.aliases, *([named] if named and "title" in changed else [])})
    if "authors" in changed:
        # What a listing counted is no longer said beside them.
        changed["author_count"] = None
    corrected = tuple(sorted({*paper.corrected, *changed}))
    made = replace(paper, **changed, id=aliases[0], aliases=aliases, corrected=corrected)
    return check_lengths(made)


def store_correction(
    catalog: Catalog, embedder: Embedder, paper: Paper, correction: Correction
) -> bool:
    """Corrects a paper of a catalog, as an import that can be undone; returns whether it changed.

    It is embedded again only if its title changes.

    Args:
        catalog: The caller holds the library's write lock.
        embedder: The library's.
        paper: As the catalog holds it.
        correction: What is right.

    Raises:
        ValueError: As ``apply_correction`` does; nothing is changed.
    """
    corrected = apply_correction(paper, correction)
    if corrected == paper:
        return False
    (number,) = catalog.papers.numbers([paper.id])
    owner = catalog.papers.owners([corrected.id]).get(corrected.id, number)
    if owner != number:
        other = catalog.papers.by_number([owner])[owner]
        raise ValueError(f'"title": is the name of another paper, {other.id}; remove one of them')
    of = catalog.imports.next((BY_HAND,))
    catalog.store(embed_entries([prepare_entry(corrected, number, paper)], embedder), of)
    catalog.imports.complete(of)
    return True
