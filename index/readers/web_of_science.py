"""Web of Science's plain text (savedrecs.txt, .ciw): records of two-letter tags, from PT to ER.

Source: images.webofknowledge.com/images/help/WOS/hs_wos_fieldtags.html.
"""

import re
from collections.abc import Iterator

from footnote.index.models import Paper, Problem
from footnote.index.readers.decompression import Text
from footnote.index.readers.record import arxiv_in, read_records
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
    split_ended,
    values,
)

_BEGIN = re.compile(r"^PT [A-Z]\b", re.MULTILINE)
_END = re.compile(r"^ER[ \t]{0,9}$", re.MULTILINE)
_HEAD = re.compile(r"^FN [^\n]{1,200}\n{1,3}VR \d", re.MULTILINE)
_OTHER_TAG = re.compile(r"^(?:AU|AF|TI|SO|UT|BP|PY|DT|LA) \S", re.MULTILINE)
_LINE = re.compile(r"([A-Z][A-Z0-9])(?: ([^\n]*))?$")
_PMID = re.compile(r"\d{1,9}", re.ASCII)


def recognises(head: str) -> bool:
    """Returns whether a text starts as an export does, or a record begins in it."""
    if is_json_or_xml(head):
        return False
    return bool(_HEAD.search(head) or (_BEGIN.search(head) and _OTHER_TAG.search(head)))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each record, in order."""
    return read_records(split_ended(text, _BEGIN, _END, end_tag="ER"), name, _fields, LONGEST)


def _tag_of(line: str) -> tuple[str, str] | None:
    # rispy's parser of this format joins a wrapped value in the square of its lines.
    match = _LINE.match(line)
    return (match[1], match[2] or "") if match else None


def _fields(record: str) -> dict[str, object] | None:
    pairs = list(read_tags(record, _tag_of))
    tags = by_tag(pairs)
    if "PT" not in tags and "TI" not in tags and "AB" not in tags:
        # The head of the file, or its end.
        return None
    if not any(tag == "ER" for tag, _ in pairs):
        raise ValueError('record has no end tag "ER"; the file seems to be cut off here')
    pmid = first(tags, "PM")
    return {
        "title": first(tags, "TI"),
        "abstract": abstract(tags, "AB"),
        "doi": doi_in(values(tags, "DI", "D2")),
        "arxiv_id": arxiv_in(*values(tags, "DI", "UT", "AR", "SO")),
        "pmid": pmid if pmid and _PMID.fullmatch(pmid) else None,
        "authors": _authors(record),
        "published": _published(tags),
        "venue": first(tags, "SO", "JI", "J9", "BS", "SE"),
        "remarks": [kind.strip() for one in values(tags, "DT") for kind in one.split(";")],
    }


def _authors(record: str) -> list[str]:
    """Returns the names in full, a line each, and groups after them."""
    lines: dict[str, list[str]] = {"AF": [], "AU": [], "CA": []}
    tag = ""
    for line in record.split("\n"):
        found = _tag_of(line)
        tag, value = found or (tag, line)
        if tag in lines and value.strip():
            lines[tag].append(value)
    return authors([*(lines["AF"] or lines["AU"]), *lines["CA"]])


def _published(tags: Tags) -> str | None:
    """Returns the year with the month and day of PD; that of an early access has both (EA)."""
    year, day, early = (first(tags, tag) or "" for tag in ("PY", "PD", "EA"))
    return published([f"{year} {day}", year]) or published([" ".join(reversed(early.split()))])
