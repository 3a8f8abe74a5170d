"""Fact: the sentence that answers, first; a second one only where it adds something."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from footnote.rag.generation.forms.form import Composed, Draft, Reading
from footnote.rag.query.kinds.rules import asks_of_each, find_reasons
from footnote.rag.query.names import find_names
from footnote.rag.retrieval.answerability import WEAK
from footnote.rag.retrieval.evidence import Sentence, says_the_same
from footnote.rag.retrieval.wide import Breadth
from footnote.rag.retrieval.wording import leans, sets_out, turns


# A sentence of the same paper this far behind the first is filler, one of another paper sooner;
# words and sentences at most. A question that asks several things at once gets more of each.
@dataclass(frozen=True, slots=True)
class AnswerRoom:
    """How much the answer to a fact may take beside the sentence that leads."""

    same_paper: float
    other_paper: float
    words: int
    sentences: int


ONE_FACT, SEVERAL = AnswerRoom(0.6, 0.2, 80, 3), AnswerRoom(0.7, 0.25, 126, 4)
# How far behind the best a sentence may be that leads in its place, since it stands alone.
LEAD_BEHIND = 0.3
# Papers that answer a question of several at most; each next one must be nearly as good as those
# before it.
MOST_PAPERS = 4
NEAR_PAPERS = Breadth(nearness=0.0, step=0.75, lowest=0.5, most=6)
# A sentence answers from this score of the answer ranker on (command: python -m
# footnote.evals.lab.bench.cells: one in ten such sentences stands where no answer is).
ANSWERS = 3.0
_ASKING = re.compile(r"\b(?:what|which|who|whom|whose|how|why|when|where)\b", re.IGNORECASE)


def write(reading: Reading) -> Composed:
    """Writes the sentence that answers, and what adds to it."""
    draft = Draft(reading.evidence)
    answers = find_answers(reading)
    if len(answers) > 1:
        draft.add(*(draft.row(sentence.paper, draft.quote(sentence)) for sentence in answers))
        return draft.finish(missing=reading.say_missing_names())
    quotes = choose_sentences(reading.evidence, room_for(reading.question.asked), most=reading.most)
    if quotes:
        draft.add(" ".join(draft.quote(sentence) for sentence in quotes))
    return draft.finish(
        missing=(reading.say_missing_names() or reading.say_absent()) if quotes else None
    )


def may_have_several(question: str) -> bool:
    """Returns whether several papers may answer a question, each in its own way."""
    one = room_for(question) is ONE_FACT
    return asks_of_each(question) or (one and find_reasons(question) is not None)


def find_answers(reading: Reading) -> list[Sentence]:
    """Returns the sentence of each paper that answers, best first; one or none for a fact."""
    asked = reading.question.asked
    if reading.most is not None or not may_have_several(asked):
        return []
    sentences = reading.by_paper
    hits = [hit for hit in reading.hits if hit.paper.id in sentences]
    near = hits[: NEAR_PAPERS.count([hit.score for hit in hits])]
    if asks_of_each(asked):
        return [put_first_what_stands_alone(sentences[h.paper.id])[0] for h in near[:MOST_PAPERS]]
    if reading.question.is_follow_up or reading.chance < WEAK:
        return []
    first = put_first_what_stands_alone(reading.evidence)[:1]
    taken = {sentence.paper.id for sentence in first}
    others = (_find_answer(sentences[hit.paper.id], asked) for hit in near)
    return [*first, *(s for s in others if s and s.paper.id not in taken)][:MOST_PAPERS]


def _find_answer(sentences: Sequence[Sentence], asked: str) -> Sentence | None:
    """Returns the best sentence of a paper that surely answers, None where none does."""
    names = [name.casefold() for name in find_names(asked)]
    why = find_reasons(asked) == "why"
    for sentence in sentences:
        text = sentence.text
        surely = sentence.answers is not None and sentence.answers >= ANSWERS
        # What a problem is tells why, but not what is done about it.
        set_out = not why and (sets_out(text) or turns(text))
        if surely and not set_out and not leans(text):
            return sentence if all(name in text.casefold() for name in names) else None
    return None


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


def choose_beside(
    first: Sentence, others: Sequence[Sentence], room: AnswerRoom = SEVERAL
) -> list[Sentence]:
    """Returns what is worth saying behind a first sentence, each paper's in the order of its text.

    Args:
        first: Said whatever its score is.
        others: Most telling first.
        room: What all of them may take.
    """
    best = max(first.score, *(s.score for s in others)) if others else first.score
    return sorted_by_paper(list(_choose([replace(first, score=best), *others], room, None)))[1:]


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
