"""Lexical analysis: the words of a text, and which are numbers, names, negated or comparing.

Simple rules for English, without a model; ``footnote.rag.verification.features`` uses them to
compare two texts.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from footnote.index.search.fulltext import STOP_WORDS

# Words that a negation affects, unless a comma or a "but" ends it sooner; "instead of fixed rules"
# denies the rules alone, not what follows.
DENIAL_REACH, SHORT_REACH = 6, 3

_TOKEN = re.compile(r"[^\W_]+(?:[-.,'’/@*×][^\W_]+)*(?:\s?%)?")
_ENDING = re.compile(r"(?:ations?|ings?|edly|ed|es|s|ly|ions?|ments?)$")
_NUMBER = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)(%|[kKMBTx]|st|nd|rd|th)?$")
_ONLY = re.compile(r"\W*only\b")
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12} | {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
}  # fmt: skip
_PER_CENT = frozenset({"%", "percent", "percentage", "pct"})
# Words after a number that are not the thing it counts.
NO_UNITS = _PER_CENT | frozenset(w for w in _SCALES if len(w) > 1)
_SPELLED: Mapping[str, float] = {
    word: float(number)
    for number, word in enumerate(
        """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
        sixteen seventeen eighteen nineteen twenty""".split(), 2
    )
} | {
    word: 10.0 * tens
    for tens, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)
}  # fmt: skip
# A model may write "twice" for "2 times": these words stand for numbers, but no number is required
# for them.
_LOOSE: Mapping[str, tuple[float, ...]] = {
    "twice": (2,), "doubl": (2,), "tripl": (3,), "thrice": (3,), "dozen": (12,), "both": (2,),
    "half": (0.5, 50), "halv": (0.5, 50), "third": (3,), "quarter": (0.25, 25), "tenfold": (10,),
    "pair": (2,), "twin": (2,), "singl": (1,), "one": (1,), "zero": (0,), "no": (0,), "first": (1,),
    "second": (2,), "hundr": (100,), "thousand": (1000,), "million": (1e6,), "billion": (1e9,),
}  # fmt: skip
_HEDGES = frozenset("about roughly nearly around approximately almost some over under".split())
_DENIALS = frozenset(
    """not no never none neither nor without cannot nothing nobody hardly barely lack lacks
    lacking lacked absence absent unable little""".split()
)
_INSTEAD = re.compile(r"(?:instead of|rather than)$")
_NOT_NAMES = frozenset(
    "january february march april may june july august september october november december".split()
)
# Pairs of opposites: words that point one way and words that point the other.
_OPPOSITES = (
    ("more higher high increase raise rise rose risen grow grew growth enhance elevate greater "
     "great larger large bigger big gain upregulate promote stimulate activate induce above exceed "
     "accelerate expand boost amplify positive positively up many",
     "less fewer few lower low decrease reduce reduction drop fall fell fallen decline diminish "
     "smaller small shrink shrank downregulate suppress inhibit attenuate prevent below block "
     "limit negative negatively down"),
    ("better best improve outperform beat beats beaten surpass superior exceed overtake win wins "
     "won ahead stronger strong succeed success successful benefit effective match",
     "worse worst degrade underperform inferior trail lose loses lost behind weaker weak fail "
     "failure harm hurt ineffective impair worsen"),
    ("faster fast quick quickly rapid rapidly", "slower slow slowly"),
    ("longer long", "shorter short"),
    ("same similar equal equally alike identical", "different differ differently unlike opposite"),
    ("easier easy simple simpler cheap cheaper inexpensive", "harder hard difficult costly "
     "expensive"),
    ("early earlier before", "late later after"),
    ("most majority mostly highest largest", "least minority fewest lowest smallest"),
    ("public open publish release", "private closed secret withhold proprietary"),
    ("add include", "remove exclude omit"),
    ("susceptible sensitive vulnerable", "resistant insensitive robust"),
    ("need require", "unnecessary needless"),
    ("broad wide wider broader", "narrow narrower"),
    ("maximum maximize maximise upper", "minimum minimize minimise lower"),
    ("always", "never rarely seldom"),
    ("directly direct", "indirectly indirect"),
    ("online", "offline"),
    ("supervised", "unsupervised"),
    ("stable", "unstable"),
    ("presence present", "absence absent"),
)  # fmt: skip
# The index of the pair of "better" and "worse".
BETTER = 1

_DENYING_VERB = re.compile(
    r"(?:obviat|prohibit|circumvent|eliminat|bypass|remov|forbid|forbad|dispens|forgo|sidestep|avoid"
    r"|prevent|omit|skip|exclud|lack|preclud|abandon|discard|drop|disabl)\w{0,5}|sans|absent|banned",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text.

    Attributes:
        start: First character.
        stem: Lower case, without the commonest endings.
        telling: Whether it is a content word.
        denied: Whether a negation such as "not" affects it.
    """

    text: str
    start: int
    end: int
    stem: str
    telling: bool
    denied: bool


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text.

    Attributes:
        value: Value including its scale: "2 million" is 2e6.
        percent: Whether it is a percentage.
        at: Index of its word.
        hedged: Whether it is approximate, as after "about".
    """

    value: float
    percent: bool
    at: int
    hedged: bool


def stem(word: str) -> str:
    """Returns a word without its most common endings: "compresses" and "compression" are equal."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    if len(word) > 3 and word.isalpha():
        word = re.sub(r"ies$|ied$", "y", word)
        word = re.sub(r"i[sz](e[ds]?|ing|ations?)$", "iz", word)
        cut = _ENDING.sub("", word)
        word = cut if len(cut) > 2 else word
        word = re.sub(r"([bdglmnprt])\1$", r"\1", word)
        word = word.removesuffix("e")
    return word


def read_words(text: str) -> list[Word]:
    """Returns the words of a text in order, with their negations."""
    found: list[Word] = []
    reach, end = 0, 0
    for start, stop, token in _tokens(text):
        if re.search(r"[,;:.!?()]", text[end:start]):
            reach = 0
        end = stop
        lower = token.lower()
        denied = reach > 0
        telling = lower not in STOP_WORDS or (token.isupper() and len(token) > 1)
        reach -= reach > 0
        if lower == "but":
            reach = 0
        if lower in _DENIALS or lower.endswith(("n't", "n’t")):
            denied, telling = False, False
            reach = 0 if _ONLY.match(text, stop) else DENIAL_REACH
        elif _INSTEAD.search(" ".join(text[max(0, stop - 16) : stop].lower().split())):
            reach = SHORT_REACH
        found.append(Word(token, start, stop, stem(token), telling, denied))
    return found


def denials(words: Sequence[Word]) -> int:
    """Returns the number of negation words."""
    return sum(w.text.lower() in _DENIALS or w.text.lower().endswith("n't") for w in words) + sum(
        (one.text.lower(), other.text.lower()) in (("instead", "of"), ("rather", "than"))
        for one, other in itertools.pairwise(words)
    )


def denies_by_verb(words: Sequence[Word]) -> bool:
    """Returns whether a text denies something by its verb: "obviates the need", "is prohibited"."""
    return any(_DENYING_VERB.fullmatch(word.text) for word in words)


def _tokens(text: str) -> list[tuple[int, int, str]]:
    """Returns words with their position; "late-interaction" is two, "GPT-4" one."""
    found = []
    for match in _TOKEN.finditer(text):
        whole, at = match[0], match.start()
        if whole.endswith("%"):
            found.append((at, match.end(), "".join(whole.split())))
            continue
        parts = re.split(r"[-/]", whole)
        plain = all(p.islower() or p.isdigit() or _NUMBER.match(p) for p in parts[1:])
        first = parts[0][1:].islower() or parts[0].islower() or _NUMBER.match(parts[0])
        letters = not (parts[0][0].isupper() and any(p[0].isdigit() for p in parts[1:]))
        for part in parts if plain and first and letters and len(parts) > 1 else [whole]:
            begin = text.index(part, at)
            found.append((begin, begin + len(part), part))
            at = begin + len(part)
    return found


def quantities(words: Sequence[Word]) -> list[Quantity]:
    """Returns the numbers of a text, including those spelled out; "GPT-4" is a name."""
    found = []
    for at, word in enumerate(words):
        lower = word.text.lower()
        match = _NUMBER.match(word.text)
        if match is None and lower not in _SPELLED:
            continue
        suffix = (match[2] or "") if match else ""
        value = float(match[1].replace(",", "")) if match else _SPELLED[lower]
        value *= _SCALES.get(suffix, 1.0)
        after = words[at + 1].text.lower() if at + 1 < len(words) else ""
        value *= _SCALES.get(after, 1.0)
        before = {w.text.lower() for w in words[max(0, at - 2) : at]}
        percent = suffix == "%" or after in _PER_CENT
        found.append(Quantity(value, percent, at, bool(before & _HEDGES)))
    return found


def loose_numbers(words: Sequence[Word]) -> set[float]:
    """Returns the numbers that words such as "twice" and "half" may stand for."""
    return {float(v) for w in words for v in _LOOSE.get(w.stem, ())}


def names(words: Sequence[Word]) -> dict[int, str]:
    """Returns the names in lower case by index of their word: "GPT-4", "BERT", "Atari".

    A capital at the start of a sentence does not make a name; one inside a word does.
    """
    found = {}
    for at, word in enumerate(words):
        text = word.text.replace("’", "'").removesuffix("'s")
        if _NUMBER.match(text) or not any(c.isalpha() for c in text):
            continue
        odd = any(c.isupper() for c in text[1:]) or any(c.isdigit() for c in text)
        capital = text[0].isupper() and at > 0 and word.telling and len(text) > 1
        if (odd and len(text) > 1) or (capital and text.lower() not in _NOT_NAMES):
            found[at] = _singular(text).lower()
    return found


def names_in(text: str) -> frozenset[str]:
    """Returns the names in a text and, if it is not a sentence, its other words."""
    words = read_words(text)
    return frozenset(names(words).values()) | {w.text.lower() for w in words if w.telling}


def _singular(name: str) -> str:
    """Returns an acronym without the s of its plural."""
    return name[:-1] if len(name) > 2 and name.endswith("s") and name[:-1].isupper() else name


def initials(words: Sequence[Word]) -> str:
    """Returns the first letters of the words, in which an acronym may be found."""
    parts = (part for w in words for part in re.split(r"[-/]", w.text))
    return "".join(part[0].lower() for part in parts if part)


def polarity(word: Word) -> Mapping[int, int]:
    """Returns which way a word points, +1 or -1, by index of its pair of opposites."""
    lower = word.text.lower()
    plain = re.sub(r"(?<=..)(?:er|est)$", "", re.sub(r"i(er|est)$", r"y\1", lower))
    forms = (lower, word.stem, plain, f"{plain}e")
    return next((_POLARITY[form] for form in forms if form in _POLARITY), {})


def _polarities() -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for pair, sides in enumerate(_OPPOSITES):
        for sign, side in zip((1, -1), sides, strict=True):
            for word in side.split():
                for form in (word, stem(word)):
                    found.setdefault(form, {})[pair] = sign
    return found


_POLARITY = _polarities()
