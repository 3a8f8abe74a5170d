"""Known items: a question that one paper answers, cut from one of its sentences by rules.

A known item is fair if its words lead to its paper and to no other, and do not name it. So every
question is checked against the whole library: one paper alone holds all of its words, no name of
the title stands in it, and at most half of the title's words. It asks with parts of a sentence and
not with the sentence.

Source: Azzopardi, de Rijke and Balog 2007, "Building simulated queries for known-item topics".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from footnote.evals.dataset.making.occurrences import Occurrences, content_stems
from footnote.evals.dataset.making.phrases import find_phrases
from footnote.evals.metrics.answers import content_words
from footnote.index.models import Paper, Span, normal_title
from footnote.rag.query.names import find_names
from footnote.rag.retrieval.injection.detector import select_quotable
from footnote.rag.retrieval.wording import leans, sets_out

Form = Literal["aim", "number", "terms", "written"]
# Those that rules make. Of two questions about one paper the first is asked: it reads most like a
# person's.
FORMS: tuple[Form, ...] = ("aim", "number", "terms")
# Words of a sentence that can be asked about.
SHORTEST, LONGEST = 8, 60
# A phrase is telling if at most this share of the papers, or this many, hold all its words.
TELLING_SHARE, TELLING = 0.02, 2
PHRASES = 3

_DONE = {
    "propose": "proposed", "introduce": "introduced", "present": "presented",
    "develop": "developed", "design": "designed", "describe": "described", "build": "built",
    "construct": "constructed",
}  # fmt: skip
# "We propose X, a method that ...": what is proposed is the fact, what it is for is asked.
_AIM = re.compile(
    rf"\b(?:we|this (?:paper|work|article|study)) (?:(?:also|then|further|first|therefore) )?"
    rf"(?P<verb>{'|'.join(_DONE)})s? "
    r"(?:[^\s,.;:()]{1,40}(?: \([^\s()]{1,20}\))?, )?"
    r"(?P<fact>(?:an?|the|two|three|several) [^,.;:()]{3,80}?) "
    r"(?P<aim>(?:for|to|that|which) [^,.;:()]{12,120})"
    # Before another comma it may break off within a list of adjectives.
    r"(?=[.;:(]|$|, (?:which|while|where|and|but|thereby|without|[a-z]{2,20}ing)\b)",
    re.IGNORECASE,
)
# What points outside the question, or begins another clause, would not stand alone.
_HANGS = re.compile(r"\b(?:this|these|those|it|its|them|their|such|one|we|our)\b", re.IGNORECASE)
_FEWEST_WORDS = 4
# "A novel framework" is true of half of all papers: no fact that an answer can be held to.
_HOLLOW = frozenset(
    """approach architecture effective efficient framework general method methodology model new
    novel paradigm simple strategy system technique""".split()
)
_FACT_WORDS = 2
# "141 tasks", "10 robot arms": counted things, no years, sums or versions.
_NUMBER = re.compile(
    r"(?<![\w.,$-])(?P<count>[1-9]\d[\d,]{0,11}|[2-9]) "
    r"(?!(?:hundred|thousand|million|billion|times)s?\b)"
    r"(?P<what>(?:[a-z][a-z-]{2,20} ){0,2}[a-z][a-z-]{2,20}s)"
    r"(?=[,.;)]| (?:of|in|for|on|with|from|by|and|across|to)\b)"
)


class NoQuestion(Exception):
    """A paper gave no question; the message says why, and is counted."""


class NoMoreQuestions(Exception):
    """Nothing more can be written; the message says why."""


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A question that one paper answers.

    Attributes:
        quote: The sentence it was cut from, verbatim; a right answer quotes it.
        fact: What a right answer states, verbatim; "" where the sentence as a whole does.
    """

    form: Form
    question: str
    paper: str
    quote: str
    fact: str = ""


def usable_sentences(paper: Paper, spans: Sequence[Span]) -> list[str]:
    """Returns the sentences of an abstract that say by themselves what the paper did or found."""
    # What gives orders to a reader is never quoted, so nobody can be asked for it.
    quotable = (spans[at] for at in select_quotable(paper, spans, ""))
    sentences = (paper.abstract[start:end] for start, end in quotable)
    return [
        sentence
        for sentence in sentences
        if SHORTEST <= len(sentence.split()) <= LONGEST
        and not leans(sentence)
        and not sets_out(sentence)
    ]


def find_items(
    paper: Paper, sentences: Sequence[str], occurrences: Occurrences, random: Random
) -> Iterator[KnownItem]:
    """Yields fair questions that the paper answers, the most natural form first.

    Args:
        paper: Of the library.
        sentences: From ``usable_sentences``.
        occurrences: Of every stem of these sentences, in the whole library.
        random: Chooses among sentences that do as well.
    """
    shuffled = random.sample(sentences, len(sentences))
    for form in FORMS:
        for sentence in shuffled:
            item = _cut(form, paper, sentence, occurrences, random)
            if item is not None and _is_fair(item, paper, occurrences):
                yield item


def _cut(
    form: Form, paper: Paper, sentence: str, occurrences: Occurrences, random: Random
) -> KnownItem | None:
    if form == "aim":
        return _cut_aim(paper, sentence)
    phrases = _telling_phrases(paper, sentence, occurrences)
    if form == "number":
        found = _NUMBER.search(sentence)
        phrases = [one for one in phrases if found and one not in found[0]][: PHRASES - 1]
        if found is None or len(phrases) < PHRASES - 1:
            return None
        question = f"How many {found['what']} are reported with {_join(phrases)}?"
        return KnownItem(form, question, paper.id, sentence, found[0])
    if len(phrases) < PHRASES:
        return None
    chosen = random.sample(phrases[:PHRASES], PHRASES)
    return KnownItem(form, f"What is reported about {_join(chosen)}?", paper.id, sentence)


def _cut_aim(paper: Paper, sentence: str) -> KnownItem | None:
    found = _AIM.search(sentence)
    if found is None or _HANGS.search(found["aim"]):
        return None
    aim = " ".join(found["aim"].split())
    if len(aim.split()) < _FEWEST_WORDS:
        return None
    question = f"What is {_DONE[found['verb'].lower()]} {aim}?"
    telling = content_words(found["fact"]) - _HOLLOW
    fact = found["fact"] if len(telling) >= _FACT_WORDS else ""
    return KnownItem("aim", question, paper.id, sentence, fact)


def _telling_phrases(paper: Paper, sentence: str, occurrences: Occurrences) -> list[str]:
    """Returns the phrases of a sentence that few papers hold, longer and rarer ones first."""
    most = max(TELLING, TELLING_SHARE * occurrences.papers)
    title = content_stems(paper.title)
    held = {
        phrase: len(occurrences.holders(phrase))
        for phrase in find_phrases(sentence)
        if not content_stems(phrase) <= title
    }
    telling = [phrase for phrase, count in held.items() if 0 < count <= most]
    # A word alone says little of what the paper is about.
    return sorted(telling, key=lambda phrase: (" " not in phrase, held[phrase]))


def _join(phrases: Sequence[str]) -> str:
    *others, last = phrases
    return f"{', '.join(others)} and {last}"


def _is_fair(item: KnownItem, paper: Paper, occurrences: Occurrences) -> bool:
    """Returns whether a question leads to its paper, to it alone, and does not name it."""
    asked, title = item.question.partition(" ")[2], content_stems(paper.title)
    if names_title(item.question, paper):
        return False
    words = content_stems(asked) & content_stems(item.quote)
    if 2 * len(words & title) > len(title):
        return False
    return occurrences.hold_all(words) == {paper.id}


def names_title(question: str, paper: Paper) -> bool:
    """Returns whether a question holds its paper's title, or a name of a thing in it."""
    name, colon, _ = paper.title.partition(":")
    named = [paper.title, *([name] if colon else []), *find_names(paper.title)]
    asked = f" {normal_title(question)} "
    return any(normal_title(one) and f" {normal_title(one)} " in asked for one in named)
