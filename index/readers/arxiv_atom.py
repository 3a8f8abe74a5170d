"""Atom: what arXiv's API answers (info.arxiv.org/help/api/user-manual.html), an entry a paper."""

import re
from collections.abc import Iterator

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text
from footnote.index.readers.record import arxiv_in, read_each
from footnote.index.readers.xml_record import Record

SOURCE = "arXiv"
_START = re.compile(r"<(?:[\w.-]{1,40}:)?entry[\s>]")
_END = re.compile(r"</(?:[\w.-]{1,40}:)?entry\s*>")
_FEED = re.compile(r"<(?:[\w.-]{1,40}:)?feed[\s>]")


def recognises(head: str) -> bool:
    """Returns whether a text begins as a feed of Atom does."""
    return head.lstrip().startswith("<") and bool(_FEED.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each entry."""
    return read_each(text, name, _START, _fields)


def _fields(text: str) -> dict[str, object]:
    entry = Record(text, _END)
    address = entry.first("id")
    if "/api/errors" in address:
        raise ValueError(f"arXiv answered: {entry.first('summary')[:150]}")
    summary = entry.first("summary")
    if not summary:
        raise ValueError("this entry has no summary; only feeds of papers are read")
    return {
        "title": entry.first("title"),
        "abstract": summary,
        "arxiv_id": arxiv_in(address),
        "doi": entry.first("doi") or None,
        "authors": entry.all("author/name"),
        "published": entry.first("published", "updated")[:10] or None,
        "venue": entry.first("journal_ref") or None,
        "source": SOURCE,
    }
