"""Plainness: whether the words of a quote let it say yes or no to a question.

A quote that hedges, or does not hold what is asked about, takes no side, whatever a model thinks.
"""

import re

from footnote.index.models import Paper
from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.answer import Side
from footnote.rag.query.names import find_names, missing_names, spells_out

# "Does" has a stem that is no stop word.
_STOP_STEMS = STOP_WORDS | set(stems(" ".join(STOP_WORDS)))
# Share of the question's telling words that a quote, or the title above it, must hold, and with
# the answer ranker.
HOLDS, HOLDS_HEARD = 0.5, 1 / 3
# What a paper asks, qualifies or sets out to study says neither yes nor no.
_HEDGES = re.compile(
    r"\b(?:nuanced|challeng(?:e|es|ing) (?:the|this|conventional)|question(?:s|ing)? (?:the"
    r"|whether)"
    r"|whether|(?:we|authors) (?:investigate|study|examine|explore|ask)|depends? on|unclear"
    r"|open question"
    r"|potential(?:ly)? (?:to|for)|has the potential|promising"
    r"|remains? (?:an? )?(?:open|unclear|unknown|challeng\w*)"
    r"|might|may|aims? to|while|goals? (?:of|is)|objectives?|purpose|in an effort to"
    r"|to (?:examine|investigate|determine|probe|study|assess|test|evaluate|explore|understand"
    r"|analy[sz]e) (?:\w+ ){0,3}?(?:whether|how|if|the (?:extent|effect|impact|degree)))\b",
    re.IGNORECASE,
)
# "Is it always so?" has a yes only from a quote that says so of every case.
_ALWAYS = re.compile(r"\b(?:always|never|every|invariably|necessarily)\b", re.IGNORECASE)
_THROUGHOUT = re.compile(
    r"\b(?:always|never|every|all|any|invariably|necessarily|consistently|regardless)\b",
    re.IGNORECASE,
)
# A yes is not plain beside a word that denies or narrows, nor a no without one.
_DENIES_OR_NARROWS = re.compile(
    r"\b(?:no|not|never|neither|nor|cannot|only|unless|except|without|hardly|rarely|barely|fail\w*"
    r"|struggl\w*|limit\w*|lack\w*|unable|unsuccessful\w*|insufficient\w*|worse\w*|degrad\w*"
    r"|hurt\w*|harm\w*|less|lower|fewer|poor\w*|unlike\w*|contrary|inferior|underperform\w*"
    r"|impossible|unnecessary|still)\b|n['’]t\b",
    re.IGNORECASE,
)
# "No better" says a plain no to "does it help?", which the model hardly meets in training.
_ASKS_FOR_GAIN = re.compile(
    r"\b(?:help|improve|benefit|better|beat|useful|worth|gain|boost|effective)\w*", re.IGNORECASE
)
_NO_GAIN = re.compile(
    r"\b(?:no|not|little|hardly) (?:\w{1,20} ){0,2}?(?:better|improve\w*|gains?|benefits?|help\w*"
    r"|advantages?|effective\w*)\b"
    r"|\b(?:do|does|did)(?: not|n['’]t) (?:\w{1,20} )?(?:help|improve|benefit|boost|gain)\b"
    r"|\b(?:fail\w{0,3}|unable) to (?:improve|help|benefit|outperform|beat)\b",
    re.IGNORECASE,
)
# "Only at sufficient scale" says no of small models.
_ASKS_OF_LITTLE = re.compile(r"\b(?:small|smaller|little|few|fewer|short|weak)\b", re.IGNORECASE)
_ONLY_WITH_MUCH = re.compile(
    r"\bonly (?:\w{1,20} )?(?:at|with|for|in|on|when|from|above|beyond) (?:\w{1,20} ){0,2}?"
    r"(?:large\w*|big\w*|sufficient|scale|strong\w*|long\w*|many|high\w*|enough)\b",
    re.IGNORECASE,
)
# "Not only" and "not just" deny nothing.
_DENIES_NOTHING = re.compile(r"\bnot (?:just|only|merely|simply|solely)\b", re.IGNORECASE)


def may_take_side(question: str, quote: str, paper: Paper, *, heard: bool = False) -> bool:
    """Returns whether a quote can say yes or no: it holds what is asked about, and hedges not.

    Enough of the question's telling words, and its names, must be in the quote or in the title of
    its paper; fewer are enough where the answer ranker says what the others mean.
    """
    words = set(stems(question)) - _STOP_STEMS
    told = f"{paper.title} {quote}"
    held, missing = words & set(stems(told)), missing_names(question, [paper])
    if heard:
        spelled = {name.casefold() for name in find_names(question) if spells_out(told, name)}
        held |= words & {stem for name in spelled for stem in (name, *stems(name))}
        missing = [name for name in missing if name.casefold() not in spelled]
    least = HOLDS_HEARD if heard else HOLDS
    return len(held) >= least * len(words) and not _HEDGES.search(quote) and not missing


def fits_always(question: str, quote: str, side: Side) -> bool:
    """Returns whether a quote can say yes or no to what is asked of every case, if it is."""
    if not _ALWAYS.search(question):
        return True
    return bool((_THROUGHOUT if side == "yes" else _DENIES_OR_NARROWS).search(quote))


def is_plain(question: str, quote: str, side: Side) -> bool:
    """Returns whether the polarity of a quote is plain: what says yes denies nothing."""
    if side == "yes" and not fits_always(question, quote, side):
        return False
    if side == "mixed" or _DENIES_OR_NARROWS.search(question):
        return True
    return bool(_DENIES_OR_NARROWS.search(_DENIES_NOTHING.sub("", quote))) == (side == "no")


def says_no(question: str, quote: str) -> bool:
    """Returns whether a quote says a plain no by its words, whatever the model thinks."""
    if _ASKS_OF_LITTLE.search(question) and _ONLY_WITH_MUCH.search(quote):
        return True
    return bool(_ASKS_FOR_GAIN.search(question) and _NO_GAIN.search(quote))
