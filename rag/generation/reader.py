"""Reader: from the papers that were found to the sentences that a form writes from."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from math import log
from threading import Thread

from footnote.index import ModelError
from footnote.index.embeddings.minilm_graph import MODEL_NAME
from footnote.index.library import Filters, LibraryReader
from footnote.index.models import Hit
from footnote.rag.answer import Kind
from footnote.rag.generation.forms import BROAD, WIDE
from footnote.rag.generation.forms.fact import may_have_several
from footnote.rag.generation.forms.form import Reading
from footnote.rag.query.question import Question
from footnote.rag.retrieval.answer_ranker.ranker import AnswerRanker, with_title
from footnote.rag.retrieval.answerability import RefusalRule
from footnote.rag.retrieval.evidence import (
    FAR_BEHIND,
    READ_PAPERS,
    EvidenceFinder,
    EvidenceWeights,
    Sentence,
)
from footnote.rag.retrieval.hybrid import HybridRetriever, RetrievalResult
from footnote.rag.retrieval.injection.detector import select_quotable

NOTHING = "nothing that was read answers it"
# Papers that are asked for yes or no: who disagrees is seldom among the first.
ASKED = 8
# Papers that a form may find for other words than the question's.
SEARCHED = 10
# Sentences that the answer ranker reads, what its score counts for beside theirs, and what that sum
# of its best sentence counts for in the order of a paper (docs/choices.md).
RANKED, RANKER_WEIGHT, SENTENCE_WEIGHT = 12, 0.08, 0.5
# Sentences of each paper that it reads where several papers may answer.
RANKED_OF_EACH = 3
# What the chance of an answer counts for beside the best score of the ranker, where it is told
# whether any sentence answers.
CHANCE_WEIGHT = 0.8
_LEAST = 1e-6


class Reader:
    """Reads papers of a library for a question."""

    def __init__(
        self,
        library: LibraryReader,
        retriever: HybridRetriever,
        weights: EvidenceWeights | None = None,
    ) -> None:
        """Loads nothing yet.

        Args:
            library: Whose papers are found.
            retriever: Finds more of them where a form needs it.
            weights: For ranking sentences; the defaults when not given.
        """
        self.refusal = RefusalRule(library)
        self._library = library
        self._retriever = retriever
        self._finder = EvidenceFinder(library, weights)
        # Its weights are of the same model, which is here if the library is embedded with it.
        self._prepared = False
        self._ranker = AnswerRanker() if library.embedder.name == MODEL_NAME else None

    def prepare(self, kind: Kind) -> None:
        """Begins to load the ranker beside the search; only the first question waits for it."""
        if self._ranker and not self._prepared and kind not in BROAD:
            self._prepared = True
            # Not a daemon: a process that ends while the model is being loaded would be aborted.
            Thread(target=self._load, args=(self._ranker,)).start()

    @staticmethod
    def _load(ranker: AnswerRanker) -> None:
        # Whoever needs the scores meets the same error, and tells it.
        with suppress(ModelError):
            ranker.load()

    def choose_papers(self, found: RetrievalResult, kind: Kind) -> Sequence[Hit]:
        """Returns the hits whose sentences are read: more of them for a wide question."""
        if kind in WIDE:
            return found.hits
        best = found.hits[: ASKED if kind == "yesno" else READ_PAPERS]
        return [hit for hit in best if best[0].score - hit.score < FAR_BEHIND]

    def read(
        self, asked: Question, found: RetrievalResult, filters: Filters, kind: Kind
    ) -> Reading:
        """Returns what to answer from, or why there is nothing."""
        chance = self.refusal.chance(found)
        refused = self.refusal.reason(found, filters, chance)
        read = [] if refused else self.choose_papers(found, kind)
        evidence = self._finder.rank(found.question.wording, read, found.matches)
        presence = None
        if self._ranker and kind not in BROAD and evidence:
            evidence, best = self._order(found.question, evidence, self._ranker)
            # A follow-up means the papers of the answer before, whatever a sentence says.
            if not found.question.is_follow_up:
                found = replace(found, hits=order_papers(found.hits, evidence))
            if kind not in WIDE and may_have_several(asked.asked):
                evidence = self._read_others(found.question, evidence, self._ranker)
            odds = max(chance, _LEAST) / max(1 - chance, _LEAST)
            presence = CHANCE_WEIGHT * log(odds) + best
        return Reading(
            replace(found.question, asked=asked.asked),
            evidence,
            kind,
            found,
            self._library,
            filters,
            search=lambda words: self._find_sentences(words, filters),
            rank=self._rank if self._ranker else None,
            chance=chance,
            presence=presence,
            refused=refused or (None if evidence else NOTHING),
        )

    def _order(
        self, question: Question, evidence: Sequence[Sentence], ranker: AnswerRanker
    ) -> tuple[list[Sentence], float]:
        """Returns the evidence with the ranker's say, and its best score."""
        head, tail = evidence[:RANKED], evidence[RANKED:]
        scores = _score(ranker, question.standalone, head)
        # What was not read counts as the least of what was: it comes behind all of it.
        least = min(scores)
        given = [*scores, *[least] * len(tail)]
        read = [True] * len(head) + [False] * len(tail)
        scored = [
            replace(s, score=s.score + RANKER_WEIGHT * score, answers=score if known else None)
            for s, score, known in zip(evidence, given, read, strict=True)
        ]
        return sorted(scored, key=lambda s: -s.score), max(scores)

    def _read_others(
        self, question: Question, evidence: Sequence[Sentence], ranker: AnswerRanker
    ) -> list[Sentence]:
        """Returns the evidence with the ranker's say on the best sentences of every paper."""
        by_paper: dict[str, list[Sentence]] = {}
        for sentence in evidence:
            by_paper.setdefault(sentence.paper.id, []).append(sentence)
        unread = [s for own in by_paper.values() for s in own[:RANKED_OF_EACH] if s.answers is None]
        known = dict(zip(unread, _score(ranker, question.standalone, unread), strict=True))
        return [replace(s, answers=known[s]) if s in known else s for s in evidence]

    def _rank(self, words: str, sentences: Sequence[Sentence]) -> list[float]:
        """Returns how far each sentence answers some words."""
        assert self._ranker is not None
        return _score(self._ranker, words, sentences)

    def _find_sentences(self, words: str, filters: Filters) -> list[Sentence]:
        """Returns the sentences of the papers nearest to some words."""
        found = self._retriever.find(Question(words), k=SEARCHED, filters=filters)
        return self._finder.rank(words, found.hits, found.matches)


def order_papers(hits: Sequence[Hit], evidence: Sequence[Sentence]) -> list[Hit]:
    """Returns hits, the first ``READ_PAPERS`` of them also by what their best sentences say.

    Of these one without a sentence counts like the worst of those with one.

    Args:
        hits: Best first.
        evidence: Their sentences, with the ranker's say.
    """
    best: dict[str, float] = {}
    for sentence in evidence:
        paper = sentence.paper.id
        best[paper] = max(best.get(paper, sentence.score), sentence.score)
    least, read = min(best.values(), default=0.0), hits[:READ_PAPERS]
    scores = [hit.score + SENTENCE_WEIGHT * best.get(hit.paper.id, least) for hit in read]
    order = sorted(range(len(read)), key=lambda n: (-scores[n], n))
    # Scores stay those of the places, so that each is at most that of the hit before it.
    ordered = [replace(read[n], score=hit.score) for n, hit in zip(order, read, strict=True)]
    return [replace(hit, rank=rank) for rank, hit in enumerate([*ordered, *hits[len(read) :]], 1)]


def _score(ranker: AnswerRanker, question: str, sentences: Sequence[Sentence]) -> list[float]:
    """Returns the ranker's score of sentences, each read behind its paper's title."""
    texts = [with_title(sentence.paper.title, sentence.text) for sentence in sentences]
    return list(map(float, ranker.scores(question, texts)))


def read_abstracts(reading: Reading, *, most: int) -> list[Sentence]:
    """Returns the sentences of whole abstracts, each paper's in their order, the best paper first.

    What gives orders to a reader or a model is left out.

    Args:
        reading: What was found.
        most: Papers at most.
    """
    library = reading.library
    if library is None:
        return list(reading.evidence)
    wording = reading.question.wording
    found: list[Sentence] = []
    for hit in reading.hits[:most]:
        spans = library.sentences(hit.paper)
        # If the paper has changed since it was found, the stored spans belong to another text.
        if library.paper(hit.paper.id) == hit.paper:
            found += [
                Sentence(hit.paper, *spans[n], hit.score)
                for n in select_quotable(hit.paper, spans, wording)
            ]
    return found
