"""Proof: what in a statement can be shown to be wrong by the words of its source alone.

A number, a unit or a name that neither the quote nor its abstract has. What is only elsewhere in
the abstract, or follows from its numbers, is a doubt and no proof.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from footnote.rag.verification.lexical import names, read_words
from footnote.rag.verification.rules.amounts import Amount, read_amounts

# Characters of a title and what follows it.
_TITLE = 120
# Relative distance that "about" allows, and "over" and "under".
_NEAR, _WIDE = 0.07, 0.5
# Digits within a name: "7B" of "POLAR-7B", "4" of "GPT-4".
_NUMBERED = re.compile(r"(?<=[^\W\d_])[-_]?(\d+(?:\.\d+)?[kKMBT]?)|\b(\d+)(?=-?[A-Z])")
_YEAR = re.compile(r"['’](\d\d)\b")
_DENIED = re.compile(
    r"\b(?:not|never|no|nor|neither|without|rather than|instead of)(?: [^\W\d]\w{0,12}){0,3} $",
    re.IGNORECASE,
)
_POINTED = re.compile(r"\b(?:the|these|those|other) $", re.IGNORECASE)
_SQUEEZED = re.compile(r"[\W_]+")
# Capitals that name no thing of their own.
_COMMON = frozenset(
    """ai ml dl nlp cv rl drl marl llm llms vlm vlms mllm vla gpu gpus cpu cpus tpu api 2d 3d us uk
    eu il bc mlp cnn cnns rnn rnns gan gans sota ood qa sft rlhf dnn dnns lm lms i a english yes no
    id ids ood iid ui gui pc os tv dna rna usa ok vs etc transformer transformers bayesian gaussian
    markov""".split()
)


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
        papers: Title and abstract of each cited paper; none if they are unknown.
    """

    quotes: str
    papers: Sequence[str] = ()
    whole: str = field(init=False)
    quoted: Sequence[Amount] = field(init=False)
    stated: Sequence[Amount] = field(init=False)
    numbered: frozenset[float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "quoted", read_amounts(self.quotes))
        object.__setattr__(self, "whole", " ".join(self.papers))
        whole = f"{self.whole} {self.quotes}"
        object.__setattr__(self, "stated", read_amounts(whole))
        parts = [part for found in _NUMBERED.findall(whole) for part in found]
        parts += [f"{century}{year}" for year in _YEAR.findall(whole) for century in (19, 20)]
        numbered = frozenset(one.value for part in parts for one in read_amounts(part))
        object.__setattr__(self, "numbered", numbered)


def find_faults(statement: str, source: Source) -> Findings:
    """Returns what is wrong with a statement, as far as the words of its source show it."""
    faults: list[str] = []
    doubts: list[str] = []
    for amount in read_amounts(statement):
        fault, doubt = _check_amount(amount, source)
        before = statement[: statement.find(amount.text)]
        # "It reached 56 %, not above 90 %" does not say that anything has 90 %.
        if fault and _DENIED.search(before):
            fault, doubt = "", fault
        # "These two differ" points at two papers; "Two Hands" is part of a title.
        pointed = _POINTED.search(before) or (before and amount.text[:1].isupper())
        if amount.small and not fault and pointed:
            doubt = ""
        faults += [fault] if fault else []
        doubts += [doubt] if doubt else []
    for name in _names(statement):
        if _count_told(name, source.quotes) == len(name):
            continue
        told = " ".join(name)
        # Of "RERS Challenge" the second word alone proves nothing.
        if all(_is_told(word, source.quotes) or _is_subject(word, source) for word in name):
            continue
        if _count_told(name, f"{source.whole} {source.quotes}"):
            doubts.append(f"{told} is not in the quote")
        else:
            faults.append(f"{told} is not in the abstract")
    if not source.papers:
        # The abstract may have what the quote alone has not.
        faults, doubts = [], faults + doubts
    return Findings(tuple(dict.fromkeys(faults)), tuple(dict.fromkeys(doubts)))


# Amounts.


def _check_amount(amount: Amount, source: Source) -> tuple[str, str]:
    """Returns a fault or a doubt about an amount, empty if there is none."""
    if any(_agrees(amount, other) for other in source.quoted):
        return "", ""
    told = [other for other in source.stated if _agrees(amount, other)]
    turned = [other for other in source.quoted if _has_other_unit(amount, other)]
    if turned and not any(other.family == amount.family for other in told):
        return f"{amount.text} has another unit in the quote", ""
    counts = [other for other in source.quoted if amount.things & other.things]
    if counts and not any(amount.things & other.things for other in told):
        return f"{amount.text}: the quote has {counts[0].text}", ""
    if told or _is_loose(amount, source) or _follows(amount, source.quoted):
        return "", f"{amount.text} is not in the quote"
    if amount.small or any(_rounds(amount, amount.value, one.value) for one in source.stated):
        return "", f"{amount.text} is not in the quote"
    return f"{amount.text} is not in the abstract", ""


def _has_other_unit(mine: Amount, other: Amount) -> bool:
    """Returns whether two numbers are equal but for their units."""
    units = mine.family and other.family
    return bool(units) and _rounds(mine, mine.value, other.value) and not _agrees(mine, other)


def _agrees(mine: Amount, other: Amount) -> bool:
    """Returns whether two amounts say the same."""
    if mine.family and mine.family == other.family:
        return _rounds(mine, mine.base, other.base, mine.factor)
    if mine.family and other.family:
        return any(_rounds(mine, mine.value, value) for value in _as_times(mine, other))
    # A bare number may be of any unit; a count of things is of none.
    counts = mine.family not in ("", "percent", "times") and other.things
    if not counts and _rounds(mine, mine.value, other.value):
        return True
    return any(_rounds(mine, mine.value, value) for value in _as_parts(mine, other))


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
        yield other.value / 100
        if other.value:
            yield 1 / other.value
    if not other.family and other.value < 1:
        yield 100 * other.value
        if other.value:
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
    if mine.bound == "near" or mine.step < 1e-8:
        return apart <= _NEAR * abs(other)
    if mine.bound == "above":
        return value <= other <= value * (1 + _WIDE)
    return mine.bound == "below" and value * (1 - _WIDE) <= other <= value


def _is_loose(amount: Amount, source: Source) -> bool:
    """Returns whether the digits are part of a name in the source: "7B" of "POLAR-7B"."""
    return not amount.family and amount.value in source.numbered


def _follows(amount: Amount, others: Sequence[Amount]) -> bool:
    """Returns whether an amount is a difference, a ratio or the rest to a hundred of others."""
    plain = amount if amount.bound == "near" else replace(amount, bound="exact")
    return any(_rounds(plain, plain.value, value) for value in _derived(plain, others))


def _derived(amount: Amount, others: Sequence[Amount]) -> Iterator[float]:
    """Yields what can be made of the amounts of a source by one step of arithmetic."""
    parts = amount.family in ("percent", "times") or amount.value < 1
    if not (parts or amount.family or amount.bound == "near"):
        return
    for high, low in itertools.permutations(others[:12], 2):
        alike = high.family == low.family or not (high.family and low.family)
        if alike and low.value < high.value:
            yield high.value - low.value
            if parts and low.value > 0:
                ratio = high.value / low.value
                yield from (ratio, 100 * (ratio - 1), 100 * (1 - 1 / ratio))
    if not amount.family and amount.value < 1:
        yield from (1 - other.value for other in others if other.value < 1)
    if amount.family == "percent":
        yield from (100 - other.value for other in others if other.family == "percent")


# Names.


def _names(statement: str) -> list[tuple[str, ...]]:
    """Returns the names of a statement, each as its words, without those that name no thing."""
    words = read_words(statement)
    found: list[tuple[str, ...]] = []
    last = -2
    for at in names(words):
        text = words[at].text.replace("’", "'").removesuffix("'s")
        before = statement[: words[at].start].rstrip(" *_\"'“")
        starts = not before or before[-1] in ".:;!?*-–—|("
        if (not _is_odd(text) and starts) or _is_common(text):
            continue
        if last == at - 1 and statement[words[last].end : words[at].start].isspace():
            found[-1] = (*found[-1], text)
        else:
            found.append((text,))
        last = at
    return list(dict.fromkeys(found))


def _is_subject(name: str, source: Source) -> bool:
    """Returns whether a paper is about a thing, which its quote may call "it" or "our method"."""
    return any(
        _is_told(name, paper[:_TITLE]) or _squeeze(paper).count(_squeeze(name)) > 1
        for paper in source.papers
    )


def _is_odd(text: str) -> bool:
    """Returns whether a word has a capital or a digit inside."""
    return any(c.isupper() for c in text[1:]) or any(c.isdigit() for c in text)


def _is_common(text: str) -> bool:
    plain = text.casefold()
    letters = sum(c.isascii() and c.isalpha() for c in text)
    return (
        plain in _COMMON
        or plain.removesuffix("s") in _COMMON
        or letters < 2
        or bool(read_amounts(text) or re.fullmatch(r"\d+\w{1,2}", text))
    )


def _count_told(name: Sequence[str], text: str) -> int:
    """Returns how many words of a name a text has."""
    return sum(_is_told(word, text) for word in name)


def _is_told(name: str, text: str) -> bool:
    """Returns whether a text has a name, in another spelling, as initials or spelled out."""
    squeezed = _squeeze(text)
    own = _squeeze(name)
    forms = {form for form in (own, own.removesuffix("s"), own.removesuffix("es")) if len(form) > 1}
    if any(form in squeezed for form in forms):
        return True
    # Of "RL-aligned" and "3D-LOTUS" the parts with a capital or a digit count.
    parts = [part for part in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", name) if part]
    proper = [part for part in parts if not part.islower()]
    if len(parts) > 1 and all(_is_common(part) or _is_told(part, text) for part in proper):
        return True
    if name.isupper() or name.removesuffix("s").isupper():
        letters = "".join(word[0] for word in re.findall(r"[^\W_]+", text.casefold()))
        # "CVAE" spells two letters out of "autoencoder".
        return any(form in letters or (len(form) > 3 and form[:-1] in letters) for form in forms)
    return False


def _squeeze(text: str) -> str:
    """Returns letters and digits in lower case, without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _SQUEEZED.sub("", "".join(c for c in plain if not unicodedata.combining(c)))
