"""Tallies: how many papers an addition brought, changed and left, in all and for each file."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from footnote.index.storage.ingest.duplicates.drafts import Outcome, PaperDraft


@dataclass(frozen=True, slots=True)
class Added:
    """Papers of one call to ``Library.add``, by what became of them.

    Attributes:
        left_out: Identifiers and listings that a paper with its fill of them did not take.
        files: The same for each file that they are of, by its number; a paper of two files
            counts in both, as new in the first.
        number: Of the import, to be undone by; None where nothing changed.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    left_out: int = 0
    files: Mapping[int, "Added"] = field(default_factory=dict, compare=False)
    number: int | None = field(default=None, compare=False)


class _Tally:
    """Numbers of the papers met in one call to ``Library.add``, by what became of them."""

    def __init__(self) -> None:
        self.new: set[int] = set()
        self.changed: set[int] = set()
        self.unchanged: set[int] = set()
        self.left_out = 0

    def note(self, number: int, outcome: Outcome) -> None:
        """Takes note of what a record did to a paper."""
        {"new": self.new, "changed": self.changed, "unchanged": self.unchanged}[outcome].add(number)

    def absorbed(self, numbers: Sequence[int]) -> None:
        """Takes note of papers that turned out to be another one."""
        for met in (self.new, self.changed, self.unchanged):
            met.difference_update(numbers)

    def added(self) -> Added:
        """Counts each paper once: as new, else as changed, else as unchanged."""
        changed = self.changed - self.new
        unchanged = self.unchanged - self.new - changed
        return Added(len(self.new), len(changed), len(unchanged), self.left_out)


class Tallies:
    """The tally of a call, and of each file in it."""

    def __init__(self) -> None:
        self.all = _Tally()
        self.files: defaultdict[int, _Tally] = defaultdict(_Tally)

    def stored(self, draft: PaperDraft, number: int) -> None:
        """Takes note of what a draft was stored as, and what each of its records did."""
        for tally in (self.all, *self.files.values()) if draft.absorbs else ():
            tally.absorbed(sorted(draft.absorbs))
        left: Outcome = "unchanged" if draft.same else "changed"
        first: Outcome = "new" if draft.number is None else left
        self.all.note(number, first)
        for file, outcome in draft.records:
            # Of records that turned out to be one paper, it is new with the first alone.
            told = outcome if outcome != "new" or first == "new" else "changed"
            self.files[file].note(number, told)
            first = "changed"
        for file, count in draft.left_out.items():
            self.all.left_out += count
            self.files[file].left_out += count

    def added(self) -> Added:
        """Counts the papers of the call, and those of each file."""
        return replace(
            self.all.added(), files={file: tally.added() for file, tally in self.files.items()}
        )
