"""Drafts: the records of a batch made papers, merged with each other and with what is stored."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from footnote.index.models import Paper, by_strength
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.duplicates.likeness import text_likeness, title_keys
from footnote.index.storage.ingest.duplicates.merging import (
    count_left_out,
    differ_in_source,
    merge,
    own_name,
    record_key,
    same_paper,
)
from footnote.index.storage.ingest.duplicates.title_index import MOST_UNDER_KEY

# Records kept of a paper at most.
MOST_PARTS = 20

Outcome = Literal["new", "changed", "unchanged"]


@dataclass(slots=True, eq=False)
class PaperDraft:
    """A paper as a batch leaves it, and what the catalog holds of it so far.

    Attributes:
        records: What each record of the batch did to it, after the number of its file.
        parts: Records as they came, where those of several sources made it.
        kept: Keys of these, and of those that are stored.
        left_out: Identifiers and listings that it had no room for, by the number of their file.
    """

    paper: Paper
    number: int | None = None
    stored: Paper | None = None
    absorbs: set[int] = field(default_factory=set)
    records: list[tuple[int, Outcome]] = field(default_factory=list)
    parts: list[Paper] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    left_out: Counter[int] = field(default_factory=Counter)

    @property
    def same(self) -> bool:
        """Whether the catalog holds it as it is."""
        stays = self.paper == self.stored and not self.absorbs and not self.parts
        return self.number is not None and stays

    def take(self, record: Paper) -> None:
        """Merges a record into the paper."""
        if differ_in_source(self.paper, record):
            if not self.kept:
                self.keep_part(self.paper)
            self.keep_part(record)
        self.paper = merge(self.paper, record)

    def keep_part(self, record: Paper) -> None:
        """Keeps a record as it came, so that the paper can be split."""
        key = record_key(record)
        if key not in self.kept and len(self.kept) < MOST_PARTS:
            self.kept.add(key)
            self.parts.append(record)


class _Drafts:
    """The papers that a batch may touch, by identifier and by the keys of their titles."""

    def __init__(self, catalog: Catalog, papers: Sequence[Paper]) -> None:
        """Reads the stored papers that share an identifier or a key with one of these."""
        owners = catalog.papers.owners({name for paper in papers for name in _names(paper)})
        keys = catalog.titles.papers({key for paper in papers for key in title_keys(paper)})
        numbers = {*owners.values(), *(number for like in keys.values() for number in like)}
        known = catalog.papers.by_number(sorted(numbers))
        kept = catalog.parts.keys(known)
        stored = {
            number: PaperDraft(paper, number, paper, kept=kept.get(number, set()))
            for number, paper in known.items()
        }
        self._owners = {alias: stored[number] for alias, number in owners.items()}
        self._like = {key: [stored[n] for n in like if n in stored] for key, like in keys.items()}
        self._order = {draft: number for number, draft in stored.items()}

    def meant_by(self, paper: Paper) -> list[PaperDraft]:
        """Returns those that a record may name: by identifiers first, then by its title."""
        named = [self._owners[name] for name in _names(paper) if name in self._owners]
        like = {draft for key in title_keys(paper) for draft in self._like.get(key, ())}
        sure = [draft for draft in dict.fromkeys(named) if _shares_identifier(draft.paper, paper)]
        rest = sorted({*named, *like}.difference(sure), key=self._order.__getitem__)
        if any(same_paper(draft.paper, paper) for draft in sure):
            return [*sure, *rest]
        return [*sure, *_likeliest(rest, paper)]

    def keep(self, draft: PaperDraft) -> None:
        """Makes a draft known by all that its paper is named."""
        self._order.setdefault(draft, len(self._order) + 2**62)
        while self._owners.get(draft.paper.id, draft) is not draft:
            draft.paper = rename(draft.paper)
        for alias in draft.paper.aliases:
            self._owners.setdefault(alias, draft)
        for key in title_keys(draft.paper):
            like = self._like.setdefault(key, [])
            if draft not in like and len(like) < MOST_UNDER_KEY:
                like.append(draft)

    def replace(self, gone: PaperDraft, draft: PaperDraft) -> None:
        """Makes a draft known in the place of another, which it joined."""
        for alias in gone.paper.aliases:
            if self._owners.get(alias) is gone:
                self._owners[alias] = draft
        for key in title_keys(gone.paper):
            like = [draft if one is gone else one for one in self._like.get(key, ())]
            self._like[key] = list(dict.fromkeys(like))


def merge_batch(catalog: Catalog, batch: Sequence[tuple[int, Paper]]) -> list[PaperDraft]:
    """Returns the papers that a batch names, merged as if its records came one at a time."""
    drafts = _Drafts(catalog, [paper for _, paper in batch])
    named: dict[PaperDraft, None] = {}
    for file, paper in batch:
        draft: PaperDraft | None = None
        outcome: Outcome = "new"
        # A record with two identifiers may show that two papers are one.
        for other in drafts.meant_by(paper):
            if draft is None and same_paper(other.paper, paper):
                draft, before = other, other.paper
                draft.take(paper)
                draft.left_out[file] += count_left_out(draft.paper, paper)
                drafts.keep(draft)
                outcome = "unchanged" if draft.paper == before else "changed"
            elif draft is not None and same_paper(draft.paper, other.paper):
                named.pop(other, None)
                drafts.replace(other, draft)
                _join_drafts(draft, other)
                draft.left_out[file] += count_left_out(draft.paper, other.paper)
                outcome = "changed"
        draft = draft or PaperDraft(paper)
        drafts.keep(draft)
        draft.records.append((file, outcome))
        named[draft] = None
    return list(named)


def _names(paper: Paper) -> tuple[str, ...]:
    """Returns what a record may be known by: its identifiers, or else a name of its own too."""
    return (*paper.aliases, own_name(paper)) if paper.id.startswith("title:") else paper.aliases


def _shares_identifier(one: Paper, other: Paper) -> bool:
    return any(not a.startswith("title:") and a in other.aliases for a in one.aliases)


def _likeliest(drafts: Iterable[PaperDraft], paper: Paper) -> list[PaperDraft]:
    """Returns those that are like a record, the likest text first."""
    same = [draft for draft in drafts if same_paper(draft.paper, paper)]
    if len(same) < 2:
        return same
    return sorted(
        same, key=lambda draft: -(text_likeness(draft.paper.abstract, paper.abstract) or 0)
    )


def rename(paper: Paper) -> Paper:
    """Returns a paper whose id another has under its next one, or a name of its own."""
    titles = [alias for alias in paper.aliases if alias != paper.id]
    if not titles:
        titles = [own_name(paper)]
    ranked = by_strength(titles)
    return replace(paper, id=ranked[0], aliases=ranked)


def _join_drafts(draft: PaperDraft, other: PaperDraft) -> None:
    """Makes two drafts one, which keeps the number of the first that has one."""
    if not draft.kept:
        draft.keep_part(draft.paper)
    if not other.kept:
        other.keep_part(other.paper)
    draft.kept |= other.kept
    draft.parts += other.parts
    draft.paper = merge(draft.paper, other.paper)
    draft.absorbs |= other.absorbs
    draft.records += other.records
    draft.left_out += other.left_out
    if draft.number is None:
        draft.number, draft.stored = other.number, other.stored
    elif other.number is not None:
        draft.absorbs.add(other.number)
