"""Written dates: the forms in which programs and people write a date, as YYYY[-MM[-DD]]."""

import re
from collections.abc import Mapping
from datetime import date
from email.utils import parsedate
from typing import Any

from footnote.index.readers.record import parse_date

_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:[T ]|$)", re.ASCII)
_COMPACT = re.compile(r"([12]\d{3})(\d{2})(\d{2})(?:\.0)?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})(?:[/.](\d{1,2}))?[/.]?(?: .{0,40})?", re.ASCII)
_YEAR_LAST = re.compile(r"(?:(\d{1,2})([/.-]))?(\d{1,2})[/.-](\d{4})(?:,? .{0,40})?", re.ASCII)
_DAY = re.compile(r"(?<!\d)(?<!\d-)(\d{1,2})(?:st|nd|rd|th)?\b(?!-?\d)", re.ASCII)
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d{2}(?!\d)", re.ASCII)
# What somebody meant to be a date of ours.
_OURS = re.compile(r"\d{1,4}|\d{4}-[\d-]{1,6}")
_UNDATED = re.compile(
    r"(?:n\.? ?d\.?|s\.? ?a\.?|no date|undated|unknown|in press|in print|forthcoming|to appear|"
    r"submitted|accepted|online first|early access)",
    re.IGNORECASE,
)
# Longer texts are no dates.
_LONGEST = 60


def read_date(value: Any) -> str | None:
    """Returns a date in one of the forms that programs write; None where it is none of them.

    Of 03/04/2021, which is of March or of April, the year is kept. Numbers of seconds or days
    since some day are not read.
    """
    if isinstance(value, Mapping):
        return _from_parts(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = " ".join(str(value).split()) if len(str(value)) <= _LONGEST * 2 else ""
    if re.fullmatch(r"\d{4}(?:\.0)?", text, re.ASCII):
        return parse_date(text[:4])
    if found := _ISO.match(text):
        return _of_calendar(found[1], found[2], found[3])
    if found := _COMPACT.fullmatch(text):
        return _of_calendar(*found.groups())
    if found := _YEAR_FIRST.fullmatch(text):
        return parse_date(found[1], found[2], found[3] or "")
    if found := _YEAR_LAST.fullmatch(text):
        return _year_last(found)
    return _in_words(text) if len(text) <= _LONGEST else None


def means_date(value: Any) -> bool:
    """Returns whether what is no date was meant as one of ours, so that a fault is to be told.

    "n.d.", "in press" and a number of milliseconds are not.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not value:
            return False
        value = str(value).removesuffix(".0")
    if not isinstance(value, str):
        return not isinstance(value, Mapping)
    text = value.strip()
    words = not any(map(str.isdigit, text)) and not _UNDATED.fullmatch(text)
    return words or bool(_OURS.fullmatch(text))


def _from_parts(value: Mapping[str, Any]) -> str | None:
    parts = value.get("date-parts") or value.get("date_parts")
    while isinstance(parts, list) and parts and isinstance(parts[0], list):
        parts = parts[0]
    if not isinstance(parts, list):
        parts = [value.get(name) for name in ("year", "month", "day")]
    if parts and parts[0] is not None:
        return parse_date(*("" if part is None else str(part) for part in parts[:3]))
    texts = (value.get(name) for name in ("raw", "literal", "value", "date-time"))
    return next((day for text in texts if isinstance(text, str) and (day := read_date(text))), None)


def _of_calendar(year: str, month: str, day: str | None) -> str | None:
    """Returns a date, None where the calendar has no such day; "00" says that it is not known."""
    known = [part for part in (month, day) if part and int(part)]
    try:
        date(int(year), *(int(part) for part in [*known, "1", "1"][:2]))
    except ValueError:
        return None
    return parse_date(year, *known)


def _year_last(found: re.Match[str]) -> str | None:
    first, sign, second, year = found.groups()
    if first is None:
        return parse_date(year, second)
    # With dots the day stands first; with slashes it does so in some countries.
    if sign == "." or int(first) > 12:
        return parse_date(year, second, first)
    return parse_date(year, first, second) if int(second) > 12 else parse_date(year)


def _in_words(text: str) -> str | None:
    """Returns a date with the month in words, or the one year that a text names."""
    if parsed := parsedate(text):
        return parse_date(*map(str, parsed[:3])) if _YEAR.search(text) else None
    year = _YEAR.search(text)
    if not year:
        return None
    day = _DAY.search(text)
    return parse_date(year[0], text, day[1] if day else "")
