"""Statements in another language than their quotes: what can be proved without understanding both.

Only numbers: German capitalises every noun, and Chinese puts no space between words, so that no
name can be read by the rules for English.
"""

import re

from footnote.rag.query.translation import detect_language, find_unread_language
from footnote.rag.verification.rules.arithmetic import follows
from footnote.rag.verification.rules.plain import years_of
from footnote.rag.verification.rules.proof import Findings, Source
from footnote.rag.verification.rules.units import Amount, Family

# Not what is scaled by a word, "3 Millionen" and "3万"; not the digits of a name.
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9.,-])(?:\d{1,3}(?:[.,\u202f ]\d{3}){1,3}(?!\d)|\d{1,9}(?:[.,]\d{1,4})?)"
)
_SCALED = re.compile(
    r"\s?(?:mi[ol]|mrd|tausend|mil\b|milliers|[万萬亿億千百十만억천])|-?[a-z]", re.IGNORECASE
)
# Stands for words of any language that make a sum or a difference.
_COUNTS = "in total"
# What a number of another language may measure that follows from others.
_DERIVED: tuple[Family, ...] = ("percent", "times", "")
# Smaller ones are often spelled out.
_SMALL = 20


def is_foreign(statement: str, quotes: str) -> bool:
    """Returns whether a statement is in a language that its quotes are not in."""
    return _language(statement) not in (None, _language(quotes))


def find_foreign_faults(statement: str, source: Source) -> Findings:
    """Returns the numbers of a statement that neither its quotes nor their papers have."""
    told = {one.value for one in source.stated} | source.numbered | years_of(source.record)
    faults = []
    for match in _NUMBER.finditer(statement):
        if _SCALED.match(statement, match.end()):
            continue
        values = _read_both_ways(match[0])
        known = any(_is_near(v, one) for v in values for one in told)
        if min(values) >= _SMALL and not known and not any(_follows(v, source) for v in values):
            faults.append(f"{match[0]} is not in the abstract")
    found = tuple(dict.fromkeys(faults))
    return Findings(found) if source.papers else Findings((), found)


def _read_both_ways(digits: str) -> list[float]:
    """Returns what digits may mean: "1.500" is one and a half, or fifteen hundred."""
    plain = re.sub(r"[.,\u202f ]", "", digits)
    decimal = re.sub(r"[\u202f ]", "", digits).replace(",", ".")
    readings = [float(plain)]
    if decimal.count(".") == 1:
        readings.append(float(decimal))
    return readings


def _follows(value: float, source: Source) -> bool:
    """Returns whether a number can be made of those of the quotes, whatever it measures."""
    step = 0.1 if value % 1 else 1.0
    return any(
        follows(Amount(value, family, step=step), source.quoted, _COUNTS) for family in _DERIVED
    )


def _is_near(value: float, other: float) -> bool:
    return abs(value - other) <= max(1e-6, 0.05 * abs(other))


def _language(text: str) -> str | None:
    return detect_language(text) or find_unread_language(text)
