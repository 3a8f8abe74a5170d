"""RIS: records of tagged lines, from TY to ER, as reference managers and publishers write them."""

import re
from collections.abc import Iterator

from rispy import RisParser

from footnote.index.models import Paper, Problem
from footnote.index.readers.decompression import Text
from footnote.index.readers.record import arxiv_in, parse_date, pmid_in, read_each

_START = re.compile(r"^TY  - ?", re.MULTILINE)
_END = re.compile(r"^ER  -", re.MULTILINE)
# rispy puts a wrapped value together in the square of its lines.
_WRAPPED = re.compile(r"\n(?![A-Z][A-Z0-9]  -)")
# What a tag is called by rispy, the tag that most writers use first.
_TITLES = ("title", "primary_title")
_ABSTRACTS = ("abstract", "notes_abstract")
_DATES = ("date", "year", "publication_year")
_VENUES = (
    "journal_name",
    "alternate_title3",
    "secondary_title",
    "alternate_title2",
    "alternate_title1",
)


def recognises(head: str) -> bool:
    """Returns whether a record begins within the first characters of a text."""
    return bool(_START.search(head)) and not head.lstrip().startswith(("{", "<"))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each record, in order."""
    return read_each(text, name, _START, _fields)


def _fields(record: str) -> dict[str, object]:
    if not _END.search(record):
        raise ValueError('record has no end tag "ER"; the file seems to be cut off here')
    found = RisParser().parse_lines(iter(_WRAPPED.sub(" ", record).split("\n")))[0]
    one = {key: value for key, value in found.items() if isinstance(value, str) and value}
    urls = [url for url in found.get("urls", ()) if url]
    notes = [*urls, one.get("doi", ""), one.get("accession_number", ""), *found.get("notes", ())]
    in_pubmed = "pubmed" in one.get("name_of_database", "").casefold()
    number = one.get("accession_number", "")
    return {
        "title": _first(one, _TITLES),
        "abstract": _one_line(_first(one, _ABSTRACTS)),
        "doi": one.get("doi"),
        "arxiv_id": arxiv_in(*notes),
        "pmid": number if in_pubmed and number.isdecimal() else pmid_in(*urls),
        "authors": [
            name
            for key in ("authors", "first_authors")
            for written in found.get(key, ())
            if (name := _spoken(written))
        ],
        "published": _published(one),
        "venue": _first(one, _VENUES),
        "url": next(iter(urls), None),
    }


def _first(found: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((found[name] for name in names if name in found), None)


def _one_line(text: str | None) -> str | None:
    return " ".join(text.split()) if text else text


def _spoken(name: str) -> str:
    """Returns "Last, First, Jr." as "First Last Jr."."""
    last, first, *suffix = [*(part.strip() for part in name.split(",")), ""]
    return " ".join(part for part in (first, last, *suffix) if part)


def _published(found: dict[str, str]) -> str | None:
    """Returns the most exact of a record's dates, which are written YYYY/MM/DD/other."""
    dates = []
    for name in _DATES:
        year, month, day, *_ = [*re.split(r"[/-]", found.get(name, "")), "", "", ""]
        dates.append(parse_date(year, month, day) or "")
    return max(dates, key=len) or None
