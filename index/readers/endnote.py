"""EndNote's XML: one record a paper, its texts within elements of style.

Source: EndNote's own RSXML.dtd, which its program brings along; there is no page of it.
"""

import re
from collections.abc import Iterator

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text
from footnote.index.readers.record import arxiv_in, parse_date, pmid_in, read_each
from footnote.index.readers.xml_record import LONGEST, PREFIX, Record, turned

SOURCE = "EndNote"
_FIRST = "database|source-app|rec-number|foreign-keys|ref-type|contributors|titles"
_HEAD = re.compile(
    rf"<{PREFIX}records>\s{{0,99}}<{PREFIX}record(?:\s[^<>]{{0,200}})?>"
    rf"\s{{0,99}}<{PREFIX}(?:{_FIRST})\b|<{PREFIX}xml>\s{{0,99}}<{PREFIX}records\b|<source-app\b"
)
_START = re.compile(rf"<{PREFIX}record[\s>]")
_END = re.compile(rf"</{PREFIX}record\s*>")
_DOI = re.compile(r"10\.\d{4,9}/[^\s;]+")
_DAY = re.compile(r"(?<![\d/-])(\d{1,2})(?![\d/-])")


def recognises(head: str) -> bool:
    """Returns whether a text begins as an export of EndNote does."""
    return head.lstrip().startswith("<") and bool(_HEAD.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each record, in order."""
    return read_each(text, name, _START, _fields, longest=LONGEST)


def _fields(text: str) -> dict[str, object]:
    record = Record(text, _END)
    kinds = ("related", "web", "text")
    urls = [url for kind in kinds for url in record.all(f"urls/{kind}-urls/url")]
    doi = _DOI.search(" ".join([record.first("electronic-resource-num"), *urls]))
    number, base = record.first("accession-num"), record.first("remote-database-name").casefold()
    in_pubmed = ("pubmed" in base or "medline" in base) and number.isdecimal()
    return {
        "title": record.first("titles/title", "titles/short-title"),
        "abstract": record.first("abstract") or None,
        "doi": doi[0].rstrip(".,") if doi else None,
        "arxiv_id": arxiv_in(*urls, doi[0] if doi else "", record.first("electronic-resource-num")),
        "pmid": number if in_pubmed else pmid_in(*urls),
        "authors": [turned(name) for name in record.all("contributors/authors/author")],
        "published": _published(record),
        "venue": record.first(
            "periodical/full-title", "titles/secondary-title", "alt-periodical/full-title",
            "titles/alt-title", "periodical/abbr-1",
        )
        or None,
        "url": next((url for url in urls if url.startswith(("https://", "http://"))), None),
        "source": SOURCE,
        "remarks": [*record.all("notes"), *record.all("keywords/keyword")],
    }  # fmt: skip


def _published(record: Record) -> str | None:
    """Returns the date: the year stands in one element, "Jun 5" or "5 June 2019" in another."""
    day = record.first("dates/pub-dates/date")
    year = record.first("dates/year") or day
    if parts := re.search(r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?(?!\d)", day):
        return parse_date(year, parts[2], parts[3] or "")
    found = _DAY.search(day)
    return parse_date(year, day, found[1] if found else "")
