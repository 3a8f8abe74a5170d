"""Number: the figure first, with its unit, then the sentence that has it; or that none has it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.generation.forms.fact import SEVERAL, choose_sentences, room_for
from footnote.rag.generation.forms.form import NOT_STATED, Composed, Draft, Reading
from footnote.rag.query.kinds.rules import find_core
from footnote.rag.query.names import find_names, missing_names
from footnote.rag.retrieval.evidence import Sentence

# Sentences that are looked through for the figure, and papers that they are from.
LOOKED_AT, PAPERS = 24, 3
# What a figure gains in a sentence that begins with a name of the question, and with the word for
# what is counted right behind it, within so many characters.
SUBJECT, ADJACENT, BESIDE = 0.2, 0.1, 30
# Characters of a unit; what is longer is a noun.
_SHORTEST_NOUN = 4
_WORDS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozens?|half|twice|few"
)
_FIGURE = re.compile(
    r"(?<![\w.(-])[$€£]?\d[\d,]*(?:\.\d+)?"
    r"(?:\s?(?:%|×|x\b|[kKMB]\b|ms\b|s\b|Hz\b|[a-zA-Z]{1,3}/s\b)|-(?=[a-z]))?"
    rf"|\b(?:{_WORDS})\b(?:[ -](?:{_WORDS})\b)*",
)
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
class _Aspect:
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
    _Aspect(
        re.compile(r"(?i)^how deep\b|\b(?:depth|deepest)\b"),
        r"(?:layers?|deep|depth|blocks?|m|km|met(?:er|re)s?)",
        "the depth",
    ),
    _Aspect(
        re.compile(r"(?i)^how (?:large|big|small)\b|^what size\b|\bthe size of\b"),
        r"(?:[\d.]+ ?[KMB]|million|billion|thousand|[KMGT]B|parameters?|tokens|images|videos"
        r"|episodes|demonstrations|trajectories|hours|examples|samples|questions|pairs"
        r"|documents|papers|people|participants|patients)",
        "the size",
    ),
    _Aspect(
        re.compile(
            r"(?i)\b(?:top|what) speed\b|^how fast (?:can|does|do) [^?]{0,120}\b(?:run|walk|drive"
            r"|move|fly)\b"
        ),
        _MOTION,
        "the speed",
    ),
    _Aspect(re.compile(r"(?i)^how fast|\bhow quick"), _SPEED, "the speed"),
    _Aspect(re.compile(r"(?i)^how (?:long|old)\b|\bhow much time\b"), _TIME, "the time"),
    _Aspect(
        re.compile(r"(?i)\bcosts?\b|\bprice\b|\bhow expensive\b|\bhow much money\b"),
        _MONEY,
        "the cost",
    ),
    _Aspect(re.compile(r"(?i)\berror rate\b|\bWER\b"), r"(?:error|WER|CER)"),
    _Aspect(
        re.compile(r"(?i)\baccurac\w+|\bhow accurate"),
        r"(?:accura\w+|correct\w*|precision|score\w*|%)",
    ),
    _Aspect(
        re.compile(r"(?i)\bpercent\w*|\b(?:share|fraction|proportion|success rate)\b"),
        r"(?:%|percent\w*|success\w*|rate\w*|half|third|quarter)",
    ),
    _Aspect(
        re.compile(r"(?i)\bspeed-?up\b|\bhow much faster\b|\bby what factor\b"),
        r"(?:x|×|times|fold|faster|speed\w*)",
    ),
    _Aspect(
        re.compile(
            r"(?i)^how (?:many|much) times\b|\bhow much (?:more|less|better|larger|smaller)\b"
        ),
        r"(?:x|×|times|fold|%|points?|percent\w*)",
    ),
)
# Up to three words: what is counted stands at once behind "how many".
_HOW_MANY = re.compile(
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
# Only of what can be counted or has units of its own is it said that no abstract states it.
_PLAIN = re.compile(
    r"\bhow many\b|^how (?:deep|large|big|small)\b|\b(?:top|what) speed\b"
    r"|\bcosts?\b|\bprice\b|\berror rate\b|\bWER\b",
    re.IGNORECASE,
)
_HOW_LONG = re.compile(r"\bhow long\b|\bhow much time\b", re.IGNORECASE)
_FROM_TO = re.compile(r"\bfrom\s+[$€£]?\d[\d.,]*[^.;]{0,40}?\s+to\s+[$€£]?\d")
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
_TRAILING = re.compile(
    r"(?: (?:of|to|from|in|and|on|with|for|by|at|per|the|as|or|than|is|are|was|were|while|that"
    r"|using)){1,3}$"
)
_ENDING = re.compile(r"(?:ies|es|s|y)$")
_MORE = re.compile(
    r" (?:faster|slower|more|less|fewer|better|worse|higher|lower|smaller|larger|longer|shorter)$"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a sentence, with its unit as it stands there."""

    text: str
    sentence: Sentence


def write(reading: Reading) -> Composed:
    """Writes the figure and its sentence; where nothing that was read has it, that first."""
    draft = Draft(reading.evidence)
    if not reading.evidence:
        return draft.finish()
    asked = find_core(reading.question.asked)
    figure = find_figure(asked, reading.evidence)
    if figure and not missing_names(reading.question.asked, [figure.sentence.paper]):
        room = room_for(reading.question.asked)
        beside = [figure.sentence]
        if room is SEVERAL:
            others = [s for s in reading.evidence if s != figure.sentence]
            beside = choose_sentences([figure.sentence, *others], room)
        draft.add(f"**{figure.text}**: {' '.join(draft.quote(s) for s in beside)}")
        return draft.finish()
    quotes = choose_sentences(_of_named(reading), room_for(reading.question.asked))
    named = reading.say_missing_names()
    figured = _FIGURE.search(quotes[0].text) is not None
    told = reading.is_surely_present or not (_PLAIN.search(asked) or named)
    if figured and told:
        draft.add(" ".join(draft.quote(sentence) for sentence in quotes))
        return draft.finish(missing=reading.say_absent())
    draft.add(f"Nearest: {draft.quote(quotes[0])}")
    missing = named or f"{NOT_STATED} {name_quantity(asked)}."
    return draft.finish(missing=missing)


def _of_named(reading: Reading) -> Sequence[Sentence]:
    """Returns the sentences with the names of the question, or of papers with them, if any are."""
    names = [name.casefold() for name in find_names(reading.question.asked)]
    said = [s for s in reading.evidence if all(name in s.text.casefold() for name in names)]
    own = [
        s
        for s in reading.evidence
        if all(name in f"{s.paper.title}\n{s.paper.abstract}".casefold() for name in names)
    ]
    return said or own or reading.evidence


def name_quantity(asked: str) -> str:
    """Returns what was asked for, as a phrase: "how many GPU hours", "the word error rate"."""
    match = _HOW_MANY.search(asked)
    if match and not asked[: match.start()].casefold().endswith("by "):
        return f"how {match['size'].casefold()} {measured(asked)}"
    aspect = _find_aspect(asked)
    what = measured(asked)
    return (aspect.name if aspect else "") or (f"the {what}" if what else "this figure")


def _find_aspect(asked: str) -> _Aspect | None:
    return next((aspect for aspect in _ASPECTS if aspect.asked.search(asked)), None)


def measured(asked: str) -> str:
    """Returns the words of a question that name what is counted or measured."""
    counted = _HOW_MANY.search(asked)
    if counted and asked[: counted.start()].casefold().endswith("by "):
        return ""
    match = counted or _WHAT_MEASURE.search(asked)
    return " ".join(match["what"].split()) if match else ""


def find_figure(asked: str, evidence: Sequence[Sentence]) -> Figure | None:
    """Returns the first figure, in the order of the evidence, that measures what is asked for.

    Only of the best papers: the figure of another one is of something else.
    """
    papers = list(dict.fromkeys(sentence.paper.id for sentence in evidence))[:PAPERS]
    read = [s for s in evidence if s.paper.id in papers][:LOOKED_AT]
    if not (_find_aspect(asked) or _counted(asked)):
        # Any figure fits; so its paper must at least be about what is asked.
        about = {word for word in stems(asked) if word not in STOP_WORDS}
        read = [s for s in read if about & set(stems(f"{s.paper.title} {s.text}"))]
    names = [name.casefold() for name in find_names(asked)]
    heads = _same_things(_head(asked))
    aspect = _find_aspect(asked)
    found = []
    for sentence in read:
        begins = sentence.text.casefold().startswith(tuple(names)) if names else False
        for place in _fitting(asked, sentence.text):
            behind = sentence.text[place[1] : place[1] + BESIDE].casefold()
            head = next((word for word in heads if word in behind), "")
            score = sentence.score + SUBJECT * begins + ADJACENT * bool(head)
            # "800,000 robot episodes", not "800,000 robot".
            noun = re.search(rf"\b{aspect.beside}\b", behind) if aspect and not head else None
            counted = head or (noun[0] if noun and len(noun[0]) > _SHORTEST_NOUN else "")
            figure = Figure(_with_unit(sentence.text, *place, counted), sentence)
            found.append((score, -place[0], figure))
    return max(found, key=lambda row: row[:2])[2] if found else None


def _fitting(asked: str, text: str) -> list[tuple[int, int]]:
    """Returns the places of the figures in a sentence that measure what is asked for."""
    wanted = _unit_pattern(asked)
    fitting = [
        place
        for place in _figures(text)
        if wanted.search(_around(text, *place))
        # "Within a few hours" tells how long, not how many.
        and (_HOW_LONG.search(asked) or text[slice(*place)].lower() != "few")
    ]
    # "From 1.5 Hz to 62 Hz": what was reached stands last.
    return fitting[-1:] if _FROM_TO.search(text) else fitting


def _unit_pattern(asked: str) -> re.Pattern[str]:
    """Returns what must stand beside a figure that answers."""
    if aspect := _find_aspect(asked):
        return re.compile(rf"(?<![a-z]){aspect.beside}(?![a-z])", re.IGNORECASE)
    words = _counted(asked)
    if not words:
        return re.compile(r"")
    # "How many robots" is not told by "800,000 robot episodes".
    plural = measured(asked).rstrip().endswith("s")
    ends = r"(?:\w{0,3}s|(?<=\d)-\w+)\b" if plural else r"\w{0,4}"
    stems_ = "|".join(re.escape(_ENDING.sub("", word)) for word in words)
    alone = rf"(?<=\d[ -])(?:{stems_})\b(?! \w+s\b)"
    return re.compile(rf"\b(?:{stems_}){ends}|{alone}", re.IGNORECASE)


def _figures(text: str) -> Iterator[tuple[int, int]]:
    for match in _FIGURE.finditer(text):
        yield match.start(), match.end()


def _around(text: str, start: int, end: int) -> str:
    """Returns the figure with the five words behind it and the three before it."""
    after = re.match(r"(?:\W{0,3}[\w/%$-]+){0,5}", text[end : end + 80])
    before = text[max(0, start - 40) : start].split()[-3:]
    return " ".join([*before, text[start:end] + (after[0] if after else "")])


def _with_unit(text: str, start: int, end: int, head: str) -> str:
    """Returns the figure with the words behind it, up to the one that is counted, or one."""
    words = re.match(r"(?:[ -]?[A-Za-z][\w-]*){0,4}", text[end : end + 60])
    behind = re.findall(r"[ -]?[A-Za-z][\w-]*", words[0]) if words else []
    named = [
        n for n, word in enumerate(behind) if head and word.strip(" -").lower().startswith(head)
    ]
    kept = behind[: named[0] + 1 if named else 1]
    # "15 percent" says less than "15 percent faster".
    kept += [word for word in behind[len(kept) : len(kept) + 1] if _MORE.match(word)]
    return _TRAILING.sub("", " ".join((text[start:end] + "".join(kept)).split()))


def _counted(asked: str) -> list[str]:
    """Returns the words for what is counted, and those that mean the same."""
    words = re.findall(r"\w{3,}", measured(asked).lower())
    return [*words, *(_same_things(_ENDING.sub("", words[-1]))[1:] if words else ())]


def _same_things(head: str) -> list[str]:
    """Returns a word without its ending, and those that papers use for the same things."""
    if not head:
        return []
    same = (group for group in _SAME_THINGS if any(word.startswith(head) for word in group))
    return [head, *next(same, ())]


def _head(asked: str) -> str:
    """Returns the word for what is counted, without its ending: "demonstration"."""
    words = re.findall(r"\w{3,}", measured(asked).lower())
    return _ENDING.sub("", words[-1]) if words else ""
