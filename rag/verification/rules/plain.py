"""Plain text: what authors, years and markup say of a sentence is told apart from what it claims.

Numbers are written in one way, so that a power of ten in LaTeX and "1.4e4" are one.
"""

import re

from footnote.rag.verification.rules.units import ONES, WORDS

_LATEX = re.compile(r"\\([%$&#_])")
# "$5$ seconds" is five seconds, "$5" is money, and so are "$5 and $6".
_MATHS = re.compile(r"\$(?=\S)([^$\n]{1,40})(?<=\S)\$(?!\d)")
_POWER = re.compile(
    r"(?:(?<![\d.])(\d[\d.]{0,20})\s{0,3}(?:x|×|\\times|\\cdot|·|\*)\s{0,3})?"
    r"(?<!\d)10\s{0,3}\^\s{0,3}\{?\s{0,3}([-−+]?\d{1,4})(?!\d)\}?"
)
_RAISED = re.compile(r"(?<=10)[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4}")
_LOWERED = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")
_FRACTIONS = {"½": ".5", "¼": ".25", "¾": ".75"}
_FRACTION = re.compile("(\\d)?([½¼¾])")
_THOUSANDS = re.compile(r"(?<![\w.,-])(\d{1,3})((?: \d{3}){1,3})(?![\d.,])")
# "two and a half hours", "a year and a half".
_AND_HALF = re.compile(
    rf"\b({'|'.join(ONES[1:])}|\d{{1,4}}) and (?:a|one)[ -]half\b", re.IGNORECASE
)
_UNIT_AND_HALF = re.compile(
    r"\b(?:an?|one) (second|minute|hour|day|week|month|year|decade) and a half\b", re.IGNORECASE
)
# "6.8 ms-19x": a dash between two amounts.
_DASH = re.compile(r"(?<=\d|%|x|s)-(?=\d)|(?<=\d\sms)-(?=\d)")
# "(Table 2)", "as Section 3.1 shows": a pointer into a paper.
_POINTER = re.compile(
    r"\(?(?:\b(?:as (?:shown|seen|reported|described|listed) )?(?:in|see|cf\.) )?"
    r"(?:\b(?:Sections?|Sec\.|Tables?|Tab\.|Figures?|Figs?\.|Eqs?\.|Equations?|Appendix"
    r"|Algorithm|Theorem|Lemma|Chapter)|§)\s?(?:\d{1,3}(?:\.\d{1,2}){0,3}[a-z]?|(?-i:[A-Z]))\b\)?",
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?<![\d.])(?:19|20)\d\d(?![\d.])")
_IN_BRACKETS = re.compile(r"\(([^()]{0,120}?)\b((?:19|20)\d\d)[a-z]?\)")
_CITING = re.compile(
    r"(?:[A-ZÀ-Ý][\w'’.-]{0,30}|et|al\.?|and|&|see|e\.g\.|cf\.|in|von|van|de|der"
    r"|(?:19|20)\d\d[a-z]?)"
)
_ET_AL = re.compile(r"\b([A-ZÀ-Ý][\w'’-]{1,30})(?:,? et al\.?| and (?:colleagues|co-?workers)\b)")
_IDENTIFIER = re.compile(
    r"\(?(?:https?://[\w./-]{0,40}/)?(?:\b(?:arxiv|doi|pmid)(?: ?: ?|\s))?"
    r"(\b\d{4}\.\d{4,5}\b(?:v\d)?|\b10\.\d{4,9}/[^\s)]{1,80}"
    r"|(?<=pmid:)\d{5,9}|(?<=pmid )\d{5,9})\)?",
    re.IGNORECASE,
)


def plain_numbers(text: str) -> str:
    """Returns a text with each number in one way: no formulas, raised digits, or halves."""
    plain = _MATHS.sub(r"\1", text)
    plain = _LATEX.sub(r"\1", plain).replace("−", "-")
    plain = re.sub("[\N{NARROW NO-BREAK SPACE}\N{NO-BREAK SPACE}]", " ", plain)
    plain = _RAISED.sub(lambda m: f"^{m[0].translate(_LOWERED)}", plain)
    plain = _FRACTION.sub(lambda m: f"{m[1] or 0}{_FRACTIONS[m[2]]}", plain)
    plain = _THOUSANDS.sub(lambda m: m[1] + m[2].replace(" ", ""), plain)
    plain = _AND_HALF.sub(lambda m: f"{WORDS.get(m[1].lower(), m[1])}.5", plain)
    plain = _UNIT_AND_HALF.sub(r"1.5 \1", plain)
    return _DASH.sub(" - ", _POWER.sub(_power, plain))


def _power(match: re.Match[str]) -> str:
    """Returns a power of ten as one number: 2 x 10^-5 is 2e-5."""
    return f"{match[1] or 1}e{match[2].replace('−', '-').replace('+', '')}"


def years_of(record: str) -> frozenset[int]:
    """Returns the years in the record of a paper."""
    return frozenset(map(int, _YEARS.findall(record)))


def without_references(sentence: str, record: str) -> tuple[str, tuple[str, ...]]:
    """Returns a sentence without what only says where it is from, and what that leaves in doubt.

    Args:
        sentence: One sentence, without markers.
        record: The bibliographic records of the papers that it cites.
    """
    doubts: list[str] = []
    known = record.casefold()

    def identifier(match: re.Match[str]) -> str:
        return "" if match[1].rstrip(".,;").casefold() in known else match[0]

    def brackets(match: re.Match[str]) -> str:
        words = re.split(r"[\s,;]+", match[1].strip(" ,;"))
        if any(words):
            return "" if all(map(_CITING.fullmatch, filter(None, words))) else match[0]
        # "Others et al. (2019)" points at another paper, "PPO (2017)" at this one.
        named = _ET_AL.search(sentence[max(0, match.start() - 50) : match.start()])
        return "" if named or int(match[2]) in years_of(record) else match[0]

    def author(match: re.Match[str]) -> str:
        if match[1].casefold() not in known and record:
            doubts.append(f"{match[1]} is no author of the paper")
        return "the authors"

    plain = _IDENTIFIER.sub(identifier, sentence)
    plain = _POINTER.sub("", _IN_BRACKETS.sub(brackets, plain))
    plain = " ".join(_ET_AL.sub(author, plain).split()).lstrip(" ,;:")
    return re.sub(r" ([,.;:])", r"\1", plain), tuple(doubts)
