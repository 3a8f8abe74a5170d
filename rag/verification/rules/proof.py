"""Proof: what in a statement can be shown to be wrong by the words of its source alone.

A number, a unit, a bound or a name that neither the quote nor its abstract has. What is only
elsewhere in the abstract, or follows from its numbers, is a doubt and no proof.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from footnote.rag.verification.rules.amounts import read_amounts
from footnote.rag.verification.rules.arithmetic import (
    agrees,
    compare_bounds,
    follows,
    has_other_unit,
    rounds_to,
)
from footnote.rag.verification.rules.naming import find_name_faults
from footnote.rag.verification.rules.plain import plain_numbers, without_references, years_of
from footnote.rag.verification.rules.stated import split_record
from footnote.rag.verification.rules.units import Amount

# Digits within a name: "7B" of "POLAR-7B", "4" of "GPT-4".
_NUMBERED = re.compile(r"(?<=[^\W\d_])[-_]?(\d+(?:\.\d+)?[kKMBT]?)|\b(\d+)(?=-?[A-Z])")
_YEAR = re.compile(r"['’](\d\d)\b")
_DENIED = re.compile(
    r"\b(?:not|never|no|nor|neither|without|rather than|instead of)(?: [^\W\d]\w{0,12}){0,3} $",
    re.IGNORECASE,
)
# A bound may be turned round from further off: "No task took more than ...".
_TURNED = re.compile(
    r"\b(?:not|no|none|never|neither|nor|cannot|without|fail\w{0,3}|short)\b|n't\b", re.IGNORECASE
)
_POINTED = re.compile(r"\b(?:the|these|those|other) $", re.IGNORECASE)
_REST = re.compile(r"\b(?:other|remaining|rest)\b", re.IGNORECASE)
_IN_YEAR = re.compile(r"(?:\b(?:in|since|until|during|the|by)\s|\()$", re.IGNORECASE)
_FEW = re.compile(r"\b(?:one|single|sole|once|no|none|zero|without|[01])\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the words of a source say against a statement.

    Attributes:
        faults: What is proved to be wrong, a few words each; they contradict.
        doubts: What is not in the quote, though the source may carry it.
    """

    faults: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """The quotes of a statement, and the papers that they are from.

    Attributes:
        quotes: What is cited, as one text.
        about: What ``describe_paper`` says of each cited paper; none if they are unknown.
    """

    quotes: str
    about: Sequence[str] = ()
    papers: Sequence[str] = field(init=False)
    record: str = field(init=False)
    quoted: Sequence[Amount] = field(init=False)
    stated: Sequence[Amount] = field(init=False)
    numbered: frozenset[float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "quoted", read_amounts(self.quotes))
        papers, records = (
            zip(*map(split_record, self.about), strict=True) if self.about else ((), ())
        )
        object.__setattr__(self, "papers", papers)
        object.__setattr__(self, "record", "; ".join(filter(None, records)))
        whole = " ".join([*papers, self.quotes])
        object.__setattr__(self, "stated", read_amounts(whole))
        parts = [part for found in _NUMBERED.findall(whole) for part in found]
        parts += [f"{century}{year}" for year in _YEAR.findall(whole) for century in (19, 20)]
        numbered = frozenset(one.value for part in parts for one in read_amounts(part))
        object.__setattr__(self, "numbered", numbered)


def find_faults(statement: str, source: Source) -> Findings:
    """Returns what is wrong with a statement, as far as the words of its source show it."""
    bare, doubted = without_references(statement, source.record)
    plain = plain_numbers(bare)
    faults: list[str] = []
    doubts: list[str] = [*doubted]
    for amount in read_amounts(plain):
        before = plain[: amount.at]
        fault, doubt = _check_amount(amount, source, plain)
        # "It reached 56 %, not above 90 %" does not say that anything has 90 %.
        if fault and _DENIED.search(before):
            fault, doubt = "", fault
        # "These two differ" points at two papers; "Two Hands" is part of a title.
        pointed = _POINTED.search(before) or (before and amount.text[:1].isupper())
        if amount.small and not fault and pointed:
            doubt = ""
        faults += [fault] if fault else []
        doubts += [doubt] if doubt else []
    unnamed, unquoted = find_name_faults(plain, source.quotes, source.papers, source.record)
    faults, doubts = faults + unnamed, doubts + unquoted
    if not source.papers:
        # The abstract may have what the quote alone has not.
        faults, doubts = [], faults + doubts
    return Findings(tuple(dict.fromkeys(faults)), tuple(dict.fromkeys(doubts)))


def _check_amount(amount: Amount, source: Source, statement: str) -> tuple[str, str]:
    """Returns a fault or a doubt about an amount, in its best reading; empty if there is none."""
    found = [_check_reading(amount, source, statement)]
    if amount.listed:
        found.append(_check_reading(amount.listed, source, statement))
    whole = round(amount.value / amount.ratio.value) if amount.ratio else 0
    # "4 in 10" is a share; of 49 games that the quote knows, 30 are counted.
    if amount.ratio and not any(one.value == whole and not one.family for one in source.quoted):
        found.append(_check_reading(amount.ratio, source, statement))
    return min(found, key=lambda one: (bool(one[0]), bool(one[1])))


def _check_reading(amount: Amount, source: Source, statement: str) -> tuple[str, str]:
    unquoted = f"{amount.text} is not in the quote"
    agreeing = [other for other in source.quoted if agrees(amount, other)]
    if agreeing:
        denied = bool(_TURNED.search(statement))
        return compare_bounds(amount, agreeing, denied=denied)
    year = _check_year(amount, source, statement)
    if year is not None:
        return "", year
    told = [other for other in source.stated if agrees(amount, other)]
    turned = [other for other in source.quoted if has_other_unit(amount, other)]
    if turned and not any(other.family == amount.family for other in told):
        return f"{amount.text} has another unit in the quote", ""
    # "The other four" are what is left of seven that the abstract tells of.
    alike = [other for other in source.stated if amount.things & other.things]
    if follows(amount, source.quoted, statement) or (
        _REST.search(statement) and follows(amount, alike, statement)
    ):
        return "", unquoted
    counts = [other for other in source.quoted if amount.things & other.things]
    if counts and not any(amount.things & other.things for other in told):
        return f"{amount.text}: the quote has {counts[0].text}", ""
    if amount.value in (0, 1) and not amount.family and not amount.listed:
        return "", "" if _FEW.search(source.quotes) else unquoted
    loose = not amount.family and amount.value in source.numbered
    # The same number with what may be another unit, or of another thing.
    nearly = any(rounds_to(amount, one) for one in source.stated)
    if told or loose or amount.small or nearly:
        return "", unquoted
    return f"{amount.text} is not in the abstract", ""


def _check_year(amount: Amount, source: Source, statement: str) -> str | None:
    """Returns a doubt about a year of publication; None if the number may be something else."""
    if not re.fullmatch(r"(?:19|20)\d\d", amount.text) or amount.family:
        return None
    years = years_of(source.record)
    if int(amount.value) in years:
        return ""
    # A preprint is a year older than its paper; a library may not know the year.
    near = {int(amount.value) - 1, int(amount.value) + 1} & years
    unknown = not years and not years_of(source.quotes)
    if near or (unknown and _IN_YEAR.search(statement[: amount.at])):
        return f"{amount.text} is not in the quote"
    return None
