"""JATS, the XML of journals and PubMed Central (jats.nlm.nih.gov): one article a paper."""

import re
from collections.abc import Iterator

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text
from footnote.index.readers.record import arxiv_in, parse_date, read_each
from footnote.index.readers.xml_record import LONGEST, PREFIX, Element, Record, text_of

_HEAD = re.compile(
    rf"<{PREFIX}front(?:\s[^<>]{{0,200}})?>\s{{0,99}}<{PREFIX}(?:journal|article)-meta[\s>]"
)
# All that is read of an article stands in its front; its text and its references are let go.
_START = re.compile(rf"<{PREFIX}front[\s>]")
_END = re.compile(rf"</{PREFIX}front\s*>")
_META = "article-meta"
# Kinds of date, the one of publication first; dates of submission are none.
_DATES = ("pub", "epub", "epub-ppub", "ppub", "collection", "preprint")


def recognises(head: str) -> bool:
    """Returns whether the front of an article begins in the first part of a text."""
    return head.lstrip().startswith("<") and bool(_HEAD.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each article, in order."""
    return read_each(text, name, _START, _fields, longest=LONGEST)


def _fields(text: str) -> dict[str, object]:
    front = Record(text, _END)
    ids = {kind: _identifier(front, kind) for kind in ("doi", "pmid", "arxiv")}
    number = f"arXiv:{re.sub('(?i)^arxiv:', '', ids['arxiv'])}" if ids["arxiv"] else ""
    title = front.first(f"{_META}/title-group/article-title")
    subtitle = front.first(f"{_META}/title-group/subtitle")
    return {
        "title": f"{title}: {subtitle}" if title and subtitle else title,
        "abstract": _abstract(front),
        "doi": ids["doi"] or None,
        "pmid": ids["pmid"] or None,
        "arxiv_id": arxiv_in(number, ids["doi"]),
        "authors": [name for one in _authors(front) if (name := _spoken(one))],
        "published": _published(front),
        "venue": front.first("journal-meta/journal-title-group/journal-title",
                             "journal-meta/journal-title") or None,
    }  # fmt: skip


def _identifier(front: Record, kind: str) -> str:
    return front.first(f"{_META}/article-id[@pub-id-type='{kind}']")


def _abstract(front: Record) -> str | None:
    """Returns the abstract, else one in another language; not a summary for lay readers."""
    for path in ("abstract", "trans-abstract"):
        for found in front.elements(f"{_META}/{path}"):
            if not found.get("abstract-type") and (text := _part(found)):
                return text
    kinds = front.elements(f"{_META}/abstract[@abstract-type='section']")
    return next((text for found in kinds if (text := _part(found))), None)


def _part(element: Element) -> str:
    """Returns the text of an abstract or of one part of it, after its heading."""
    heading = text_of(element.find("title")).rstrip(":. ")
    pieces = [
        _part(inner) if inner.tag == "sec" else text_of(inner)
        for inner in element
        if isinstance(inner.tag, str) and inner.tag not in ("title", "label", "object-id")
    ]
    text = " ".join(piece for piece in pieces if piece)
    return f"{heading}: {text}" if text and element.tag == "sec" and heading else text


def _authors(front: Record) -> Iterator[Element]:
    """Yields the authors; editors and reviewers stand in groups of the same name."""
    for group in front.elements(f"{_META}/contrib-group"):
        kind = group.get("content-type") or "author"
        for one in group.iterfind("contrib"):
            if (one.get("contrib-type") or kind).rstrip("s") == "author":
                yield one


def _spoken(author: Element) -> str:
    """Returns the name of a person, first names first, or of a group, without its members."""
    for place in ("name", "name-alternatives/name", "string-name"):
        if (name := author.find(place)) is not None:
            parts = [text_of(name.find(part)) for part in ("given-names", "surname", "suffix")]
            return " ".join(part for part in parts if part) or text_of(name)
    group = author.find("collab")
    if group is None:
        return ""
    named = group.find("institution")
    return text_of(named) if named is not None else " ".join((group.text or "").split())


def _published(front: Record) -> str | None:
    """Returns the date of publication, by the kinds of ``_DATES``, else any that is dated."""
    found = list(front.elements(f"{_META}/pub-date"))
    kinds = {kind: place for place, kind in enumerate(_DATES)}
    found.sort(key=lambda one: kinds.get(_kind(one), len(kinds)))
    dates = (
        parse_date(*(text_of(one.find(part)) for part in ("year", "month", "day"))) for one in found
    )
    return next((date for date in dates if date), None)


def _kind(date: Element) -> str:
    return date.get("pub-type") or date.get("date-type") or ""
