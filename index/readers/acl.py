"""The ACL Anthology's XML (github.com/acl-org/acl-anthology): volumes of papers."""

import re
from collections.abc import Iterator
from functools import partial

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text
from footnote.index.readers.record import parse_date, read_each
from footnote.index.readers.xml_record import LONGEST, Element, Record, text_of

SOURCE = "ACL Anthology"
_ADDRESS = "https://aclanthology.org/"
_HEAD = re.compile(
    r"<collection(?:\s[^<>]{0,200})?>\s{0,99}<volume[\s>]"
    r"|<volume(?:\s[^<>]{0,200})?>\s{0,99}<(?:meta|paper)[\s>]"
)
# What a volume says of its papers stands before the first of them.
_START = re.compile(r"<(?:paper|volume)[\s>]")
_END = re.compile(r"</paper\s*>")
_META, _META_END = re.compile(r"<meta[\s>]"), re.compile(r"</meta\s*>")
_IN_ANTHOLOGY = re.compile(
    r"(?:https?://(?:www\.)?(?:aclanthology\.org|aclweb\.org/anthology)/)?"
    r"([A-Z]\d\d-\d{4,5}|\d{4}\.[a-z0-9_]{1,40}-[a-z0-9_]{1,40}\.\d{1,6})(?:\.pdf|/)?",
)


def recognises(head: str) -> bool:
    """Returns whether a text begins as a collection of the anthology does."""
    return head.lstrip().startswith("<") and bool(_HEAD.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each paper, in order."""
    volume: dict[str, str] = {}
    return read_each(text, name, _START, partial(_fields, volume=volume), longest=LONGEST)


def _fields(text: str, volume: dict[str, str]) -> dict[str, object] | None:
    """Returns the fields of a paper; None for a volume, whose own are kept for its papers."""
    if text.startswith("<volume"):
        volume.clear()
        if meta := _META.search(text):
            told = Record(text[meta.start() :], _META_END)
            volume.update({key: told.first(key) for key in ("booktitle", "year", "month")})
            volume["journal"] = told.first("journal-title")
        return None
    paper = Record(text, _END)
    url = paper.first("url")
    named = _IN_ANTHOLOGY.fullmatch(url)
    own = {key: paper.first(key) or volume.get(key, "") for key in ("booktitle", "year", "month")}
    return {
        "id": f"acl:{named[1]}" if named else None,
        "title": paper.first("title"),
        "abstract": paper.first("abstract") or None,
        "doi": paper.first("doi") or None,
        "authors": [name for one in paper.elements("author") if (name := _spoken(one))],
        "published": parse_date(own["year"], own["month"]),
        "venue": volume.get("journal") or own["booktitle"] or None,
        "url": f"{_ADDRESS}{named[1]}/" if named else url or None,
        "source": SOURCE,
    }


def _spoken(author: Element) -> str:
    """Returns a name, first names first; a few stand without parts."""
    names = [text_of(author.find(part)) for part in ("first", "last")]
    return " ".join(name for name in names if name) or " ".join((author.text or "").split())
