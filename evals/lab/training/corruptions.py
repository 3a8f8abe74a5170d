"""Corruptions: sentences reworded so that they stay true, or so that one thing becomes wrong.

Rules over English. Each takes a sentence and returns another, or None where it does not apply;
none looks at what ``footnote.rag.verification.features`` makes of it.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from footnote.index.search.fulltext import STOP_WORDS

Rule = Callable[[str, random.Random], str | None]

_FLIPS = (
    "higher/lower more/less greater/smaller larger/smaller better/worse best/worst faster/slower "
    "longer/shorter stronger/weaker increase/decrease increases/decreases increased/decreased "
    "increasing/decreasing improve/worsen improves/worsens improved/worsened improving/worsening "
    "raises/lowers raised/lowered rises/falls rose/fell reduce/raise reduces/raises reduced/raised "
    "reduction/increase decline/rise declines/rises declined/rose enhance/impair enhances/impairs "
    "enhanced/impaired promote/inhibit promotes/inhibits promoted/inhibited induces/prevents "
    "induced/prevented activates/suppresses activated/suppressed above/below before/after "
    "outperform/underperform outperforms/underperforms outperformed/underperformed high/low "
    "positive/negative positively/negatively gain/loss many/few strong/weak large/small fewer/more "
    "upregulated/downregulated early/late most/least superior/inferior rapid/slow long/short "
    "beats/trails beat/trailed surpasses/trails surpassed/trailed stable/unstable exceeds/trails "
    "exceeded/trailed similar/different same/opposite always/never shrink/grow easy/hard"
)
FLIPS: Mapping[str, str] = {}
for _pair in _FLIPS.split():
    _up, _down = _pair.split("/")
    FLIPS = {**FLIPS, _down: FLIPS.get(_down, _up), _up: FLIPS.get(_up, _down)}

_SYNONYMS = dict(
    pair.split("/")
    for pair in """shows/demonstrates show/demonstrate showed/demonstrated uses/employs use/employ
    used/employed requires/needs require/need large/big entire/whole obtained/got obtains/gets
    method/approach found/observed results/findings suggest/indicate suggests/indicates
    identified/found important/key essential/necessary several/multiple about/around
    approximately/about role/part investigated/studied examined/studied new/novel many/numerous
    performed/done compared/contrasted similar/comparable additional/further demonstrated/showed
    enables/allows observed/seen associated/linked significantly/markedly
    children/kids patients/people tested/evaluated evaluated/tested reaches/attains
    reported/described increases/raises reduces/lowers increased/raised reduced/lowered
    begins/starts obtain/achieve achieves/reaches achieved/reached outperforms/surpasses""".split()
)
_THING = re.compile(r"[A-Za-z][\w-]{2,}")
_VERBS = """require use need show increase decrease reduce improve inhibit promote regulate induce
outperform reach learn exceed allow contain include play cause prevent enhance affect suggest
provide support depend help beat predict lead produce activate encode express bind""".split()
_AUXILIARY = r"\b(is|are|was|were|has|have|can|could|may|might|will|should|must|did|does|do)\b"


def _cased(word: str, like: str) -> str:
    return word[0].upper() + word[1:] if like[0].isupper() else word


def _replaced(text: str, table: Mapping[str, str], rng: random.Random, most: int) -> str | None:
    """Returns a text with up to ``most`` of the words of a table replaced."""
    found = [m for m in re.finditer(r"[A-Za-z%]+", text) if m[0].lower() in table]
    if not found:
        return None
    for match in sorted(rng.sample(found, min(most, len(found))), key=lambda m: -m.start()):
        word = _cased(table[match[0].lower()], match[0])
        text = text[: match.start()] + word + text[match.end() :]
    return text


def synonyms(text: str, rng: random.Random) -> str | None:
    """Says some words by others of the same meaning."""
    text = re.sub(r"(?<=\d) per ?cent\b", "%", text)
    return _replaced(text, _SYNONYMS, rng, 4)


def without_clause(text: str, rng: random.Random) -> str | None:
    """Leaves out a clause at the end."""
    ends = [m.start() for m in re.finditer(r", (?:which|who|where|while|whereas|and|so) ", text)]
    ends += [m.start() for m in re.finditer(r" (?:because|although|since|after|compared) ", text)]
    ends = [end for end in ends if end > 40]
    return f"{text[: rng.choice(ends)].rstrip(' ,;')}." if ends else None


def without_brackets(text: str, rng: random.Random) -> str | None:
    """Leaves out what stands in brackets."""
    plain = re.sub(r"(?<!\s)\s*+\([^()]*+\)", "", text)
    return plain if plain != text and len(plain) > 40 else None


def turned(text: str, rng: random.Random) -> str | None:
    """Moves the beginning to the end: "In mice, X grew." becomes "X grew in mice."."""
    match = re.match(
        r"((?:In|On|At|For|With|Among|After|During|Under|Across) [^,]{3,60}), (.+)", text
    )
    if match is None or not match[2].endswith("."):
        return None
    lead = match[1][0].lower() + match[1][1:]
    return f"{match[2][0].upper()}{match[2][1:-1]} {lead}."


def framed(text: str, rng: random.Random) -> str | None:
    """Says who says it."""
    lead = rng.choice(
        ["The authors report that ", "According to the paper, ", "It was found that "]
    )
    plain = text[0].lower() + text[1:] if text[1:2].islower() else text
    return lead + plain


def part(text: str, rng: random.Random) -> str | None:
    """Takes the second half of two that an "and" joins."""
    match = re.search(r"(?:, and|;) ((?:the|it|this|these|a|an|[A-Z])\b.{30,})$", text)
    return match[1][0].upper() + match[1][1:] if match else None


HONEST: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (synonyms, without_clause, without_brackets, turned, framed, part)
}


def wrong_number(text: str, rng: random.Random) -> str | None:
    """Changes a number that is not part of a name."""
    found = list(re.finditer(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\d-])", text))
    if not found:
        return None
    match = rng.choice(found)
    value = float(match[0].replace(",", "").rstrip("."))
    factor = rng.choice([0.5, 2.0, 3.0, 0.8, 1.25, 10.0])
    digits = len(match[0].partition(".")[2])
    said = f"{value * factor + (1 if digits == 0 else 0.1):,.{digits}f}"
    return text[: match.start()] + said + text[match.end() :] if said != match[0] else None


def swapped_numbers(text: str, rng: random.Random) -> str | None:
    """Lets two numbers change places."""
    found = list(re.finditer(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])", text))
    if len(found) < 2:
        return None
    a, b = sorted(rng.sample(found, 2), key=lambda m: m.start())
    if a[0] == b[0]:
        return None
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


def flipped(text: str, rng: random.Random) -> str | None:
    """Lets one comparing word say its opposite."""
    return _replaced(text, FLIPS, rng, 1)


def denied(text: str, rng: random.Random) -> str | None:
    """Adds a "not", or takes one away."""
    if re.search(r"\b(?:not|never|no|cannot|without)\b", text):
        text = re.sub(r"\b(?:did|does|do) not (\w+)", r"\1", text)
        text = re.sub(r"\b(?:cannot)\b", "can", text)
        text = re.sub(r"\bwithout\b", "with", text)
        text = re.sub(r"\b(?:not|never|no) ", "", text)
        return re.sub(r"\b(?:No|Not) (\w)", lambda m: m[1].upper(), text)
    if re.search(_AUXILIARY, text):
        return re.sub(_AUXILIARY, r"\1 not", text, count=1)
    verb = re.search(rf"\b({'|'.join(_VERBS)})s\b", text)
    if verb:
        return f"{text[: verb.start()]}does not {verb[1]}{text[verb.end() :]}"
    past = re.search(rf"\b({'|'.join(_VERBS)})e?d\b", text)
    return f"{text[: past.start()]}did not {past[1]}{text[past.end() :]}" if past else None


@dataclass(frozen=True, slots=True)
class NamePool:
    """Puts a name of another paper in place of one of the sentence's own.

    Attributes:
        pool: Names to draw from.
        find: Returns the names of a sentence as they are written there.
    """

    pool: Sequence[str]
    find: Callable[[str], Sequence[str]]

    def __call__(self, text: str, rng: random.Random) -> str | None:
        """Returns the sentence with one name wrong."""
        own = list(self.find(text))
        others = [name for name in self.pool if name.lower() not in text.lower()]
        if not own or not others:
            return None
        return re.sub(rf"(?<!\w){re.escape(rng.choice(own))}(?!\w)", rng.choice(others), text)


_COMPARES = re.compile(
    r"\b(?:than|outperform\w*|exceed\w*|beats?|surpass\w*|compared (?:with|to)|versus)"
    r"(?: in| the)*\b"
)


def sides(text: str, rng: random.Random) -> str | None:
    """Lets the subject and what it is compared with change places."""
    middle = _COMPARES.search(text)
    before = list(_THING.finditer(text[: middle.start()])) if middle else []
    behind = _THING.search(text, middle.end()) if middle else None
    before = [m for m in before if m[0].lower() not in STOP_WORDS and m[0].lower() not in FLIPS]
    if not before or behind is None or before[0][0].lower() == behind[0].lower():
        return None
    # "Higher in women than in men": what was compared stands next to the comparison.
    near = re.search(r"\bin (\w+) $", text[: middle.start()]) if middle else None
    first, start = (near[1], near.start(1)) if near else (before[0][0], before[0].start())
    other = behind[0] if start else behind[0][0].upper() + behind[0][1:]
    own = first if first[1:2].isupper() else first.lower()
    middle_part = text[start + len(first) : behind.start()]
    return text[:start] + other + middle_part + own + text[behind.end() :]


def lies(pool: Sequence[str], find: Callable[[str], Sequence[str]]) -> dict[str, Rule]:
    """Returns the rules that make one thing wrong, by kind.

    Args:
        pool: Names of other papers.
        find: Returns the names of a sentence as they are written there.
    """
    return {
        "number": wrong_number,
        "numbers swapped": swapped_numbers,
        "name": NamePool(pool, find),
        "sides swapped": sides,
        "direction": flipped,
        "negation": denied,
    }
