"""Reader: from the papers that were found to the sentences that a form writes from."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
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
from footnote.rag.retrieval.answer_ranker.presence import presence, read_signals
from footnote.rag.retrieval.answer_ranker.ranker import (
    AnswerRanker,
    bundled_ranker,
    with_title,
)
from footnote.rag.retrieval.answer_ranker.scores import (
    SentenceScores,
    choose_of_each,
    order_papers,
)
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
# Papers that the answer ranker orders, and the sentences of each that it reads for that
# (docs/choices.md).
ORDERED, FIRST_OF_EACH = 8, 2
# Where it does so: a definition and sides are looked for in other ways, too, which take their time.
ORDERED_KINDS: frozenset[Kind] = frozenset({"fact", "number"})
# Papers that it orders are read no farther behind the best: they would not come first.
NEAR_BEHIND = 0.3
# Sentences that it reads of the papers that then come first, and of those whose sides are told by
# other means, too; and what its score counts for beside theirs.
RANKED, RANKED_OF_SIDES, RANKER_WEIGHT = 10, 6, 0.08
# Sentences of each paper that it reads where several papers may answer.
RANKED_OF_EACH = 3


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
        self._prepared = set[AnswerRanker]()
        self._ranker = bundled_ranker() if library.embedder.name == MODEL_NAME else None

    def prepare(self, kind: Kind) -> None:
        """Begins to load the rankers beside the search; only the first question waits for them."""
        if self._ranker is None or kind in BROAD:
            return
        needed = {self._ranker, *([bundled_ranker(sides=True)] if kind == "yesno" else [])}
        for ranker in needed - self._prepared:
            self._prepared.add(ranker)
            # Not a daemon: a process that ends while the model is being loaded would be aborted.
            Thread(target=self._load, args=(ranker,)).start()

    @staticmethod
    def _load(ranker: AnswerRanker) -> None:
        # Whoever needs the scores meets the same error, and tells it.
        with suppress(ModelError):
            ranker.load()

    def choose_papers(self, found: RetrievalResult, kind: Kind) -> Sequence[Hit]:
        """Returns the hits whose sentences are read: more of them for a wide question."""
        if kind in WIDE:
            return found.hits
        most, behind = ASKED if kind == "yesno" else READ_PAPERS, FAR_BEHIND
        # A follow-up means the papers of the answer before, whatever a sentence says.
        if kind in ORDERED_KINDS and self._ranker and not found.question.is_follow_up:
            most, behind = ORDERED, NEAR_BEHIND
        best = found.hits[:most]
        return [hit for hit in best if best[0].score - hit.score < behind]

    def read(
        self, asked: Question, found: RetrievalResult, filters: Filters, kind: Kind
    ) -> Reading:
        """Returns what to answer from, or why there is nothing."""
        chance = self.refusal.chance(found)
        refused = self.refusal.reason(found, filters, chance)
        read = [] if refused else self.choose_papers(found, kind)
        evidence = self._finder.rank(found.question.wording, read, found.matches)
        present = None
        if self._ranker and kind not in BROAD and evidence:
            told = SentenceScores(self._ranker, found.question.standalone)
            found, evidence = self._order(found, evidence, told, kind)
            if kind not in (*WIDE, "yesno") and may_have_several(asked.asked):
                told.read(choose_of_each(evidence, RANKED_OF_EACH))
                evidence = list(map(told.tell, evidence))
            signals = read_signals(found, evidence)
            present = signals and presence(signals)
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
            presence=present,
            refused=refused or (None if evidence else NOTHING),
        )

    def _order(
        self,
        found: RetrievalResult,
        evidence: Sequence[Sentence],
        told: SentenceScores,
        kind: Kind,
    ) -> tuple[RetrievalResult, list[Sentence]]:
        """Returns the papers and the evidence, both with the ranker's say.

        Of a fact or a number the evidence of the papers that then come first is kept.
        """
        most = RANKED_OF_SIDES if kind in ("compare", "yesno") else RANKED
        of_each = kind in ORDERED_KINDS
        told.read(choose_of_each(evidence, FIRST_OF_EACH) if of_each else evidence[:most])
        best = told.best_of_papers
        if kind != "compare" and not found.question.is_follow_up:
            found = replace(found, hits=order_papers(found.hits, best, found.matches))
        if of_each:
            read = [hit.paper.id for hit in found.hits if hit.paper.id in best][:READ_PAPERS]
            evidence = [sentence for sentence in evidence if sentence.paper.id in read]
            told.read(evidence[:most])
        return found, told.weigh(evidence, RANKER_WEIGHT)

    def _rank(self, words: str, sentences: Sequence[Sentence]) -> list[float]:
        """Returns how far each sentence answers some words."""
        assert self._ranker is not None
        texts = [with_title(sentence.paper.title, sentence.text) for sentence in sentences]
        return list(map(float, self._ranker.scores(words, texts)))

    def _find_sentences(self, words: str, filters: Filters) -> list[Sentence]:
        """Returns the sentences of the papers nearest to some words."""
        found = self._retriever.find(Question(words), k=SEARCHED, filters=filters)
        return self._finder.rank(words, found.hits, found.matches)


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
