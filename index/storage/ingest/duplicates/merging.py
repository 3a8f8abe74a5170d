"""Merging: what makes two records one paper, and what they say together.

Lists that grow by merging are limited: otherwise a small file that names one paper again and again
would take quadratic time.
"""

from collections import Counter
from dataclasses import fields, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from footnote.index.models import (
    ID_KINDS,
    STATUSES,
    Listing,
    Paper,
    Problem,
    by_strength,
    identifier,
)
from footnote.index.storage.ingest.duplicates.likeness import (
    REMEMBERED,
    first_author,
    fold_words,
    like_paper,
)

# Identifiers of one kind that a paper keeps: versions of a data set have some thirty DOIs.
MOST_IDENTIFIERS = 50
# Listings that it keeps: a page saved on every day of a season.
MOST_LISTINGS = 100


def same_paper(one: Paper, other: Paper) -> bool:
    """Returns whether two records name one paper.

    The strongest kind of identifier that both have decides: two arXiv numbers are two
    papers even under one title, and one number is one paper even under two DOIs. Where they have
    no kind in common their titles do, as ``like_paper`` compares them.
    """
    if were_split(one, other):
        return False
    if _bears_name(one, other) or _bears_name(other, one):
        return True
    ours, theirs = (set(strong_aliases(paper)) for paper in (one, other))
    common = {_kind(name) for name in ours} & {_kind(name) for name in theirs}
    for kind in ID_KINDS:
        if kind in common:
            return any(_kind(name) == kind for name in ours & theirs)
    return like_paper(one, other)


def _kind(name: str) -> str:
    return name.partition(":")[0]


def _bears_name(one: Paper, other: Paper) -> bool:
    """Returns whether one of a paper's aliases is the other's own name."""
    # Few have such an alias, and the name itself takes reading the whole record.
    begin = f"{_title_name(other.title)}-"
    like = any(alias.startswith(begin) for alias in one.aliases)
    return like and own_name(other) in one.aliases


def merge(known: Paper, found: Paper) -> Paper:
    """Returns what two records of one paper say together.

    The first record's word stands; a gap in it is filled from the second. The longer
    abstract, with the note about it, and the longer list of authors win, a date with a
    year beats one without, and identifiers and listings add up, as far as there is room;
    those that are known stay. What was corrected by hand stands before all. Merging a record twice
    changes nothing.
    """
    changes: dict[str, Any] = {
        field.name: getattr(found, field.name)
        for field in fields(Paper)
        if getattr(known, field.name) in (None, "", ()) and getattr(found, field.name)
    }
    if len(found.abstract) > len(known.abstract):
        changes.update(abstract=found.abstract, note=found.note)
    elif found.abstract != known.abstract:
        changes["note"] = known.note
    if len(found.authors) > len(known.authors):
        changes["authors"] = found.authors
    if known.year is None and found.year is not None:
        changes["published"] = found.published
    # What one source says of a paper that was taken back is not undone by another that is silent.
    said = [status for status in STATUSES if status in (known.status, found.status)]
    changes["status"] = next(iter(said), None)
    changes |= {name: getattr(found, name) for name in found.corrected}
    changes = {name: value for name, value in changes.items() if name not in known.corrected}
    corrected = {*known.corrected, *found.corrected}
    if "authors" in corrected:
        # How many a listing counted is not said beside authors who were corrected.
        changes["author_count"] = None
    changes["corrected"] = tuple(sorted(corrected))
    changes["apart"] = tuple(sorted({*known.apart, *found.apart}))
    aliases = _aliases(known, found)
    changes.update(id=aliases[0], aliases=aliases, listings=_listings(known, found))
    return replace(known, **changes)


def own_name(paper: Paper) -> str:
    """Returns the name of a record whose title another paper has, and that has no identifier."""
    author = first_author(paper)
    says = [*fold_words(paper.title), *paper.authors, paper.published or "", paper.abstract]
    digest = blake2b("\n".join(says).encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{_title_name(paper.title)}-{author[0] if author else 'unknown'}-{digest}"


@lru_cache(maxsize=REMEMBERED)
def _title_name(title: str) -> str:
    return identifier("title", title) or "title:"


def record_key(paper: Paper) -> str:
    """Returns a key of what a record says it is: its identifiers, title and first author."""
    author = first_author(paper)
    says = [*strong_aliases(paper), *fold_words(paper.title), author[0] if author else ""]
    return f"record:{blake2b(chr(10).join(says).encode(), digest_size=12).hexdigest()}"


def strong_aliases(paper: Paper) -> list[str]:
    """Returns the identifiers of a paper that are no titles."""
    return [alias for alias in paper.aliases if not alias.startswith("title:")]


def were_split(one: Paper, other: Paper) -> bool:
    """Returns whether two papers, or a paper and a record, were split from each other by hand."""
    if not one.apart and not other.apart:
        return False
    splits = ({mark for mark in paper.apart if mark.startswith("split:")} for paper in (one, other))
    if set.intersection(*splits):
        # One split leaves two papers, which have its number both.
        return one.id != other.id
    return record_key(one) in other.apart or record_key(other) in one.apart


def differ_in_source(known: Paper, found: Paper) -> bool:
    """Returns whether a record says of itself what its paper did not, so that it may be another."""
    ours, theirs = set(strong_aliases(known)), set(strong_aliases(found))
    if theirs and theirs <= ours:
        # One that was corrected has its former title too.
        named = not set(known.aliases).isdisjoint(set(found.aliases) - theirs)
        return not named and fold_words(known.title) != fold_words(found.title)
    return record_key(known) != record_key(found)


def count_left_out(merged: Paper, found: Paper) -> int:
    """Returns how many identifiers and listings of a record found no room in its paper."""
    names = len(set(found.aliases).difference(merged.aliases))
    return names + len(_places(found).keys() - _places(merged).keys())


def describe_left_out(name: str, count: int) -> Problem:
    """Returns the problem that so many identifiers and listings of a file were left out."""
    return Problem(
        name,
        None,
        f"{count:,} identifiers or listings were left out; a paper keeps {MOST_IDENTIFIERS} "
        f"identifiers of a kind and {MOST_LISTINGS} listings",
    )


def _aliases(known: Paper, found: Paper) -> tuple[str, ...]:
    kept = set(known.aliases)
    counts = Counter(alias.partition(":")[0] for alias in kept)
    for alias in found.aliases:
        kind = alias.partition(":")[0]
        if alias not in kept and counts[kind] < MOST_IDENTIFIERS:
            kept.add(alias)
            counts[kind] += 1
    return by_strength(kept)


def _listings(known: Paper, found: Paper) -> tuple[Listing, ...]:
    kept = _places(known)
    new = [listing for place, listing in _places(found).items() if place not in kept]
    room = max(0, MOST_LISTINGS - len(kept))
    return tuple(sorted([*kept.values(), *new[:room]], key=lambda n: (n.page, n.line)))


def _places(paper: Paper) -> dict[tuple[str, int], Listing]:
    return {(listing.page, listing.line): listing for listing in paper.listings}
