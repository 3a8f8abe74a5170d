"""MODS, the Library of Congress's XML (www.loc.gov/standards/mods): one element a paper."""

import re
from collections.abc import Iterator

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text
from footnote.index.readers.record import arxiv_in, parse_date, pmid_in, read_each
from footnote.index.readers.xml_record import LONGEST, PREFIX, Element, Record, text_of, turned

_HEAD = re.compile(rf"<{PREFIX}mods(?:Collection)?[\s>]")
_START = re.compile(rf"<{PREFIX}mods[\s>]")
_END = re.compile(rf"</{PREFIX}mods\s*>")
# Roles of those who wrote it, by the code or the word; a name without a role is one of them.
_WRITERS = frozenset({"aut", "author", "cre", "creator", "dis", "dissertant", "joint author"})
_HOST = "relatedItem[@type='host']"
_DATES = ("dateIssued", "dateCreated", "copyrightDate", "dateOther")


def recognises(head: str) -> bool:
    """Returns whether an element of MODS, or a collection of them, begins in the first part."""
    return head.lstrip().startswith("<") and bool(_HEAD.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each element, in order."""
    return read_each(text, name, _START, _fields, longest=LONGEST)


def _fields(text: str) -> dict[str, object]:
    record = Record(text, _END)
    names = {kind: _identifiers(record, kind) for kind in ("doi", "pmid", "pubmed", "arxiv", "uri")}
    urls = [*record.all("location/url"), *names["uri"]]
    dois = [*names["doi"], *(url for url in urls if "doi.org/" in url)]
    numbers = (f"arXiv:{re.sub('(?i)^arxiv:', '', one)}" for one in names["arxiv"])
    return {
        "title": _title(record, ""),
        "abstract": _abstract(record),
        "doi": next(iter(dois), None),
        "arxiv_id": arxiv_in(*numbers, *urls, *dois),
        "pmid": next(iter(names["pmid"] + names["pubmed"]), None) or pmid_in(*urls),
        "authors": [
            name for one in record.elements("name") if _wrote(one) and (name := _name(one))
        ],
        "published": _published(record),
        "venue": _title(record, f"{_HOST}/") or None,
        "url": next((url for url in urls if url.startswith(("https://", "http://"))), None),
    }


def _identifiers(record: Record, kind: str) -> list[str]:
    """Returns the identifiers of a kind; those that were cancelled are none."""
    return [
        text
        for one in record.elements("identifier")
        if (one.get("type") or "").casefold() == kind and one.get("invalid") != "yes"
        if (text := text_of(one))
    ]


def _title(record: Record, within: str) -> str:
    """Returns the title in full: article, title and subtitle; not a translated or short one."""
    for info in record.elements(f"{within}titleInfo"):
        title = text_of(info.find("title"))
        if info.get("type") or not title:
            continue
        article, rest = text_of(info.find("nonSort")), text_of(info.find("subTitle"))
        if article:
            title = article + title if article[-1] in "'’-" else f"{article} {title}"
        joint = " " if title[-1] in ":?!." else ": "
        return f"{title}{joint}{rest}" if rest else title
    return ""


def _abstract(record: Record) -> str | None:
    """Returns the abstract; of several the English one."""
    found = sorted(record.elements("abstract"), key=lambda one: not _is_english(one))
    return next((text for one in found if (text := text_of(one))), None)


def _is_english(element: Element) -> bool:
    languages = (value for key, value in element.items() if key.endswith("lang"))
    return next(languages, "").casefold().startswith("en")


def _wrote(name: Element) -> bool:
    roles = {text_of(role).casefold().strip(".") for role in name.iterfind("role/roleTerm")}
    return not roles - {""} or bool(roles & _WRITERS)


def _name(name: Element) -> str:
    """Returns a name as it is spoken: first names, family name, suffix; a group as it is."""
    parts: dict[str, list[str]] = {}
    for part in name.iterfind("namePart"):
        if text := text_of(part):
            parts.setdefault(part.get("type") or "", []).append(text)
    if "family" in parts or "given" in parts:
        named = (*parts.get("given", ()), *parts.get("family", ()))
        return " ".join((*named, *parts.get("termsOfAddress", ())))
    whole = " ".join(parts.get("", ())) or text_of(name.find("displayForm"))
    return whole if name.get("type") in ("corporate", "conference") else turned(whole)


def _published(record: Record) -> str | None:
    """Returns the date of the paper, else that of the volume in which it stands."""
    places = ("originInfo/", f"{_HOST}/originInfo/", f"{_HOST}/part/", "part/")
    for place in places:
        for kind in ("date",) if place.endswith("part/") else _DATES:
            for found in record.elements(f"{place}{kind}"):
                if found.get("point") != "end" and (date := _date(text_of(found))):
                    return date
    return None


def _date(text: str) -> str | None:
    """Returns "2019-06-05", "20190605", "June 2019" or "[c2019]" as a date as far as it goes."""
    if found := re.fullmatch(r"(\d{4})-?(\d\d)(?:-?(\d\d))?(?:T.{0,40})?", text):
        return parse_date(found[1], found[2], found[3] or "")
    if found := re.search(r"(?<!\d)[12]\d{3}(?!\d)", text):
        day = re.search(r"(?<!\d)\d{1,2}(?!\d)", text)
        return parse_date(found[0], text, day[0] if day else "")
    return None
