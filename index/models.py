"""Paper: one record of the library, its identifiers, and where it was listed."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import unquote

# Strongest first: a paper's id is of the first kind that it has.
ID_KINDS = ("arxiv", "doi", "pmid", "acl", "id", "title")
# The source of a paper that a listing page names.
DAILY_PAPERS = "Hugging Face Daily Papers"
# What a date of ISO 8601 can spell; stores hold years as numbers of 64 bits.
LAST_YEAR = 9999

# Characters of each field at most, several times what any known record has: of 100,000 on arXiv
# the longest title has 300 and the longest abstract 10,000. "identifier" and "author" are of one.
LONGEST: Mapping[str, int] = {
    "title": 1_000,
    "abstract": 50_000,
    "published": 10,
    "url": 2_000,
    "venue": 500,
    "source": 200,
    "note": 2_000,
    "author": 300,
    "identifier": 300,
}
# Names of one paper: those of particle physics have 5,000.
MOST_AUTHORS = 10_000

# What became of a paper after it was published, the weightier first.
PaperStatus = Literal["retracted", "withdrawn"]
STATUSES: tuple[PaperStatus, ...] = ("retracted", "withdrawn")

Span = tuple[int, int]
Scale = Literal["cosine", "bm25", "rrf", "fused", "reranked"]

_ARXIV = re.compile(
    r"(?:arxiv:\s*|https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/)?"
    r"(?P<number>\d{4}\.\d{4,5}|[a-z][a-z.-]*/\d{7})(?:v\d+)?(?:\.pdf)?(?:\s{1,9}\[[a-z.-]{2,20}\])?",
    re.IGNORECASE | re.ASCII,
)
_DOI = re.compile(
    r"(?:doi:?\s*)?(?:https?://)?(?:(?:dx\.|www\.)?doi\.org/)?(?P<doi>10\.[0-9]{4,9}(?:/|%2f)\S+)",
    re.IGNORECASE,
)
# The DOI that arXiv itself gives a paper.
_ARXIV_DOI = "10.48550/arxiv."
_PMID = re.compile(r"(?:pmid:?\s{0,9})?0{0,9}([1-9]\d{0,8})(?:\.0)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Listing:
    """One appearance of a paper on a saved listing page, as the page gives it.

    Attributes:
        page: File name of the page.
        line: Line of the title in it, from 1.
        page_date: Date in the page's head, as ``published`` below.
        published: ``YYYY-MM-DD``, or ``--MM-DD`` where the page gives no year.
        author_count: Authors, as counted by the page.
        comments: Comments, as counted by the page.
    """

    page: str
    line: int
    page_date: str | None = None
    published: str | None = None
    author_count: int | None = None
    comments: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper and everything that its sources said about it; nothing is guessed.

    Attributes:
        id: ``kind:value`` with the strongest kind of ``ID_KINDS`` that is known.
        published: ``YYYY[-MM[-DD]]``, or ``--MM-DD`` where no source gives the year.
        note: A remark that every display of the abstract must carry along.
        aliases: Every identifier of the paper, its ``id`` and its title's among them.
        corrected: Names of the fields that were corrected by hand, which no source changes.
        apart: What it was split from by hand: numbers of splits, and keys of records.
        status: Whether it was retracted, or withdrawn by its authors; every display of it says so.
    """

    id: str
    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    published: str | None = None
    url: str | None = None
    venue: str | None = None
    source: str | None = None
    author_count: int | None = None
    note: str | None = None
    aliases: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    corrected: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    status: PaperStatus | None = None

    @property
    def year(self) -> int | None:
        """The year of publication, where a source gave one."""
        year = (self.published or "")[:4]
        return int(year) if year.isdecimal() else None

    @property
    def flagged_title(self) -> str:
        """The title, which says first what became of the paper: "RETRACTED: ..."."""
        told = self.status is None or self.status in self.title.casefold()
        return self.title if told else f"{str(self.status).upper()}: {self.title}"

    @property
    def comments(self) -> int | None:
        """The highest count of comments that any listing showed."""
        return max((n.comments for n in self.listings if n.comments is not None), default=None)


@dataclass(frozen=True, slots=True)
class Correction:
    """The right values of a record; None leaves a field as it is, "" and () empty it.

    Attributes:
        published: As ``Paper.published``.
        status: As ``Paper.status``.
    """

    title: str | None = None
    authors: tuple[str, ...] | None = None
    published: str | None = None
    venue: str | None = None
    status: Literal["retracted", "withdrawn", ""] | None = None


_FIELDS = tuple(field.name for field in fields(Paper))


def to_json(paper: Paper) -> str:
    """Returns a paper as JSON for storing."""
    # ``asdict`` of the whole copies every name and alias, which took a tenth of storing.
    record = {name: getattr(paper, name) for name in _FIELDS}
    return json.dumps(record | {"listings": [asdict(listing) for listing in paper.listings]})


def from_json(record: str) -> Paper:
    """Returns the paper from stored JSON."""
    found = json.loads(record)
    found["listings"] = tuple(Listing(**listing) for listing in found["listings"])
    for name in ("authors", "aliases", "corrected", "apart"):
        found[name] = tuple(found.get(name, ()))
    return Paper(**found)


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a paper's abstract; its text is ``abstract[start:end]``, in characters."""

    paper_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One retrieved paper.

    Attributes:
        passage: The passage that matched best.
        score: Higher is better, on the scale that ``scale`` names.
        rank: From 1.
    """

    paper: Paper
    passage: Passage
    score: float
    rank: int
    scale: Scale


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that could not be used, and its position."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        at = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{at}: {self.message}"


def year_bounds(since: int | None, until: int | None) -> tuple[int, int]:
    """Returns the first and the last year of a filter, as numbers that a store accepts.

    A bound beyond every year stays beyond them.
    """
    return min(max(since or 1, 1), LAST_YEAR + 1), min(max(until or LAST_YEAR, 0), LAST_YEAR)


# A record's title is compared with those of all that are like it.
@lru_cache(maxsize=20_000)
def normal_title(title: str) -> str:
    """Returns the title for comparing records: without case, punctuation and spacing."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip()


def arxiv_number(text: str) -> str | None:
    """Returns the arXiv number in ``text`` without its version, or None when it is no such id."""
    match = _ARXIV.fullmatch(text.strip())
    return match["number"].lower() if match else None


def identifier(kind: str, value: str) -> str | None:
    """Returns ``kind:value`` in normal form, or None if the value is not valid."""
    value = value.strip()
    if kind == "arxiv":
        number = arxiv_number(value)
        return f"arxiv:{number}" if number else None
    if kind == "doi":
        return _doi_identifier(value)
    if kind == "pmid":
        match = _PMID.fullmatch(value)
        return f"pmid:{match[1]}" if match else None
    if kind == "title":
        return f"title:{normal_title(value).replace(' ', '-')}" if normal_title(value) else None
    return f"{kind}:{value}" if value else None


def _doi_identifier(value: str) -> str | None:
    match = _DOI.fullmatch(value)
    if not match:
        return None
    plain = unquote(match["doi"])
    # What an address spells may be a line's end.
    doi = (plain if plain.isprintable() and " " not in plain else match["doi"]).casefold()
    doi = doi.rstrip(".,;")
    number = arxiv_number(doi.removeprefix(_ARXIV_DOI)) if doi.startswith(_ARXIV_DOI) else None
    return f"arxiv:{number}" if number else f"doi:{doi}"


def make_paper(title: str, abstract: str, ids: Iterable[str] = (), **rest: Any) -> Paper:
    """Returns a paper named by its strongest identifier, the title's when there is no other.

    If a field is too long the whole paper is refused: the text is something else, and cutting it
    would not give a correct record.

    Raises:
        ValueError: It has neither an identifier nor a title, or a field is too long.
    """
    known = {i for i in ids if i}
    for name in sorted(known):
        _bounded("identifier", name)
    _bounded("title", title)
    by_title = identifier("title", title)
    if by_title:
        known.add(by_title)
    if not known:
        raise ValueError("a paper needs an identifier or a title")
    ranked = by_strength(known)
    return check_lengths(Paper(ranked[0], title, abstract, aliases=ranked, **rest))


def check_lengths(paper: Paper) -> Paper:
    """Returns the paper itself.

    Raises:
        ValueError: A field is too long, or it has too many authors.
    """
    for field in fields(paper):
        if isinstance(value := getattr(paper, field.name), str) and field.name in LONGEST:
            _bounded(field.name, value)
    for author in paper.authors:
        _bounded("author", author)
    if len(paper.authors) > MOST_AUTHORS:
        raise ValueError(f'"authors": {len(paper.authors):,} names, the limit is {MOST_AUTHORS:,}')
    return paper


def _bounded(name: str, value: str) -> None:
    if len(value) > (most := LONGEST[name]):
        raise ValueError(
            f'"{name}": {len(value):,} characters, the limit is {most:,}; shorten or omit it'
        )


def by_strength(ids: Iterable[str]) -> tuple[str, ...]:
    """Returns identifiers by their kind, the strongest first."""
    return tuple(sorted(ids, key=lambda i: (ID_KINDS.index(i.partition(":")[0]), i)))
