"""Atom: what arXiv's API answers (info.arxiv.org/help/api/user-manual.html), an entry a paper."""

import re
from collections.abc import Iterator
from functools import partial

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text
from footnote.index.readers.markup import plain_text
from footnote.index.readers.plain_latex import plain
from footnote.index.readers.record import arxiv_in, read_each
from footnote.index.readers.xml_record import LONGEST, PREFIX, Record

SOURCE = "arXiv"
# What a feed says of itself stands before its first entry.
_START = re.compile(rf"<{PREFIX}(?:entry|feed)[\s>]")
_END = re.compile(rf"</{PREFIX}entry\s*>")
_FEED = re.compile(rf"<{PREFIX}feed[\s>]")
_TITLE = re.compile(rf"<{PREFIX}title(?:\s[^<>]{{0,200}})?>([^<]{{1,200}})</")
# arXiv's daily feed puts a line before the abstract.
_ANNOUNCED = re.compile(r"arXiv:\S{1,40} Announce Type: \S{1,40} (?:Abstract: )?")
# A tilde that begins a word means "about"; any other is a space of LaTeX.
_ABOUT = re.compile(r"(?<![^\s(])~(?=[\s\d$])")


def recognises(head: str) -> bool:
    """Returns whether a text begins as a feed of Atom does."""
    return head.lstrip().startswith("<") and bool(_FEED.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each entry, in order."""
    feed: list[str] = []
    return read_each(text, name, _START, partial(_fields, feed=feed), longest=LONGEST)


def _fields(text: str, feed: list[str]) -> dict[str, object] | None:
    """Returns the fields of an entry; None for a feed, whose title is kept for its entries."""
    if _FEED.match(text):
        title = _TITLE.search(text)
        feed[:] = [plain_text(title[1])[:80]] if title else []
        return None
    entry = Record(text, _END)
    address, summary = entry.first("id"), entry.first("summary")
    if "/api/errors" in address:
        raise ValueError(f"arXiv answered: {summary[:150] or 'an error'}")
    if not summary:
        raise ValueError(_refusal(feed, "the entry has no summary"))
    links = (link.get("href") or "" for link in entry.elements("link"))
    number = arxiv_in(address, *links)
    if not number:
        raise ValueError(_refusal(feed, "the entry is none of arXiv"))
    return {
        "title": _plain(entry.first("title")),
        "abstract": _plain(_ANNOUNCED.sub("", summary, count=1)),
        "arxiv_id": number,
        "doi": entry.first("doi", "DOI") or None,
        "authors": [plain(name) for name in entry.all("author/name")]
        or [plain(name) for names in entry.all("creator") for name in names.split(", ")],
        "published": entry.first("published", "updated")[:10] or None,
        "venue": _plain(entry.first("journal_ref", "journal_reference")) or None,
        "source": SOURCE,
        "remarks": entry.all("comment"),
    }


def _refusal(feed: list[str], why: str) -> str:
    return f"this is a feed of {feed[0]!r}, not of papers: {why}" if feed and feed[0] else why


def _plain(text: str) -> str:
    """Returns a text without LaTeX's commands; one without any stays as it is."""
    if not re.search(r"[\\$]|``|[^\s(]~|\{", text):
        return text
    return plain(_ABOUT.sub(r"\\textasciitilde{}", text))
