"""Refusals: whether a model says that there is no answer, and says nothing else."""

import re

from footnote.rag.answer import REFUSAL
from footnote.rag.generation.citations.markdown_sentences import split_sentences
from footnote.rag.generation.citations.patterns import MARKERS
from footnote.rag.verification.rules.remarks import is_about_evidence

_PHRASE = re.compile(
    r"\s{1,9}".join(map(re.escape, REFUSAL.rstrip(".").split())) + r"\.?", re.IGNORECASE
)
# What people say around a refusal.
_COURTESY = re.compile(
    r"(?:(?:i'?m|i am|we are|we're) )?(?:(?:very|so|really) )?sorry\b|my apologies\b"
    r"|i apologi[sz]e\b"
    r"|unfortunately\b|regrettably\b|sadly\b|please\b|thank(?:s| you)\b|feel free\b|let me know\b"
    r"|(?:if|should) you\b|you (?:may|might|could|can)\b|as an (?:ai|assistant)\b"
    r"|answer\b",
    re.IGNORECASE,
)
# "On energy:" before it only says what it is about.
_TOPIC = re.compile(
    r"(?:(?:and|but|so) )?(?:on|about|as (?:for|to)|regarding|concerning|for|in|from|based on"
    r"|according to|after|given|with)\b[^.!?;:\d]{0,60}[,:]",
    re.IGNORECASE,
)


def refuses(text: str) -> bool:
    """Returns whether a text says that the library holds no answer, and claims nothing else."""
    phrase = _PHRASE.search(text)
    if phrase is None:
        return False
    topic = _TOPIC.fullmatch(text[: phrase.start()].strip())
    before = "" if topic else text[: phrase.start()]
    left = [*split_sentences(before), *split_sentences(_PHRASE.sub(" ", text[phrase.end() :]))]
    return not any(_claims(part.text) for part in left)


def _claims(sentence: str) -> bool:
    """Returns whether a sentence beside a refusal says something of the world."""
    if MARKERS.search(sentence):
        return MARKERS.sub("", sentence).strip(" .*_") != ""
    said = sentence.strip(" *_`>#-")
    return not (_COURTESY.match(said) or is_about_evidence(said))
