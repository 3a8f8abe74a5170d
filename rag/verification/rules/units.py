"""Units: an amount, and what the words and signs behind and before its number mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal[
    "percent", "times", "time", "frequency", "length", "mass", "memory", "dollar", "euro", "pound",
    "yen", "power", "energy", "celsius", "fahrenheit", ""
]  # fmt: skip
Unit = tuple[Family, float]
# How a number is meant: as it is written, what it is near, above or below, or its magnitude.
Bound = Literal["exact", "near", "above", "below", "up to", "order"]


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
        unit: The word of its unit.
        scale: What a word or letter multiplies it by.
        at: Where it stands in the text that ``plain_numbers`` returns.
        listed: With the unit and the scale of the next of its list: "7" of "7 and 13 billion".
        ratio: What "30 of 49" and "4 in 10" make a part of one, in both numbers.
    """

    value: float
    family: Family = ""
    factor: float = 1.0
    bound: Bound = "exact"
    step: float = 1e-9
    small: bool = False
    text: str = ""
    things: frozenset[str] = frozenset()
    unit: str = ""
    scale: float = 1.0
    at: int = 0
    listed: "Amount | None" = None
    ratio: "Amount | None" = None

    @property
    def base(self) -> float:
        """The value in the first unit of its family."""
        return self.value * self.factor


def _named(family: Family, **words: float) -> dict[str, Unit]:
    return {word: (family, factor) for names, factor in words.items() for word in names.split("_")}


# What a unit measures, and what makes of it the first unit of its family.
UNITS: Mapping[str, Unit] = {
    **dict.fromkeys("% percent percentage pct points point pp pts".split(), ("percent", 1.0)),
    **dict.fromkeys("x × times fold-fold fold time-faster".split(), ("times", 1.0)),
    **_named("time", ns_nanosecond_nanoseconds=1e-9, µs_μs_us_microsecond_microseconds=1e-6),
    **_named("time", ms_msec_millisecond_milliseconds=1e-3, s_sec_secs_second_seconds=1.0),
    **_named("time", min_mins_minute_minutes=60.0, h_hr_hrs_hour_hours=3600.0),
    **_named("time", day_days=86400.0, week_weeks=604800.0, month_months=2629800.0),
    **_named("time", year_years_yr_yrs=31557600.0, decade_decades=315576000.0),
    **_named("frequency", hz_hertz_fps=1.0, khz=1e3, mhz=1e6, ghz=1e9),
    **_named("length", nm_nanometre_nanometres_nanometer_nanometers=1e-9),
    **_named("length", µm_μm_micrometre_micrometres_micrometer_micrometers_microns=1e-6),
    **_named("length", mm_millimetre_millimetres_millimeter_millimeters=1e-3),
    **_named("length", cm_centimetre_centimetres_centimeter_centimeters=1e-2),
    **_named("length", m_metre_metres_meter_meters=1.0),
    **_named("length", km_kilometre_kilometres_kilometer_kilometers=1e3),
    **_named("length", inch_inches=0.0254, foot_feet_ft=0.3048, yard_yards=0.9144),
    **_named("length", mile_miles=1609.344),
    **_named("power", mw=1e-3, w_watt_watts=1.0, kw_kilowatt_kilowatts=1e3),
    **_named("energy", j_joule_joules=1.0, kj=1e3, wh=3.6e3, kwh=3.6e6, mwh=3.6e9, gwh=3.6e12),
    **_named("mass", mg_milligram_milligrams=1e-6, gram_grams=1e-3),
    **_named("mass", kg_kilogram_kilograms=1.0, tonne_tonnes=1e3),
    **_named("memory", bit_bits=0.125, byte_bytes=1.0, kb_kib_kilobyte_kilobytes=1e3),
    **_named("memory", mb_mib_megabyte_megabytes=1e6, gb_gib_gigabyte_gigabytes=1e9),
    **_named("memory", tb_tib_terabyte_terabytes=1e12, pb_pib_petabyte_petabytes=1e15),
    **_named("dollar", dollar_dollars_usd=1.0), **_named("euro", euro_euros_eur=1.0),
    # Of money or of weight: neither is a dollar or a kilogram.
    **_named("pound", pound_pounds_gbp=1.0), **_named("yen", yen_jpy=1.0),
    "°C": ("celsius", 1.0), "°F": ("fahrenheit", 1.0),
}  # fmt: skip
# Numbers of this size and below may count things that the sentence itself lists.
SMALL = 12
SIGNS: Mapping[str, Family] = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen"}
# Units that are other words too.
ALSO_WORDS = frozenset({"point", "points", "s", "h", "x", "m", "w", "j", "foot", "yard", "pound"})
SCALES: Mapping[str, float] = {
    "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "b": 1e9, "T": 1e12, "mn": 1e6, "mln": 1e6, "bn": 1e9,
    "tn": 1e12, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
}  # fmt: skip
ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen""".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
WORDS: Mapping[str, int] = {word: n for n, word in enumerate(ONES)} | {
    word: 10 * n for n, word in enumerate(TENS, 2)
}
# "a third" and "two thirds", but not "the third".
PARTS: Mapping[str, int] = {
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
MULTIPLES: Mapping[str, float] = {
    "twice": 2, "double": 2, "doubles": 2, "doubled": 2, "doubling": 2, "twofold": 2, "thrice": 3,
    "triple": 3, "triples": 3, "tripled": 3, "tripling": 3, "threefold": 3, "quadruple": 4,
    "quadruples": 4, "quadrupled": 4, "fourfold": 4, "fivefold": 5, "sixfold": 6, "sevenfold": 7,
    "eightfold": 8, "ninefold": 9, "tenfold": 10, "hundredfold": 100, "thousandfold": 1000,
}  # fmt: skip
# "a 178th" is a part of one.
ORDINALS = frozenset({"st", "nd", "rd", "th"})


def find_unit(word: str) -> Unit:
    """Returns what a word measures, and its factor; nothing for what is no unit."""
    return UNITS.get(word if len(word) == 1 or "°" in word else word.lower(), ("", 1.0))
