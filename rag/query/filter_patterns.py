"""Filter patterns: words that limit a question to years, a venue, an author or a source.

A filter that was not meant hides the answer, while a missed one costs little. So the rules match
only words that are clearly about papers, and only venues, authors and sources in the library.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from footnote.index.search.filters import NameKind, fold_name
from footnote.rag.answer import ConstraintKind

Has = Callable[[NameKind, str], bool]
"""Whether the library has a paper with this venue, author or source."""

# Sources give no year for older papers, and a number like 1024 is rarely a year.
FIRST_YEAR = 1950

_PAPERS = (
    r"(?i:(?:pre)?prints?|papers?|works?|articles?|stud(?:y|ies)|publications?|research"
    r"|literature|abstracts?)"
)
# Words that show that a year is a publication year.
_ABOUT_PAPERS = re.compile(
    rf"\b(?:{_PAPERS}|methods?|models?|approach(?:es)?|techniques?|polic(?:y|ies)|algorithms?"
    r"|publish(?:ed)?|proposed?|introduced?|presented|appear(?:ed)?|came out|wr(?:itten|i?ote)"
    r"|released|new|newest|latest|progress|advances?|state of the art|happened|changed|said)\b",
    re.IGNORECASE,
)
# Right before a year, these show that it is not the year of a paper.
_ELSEWHERE = re.compile(
    r"(?:\b(?i:challenge|competition|contest|cup|championship|election|season|dataset|corpus|data"
    r"|benchmark|census|survey|tweets?|news|images?|records?|patients?|adults|children|samples"
    r"|events?|cases|games?|cohorts?|crawls?|dumps?|snapshots?|won|wins?|held|born|founded"
    r"|collected|recorded|enrolled|admitted|treated|diagnosed|measured|pandemic|outbreak|epochs?"
    r"|steps?|news articles?)|\bin [A-Z]\w{1,40})\s*+(?:,\s*+)?$"
)
# Characters searched before a year.
_NEAR = 100
# What may follow a filter. Before another noun it is not a filter: "2000 steps", "the 2012 ImageNet
# challenge", "at CVPR workshops".
_ENDS = (
    r"\s*$|\s*[?!.,;:)]+(?:\s|$)|\s+(?i:and (?:how|what|why|which|who|is|are|do|does|did)"
    r"|that|which|who|how|what|why|on|about|in|by|at|from|since|until|before|after|for|with|is|are"
    r"|was|were|do|does|did|has|have|had|can|could|shows?|uses?|used|using|says?|proposed?"
    r"|introduced?|train|trained|study|mention|discuss|describe|report|compare|evaluate|apply"
    r"|learn|address|cover|claim|argue|find|improve|explain)\b"
)
_FOLLOWS = re.compile(_ENDS)
# After "papers" a verb has no s: "papers by Schulman clip". A noun usually has a typical ending:
# "papers by Gaussian processes", "papers on arXiv classification".
_SUBJECT = re.compile(r"\b(?:papers|works|studies|articles|preprints)$", re.IGNORECASE)
_PLACES = frozenset("by at of from on in since".split())
_NAMED = re.compile(r"[A-Z\d][\w-]*")
# Words searched for a filter's subject.
_WORDS_BEFORE = 60
_VERB = re.compile(
    r"\s+(?!(?:and|or|but|to|of|as|the|an?|challenge|track|workshop|data|benchmark|noise|work|code|paper|text|loss|kernel)\b)"
    r"[a-z]+(?<!s)(?<!tion)(?<!ing)(?<!ment)(?<!ity)(?<!ness)(?<!nce)(?<!or)(?<!er)(?<!el)\b(?!-)"
)
_MAY_FOLLOW = rf"(?=(?:{_ENDS})|\s+[a-z])"
_Y = r"(?:19|20)\d\d"
_TO = r"\s*(?:-|–|—|to|and|until|till|through)\s*"
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_COUNT = rf"(?:\d{{1,2}}|{'|'.join(_NUMBERS)})"

_RANGE = re.compile(
    rf"(?:(?P<cut0>\b(?i:from|between|in|of))\s+|\b(?:{_PAPERS})\s*\(?)"
    rf"(?P<cut>(?P<first>{_Y}){_TO}(?P<last>{_Y})){_MAY_FOLLOW}"
)
_ONE_YEAR = re.compile(
    rf"\b(?P<how>(?i:since|after|before|until|till|up to|in|from|of))\s+(?:the year )?"
    rf"(?P<year>{_Y})(?P<on>\s+(?:on|onwards?)\b(?! [a-z]))?{_MAY_FOLLOW}"
)
_LAST_YEARS = re.compile(
    r"\b(?:(?i:in|over|during|within|of|from)\s+)?(?i:the\s+(?:last|past|previous))\s+"
    rf"(?P<count>{_COUNT})\s+years\b{_MAY_FOLLOW}"
)
_NAMED_YEAR = re.compile(
    rf"\b(?:(?i:from|in|of)\s+)?(?P<which>(?i:last|this))\s+year\b{_MAY_FOLLOW}"
)
_ONLY_YEARS = re.compile(
    r"\W*(?:(?:and|but|or|then|so|what about|how about)\s+)*(?:(?:papers|ones|those)\s+)?"
    rf"(?P<years>(?:(?:in|from|of|for|since|after|before|until)\s+)?"
    rf"(?:{_Y}(?:{_TO}{_Y})?|(?:last|this) year|the (?:last|past) {_COUNT} years))\W*",
    re.IGNORECASE,
)

_CAPITAL = r"[A-ZÀ-ÖØ-Þ]"
# Lengths are bounded: a name may begin anywhere, and each is read to its end.
_PARTICLES = r"(?:(?:van|von|de|der|den|di|da|la|le|el)\s++){0,3}"
_NAME_WORD = rf"{_PARTICLES}{_CAPITAL}[\w.’'-]{{0,40}}"
_NAME = rf"{_NAME_WORD}(?:\s++{_NAME_WORD}){{0,3}}"
_AUTHOR = rf"(?P<author>{_NAME})(?:\s+et al\b\.?(?=\W)|{_MAY_FOLLOW})"
_AUTHORS = tuple(
    re.compile(pattern)
    for pattern in (
        # A topic may come between: "papers on robots by Levine".
        rf"\b{_PAPERS}(?:\s++(?i:on|about)\s++[\w\s-]{{2,60}}?)?\s++(?P<cut>(?:by|of|from)\s+{_AUTHOR})",
        rf"\b(?i:(?:co-?)?authored|written|published|proposed|introduced)\s+(?P<cut>by\s+{_AUTHOR})",
    )
)
_SURE_AUTHORS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:did|has|have)\s+(?P<cut>(?P<author>{_NAME}))\s+"
        r"(?=(?:ever )?(?:publish(?:ed)?|write|written|(?:propos|introduc)ed?)\b)",
        rf"(?P<cut>\b(?P<author>{_NAME})[’']s)\s+(?=(?:\w+\s+)?{_PAPERS}\b)",
    )
)
# A surname alone, without a word about papers, is not enough.
_FULL_NAME = re.compile(rf"\b(?P<cut>by\s+{_AUTHOR})")
# Surnames that usually mean something else.
_NO_SURNAME = frozenset(
    """adam ada bert gan gauss gaussian bayes bayesian markov laplace fourier newton euler hebb
    hopfield kalman transformer transformers attention human humans google meta openai deepmind
    nvidia microsoft amazon apple anthropic young field best long may march april june""".split()
)
_VENUE = re.compile(
    r"\b(?P<cut>(?:at|(?:(?<=papers )|(?<=paper )|(?<=work )|(?<=published )|(?<=presented )"
    rf"|(?<=appeared )|(?<=accepted ))(?:in|to|of|from))\s+(?:the\s+)?(?P<venue>{_CAPITAL}"
    rf"[\w&/.-]{{0,60}}(?:\s++(?:(?:of|on|in|and|for|the)\s++){{0,3}}{_CAPITAL}[\w&/-]{{0,60}}){{0,7}}"
    rf"(?:\s++{_Y})?)){_MAY_FOLLOW}"
)
_SOURCE = re.compile(
    rf"\b(?:{_PAPERS}|(?i:published|posted|listed|hosted))\s+(?P<cut>(?:on|from|in)\s+"
    rf"(?P<source>[a-z]{{0,40}}[A-Z][\w.-]{{0,40}}(?:\s++[A-Z][\w.-]{{0,40}}){{0,4}})){_MAY_FOLLOW}"
)


@dataclass(frozen=True, slots=True)
class FilterMatch:
    """A filter in a question: the words from ``start`` to ``end`` and their meaning.

    Attributes:
        sure: Whether the following words were already checked: "Hinton's papers".
    """

    start: int
    end: int
    values: dict[ConstraintKind, int | str]
    sure: bool = False


def find_filter_matches(text: str, has: Has, today: date) -> list[FilterMatch]:
    """Returns a question's filters by year, venue, author and source, in their order.

    Args:
        text: The question.
        has: Tells whether the library has a name; called only where a name may be.
        today: The date that "last year" refers to.
    """
    kept: list[FilterMatch] = []
    for limit in (*_names(text, has), *_years(text, today)):
        apart = all(limit.end <= other.start or other.end <= limit.start for other in kept)
        said = {kind for other in kept for kind in other.values}
        if apart and said.isdisjoint(limit.values) and _stands(text, limit):
            kept.append(limit)
    return sorted(kept, key=lambda limit: limit.start)


def _stands(text: str, limit: FilterMatch) -> bool:
    """Returns whether the words after a filter allow it."""
    if limit.sure or _FOLLOWS.match(text, limit.end):
        return True
    return _VERB.match(text, limit.end) is not None and _has_subject(text[: limit.start])


def _has_subject(before: str) -> bool:
    """Returns whether words end with "papers", also if names follow, as in "papers by Li"."""
    names = 0
    for word in reversed(before.rsplit(maxsplit=_WORDS_BEFORE)[-_WORDS_BEFORE:]):
        if not names and _SUBJECT.search(word):
            return True
        if names and word in _PLACES:
            names = 0
        elif _NAMED.fullmatch(word):
            names += 1
        else:
            return False
    return False


def parse_only_years(text: str, today: date) -> dict[ConstraintKind, int | str]:
    """Returns the years of a follow-up that only names years, such as "What about 2024?"."""
    match = _ONLY_YEARS.fullmatch(text)
    if not match:
        return {}
    years = match["years"]
    asked = f"papers {'in ' if years[0].isdigit() else ''}{years}"
    asked = re.sub(r"\bfor\b", "in", asked)
    return next((limit.values for limit in _years(asked, today)), {})


def _years(text: str, today: date) -> Iterator[FilterMatch]:
    about = [match.start() for match in _ABOUT_PAPERS.finditer(text)]
    for match in _RANGE.finditer(text):
        start = match.start("cut0") if match["cut0"] else match.start("cut")
        first, last = int(match["first"]), int(match["last"])
        led = match["cut0"] is None
        if first <= last and (led or _is_of_papers(text, about, start, match.end())):
            yield from _limit(start, match.end("cut"), first, last, today)
    for match in _ONE_YEAR.finditer(text):
        how, year = match["how"].lower(), int(match["year"])
        # "in" and "of" a year may be about any event, in any place.
        loose = how in {"in", "from", "of"}
        if _is_of_papers(text, about, match.start(), match.end(), loose=loose):
            yield from _limit(*match.span(), *_bounds(how, year, match["on"] is not None), today)
    for match in _LAST_YEARS.finditer(text):
        count = _NUMBERS.get(match["count"].lower()) or int(match["count"])
        if _is_of_papers(text, about, *match.span()):
            yield from _limit(*match.span(), today.year - count, None, today)
    for match in _NAMED_YEAR.finditer(text):
        if _is_of_papers(text, about, *match.span()):
            year = today.year - (match["which"].lower() == "last")
            yield from _limit(*match.span(), year, year, today)


def _bounds(how: str, year: int, on: bool) -> tuple[int | None, int | None]:
    """Returns the first and the last year that words such as "before 2018" allow."""
    if how == "after":
        return year + 1, None
    if how == "before":
        return None, year - 1
    if how == "since" or on:
        return year, None
    return (year, year) if how in {"in", "from", "of"} else (None, year)


def _limit(
    start: int, end: int, since: int | None, until: int | None, today: date
) -> Iterator[FilterMatch]:
    years = [year for year in (since, until) if year is not None]
    if all(FIRST_YEAR <= year <= today.year for year in years):
        values: dict[ConstraintKind, int | str] = {}
        values |= {"since": since} if since is not None else {}
        values |= {"until": until} if until is not None else {}
        yield FilterMatch(start, end, values)


def _is_of_papers(
    text: str, about: Sequence[int], start: int, end: int, *, loose: bool = False
) -> bool:
    """Returns whether years are publication years; ``loose`` ones need a word about papers.

    Args:
        text: The question.
        about: Positions of its words about papers.
        start: First character of the years.
        end: One past their last character.
        loose: Whether nothing else shows that the years are publication years.
    """
    if _ELSEWHERE.search(text, max(0, start - _NEAR), start):
        return False
    if about and (about[0] < start or end <= about[-1]):
        return True
    return not text[:start].strip() or (not loose and not text[end:].strip(" ?!.,"))


def _names(text: str, has: Has) -> Iterator[FilterMatch]:
    for match in _VENUE.finditer(text):
        end = match.end("venue")
        # "Science on T5": a topic after a name may look like part of the name.
        while end > match.start("venue"):
            name = text[match.start("venue") : end]
            if has("venue", name):
                yield FilterMatch(match.start("cut"), end, {"venue": name})
                break
            end = match.start("venue") + name.rfind(" ") if " " in name else 0
    for pattern in (*_AUTHORS, *_SURE_AUTHORS, _FULL_NAME):
        for match in pattern.finditer(text):
            name = match["author"].rstrip(".")
            alone = " " not in name
            if alone and (pattern is _FULL_NAME or fold_name(name) in _NO_SURNAME):
                continue
            if has("author", name):
                yield FilterMatch(*match.span("cut"), {"author": name}, pattern in _SURE_AUTHORS)
    for match in _SOURCE.finditer(text):
        if has("source", match["source"]):
            yield FilterMatch(*match.span("cut"), {"source": match["source"]})
