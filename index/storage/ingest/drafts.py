"""Drafts: the records of a batch made papers, merged with each other and with what is stored."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from footnote.index.models import Paper
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.merging import count_left_out, merge, same_paper

Outcome = Literal["new", "changed", "unchanged"]


@dataclass(slots=True, eq=False)
class PaperDraft:
    """A paper as a batch leaves it, and what the catalog holds of it so far.

    Attributes:
        records: What each record of the batch did to it, after the number of its file.
        left_out: Identifiers and listings that it had no room for, by the number of their file.
    """

    paper: Paper
    number: int | None = None
    stored: Paper | None = None
    absorbs: set[int] = field(default_factory=set)
    records: list[tuple[int, Outcome]] = field(default_factory=list)
    left_out: Counter[int] = field(default_factory=Counter)

    @property
    def same(self) -> bool:
        """Whether the catalog holds it as it is."""
        return self.number is not None and self.paper == self.stored and not self.absorbs


def merge_batch(catalog: Catalog, batch: Sequence[tuple[int, Paper]]) -> list[PaperDraft]:
    """Returns the papers that a batch names, merged as if its records came one at a time."""
    owners = catalog.papers.owners({alias for _, paper in batch for alias in paper.aliases})
    known = catalog.papers.by_number(sorted(set(owners.values())))
    stored = {number: PaperDraft(paper, number, paper) for number, paper in known.items()}
    places = {alias: stored[number] for alias, number in owners.items()}
    named: dict[PaperDraft, None] = {}
    for file, paper in batch:
        # Strongest identifier first; a record with two may show that two papers are one.
        meant = dict.fromkeys(places[alias] for alias in paper.aliases if alias in places)
        draft: PaperDraft | None = None
        outcome: Outcome = "new"
        for other in meant:
            if draft is None and same_paper(other.paper, paper):
                draft, before = other, other.paper
                draft.paper = merge(draft.paper, paper)
                draft.left_out[file] += count_left_out(draft.paper, paper)
                outcome = "unchanged" if draft.paper == before else "changed"
            elif draft is not None and same_paper(draft.paper, other.paper):
                named.pop(other, None)
                places |= {alias: draft for alias, at in places.items() if at is other}
                _join_drafts(draft, other)
                draft.left_out[file] += count_left_out(draft.paper, other.paper)
                outcome = "changed"
        draft = draft or PaperDraft(paper)
        draft.records.append((file, outcome))
        named[draft] = None
        for alias in draft.paper.aliases:
            places.setdefault(alias, draft)
    return list(named)


def _join_drafts(draft: PaperDraft, other: PaperDraft) -> None:
    """Makes two drafts one, which keeps the number of the first that has one."""
    draft.paper = merge(draft.paper, other.paper)
    draft.absorbs |= other.absorbs
    draft.records += other.records
    draft.left_out += other.left_out
    if draft.number is None:
        draft.number, draft.stored = other.number, other.stored
    elif other.number is not None:
        draft.absorbs.add(other.number)
