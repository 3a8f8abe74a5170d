"""Amounts: the numbers of a text as people read them, with their units.

"about 40 %", "a third", "nearly twice", "363.2km", "1e-5", "70x", "1.3B" and "twenty-five" are
amounts; the digits in "GPT-4" are part of a name.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from footnote.rag.verification.lexical import read_words
from footnote.rag.verification.rules.plain import plain_numbers
from footnote.rag.verification.rules.units import (
    ALSO_WORDS,
    MULTIPLES,
    ONES,
    ORDINALS,
    PARTS,
    SCALES,
    SIGNS,
    SMALL,
    TENS,
    UNITS,
    WORDS,
    Amount,
    Bound,
    find_unit,
)

_NEAR = frozenset(
    """about around roughly nearly approximately approx almost some circa close ~ ≈ ca near
    practically""".split()
)
_ABOVE = frozenset("over above beyond exceeding exceeds exceed > ≥ upwards".split())
_BELOW = frozenset("under below within < ≤".split())
_MORE = frozenset("more greater larger higher bigger longer better".split())
_LESS = frozenset("less fewer lower smaller shorter".split())
_OR_MORE = re.compile(r"\s?(?:%|percent)?\s?(?:\+(?!\d)|or (?:more|higher|above|greater|longer)\b)")
_OR_LESS = re.compile(r"\s?(?:%|percent)?\s?or (?:less|fewer|lower|below|shorter)\b")

_NUMBER_WORD = "|".join([*ONES[1:], *TENS])
_BELOW_100 = rf"(?:(?:{'|'.join(TENS)})[-\s](?:{'|'.join(ONES[1:10])})|{_NUMBER_WORD})"
_LARGE = r"(?:thousand|million|billion|trillion)"
_AMOUNT = re.compile(
    r"""(?P<money>[$€£¥])?
    (?<![\w.^])(?<![A-Za-z]-)(?<![A-Za-z]_)
    (?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
    (?P<exponent>[eE][-−+]?\d+)?
    (?:/(?P<below>\d+)(?![\d/]))?
    (?P<rest>[^\W\d_]*|%)""",
    re.VERBOSE,
)
_IN_WORDS = re.compile(
    rf"""\b(?:
    (?P<count>an?|one|two|three|four|five|six|seven|eight|nine)[\s-](?P<part>{"|".join(PARTS)})s?
    |(?P<half>half(?:\san?(?=\s{_LARGE}))?)
    |(?P<multiple>{"|".join(MULTIPLES)})
    |(?P<dozen>(?:an?|one|two|three|four|five|six)[\s-]dozen|dozen)
    |(?P<orders>(?:an|one|two|three|four|five)[\s-]orders?[\s-]of[\s-]magnitude)
    |(?P<number>(?:an?|{_BELOW_100})[\s-]hundred(?:(?:\sand)?\s{_BELOW_100}\b(?![\s-]hundred))?
        (?:[\s-]{_LARGE})?
      |(?:an?|{_BELOW_100})[\s-]{_LARGE}
      |{_BELOW_100})
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_PHRASE_ENDS = re.compile(r"[,;:.()]|\b(?:and|or|of|in|on|for|with|that|which|to|from|by|as|at)\b")
_LABEL = re.compile(
    r"\b(?:points?|steps?|sections?|figures?|fig\.|tables?|stages?|phases?|parts?|theorem|lemma|question"
    r"|challenges?|versions?|v\.|type|level|appendix|chapter|rq)\s$",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"[^\W\d_]+|[~≈<>≥≤]|[\d.]+")
# A number's unit, or the thing that it counts.
_NEXT = re.compile(r"\s{0,3}[-–]?\s{0,3}(°[CF]|[^\W\d_]{1,40}|%|×)")
# "half a million", "a third of a year".
_OF_UNIT = re.compile(r"\s(?:of\s)?an?\s([a-z]{3,12})\b")
_PER_TIME = re.compile(r"\s?(?:times)?\s(?:an?|per|each|every)\s(second|minute|hour|day)\b")
# What stands between the numbers of a list, of a share, and of one length of time.
_AND = re.compile(r"\s?(?:,|,?\s?(?:and|or|to)|-|–)\s?")
_OUT_OF = re.compile(r"\s(?:times\s)?(?:out\s)?(?:of|in)\s(?:the\s|every\s|all\s|these\s)?")
_AND_TIME = re.compile(r"[\s-]{0,2}[a-z]{0,7},?\s(?:and\s)?")
_ONE_COUNTS = re.compile(rf"\s(?:to|or|in|out\sof)\s(?:every\s)?(?:\d|{_NUMBER_WORD})")


def read_amounts(text: str) -> list[Amount]:
    """Returns the amounts of a text in order."""
    plain = plain_numbers(text)
    found = [one for m in _AMOUNT.finditer(plain) for one in _digits(plain, m)]
    found += [one for m in _IN_WORDS.finditer(plain) for one in _in_words(plain, m)]
    found.sort(key=lambda one: one.at)
    return _linked(_added_up(found, plain), plain)


def _digits(text: str, match: re.Match[str]) -> Iterator[Amount]:
    digits = match["digits"].replace(",", "")
    exponent = int((match["exponent"] or "e0")[1:].replace("−", "-"))
    value = float(f"{digits}e{exponent}")
    step = 10.0 ** (exponent - len(digits.partition(".")[2]))
    start, end, rest = match.start(), match.end(), match["rest"]
    # "(1)" and "Point 3" count nothing.
    if text[start - 1 : start] == "(" and text[end : end + 1] == ")" and value < 10:
        return
    before = text[max(0, start - 24) : start]
    if _LABEL.search(before):
        return
    scale = 1.0
    # "2-GRPO" is a name.
    if not rest and re.match(r"-[A-Z]", text[end:]):
        return
    if match["below"] and not rest:
        yield from _fraction(text, match, value)
        return
    if rest in SCALES:
        scale, rest = SCALES[rest], ""
    elif rest in ORDINALS and re.search(r"\ban?\s$", before):
        value, step, rest = 1 / max(1.0, value), 1e-9, ""
    # "3D", "2nd" and "1990s" are no amounts; "10times" is one.
    elif rest and (rest.lower() not in UNITS or (rest == "s" and value >= 1000)):
        return
    yield _amount(text, (start, end), value, step, rest, scale=scale)


def _fraction(text: str, match: re.Match[str], over: float) -> Iterator[Amount]:
    """Yields "2/3" as a part of one, and "30/49 games" as thirty and forty-nine of them."""
    under, (start, end) = int(match["below"]), match.span()
    counted = _things(text, end) and not text[end:].startswith(" of")
    if 0 < over < under and (under > SMALL or counted):
        things = _things(text, end)
        one = Amount(
            over, "", 1.0, _bound(text, start, end), 1.0, False, match[0], things, at=start
        )
        yield replace(one, ratio=_ratio(one, float(under)))
        yield replace(one, value=float(under), bound="exact", ratio=_ratio(one, float(under)))
    else:
        part = _amount(text, (start, end), over / max(1, under), 1e-9)
        yield replace(part, text=match[0])


def _amount(
    text: str,
    place: tuple[int, int],
    value: float,
    step: float,
    unit: str = "",
    *,
    scale: float = 1.0,
    small: bool = False,
) -> Amount:
    """Returns an amount with the unit, the bound and the things that stand around it."""
    start, end = place
    after = end
    if not unit:
        unit, after = _next_word(text, end)
        if len(unit) > 1 and unit.lower() in SCALES:
            scale *= SCALES[unit.lower()]
            unit, after = _next_word(text, after)
    # "64 second-generation chips" last no time.
    if unit == "second" and text[end : end + 1] == " " and text[after : after + 1] == "-":
        unit = ""
    family, factor = find_unit(unit)
    if text[start : start + 1] in SIGNS:
        family, factor = SIGNS[text[start]], 1.0
    # "Three times a second" and "30 frames per second" are frequencies.
    rated = family == "times" or unit.lower() in ("frame", "frames")
    if rated and (rate := _PER_TIME.match(text, after)):
        family, factor = "frequency", 1 / UNITS[rate[1]][1]
    things = _things(text, end) if not family else frozenset()
    bound = _bound(text, start, end)
    told = text[start:end].strip()
    # A number with a unit or a scale counts nothing that a sentence lists.
    small = small and not family and scale == 1
    value, step = value * scale, step * scale
    named = unit.lower() if family else ""
    if family == "percent" and re.match(r"\sof\b", text[after : after + 3]):
        named += " of"
    return Amount(value, family, factor, bound, step, small, told, things, named, scale, at=start)


def _next_word(text: str, at: int) -> tuple[str, int]:
    """Returns the word that follows a place, across blanks and a hyphen, and its end."""
    match = _NEXT.match(text, at)
    return (match[1], match.end()) if match else ("", at)


def _things(text: str, end: int) -> frozenset[str]:
    """Returns the stems of the content words behind a number, as far as its phrase goes."""
    phrase = _PHRASE_ENDS.split(text[end : end + 80])[0]
    telling = [word.stem for word in read_words(phrase) if word.telling]
    return frozenset(telling[:3])


def _bound(text: str, start: int, end: int) -> Bound:
    """Returns how a number is meant, by the words before it and right behind it."""
    if _OR_MORE.match(text, end):
        return "above"
    if _OR_LESS.match(text, end):
        return "below"
    clause = re.split(r"[,;:()]", text[max(0, start - 32) : start].lower())[-1]
    words = ["", "", "", *_BEFORE.findall(clause)][-3:]
    if words[2] in ("than", "least", "most"):
        more = words[2] == "least" or (words[2] == "than" and words[1] in _MORE)
        less = words[2] == "most" or (words[2] == "than" and words[1] in _LESS)
        turned = words[2] == "than" and words[0] in ("no", "not")
        return "exact" if not (more or less) else "above" if more != turned else "below"
    if words[1:] == ["up", "to"]:
        return "up to"
    for word in words[:0:-1]:
        if word in _NEAR:
            return "near"
        if word in _ABOVE:
            return "above"
        if word in _BELOW:
            return "below"
    return "exact"


def _in_words(text: str, match: re.Match[str]) -> Iterator[Amount]:
    start, end = match.span()
    # "-one" ends a longer word.
    if start and text[start - 1] in "-'’":
        return
    bound, told = _bound(text, start, end), match[0]
    words = [word.lower() for word in re.split(r"[\s-]+", told)]
    first = WORDS.get(words[0], 1)
    if match["part"] or match["half"]:
        value = first / PARTS[match["part"].lower()] if match["part"] else 0.5
        whole = _OF_UNIT.match(text, start + len("half") if match["half"] else end)
        unit = whole[1] if whole else ""
        (family, factor), scale = find_unit(unit), SCALES.get(unit, 1.0)
        small = bool(match["half"]) and not family and scale == 1
        value *= scale
        step = 1e-9 * scale
        yield Amount(value, family, factor, bound, step, small, told, scale=scale, at=start)
    # "Double DQN" is a name.
    elif match["multiple"] and told[0].isupper() and re.match(r"\s[A-Z]", text[end : end + 2]):
        return
    elif match["multiple"]:
        yield Amount(float(MULTIPLES[words[0]]), "times", 1.0, bound, 1.0, text=told, at=start)
    elif match["orders"]:
        yield Amount(10.0**first, "times", 1.0, "order", 1.0, text=told, at=start)
    elif match["dozen"]:
        yield Amount(12.0 * first, "", 1.0, "near", 1.0, text=told, at=start)
    else:
        value = _spelled(words)
        # "one" is mostly no number.
        unit = _next_word(text, end)[0].lower() in UNITS.keys() - ALSO_WORDS
        if value > 1 or unit or _ONE_COUNTS.match(text, end):
            scale = SCALES.get(words[-1], 1.0) if words[-1] != "hundred" else 1.0
            small = value <= SMALL
            yield _amount(text, (start, end), value / scale, 1.0, scale=scale, small=small)


def _spelled(words: list[str]) -> float:
    """Returns the value of a number in words."""
    total = 0.0
    for word in words:
        if word in SCALES:
            total = max(1.0, total) * SCALES[word]
        else:
            total += WORDS.get(word, 0)
    return total


def _added_up(found: list[Amount], text: str) -> list[Amount]:
    """Returns amounts with "2 h 30 min" as one."""
    kept: list[Amount] = []
    for one in found:
        last = kept[-1] if kept else None
        if (
            last
            and last.family == one.family == "time"
            and one.base < last.factor
            and _AND_TIME.fullmatch(text[last.at + len(last.text) : one.at])
        ):
            value = last.value + one.base / last.factor
            told = text[last.at : one.at + len(one.text)]
            step = one.step * one.factor / last.factor
            kept[-1] = replace(last, value=value, step=step, text=told)
        else:
            kept.append(one)
    return kept


def _linked(found: list[Amount], text: str) -> list[Amount]:
    """Returns amounts with what the next number makes of each: of a list, or of a share."""
    kept = list(found)
    for n in range(len(kept) - 2, -1, -1):
        one, other = kept[n], kept[n + 1]
        between = text[one.at + len(one.text) : other.at]
        counts = one.family in ("", "times") and not other.family and other.step == 1
        if counts and 0 < one.value < other.value <= 1000 and _OUT_OF.fullmatch(between):
            part = _ratio(one, other.value)
            kept[n], kept[n + 1] = replace(one, ratio=part), replace(other, ratio=part)
        elif one.family or one.value >= 1000 or one.scale != 1 or not _AND.fullmatch(between):
            continue
        elif other.family or other.scale != 1 or other.listed:
            like = other.listed or other
            value, step = one.value * like.scale, one.step * like.scale
            like = replace(like, value=value, step=step, bound=one.bound, small=False)
            kept[n] = replace(one, listed=replace(like, text=one.text, listed=None, ratio=None))
        elif other.ratio and other.value < 1000:
            whole = other.value / other.ratio.value
            kept[n] = replace(one, ratio=_ratio(one, whole))
    return kept


def _ratio(over: Amount, under: float) -> Amount:
    """Returns a count of a whole as a part of one, as exact as the whole is fine."""
    value, step = over.value / under, 1 / under
    return Amount(value, "", 1.0, over.bound, step, text=over.text, at=over.at)
