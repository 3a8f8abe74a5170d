"""CitedQueryEngine: the whole way from a question to a cited answer, on one screen.

    understand -> search -> find evidence -> compose -> answer

Each stage is a function or an object of its own module; this one only tells their order,
times them, and decides when to abstain and when to fall back.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import RESPONSE_TYPE, Response
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import QueryBundle

from index.library import EVERYTHING, Filters, Library
from index.papers import Hit
from rag import ComposerError
from rag.answer import Answer, Delta, Event, Mode, Receipt, Stage, Turn
from rag.compose import Composed, Composer, ExtractiveComposer
from rag.evidence import EvidenceFinder, Sentence
from rag.prompts import PROMPT_VERSION, REFUSAL
from rag.question import Question, understand
from rag.retrieve import HybridRetriever, hit_node

_log = logging.getLogger(__name__)

# Below this cosine between a question and the best passage nothing in the library is
# about it (command: python -m evals.bench.abstain).
LOWEST_COSINE = 0.2


class CitedQueryEngine(BaseQueryEngine):
    """A LlamaIndex query engine whose every sentence carries a checked quote."""

    def __init__(
        self,
        library: Library,
        composer: Composer | None = None,
        *,
        retriever: HybridRetriever | None = None,
        k: int = 20,
    ) -> None:
        """Takes the library, what writes the answer, and how many hits to report.

        Args:
            library: Where to search.
            composer: Extractive when not given.
            retriever: Hybrid when not given.
            k: Hits in an answer.
        """
        super().__init__(callback_manager=None)
        self.library = library
        self.composer = composer or ExtractiveComposer()
        self.retriever = retriever or HybridRetriever(library)
        self.k = k
        self._finder = EvidenceFinder(library)

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters = EVERYTHING,
        *,
        k: int | None = None,
    ) -> Answer:
        """Returns the answer.

        Raises:
            QuestionError: The question is empty or too long.
        """
        *_, last = self.stream(question, history, filters, k=k)
        assert isinstance(last, Answer)
        return last

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters = EVERYTHING,
        *,
        k: int | None = None,
    ) -> Iterator[Event]:
        """Yields each stage as it begins, text as it comes, at last the Answer.

        Raises:
            QuestionError: The question is empty or too long.
        """
        clock = _Clock()
        asked = understand(question, history)
        papers = self.library.size
        yield Stage("search", f"Searching {papers:,} papers")
        hits = self.retriever.search(asked.query, k=k or self.k, filters=filters)
        clock.lap("search")
        reason = self._nothing_near(hits, filters)
        if reason:
            yield self._abstained(asked, hits, reason, clock)
            return
        yield Stage("read", f"Reading {min(len(hits), self.k)} papers")
        evidence = self._finder.find(asked.asked, hits, count=self.composer.evidence_count)
        clock.lap("read")
        yield Stage("write", "Writing")
        composer, composed, failure = self.composer, None, None
        try:
            for part in composer.compose(asked.standalone, evidence):
                if isinstance(part, Delta):
                    yield part
                else:
                    composed = part
        except ComposerError as error:
            _log.warning("%s", error)
            failure = f"{error}; quoted from the papers instead"
            yield Stage("write", "Quoting instead")
            composer = ExtractiveComposer()
            composed = _last(
                composer.compose(asked.standalone, evidence[: composer.evidence_count])
            )
        clock.lap("write")
        assert composed is not None
        yield self._answered(asked, hits, evidence, composer, composed, failure, clock)

    def _nothing_near(self, hits: Sequence[Hit], filters: Filters) -> str | None:
        """Returns why there is nothing to answer from, or None."""
        if not hits and filters != EVERYTHING:
            return "no paper of the library has a year in the chosen range"
        if not hits:
            return "no paper of the library shares a word or a meaning with the question"
        return None

    def _abstained(
        self, asked: Question, hits: Sequence[Hit], reason: str, clock: "_Clock"
    ) -> Answer:
        return self._answered(
            asked, hits, (), self.composer, Composed(REFUSAL, (), ()), reason, clock
        )

    def _answered(
        self,
        asked: Question,
        hits: Sequence[Hit],
        evidence: Sequence[Sentence],
        composer: Composer,
        composed: Composed,
        reason: str | None,
        clock: "_Clock",
    ) -> Answer:
        abstained = not composed.statements
        mode: Mode = composer.mode
        return Answer(
            question=asked.asked,
            standalone_question=asked.standalone,
            text=composed.text,
            statements=composed.statements,
            papers=composed.papers,
            hits=tuple(hits),
            abstained=abstained,
            mode=mode,
            reason=reason or ("nothing that was read answers it" if abstained else None),
            receipt=Receipt(
                timings_ms=clock.total(),
                model=composer.model,
                prompt_version=PROMPT_VERSION if mode == "llm" else None,
                prompt_tokens=composed.usage.prompt_tokens,
                completion_tokens=composed.usage.completion_tokens,
                cost_usd=None if mode == "llm" else 0.0,
                searched=self.library.size,
                read=len({sentence.paper.id for sentence in evidence}),
            ),
        )

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        answer = self.ask(query_bundle.query_str)
        return Response(
            answer.text,
            source_nodes=[hit_node(hit) for hit in answer.hits],
            metadata={"answer": answer.to_json()},
        )

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return await asyncio.to_thread(self._query, query_bundle)


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


def _last(parts: Iterator[Delta | Composed]) -> Composed:
    *_, composed = parts
    assert isinstance(composed, Composed)
    return composed
