"""Yes or no: how many papers say yes, no, or neither plainly; one quote each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.answer import Side
from footnote.rag.generation.forms.fact import choose_sentences
from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers
from footnote.rag.query.names import missing_names
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.stance import Chances, chances, classify_side

# Papers that are asked, the sentences of each that are weighed, and papers that are shown.
PAPERS, OF_EACH, SHOWN = 5, 2, 4
# A paper this far behind the best, in the score of its best sentence, is about something else; the
# second may be farther behind, since a disagreement is what a reader looks for.
BEHIND, BEHIND_SECOND = 0.25, 0.6
# Share of the question's telling words that a quote must hold to take a side.
HOLDS = 0.5
# What a paper asks, qualifies or sets out to study says neither yes nor no.
_HEDGES = re.compile(
    r"\b(?:nuanced|challeng(?:e|es|ing) (?:the|this|conventional)|question(?:s|ing)? (?:the"
    r"|whether)"
    r"|whether|we (?:investigate|study|examine|explore|ask)|depends? on|unclear|open question"
    r"|potential(?:ly)? (?:to|for)|has the potential|promising"
    r"|remains? (?:an? )?(?:open|unclear|unknown|challeng\w*)"
    r"|might|may|aims? to|while)\b",
    re.IGNORECASE,
)
# "Is it always so?" has a yes only from a quote that says so of every case.
_ALWAYS = re.compile(r"\b(?:always|never|every|invariably|necessarily)\b", re.IGNORECASE)
_THROUGHOUT = re.compile(
    r"\b(?:always|never|every|all|any|invariably|necessarily|consistently|regardless)\b",
    re.IGNORECASE,
)
# A yes is not plain beside a word that denies or narrows, nor a no without one.
_DENIES = re.compile(
    r"\b(?:no|not|never|neither|nor|cannot|only|unless|except|without|hardly|rarely|barely|fail\w*"
    r"|struggl\w*|limit\w*|lack\w*|unable|unsuccessful\w*|insufficient\w*|worse\w*|degrad\w*"
    r"|hurt\w*|harm\w*|less|lower|fewer|poor\w*|unlike\w*|contrary|inferior|underperform\w*"
    r"|impossible|unnecessary|still)\b|n['’]t\b",
    re.IGNORECASE,
)
_LABELS: Mapping[Side | None, str] = {
    "yes": "Yes, ", "no": "No, ", "mixed": "Yes and no, ", None: "Unclear, "
}  # fmt: skip
_ORDER: tuple[Side | None, ...] = ("yes", "no", "mixed", None)


def write(reading: Reading) -> Composed:
    """Writes the count of each side, then a row for each paper under its side."""
    best = weigh(reading)
    draft = Draft(best)
    if not best:
        return draft.finish()
    sides = [sentence.side for sentence in best]
    if not any(sides):
        # Nobody takes a side: what comes nearest is an answer like any other.
        quotes = choose_sentences(reading.evidence)
        plain = Draft(quotes)
        plain.add("Unclear. The nearest sentences:")
        plain.add(" ".join(plain.quote(replace(s, side=None)) for s in quotes))
        return plain.finish(missing=reading.say_missing_names())
    draft.add(f"{_tell(sides)}:")
    ordered = sorted(best, key=lambda sentence: _ORDER.index(sentence.side))
    draft.add(*(draft.row(s.paper, draft.quote(s), _LABELS[s.side]) for s in ordered))
    return draft.finish(missing=reading.say_missing_names())


def weigh(reading: Reading) -> list[Sentence]:
    """Returns the sentence of each paper that is asked which says most, with the paper's side."""
    papers = list(reading.by_paper.values())[:PAPERS]
    best = papers[0][0].score if papers else 0.0
    near = [
        own[:OF_EACH]
        for n, own in enumerate(papers)
        if best - own[0].score < (BEHIND if n > 1 else BEHIND_SECOND)
    ]
    if reading.library is None:
        return [own[0] for own in near][:SHOWN]
    question, embedder = reading.question.wording, reading.library.embedder
    found = chances(question, [s.text for own in near for s in own], embedder)
    by_sentence = dict(zip((s for own in near for s in own), found, strict=True))
    return [_take_side(question, own, by_sentence) for own in near][:SHOWN]


def _take_side(
    question: str, own: Sequence[Sentence], found: Mapping[Sentence, Chances]
) -> Sentence:
    """Returns the sentence that a paper's side is told by; its best one where it takes none."""
    plain = [s for s in own if may_take_side(question, s)]
    side = classify_side([found[s] for s in plain])
    if side is None:
        return own[0]
    told = max(plain, key=lambda s: max(found[s].yes, found[s].no))
    return replace(told, side=side) if is_plain(question, told.text, side) else own[0]


def is_plain(question: str, quote: str, side: Side) -> bool:
    """Returns whether the polarity of a quote is plain: what says yes denies nothing."""
    if side == "yes" and _ALWAYS.search(question) and not _THROUGHOUT.search(quote):
        return False
    if side == "mixed" or _DENIES.search(question):
        return True
    return bool(_DENIES.search(quote)) == (side == "no")


def may_take_side(question: str, sentence: Sentence) -> bool:
    """Returns whether a sentence can say yes or no: it holds what is asked about, and hedges not.

    Half of the question's telling words, its names among them, must be in the sentence or in the
    title of its paper.
    """
    words = set(stems(question)) - STOP_WORDS
    said = set(stems(f"{sentence.paper.title} {sentence.text}"))
    if len(words & said) < HOLDS * len(words) or _HEDGES.search(sentence.text):
        return False
    return not missing_names(question, [sentence.paper])


def _tell(sides: Sequence[Side | None]) -> str:
    """Returns "Yes: 2 papers; no: 1 paper; unclear: 1 paper"."""
    names = {"yes": "yes", "no": "no", "mixed": "yes and no", None: "unclear"}
    told = [f"{names[side]}: {count_papers(sides.count(side))}" for side in _ORDER if side in sides]
    line = "; ".join(told)
    return line[:1].upper() + line[1:]
