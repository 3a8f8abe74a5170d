"""Hostile: texts that make a regular expression go back and try again, and how long it takes.

Some are runs of one sign, the others are pumped out of the pattern itself: for each repeat in
it, what leads there, what it repeats many times, and an end that spoils the match. A pattern
that cannot go back takes four times as long for a text of four times the length.
"""

import importlib
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from types import FrameType
from typing import Any, NamedTuple

# Python's own reader of patterns; it has no public name since 3.11.
_parser = importlib.import_module("re._parser")

# A quadratic pattern is 16 times slower at four times the length.
STEP = 4
MOST_GROWTH = 6.0
# What takes less is not measured well.
MEASURABLE = 0.001
LONGEST = 100_000
_LENGTHS = (16, 64, 256, 1024)
# Inputs of a pattern that are measured at full length, the slowest at short length.
_SLOWEST = 4
_RUNS = 5
# Seconds of a call that is stopped.
_ENDLESS = 0.5

_SIGNS = "a A 1 - / . , ( ) [ ] { } < > \" ' “ \\ $ * _ @ # = : ; ! ? % & • é Ж 中 ő".split()
_MIXED = ["\t", "\n", " ", "Aa", "Aa ", "a ", "A1-", "A. ", "a-", "a, ", "1,", "a/", "\n\n", " \n"]
# Preferred in this order where a pattern lets one choose; any class has one of them.
_LIKES = ("a", "A", "1", " ", "-", ".", "\n", "/", "é", "(", "[", "{", '"', "中", "\0")
_TAILS = ("", "!", "\n", "\0", "a", " ", "1", "_")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
# A repeat of fewer is no run.
_FEW = 8


class Hostile(NamedTuple):
    """A text of any length: a head, a unit again and again, perhaps another one, a tail."""

    head: str
    unit: str
    tail: str
    then: str = ""

    def text(self, length: int) -> str:
        """Returns it with about so many characters."""
        often = length // len(self.unit + self.then)
        return self.head + self.unit * often + self.then * often + self.tail


class TooSlow(Exception):
    """A call was stopped."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How a call grows from one length to four times that.

    Attributes:
        ratio: The longer one's time by the shorter one's.
        length: Of the shorter one, in characters.
    """

    hostile: Hostile
    ratio: float
    length: int

    def __str__(self) -> str:
        head, unit, tail, then = self.hostile
        said = f"{head[:60]!r} + {unit!r} * n + {then!r} * n + {tail[:60]!r}"
        return f"{self.ratio:.1f} times slower from {self.length:,} characters on: {said}"


# Texts.


def runs() -> Iterator[Hostile]:
    """Yields runs of every sign that people and programs write, ended in several ways."""
    for unit, tail in product([*_SIGNS, *_MIXED], ("", "!", "x")):
        yield Hostile("", unit, tail)


def pumped(pattern: str, flags: int = 0) -> Iterator[Hostile]:
    """Yields texts made of a pattern's own parts."""
    tree = _parser.parse(pattern, flags)
    for before, body, after in _repeats(list(tree), [], []):
        units = _variants(body)
        heads = list(dict.fromkeys(_witness(before, like, more) for like, more in _WAYS[:3]))
        heads += [f"\n{head}" for head in heads if flags & re.MULTILINE]
        rest = _witness(after, "a", False)
        for head, unit in product(heads, units):
            tails = dict.fromkeys((*_TAILS, f"{rest[:-1]}!", f"{rest}!"))
            yield from (Hostile(head, unit, tail) for tail in tails)
            yield from (Hostile("", head + unit, tail) for tail in ("", "!", "\n"))
            yield Hostile("", f"{head}{unit}{rest}", "!")
            if head:
                yield Hostile("", head, "!", unit)


def hostile(pattern: str, flags: int = 0) -> list[Hostile]:
    """Returns every text that is tried on a pattern, each once."""
    found = dict.fromkeys((*runs(), *pumped(pattern, flags)))
    return [text for text in found if text.unit]


_WAYS = ((" ", False), ("a", True), ("A", True), *product(_LIKES, (True, False)))


def _variants(body: Sequence[Any]) -> list[str]:
    """Returns what a repeat's body may match, in as many ways as tell its parts apart."""
    turns = range(min(6, _most_branches(body)))
    found = (_witness(body, like, more, turn) for (like, more), turn in product(_WAYS, turns))
    return [text for text in dict.fromkeys(found) if text][:16]


def _repeats(
    items: Sequence[Any], before: Sequence[Any], after: Sequence[Any]
) -> Iterator[tuple[list[Any], list[Any], list[Any]]]:
    """Yields what stands before each repeat, what it repeats, and what stands behind."""
    for at, (op, value) in enumerate(items):
        left, right = [*before, *items[:at]], [*items[at + 1 :], *after]
        if str(op) in _REPEATS and value[1] >= _FEW:
            yield left, list(value[2]), right
        for inner in _inner(op, value):
            yield from _repeats(list(inner), left, right)


def _inner(op: Any, value: Any) -> list[Any]:
    """Returns the sub-patterns of an item."""
    name = str(op)
    if name in _REPEATS:
        return [value[2]]
    if name == "BRANCH":
        return list(value[1])
    if name in ("ASSERT", "ASSERT_NOT"):
        return [value[1]]
    if name == "SUBPATTERN":
        return [value[3]]
    if name == "GROUPREF_EXISTS":
        return [part for part in value[1:] if part is not None]
    return [value] if name == "ATOMIC_GROUP" else []


def _most_branches(items: Sequence[Any]) -> int:
    most = 1
    for op, value in items:
        parts = _inner(op, value)
        most = max(most, len(parts), *(_most_branches(list(part)) for part in parts), 1)
    return most


def _witness(items: Sequence[Any], like: str, more: bool, turn: int = 0) -> str:
    """Returns a text that a pattern's items match, or nearly; ``more`` takes what is optional."""
    text = ""
    for op, value in items:
        name = str(op)
        if name == "LITERAL":
            text += chr(value)
        elif name in ("IN", "NOT_LITERAL", "ANY"):
            text += _character(name, value, like)
        elif name in _REPEATS:
            text += _witness(value[2], like, more, turn) * max(value[0], int(more))
        elif name == "BRANCH":
            text += _witness(value[1][turn % len(value[1])], like, more, turn)
        elif name == "ASSERT" and value[0] > 0:
            continue
        elif name != "ASSERT_NOT":
            text += "".join(_witness(part, like, more, turn) for part in _inner(op, value)[:1])
    return text


def _character(name: str, value: Any, like: str) -> str:
    """Returns a character of a class, the one that is liked if it has it."""
    rules = tuple(value) if name == "IN" else ((f"{name}", value),)
    return _choose_character(rules, like)


@lru_cache(65_536)
def _choose_character(rules: tuple[Any, ...], like: str) -> str:
    negated = bool(rules) and str(rules[0][0]) == "NEGATE"
    for one in (like, *_LIKES, *map(chr, range(32, 0x250))):
        if any(_admits(str(op), of, one) for op, of in rules) != negated:
            return one
    return chr(rules[0][1][0]) if str(rules[0][0]) == "RANGE" else chr(rules[0][1])


_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda one: one.isalnum() or one == "_",
}


def _admits(op: str, value: Any, one: str) -> bool:
    if op == "LITERAL":
        return one == chr(value)
    if op == "NOT_LITERAL":
        return one != chr(value)
    if op == "RANGE":
        return bool(value[0] <= ord(one) <= value[1])
    if op == "CATEGORY":
        kind = str(value).removeprefix("CATEGORY_")
        return _CATEGORIES[kind.removeprefix("NOT_")](one) != kind.startswith("NOT_")
    return op == "ANY" and one != "\n"


# Time.


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlow


@contextmanager
def _stoppable() -> Iterator[None]:
    """Lets what runs inside be stopped, which even the engine of patterns lets happen."""
    if sys.platform == "win32":
        yield
        return
    known = signal.signal(signal.SIGVTALRM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, known)


def _stop_after(seconds: float) -> None:
    """Stops what runs after so many seconds of the processor's time; 0 for never."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


def seconds(call: Callable[[str], object], text: str, *, most: float, runs: int = 1) -> float:
    """Returns the least time of some runs of a call; what is stopped took infinitely long.

    It is the processor's time, so that what else the machine does hardly matters.
    """
    with _stoppable():
        return _least_seconds(call, text, most=most, runs=runs)


def _least_seconds(
    call: Callable[[str], object], text: str, *, most: float, runs: int = 1
) -> float:
    best = float("inf")
    for _ in range(runs):
        try:
            _stop_after(most)
            began = time.thread_time()
            call(text)
            best = min(best, time.thread_time() - began)
        except TooSlow:
            continue
        finally:
            _stop_after(0)
    return best


def worst(
    call: Callable[[str], object], texts: Sequence[Hostile], *, longest: int = LONGEST
) -> Growth | None:
    """Returns the first text that a call takes too long for as it grows; None where none does.

    All are tried at short lengths, the slowest of them at those where the law can be measured.
    """
    with _stoppable():
        return _worst(call, texts, longest)


def _worst(call: Callable[[str], object], texts: Sequence[Hostile], longest: int) -> Growth | None:
    timed = []
    for text in texts:
        took, growth = _growth(call, text, _LENGTHS)
        if growth:
            return growth
        timed.append((took, text))
    slowest = sorted(timed, key=lambda pair: -pair[0])[:_SLOWEST]
    lengths = [_LENGTHS[-1]]
    while lengths[-1] * STEP <= longest:
        lengths.append(lengths[-1] * STEP)
    grown = (_growth(call, text, lengths)[1] for _, text in slowest)
    return next((growth for growth in grown if growth), None)


def _growth(
    call: Callable[[str], object], text: Hostile, lengths: Sequence[int]
) -> tuple[float, Growth | None]:
    """Returns the longest time, and how it grew where that was too much."""
    last = float("inf")
    for length in lengths:
        # What is stopped took a hundred times what a quarter of the length took, or very long.
        now = _least_seconds(call, text.text(length), most=_ENDLESS)
        if now == last == float("inf"):
            return now, Growth(text, now, length)
        slow = now > MOST_GROWTH * last and (last >= MEASURABLE or now >= _ENDLESS)
        if slow and (growth := _measured(call, text, length // STEP)):
            return now, growth
        if last != float("inf") and last >= MEASURABLE:
            break
        last = min(now, _ENDLESS)
    return now, None


def _measured(call: Callable[[str], object], text: Hostile, length: int) -> Growth | None:
    """Returns how a call grows from a length on, measured again where that is near the law."""
    for _ in range(_RUNS):
        # Both anew: what else runs on the machine makes either slower.
        least = _least_seconds(call, text.text(length), most=_ENDLESS, runs=_RUNS)
        most = max(20 * MOST_GROWTH * least, _ENDLESS)
        now = _least_seconds(call, text.text(length * STEP), most=most)
        if now <= MOST_GROWTH * least:
            return None
        if now > 2 * MOST_GROWTH * least:
            break
    return Growth(text, now / least, length)
