"""Amounts: the numbers of a text as people read them, with their units.

"about 40 %", "a third", "nearly twice", "363.2km", "1e-5", "70x", "1.3B" and "twenty-five" are
amounts; the digits in "GPT-4" are part of a name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from footnote.rag.verification.lexical import read_words

Family = Literal[
    "percent", "times", "time", "frequency", "length", "mass", "memory", "money", "power", ""
]
# How a number is meant: as it is written, or what it is near, above or below.
Bound = Literal["exact", "near", "above", "below"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of a text.

    Attributes:
        value: As it is written, its scale included: "1.3B" is 1.3e9.
        family: What its unit measures; empty for a bare number or a count of things.
        factor: What makes of ``value`` the first unit of its family: 60 for minutes.
        bound: Whether it is meant exactly.
        step: Place value of its last digit: 0.1 for "67.2", 1 for "67".
        small: Whether it is a small number in words, which may count what stands beside it.
        text: As it is written.
        things: What it may count: the stems of the content words behind it.
    """

    value: float
    family: Family = ""
    factor: float = 1.0
    bound: Bound = "exact"
    step: float = 1e-9
    small: bool = False
    text: str = ""
    things: frozenset[str] = frozenset()

    @property
    def base(self) -> float:
        """The value in the first unit of its family."""
        return self.value * self.factor


_UNITS: Mapping[str, tuple[Family, float]] = {
    **dict.fromkeys("% percent percentage pct points point pp pts".split(), ("percent", 1.0)),
    **dict.fromkeys("x × times fold-fold fold time-faster".split(), ("times", 1.0)),
    **dict.fromkeys("ns nanosecond nanoseconds".split(), ("time", 1e-9)),
    **dict.fromkeys("µs μs us microsecond microseconds".split(), ("time", 1e-6)),
    **dict.fromkeys("ms msec millisecond milliseconds".split(), ("time", 1e-3)),
    **dict.fromkeys("s sec secs second seconds".split(), ("time", 1.0)),
    **dict.fromkeys("min mins minute minutes".split(), ("time", 60.0)),
    **dict.fromkeys("h hr hrs hour hours".split(), ("time", 3600.0)),
    **dict.fromkeys("day days".split(), ("time", 86400.0)),
    **dict.fromkeys("week weeks".split(), ("time", 604800.0)),
    **dict.fromkeys("month months".split(), ("time", 2629800.0)),
    **dict.fromkeys("year years yr yrs".split(), ("time", 31557600.0)),
    **dict.fromkeys("decade decades".split(), ("time", 315576000.0)),
    **dict.fromkeys("hz hertz".split(), ("frequency", 1.0)),
    "m": ("length", 1.0),
    "khz": ("frequency", 1e3), "mhz": ("frequency", 1e6), "ghz": ("frequency", 1e9),
    **dict.fromkeys("nm nanometre nanometres nanometer nanometers".split(), ("length", 1e-9)),
    **dict.fromkeys("µm μm micrometre micrometres micrometer microns".split(), ("length", 1e-6)),
    **dict.fromkeys("mm millimetre millimetres millimeter millimeters".split(), ("length", 1e-3)),
    **dict.fromkeys("cm centimetre centimetres centimeter centimeters".split(), ("length", 1e-2)),
    **dict.fromkeys("metre metres meter meters".split(), ("length", 1.0)),
    **dict.fromkeys("km kilometre kilometres kilometer kilometers".split(), ("length", 1e3)),
    "mw": ("power", 1e-3), "kw": ("power", 1e3), "w": ("power", 1.0),
    **dict.fromkeys("watt watts".split(), ("power", 1.0)),
    **dict.fromkeys("bit bits".split(), ("memory", 0.125)),
    **dict.fromkeys("fps".split(), ("frequency", 1.0)),
    **dict.fromkeys("mg milligram milligrams".split(), ("mass", 1e-6)),
    **dict.fromkeys("gram grams".split(), ("mass", 1e-3)),
    **dict.fromkeys("kg kilogram kilograms".split(), ("mass", 1.0)),
    **dict.fromkeys("byte bytes".split(), ("memory", 1.0)),
    "kb": ("memory", 1e3), "mb": ("memory", 1e6), "gb": ("memory", 1e9), "tb": ("memory", 1e12),
    **dict.fromkeys("dollar dollars usd".split(), ("money", 1.0)),
}  # fmt: skip
_SCALES: Mapping[str, float] = {
    "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "b": 1e9, "T": 1e12, "thousand": 1e3, "million": 1e6,
    "billion": 1e9, "trillion": 1e12, "hundred": 1e2,
}  # fmt: skip
_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen""".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS: Mapping[str, int] = {word: n for n, word in enumerate(_ONES)} | {
    word: 10 * n for n, word in enumerate(_TENS, 2)
}
# "a third" and "two thirds", but not "the third".
_PARTS: Mapping[str, int] = {
    word: n
    for n, words in enumerate(
        """half|third|quarter fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth
        |thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth
        """.split("|"), 2
    )
    for word in words.split()
} | {
    "thirtieth": 30, "fortieth": 40, "fiftieth": 50, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
_MULTIPLES: Mapping[str, float] = {
    "twice": 2, "double": 2, "doubles": 2, "doubled": 2, "doubling": 2, "twofold": 2, "thrice": 3,
    "triple": 3, "triples": 3, "tripled": 3, "tripling": 3, "threefold": 3, "quadruple": 4,
    "quadruples": 4, "quadrupled": 4, "fourfold": 4, "fivefold": 5, "sixfold": 6, "sevenfold": 7,
    "eightfold": 8, "ninefold": 9, "tenfold": 10, "hundredfold": 100, "thousandfold": 1000,
}  # fmt: skip
# "a 178th" is a part of one.
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
# Words of this size and below may count things that the sentence itself lists.
SMALL = 12
_NEAR = """about around roughly nearly approximately approx almost some circa close ~ ≈ ca just
well near practically""".split()
_ABOVE = "over above than beyond exceeding exceeds least > ≥ more upwards".split()
_BELOW = "under below less fewer within < ≤ most".split()

_LATEX = re.compile(r"\\([%$&#_])")
# "$5$ seconds" is five seconds, "$5" is money.
_MATHS = re.compile(r"\$([^$\n]{1,40})\$")
_POWER = re.compile(
    r"(?:(?<![\d.])(\d[\d.]{0,20})\s{0,3}(?:x|×|\\times|\\cdot|·|\*)\s{0,3})?"
    r"(?<!\d)10\s{0,3}\^\s{0,3}\{?\s{0,3}([-−+]?\d{1,4})(?!\d)\}?"
)
_WORD_NUMBER = "|".join([*_ONES[1:], *_TENS])
_AMOUNT = re.compile(
    r"""(?P<money>\$)?
    (?<![\w.^])(?<![A-Za-z]-)(?<![A-Za-z]_)
    (?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
    (?P<exponent>[eE][-−+]?\d+)?
    (?:/(?P<below>\d+)(?![\d/]))?
    (?P<rest>[^\W\d_]*|%)""",
    re.VERBOSE,
)
_IN_WORDS = re.compile(
    rf"""\b(?:
    (?P<count>a|an|one|two|three|four|five|six|seven|eight|nine)[\s-](?P<part>{"|".join(_PARTS)})s?
    |(?P<half>half)
    |(?P<multiple>{"|".join(_MULTIPLES)})
    |(?P<dozen>(?:an?|one|two|three|four|five|six)[\s-]dozen|dozen)
    |(?P<orders>(?:an|one|two|three|four|five)[\s-]orders?[\s-]of[\s-]magnitude)
    |(?P<tens>{"|".join(_TENS)})[-\s](?P<ones>{"|".join(_ONES[1:10])})
    |(?P<scaled>(?:an?|{_WORD_NUMBER})[\s-](?:hundred|thousand|million|billion))
    |(?P<word>{_WORD_NUMBER})
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
# "6.8 ms-19x": a dash between two amounts.
_DASH = re.compile(r"(?<=\d|%|x|s)-(?=\d)|(?<=\d\sms)-(?=\d)")
# A number's unit, or the thing that it counts.
_NEXT = re.compile(r"\s{0,3}[-–]?\s{0,3}([^\W\d_]{1,40}|%|×)")
# Units that are other words too.
_ALSO_WORDS = frozenset({"point", "points", "s", "h", "x"})


def read_amounts(text: str) -> list[Amount]:
    """Returns the amounts of a text in order."""
    plain = _MATHS.sub(r"\1", text)
    plain = _LATEX.sub(r"\1", plain).replace("−", "-").replace("\N{NARROW NO-BREAK SPACE}", " ")
    plain = _DASH.sub(" - ", _POWER.sub(_power, plain))
    found = [(m.start(), one) for m in _AMOUNT.finditer(plain) for one in _digits(plain, m)]
    found += [(m.start(), one) for m in _IN_WORDS.finditer(plain) for one in _in_words(plain, m)]
    return [amount for _, amount in sorted(found, key=lambda one: one[0])]


def _power(match: re.Match[str]) -> str:
    """Returns a power of ten as one number: 2 x 10^-5 is 2e-5."""
    return f"{match[1] or 1}e{match[2].replace('−', '-').replace('+', '')}"


def _digits(text: str, match: re.Match[str]) -> Iterator[Amount]:
    digits = match["digits"].replace(",", "")
    exponent = int((match["exponent"] or "e0")[1:].replace("−", "-"))
    value = float(f"{digits}e{exponent}")
    step = 10.0 ** (exponent - len(digits.partition(".")[2]))
    end, rest = match.end(), match["rest"]
    # "(1)" and "Point 3" count nothing.
    if text[match.start() - 1 : match.start()] == "(" and text[end : end + 1] == ")" and value < 10:
        return
    before = text[max(0, match.start() - 24) : match.start()]
    if _LABEL.search(before):
        return
    if match["below"]:
        value, step = value / max(1, int(match["below"])), 1e-9
    # "2-GRPO" is a name.
    if not rest and re.match(r"-[A-Z]", text[end:]):
        return
    if rest in _SCALES:
        value, step, rest = value * _SCALES[rest], step * _SCALES[rest], ""
    elif rest in _ORDINALS and re.search(r"\ban?\s$", before):
        value, step, rest = 1 / max(1.0, value), 1e-9, ""
    # "3D", "2nd" and "1990s" are no amounts; "10times" is one.
    elif rest and (rest.lower() not in _UNITS or (rest == "s" and value >= 1000)):
        return
    yield _amount(text, (match.start(), end), value, step, rest)


def _amount(
    text: str,
    place: tuple[int, int],
    value: float,
    step: float,
    unit: str = "",
    *,
    small: bool = False,
) -> Amount:
    """Returns an amount with the unit, the bound and the things that stand around it."""
    start, end = place
    if not unit:
        unit, after = _next_word(text, end)
        if len(unit) > 1 and unit.lower() in _SCALES:
            value, step = value * _SCALES[unit.lower()], step * _SCALES[unit.lower()]
            unit, _ = _next_word(text, after)
    family, factor = _UNITS.get(unit if len(unit) == 1 else unit.lower(), ("", 1.0))
    if text[start : start + 1] == "$":
        family, factor = "money", 1.0
    things = _things(text, end) if not family else frozenset()
    bound = _bound(text, start)
    return Amount(value, family, factor, bound, step, small, text[start:end].strip(), things)


def _next_word(text: str, at: int) -> tuple[str, int]:
    """Returns the word that follows a place, across blanks and a hyphen, and its end."""
    match = _NEXT.match(text, at)
    return (match[1], match.end()) if match else ("", at)


def _things(text: str, end: int) -> frozenset[str]:
    """Returns the stems of the content words behind a number, as far as its phrase goes."""
    phrase = _PHRASE_ENDS.split(text[end : end + 80])[0]
    telling = [word.stem for word in read_words(phrase) if word.telling]
    return frozenset(telling[:3])


def _bound(text: str, start: int) -> Bound:
    """Returns how a number is meant, by the two words before it."""
    clause = re.split(r"[,;:()]", text[max(0, start - 24) : start].lower())[-1]
    for word in reversed(_BEFORE.findall(clause)[-2:]):
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
    bound, told = _bound(text, start), match[0]
    words = [word.lower() for word in re.split(r"[\s-]+", told)]
    first = _WORDS.get(words[0], 1)
    if match["part"]:
        yield Amount(first / _PARTS[match["part"].lower()], "", 1.0, bound, 1e-9, False, told)
    elif match["half"]:
        yield Amount(0.5, "", 1.0, bound, 1e-9, True, told)
    elif match["multiple"]:
        yield Amount(float(_MULTIPLES[words[0]]), "times", 1.0, bound, 1.0, False, told)
    elif match["orders"]:
        yield Amount(10.0**first, "times", 1.0, "near", 1.0, False, told)
    elif match["dozen"]:
        yield Amount(12.0 * first, "", 1.0, "near", 1.0, False, told)
    elif match["tens"]:
        yield _amount(text, (start, end), float(first + _WORDS[words[-1]]), 1.0)
    elif match["scaled"]:
        value = first * _SCALES[words[-1]]
        yield _amount(text, (start, end), value, value)
    # "one" is mostly no number.
    elif first > 1 or _next_word(text, end)[0].lower() in _UNITS.keys() - _ALSO_WORDS:
        yield _amount(text, (start, end), float(first), 1.0, small=first <= SMALL)
