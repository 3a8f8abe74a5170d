"""Measures: what a question asks to be counted or measured, and how a sentence words it."""

import re
from dataclasses import dataclass

from footnote.rag.query.topic import agree

# What is measured, as the question words it, and how a sentence words it: beside its figure.
_SPEED = (
    r"(?:Hz|hertz|ms|milliseconds?|seconds?|fps|frames|m/s|km/h|mph|tokens|times faster"
    r"|x faster|per second|faster|speed\w*|latency)"
)
_MOTION = r"(?:m/s|km/h|mph|met(?:er|re)s? per second)"
_TIME = (
    r"(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|ms|milliseconds?|tokens|steps"
    r"|words|pages|frames|km|m)"
)
_MONEY = r"(?:\$|€|£|dollars?|usd|euros?)"


@dataclass(frozen=True, slots=True)
class Aspect:
    """What is measured.

    Attributes:
        asked: How a question asks for it.
        beside: What stands beside a figure of it.
        name: How it is called; empty where the question's own words are better.
    """

    asked: re.Pattern[str]
    beside: str
    name: str = ""


_ASPECTS = (
    Aspect(
        re.compile(r"(?i)^how deep\b|\b(?:depth|deepest)\b"),
        r"(?:layers?|deep|depth|blocks?|m|km|met(?:er|re)s?)",
        "the depth",
    ),
    Aspect(
        re.compile(r"(?i)^how (?:large|big|small)\b|^what size\b|\bthe size of\b"),
        r"(?:[\d.]+ ?[KMB]|million|billion|thousand|[KMGT]B|parameters?|tokens|images|videos"
        r"|episodes|demonstrations|trajectories|hours|examples|samples|questions|pairs"
        r"|documents|papers|people|participants|patients)",
        "the size",
    ),
    Aspect(
        re.compile(
            r"(?i)\b(?:top|what) speed\b|^how fast (?:can|does|do) [^?]{0,120}\b(?:run|walk|drive"
            r"|move|fly)\b"
        ),
        _MOTION,
        "the speed",
    ),
    Aspect(re.compile(r"(?i)^how fast|\bhow quick"), _SPEED, "the speed"),
    Aspect(re.compile(r"(?i)^how (?:long|old)\b|\bhow much time\b"), _TIME, "the time"),
    Aspect(
        re.compile(r"(?i)\bcosts?\b|\bprice\b|\bhow expensive\b|\bhow much money\b"),
        _MONEY,
        "the cost",
    ),
    Aspect(re.compile(r"(?i)\berror rate\b|\bWER\b"), r"(?:error|WER|CER)"),
    Aspect(
        re.compile(r"(?i)\baccurac\w+|\bhow accurate"),
        r"(?:accura\w+|correct\w*|precision|score\w*|%)",
    ),
    Aspect(
        re.compile(r"(?i)\bpercent\w*|\b(?:share|fraction|proportion|success rate)\b"),
        r"(?:%|percent\w*|success\w*|rate\w*|half|third|quarter)",
    ),
    Aspect(
        re.compile(r"(?i)\bspeed-?up\b|\bhow much faster\b|\bby what factor\b"),
        r"(?:x|×|times|fold|faster|speed\w*)",
    ),
    Aspect(
        re.compile(
            r"(?i)^how (?:many|much) times\b|\bhow much (?:more|less|better|larger|smaller)\b"
        ),
        r"(?:x|×|times|fold|%|points?|percent\w*)",
    ),
)
# Up to three words: what is counted stands at once behind "how many".
HOW_MANY = re.compile(
    r"\bhow (?P<size>many|much)\s+(?P<what>(?!do\b|does\b|did\b|is\b|are\b|was\b|were\b|can\b)"
    r"[\w/-]+(?: (?!do\b|does\b|did\b|is\b|are\b|was\b|were\b|can\b|could\b|has\b|have\b|had\b"
    r"|in\b|of\b|on\b|at\b|for\b|to\b|with\b|from\b|per\b|that\b|need\w*\b|will\b|would\b|should\b"
    r"|took\b|make\b|use\b|uses\b|used\b|must\b|may\b|and\b|or\b)[\w/-]+){0,2})",
    re.IGNORECASE,
)
_WHAT_MEASURE = re.compile(
    r"^(?:what|which)\s+(?:(?:is|was|are|were)\s+)?(?:the\s+)?(?P<what>[\w@-]+(?: [\w@-]+){0,2}?)"
    r"(?= (?:do|does|did|is|are|was|were|of|on|in|for|can|could|has|have|reach\w*|get\w*|and)\b)",
    re.IGNORECASE,
)
# What one paper counts under one name and another under the other; without endings.
_SAME_THINGS = (
    ("demonstration", "demo", "trajector", "episode", "rollout"),
    ("patient", "participant", "subject", "volunteer", "people", "person"),
    ("parameter", "weight"),
    ("image", "picture", "photo", "frame"),
    ("sample", "example", "instance", "data point", "pair"),
    ("question", "quer"),
    ("paper", "article", "stud", "publication"),
    ("annotator", "rater", "labeler", "contractor", "crowdworker"),
)
_ENDING = re.compile(r"(?:ies|es|s|y)$")


# "How much memory does Prefix Grouper save": of whom, and what it does with it.
_OF_WHOM = re.compile(r"does (?P<whom>(?!it\b|this\b|that\b)\S.{0,60}?) (?P<does>[a-z]{2,20})$")


def name_quantity(asked: str) -> str:
    """Returns what was asked for, as a phrase: "how many GPU hours", "the word error rate"."""
    match = HOW_MANY.search(asked)
    if match and not asked[: match.start()].casefold().endswith("by "):
        of_whom = _OF_WHOM.match(asked[match.end("what") :].strip(" ?.!"))
        does = f" {of_whom['whom']} {agree(of_whom['does'], 1)}" if of_whom else ""
        return f"how {match['size'].casefold()} {measured(asked)}{does}"
    aspect = find_aspect(asked)
    what = measured(asked)
    return (aspect.name if aspect else "") or (f"the {what}" if what else "this figure")


def find_aspect(asked: str) -> Aspect | None:
    """Returns what a question asks to be measured, None where it counts or asks otherwise."""
    return next((aspect for aspect in _ASPECTS if aspect.asked.search(asked)), None)


def measured(asked: str) -> str:
    """Returns the words of a question that name what is counted or measured."""
    counted = HOW_MANY.search(asked)
    if counted and asked[: counted.start()].casefold().endswith("by "):
        return ""
    match = counted or _WHAT_MEASURE.search(asked)
    return " ".join(match["what"].split()) if match else ""


def unit_pattern(asked: str) -> re.Pattern[str]:
    """Returns what must stand beside a figure that answers."""
    if aspect := find_aspect(asked):
        return re.compile(rf"(?<![a-z]){aspect.beside}(?![a-z])", re.IGNORECASE)
    words = counted_words(asked)
    if not words:
        return re.compile(r"")
    # "How many robots" is not told by "800,000 robot episodes".
    plural = measured(asked).rstrip().endswith("s")
    ends = r"(?:\w{0,3}s|(?<=\d)-\w+)\b" if plural else r"\w{0,4}"
    stems_ = "|".join(re.escape(_ENDING.sub("", word)) for word in words)
    alone = rf"(?<=\d[ -])(?:{stems_})\b(?! \w+s\b)"
    return re.compile(rf"\b(?:{stems_}){ends}|{alone}", re.IGNORECASE)


def counted_words(asked: str) -> list[str]:
    """Returns the words for what is counted, and those that mean the same."""
    words = re.findall(r"\w{3,}", measured(asked).lower())
    return [*words, *(same_things(_ENDING.sub("", words[-1]))[1:] if words else ())]


def same_things(head: str) -> list[str]:
    """Returns a word without its ending, and those that papers use for the same things."""
    if not head:
        return []
    same = (group for group in _SAME_THINGS if any(word.startswith(head) for word in group))
    return [head, *next(same, ())]


def head_word(asked: str) -> str:
    """Returns the word for what is counted, without its ending: "demonstration"."""
    words = re.findall(r"\w{3,}", measured(asked).lower())
    return _ENDING.sub("", words[-1]) if words else ""
