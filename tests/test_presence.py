"""Whether any sentence that was read answers a question."""

from dataclasses import replace

import numpy as np
import pytest

from footnote.index.library import EVERYTHING, Library
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.reader import Reader
from footnote.rag.query.question import Question
from footnote.rag.retrieval.answer_ranker.presence import (
    SHORTEST,
    PresenceSignals,
    presence,
    read_signals,
)
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.hybrid import HybridRetriever, RetrievalResult

ASKED = Question("How much can a recurrent policy compress ResNet-34 without losing accuracy?")


@pytest.fixture
def found(demo_library: Library) -> RetrievalResult:
    return HybridRetriever(demo_library).find(ASKED)


def sentences(found: RetrievalResult, *answers: float | None) -> list[Sentence]:
    """Returns a sentence of each of the best papers, as the ranker read it."""
    return [
        replace(Sentence(hit.paper, 0, 9, 0.5), answers=score)
        for hit, score in zip(found.hits, answers, strict=False)
    ]


def test_the_signals_are_of_the_best_sentence_and_of_the_first_paper_read(
    found: RetrievalResult,
) -> None:
    read = read_signals(found, sentences(found, None, 2.0, 3.0))
    match = found.matches[found.hits[1].paper.id].paper
    assert read == pytest.approx((3.0, 2.0, match, np.log(12)))
    assert read_signals(found, sentences(found, None, None)) is None
    assert read_signals(found, []) is None
    # Two of one paper count once, as the better.
    first, second = sentences(found, 1.0, 4.0)
    again = replace(first, start=10, end=20, answers=5.0)
    assert read_signals(found, [first, again, second])[:2] == (5.0, 5.0)  # type: ignore[index]


@pytest.mark.parametrize("question", ["PPO clip?", "What does PPO clip?", "PPO裁剪什么？"])
def test_a_short_question_is_not_told_that_nothing_answers_for_its_length(
    demo_library: Library, question: str
) -> None:
    asked = HybridRetriever(demo_library).find(Question(question))
    length = read_signals(asked, sentences(asked, 1.0)).length  # type: ignore[union-attr]
    assert length == pytest.approx(np.log(1 + SHORTEST))
    assert CitedQueryEngine(demo_library).ask(question).missing is None


def test_what_speaks_for_an_answer_raises_the_odds() -> None:
    signals = PresenceSignals(2.0, 1.0, 0.5, 2.5)
    for name in PresenceSignals._fields:
        raised = signals._replace(**{name: getattr(signals, name) + 1})
        assert presence(raised) > presence(signals), name


def test_a_question_is_less_likely_answered_without_the_sentence_that_does(
    demo_library: Library, tmp_path: object
) -> None:
    retriever = HybridRetriever(demo_library)
    reading = Reader(demo_library, retriever).read(
        ASKED, retriever.find(ASKED), EVERYTHING, "number"
    )
    answer = max(reading.evidence, key=lambda s: -9.0 if s.answers is None else s.answers)
    rest = [s for s in reading.evidence if s != answer]
    assert reading.found is not None
    whole, lacking = (read_signals(reading.found, own) for own in (reading.evidence, rest))
    assert whole is not None
    assert lacking is not None
    assert reading.presence == presence(whole) > presence(lacking)
