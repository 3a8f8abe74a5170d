"""Yes or no: how many papers say yes, no, or neither plainly; one quote each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from footnote.rag.answer import Side
from footnote.rag.generation.forms.fact import choose_sentences
from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.stance import classify_sides

# Papers that are asked, the sentences of each that are weighed, and papers that are shown.
PAPERS, OF_EACH, SHOWN = 5, 2, 4
# A paper this far behind the best, in the score of its best sentence, is about something else.
BEHIND = 0.25
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
        plain.add("Unclear: no paper here says plainly yes or no. Nearest:")
        plain.add(" ".join(plain.quote(replace(s, side=None)) for s in quotes))
        return plain.finish()
    draft.add(f"{_tell(sides)}:")
    ordered = sorted(best, key=lambda sentence: _ORDER.index(sentence.side))
    draft.add(*(draft.row(s.paper, draft.quote(s), _LABELS[s.side]) for s in ordered))
    return draft.finish()


def weigh(reading: Reading) -> list[Sentence]:
    """Returns the best sentence of each paper that is asked, with the paper's side."""
    papers = list(reading.by_paper.values())[:PAPERS]
    near = [own for own in papers if papers[0][0].score - own[0].score < BEHIND]
    sentences = [s for own in near for s in own[:OF_EACH]]
    if reading.library is None:
        return [own[0] for own in near][:SHOWN]
    sided = classify_sides(reading.question.wording, sentences, reading.library.embedder)
    by_paper: dict[str, Sentence] = {}
    for sentence in sided:
        by_paper.setdefault(sentence.paper.id, sentence)
    return list(by_paper.values())[:SHOWN]


def _tell(sides: Sequence[Side | None]) -> str:
    """Returns "Yes: 2 papers; no: 1 paper; unclear: 1 paper"."""
    names = {"yes": "yes", "no": "no", "mixed": "yes and no", None: "unclear"}
    told = [f"{names[side]}: {count_papers(sides.count(side))}" for side in _ORDER if side in sides]
    line = "; ".join(told)
    return line[:1].upper() + line[1:]
