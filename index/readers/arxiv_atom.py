"""Atom: what arXiv's API answers (info.arxiv.org/help/api/user-manual.html), an entry a paper."""

import re
from collections.abc import Iterator

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text
from footnote.index.readers.plain_latex import plain
from footnote.index.readers.record import arxiv_in, read_each
from footnote.index.readers.xml_record import LONGEST, PREFIX, Record

SOURCE = "arXiv"
_START = re.compile(rf"<{PREFIX}entry[\s>]")
_END = re.compile(rf"</{PREFIX}entry\s*>")
_FEED = re.compile(rf"<{PREFIX}feed[\s>]")
# arXiv's daily feed puts a line before the abstract.
_ANNOUNCED = re.compile(r"arXiv:\S{1,40} Announce Type: \S{1,40} (?:Abstract: )?")
# A tilde that begins a word means "about"; any other is a space of LaTeX.
_ABOUT = re.compile(r"(?<![^\s(])~(?=[\s\d$])")


def recognises(head: str) -> bool:
    """Returns whether a text begins as a feed of Atom does."""
    return head.lstrip().startswith("<") and bool(_FEED.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each entry, in order."""
    return read_each(text, name, _START, _fields, longest=LONGEST)


def _fields(text: str) -> dict[str, object]:
    entry = Record(text, _END)
    address, summary = entry.first("id"), entry.first("summary")
    if "/api/errors" in address:
        raise ValueError(f"arXiv answered: {summary[:150] or 'an error'}")
    if not summary:
        raise ValueError("this entry has no summary; only feeds of papers are read")
    links = (link.get("href") or "" for link in entry.elements("link"))
    number = arxiv_in(address, *links)
    if not number:
        raise ValueError("this entry is no paper of arXiv; only feeds of arXiv are read")
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
    }


def _plain(text: str) -> str:
    """Returns a text without LaTeX's commands; one without any stays as it is."""
    if not re.search(r"[\\$]|``|[^\s(]~|\{", text):
        return text
    return plain(_ABOUT.sub(r"\\textasciitilde{}", text))
