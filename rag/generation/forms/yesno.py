"""Yes or no: how many papers say yes, no, or neither plainly; one quote each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from footnote.rag.answer import Side
from footnote.rag.generation.forms.fact import choose_sentences, room_for
from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.stance import PaperStance, read_stances

# The sentences of each paper that are weighed; papers that are shown, of those that take a side and
# of all if fewer do, but always the best one that takes none.
OF_EACH, SHOWN_SIDED, SHOWN = 2, 6, 4
# A paper this far behind the best, in the score of its best sentence, is about something else; the
# second may be farther behind, and so may one that takes a side, since that is what a reader looks
# for.
BEHIND, BEHIND_SECOND, BEHIND_SIDED = 0.25, 0.6, 2.0
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
        quotes = choose_sentences(reading.evidence, room_for(reading.question.asked))
        plain = Draft(quotes)
        plain.add("Unclear. The nearest sentences:")
        plain.add(" ".join(plain.quote(replace(s, side=None)) for s in quotes))
        return plain.finish(missing=reading.say_missing_names() or reading.say_absent())
    draft.add(f"{_tell(sides)}:")
    ordered = sorted(best, key=lambda sentence: _ORDER.index(sentence.side))
    draft.add(*(draft.row(s.paper, draft.quote(s), _LABELS[s.side]) for s in ordered))
    return draft.finish(missing=reading.say_missing_names())


def weigh(reading: Reading) -> list[Sentence]:
    """Returns the sentence of each paper that is asked which says most, with the paper's side.

    Papers that take one come before those that take none.
    """
    papers = list(reading.by_paper.values())
    told = _take_sides(reading, [own[:OF_EACH] for own in papers])
    kept = [
        sentence
        for rank, (sentence, own) in enumerate(zip(told, papers, strict=True))
        if papers[0][0].score - own[0].score < _reach(rank, sentence.side)
    ]
    sided = [sentence for sentence in kept if sentence.side][:SHOWN_SIDED]
    unsided = [sentence for sentence in kept if sentence.side is None]
    return [*sided, *unsided[: max(1, SHOWN - len(sided))]]


def _reach(rank: int, side: Side | None) -> float:
    """Returns how far behind the best a paper may be, the best having rank 0."""
    if rank < 2:
        return BEHIND_SECOND
    return BEHIND_SIDED if side else BEHIND


def _take_sides(reading: Reading, papers: Sequence[Sequence[Sentence]]) -> list[Sentence]:
    """Returns a sentence for each paper, with the side that it takes."""
    if reading.library is None:
        return [own[0] for own in papers]
    stances = read_stances(reading.question.wording, papers, reading.library.embedder)
    return [_take_side(own, told) for own, told in zip(papers, stances, strict=True)]


def _take_side(own: Sequence[Sentence], told: PaperStance) -> Sentence:
    """Returns the sentence that a paper's side is told by; its best one where it takes none."""
    if told.side is None:
        return own[0]
    sure = [max(one.yes, one.no) for one in told.chances]
    return replace(own[sure.index(max(sure))], side=told.side)


def _tell(sides: Sequence[Side | None]) -> str:
    """Returns "Yes: 2 papers; no: 1 paper; unclear: 1 paper"."""
    names = {"yes": "yes", "no": "no", "mixed": "yes and no", None: "unclear"}
    told = [f"{names[side]}: {count_papers(sides.count(side))}" for side in _ORDER if side in sides]
    line = "; ".join(told)
    return line[:1].upper() + line[1:]
