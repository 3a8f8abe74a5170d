"""SentenceScores: what the answer ranker says of sentences for one question, each read once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from footnote.index.models import Hit
from footnote.rag.retrieval.answer_ranker.ranker import MOST_PAIRS, AnswerRanker, with_title
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.late_interaction import TokenMatch

# What the ranker's score of its best sentence, and the match of the whole paper, count for beside
# the score by which a paper was found (docs/choices.md).
PAPER_WEIGHT, MATCH_WEIGHT = 0.08, 0.5


class SentenceScores:
    """The scores of the sentences that were read so far."""

    def __init__(self, ranker: AnswerRanker, question: str) -> None:
        """Takes what is asked; reads nothing yet."""
        self._ranker = ranker
        self._question = question
        self._known: dict[tuple[str, int], float] = {}

    def read(self, sentences: Iterable[Sentence]) -> None:
        """Reads the sentences that were not read yet."""
        new = [sentence for sentence in sentences if _key(sentence) not in self._known]
        for at in range(0, len(new), MOST_PAIRS):
            part = new[at : at + MOST_PAIRS]
            texts = [with_title(sentence.paper.title, sentence.text) for sentence in part]
            scores = map(float, self._ranker.scores(self._question, texts))
            self._known |= zip(map(_key, part), scores, strict=True)

    @property
    def best_of_papers(self) -> Mapping[str, float]:
        """The score of the best sentence read of each paper."""
        found: dict[str, float] = {}
        for (paper, _), score in self._known.items():
            found[paper] = max(found.get(paper, score), score)
        return found

    def tell(self, sentence: Sentence) -> Sentence:
        """Returns a sentence with what was read in it, if it was read."""
        score = self._known.get(_key(sentence))
        return sentence if score is None else replace(sentence, answers=score)

    def weigh(self, evidence: Sequence[Sentence], weight: float) -> list[Sentence]:
        """Returns the evidence, most telling first, with the ranker's say.

        What was not read counts as the least of what was: it comes behind what was read of its own
        paper and as near to the question.
        """
        least = min(self._known.values(), default=0.0)
        told = map(self.tell, evidence)
        scored = [
            replace(s, score=s.score + weight * (least if s.answers is None else s.answers))
            for s in told
        ]
        return sorted(scored, key=lambda s: -s.score)


def _key(sentence: Sentence) -> tuple[str, int]:
    return sentence.paper.id, sentence.start


def choose_of_each(evidence: Iterable[Sentence], most: int) -> list[Sentence]:
    """Returns up to so many sentences of each paper, in their order."""
    counts: dict[str, int] = {}
    found = []
    for sentence in evidence:
        counts[sentence.paper.id] = counts.get(sentence.paper.id, 0) + 1
        if counts[sentence.paper.id] <= most:
            found.append(sentence)
    return found


def order_papers(
    hits: Sequence[Hit], best: Mapping[str, float], matches: Mapping[str, TokenMatch]
) -> list[Hit]:
    """Returns hits, those that were read in the order of what their best sentences answer, too.

    Their match with the question counts once more. One among them without a sentence counts like
    the worst of those with one.

    Args:
        hits: Best first.
        best: The score of the best sentence of each paper that was read.
        matches: Of papers with the question, by id.
    """
    read = max((n for n, hit in enumerate(hits, 1) if hit.paper.id in best), default=0)
    least = min(best.values(), default=0.0)
    scores = [
        hit.score
        + PAPER_WEIGHT * best.get(hit.paper.id, least)
        + (MATCH_WEIGHT * matches[hit.paper.id].paper if hit.paper.id in matches else 0.0)
        for hit in hits[:read]
    ]
    order = sorted(range(read), key=lambda n: (-scores[n], n))
    # Scores stay those of the places, so that each is at most that of the hit before it.
    ordered = [replace(hits[n], score=hit.score) for n, hit in zip(order, hits[:read], strict=True)]
    return [replace(hit, rank=rank) for rank, hit in enumerate([*ordered, *hits[read:]], 1)]
