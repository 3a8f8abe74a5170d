"""Arithmetic: whether a number agrees with others, follows from them, or has its bound reversed."""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from footnote.rag.verification.rules.units import SMALL, Amount

# Relative distances that "about" allows: of a number of one digit, of one ending in 5, of others.
_ROUGH, _MIDDLE, _FINE = 0.07, 0.06, 0.025
# How far "over" and "under" may be from a number: of one digit, and of others.
_WIDE_ROUGH, _WIDE_FINE = 2.0, 1.5
# Bounds that differ by more than this are not the same.
_SAME_BOUND = 0.1
# Numbers of a source from which others are made.
_MOST = 12
# Words that make a sum or a difference of two counts.
_MADE = re.compile(
    r"\b(?:others?|remain\w*|rest|left|los[et]\w*|fail\w*|not|never|miss\w*|without|only|together"
    r"|total|altogether|combined|sums?|in all|overall|more|fewer|less|lead\w*|gaps?|differ\w*"
    r"|margins?|ahead|behind|short|drop\w*|further|additional|extra|each|per|every|cost\w*"
    r"|another|either|both|times)\b|n't\b",
    re.IGNORECASE,
)
Bounds = tuple[str, str]


def agrees(mine: Amount, other: Amount) -> bool:
    """Returns whether two amounts say the same."""
    return any(_agrees(mine, one) for one in (other, other.listed) if one is not None)


def _agrees(mine: Amount, other: Amount) -> bool:
    if mine.bound == "order":
        same = not other.family or other.family in ("times", "percent")
        return same and other.value > 0 and _is_magnitude(mine.value, other)
    if mine.family and mine.family == other.family:
        return any(
            _rounds(mine, mine.base * power, other.base, mine.factor * power)
            for power in (_BINARY if mine.family == "memory" else (1.0,))
        )
    if mine.family and other.family:
        return any(_rounds(mine, mine.value, value) for value in _as_times(mine, other))
    # Of what a bare number is, only an equal one tells: 49 games are not "less than 70 %".
    plain = replace(mine, bound="exact") if mine.family != other.family else mine
    if not _counts_another(mine, other) and _rounds(plain, mine.value, other.value):
        return True
    return any(_rounds(mine, mine.value, value) for value in _as_parts(mine, other))


# A gigabyte has 1000 megabytes, or 1024.
_BINARY = tuple(1.024**n for n in (0, 1, -1, 2, -2))


def _is_magnitude(value: float, other: Amount) -> bool:
    """Returns whether a number is within half an order of a magnitude."""
    number = other.value if other.family != "percent" else other.value / 100
    return abs(math.log10(value) - math.log10(number)) <= 0.5


def _counts_another(mine: Amount, other: Amount) -> bool:
    """Returns whether one number has a unit that the other, a count of things, has not.

    A bare number may be of any unit; a count of things is of none, but "65 GPU hours" are hours.
    """
    measured, counted = (mine, other) if mine.family else (other, mine)
    if measured.family in ("", "percent", "times") or not counted.things:
        return False
    return not any(measured.unit.startswith(thing[:4]) for thing in counted.things)


def _as_times(mine: Amount, other: Amount) -> Iterator[float]:
    """Yields another amount as it is told in the unit of the first: 150 % more is 2.5 times."""
    if (mine.family, other.family) == ("times", "percent"):
        yield from (1 + other.value / 100, other.value / 100)
        if 0 < other.value < 100:
            yield 100 / (100 - other.value)
    if (mine.family, other.family) == ("percent", "times"):
        yield from (100 * (other.value - 1), 100 * other.value)
        if other.value > 0:
            yield from (100 / other.value, 100 - 100 / other.value)


def _as_parts(mine: Amount, other: Amount) -> Iterator[float]:
    """Yields another amount as a part of one, or as percent of it."""
    if not mine.family and mine.value < 1:
        if other.family in ("percent", ""):
            yield other.value / 100
        if other.value and other.family in ("times", ""):
            yield 1 / other.value
    if not other.family and other.value < 1:
        if mine.family in ("percent", ""):
            yield 100 * other.value
        if other.value and mine.family in ("times", ""):
            yield 1 / other.value


def _rounds(mine: Amount, value: float, other: float, factor: float = 1.0) -> bool:
    """Returns whether a number is one that the amount, as it is written and meant, may stand for.

    Args:
        mine: The amount.
        value: Its value in the unit that is compared.
        other: The number of the source.
        factor: Of that unit.
    """
    apart = abs(value - other)
    if apart <= 1e-6 * abs(value) or apart <= 0.5000001 * mine.step * factor:
        return True
    digits = _digits(mine)
    near = mine.bound == "near" or not digits
    if near and apart <= _tolerance(digits) * abs(other):
        return True
    wide = _WIDE_ROUGH if len(digits) == 1 else _WIDE_FINE
    if mine.bound == "above":
        return value <= other <= value * wide
    return mine.bound == "below" and value * 0.5 <= other <= value


def _digits(mine: Amount) -> str:
    """Returns the digits of a number without zeros behind; none of a part in words."""
    if mine.step < 1e-8 * mine.scale:
        return ""
    return str(round(mine.value / mine.step)).rstrip("0") or "0"


def _tolerance(digits: str) -> float:
    if len(digits) < 2:
        return _ROUGH
    if digits.endswith("5"):
        return _MIDDLE
    # The last digit that is written is rounded: 1,200 is from 1,150 to 1,250.
    return max(_FINE, min(_ROUGH, 0.5 / int(digits)))


def rounds_to(mine: Amount, other: Amount) -> bool:
    """Returns whether two numbers are equal, whatever their units are."""
    return _rounds(replace(mine, bound="exact"), mine.value, other.value)


def has_other_unit(mine: Amount, other: Amount) -> bool:
    """Returns whether two numbers are equal but for their units."""
    units = mine.family and other.family
    return bool(units) and rounds_to(mine, other) and not agrees(mine, other)


def compare_bounds(mine: Amount, others: Sequence[Amount], *, denied: bool) -> Bounds:
    """Returns a fault or a doubt about a bound of a number that agrees with others.

    Args:
        mine: The amount.
        others: Those of the quotes that agree.
        denied: Whether a negation stands before it, which may turn it round again.
    """
    found = [_compare_bounds(mine, other) for other in others]
    if not found or "" in found:
        return "", ""
    told = f"{mine.text}: the quote has another bound"
    return ("", told) if denied or "doubt" in found else (told, "")


def _compare_bounds(mine: Amount, other: Amount) -> str:
    sides = ("above", "below")
    points = mine.unit.endswith(" of") and other.unit.startswith(("point", "pp", "pts"))
    if points:
        return "doubt"
    if mine.bound not in sides:
        return ""
    value, known = mine.base, other.base if mine.family == other.family else other.value
    equal = abs(value - known) <= 1e-6 * abs(known)
    if other.bound not in sides:
        # "Over four data sets" is on them; "at most 40" is "up to 40".
        few = mine.bound == "above" and mine.value <= SMALL and mine.things
        same = few or (mine.bound == "below" and other.bound == "up to")
        return "doubt" if equal and not same else ""
    if other.bound == mine.bound:
        return "" if abs(value - known) <= _SAME_BOUND * abs(known) else "doubt"
    apart = value >= known if mine.bound == "above" else value <= known
    return "fault" if apart or equal else "doubt"


def follows(amount: Amount, others: Sequence[Amount], statement: str) -> bool:
    """Returns whether an amount is a sum, a difference, a ratio or a rest of others.

    Args:
        amount: The amount.
        others: Those of the source.
        statement: Where the amount stands; only some words make a sum or a difference of counts.
    """
    plain = amount if amount.bound in ("near", "order") else replace(amount, bound="exact")
    made = list(_derived(amount, others, made=bool(_MADE.search(statement))))
    if any(agrees(plain, one) for one in made):
        return True
    # "Over two fifths" of what is derived; "over 30" is no proof of anything.
    loose = plain.step < 1e-8 * plain.scale or plain.family == "times"
    return loose and any(agrees(amount, one) for one in made)


def _derived(amount: Amount, others: Sequence[Amount], *, made: bool) -> Iterator[Amount]:
    """Yields what can be made of the amounts of a source by one step of arithmetic."""
    known = list(others[:_MOST])
    parts = amount.family in ("percent", "times") or (amount.value < 2 and amount.step < 1)
    if not (parts or amount.family or amount.bound in ("near", "order") or made):
        return
    for high, low in itertools.permutations(known, 2):
        yield from _of_two(high, low, summed=made)
        if parts or made:
            yield from _ratios(high, low, amount)
    for one in known:
        if one.family == "percent":
            # 223 % of a score are 123 % more.
            yield Amount(abs(100 - one.value), "percent")
        elif not one.family and one.value < 1:
            # 0.2 off is from 0.8 to 1.2.
            yield from (Amount(1 - one.value), Amount(1 + one.value))


def _of_two(high: Amount, low: Amount, *, summed: bool) -> Iterator[Amount]:
    """Yields the difference of two amounts, their sum, and what a rate makes of one."""
    if high.family == "times" and low.family not in ("times", "percent") and high.value > 0:
        yield from (
            Amount(low.base * high.value, low.family),
            Amount(low.base / high.value, low.family),
        )
    if high.family == low.family and high.base >= low.base:
        yield Amount(high.base - low.base, high.family)
        if summed:
            yield Amount(high.base + low.base, high.family)
    if high.family and not low.family and summed and low.base > 0:
        yield Amount(high.base / low.base, high.family)


def _ratios(high: Amount, low: Amount, amount: Amount) -> Iterator[Amount]:
    """Yields how many times one amount is another, and its part, in the family asked for."""
    alike = high.family == low.family or not (high.family and low.family)
    if not alike or high.base < low.base or low.base <= 0:
        return
    ratio = high.base / low.base
    if amount.family in ("times", ""):
        yield Amount(ratio, "times")
    if amount.family != "times":
        yield from (Amount(100 / ratio, "percent"), Amount(100 - 100 / ratio, "percent"))
        yield Amount(100 * (ratio - 1), "percent")
