"""PubMed's XML: one article a record; no entity is resolved and nothing is fetched."""

import re
from collections.abc import Iterator

from lxml import etree

from footnote.index.models import Paper, Problem
from footnote.index.readers.decompression import Text
from footnote.index.readers.record import parse_date, read_each

SOURCE = "PubMed"
# Three thousand authors with their affiliations take 2 MB.
LONGEST = 10_000_000

_START = re.compile(r"<Pubmed(?:Book)?Article[\s>]")
_HEAD = re.compile(r"<!DOCTYPE\s+PubmedArticleSet\b|<Pubmed(?:Article(?:Set)?|BookArticle)[\s>/]")
_END = re.compile(r"</Pubmed(?:Book)?Article\s*>")


def recognises(head: str) -> bool:
    """Returns whether a text starts as a set of PubMed's articles does."""
    return head.lstrip().startswith("<") and bool(_HEAD.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each article, in order."""
    return read_each(text, name, _START, _fields, longest=LONGEST)


def _fields(record: str) -> dict[str, object]:
    article = _parsed(record)
    if record.startswith("<PubmedBook"):
        return _book_fields(article)
    pmid = _text(article, "MedlineCitation/PMID")
    of = "MedlineCitation/Article"
    return {
        "title": _title(article),
        "abstract": _abstract(article),
        "pmid": pmid or None,
        "doi": _text(article, f"{of}/ELocationID[@EIdType='doi']")
        or _text(article, "PubmedData/ArticleIdList/ArticleId[@IdType='doi']"),
        "authors": [
            n for author in article.iterfind(f"{of}/AuthorList/Author") if (n := _spoken(author))
        ],
        "published": _published(article),
        "venue": _text(article, f"{of}/Journal/Title")
        or _text(article, f"{of}/Journal/ISOAbbreviation")
        or None,
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdecimal() else None,
        "source": SOURCE,
    }


def _book_fields(book: "etree._Element") -> dict[str, object]:
    """Returns the fields of a chapter, or of a book as a whole."""
    of = "BookDocument"
    pmid, title = _text(book, f"{of}/PMID"), _text(book, f"{of}/Book/BookTitle")
    chapter = _text(book, f"{of}/ArticleTitle")
    people = [*book.iterfind(f"{of}/AuthorList/Author")]
    people = people or [*book.iterfind(f"{of}/Book/AuthorList/Author")]
    date = (_text(book, f"{of}/Book/PubDate/{part}") for part in ("Year", "Month", "Day"))
    return {
        "title": chapter or title,
        "abstract": _abstract(book, f"{of}/Abstract/AbstractText"),
        "pmid": pmid or None,
        "authors": [name for author in people if (name := _spoken(author))],
        "published": parse_date(*date),
        "venue": (title if chapter else "") or None,
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdecimal() else None,
        "source": SOURCE,
    }


def _title(article: "etree._Element") -> str:
    """Returns the title, the one in the article's own language where there is no other."""
    of = "MedlineCitation/Article"
    title = _text(article, f"{of}/ArticleTitle")
    own = _text(article, f"{of}/VernacularTitle")
    return own if own and title.strip("[]. ").casefold() in ("", "not available") else title


def _parsed(record: str) -> "etree._Element":
    """Returns the element of one article.

    It is parsed by itself, so that the set's DOCTYPE, and any entity made there, is not seen.
    """
    end = _END.search(record)
    if not end:
        raise ValueError("article has no end tag; the file seems to be cut off here")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return etree.fromstring(record[: end.end()].encode(errors="replace"), parser)
    except etree.XMLSyntaxError as error:
        what = re.sub(r", line \d+, column \d+.*", "", error.msg or "not well-formed")
        raise ValueError(f"not XML ({what} in its line {error.lineno})") from error


def _text(element: "etree._Element", path: str) -> str:
    """Returns the text of the first element on a path, its italics and indices among it."""
    found = element.find(path)
    return "" if found is None else _all_text(found)


def _all_text(element: "etree._Element") -> str:
    # By strings alone: a comment and an entity are nodes with a text of their own.
    return " ".join("".join(element.xpath(".//text()")).split())


def _abstract(
    article: "etree._Element", path: str = "MedlineCitation/Article/Abstract/AbstractText"
) -> str | None:
    """Returns the abstract in one line, each part after its label; None where there is none."""
    parts = []
    for part in article.iterfind(path):
        label, text = (part.get("Label") or "").strip(), _all_text(part)
        if text:
            parts.append(f"{label}: {text}" if label else text)
    return " ".join(parts) or None


def _spoken(author: "etree._Element") -> str:
    """Returns the name of a person, first names first, or of a group."""
    names = (_text(author, field) for field in ("ForeName", "LastName", "Suffix"))
    return " ".join(name for name in names if name) or _text(author, "CollectiveName")


def _published(article: "etree._Element") -> str | None:
    """Returns the date of the issue, else that of the electronic article."""
    of = "MedlineCitation/Article"
    dates = [
        parse_date(*(_text(article, f"{of}/{place}/{part}") for part in ("Year", "Month", "Day")))
        for place in ("Journal/JournalIssue/PubDate", "ArticleDate")
    ]
    dates.append(parse_date(_text(article, f"{of}/Journal/JournalIssue/PubDate/MedlineDate")))
    return next((date for date in dates if date), None)
