"""Filters: which papers may be found, by year, venue, author and source, or one by one."""

import json
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from footnote.index.models import DAILY_PAPERS, normal_title, year_bounds
from footnote.index.storage.catalog import Catalog

NameKind = Literal["venue", "author", "source"]
NAME_KINDS: tuple[NameKind, ...] = ("venue", "author", "source")

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# NeurIPS, CVPR, CoRL: a venue's short name has a second capital.
_SHORT_NAME = re.compile(r"\b[a-z]*+[A-Z][a-z]*+[A-Z][A-Za-z]*+\b")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which papers may be found.

    Years are inclusive, and a paper without one is left out by them. Names are compared
    without case, accents and punctuation.

    Attributes:
        venue: Its name or short name, with or without a year.
        author: A surname or a full name.
        source: Where the record came from.
        papers: Identifiers of the only papers that may be found; a merged paper has those of both.
    """

    since: int | None = None
    until: int | None = None
    venue: str | None = None
    author: str | None = None
    source: str | None = None
    papers: frozenset[str] | None = None

    def admit(self, year: int | None) -> bool:
        """Returns whether a paper of this year passes the years."""
        if not self.dated:
            return True
        first, last = year_bounds(self.since, self.until)
        return year is not None and first <= year <= last

    @property
    def dated(self) -> bool:
        """Whether the year of a paper matters."""
        return self.since is not None or self.until is not None

    @property
    def names(self) -> dict[NameKind, str]:
        """The names that a paper must have."""
        given: dict[NameKind, str | None] = {
            "venue": self.venue,
            "author": self.author,
            "source": self.source,
        }
        return {kind: name for kind, name in given.items() if name is not None}

    def __str__(self) -> str:
        """Returns the filters in words that follow "papers": "since 2020 by Hinton".

        Chosen papers are only counted: "among the 3 chosen".
        """
        since, until = self.since, self.until
        if since is not None and until is not None:
            years = f"of {since}" if since == until else f"from {since} to {until}"
        else:
            years = f"since {since}" if since is not None else f"until {until}"
        places = {"venue": "at", "author": "by", "source": "from"}
        named = [f"{places[kind]} {name}" for kind, name in self.names.items()]
        if self.papers is not None:
            named.append(f"among the {len(self.papers):,} chosen")
        return " ".join([*([years] if self.dated else []), *named])


EVERYTHING = Filters()


class NameFilter:
    """The venues, authors and sources of a library, each name with its papers' numbers.

    A kind is read when it is first asked about and kept until the library changes: 2.3 s for
    the authors of 100,000 papers on two busy cores, then nothing.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Takes the catalog to read."""
        self._catalog = catalog
        self._revision: str | None = None
        self._known: dict[NameKind, dict[str, array[int]]] = {}
        self._counted: dict[NameKind, dict[str, int]] = {}

    def known(self, kind: NameKind, name: str) -> bool:
        """Returns whether any paper has a name."""
        return fold_name(name) in self._numbers_by_name(kind)

    def papers(self, kind: NameKind, name: str) -> frozenset[int]:
        """Returns the numbers of the papers that have a name."""
        return frozenset(self._numbers_by_name(kind).get(fold_name(name), ()))

    def counts(self, kind: NameKind) -> dict[str, int]:
        """Returns how many papers have each name, as it is written."""
        self._renew()
        counted = self._counted
        if kind not in counted:
            counted[kind] = dict(Counter(value for _, value in set(_values(self._catalog, kind))))
        return dict(counted[kind])

    def find_admitted(self, filters: Filters) -> frozenset[int] | None:
        """Returns the numbers of the papers that pass the names, and that were chosen.

        None means all of them: there are no names, and none was chosen.
        """
        sets = [self.papers(kind, name) for kind, name in filters.names.items()]
        if filters.papers is not None:
            sets.append(self._numbers_of_chosen(filters.papers))
        return frozenset.intersection(*sets) if sets else None

    def _numbers_of_chosen(self, papers: frozenset[str]) -> frozenset[int]:
        return frozenset(self._catalog.papers.owners(papers).values())

    def _numbers_by_name(self, kind: NameKind) -> dict[str, "array[int]"]:
        self._renew()
        known = self._known
        if kind not in known:
            given: dict[str, array[int]] = {}
            for number, value in _values(self._catalog, kind):
                given.setdefault(value, array("q")).append(number)
            found: dict[str, array[int]] = {}
            for value, numbers in given.items():
                for name in names_of(kind, value):
                    found.setdefault(name, array("q")).extend(numbers)
            known[kind] = found
        return known[kind]

    def _renew(self) -> None:
        """Forgets what was read before the library changed."""
        revision = self._catalog.meta("revision")
        if revision != self._revision:
            self._known, self._counted, self._revision = {}, {}, revision


def _values(catalog: Catalog, kind: NameKind) -> Iterable[tuple[int, str]]:
    if kind == "author":
        for number, authors in catalog.papers.field("authors"):
            yield from ((number, author) for author in json.loads(authors))
        return
    yield from catalog.papers.field(kind)
    if kind == "source":
        # A record of two sources keeps the first one's name; its listings tell of the other.
        yield from (
            (number, DAILY_PAPERS)
            for number, listings in catalog.papers.field("listings")
            if listings != "[]"
        )


def names_of(kind: NameKind, value: str) -> set[str]:
    """Returns every folded form of a venue's, an author's or a source's name."""
    if kind == "venue":
        names = {value, _YEAR.sub("", value), *_SHORT_NAME.findall(value)}
        if years := _YEAR.findall(value):
            names |= {f"{short} {years[0]}" for short in _SHORT_NAME.findall(value)}
    elif kind == "author":
        names = _names_of_author(value)
    else:
        names = {value}
    return {fold_name(name) for name in names} - {""}


def _names_of_author(author: str) -> set[str]:
    """Returns the name as it is, without middle names, and the surname alone."""
    last, comma, first = author.partition(",")
    words = f"{first} {last}".split() if comma else author.split()
    if not words:
        return set()
    at = len(words) - (len(last.split()) if comma else 1)
    # The particles belong to the surname: van den Oord.
    while at > 1 and words[at - 1].islower():
        at -= 1
    surname = " ".join(words[at:])
    return {" ".join(words), f"{words[0]} {surname}" if at else surname, surname, words[-1]}


def fold_name(name: str) -> str:
    """Returns a name as names are compared: without case, accents and punctuation."""
    if name.isascii():
        return normal_title(name)
    apart = unicodedata.normalize("NFKD", name)
    return normal_title("".join(a for a in apart if not unicodedata.combining(a)))
