"""Records: check the untrusted fields of a record and make a paper, or report one problem.

Files with consecutive records are split before parsing, so that a record that breaks the parser
does not affect the others.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from footnote.index.models import (
    Correction,
    Paper,
    PaperStatus,
    Problem,
    arxiv_number,
    identifier,
    make_paper,
)
from footnote.index.readers.decompression import Text
from footnote.index.readers.splitting import split_records, with_newlines
from footnote.index.readers.taken_back import find_status

# Characters of one record: pybtex takes the square of its length.
LONGEST = 100_000

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:[T ].*)?", re.ASCII)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH_NAME = re.compile(rf"\b({'|'.join(_MONTHS)})", re.IGNORECASE)
_ARXIV = re.compile(
    r"(?:arxiv:|arxiv\.org/(?:abs|pdf|html)/|10\.48550/arxiv\.)\s*"
    r"(\d{4}\.\d{4,5}|[a-z][a-z.-]*/\d{7})",
    re.IGNORECASE | re.ASCII,
)
_PUBMED = re.compile(r"(?:pubmed\.ncbi\.nlm\.nih\.gov|nlm\.nih\.gov/pubmed)/(\d{1,9})", re.ASCII)


def _split_names(value: object) -> object:
    """Splits "A One, B Two and C Three"; a list stays as it is."""
    if isinstance(value, str):
        return [name for part in re.split(r",| and |;", value) if (name := part.strip())]
    return value


def _parse_date_field(value: object) -> object:
    """Writes a date as YYYY[-MM[-DD]]; anything else is refused, the 31st of June too."""
    if value == "":
        return None
    match = _DATE.fullmatch(str(value).strip())
    try:
        year, month, day = match.groups() if match else ("0", None, None)
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise ValueError(f"got {str(value)[:40]!r}, expected YYYY-MM-DD") from None
    return "-".join([year, *(f"{int(part):02d}" for part in (month, day) if part)])


def _as_one_line(value: object) -> object:
    """Joins a text into one line; turns a number into its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return " ".join(value.split()) if isinstance(value, str) else value


def check_encodable(text: str) -> str:
    """Refuses lone surrogates and NUL, which JSON allows but files should not contain."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds half of a surrogate pair")
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


OneLine = Annotated[str, BeforeValidator(_as_one_line), AfterValidator(check_encodable)]


def _check_filled(text: str) -> str:
    """Refuses a blank abstract; others stay as they are, since quotes are offsets into them."""
    if not text.strip():
        raise ValueError("is empty")
    return check_encodable(text)


class _InputRecord(BaseModel):
    """The untrusted fields of one record; unknown fields are let go."""

    model_config = ConfigDict(extra="ignore")

    title: OneLine = ""
    abstract: Annotated[str, AfterValidator(_check_filled)] = Field(
        validation_alias=AliasChoices("abstract", "text")
    )
    id: OneLine | None = Field(None, validation_alias=AliasChoices("id", "_id"))
    arxiv_id: OneLine | None = None
    doi: OneLine | None = None
    pmid: OneLine | None = None
    authors: Annotated[tuple[OneLine, ...], BeforeValidator(_split_names)] = ()
    author_count: int | None = None
    published: Annotated[str | None, BeforeValidator(_parse_date_field)] = Field(
        None, validation_alias=AliasChoices("published", "date", "created", "year")
    )
    venue: OneLine | None = None
    url: OneLine | None = None
    source: OneLine | None = None
    note: OneLine | None = None
    status: PaperStatus | None = None
    # Comments, notes and types of the record, which may say that its paper was taken back.
    remarks: tuple[str, ...] = ()

    def identifiers(self) -> list[str]:
        """Returns every identifier of the record; a bare id counts as arXiv's if it looks so."""
        pairs = [("arxiv", self.arxiv_id), ("doi", self.doi), ("pmid", self.pmid)]
        if self.id:
            kind, colon, value = self.id.partition(":")
            if colon and kind in ("arxiv", "doi", "pmid", "acl", "id"):
                pairs.append((kind, value))
            elif not self.id.startswith("title:"):
                pairs.append(("arxiv" if arxiv_number(self.id) else "id", self.id))
        return [i for kind, value in pairs if value and (i := identifier(kind, value))]


def parse_paper(fields: Mapping[str, object]) -> Paper:
    """Returns the paper that a record's fields describe; a field that is None is not there.

    Raises:
        ValueError: A field is missing or of the wrong kind; ``describe_fault`` says which.
    """
    record = _InputRecord.model_validate({k: v for k, v in fields.items() if v is not None})
    arxiv = next((i for i in record.identifiers() if i.startswith("arxiv:")), None)
    url = record.url or (f"https://arxiv.org/abs/{arxiv.partition(':')[2]}" if arxiv else None)
    return make_paper(
        record.title,
        record.abstract,
        record.identifiers(),
        authors=record.authors,
        author_count=record.author_count,
        published=record.published,
        venue=record.venue,
        url=url if url and url.startswith(("https://", "http://")) else None,
        source=record.source,
        note=record.note,
        status=record.status
        or find_status(record.title, record.abstract, (*record.remarks, record.note or "")),
    )


class _CorrectedFields(BaseModel):
    title: OneLine = ""
    authors: tuple[OneLine, ...] = ()
    published: Annotated[str | None, BeforeValidator(_parse_date_field)] = None
    venue: OneLine = ""
    status: Literal["retracted", "withdrawn", ""] = ""


def parse_correction(fields: Mapping[str, object]) -> Correction:
    """Returns the correction that fields describe; one that is not there stays as it is.

    Raises:
        ValueError: A field is of the wrong kind; ``describe_fault`` says which.
    """
    record = _CorrectedFields.model_validate(dict(fields))
    given = {name: getattr(record, name) for name in record.model_fields_set}
    if "authors" in given:
        given["authors"] = tuple(name for name in given["authors"] if name)
    if given.get("published", "") is None:
        given["published"] = ""
    return Correction(**given)


def describe_fault(error: Exception) -> str:
    """Returns one line about the first wrong field of a record."""
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())[:200] or type(error).__name__
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"])) or "record"
    if first["type"] == "missing":
        return 'missing "abstract"' if field in ("abstract", "text") else f'missing "{field}"'
    return f'"{field}": {first["msg"].removeprefix("Value error, ")}'


# Formats whose records stand one after another.


def read_each(
    text: Text,
    name: str,
    start: re.Pattern[str],
    parse: Callable[[str], Mapping[str, object] | None],
    *,
    longest: int = LONGEST,
) -> Iterator[Paper | Problem]:
    """Yields a paper or a problem for each record of a text.

    Args:
        text: The file, whole or in pieces.
        name: Of the file, for problems.
        start: What every record begins with, and nothing else.
        parse: Returns the fields of one record, None for what is none; raises ValueError.
        longest: Characters of a record at most.
    """
    return read_records(split_records(with_newlines(text), start, longest), name, parse, longest)


def read_records(
    records: Iterable[tuple[int, str, int]],
    name: str,
    parse: Callable[[str], Mapping[str, object] | None],
    longest: int,
) -> Iterator[Paper | Problem]:
    """Yields a paper or a problem for each record: its line, its text and its length.

    See ``read_each`` for the rest.
    """
    for line, record, length in records:
        try:
            if length > longest:
                raise ValueError(f"record of {length:,} characters, the limit is {longest:,}")
            fields = parse(record)
            if fields is not None:
                yield parse_paper(fields)
        except (ValueError, RecursionError) as error:
            yield Problem(name, line, describe_fault(error))


def parse_date(year: str, month: str = "", day: str = "") -> str | None:
    """Returns a date as far as it can be read: "2020", "May", "5th" is 2020-05-05.

    "In press" is no year, and a month may be a name or a number; what cannot be read is left out.
    """
    # "c2020" and "2020a" name one too.
    found = re.search(r"(?<!\d)[12]\d{3}(?!\d)", year, re.ASCII)
    if not found:
        return None
    name = _MONTH_NAME.search(month)
    number = re.fullmatch(r"\s*(\d{1,2})\s*", month, re.ASCII)
    parts = [found[0]]
    if name or number:
        parts.append(str(_MONTHS.index(name[1].lower()) + 1) if name else number[1])  # type: ignore[index]
        if match := re.match(r"\s*(\d{1,2})(?!\d)", day, re.ASCII):
            parts.append(match[1])
    # The 31st of June is a day of June, and a 13th month one of the year.
    for kept in range(len(parts), 0, -1):
        try:
            return str(_parse_date_field("-".join(parts[:kept])))
        except ValueError:
            continue
    return None


def arxiv_in(*texts: str) -> str | None:
    """Returns the arXiv number that one of the texts names as such."""
    return next((match[1] for text in texts if (match := _ARXIV.search(text))), None)


def pmid_in(*texts: str) -> str | None:
    """Returns the number of PubMed that one of the texts is an address of."""
    return next((match[1] for text in texts if (match := _PUBMED.search(text))), None)
