"""Occurrences: which papers of a library hold a term, by the stems of its words."""

import re
from collections.abc import Collection, Iterable

from footnote.index.models import Paper
from footnote.index.search.fulltext import STOP_WORDS, stems

_WORD = re.compile(r"\w+")


class Occurrences:
    """For each of some stems, the papers whose title or abstract holds it."""

    def __init__(self, papers: Iterable[Paper], wanted: Collection[str]) -> None:
        """Reads every paper once.

        Args:
            papers: Of the whole library.
            wanted: The stems to look for; all stems of 100,000 papers would take a gigabyte.
        """
        self._holders: dict[str, set[str]] = {stem: set() for stem in wanted}
        self.papers = 0
        for paper in papers:
            self.papers += 1
            for stem in self._holders.keys() & set(stems(f"{paper.title} {paper.abstract}")):
                self._holders[stem].add(paper.id)

    def holders(self, term: str) -> set[str]:
        """Returns the ids of the papers that hold every telling word of a term; none without one.

        Raises:
            KeyError: A stem of the term was not looked for.
        """
        return self.hold_all(content_stems(term))

    def hold_all(self, stems: Collection[str]) -> set[str]:
        """Returns the ids of the papers that hold all of these stems; raises as ``holders``."""
        held = [self._holders[stem] for stem in stems]
        return set.intersection(*held) if held else set()


def content_stems(text: str) -> set[str]:
    """Returns the stems of a text's words that are no stop words."""
    telling = (word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS)
    return set(stems(" ".join(telling)))
