"""Citation data: a paper's key, kind, names and date for a bibliography, from its record."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from footnote.index.models import Paper
from footnote.ui.rendering.cards import web_address
from footnote.ui.storage.annotations import Annotation

Kind = Literal["article", "conference", "preprint", "other"]

_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?", re.ASCII)
_JOURNAL = re.compile(r"\b(?:journal|transactions|letters|magazine)\b", re.IGNORECASE)
_CONFERENCE = re.compile(
    r"\b(?:proceedings|conference|symposium|workshop|meeting|congress|advances in neural|"
    r"findings of|aaai|acl|aistats|bmvc|chi|cikm|coling|colt|conll|corl|cvpr|eacl|eccv|ecir|emnlp|"
    r"icassp|iccv|iclr|icml|icra|ijcai|interspeech|iros|isca|kdd|lrec|miccai|naacl|neurips|nips|"
    r"nsdi|osdi|recsys|rss|sigir|sigmod|siggraph|sosp|uai|wacv|wsdm|www)\b",
    re.IGNORECASE,
)
_PREPRINTS = re.compile(r"(?:arxiv|biorxiv|medrxiv|corr)\b", re.IGNORECASE)
_SUFFIXES = frozenset("jr jr. sr sr. ii iii iv".split())
# A name with one of these words, or with a sign that names do not have, is no person's: it is
# never turned round or shortened.
_BODIES = frozenset(
    "& ai and collaboration committee consortium for group inc inc. initiative institute lab "
    "laboratory labs llc ltd ltd. network of project research society team the university".split()
)
_NO_NAME = re.compile(r"[^\w\s.,'’ʼ‐-]|[\d_]")
# Chinese, Japanese and Korean names put the family first, with or without a space.
_EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
_SMALL_WORDS = frozenset("a an and are as at by do does for from how in is of on or the to".split())
# Letters that decomposing does not take the accent from.
_WHOLE = {ord("ø"): "o", ord("ł"): "l", ord("đ"): "d", ord("æ"): "ae"}
# Hexadecimal digits added to two equal keys; more if these are equal too.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its parts; a body, or a person with one name, has a ``family`` alone.

    Attributes:
        particle: What stands before the family and is not sorted by: "van der".
        suffix: "Jr.", "III".
    """

    family: str
    given: str = ""
    particle: str = ""
    suffix: str = ""

    @property
    def surname(self) -> str:
        """The family with its particle."""
        return f"{self.particle} {self.family}".strip()


@dataclass(frozen=True, slots=True)
class CitationData:
    """A paper as every form of a bibliography names it; text is on one line, without controls.

    Attributes:
        key: ASCII letters and digits; no two of one bibliography are the same.
        unnamed: Authors that the sources counted and did not name.
        date: Year, month and day, as far as they are known.
        arxiv: Its number, such as ``2403.01234``.
        tags: A reader's own.
        comment: A reader's own note.
        abstract: "" where it does not go along.
    """

    key: str
    kind: Kind
    title: str
    names: tuple[Name, ...] = ()
    unnamed: int = 0
    date: tuple[int, ...] = ()
    venue: str = ""
    url: str = ""
    doi: str = ""
    arxiv: str = ""
    pmid: str = ""
    tags: tuple[str, ...] = ()
    comment: str = ""
    abstract: str = ""

    @property
    def remark(self) -> str:
        """How many authors there are, where not all are named; empty otherwise."""
        count = len(self.names)
        return f"{count} of {count + self.unnamed} authors are named here" if self.unnamed else ""


def entries(
    papers: Iterable[Paper],
    own: Mapping[str, Annotation] | None = None,
    *,
    abstracts: bool = False,
) -> list[CitationData]:
    """Returns one entry for each paper, in their order; a paper given twice has one.

    A key is the same in every bibliography, unless two papers of one would share it: then
    both carry a piece of their identifier's hash.

    Args:
        papers: In any order.
        own: What a reader wrote to papers, by their identifiers.
        abstracts: Whether they go along.
    """
    distinct = list({paper.id: paper for paper in papers}.values())
    written = own or {}
    made = [_entry(paper, written.get(paper.id, Annotation())) for paper in distinct]
    keys = _told_apart([entry.key for entry in made], [paper.id for paper in distinct])
    named = [replace(entry, key=key) for entry, key in zip(made, keys, strict=True)]
    if not abstracts:
        return named
    return [
        replace(entry, abstract=one_line(paper.abstract))
        for entry, paper in zip(named, distinct, strict=True)
    ]


def one_line(text: str) -> str:
    """Returns foreign text on one line, without controls and what no encoding can write."""
    known = (" " if a.isspace() else a for a in text)
    # Cc: controls; Cs: halves of a character; Co: private ones, which
    # ``footnote.ui.export.styles`` uses.
    kept = (a for a in known if unicodedata.category(a) not in ("Cc", "Cs", "Co"))
    return " ".join("".join(kept).split())


def split_name(author: str) -> Name:
    """Returns a name in its parts, read from "Given Family" or "Family, Given"."""
    name = one_line(author)
    last, comma, first = (part.strip() for part in name.partition(","))
    words = name.split()
    body = not _BODIES.isdisjoint(name.casefold().replace(",", " ").split())
    listed = "," in first or (comma and not (last and first))
    if body or listed or _NO_NAME.search(name) or _EASTERN.search(name):
        return Name(name)
    if comma and first.casefold() not in _SUFFIXES:
        return _strip_prefix(last.split(), first)
    if comma:
        words = [*last.split(), first]
    suffix = words.pop() if len(words) > 2 and words[-1].casefold() in _SUFFIXES else ""
    at = len(words) - 1
    # The particles belong to the surname: van den Oord.
    while at > 1 and words[at - 1].islower():
        at -= 1
    return replace(_strip_prefix(words[at:], " ".join(words[: max(at, 0)])), suffix=suffix)


def _strip_prefix(surname: Sequence[str], given: str) -> Name:
    """Returns a name of which the surname's words are known."""
    at = 0
    while given and at < len(surname) - 1 and surname[at].islower():
        at += 1
    return Name(" ".join(surname[at:]), given, " ".join(surname[:at]))


def _entry(paper: Paper, own: Annotation) -> CitationData:
    venue = one_line(paper.venue or "")
    known = dict(i.split(":", 1) for i in reversed((paper.id, *paper.aliases)) if ":" in i)
    names = tuple(name for author in paper.authors if (name := split_name(author)).family)
    entry = CitationData(
        key="",
        kind=_kind(venue, "arxiv" in known),
        title=one_line(paper.flagged_title),
        names=names,
        unnamed=max((paper.author_count or 0) - len(names), 0) if names else 0,
        date=_date(paper.published or ""),
        venue=venue,
        url=one_line(web_address(paper) or ""),
        doi=one_line(known.get("doi", "")),
        arxiv=one_line(known.get("arxiv", "")),
        pmid=one_line(known.get("pmid", "")),
        tags=tuple(map(one_line, own.tags)),
        comment=one_line(own.note),
    )
    return replace(entry, key=_key(entry))


def _kind(venue: str, arxiv: bool) -> Kind:
    if _PREPRINTS.match(venue) or (arxiv and not venue):
        return "preprint"
    if not venue:
        return "other"
    if _CONFERENCE.search(venue) and not _JOURNAL.search(venue):
        return "conference"
    return "article"


def _date(published: str) -> tuple[int, ...]:
    match = _DATE.match(published)
    if not match or match["year"] == "0000":
        return ()
    date = [int(match["year"])]
    for part, most in (("month", 12), ("day", 31)):
        if not match[part] or not 1 <= int(match[part]) <= most:
            break
        date.append(int(match[part]))
    return tuple(date)


def _key(entry: CitationData) -> str:
    """Returns "lindqvist2024growth": first surname, year, first telling word of the title."""
    surname = _ascii(entry.names[0].family if entry.names else "")
    words = [word for w in re.split(r"[\W_]+", entry.title) if (word := _ascii(w))]
    telling = next((word for word in words if word not in _SMALL_WORDS), "")
    return f"{surname}{entry.date[0] if entry.date else ''}{telling}" or "paper"


def _ascii(text: str) -> str:
    """Returns the letters and digits of a text that ASCII has, in lower case, without accents."""
    known = text.casefold().translate(_WHOLE)
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", known).casefold())


def _told_apart(keys: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Returns the keys, those that occur twice with as much of the id's hash as it takes."""
    told, digits = list(keys), _DIGITS
    while len(set(told)) < len(told):
        count = Counter(told)
        told = [
            f"{key}x{_hash(paper_id)[:digits]}" if count[now] > 1 else now
            for now, key, paper_id in zip(told, keys, ids, strict=True)
        ]
        digits += _DIGITS
    return told


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
