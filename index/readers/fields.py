"""Fields: what other programs call the fields of a record, and how they write them.

Takes records of arXiv's snapshot, OpenAlex, Semantic Scholar, Crossref, CSL-JSON, Hugging Face's
API and of tables whose columns are named in plain words; what is named as ours stays as it is, so
that a fault in it is told.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from email.utils import parsedate
from typing import Any

from footnote.index.models import arxiv_number
from footnote.index.readers.markup import plain_text
from footnote.index.readers.plain_latex import plain
from footnote.index.readers.record import parse_date

Record = Mapping[str, Any]

# Of each of our fields the names that others give it, the best first. Compared in lower case, with
# "_" for what stands between words.
NAMES: Mapping[str, tuple[str, ...]] = {
    "title": ("article_title", "document_title", "paper_title", "item_title", "title_display",
              "display_name", "ti", "name"),
    "abstract": ("text", "summary", "abstract_text", "abstracttext", "paperabstract",
                 "abstract_note", "abstractnote", "description", "ab", "abstracts"),
    "authors": ("authors_parsed", "author_full_names", "authorships", "author", "creators",
                "author_names", "author_name", "au", "contributors"),
    "published": ("publication_date", "publicationdate", "published_date", "publishedat",
                  "published_online", "published_print", "pub_date", "pubdate", "issued", "date",
                  "created", "publication_year", "pubyear", "pub_year", "year", "py",
                  "cover_date", "update_date"),
    "venue": ("journal_ref", "container_title", "source_title", "publication_title", "journal",
              "journal_title", "journal_book", "booktitle", "book_title", "conference",
              "publication_name", "publication", "so"),
    "doi": ("di", "article_doi", "doi_link"),
    "arxiv_id": ("arxiv", "arxivid", "arxiv_number", "eprint"),
    "pmid": ("pubmed_id", "pubmedid", "pubmed"),
    "url": ("link", "links", "landing_page_url", "uri", "article_url", "paper_url"),
}  # fmt: skip
_WORDS = re.compile(r"[^a-z0-9]+")
_ACCENT = re.compile(r"\{?\\(?:[\"'`^~=.]|[uvHcdbkr](?=[\s{]))\s?\{?\\?[A-Za-z]\}?\}?")
_NONE = re.compile(
    r"\[?(?:no abstract(?: available)?|abstract not available|n/?a|none|null|nan)\.?\]?", re.I
)
_SLASHED = re.compile(r"(\d{1,2})/(?:(\d{1,2})/)?(\d{4})")
_NUMBERED = re.compile(r"(\d{4})[/.](\d{1,2})(?:[/.](\d{1,2}))?[/.]?")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.I)


def name_field(name: str) -> str:
    """Returns a name as ``NAMES`` has it: "Source title" is "source_title"."""
    return _WORDS.sub("_", name.casefold()).strip("_")


def is_known(name: str) -> bool:
    """Returns whether a name is one of a field that is read."""
    known = name_field(name)
    return known in NAMES or any(known in names for names in NAMES.values())


def our_fields(record: Record) -> dict[str, Any]:
    """Returns a record with its fields as ours; what is none of ours is left out."""
    given = _flat(record)
    found: dict[str, Any] = {
        name: value
        for name, value in given.items()
        if name in ("id", "_id", "source", "note", "author_count")
    }
    for name, others in NAMES.items():
        # arXiv tells the parts of names beside the line that they stand in.
        first = ("authors_parsed",) if name == "authors" else ()
        values = (given[one] for one in (*first, name, *others) if not _is_missing(given.get(one)))
        found[name] = _first(name, values, given)
    ids = given.get("externalids") or given.get("ids")
    for name, key in (("doi", "doi"), ("arxiv_id", "arxiv"), ("pmid", "pubmed"), ("pmid", "pmid")):
        if isinstance(ids, Mapping) and not found.get(name):
            found[name] = _last_part({k.casefold(): v for k, v in ids.items()}.get(key), name)
    if "abstract_inverted_index" in given and not found["abstract"]:
        found["abstract"] = _from_index(given["abstract_inverted_index"])
    found["doi"] = _last_part(found["doi"], "doi")
    if "versions" in given and isinstance(found["abstract"], str):
        # arXiv's lines are broken to fit, and begin where they did.
        found["abstract"] = " ".join(found["abstract"].split())
    return {name: value for name, value in found.items() if value is not None}


def _flat(record: Record) -> dict[str, Any]:
    """Returns the fields of a record with those within it that say what the whole is."""
    given: dict[str, Any] = {}
    # BEIR keeps what is neither title nor text in "metadata"; a null there hides nothing.
    for within in ("metadata", "paper", "attributes", "bibjson"):
        inner = record.get(within)
        if isinstance(inner, Mapping):
            given |= {name_field(k): v for k, v in inner.items() if v is not None}
    own = {k if k == "_id" else name_field(k): v for k, v in record.items() if v is not None}
    given |= own
    inner = record.get("paper")
    if isinstance(inner, Mapping) and arxiv_number(str(inner.get("id", ""))):
        given["id"] = inner["id"]
    place = given.get("primary_location") or given.get("host_venue")
    if isinstance(place, Mapping):
        source = place.get("source") if isinstance(place.get("source"), Mapping) else place
        given.setdefault("journal", source.get("display_name"))  # type: ignore[union-attr]
        given.setdefault("url", place.get("landing_page_url"))
    versions = given.get("versions")
    if isinstance(versions, list) and versions and isinstance(versions[0], Mapping):
        given.setdefault("publication_date", versions[0].get("created"))
    return given


def _first(name: str, values: Iterable[Any], given: Record) -> Any:
    """Returns the first value that is one of the field; as it is where it is none."""
    kept = None
    for value in values:
        kept = value if kept is None else kept
        if name == "authors":
            return _names(value)
        if name == "published":
            if (day := parse_any_date(value)) is not None:
                return day
            continue
        one = value[0] if isinstance(value, list) and value else value
        if isinstance(one, Mapping):
            one = one.get("name") or one.get("display_name") or one.get("text") or one.get("url")
        if name == "abstract" and isinstance(one, str) and isinstance(value, list):
            one = " ".join(map(str, value))
        if name in ("title", "abstract") and isinstance(one, str):
            return _clean(one, long=name == "abstract")
        if not _is_missing(one):
            return one
    return kept if name in ("published", "title", "abstract") else None


def _clean(text: str, *, long: bool) -> str | None:
    """Returns a text without markup; an abstract keeps its letters where it has none."""
    if "<" in text or "&" in text:
        plain_one = plain_text(text)
        # Without markup its spaces and lines stay as they are.
        text = plain_one if plain_one != " ".join(text.split()) else text
    if "\\" in text:
        text = _ACCENT.sub(lambda found: plain(found[0]), text)
    if long and _NONE.fullmatch(text.strip()):
        return None
    return text


def parse_any_date(value: Any) -> str | None:
    """Returns a date in one of the forms that programs write, as YYYY[-MM[-DD]]; else None."""
    if isinstance(value, Mapping):
        value = value.get("date-parts") or value.get("date_parts") or value.get("raw")
        while isinstance(value, list) and value and isinstance(value[0], list):
            value = value[0]
        if isinstance(value, str):
            return parse_any_date(value)
        return parse_date(*map(str, value[:3])) if isinstance(value, list) and value else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    if re.fullmatch(r"\d{4}(?:\.0)?", text):
        return text[:4]
    if found := re.match(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:[T ]|$)", text):
        # As ours are written: one that is no day of the calendar is a fault to be told.
        try:
            date(int(found[1]), int(found[2]), int(found[3] or 1))
        except ValueError:
            return None
        return parse_date(found[1], found[2], found[3] or "")
    if found := _NUMBERED.fullmatch(text):
        return parse_date(found[1], found[2], found[3] or "")
    if found := _SLASHED.fullmatch(text):
        # 03/04/2021 is of March or of April: the year and no more.
        month = found[1] if found[2] is None else ""
        return parse_date(found[3], month)
    if parsed := parsedate(text):
        return parse_date(*map(str, parsed[:3]))
    if re.fullmatch(r"[A-Za-z .,\d-]{1,40}", text) and re.search(r"[A-Za-z]{3}", text):
        day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b(?!\d)", text)
        return parse_date(text, text, day[1] if day else "")
    return None


def _names(value: Any) -> Any:
    """Returns a list of names; what is no list and no text stays as it is."""
    if isinstance(value, str):
        return split_names(_clean(value, long=False) or "")
    if isinstance(value, Mapping):
        value = value.get("authors") or [value]
    if not isinstance(value, Sequence):
        return value
    names = [_name(one) for one in value]
    return [name for name in names if name] if all(n is not None for n in names) else value


def _name(one: Any) -> str | None:
    """Returns one author's name, first names first; None where it is none."""
    if isinstance(one, str):
        return _turn(_clean(one, long=False) or "")
    if isinstance(one, list | tuple) and all(isinstance(part, str) for part in one):
        last, first, *rest = [*(_clean(part, long=False) or "" for part in one), ""][:3]
        return " ".join(part for part in (first, last, *rest) if part)
    if not isinstance(one, Mapping):
        return None
    if isinstance(one.get("author"), Mapping):
        one = one["author"]
    parts = {name_field(str(k)): v for k, v in one.items() if isinstance(v, str)}
    for whole in ("full_name", "fullname", "display_name", "name", "literal", "raw_author_name"):
        if parts.get(whole):
            return _turn(parts[whole])
    first = (
        parts.get("given")
        or parts.get("first_name")
        or parts.get("firstname")
        or parts.get("first")
        or ""
    )
    last = (
        parts.get("family")
        or parts.get("last_name")
        or parts.get("lastname")
        or parts.get("last")
        or ""
    )
    particle = parts.get("non_dropping_particle") or parts.get("dropping_particle") or ""
    return " ".join(part for part in (first, particle, last, parts.get("suffix", "")) if part)


def split_names(text: str) -> list[str]:
    """Returns the names in "Last, First; Last, First", "Last, First and Last, First", "A, B"."""
    if ";" in text:
        parts = text.split(";")
    elif " and " in text and all(part.count(",") == 1 for part in text.split(" and ")):
        parts = text.split(" and ")
    else:
        return [name for part in re.split(r",| and ", text) if (name := part.strip())]
    # Scopus writes a number behind each: "Lund, Ada (57190)".
    bare = (re.sub(r"\s\(\d{1,20}\)$", "", part.strip()) for part in parts)
    return [name for part in bare if (name := _turn(part))]


def _turn(name: str) -> str:
    """Returns "Last, First" as "First Last"; any other name as it is."""
    last, comma, first = (part.strip() for part in name.partition(","))
    if not comma or not first or "," in first or _SUFFIX.fullmatch(first):
        return " ".join(name.split())
    return f"{first} {last}"


def _from_index(index: Any) -> str | None:
    """Returns the abstract of an inverted index, as OpenAlex has it: the places of each word."""
    if not isinstance(index, Mapping):
        return None
    words = {
        place: word
        for word, places in index.items()
        if isinstance(places, list)
        for place in places
        if isinstance(place, int)
    }
    return plain_text(" ".join(words[place] for place in sorted(words))) or None


def _last_part(value: Any, name: str) -> Any:
    """Returns an identifier without the address that it is written in."""
    if not isinstance(value, str):
        return value
    if name == "doi":
        return re.sub(r"^https?://(?:dx\.)?doi\.org/", "", value.strip(), flags=re.I)
    return value.rstrip("/").rpartition("/")[2] if "://" in value else value


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or value == ""
        or value == []
        or (isinstance(value, float) and math.isnan(value))
    )
