"""Zotero's database, read without touching it: each item of the library a paper.

The tables are those of Zotero's own schema (github.com/zotero/zotero, resource/schema/userdata.sql
and system.sql). The file is copied first, so that a running Zotero is never locked out.
"""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from footnote.index import SourceError
from footnote.index.models import Paper, Problem
from footnote.index.readers.files import irregular
from footnote.index.readers.markup import plain_text
from footnote.index.readers.record import arxiv_in, describe_fault, parse_date, parse_paper, pmid_in

DATABASE = "zotero.sqlite"
MAGIC = b"SQLite format 3\0"
_MOST_BYTES = 20_000_000_000
# What belongs to an item and is none.
_PARTS = ("attachment", "note", "annotation")
_ITEMS = """
    SELECT items.itemID, items.key FROM items JOIN itemTypes USING (itemTypeID)
    WHERE itemTypes.typeName NOT IN (?, ?, ?)
    AND items.itemID NOT IN (SELECT itemID FROM deletedItems) ORDER BY items.itemID
"""
_FIELDS = """
    SELECT fields.fieldName, itemDataValues.value FROM itemData JOIN fields USING (fieldID)
    JOIN itemDataValues USING (valueID) WHERE itemData.itemID = ?
"""
_CREATORS = """
    SELECT creators.firstName, creators.lastName, creatorTypes.creatorType FROM itemCreators
    JOIN creators USING (creatorID) JOIN creatorTypes USING (creatorTypeID)
    WHERE itemCreators.itemID = ? ORDER BY itemCreators.orderIndex
"""
_VENUES = (
    "publicationTitle", "proceedingsTitle", "bookTitle", "conferenceName", "encyclopediaTitle",
    "websiteTitle", "university", "repository", "publisher",
)  # fmt: skip
_TITLES = ("title", "caseName", "subject", "nameOfAct")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)\b")
_PMID = re.compile(r"^PMID:\s{0,3}(\d{1,9})\b", re.MULTILINE | re.ASCII)


def is_database(path: Path) -> bool:
    """Returns whether a file is a database of Zotero; False where it cannot be read."""
    if irregular(path):
        return False
    try:
        with path.open("rb") as file:
            begins = file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False
    # Others' databases have other tables, which a reader may hold locked.
    return begins and path.name.casefold().startswith("zotero.sqlite")


def read(path: Path, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each item that is no part of another.

    Raises:
        SourceError: The database cannot be copied or read.
    """
    with TemporaryDirectory() as folder:
        copy = Path(folder) / DATABASE
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise SourceError(f"{path}: has more than {_MOST_BYTES:,} bytes; export BibTeX")
            # What Zotero has not yet put into the file stands beside it.
            for end in ("", "-wal", "-journal"):
                beside = path.with_name(path.name + end)
                if beside.is_file():
                    shutil.copyfile(beside, copy.with_name(DATABASE + end))
            with closing(sqlite3.connect(copy)) as database:
                yield from _read_items(database, name)
        except (sqlite3.Error, OSError) as error:
            raise SourceError(
                f"{path}: cannot be read as Zotero's database ({error}); export BibTeX instead"
            ) from error


def _read_items(database: sqlite3.Connection, name: str) -> Iterator[Paper | Problem]:
    for item, key in database.execute(_ITEMS, _PARTS):
        try:
            yield parse_paper(_record(database, item))
        except ValueError as error:
            yield Problem(f"{name}: item {key}", None, describe_fault(error))


def _record(database: sqlite3.Connection, item: int) -> dict[str, object]:
    found = {field: str(value) for field, value in database.execute(_FIELDS, (item,))}
    extra, url = found.get("extra", ""), found.get("url", "")
    pmid = _PMID.search(extra)
    return {
        "title": plain_text(next((found[one] for one in _TITLES if one in found), "")),
        "abstract": plain_text(found.get("abstractNote", "")) or None,
        "authors": _authors(database, item),
        "published": _published(found),
        "venue": next((found[one] for one in _VENUES if found.get(one)), None),
        "doi": found.get("DOI") or _line(extra, "DOI"),
        "arxiv_id": arxiv_in(found.get("archiveID", ""), url, extra, found.get("DOI", "")),
        "pmid": pmid[1] if pmid else pmid_in(url),
        "url": url or None,
        "remarks": extra.splitlines(),
    }


def _authors(database: sqlite3.Connection, item: int) -> list[str]:
    """Returns the authors; where there is none, whoever else made it."""
    people = [
        (" ".join(part for part in (first, last) if part), kind)
        for first, last, kind in database.execute(_CREATORS, (item,))
    ]
    wrote = [name for name, kind in people if kind == "author" and name]
    return wrote or [name for name, _ in people if name]


def _published(found: dict[str, str]) -> str | None:
    """Returns the date, which stands as "2019-05-00 May 2019": in numbers, then as written."""
    written = found.get("date") or found.get("dateEnacted") or found.get("issueDate") or ""
    if numbers := _DATE.match(written):
        return parse_date(*("" if part.strip("0") == "" else part for part in numbers.groups()))
    return parse_date(written)


def _line(extra: str, name: str) -> str | None:
    found = re.search(rf"^{name}:[ \t]{{0,9}}(\S{{1,300}})", extra, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else None
