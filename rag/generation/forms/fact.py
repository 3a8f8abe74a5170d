"""Fact: the sentence that answers, first; a second one only where it adds something."""

from collections.abc import Iterator, Sequence

from footnote.rag.generation.forms.form import Composed, Draft, Reading
from footnote.rag.retrieval.evidence import Sentence, says_the_same
from footnote.rag.retrieval.wording import leans

# A sentence this far behind the first is filler; and what fits on two lines is read.
BEHIND, MOST_WORDS, MOST_SENTENCES = 0.12, 60, 3
# How far behind the best a sentence may be that leads in its place, since it stands alone.
LEAD_BEHIND = 0.3


def write(reading: Reading) -> Composed:
    """Writes the sentence that answers, and what adds to it."""
    draft = Draft(reading.evidence)
    quotes = choose_sentences(reading.evidence, most=reading.most)
    if quotes:
        draft.add(" ".join(draft.quote(sentence) for sentence in quotes))
    return draft.finish()


def choose_sentences(evidence: Sequence[Sentence], *, most: int | None = None) -> list[Sentence]:
    """Returns the best sentence and those beside it, each paper's in the order of its text.

    Args:
        evidence: Most telling first.
        most: Exactly so many, where there are, instead of as many as add something.
    """
    return sorted_by_paper(list(_choose(put_first_what_stands_alone(evidence), most)))


def put_first_what_stands_alone(evidence: Sequence[Sentence]) -> list[Sentence]:
    """Returns evidence with the best sentence that needs none before it first, if one is near."""
    for at, sentence in enumerate(evidence):
        if evidence[0].score - sentence.score > LEAD_BEHIND:
            break
        if not leans(sentence.text):
            return [sentence, *evidence[:at], *evidence[at + 1 :]]
    return list(evidence)


def _choose(evidence: Sequence[Sentence], most: int | None) -> Iterator[Sentence]:
    chosen: list[Sentence] = []
    words = 0
    for sentence in evidence:
        words += len(sentence.text.split())
        behind = chosen and chosen[0].score - sentence.score > BEHIND
        filler = most is None and chosen and (words > MOST_WORDS or behind)
        if filler or len(chosen) == (most or MOST_SENTENCES):
            return
        if any(says_the_same(sentence.text, other.text) for other in chosen):
            words -= len(sentence.text.split())
            continue
        chosen.append(sentence)
        yield sentence


def sorted_by_paper(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Returns the first sentence, then the others by paper, each paper's as it goes on."""
    papers = list(dict.fromkeys(sentence.paper.id for sentence in sentences))
    rest = sorted(sentences[1:], key=lambda s: (papers.index(s.paper.id), s.start))
    return [*sentences[:1], *rest]
