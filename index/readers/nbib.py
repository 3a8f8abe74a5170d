"""MEDLINE's tagged format, as PubMed saves it (.nbib): a record begins with its PMID.

Source: pubmed.ncbi.nlm.nih.gov/help/#pubmed-format, www.nlm.nih.gov/bsd/mms/medlineelements.html.
"""

import re
from collections.abc import Iterator, Sequence

from footnote.index.models import Paper, Problem
from footnote.index.readers.decompression import Text
from footnote.index.readers.record import arxiv_in, read_each
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
    spoken_initials,
    values,
)

SOURCE = "PubMed"

_START = re.compile(r"^PMID-", re.MULTILINE)
# A tag is filled up to four characters: "HIV-positive" is text. What goes on stands further in.
_LINE = re.compile(r"(?=.{4}-)([A-Z][A-Z0-9]{1,3}) {0,2}-(?: |$)([^\n]*)")
_OTHER_TAG = re.compile(r"^(?:OWN|STAT|TI {2}|AB {2}|FAU|AU {2}|DP {2}|JT {2}|TA {2}) {0,1}-", re.M)
_RIS = re.compile(r"^[ \t]{0,40}TY  -", re.MULTILINE)
# Titles that were not translated.
_NO_TITLE = re.compile(r"\[?not available\.?\]?\.?", re.IGNORECASE)


def recognises(head: str) -> bool:
    """Returns whether a record begins within the first characters of a text."""
    if is_json_or_xml(head) or _RIS.search(head):
        return False
    return bool(_START.search(head) and _OTHER_TAG.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each record, in order."""
    return read_each(text, name, _START, _fields, longest=LONGEST)


def _tag_of(line: str) -> tuple[str, str] | None:
    match = _LINE.match(line)
    return (match[1], match[2]) if match else None


def _fields(record: str) -> dict[str, object]:
    pairs = list(read_tags(record, _tag_of))
    tags = by_tag(pairs)
    pmid = first(tags, "PMID") or ""
    return {
        "title": _title(tags),
        "abstract": abstract(tags, "AB") or abstract(tags, "OAB"),
        "pmid": pmid or None,
        "doi": _doi(tags),
        "arxiv_id": arxiv_in(*values(tags, "LID", "AID", "SO")),
        "authors": _authors(pairs),
        "published": published(values(tags, "DP")) or published(values(tags, "DEP")),
        "venue": first(tags, "JT", "TA", "BTI", "CTI"),
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdecimal() else None,
        "source": SOURCE,
        "remarks": [*values(tags, "PT"), *("Retracted Publication" for _ in values(tags, "RIN"))],
    }


def _title(tags: Tags) -> str | None:
    """Returns the title; that of a book, or in its own language, where there is no other."""
    titles = [title for tag in ("TI", "TT", "BTI", "CTI") if (title := first(tags, tag))]
    return next((title for title in titles if not _NO_TITLE.fullmatch(title)), None)


def _doi(tags: Tags) -> str | None:
    named = [one for one in values(tags, "LID", "AID") if "[doi]" in one.casefold()]
    return doi_in((one.partition("[")[0] for one in named), values(tags, "SO"))


def _authors(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Returns people and groups in their order; AU repeats a name that FAU has in full."""
    names: list[str] = []
    before = ""
    for tag, value in pairs:
        if tag in ("FAU", "CN"):
            names += authors([value])
        elif tag == "AU" and before != "FAU":
            names.append(spoken_initials(" ".join(value.split())))
        before = tag if tag in ("FAU", "AU") else before
    return [name for name in names if name]
