"""RIS: records of tagged lines, from TY to ER, as reference managers and publishers write them.

Many files keep only roughly to the format: records without TY or ER, tags before TY, one space
before the hyphen, indented lines, lower case.

Source: en.wikipedia.org/wiki/RIS_(file_format), github.com/aurimasv/translators/wiki/RIS-Tag-Map.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from rispy import TAG_KEY_MAPPING

from footnote.index.models import Paper, Problem, arxiv_number
from footnote.index.readers.decompression import Text
from footnote.index.readers.record import arxiv_in, pmid_in, read_records
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

# rispy knows the tags. Its parser is not used: it drops records without TY or ER and tags before
# TY, and takes other spacing for text and the square of the lines to join a wrapped value.
_KNOWN = frozenset({*TAG_KEY_MAPPING, *"BT CT ED J1 L3 SO T4 U1 U2 U3 U4 U5".split()})

_BLANK = r"[ \t\xa0]"
_WIDE = r"(?:[ \xa0]{2,8}|[ \xa0]{0,4}\t[ \t]{0,4})"
# Only what no sentence says may end a record or begin one: "ER - positive" is a line of text.
_BEGIN = re.compile(
    rf"^{_BLANK}{{0,40}}(?:TY{_WIDE}[-–]|[Tt][Yy]{_BLANK}{{1,8}}-{_BLANK}{{0,8}}"
    rf"[A-Za-z]{{3,8}}{_BLANK}{{0,8}}$)",
    re.MULTILINE,
)
_END = re.compile(
    rf"^{_BLANK}{{0,40}}(?:ER{_WIDE}[-–][^\n]{{0,200}}|[Ee][Rr]{_BLANK}{{1,8}}-{_BLANK}{{0,8}}$)",
    re.MULTILINE,
)
_ENDED = "ER  - "
_EDGES = {"TY": _BEGIN, "ER": _END}
_LINE = re.compile(
    rf"{_BLANK}{{0,40}}([A-Za-z][A-Za-z0-9])({_BLANK}{{1,9}})([-–]){_BLANK}{{0,8}}([^\n]*)"
)
# What some converters take over from other formats.
_LONG_TAG = re.compile(r"(PMID|PMCID|DOI|ISSN|OWN|STAT|PMC)[ \t]{0,4}- {0,4}([^\n]*)")
# What tools for screening write on lines of their own.
_SCREENING = re.compile(
    r"\W{0,5}(?:rayyan-(?:in|ex)clusion|rayyan-(?:label|note|exclusion)|asreview_[a-z]|"
    r"(?:asreview|rayyan|covidence|distillersr|abstrackr|eppi-?reviewer|sysrev) ?(?:#|id|[:=])|"
    r"(?:screening|reviewer) ?(?:decision|status|note|label|id|\d{1,2})s? {0,3}[:=])",
    re.IGNORECASE,
)
# What one of them adds to the text.
_NOTE_WITHIN = re.compile(r"\s{0,9}\|?\s{0,9}RAYYAN-[A-Z-]{5,40}:[^\n]{0,9999}")
_PMID = re.compile(r"(pmid:? ?|medline:)?(\d{1,9})", re.IGNORECASE | re.ASCII)
_TITLES = ("TI", "T1", "CT")
_ABSTRACTS = ("AB", "N2")
_VENUES = ("JF", "JO", "T2", "BT", "SO", "JA", "J2", "J1", "T3")
# Their second authors are authors; of a book they are its editors.
_ARTICLES = frozenset({"JOUR", "EJOUR", "JFULL", "INPR", "MGZN", "NEWS", "UNPB", "RPRT"})
# Types of what may have its title in BT.
_BOOKS = frozenset({"BOOK", "EBOOK", "EDBOOK", "UNPB", "UNPD", "RPRT", "THES"})


def recognises(head: str) -> bool:
    """Returns whether a record begins within the first characters of a text, even without TY."""
    if is_json_or_xml(head):
        return False
    if _BEGIN.search(head):
        return True
    lines = [found for line in head.split("\n") if (found := _LINE.match(line))]
    tags = {line[1] for line in lines if line[1] in _KNOWN and _is_wide(line[2])}
    # MEDLINE's short tags look the same.
    medline = re.search(r"^PMID {0,2}-", head, re.MULTILINE)
    return len(tags) >= 3 and bool(tags & {"TI", "T1", "AB", "N2"}) and not medline


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each record, in order."""
    records = split_ended(text, _BEGIN, _END, end_tag=_ENDED, breaks_off=_breaks_off)
    parts = (part for record in records for part in _split_bare(*record))
    return read_records(parts, name, _fields, LONGEST)


def _split_bare(line: int, record: str, length: int) -> Iterator[tuple[int, str, int]]:
    """Yields the records of a text that has neither TY nor ER between them.

    Each begins behind an empty line with the tag that the first one begins with.
    """
    read_tag = _tag_reader(record)
    lines = record.split("\n")
    tags = [(n, found[0]) for n, one in enumerate(lines) if (found := read_tag(one))]
    first = tags[0][1] if tags else ""
    starts = [n for n, tag in tags if tag == first and n and not lines[n - 1].strip()]
    if first == "TY" or not starts:
        yield line, record, length
        return
    for start, end in pairwise([0, *starts, len(lines)]):
        part = "\n".join(lines[start:end])
        yield line + start, part if end == len(lines) else f"{part}{_ENDED}", len(part)


def _breaks_off(record: str) -> bool:
    """Returns whether a record ends within its abstract, for all that can be seen."""
    *_, (tag, _) = [("", ""), *read_tags(record, _tag_reader(record))]
    return tag in _ABSTRACTS and not record.endswith("\n\n")


def _fields(record: str) -> dict[str, object] | None:
    pairs = list(read_tags(_without_notes(record), _tag_reader(record)))
    tags = by_tag(pairs)
    title, whole = _title(tags), abstract(tags, *_ABSTRACTS)
    whole = _NOTE_WITHIN.sub("", whole) if whole else None
    begun = any(tag == "TY" for tag, _ in pairs)
    if not begun and not title and not whole:
        # A header, or what an export says at its end.
        return None
    if not any(tag == "ER" for tag, _ in pairs):
        raise ValueError('record has no end tag "ER"; the file seems to be cut off here')
    if not begun and any(len(tags.get(tag, ())) > 1 for tag in ("TI", "T1")):
        raise ValueError('several titles, and neither "TY" nor "ER" between them')
    urls = _urls(tags)
    named = values(tags, "DO", "DOI", "M3", "AN", "N1", "M1", "C7", "JO", "JF", "T2", "JA", "L1")
    return {
        "title": title,
        "abstract": whole,
        "doi": doi_in(values(tags, "DO", "DOI", "M3"), [*urls, *values(tags, "AN", "U1")]),
        "arxiv_id": arxiv_in(*urls, *named) or _bare_arxiv(tags),
        "pmid": _pmid(tags, urls),
        "authors": _authors(tags),
        "published": published(values(tags, "PY", "Y1", "YR", "DA")),
        "venue": _venue(tags, title),
        "url": next((url for url in urls if url.startswith(("http://", "https://"))), None),
        "remarks": values(tags, "N1", "M3", "KW"),
    }


def _without_notes(record: str) -> str:
    lines = record.split("\n")
    return "\n".join(line for line in lines if not _SCREENING.match(line))


def _is_wide(gap: str) -> bool:
    return len(gap) > 1 or "\t" in gap


def _tag_reader(record: str) -> Callable[[str], tuple[str, str] | None]:
    """Returns what reads the tag of a line; lower case is read where the record begins with it."""
    begin = _BEGIN.search(record)
    small = bool(begin and begin[0].strip()[:2].islower())

    def read_tag(line: str) -> tuple[str, str] | None:
        if long := _LONG_TAG.match(line):
            return long[1], long[2]
        if not (match := _LINE.match(line)):
            return None
        tag, gap, hyphen, value = match.groups()
        wide = _is_wide(gap)
        # "in - vitro" and "Q1 – Q4" may begin a wrapped line.
        if not wide and (hyphen != "-" or tag.upper() not in _KNOWN):
            return None
        if edge := _EDGES.get(tag.upper()):
            return (tag.upper(), value) if edge.match(line) else None
        if tag != tag.upper() and not (small and tag.upper() in _KNOWN):
            return None
        return tag.upper(), value

    return read_tag


def _title(tags: Tags) -> str | None:
    kind = (first(tags, "TY") or "").upper()
    return first(tags, *_TITLES, *(["BT"] if kind in _BOOKS else []), "ST", "TT")


def _venue(tags: Tags, title: str | None) -> str | None:
    """Returns the name of the journal, an unabbreviated one before "J. Tides"."""
    names = [name for tag in _VENUES if (name := first(tags, tag)) and name != title]
    return next((name for name in names if "." not in name), next(iter(names), None))


def _authors(tags: Tags) -> list[str]:
    """Returns the authors; A1 and AU may both list all of them."""
    named = authors(values(tags, "AU"))
    primary = authors(values(tags, "A1"))
    both = [*named, *(name for name in primary if name not in named)]
    second = authors(values(tags, "A2"))
    kind = (first(tags, "TY") or "").upper()
    if kind in _ARTICLES or not both:
        both += [name for name in second if name not in both]
    return both


def _urls(tags: Tags) -> list[str]:
    """Returns the addresses, of which one line may hold several; some hold a ";" themselves."""
    lines = values(tags, "UR", "L2", "L1", "L3")
    parts = (part for line in lines for part in re.split(r";(?=\s|http)|\s", line))
    return [part for part in parts if part]


def _pmid(tags: Tags, urls: list[str]) -> str | None:
    database = " ".join(values(tags, "DB", "DP")).casefold()
    of_pubmed = re.search(r"pubmed|medline|\bnlm\b", database)
    for number in values(tags, "PMID", "AN"):
        named = _PMID.fullmatch(number)
        if named and (of_pubmed or named[1] or "PMID" in tags):
            return named[2]
    return pmid_in(*urls)


def _bare_arxiv(tags: Tags) -> str | None:
    """Returns a number that stands alone, where the record says that it is of arXiv."""
    said = " ".join(values(tags, "DB", "DP", "PB", "JO", "JF", "T2")).casefold()
    numbers = values(tags, "AN", "M1", "M3", "C7") if "arxiv" in said else []
    return next((found for number in numbers if (found := arxiv_number(number))), None)
