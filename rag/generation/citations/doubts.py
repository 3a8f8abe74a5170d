"""Doubts: whether what looks like a citation is one, or a value, an index, a name or an exponent.

In doubt it stays text: a reader can judge a number that is shown, but not one that is gone.
"""

import re
from collections.abc import Sequence

from footnote.rag.generation.citations.patterns import DASH, GAP
from footnote.rag.verification.rules.units import WORDS

# Characters of the text before a marker that decide whether it is one.
LONGEST_BEFORE = 60
_LAST_WORD = re.compile(r"([^\W\d_]{3,40})[\"'”’)*_]{0,3} ?$")
_AFTER_STOP = re.compile(r"(?:[^\W\d_]{2}|[)\]\"”’%*_]|\d)[.!?][\"”’)*_]{0,3} {0,3}$")
_SHORTENED = re.compile(
    r"\b(?:al|etc|vs|cf|resp|approx|fig|eq|sec|no)\.[*_]{0,3} {0,3}$", re.IGNORECASE
)
# A number after these is a name or goes on with a list: "in step (2)", "and (3)".
_NAMED = frozenset(
    "algorithm and appendix assumption case category chapter class condition cluster constraint"
    " criterion definition epoch eqn equation equations experiment fig figure for footnote formula"
    " from goal group item label layer lemma level line method model objective option part phase"
    " point problem property question reason row rule section see setting stage stages step steps"
    " table task than that the theorem tier type value version via with".split()
)
# Two numbers after these belong together.
_JOINED = frozenset(
    "between coordinates dimensions interval into of over pair pairs point points range ranges"
    " ratio score scores shape shapes size sizes tuple tuples values".split()
)
# An item that is as short counts something: "- Robots (7)".
_SHORT_ITEM = re.compile(r"\s{0,8}(?:[-*•+]|\d{1,2}[.)])\s{1,4}(?:\S{1,60}\s{1,4}){3}")
_INTERVAL = re.compile(rf"\[{GAP}([0-9]{{1,9}}){GAP}[,;{DASH}]{GAP}([0-9]{{1,9}}){GAP}\]")
_VALUES = (
    r"(?:values?|scores?|ratings?|numbers?|integers?|weights?|coefficients?|pixels?|points?|ranging"
    r"|rang(?:e|es|ed)|lie|lies|lying|vary|varies|varied|varying|sampled?|drawn|uniform(?:ly)?"
    r"|clipped|clips|scaled|normali[sz]ed|rescaled|bounded|restricted|chosen|x|y|z)"
)
_IN_INTERVAL = re.compile(
    rf"(?:\b(?:intervals?|ranges?|domain|segment|scale(?: of)?|bounds)|[∈=]"
    rf"|\b{_VALUES} (?:\S{{1,12}} )?(?:in|within|between|from|over|to))[ \t]*$",
    re.IGNORECASE,
)
# If there are fewer sentences, a number can be none of theirs, and less is needed.
_MAYBE_INTERVAL = re.compile(
    r"(?:\b(?:in|within|between|from|over|range|ranges|interval|values|scale(?: of)?)|[∈=])[ \t]*$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(?:layers|blocks|heads|steps|stages|indices|indexes|positions|dimensions|axes|columns|rows"
    r"|levels|bins|epochs|channels|pages|chapters|lines|versions) ?$",
    re.IGNORECASE,
)
_INDEXED = re.compile(r"(?:(?<![^\W_])(?-i:[a-z])|[^\W_]_[^\W_]{1,30}|`[^`\n]{0,40}\w)$")
_RAISED_WORD = re.compile(r"(?<![\w-])([^\W\d_]{4,40})[)\"”’*_]{0,3}$")
_RAISED_STOP = re.compile(r"[^\W\d_]{2}[\"”’)*_]{0,3}[.!?,;:][\"”’)*_]{0,3}$")
_UNITS = re.compile(r"(?:met(?:er|re)|second|pixel|inch|foot|feet|error|loss)(?:s|es)?", re.I)


def is_prose(bracket: str, before: str, after: str, given: int) -> bool:
    """Returns whether numbers in square brackets are an interval, some layers or an index.

    Args:
        bracket: With its brackets.
        before: The text before it.
        after: The first character behind it that is no space.
        given: How many sentences were given.
    """
    line = before.rpartition("\n")[2]
    if _INDEXED.search(line):
        return True
    interval = _INTERVAL.fullmatch(bracket)
    if interval is None:
        return False
    low, high = int(interval[1]), int(interval[2])
    if low >= high:
        return False
    if high > given:
        return _MAYBE_INTERVAL.search(line) is not None
    goes_on = after.isalnum() or after in ("(", "[", ",", "∈")
    return bool(_IN_INTERVAL.search(line) or (goes_on and _NUMBERED.search(line)))


def is_citation(
    numbers: Sequence[int], before: str, following: str, listed: int, *, item: bool
) -> bool:
    """Returns whether numbers in parentheses can be nothing but a citation.

    Args:
        numbers: Of given sentences.
        before: The text before them.
        following: The characters after them.
        listed: The last number in parentheses on the line.
        item: Whether the line is an item of a list that says something.
    """
    if not numbers or not following:
        return False
    line, number = before.rpartition("\n")[2], numbers[0]
    if following[0] in ".!?" or (following[-1] == "\n" and item and not _AFTER_STOP.search(line)):
        word = _LAST_WORD.search(line)
        named = word is None or word[1].casefold() in _NAMED
        joined = len(numbers) > 1 and (word is None or word[1].casefold() in _JOINED)
        spelled = number in {WORDS.get(one) for one in line.casefold().split()}
        return not (named or joined or spelled or (listed and number == listed + 1))
    if not _AFTER_STOP.search(line) or _SHORTENED.search(line):
        return False
    ends = following[-1] in "\n|"
    return ends or number not in (1, listed + 1)


def is_long_item(line: str) -> bool:
    """Returns whether the beginning of a line is an item of a list with some words."""
    return _SHORT_ITEM.match(line) is not None


def is_named(label: str, before: str) -> bool:
    """Returns whether a label such as "S4" in parentheses abbreviates the words before it."""
    words = re.findall(r"[^\W\d_]+", before.rpartition("\n")[2])[-6:]
    if label.casefold() != "s" or not words:
        return False
    kinds = ("model", "models", "layer", "layers", "network", "networks", "supplement")
    same = sum(word[0].casefold() == "s" for word in words)
    return same > 1 or words[-1].casefold() in kinds


def is_raised_citation(numbers: Sequence[int], before: str, after: str) -> bool:
    """Returns whether raised numbers are a citation, not an exponent or a part of a name.

    Args:
        numbers: Of given sentences.
        before: The text before them.
        after: The character behind them.
    """
    line = before.rpartition("\n")[2]
    if _RAISED_STOP.search(line):
        return after.isspace() or after == "|"
    word = _RAISED_WORD.search(line)
    if word is None or _UNITS.fullmatch(word[1]) or not (after in ".!?,;:)|" or after == "\n"):
        return False
    # "Transformer²" is a name.
    return word[1].islower() or min(numbers) > 3 or len(numbers) > 1
