"""CitedQueryEngine: the whole way from a question to a cited answer, on one screen.

    understand -> search -> find evidence -> compose -> answer

Each stage is a function or an object of its own module; this one only tells their order,
times them, and decides when to abstain and when to fall back.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import RESPONSE_TYPE, Response
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import QueryBundle

from footnote.index.library import EVERYTHING, Filters, Library
from footnote.index.search.fulltext import STOP_WORDS, query_words
from footnote.rag import ComposerError
from footnote.rag.answer import (
    REFUSAL,
    Answer,
    AnswerTrace,
    ConstraintKind,
    Delta,
    Event,
    Stage,
    Turn,
)
from footnote.rag.generation.extractive import Composed, Composer, ExtractiveComposer
from footnote.rag.generation.prompts import PROMPT_VERSION
from footnote.rag.query.filter_parser import Scope, read_scope, scoped
from footnote.rag.query.question import MAX_CHARACTERS, Question, understand
from footnote.rag.retrieval.answerability import Answerable
from footnote.rag.retrieval.evidence import READ_PAPERS, EvidenceFinder, EvidenceWeights, Sentence
from footnote.rag.retrieval.hybrid import HybridRetriever, RetrievalResult, hit_node
from footnote.rag.verification.stance import sided

_log = logging.getLogger(__name__)

# Where the embedder reads no tokens: below this cosine to the nearest passage nothing is near.
LOWEST_COSINE = 0.26
NOTHING = "nothing that was read answers it"
# The same for a question of which no paper has a word: gibberish comes near to something.
LOWEST_COSINE_WITHOUT_A_WORD = 0.4
# Of papers that were chosen one by one this can be asked without saying what they are about.
OF_ANY_PAPER = frozenset(
    """main key result results finding findings method methods approach contribution contributions
    conclusion conclusions limitation limitations idea problem goal data dataset datasets evaluation
    paper papers study studies work authors summary summarise summarize abstract show shows find
    found propose proposes claim claims new""".split()
)


class CitedQueryEngine(BaseQueryEngine):
    """A LlamaIndex query engine whose every sentence carries a checked quote."""

    def __init__(
        self,
        library: Library,
        composer: Composer | None = None,
        *,
        retriever: HybridRetriever | None = None,
        weights: EvidenceWeights | None = None,
        k: int = 20,
        longest: int = MAX_CHARACTERS,
    ) -> None:
        """Takes the library, what writes the answer, and how many hits to report.

        Args:
            library: Where to search.
            composer: Extractive when not given.
            retriever: Hybrid when not given.
            weights: Of the sentences to quote; as shipped when not given.
            k: Hits in an answer.
            longest: Characters of a question.
        """
        super().__init__(callback_manager=None)
        self.library = library
        self.composer = composer or ExtractiveComposer()
        self.retriever = retriever or HybridRetriever(library)
        self.k = k
        self.longest = longest
        self._finder = EvidenceFinder(library, weights)
        self._answerable = Answerable.load()
        self._wanted = self.composer.evidence_count

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters = EVERYTHING,
        *,
        k: int | None = None,
        read_filters: bool = True,
    ) -> Answer:
        """Returns the answer.

        Args:
            question: What is asked.
            history: The conversation so far.
            filters: Which papers may be found; they win over those in the question.
            k: Hits in the answer.
            read_filters: Whether years, venues, authors and sources in the question are filters.

        Raises:
            QuestionError: The question is empty, too long, or not text.
        """
        *_, last = self.stream(question, history, filters, k=k, read_filters=read_filters)
        assert isinstance(last, Answer)
        return last

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters = EVERYTHING,
        *,
        k: int | None = None,
        read_filters: bool = True,
        ignored: Collection[ConstraintKind] = (),
    ) -> Iterator[Event]:
        """Yields each stage as it begins, text as it comes, at last the Answer.

        The Deltas after the last ``write`` stage make up the text of the Answer: each such
        stage begins the text anew. ``ignored`` are kinds of filters that are not read from the
        question; the others are as in ``ask``.

        Raises:
            QuestionError: The question is empty, too long, or not text.
        """
        clock = _Clock()
        asked = understand(question, history, longest=self.longest)
        scope = Scope(asked, filters)
        if read_filters:
            scope = read_scope(asked, self.library, filters, ignored=ignored)
        searched = self.library.count(scope.filters)
        yield Stage("search", f"Searching {searched:,} papers")
        found = self.retriever.find(scope.question, k=k or self.k, filters=scope.filters)
        hits = found.hits
        asked = replace(asked, leans=asked.leans or found.question.leans)
        clock.lap("search")
        yield Stage("read", f"Reading {min(len(hits), READ_PAPERS)} papers")
        chance = self._chance(found)
        missing = self._why_not(found, scope.filters, chance)
        evidence = (
            []
            if missing
            else self._finder.find(found.question.wording, hits, found.matches, count=self._wanted)
        )
        missing = missing or (None if evidence else NOTHING)
        evidence = sided(found.question.wording, evidence, self.library.embedder)
        clock.lap("read")
        yield Stage("write", "Writing")
        written = yield from self._written(asked, evidence, missing)
        clock.lap("write")
        answer = self._answer(asked, found, chance, written)
        receipt = self._receipt(found, searched, evidence, written, clock)
        yield scoped(replace(answer, receipt=replace(receipt, leaned=asked.leans)), scope)

    def _chance(self, found: RetrievalResult) -> float:
        """Returns the chance that what was found answers the question."""
        if self.library.reads:
            return self._answerable.chance(found)
        return min(1.0, max(0.0, found.cosine))

    def _why_not(self, found: RetrievalResult, filters: Filters, chance: float) -> str | None:
        """Returns why there is nothing to answer from, or None."""
        query = found.question.query
        if set(query_words(query)) <= STOP_WORDS:
            return "the question names nothing to look for; ask about a topic, method or result"
        if not found.hits and filters != EVERYTHING:
            return f"the library has no paper {filters}; widen the filters"
        known = self.library.rank_by_words(query, k=1, filters=filters)
        lowest = LOWEST_COSINE if known else LOWEST_COSINE_WITHOUT_A_WORD
        if filters.papers is not None and set(query_words(query)) <= OF_ANY_PAPER | STOP_WORDS:
            return None
        if self.library.reads:
            nothing = chance < self._answerable.threshold
            nothing |= not known and found.cosine < lowest
        else:
            nothing = found.cosine < lowest
        return "no paper of the library comes near the question" if nothing else None

    def _written(
        self, asked: Question, evidence: Sequence[Sentence], missing: str | None
    ) -> Generator[Event, None, "_Written"]:
        """Yields the text; returns what was written, by whom, and why not otherwise."""
        if missing:
            yield Delta(REFUSAL)
            return _Written(self.composer, Composed(REFUSAL, (), ()), missing)
        try:
            composed = yield from _streamed(self.composer, asked, evidence)
            return _Written(self.composer, composed, None)
        except ComposerError as error:
            _log.warning("%s", error)
            yield Stage("write", "Quoting instead")
            quoting = ExtractiveComposer()
            composed = yield from _streamed(quoting, asked, evidence)
            return _Written(quoting, composed, f"{error}; quoted from the papers instead")

    def _answer(
        self,
        asked: Question,
        found: RetrievalResult,
        chance: float,
        written: "_Written",
    ) -> Answer:
        composed = written.composed
        abstained = not composed.statements
        nothing = NOTHING if abstained else None
        why = written.reason or composed.reason or nothing
        return Answer(
            question=asked.asked,
            standalone_question=asked.standalone,
            text=composed.text,
            statements=composed.statements,
            papers=composed.papers,
            hits=tuple(found.hits),
            abstained=abstained,
            mode=written.composer.mode,
            confidence=chance,
            reason="; ".join(filter(None, (why, found.note))) or None,
            receipt=AnswerTrace({}),
        )

    def _receipt(
        self,
        found: RetrievalResult,
        searched: int,
        evidence: Sequence[Sentence],
        written: "_Written",
        clock: "_Clock",
    ) -> AnswerTrace:
        composer, usage = written.composer, written.composed.usage
        return AnswerTrace(
            timings_ms=clock.total(),
            model=composer.model,
            prompt_version=PROMPT_VERSION if composer.mode == "llm" else None,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_usd=usage.cost_usd,
            searched=searched,
            read=len({sentence.paper.id for sentence in evidence}),
            query=found.question.query,
            language=found.question.language,
            papers_read=found.read(READ_PAPERS),
            cosine=found.cosine,
            threshold=self._answerable.threshold if self.library.reads else LOWEST_COSINE,
        )

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        answer = self.ask(query_bundle.query_str)
        return Response(
            answer.text,
            source_nodes=[hit_node(hit) for hit in answer.hits],
            metadata={"answer": answer.to_json()},
        )

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return await asyncio.to_thread(self._query, query_bundle)

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


@dataclass(frozen=True, slots=True)
class _Written:
    composer: Composer
    composed: Composed
    reason: str | None


def _streamed(
    composer: Composer, asked: Question, evidence: Sequence[Sentence]
) -> Generator[Event, None, Composed]:
    """Yields a composer's text as it comes; returns the whole."""
    shown = ""
    for part in composer.compose(asked.standalone, evidence[: composer.evidence_count]):
        if isinstance(part, Delta):
            shown += part.text
            yield part
            continue
        if isinstance(part, Stage):
            yield part
            continue
        if part.text != shown:
            yield Stage("write", "Writing")
            yield Delta(part.text)
        return part
    raise TypeError(f"{type(composer).__name__} ended without a Composed")


class _Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._laps[stage] = (now - self._last) * 1000
        self._last = now

    def total(self) -> dict[str, float]:
        return {**self._laps, "total": (time.perf_counter() - self._start) * 1000}
