"""Arrivals: what each import added, the latest first, whether or not anybody follows a topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from footnote.index.library import Library
from footnote.index.models import Paper

# Imports that are listed; of those seen before only the latest.
MOST, MOST_SEEN = 20, 5
# Papers that are listed of one import, and of all of them: the page stays short.
OF_ONE, OF_ALL = 20, 60


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one import added.

    Attributes:
        when: It began, in UTC.
        names: Of what was read; none where nobody named it.
        papers: The last of them, the latest first.
        count: Of all of them.
        seen: Whether the reader marked them as seen.
    """

    when: datetime
    names: Sequence[str]
    papers: Sequence[Paper]
    count: int
    seen: bool

    @property
    def more(self) -> int:
        """How many papers are not listed."""
        return self.count - len(self.papers)


def recent_arrivals(library: Library, visited: int | None) -> list[Arrival]:
    """Returns the latest imports that added papers; one seen in part has the rest of it alone.

    Args:
        library: Whose imports they are.
        visited: The newest paper that the reader has seen, as for ``Library.since``; None where
            they have seen none.
    """
    found: list[Arrival] = []
    left = OF_ALL
    for one in library.imports():
        if one.undone or not one.new:
            continue
        count, papers = library.added_by(one.number, after=visited or 0, most=min(left, OF_ONE))
        if seen := not count:
            count, papers = library.added_by(one.number, most=min(left, OF_ONE))
        if count:
            when = datetime.fromisoformat(one.when)
            found.append(Arrival(when, one.names, papers, count, seen))
            left -= len(papers)
        if len(found) >= MOST or sum(other.seen for other in found) >= MOST_SEEN:
            break
    return found
