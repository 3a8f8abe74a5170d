"""Refer, EndNote's tagged format (.enw): lines of "%" and one sign; "%0" begins a record.

Source: man.openbsd.org/OpenBSD-4.9/refer.1, en.wikipedia.org/wiki/EndNote#Tags_and_fields.
"""

import re
from collections.abc import Iterator
from itertools import chain

from footnote.index.models import Paper, Problem, arxiv_number
from footnote.index.readers.decompression import Text, in_pieces
from footnote.index.readers.record import arxiv_in, pmid_in, read_each
from footnote.index.readers.tagged import (
    LONGEST,
    Tags,
    abstract,
    authors,
    by_tag,
    doi_in,
    first,
    is_json_or_xml,
    published,
    read_tags,
    values,
)

_START = re.compile(r"^%0(?=[ \t\n])", re.MULTILINE)
# Older files have no types: a record is a paragraph.
_PARAGRAPH = re.compile(r"(?:(?<=\n\n)|\A)(?=%[A-Z][ \t])")
_LINE = re.compile(r"%([0-9A-Za-z@!?+^~$#&\[\](){}<>:;.|*=-])(?:[ \t]+([^\n]*))?$")
_TAG = re.compile(r"^%([0A-Z])[ \t]+\S", re.MULTILINE)


def recognises(head: str) -> bool:
    """Returns whether the first characters of a text hold lines of a record."""
    if is_json_or_xml(head):
        return False
    tags = set(_TAG.findall(head))
    return "T" in tags and ("0" in tags or len(tags & set("AXDJBR")) >= 2)


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each record, in order."""
    pieces = iter(in_pieces(text))
    head = ""
    for piece in pieces:
        head += piece
        if len(head) >= 4096:
            break
    start = _START if re.search(r"(?:^|[\r\n])%0", head) else _PARAGRAPH
    return read_each(chain([head], pieces), name, start, _fields, longest=LONGEST)


def _tag_of(line: str) -> tuple[str, str] | None:
    match = _LINE.match(line)
    return (match[1], match[2] or "") if match else None


def _fields(record: str) -> dict[str, object]:
    tags = by_tag(read_tags(record, _tag_of))
    urls = [url for line in values(tags, "U", ">") for url in line.split()]
    journal = first(tags, "J", "B", "S")
    return {
        "title": first(tags, "T", "Q", "!"),
        "abstract": abstract(tags, "X"),
        "doi": doi_in(values(tags, "R"), [*urls, *values(tags, "M", "3", "1")]),
        "arxiv_id": arxiv_in(*urls, *values(tags, "R", "M", "J", "B", "Z")) or _bare_arxiv(tags),
        "pmid": _pmid(tags) or pmid_in(*urls),
        "authors": authors(values(tags, "A")),
        "published": _published(tags),
        "venue": journal,
        "url": next((url for url in urls if url.startswith(("http://", "https://"))), None),
        "remarks": values(tags, "Z", "O", "K"),
    }


def _published(tags: Tags) -> str | None:
    """Returns the year, with the day of %8, which may name the year again or not."""
    year, day = first(tags, "D") or "", first(tags, "8") or ""
    return published([year, day, f"{year} {day}"])


def _said(tags: Tags) -> str:
    """Returns which database a record says that it is from."""
    return " ".join(values(tags, "~", "W", "I", "J")).casefold()


def _pmid(tags: Tags) -> str | None:
    number = first(tags, "M") or ""
    of_pubmed = re.search(r"pubmed|medline|\bnlm\b", _said(tags))
    return number if of_pubmed and re.fullmatch(r"\d{1,9}", number, re.ASCII) else None


def _bare_arxiv(tags: Tags) -> str | None:
    numbers = values(tags, "M", "R") if "arxiv" in _said(tags) else []
    return next((found for number in numbers if (found := arxiv_number(number))), None)
