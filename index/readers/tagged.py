"""Tagged text: what RIS, MEDLINE, Web of Science's text and Refer share, records of tagged lines.

A value goes on over the lines that follow it and have no tag of their own.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote

from footnote.index.readers.author_names import BODIES, split_names
from footnote.index.readers.decompression import Text
from footnote.index.readers.markup import plain_text
from footnote.index.readers.record import parse_date
from footnote.index.readers.splitting import split_records, with_newlines
from footnote.index.readers.written_dates import read_date

# Characters of one record: three thousand authors with their addresses take 2 MB.
LONGEST = 10_000_000

# The values of each tag, in order.
Tags = Mapping[str, Sequence[str]]

# Fewer characters are a remark, where there is another text to choose.
_SHORTEST_ABSTRACT = 80
_REMARK = re.compile(
    r"\W{0,5}(?:times cited|cited (?:by|references?)|export date|references?:|copyright|©|"
    r"from duplicate|rayyan|asreview|covidence|isi document|funding|correspondence|language)",
    re.IGNORECASE,
)
_NO_ABSTRACT = re.compile(
    r"\W{0,3}(?:no abstract(?: is)?(?: (?:available|provided))?(?: for this \w{1,9})?|"
    r"(?:the )?abstract (?:is )?(?:not |un)available|not available|"
    r"abstract available from the publisher|n/?a|none|null|abstract)\W{0,3}",
    re.IGNORECASE,
)
# Old ones hold "<" and ">".
_DOI = re.compile(r"10\.\d{4,9}/\S{1,280}", re.ASCII)
# In an address: at doi.org, in a parameter, or where publishers have their articles.
_DOI_ADDRESS = re.compile(
    r"(?:doi\.org/|[?&]doi=|/doi/(?:(?:abs|full|pdf|epdf|pdfplus|book|ref|e?pub)/)?|\bdoi:\s?)"
    r"(10\.\d{4,9}/[^\s\"<>?#&]{1,280})",
    re.IGNORECASE | re.ASCII,
)
_VIEW = re.compile(r"/(?:abstract|full|pdf|epdf|html|meta|fulltext|summary)$", re.IGNORECASE)
_OTHER = re.compile(r"\s*(?:\{|<[?!A-Za-z])")
_SUFFIX = re.compile(r"(?:Jr|Sr|2nd|3rd|4th|I{2,3}|IV)\.?", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[A-Z]\.?-?){1,4}")
# Names that are written out, first names first: of a ministry there is more.
_PERSON = re.compile(r"[A-Z][\w.’'-]{0,30}(?: [A-Z][\w.’'-]{0,30}){1,2}")
_TURNED = re.compile(r"[^\W\d_][^\s,.]{1,40} (?:[A-Z]\.[ -]?){1,4}")
_DIGITS_DATE = re.compile(r"([12]\d{3})([01]\d)([0-3]\d)", re.ASCII)
_ISO_DATE = re.compile(r"([12]\d{3})-(\d{1,2})(?:-(\d{1,2}))?(?!\d)", re.ASCII)
# A month in words: "3 May 2021".
_WORDED = re.compile(r"[A-Za-z]{3}", re.ASCII)
_PARTED_DATE = re.compile(
    r"([12]\d{3})(?:[/.,\s]{1,3}([^\s/.,]{1,20}))?(?:[/.,\s]{1,3}(\d{1,2}))?(?!\d)", re.ASCII
)


def is_json_or_xml(head: str) -> bool:
    """Returns whether a text starts as JSON, XML or HTML does; "<1>" is a number of Ovid's."""
    return bool(_OTHER.match(head))


def split_ended(
    text: Text,
    begin: re.Pattern[str],
    end: re.Pattern[str],
    *,
    end_tag: str,
    breaks_off: Callable[[str], bool] = lambda record: False,
) -> Iterator[tuple[int, str, int]]:
    """Yields each record of a text whose records have an end tag: its line, text and length.

    Any may lack its begin or its end, and tags may stand before its begin. Those without an end
    get one, unless they were cut off: the last one, or one that breaks off, of a file that wrote
    an end for another before.

    Args:
        text: The file, whole or in pieces.
        begin: The line that begins a record.
        end: The line that ends one.
        end_tag: What the records get that lack an end.
        breaks_off: Returns whether a record seems cut off, though another follows.
    """
    edge = re.compile(rf"{begin.pattern}|{end.pattern}|\A", re.MULTILINE)
    line, record, length = 0, "", 0
    begun = any_ended = False
    for at, part, size in split_records(with_newlines(text), edge, LONGEST):
        ended, begins = end.match(part), begin.match(part)
        if record and (ended or (begins and begun)):
            cut = not ended and any_ended and breaks_off(record)
            yield line, record if cut else f"{record}\n{end_tag}", length
            record, length, begun = "", 0, False
        any_ended = any_ended or bool(ended)
        rest = part[ended.end() :] if ended else part
        if begins or not record:
            line = at + rest[: len(rest) - len(rest.lstrip())].count("\n")
        if rest.strip():
            record, length = record + rest, length + size
        begun = begun or bool(begins)
    if record:
        yield line, record if any_ended else f"{record}\n{end_tag}", length


def read_tags(
    record: str, tag_of: Callable[[str], tuple[str, str] | None]
) -> Iterator[tuple[str, str]]:
    """Yields each tag of a record with its value, wrapped lines put together.

    Args:
        record: Its lines; those before the first tag are dropped.
        tag_of: Returns the tag of a line and what follows it, None for a line without one.
    """
    tag, lines = "", list[str]()
    for line in record.split("\n"):
        if found := tag_of(line):
            if tag:
                yield tag, " ".join(lines)
            tag, lines = found[0], [found[1].strip()]
        elif line := line.strip():
            lines.append(line)
    if tag:
        yield tag, " ".join(lines)


def by_tag(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Returns the values of each tag; empty ones are left out."""
    tags: dict[str, list[str]] = {}
    for tag, value in pairs:
        if value := value.strip():
            tags.setdefault(tag, []).append(value)
    return tags


def values(tags: Tags, *names: str) -> list[str]:
    """Returns the values of some tags, by the order of their names."""
    return [value for name in names for value in tags.get(name, ())]


def first(tags: Tags, *names: str) -> str | None:
    """Returns the first value of the first of some tags, as plain text; None without one."""
    return next((text for value in values(tags, *names) if (text := plain_text(value))), None)


def abstract(tags: Tags, *names: str) -> str | None:
    """Returns the abstract that some tags hold, the first the likeliest; None without one.

    The parts of one tag are put together. Of several that look like abstracts the longest counts.
    """
    texts = [text for name in names if (text := _whole(tags.get(name, ())))]
    likely = [text for text in texts if _looks_like_abstract(text)]
    return max(likely, key=len) if likely else next(iter(texts), None)


def _whole(parts: Sequence[str]) -> str:
    # A record that was merged from two may hold its abstract twice.
    texts = dict.fromkeys(map(plain_text, parts))
    return " ".join(text for text in texts if text and not _NO_ABSTRACT.fullmatch(text))


def _looks_like_abstract(text: str) -> bool:
    return len(text) >= _SHORTEST_ABSTRACT and not _REMARK.match(text)


def doi_in(names: Iterable[str], addresses: Iterable[str] = ()) -> str | None:
    """Returns the first DOI of fields that name one, else of addresses that lead to one."""
    for pattern, texts in ((_DOI, names), (_DOI_ADDRESS, addresses)):
        for text in texts:
            if found := pattern.search(unquote(plain_text(text))):
                return _bare(found[found.re.groups])
    return None


def _bare(doi: str) -> str:
    """Returns a DOI without the punctuation of its sentence and the view of its page."""
    doi = _VIEW.sub("", doi.rstrip(".,;:'\"]}"))
    # Old DOIs of Wiley's hold brackets.
    return doi[:-1] if doi.endswith(")") and doi.count(")") > doi.count("(") else doi


def authors(written: Iterable[str]) -> list[str]:
    """Returns names as they are spoken of; a line may hold several."""
    found = [spoken(name) for line in written for name in _names(plain_text(line))]
    return [name for name in found if name]


def _names(line: str) -> list[str]:
    names = re.split(r";|\|", line)
    pairs = line.split(" and ")
    if len(names) > 1:
        return names
    # "Ministry of Food and Fisheries" is one name.
    if all("," in name or _PERSON.fullmatch(name.strip()) for name in pairs) and len(pairs) > 1:
        return pairs
    # "Marsh A., Lind B." is a line of two.
    parts = [part.strip() for part in line.split(",")]
    return split_names(line) if len(parts) > 1 and all(map(_TURNED.fullmatch, parts)) else names


def spoken(name: str) -> str:
    """Returns "Last, First, Jr." as "First Last Jr.", and "Last F." as "F. Last"."""
    last, *rest = [part.strip() for part in name.split(",")]
    rest = [part for part in rest if part]
    if len(rest) == 1 and rest[0].casefold().rstrip(".") in BODIES:
        return f"{last}, {rest[0]}"
    if not rest:
        return spoken_initials(last) if last.endswith(".") else last
    if len(rest) == 1 and _SUFFIX.fullmatch(rest[0]):
        return f"{last} {rest[0]}"
    # "Last, Jr., First", and "Last, First Jr." as MEDLINE has it.
    if len(rest) > 1 and _SUFFIX.fullmatch(rest[0]):
        rest = [*rest[1:], rest[0]]
    given, _, suffix = rest[0].rpartition(" ")
    if given and _SUFFIX.fullmatch(suffix):
        rest = [given, *rest[1:], suffix]
    return " ".join(part for part in (*rest[:1], last, *rest[1:]) if part)


def spoken_initials(name: str) -> str:
    """Returns "van der Berg JA" as "JA van der Berg", "Marsh A Jr" as "A Marsh Jr"."""
    *parts, last = name.split() or [""]
    if len(parts) > 1 and _SUFFIX.fullmatch(last) and _INITIALS.fullmatch(parts[-1]):
        return " ".join([parts[-1], *parts[:-1], last])
    return " ".join([last, *parts] if _INITIALS.fullmatch(last) else [*parts, last])


def date_in(text: str) -> str | None:
    """Returns a date that begins with its year: 2021/05/03/, 2021 May 3, 20210503, 2021-05.

    Of any other only the year is read; two months, as in "2019 Nov-Dec", name none.
    """
    text = text.strip()
    if match := _DIGITS_DATE.fullmatch(text) or _ISO_DATE.match(text):
        return parse_date(match[1], match[2], match[3] or "")
    if match := _PARTED_DATE.match(text):
        month = match[2] or ""
        return parse_date(match[1], "" if "-" in month else month, match[3] or "")
    if _WORDED.search(text):
        return read_date(text)
    return parse_date(text)


def published(written: Iterable[str]) -> str | None:
    """Returns the most exact of some dates that is of the same year as the first.

    A month without a year, as "MAY 3", is one of that year.
    """
    texts = list(written)
    dates = [date for text in texts if (date := date_in(text))]
    if dates:
        year = dates[0][:4]
        dates += [d for text in texts if not re.search(r"\d{4}", text) and _WORDED.search(text)
                  if (d := read_date(f"{text.strip()} {year}"))]  # fmt: skip
    return max((d for d in dates if d[:4] == dates[0][:4]), key=len, default=None)
