"""PubMed's XML: one article a record; no entity is resolved and nothing is fetched.

Source: dtd.nlm.nih.gov/ncbi/pubmed, www.nlm.nih.gov/bsd/licensee/elements_descriptions.html.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from footnote.index.models import Paper, Problem
from footnote.index.readers.decompression import Text
from footnote.index.readers.encodings import in_pieces
from footnote.index.readers.record import parse_date, read_each
from footnote.index.readers.xml_record import LONGEST, Element, Record, text_of

SOURCE = "PubMed"
_START = re.compile(r"<Pubmed(?:Book)?Article[\s>]")
_END = re.compile(r"</Pubmed(?:Book)?Article\s*>")
_HEAD = re.compile(
    r"<!DOCTYPE\s+(?:PubmedArticleSet|MedlineCitationSet)\b"
    r"|<(?:Pubmed(?:Book)?Article(?:Set)?|MedlineCitation(?:Set)?)[\s>/]"
)
# Sets of MEDLINE hold citations alone, without an article around each.
_BARE_SET = re.compile(r"<MedlineCitation(?:Set)?[\s>]")
_BARE_START = re.compile(r"<MedlineCitation[\s>]")
_BARE_END = re.compile(r"</MedlineCitation\s*>")
_HEAD_CHARACTERS = 4096
# Tags alone tell a set of articles: abstracts name Pubmed, too.
_ARTICLES = re.compile(r"<(?:!DOCTYPE\s+|/)?Pubmed")
_NO_LABELS = frozenset({"", "unlabelled", "unlabeled"})
_NO_TITLES = frozenset({"", "not available", "in process citation"})


def recognises(head: str) -> bool:
    """Returns whether a text starts as a set of PubMed's articles does."""
    return head.lstrip().startswith("<") and bool(_HEAD.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each article, in order.

    A note that an article was deleted is passed over.
    """
    pieces = iter(in_pieces(text))
    head = ""
    while len(head) < _HEAD_CHARACTERS and (piece := next(pieces, "")):
        head += piece
    start = _BARE_START if _is_bare(head[:_HEAD_CHARACTERS]) else _START
    return read_each(chain([head], pieces), name, start, _fields, longest=LONGEST)


def _is_bare(head: str) -> bool:
    # An article whose start tag is damaged is an article all the same.
    return bool(_BARE_SET.search(head)) and not _ARTICLES.search(head)


def _fields(text: str) -> dict[str, object]:
    bare = text.startswith("<MedlineCitation")
    record = Record(text, _BARE_END if bare else _END)
    if text.startswith("<PubmedBook"):
        return _book_fields(record)
    citation = "" if bare else "MedlineCitation/"
    of = f"{citation}Article"
    return {
        "title": _title(record, of),
        "abstract": _abstract(record.elements(f"{of}/Abstract/AbstractText"))
        or _other_abstract(record, f"{citation}OtherAbstract"),
        "doi": _valid_doi(record, of)
        or record.first("PubmedData/ArticleIdList/ArticleId[@IdType='doi']"),
        "authors": _people(record, f"{of}/AuthorList/Author"),
        "published": _published(record, of),
        "venue": record.first(
            f"{of}/Journal/Title",
            f"{of}/Journal/ISOAbbreviation",
            f"{citation}MedlineJournalInfo/MedlineTA",
        )
        or None,
        "remarks": _remarks(record, citation),
        **_identity(record.first(f"{citation}PMID")),
    }


def _remarks(record: Record, citation: str) -> list[str]:
    """Returns the types of an article, and that another one retracts it."""
    types = record.all(f"{citation}Article/PublicationTypeList/PublicationType")
    notices = record.elements(
        f"{citation}CommentsCorrectionsList/CommentsCorrections[@RefType='RetractionIn']"
    )
    return [*types, *("Retracted Publication" for _ in notices)]


def _identity(pmid: str) -> dict[str, object]:
    url = f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdecimal() else None
    return {"pmid": pmid or None, "url": url, "source": SOURCE}


def _book_fields(book: Record) -> dict[str, object]:
    """Returns the fields of a chapter, or of a book as a whole."""
    of = "BookDocument"
    title, chapter = book.first(f"{of}/Book/BookTitle"), book.first(f"{of}/ArticleTitle")
    dates = (
        parse_date(*(book.first(f"{of}/{place}/{part}") for part in ("Year", "Month", "Day")))
        # A chapter of a book that goes on growing has a day of its own.
        for place in ("ContributionDate", "Book/PubDate", "DateRevised")
    )
    # Editors stand in lists of the same name.
    lists = [
        found
        for place in (f"{of}/AuthorList", f"{of}/Book/AuthorList")
        for found in book.elements(place)
        if found.get("Type", "authors") == "authors"
    ]
    people = ([n for one in found.iterfind("Author") if (n := _spoken(one))] for found in lists)
    return {
        "title": chapter or title,
        "abstract": _abstract(book.elements(f"{of}/Abstract/AbstractText")),
        "doi": book.first(
            f"{of}/ArticleIdList/ArticleId[@IdType='doi']",
            f"{of}/Book/ELocationID[@EIdType='doi']",
        ),
        "authors": next((names for names in people if names), []),
        "published": next((date for date in dates if date), None),
        "venue": (title if chapter else "") or None,
        **_identity(book.first(f"{of}/PMID")),
    }


def _title(record: Record, of: str) -> str:
    """Returns the title, the one in the article's own language where there is no other."""
    title, own = record.first(f"{of}/ArticleTitle"), record.first(f"{of}/VernacularTitle")
    return own if own and title.strip("[]. ").casefold() in _NO_TITLES else title


def _abstract(parts: Iterable[Element]) -> str | None:
    """Returns the abstract in one line, each part after its label; None where there is none."""
    found = []
    for part in parts:
        label, text = (part.get("Label") or "").strip(" :"), text_of(part)
        if text:
            found.append(text if label.casefold() in _NO_LABELS else f"{label}: {text}")
    return " ".join(found) or None


def _other_abstract(record: Record, path: str) -> str | None:
    """Returns an abstract that others wrote or that is in another language, English first."""
    others = sorted(record.elements(path), key=lambda other: other.get("Language", "eng") != "eng")
    found = (_abstract(other.iterfind("AbstractText")) or text_of(other) for other in others)
    return next((abstract for abstract in found if abstract), None)


def _valid_doi(record: Record, of: str) -> str:
    places = filter(_is_valid, record.elements(f"{of}/ELocationID[@EIdType='doi']"))
    return next((doi for place in places if (doi := text_of(place))), "")


def _people(record: Record, path: str) -> list[str]:
    authors = filter(_is_valid, record.elements(path))
    return [name for author in authors if (name := _spoken(author))]


def _is_valid(element: Element) -> bool:
    """Returns whether an element stands; a corrected one stays in the record beside its better."""
    return bool(element.get("ValidYN", "Y") != "N")


def _spoken(author: Element) -> str:
    """Returns the name of a person, first names or initials first, or of a group."""
    last, first = text_of(author.find("LastName")), ""
    for field in ("ForeName", "FirstName", "Initials"):
        first = first or text_of(author.find(field))
    names = (first, last, text_of(author.find("Suffix")))
    return " ".join(name for name in names if name) or text_of(author.find("CollectiveName"))


def _published(record: Record, of: str) -> str | None:
    """Returns the date of the issue, else that of the electronic article."""
    issue = f"{of}/Journal/JournalIssue/PubDate"
    dates = [
        parse_date(*(record.first(f"{place}/{part}") for part in ("Year", "Month", "Day")))
        for place in (issue, f"{of}/ArticleDate")
    ]
    dates.append(parse_date(record.first(f"{issue}/MedlineDate")))
    return next((date for date in dates if date), None)
