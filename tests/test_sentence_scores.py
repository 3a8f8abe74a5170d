"""What the answer ranker says of sentences: each is read once, and papers follow their best one."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from footnote.index.models import Hit, Passage, make_paper
from footnote.rag.retrieval.answer_ranker.ranker import MOST_PAIRS, AnswerRanker
from footnote.rag.retrieval.answer_ranker.scores import (
    SentenceScores,
    choose_of_each,
    order_papers,
)
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.late_interaction import TokenMatch

QUESTION = "How many gulls were counted at the harbour?"
ABSTRACT = "We study harbours in winter. In total 412 gulls were counted there. Our code is public."
FOUND = np.empty(0, np.float32)
ENDS = (28, 67, len(ABSTRACT))


class CountingRanker(AnswerRanker):
    """Remembers how many sentences it read at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: list[int] = []

    def scores(self, question: str, sentences: Sequence[str]) -> NDArray[np.float32]:
        self.counts.append(len(sentences))
        return super().scores(question, sentences)


@pytest.fixture
def ranker() -> CountingRanker:
    return CountingRanker()


def sentences(place: int) -> list[Sentence]:
    paper = make_paper(f"Gulls of harbour {place}", ABSTRACT)
    starts = (0, *(end + 1 for end in ENDS))
    return [Sentence(paper, *span, 0.5) for span in zip(starts, ENDS, strict=False)]


def test_a_sentence_is_read_once_and_the_answer_comes_first(ranker: CountingRanker) -> None:
    evidence = sentences(1)
    told = SentenceScores(ranker, QUESTION)
    told.read(evidence[:2])
    told.read(evidence[:2])
    assert ranker.counts == [2]
    assert told.tell(evidence[2]) is evidence[2]
    weighed = told.weigh(evidence, 0.1)
    assert weighed[0].text == "In total 412 gulls were counted there."
    best = max(s.answers for s in weighed if s.answers is not None)
    assert weighed[0].answers == best
    assert told.best_of_papers == {evidence[0].paper.id: best}
    # The third was not read: it counts as the worse of the other two.
    unread = next(s for s in weighed if s.answers is None)
    assert unread.score == min(s.score for s in weighed)


def test_many_sentences_are_read_in_parts(
    ranker: CountingRanker,
) -> None:
    evidence = [sentence for place in range(9) for sentence in sentences(place)]
    SentenceScores(ranker, QUESTION).read(evidence)
    assert ranker.counts == [MOST_PAIRS, 27 - MOST_PAIRS]


def test_some_sentences_of_each_paper_are_chosen_in_their_order() -> None:
    first, second = sentences(1), sentences(2)
    mixed = [first[2], second[0], first[0], first[1], second[1]]
    assert choose_of_each(mixed, 2) == [first[2], second[0], first[0], second[1]]
    assert choose_of_each([], 2) == []


def test_papers_stand_in_the_order_of_what_their_best_sentences_answer() -> None:
    papers = [make_paper(f"Tides {n}", f"The tide of place {n} is high.") for n in range(7)]
    scores = [0.9, 0.88, 0.8, 0.5, 0.46, 0.3, 0.2]
    hits = [
        Hit(paper, Passage(paper.id, 0, 5), score, rank, "fused")
        for rank, (paper, score) in enumerate(zip(papers, scores, strict=True), 1)
    ]
    # The third says it best; the last ones were not read, and the fourth has no sentence.
    best = {papers[n].id: score for n, score in {0: 1.0, 1: 1.0, 2: 3.0, 4: 2.5}.items()}
    ordered = order_papers(hits, best, {})
    assert [papers.index(hit.paper) for hit in ordered] == [2, 0, 1, 4, 3, 5, 6]
    assert [hit.rank for hit in ordered] == [1, 2, 3, 4, 5, 6, 7]
    # The scores are those of the places.
    assert [hit.score for hit in ordered] == scores
    # Of two that say it alike, the one that matches the question better.
    matches = {papers[n].id: TokenMatch(match, {}, FOUND) for n, match in {0: 0.5, 1: 0.6}.items()}
    assert [papers.index(h.paper) for h in order_papers(hits, best, matches)][:3] == [1, 0, 2]
    assert [hit.paper for hit in order_papers(hits, {}, {})] == papers
    assert order_papers([], best, {}) == []
