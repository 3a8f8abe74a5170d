"""BibTeX and BibLaTeX: one entry a record, with LaTeX and HTML made plain text.

Source: ctan.org/pkg/bibtex (btxdoc), ctan.org/pkg/biblatex (dates, names and data inheritance).
"""

import re
from collections.abc import Iterator, Mapping

from footnote.index.models import Paper, Problem, arxiv_number
from footnote.index.readers.bibtex_entries import MARK, START, Entry, Strings, parse_entry
from footnote.index.readers.bibtex_names import spoken_names
from footnote.index.readers.crossrefs import Crossrefs, Record
from footnote.index.readers.decompression import Text
from footnote.index.readers.markup import plain_text
from footnote.index.readers.plain_latex import plain
from footnote.index.readers.record import (
    LONGEST,
    arxiv_in,
    describe_fault,
    parse_date,
    parse_paper,
    pmid_in,
)
from footnote.index.readers.splitting import split_records, with_newlines

# As no line of a program or a style sheet starts: with a key and a comma, or with a field.
_ENTRY = re.compile(
    rf"(?:^[ \t\ufeff]{{0,99}}{MARK}|(?<=[}}>])[ \t]{{0,99}})@[ \t]{{0,9}}"
    r"(?:(?:string|preamble|comment)\s{0,20}[{(]"
    r"|(?!(?:media|font-face|supports|page|keyframes|layer|import|param|patch)\b)"
    r"\w[\w:.+/-]{0,40}(?:\s{0,20}|[ \t]\w{1,40}[ \t]{0,9}(?=\{))"
    r"(?:[{(]\s{0,20}[^\s,{}()=\"]{1,300}\s{0,20},"
    r"|\{\s{0,20},|\{[^={}\"]{0,300}=\s{0,20}[{\"\w]))",
    re.MULTILINE | re.IGNORECASE,
)
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|pre|div|p|br|h\d|code|!--)\b", re.I)
_FULL_DATE = re.compile(
    r"(?<!\d)([12]\d{3})(?:[-/.](\d{1,2})(?!\d))?(?:[-/.](\d{1,2})(?!\d))?", re.ASCII
)
_DAY = re.compile(r"(?<![\d/.-])(\d{1,2})(?![\d/])", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_UNCERTAIN = re.compile(r"[~?%{}]")
_ADDRESS_DOI = re.compile(r"https?://(?:dx\.|www\.)?doi\.org/10\.\S+", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+", re.ASCII)
_NOTED_PMID = re.compile(r"\bPMID:?\s{0,3}(\d{1,9})\b", re.ASCII)
_SIGN = re.compile(r"\\text(less|greater|asciitilde|underscore)(?:\{\}|\s{1,3})?")
_SIGNS = {"less": "<", "greater": ">", "asciitilde": "~", "underscore": "_"}
# A sign of doubt before a month or a day.
_DOUBT = re.compile(r"(?<=\d-)[~?%]")
_MINUS = re.compile(r"\^[−–]")
_VENUES = ("journal", "journaltitle", "booktitle", "eventtitle")
_ABSTRACTS = ("abstract", "abstractnote", "abstract_note", "annote", "annotation")
_DATES = ("date", "year", "issue_date", "early access date", "earlyaccessdate", "eventdate")


def recognises(head: str) -> bool:
    """Returns whether an entry begins within the first characters of a text."""
    start = head.lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")) or (start.startswith("<") and not _PAGE.search(head)):
        return False
    return bool(_ENTRY.search(head))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each entry.

    They come in order, but for an entry that waits for the one that its ``crossref`` names.
    """
    for line, record in _records(text):
        try:
            if isinstance(record, Exception):
                raise record
            yield parse_paper(record)
        except (ValueError, RecursionError) as error:
            yield Problem(name, line, describe_fault(error))


def read_keys(text: str) -> dict[str, tuple[str, ...]]:
    """Returns what names each entry's paper, by its key: arXiv number, DOI, title.

    An entry that cannot be read is left out.
    """
    strings = Strings()
    found: dict[str, tuple[str, ...]] = {}
    for _, text_of_entry, _ in split_records(text, START, LONGEST):
        try:
            entry = parse_entry(text_of_entry, strings)
            fields = _fields(entry) if entry and entry.key else None
        except ValueError:
            continue
        if entry and fields:
            names = (fields["arxiv_id"], fields["doi"], fields["title"])
            found[entry.key] = tuple(str(name) for name in names if name)
    return found


def _records(text: Text) -> Iterator[tuple[int, Record | Exception]]:
    """Yields the fields of each entry or what is wrong with it, each with its line."""
    strings, crossrefs = Strings(), Crossrefs()
    for line, written, length in split_records(with_newlines(text), START, LONGEST):
        try:
            entry = parse_entry(written, strings)
            if entry is None and length > LONGEST:
                raise ValueError("its start is lost")
            if entry is None:
                continue
            fields = _fields(entry)
        except (ValueError, RecursionError) as error:
            # An entry that was cut may be whole: other text follows it.
            long = f"record of {length:,} characters, the limit is {LONGEST:,}"
            yield line, ValueError(long) if length > LONGEST else error
            continue
        yield from crossrefs.take(line, entry, fields)
    yield from crossrefs.rest()


def _fields(entry: Entry) -> Record:
    found = entry.fields
    doi, url = (_address(found.get(field, "")) for field in ("doi", "url"))
    archive = (found.get("archiveprefix") or found.get("eprinttype") or "").strip("{} ").casefold()
    eprint = _address(found.get("eprint") or found.get("arxivid") or "")
    named: tuple[str, ...] = (
        url,
        doi,
        *(found.get(field, "") for field in ("journal", "note", "howpublished")),
    )
    ours = archive in ("", "arxiv") and arxiv_number(eprint)
    # DBLP has the number of a preprint as its volume.
    volume = found.get("volume", "").strip("{} ")
    named += (f"arxiv.org/{volume}" if volume.startswith("abs/") else "",)
    noted = _NOTED_PMID.search(found.get("note", ""))
    pmid = next((found[f] for f in ("pmid", "pubmed_id", "pubmed-id") if f in found), "")
    return {
        "title": _text(found.get("title", "")),
        "abstract": _first(found, _ABSTRACTS),
        "doi": "".join(_DOI.findall(doi)[:1]) or doi or ("".join(_ADDRESS_DOI.findall(url)[:1])),
        "arxiv_id": ours or arxiv_in(*named),
        "pmid": re.sub(r"\D", "", pmid)
        or (eprint if archive == "pubmed" else pmid_in(url))
        or (noted and noted[1]),
        "authors": spoken_names(found.get("author", "")),
        "published": _published(found),
        "venue": _first(found, _VENUES),
        "publisher": _first(found, ("publisher",)) or _place(found.get("howpublished", "")),
        "url": url,
        "remarks": [
            text
            for name in ("note", "annote", "comment", "comments", "keywords", "howpublished")
            if (text := found.get(name, "").strip("{} "))
        ],
    }


def _text(latex: str) -> str:
    return _MINUS.sub("^-", plain_text(plain(latex)))


def _place(howpublished: str) -> str | None:
    """Returns where something was published, where that is no address."""
    return None if re.search(r"\\url|https?:|www\.", howpublished) else _text(howpublished) or None


def _first(found: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if name in found and (text := _text(found[name]))), None)


def _published(found: Mapping[str, str]) -> str | None:
    """Returns the date of the first field that gives a year.

    Of a range it is the start; a month may come with its day, as "May~3".
    """
    for name in _DATES:
        written = " ".join(_UNCERTAIN.sub(" ", _DOUBT.sub("", found.get(name, ""))).split())
        full = _FULL_DATE.search(written)
        if full is None:
            continue
        year, month, day = full[1], full[2] or "", full[3] or ""
        if name == "year" and not month:
            month, day = _month(found.get("month", ""), found.get("day", ""))
            if not month:
                month, day = _month(_YEAR.sub(" ", written), "")
        elif not month:
            month, day = _month(_YEAR.sub(" ", written), "")
        if date := parse_date(year, month, day):
            return date
    return None


def _month(written: str, day: str) -> tuple[str, str]:
    month, day = (" ".join(re.sub(r"[~{}]", " ", part).split()) for part in (written, day))
    inside = None if month.isdecimal() else _DAY.search(month)
    return month, day or (inside[1] if inside else "")


def _address(field: str) -> str:
    """Returns an address or identifier without what LaTeX and HTML need around it."""
    field = _SIGN.sub(lambda sign: _SIGNS[sign[1]], field).replace(r"$\sim$", "~")
    bare = re.sub(r"\\url\s*|(?<!\\)[{}]", "", field)
    for written, meant in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        bare = bare.replace(written, meant)
    return re.sub(r"\\([_%&#~{}$])", r"\1", bare).strip()
