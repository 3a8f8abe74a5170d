"""JSON Lines: one record a line, in this project's field names or in BEIR's."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from index.papers import Paper, Problem, arxiv_number, identifier, make_paper

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:[T ].*)?", re.ASCII)


def _names(value: object) -> object:
    """Splits "A One, B Two and C Three"; a list stays as it is."""
    if isinstance(value, str):
        return [name for part in re.split(r",| and |;", value) if (name := part.strip())]
    return value


def _date(value: object) -> object:
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


def _text(value: object) -> object:
    """Makes one line of a text; a number is taken as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return " ".join(value.split()) if isinstance(value, str) else value


def _encodable(text: str) -> str:
    """Refuses half a surrogate pair and NUL, which JSON can spell and no file should hold."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds half of a surrogate pair")
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


OneLine = Annotated[str, BeforeValidator(_text), AfterValidator(_encodable)]


def _filled(text: str) -> str:
    """Refuses a blank abstract; others stay as they are, since quotes are offsets into them."""
    if not text.strip():
        raise ValueError("is empty")
    return _encodable(text)


class _Record(BaseModel):
    """The untrusted JSON of one line; unknown fields are let go."""

    model_config = ConfigDict(extra="ignore")

    title: OneLine = ""
    abstract: Annotated[str, AfterValidator(_filled)] = Field(
        validation_alias=AliasChoices("abstract", "text")
    )
    id: OneLine | None = Field(None, validation_alias=AliasChoices("id", "_id"))
    arxiv_id: OneLine | None = None
    doi: OneLine | None = None
    pmid: OneLine | None = None
    authors: Annotated[tuple[OneLine, ...], BeforeValidator(_names)] = ()
    author_count: int | None = None
    published: Annotated[str | None, BeforeValidator(_date)] = Field(
        None, validation_alias=AliasChoices("published", "date", "created", "year")
    )
    venue: OneLine | None = None
    url: OneLine | None = None
    source: OneLine | None = None
    note: OneLine | None = None

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


def recognises(head: str) -> bool:
    """Returns whether a text starts with a JSON object, or has one after a bad first line."""
    return head.lstrip().startswith("{") or '\n{"' in head


def read(text: str, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each line that is not blank."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield _paper(json.loads(line))
        except json.JSONDecodeError as error:
            yield Problem(name, number, f"not JSON ({error.msg} at column {error.colno})")
        except ValidationError as error:
            yield Problem(name, number, _first_fault(error))
        except (ValueError, RecursionError) as error:
            yield Problem(name, number, str(error)[:200])


def _paper(found: Any) -> Paper:
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, got {type(found).__name__}")
    # BEIR keeps what is neither title nor text in "metadata".
    inner = found.get("metadata")
    both = [*(inner.items() if isinstance(inner, dict) else ()), *found.items()]
    # A field that is null is a field that is not there.
    record = _Record.model_validate({name: value for name, value in both if value is not None})
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
    )


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    field = ".".join(map(str, fault["loc"])) or "record"
    if fault["type"] == "missing":
        return 'missing "abstract"' if field in ("abstract", "text") else f'missing "{field}"'
    return f'"{field}": {fault["msg"].removeprefix("Value error, ")}'
