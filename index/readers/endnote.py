"""EndNote's XML: one record a paper, its texts within elements of style."""

import re
from collections.abc import Iterator

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text
from footnote.index.readers.fields import split_names
from footnote.index.readers.record import parse_date, read_each
from footnote.index.readers.xml_record import Record

_HEAD = re.compile(r"<xml>\s{0,99}<records>|<records>\s{0,99}<record>|<source-app\b")
_START = re.compile(r"<record>")
_END = re.compile(r"</record\s*>")


def recognises(head: str) -> bool:
    """Returns whether a text begins as an export of EndNote does."""
    return head.lstrip().startswith("<") and bool(_HEAD.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each record."""
    return read_each(text, name, _START, _fields)


def _fields(text: str) -> dict[str, object]:
    record = Record(text, _END)
    names = record.all("contributors/authors/author")
    return {
        "title": record.first("titles/title"),
        "abstract": record.first("abstract") or None,
        "doi": re.sub(r"^https?://(?:dx\.)?doi\.org/", "", record.first("electronic-resource-num"))
        or None,
        "authors": [name for one in names for name in split_names(f"{one};")],
        "published": parse_date(record.first("dates/year"), record.first("dates/pub-dates/date")),
        "venue": record.first(
            "periodical/full-title", "titles/secondary-title", "alt-periodical/full-title"
        )
        or None,
        "url": record.first("urls/related-urls/url", "urls/web-urls/url") or None,
        "source": "EndNote",
    }
