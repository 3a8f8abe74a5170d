"""Fields: what other programs call the fields of a record, and how they write them.

Takes records of arXiv's snapshot, OpenAlex, Semantic Scholar, Crossref, CSL-JSON, Hugging Face's
API and of tables whose columns are named in plain words; what is named as ours stays as it is, so
that a fault in it is told.

Source: kaggle.com/datasets/Cornell-University/arxiv, docs.openalex.org, docs.citationstyles.org,
api.semanticscholar.org/api-docs, github.com/CrossRef/rest-api-doc, huggingface.co/docs/hub/api.
"""

import ast
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from footnote.index.models import LONGEST, arxiv_number
from footnote.index.readers.author_names import read_names
from footnote.index.readers.markup import plain_text
from footnote.index.readers.plain_latex import plain
from footnote.index.readers.record import arxiv_in, pmid_in
from footnote.index.readers.taken_back import read_status
from footnote.index.readers.written_dates import means_date, read_date

Record = Mapping[str, Any]

# Of each of our fields the names that others give it, the best first (see ``name_field``).
NAMES: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "articletitle", "documenttitle", "papertitle", "itemtitle", "titledisplay",
              "primarytitle", "displayname", "titles", "ti", "name"),
    "abstract": ("abstract", "text", "abstracttext", "paperabstract", "articleabstract",
                 "abstractnote", "summary", "abstracts", "ab", "description", "descriptions"),
    "authors": ("authorsparsed", "authorfullnames", "authorsfullnames", "af", "authors",
                "authorships", "author", "authornames", "authorname", "authorlist", "authorstring",
                "authordisplay", "creators", "creator", "au", "contributors"),
    "published": ("published", "publicationdate", "publisheddate", "datepublished", "publishedat",
                  "publishedonline", "publishedprint", "pubdate", "firstpublicationdate", "issued",
                  "date", "created", "publicationyear", "publishedyear", "yearpublished",
                  "pubyear", "year", "py", "coverdate", "publishtime", "updatedate"),
    "venue": ("venue", "journalref", "containertitle", "sourcetitle", "publicationtitle",
              "journal", "journaltitle", "journalname", "journalbook", "journals", "booktitle",
              "conference", "conferencename", "publicationname", "publicationvenue", "pubtitle",
              "publication", "pub", "so", "publisher"),
    "doi": ("doi", "di", "articledoi", "doilink", "doiurl"),
    "arxiv_id": ("arxivid", "arxiv", "arxivnumber", "eprint"),
    "pmid": ("pmid", "pubmedid", "pubmed", "pm"),
    "url": ("url", "link", "links", "landingpageurl", "uri", "articleurl", "paperurl",
            "dimensionsurl", "externalurl", "pdflink", "ee"),
}  # fmt: skip
_KEPT = {"id": "id", "_id": "_id", "source": "source", "note": "note",
         "author_count": "authorcount"}  # fmt: skip
# Where others say that a paper was taken back.
_REMARKS = ("comments", "comment", "documenttype", "publicationtype", "notes", "remarks")
_KNOWN = frozenset(name for names in NAMES.values() for name in names)
# What a record says of its paper within an object; a field of the record itself wins.
_INNER = ("metadata", "paper", "attributes", "bibjson", "_source", "info", "data", "row", "content",
          "article", "document")  # fmt: skip
_NOT_LETTERS = re.compile(r"[^a-z0-9]")
_PREFIX = re.compile(r"^(?:[a-z]{1,12}:|@)")
_LANGUAGE = re.compile(r"(?<=[a-z])(?:\s?[\[(][^()\[\]]{0,30}[\])]|_en|_eng)$")
_ACCENT = re.compile(
    r"\{\\(?:[\"'`^~=.]\s?|[uvHcdbkrt](?=[\s{])\s?)\{?\\?[A-Za-z]\}?\}"
    r"|\\(?:[\"'`^~=.]\s?|[uvHcdbkrt](?=[\s{])\s?)(?:\{\\?[A-Za-z]\}|\\?[A-Za-z])"
    r"|\{\\(?:ss|ae|AE|oe|OE|aa|AA|[oOlLij])\s?\}"
    r"|\\(?:ss|ae|AE|oe|OE|aa|AA|[oOlLij])(?:\{\}|(?![A-Za-z])\s?)"
)
_MATH = re.compile(r"((?<!\\)\$[^$]*\$)")
_NONE = re.compile(
    r"\[?(?:no abstract(?: (?:is )?(?:available|provided))?|(?:the )?abstract (?:is )?not "
    r"(?:available|provided)|n/?a|none|null|nan)\.?\]?",
    re.IGNORECASE,
)
_OF_ARXIV = frozenset({"submitter", "categories", "versions", "authorsparsed"})
_FIVE_DIGITS = 1501
_CSL_TYPES = frozenset({"article", "article-journal", "paper-conference", "document"})
_NOTHING = frozenset({"", "nan", "none", "null", "n/a", "<na>", "nat", "-"})


def name_field(name: str) -> str:
    """Returns a name as ``NAMES`` has it: "Source title" is "sourcetitle"."""
    name = _LANGUAGE.sub("", _PREFIX.sub("", name.strip().casefold()))
    return _NOT_LETTERS.sub("", re.sub(r"\(([a-z])\)", r"\1", name).partition("(")[0])


def is_known(name: str) -> bool:
    """Returns whether a name is one of a field that is read."""
    return name_field(name) in _KNOWN


def is_record(found: Any) -> bool:
    """Returns whether a value has a title and an abstract, whatever they are called."""
    given = _flat(found) if isinstance(found, Mapping) else {}
    indexed = "abstractinvertedindex" in given
    return any(n in given for n in NAMES["title"]) and (
        indexed or any(n in given for n in NAMES["abstract"])
    )


def our_fields(record: Record) -> dict[str, Any]:
    """Returns a record with its fields as ours; what is none of ours is left out."""
    given = _flat(record)
    found = {ours: given.get(theirs) for ours, theirs in _KEPT.items()}
    for name, others in NAMES.items():
        values = (given[one] for one in others if not _is_missing(given.get(one), name))
        found[name] = _first(name, values)
    if found["abstract"] is None:
        found["abstract"] = _from_index(given.get("abstractinvertedindex"))
    if given.keys() & _OF_ARXIV and isinstance(found["abstract"], str):
        # arXiv's lines are broken to fit, and begin where they did.
        found["abstract"] = " ".join(found["abstract"].split())
    _identify(found, given)
    for name in ("venue", "url", "source", "note"):
        if not isinstance(found[name], str) or _is_missing(found[name], name):
            found[name] = None
    found["status"] = read_status(given, str(found["doi"] or "").casefold())
    said = (given.get(name) for name in _REMARKS)
    found["remarks"] = [one for one in said if isinstance(one, str)] or None
    if "issued" in given or given.get("type") in _CSL_TYPES:
        # The key of an entry and a remark on it, in the list of one person.
        found["note"] = None
        found["id"] = found["id"] if arxiv_number(str(found["id"])) else None
    return {name: _without_nul(value) for name, value in found.items() if value is not None}


def _without_nul(value: Any) -> Any:
    """Returns a text without the zeros that databases pad with."""
    if isinstance(value, list):
        return [_without_nul(one) for one in value]
    return value.replace("\0", "") if isinstance(value, str) else value


def _identify(found: dict[str, Any], given: Record) -> None:
    """Fills in the identifiers that stand in fields of several, or in an address."""
    if isinstance(number := found["id"], float) and given.keys() & _OF_ARXIV:
        # pandas takes a number of arXiv for a fraction; since 2015 it has five digits.
        found["id"] = f"{number:09.4f}" if number < _FIVE_DIGITS else f"{number:010.5f}"
    for name in ("id", "_id", "pmid"):
        value = found[name]
        if isinstance(value, float) and (math.isnan(value) or value.is_integer()):
            found[name] = None if math.isnan(value) else int(value)
    ids = given.get("externalids") or given.get("ids")
    if isinstance(ids, str) and ids.startswith("{") and len(ids) < LONGEST["url"]:
        ids = _literal(ids)
    named = {str(k).casefold(): v for k, v in ids.items()} if isinstance(ids, Mapping) else {}
    for name, key in (("doi", "doi"), ("arxiv_id", "arxiv"), ("pmid", "pubmed"), ("pmid", "pmid")):
        if not found[name] and isinstance(named.get(key), str | int):
            found[name] = _last_part(str(named[key])) if key != "doi" else named[key]
    if not found["arxiv_id"] and str(given.get("archive", "")).casefold() == "arxiv":
        found["arxiv_id"] = given.get("archivelocation")
    texts = [text for name in ("doi", "url") if isinstance(text := found[name], str)]
    others = given.get("identifier")
    texts += [one for one in others if isinstance(one, str)] if isinstance(others, list) else []
    found["arxiv_id"] = found["arxiv_id"] or arxiv_in(*texts)
    found["pmid"] = found["pmid"] or pmid_in(*texts)
    for name in ("doi", "arxiv_id", "pmid"):
        if not isinstance(found[name], str | int) or _is_missing(found[name], name):
            found[name] = None
    if isinstance(found["pmid"], str):
        digits = re.search(r"(\d{1,9})(?:\.0)?/?$", found["pmid"].strip(), re.ASCII)
        found["pmid"] = digits[1] if digits else found["pmid"]


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _flat(record: Record) -> dict[str, Any]:
    """Returns the fields of a record with those within it that say what the whole is."""
    own = _named(record)
    given: dict[str, Any] = {}
    # BEIR keeps what is neither title nor text in "metadata"; a null there hides nothing.
    for within in _INNER:
        if isinstance(inner := record.get(within), Mapping):
            given |= _named(inner)
    given |= own
    paper = record.get("paper")
    if isinstance(paper, Mapping):
        # Around it stands the day on which it was listed.
        inner = _named(paper)
        given |= {n: inner[n] for n in ("id", "publishedat", "authors") if n in inner}
    place = given.get("primarylocation") or given.get("hostvenue")
    if isinstance(place, Mapping):
        source = place["source"] if isinstance(place.get("source"), Mapping) else place
        given.setdefault("journal", source.get("display_name"))
        given.setdefault("url", place.get("landing_page_url"))
    versions = given.get("versions")
    if isinstance(versions, list) and versions and isinstance(versions[0], Mapping):
        given.setdefault("publicationdate", versions[0].get("created"))
    if isinstance(given.get("created"), Mapping):
        # When Crossref made the record.
        del given["created"]
    return given


def _named(record: Record) -> dict[str, Any]:
    """Returns the fields of an object by their names as ``NAMES`` has them; the first one wins."""
    named: dict[str, Any] = {}
    for key, value in record.items():
        if not _is_missing(value, ""):
            named.setdefault(key if key == "_id" else name_field(str(key)), value)
    # A blank is a fault of its own where there is nothing else.
    for key, value in record.items():
        if value is not None:
            named.setdefault(key if key == "_id" else name_field(str(key)), value)
    return named


def _first(name: str, values: Iterable[Any]) -> Any:
    """Returns the first value that is one of the field; as it is where it is none."""
    kept = None
    for value in values:
        kept = value if kept is None else kept
        if name == "authors":
            return read_names(value, lambda text: _clean(text).replace("~", " "))
        if name == "published":
            if (day := read_date(value)) is not None:
                return day
            continue
        one = _as_text(value)
        if name == "abstract" and isinstance(one, str):
            one = _clean(one)
            if _NONE.fullmatch(one.strip()):
                kept = None if kept is value else kept
                continue
            if one.strip():
                return one
            continue
        if name in ("title", "venue") and isinstance(one, str):
            return _clean(one)
        if one is not None:
            return one
    if name == "published":
        return kept if kept is not None and means_date(kept) else None
    return kept if name in ("title", "abstract") else None


def _as_text(value: Any) -> Any:
    """Returns the text in a list of one, as Crossref has it, or in an object with a name for it."""
    if isinstance(value, list) and value:
        kinds = [one for one in value if isinstance(one, Mapping)]
        abstracts = [one for one in kinds if one.get("descriptionType") == "Abstract"]
        found = [one if isinstance(one, list) else _as_text(one) for one in abstracts or value]
        texts = [one for one in found if isinstance(one, str)]
        return " ".join(texts) if len(texts) == len(found) and not kinds else found[0]
    if isinstance(value, Mapping):
        names = (
            "en",
            "eng",
            "name",
            "display_name",
            "title",
            "text",
            "value",
            "description",
            "url",
        )
        return next((value[n] for n in names if isinstance(value.get(n), str)), value)
    return value


def _clean(text: str) -> str:
    """Returns a text without markup and with its accents; where it has none, as it is."""
    if "<" in text or "&" in text:
        plain_one = plain_text(text)
        # Without markup its spaces and lines stay as they are.
        text = plain_one if plain_one != " ".join(text.split()) else text
    if "\\" in text:
        parts = _MATH.split(text)
        parts[::2] = (_ACCENT.sub(lambda found: plain(found[0]), part) for part in parts[::2])
        text = "".join(parts)
    return text


def _from_index(index: Any) -> str | None:
    """Returns the abstract of an inverted index, as OpenAlex has it: the places of each word."""
    if not isinstance(index, Mapping):
        return None
    words: dict[int, str] = {}
    size = 0
    for word, places in index.items():
        for place in places if isinstance(places, list) else ():
            if isinstance(place, int) and place not in words:
                words[place] = word
                size += len(word) + 1
                # A long word in many places would be more than any file.
                if size > 10 * LONGEST["abstract"]:
                    raise ValueError(f'"abstract_inverted_index": over {size - 1:,} characters')
    text = plain_text(" ".join(words[place] for place in sorted(words)))
    return None if not text or _NONE.fullmatch(text) else text


def _last_part(value: str) -> str:
    """Returns an identifier without the address that it is written in."""
    return value.rstrip("/").rpartition("/")[2] if "://" in value else value


def _is_missing(value: Any, name: str) -> bool:
    """Returns whether a value says that there is none; a title may be "None"."""
    if isinstance(value, str):
        return value == "" or (
            name not in ("title", "abstract", "") and value.strip().casefold() in _NOTHING
        )
    return value is None or value == [] or (isinstance(value, float) and not math.isfinite(value))
