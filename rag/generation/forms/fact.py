"""Fact: the sentence that answers, first; a second one only where it adds something."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from footnote.rag.generation.forms.form import Composed, Draft, Reading
from footnote.rag.retrieval.evidence import Sentence, says_the_same
from footnote.rag.retrieval.wording import leans


# A sentence of the same paper this far behind the first is filler, one of another paper sooner;
# words and sentences at most. A question that asks several things at once gets more of each.
@dataclass(frozen=True, slots=True)
class AnswerRoom:
    """How much the answer to a fact may take beside the sentence that leads."""

    same_paper: float
    other_paper: float
    words: int
    sentences: int


ONE_FACT, SEVERAL = AnswerRoom(0.3, 0.05, 64, 3), AnswerRoom(0.4, 0.1, 110, 4)
# How far behind the best a sentence may be that leads in its place, since it stands alone.
LEAD_BEHIND = 0.3
_ASKING = re.compile(r"\b(?:what|which|who|whom|whose|how|why|when|where)\b", re.IGNORECASE)


def write(reading: Reading) -> Composed:
    """Writes the sentence that answers, and what adds to it."""
    draft = Draft(reading.evidence)
    quotes = choose_sentences(reading.evidence, room_for(reading.question.asked), most=reading.most)
    if quotes:
        draft.add(" ".join(draft.quote(sentence) for sentence in quotes))
    return draft.finish(
        missing=(reading.say_missing_names() or reading.say_absent()) if quotes else None
    )


def choose_sentences(
    evidence: Sequence[Sentence], room: AnswerRoom = ONE_FACT, *, most: int | None = None
) -> list[Sentence]:
    """Returns the best sentence and those beside it, each paper's in the order of its text.

    Args:
        evidence: Most telling first.
        room: What those beside it may take.
        most: Exactly so many, where there are, instead of as many as add something.
    """
    return sorted_by_paper(list(_choose(put_first_what_stands_alone(evidence), room, most)))


def room_for(question: str) -> AnswerRoom:
    """Returns the room that an answer has: more where several things are asked at once."""
    return SEVERAL if len(_ASKING.findall(question)) > 1 or question.count("?") > 1 else ONE_FACT


def put_first_what_stands_alone(evidence: Sequence[Sentence]) -> list[Sentence]:
    """Returns evidence with the best sentence that needs none before it first, if one is near."""
    for at, sentence in enumerate(evidence):
        if evidence[0].score - sentence.score > LEAD_BEHIND:
            break
        if not leans(sentence.text):
            return [sentence, *evidence[:at], *evidence[at + 1 :]]
    return list(evidence)


def _choose(evidence: Sequence[Sentence], room: AnswerRoom, most: int | None) -> Iterator[Sentence]:
    chosen: list[Sentence] = []
    words = 0
    for sentence in evidence:
        if len(chosen) == (most or room.sentences):
            return
        if any(says_the_same(sentence.text, other.text) for other in chosen):
            continue
        size = len(sentence.text.split())
        if chosen and most is None:
            same = sentence.paper.id == chosen[0].paper.id
            behind = chosen[0].score - sentence.score
            if behind > (room.same_paper if same else room.other_paper):
                continue
            if words + size > room.words:
                continue
        words += size
        chosen.append(sentence)
        yield sentence


def sorted_by_paper(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Returns the first sentence, then the others by paper, each paper's as it goes on."""
    papers = list(dict.fromkeys(sentence.paper.id for sentence in sentences))
    rest = sorted(sentences[1:], key=lambda s: (papers.index(s.paper.id), s.start))
    return [*sentences[:1], *rest]
