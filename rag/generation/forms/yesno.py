"""Yes or no: how many papers say yes, no, or neither plainly; one quote each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from footnote.rag.answer import Side
from footnote.rag.generation.forms.fact import choose_sentences
from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.stance import Chances, classify_side, plain_chances

# Papers that are asked, the sentences of each that are weighed, and papers that are shown.
PAPERS, OF_EACH, SHOWN = 5, 2, 4
# A paper this far behind the best, in the score of its best sentence, is about something else; the
# second may be farther behind, since a disagreement is what a reader looks for.
BEHIND, BEHIND_SECOND = 0.25, 0.6
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
    weighed = [sentence for own in near for sentence in own]
    found = dict(zip(weighed, plain_chances(question, weighed, embedder), strict=True))
    return [_take_side(own, found) for own in near][:SHOWN]


def _take_side(own: Sequence[Sentence], found: Mapping[Sentence, Chances]) -> Sentence:
    """Returns the sentence that a paper's side is told by; its best one where it takes none."""
    side = classify_side([found[s] for s in own])
    if side is None:
        return own[0]
    told = max(own, key=lambda s: max(found[s].yes, found[s].no))
    return replace(told, side=side)


def _tell(sides: Sequence[Side | None]) -> str:
    """Returns "Yes: 2 papers; no: 1 paper; unclear: 1 paper"."""
    names = {"yes": "yes", "no": "no", "mixed": "yes and no", None: "unclear"}
    told = [f"{names[side]}: {count_papers(sides.count(side))}" for side in _ORDER if side in sides]
    line = "; ".join(told)
    return line[:1].upper() + line[1:]
