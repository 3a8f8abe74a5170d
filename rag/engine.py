"""CitedQueryEngine: from a question to a cited answer.

    understand -> search -> find evidence -> compose -> answer

Each stage is a function or an object in its own module. This module sets their order, times them,
and decides when to abstain and when to fall back.
"""

import logging
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from llama_index.core.instrumentation.events.retrieval import RetrievalEndEvent, RetrievalStartEvent
from llama_index.core.instrumentation.events.synthesis import (
    SynthesizeEndEvent,
    SynthesizeStartEvent,
)
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from footnote.index.library import EVERYTHING, Filters, Library
from footnote.rag import ComposerError
from footnote.rag.answer import (
    REFUSAL,
    Answer,
    AnswerTrace,
    ConstraintKind,
    Delta,
    Event,
    Kind,
    Stage,
    Standing,
    Turn,
    Usage,
)
from footnote.rag.generation.chat.plan import SearchPlan
from footnote.rag.generation.extractive import (
    Composer,
    ExtractiveComposer,
    Planner,
    Reviewer,
    compose,
)
from footnote.rag.generation.forms import FORMS, WIDE, WITHOUT_SEARCH
from footnote.rag.generation.forms.form import Composed, Reading
from footnote.rag.generation.forms.metadata import can_tell
from footnote.rag.generation.prompts import PROMPT_VERSION
from footnote.rag.generation.reader import NOTHING, Reader
from footnote.rag.query.back_references import find_group
from footnote.rag.query.filter_parser import Scope, apply_scope, parse_filters
from footnote.rag.query.kinds.decision import decide_kind
from footnote.rag.query.question import MAX_CHARACTERS, Question, understand
from footnote.rag.query.topic import drop_scaffold
from footnote.rag.query_engine import (
    AnsweringQueryEngine,
    answered,
    dispatcher,
    heard,
    traced,
)
from footnote.rag.retrieval.answerability import WEAK
from footnote.rag.retrieval.evidence import READ_PAPERS, EvidenceWeights
from footnote.rag.retrieval.hybrid import MATCHED, HybridRetriever, RetrievalResult
from footnote.rag.retrieval.reranking.postprocess import hit_node

if TYPE_CHECKING:
    from footnote.rag.generation.thorough.review import Review

_log = logging.getLogger(__name__)

NO_REVIEWER = (
    "a thorough answer is written by a language model, and none is configured; set OPENAI_API_KEY, "
    "or OPENAI_BASE_URL and FOOTNOTE_MODEL"
)


class CitedQueryEngine(AnsweringQueryEngine):
    """A LlamaIndex query engine that backs every sentence with a checked quote."""

    def __init__(
        self,
        library: Library,
        composer: Composer | None = None,
        *,
        retriever: HybridRetriever | None = None,
        weights: EvidenceWeights | None = None,
        k: int = 20,
        longest: int = MAX_CHARACTERS,
        node_postprocessors: Sequence[BaseNodePostprocessor] = (),
        streaming: bool = False,
    ) -> None:
        """Takes the library, what writes the answer, and how many hits to report.

        Args:
            library: Where to search.
            composer: Extractive when not given.
            retriever: Hybrid when not given.
            weights: For ranking the sentences to quote; the defaults when not given.
            k: Hits in an answer.
            longest: Maximum characters of a question.
            node_postprocessors: LlamaIndex's, for the default retriever; a ``retriever`` that is
                given has its own.
            streaming: Whether ``query`` returns a response that streams.
        """
        super().__init__(streaming=streaming)
        self.library = library
        self.composer = composer or ExtractiveComposer()
        self.retriever = retriever or HybridRetriever(
            library, node_postprocessors=node_postprocessors
        )
        self.k = k
        self.longest = longest
        self._reader = Reader(library, self.retriever, weights)

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters = EVERYTHING,
        *,
        k: int | None = None,
        read_filters: bool = True,
        thorough: bool = False,
    ) -> Answer:
        """Returns the answer.

        Args:
            question: What is asked.
            history: The conversation so far.
            filters: Which papers may be found; they override filters in the question.
            k: Hits in the answer.
            read_filters: Whether years, venues, authors and sources in the question become filters.
            thorough: Whether the answer is a literature review, searched and written in many calls.

        Raises:
            QuestionError: The question is empty, too long, or not text.
            ComposerError: A thorough answer was asked for, and no model writes.
        """
        *_, last = self.stream(
            question, history, filters, k=k, read_filters=read_filters, thorough=thorough
        )
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
        thorough: bool = False,
    ) -> Generator[Event, None, None]:
        """Yields each stage as it begins, text as it arrives, and finally the Answer.

        Each ``write`` stage starts the text again, so the Deltas after the last one make up the
        Answer's text. ``ignored`` are kinds of filters not read from the question; the other
        arguments are as in ``ask``.

        Raises:
            QuestionError: The question is empty, too long, or not text.
            ComposerError: A thorough answer was asked for, and no model writes.
        """
        clock = _Clock()
        if thorough and not isinstance(self.composer, Reviewer):
            raise ComposerError(NO_REVIEWER)
        whole = question
        question, history, filters = self._ask_of_group(question, history, filters)
        asked, scope = self._understand(question, history, filters, read_filters, ignored)
        kind = self._decide_kind(asked, filters)
        if kind in WITHOUT_SEARCH:
            answer = yield from self._tell(asked, kind, clock)
        elif isinstance(self.composer, Reviewer) and thorough:
            with closing(self.composer.review()) as review:
                yield review.announce()
                plan = _Planned((yield from review.plan(asked.asked, history)))
                clock.lap("plan")
                scope = plan.narrow(scope, self.library)
                answer = yield from self._answer(
                    asked, scope, "overview", k or self.k, clock, plan, review
                )
        else:
            plan = yield from self._plan(asked, history, clock)
            scope = plan.narrow(scope, self.library)
            kind = plan.kind or kind
            answer = yield from self._answer(asked, scope, kind, k or self.k, clock, plan)
        if question is not whole:
            answer = replace(answer, question=" ".join(whole.split()))
        if heard():
            dispatcher.event(SynthesizeEndEvent(query=asked.asked, response=answered(answer)))
        yield answer

    def _ask_of_group(
        self, question: str, history: Sequence[Turn], filters: Filters
    ) -> tuple[str, Sequence[Turn], Filters]:
        """Returns a question of the last answer's papers as one of its own, of these alone.

        A model that plans reads the conversation itself.
        """
        last = next((turn.content for turn in reversed(history) if turn.role == "assistant"), "")
        group = None if isinstance(self.composer, Planner) else find_group(question, last)
        if group is None:
            return question, history, filters
        asked, titles = group
        papers = frozenset(paper.id for name in titles if (paper := self.library.paper(name)))
        papers &= filters.papers or papers
        if not papers:
            return question, history, filters
        return asked, (), replace(filters, papers=papers)

    def _tell(self, asked: Question, kind: Kind, clock: "_Clock") -> Generator[Event, None, Answer]:
        """Yields what needs no search: of the library, or of this assistant."""
        yield Stage("write", "Writing")
        composed = FORMS[kind](Reading(asked, kind=kind, library=self.library))
        yield Delta(composed.text)
        clock.lap("write")
        return Answer(
            question=asked.asked,
            standalone_question=asked.standalone,
            text=composed.text,
            statements=(),
            papers=(),
            hits=(),
            abstained=False,
            mode="extractive",
            kind=kind,
            confidence=1.0,
            receipt=AnswerTrace(clock.total(), cost_usd=0.0),
        )

    def _plan(
        self, asked: Question, history: Sequence[Turn], clock: "_Clock"
    ) -> Generator[Event, None, "_Planned"]:
        """Yields the stage in which a model plans the search; returns what it planned."""
        if not isinstance(self.composer, Planner):
            return _Planned()
        yield Stage("search", "Planning the search")
        plan, usage = self.composer.plan(asked.asked, history)
        clock.lap("plan")
        return _Planned(plan, usage)

    def _answer(
        self,
        asked: Question,
        scope: Scope,
        kind: Kind,
        k: int,
        clock: "_Clock",
        plan: "_Planned",
        review: "Review | None" = None,
    ) -> Generator[Event, None, Answer]:
        """Yields the stages of an answer from papers, and its text; returns it."""
        searched = self.library.count(scope.filters)
        yield Stage("search", f"Searching {searched:,} papers")
        self._reader.prepare(kind)
        wide = kind in WIDE
        if review:
            found = yield from self._search_in_rounds(asked, _widen(scope), plan, review)
            k = max(k, len(found.hits))
        else:
            found = self._search(
                _widen(scope) if wide else scope, max(k, MATCHED) if wide else k, plan.queries
            )
        asked = replace(asked, is_follow_up=found.question.is_follow_up)
        clock.lap("search")
        read = len(self._reader.choose_papers(found, kind))
        # A model reads others, and says which before it writes.
        models = isinstance(self.composer, Planner)
        yield Stage("read", "Choosing what to read" if models else f"Reading {read} papers")
        reading = plan.complete(self._read(asked, found, scope.filters, kind))
        clock.lap("read")

        def finish(written: _Written) -> Answer:
            clock.lap("write")
            answer = self._make_answer(asked, reading, written, k)
            receipt = self._make_trace(searched, reading, written, clock, plan.usage)
            answer = replace(answer, kind=kind, receipt=replace(receipt, leaned=asked.is_follow_up))
            return apply_scope(answer, scope)

        writing = self._write(reading)
        if review and reading.hits:
            writing = self._review(reading, review, finish)
        return finish((yield from traced("_write", self, writing)))

    def _search_in_rounds(
        self, asked: Question, scope: Scope, plan: "_Planned", review: "Review"
    ) -> Generator[Event, None, RetrievalResult]:
        """Yields the rounds of a thorough answer's search; returns the papers of all of them."""
        filters = scope.filters

        def find(query: str | None) -> RetrievalResult:
            asking = scope if query is None else replace(scope, question=Question(query))
            return self._search(asking, MATCHED)

        def read(found: RetrievalResult) -> Reading:
            return self._read(asked, found, filters, "overview")

        question = (plan.plan and plan.plan.question) or asked.standalone
        return (yield from review.search(question, plan.plan, find, read))

    def retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Returns the hits for a question, best first, including those the answer does not use."""
        asked, scope = self._understand(query_bundle.query_str)
        wide = self._decide_kind(asked, EVERYTHING) in WIDE
        found = self._search(_widen(scope) if wide else scope, MATCHED if wide else self.k)
        return [hit_node(hit) for hit in found.hits[: self.k]]

    def _decide_kind(self, asked: Question, filters: Filters) -> Kind:
        return decide_kind(asked, self.library, filters, can_tell=can_tell(asked.asked))

    @dispatcher.span
    def _understand(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters = EVERYTHING,
        read_filters: bool = True,
        ignored: Collection[ConstraintKind] = (),
    ) -> tuple[Question, Scope]:
        """Returns the standalone question and its form for searching."""
        asked = understand(question, history, longest=self.longest)
        if read_filters:
            return asked, parse_filters(asked, self.library, filters, ignored=ignored)
        return asked, Scope(asked, filters)

    @dispatcher.span
    def _search(self, scope: Scope, k: int, queries: Sequence[str] = ()) -> RetrievalResult:
        """Returns the papers nearest to the question, and to other wordings of it."""
        dispatcher.event(RetrievalStartEvent(str_or_query_bundle=scope.question.query))
        if queries:
            found = self.retriever.find_all(scope.question, queries, k=k, filters=scope.filters)
        else:
            found = self.retriever.find(scope.question, k=k, filters=scope.filters)
        if heard():
            nodes = [hit_node(hit) for hit in found.hits[: self.k]]
            dispatcher.event(
                RetrievalEndEvent(str_or_query_bundle=scope.question.query, nodes=nodes)
            )
        return found

    @dispatcher.span
    def _read(
        self, asked: Question, found: RetrievalResult, filters: Filters, kind: Kind
    ) -> Reading:
        return self._reader.read(asked, found, filters, kind)

    def _review(
        self, reading: Reading, review: "Review", finish: Callable[["_Written"], Answer]
    ) -> Generator[Event, None, "_Written"]:
        """Yields a review part by part, with what stands of it; returns what was written."""
        dispatcher.event(SynthesizeStartEvent(query=reading.question.asked))
        try:
            steps = review.write(reading)
            while True:
                part = next(steps)
                if isinstance(part, Composed):
                    yield Standing(finish(_Written(self.composer, part, None)))
                else:
                    yield part
        except StopIteration as done:
            return _Written(self.composer, done.value, None)
        except ComposerError as error:
            quoted = yield from self._quote_instead(reading, error)
            spent = replace(quoted.composed, usage=review.spending.usage)
            return replace(quoted, composed=spent)

    def _write(self, reading: Reading) -> Generator[Event, None, "_Written"]:
        """Yields the text; returns what was written, by whom, and why not otherwise."""
        yield Stage("write", "Writing")
        dispatcher.event(SynthesizeStartEvent(query=reading.question.asked))
        # A model reads before anything is refused.
        if reading.refused and not (isinstance(self.composer, Planner) and reading.hits):
            yield Delta(REFUSAL)
            return _Written(self.composer, Composed(REFUSAL, (), ()), reading.refused)
        try:
            composed = yield from compose(self.composer, reading)
            return _Written(self.composer, composed, None)
        except ComposerError as error:
            return (yield from self._quote_instead(reading, error))

    def _quote_instead(
        self, reading: Reading, error: ComposerError
    ) -> Generator[Event, None, "_Written"]:
        """Yields an answer of quotes where the model gave none; returns it with the reason."""
        _log.warning("%s", error)
        if reading.refused:
            yield Stage("write", "Writing")
            yield Delta(REFUSAL)
            refused = f"{error}; {reading.refused}"
            return _Written(ExtractiveComposer(), Composed(REFUSAL, (), ()), refused)
        yield Stage("write", "Quoting instead")
        quoting = ExtractiveComposer()
        composed = yield from compose(quoting, reading)
        return _Written(quoting, composed, f"{error}; quoted from the papers instead")

    def _make_answer(
        self,
        asked: Question,
        reading: Reading,
        written: "_Written",
        k: int,
    ) -> Answer:
        composed = written.composed
        abstained = not composed.statements
        nothing = NOTHING if abstained else None
        note = reading.found.note if reading.found else None
        weak = reading.chance < WEAK and not (abstained or composed.settled)
        why = written.reason or composed.reason or nothing
        return Answer(
            question=asked.asked,
            standalone_question=asked.standalone,
            text=composed.text,
            statements=composed.statements,
            papers=composed.papers,
            hits=tuple(reading.hits[:k]),
            match="weak" if weak else "strong",
            missing=composed.missing,
            more=tuple(paper.id for paper in composed.more),
            abstained=abstained,
            mode=written.composer.mode,
            confidence=reading.chance,
            reason="; ".join(filter(None, (why, note))) or None,
            receipt=AnswerTrace({}),
        )

    def _make_trace(
        self,
        searched: int,
        reading: Reading,
        written: "_Written",
        clock: "_Clock",
        planned: Usage,
    ) -> AnswerTrace:
        composer, found = written.composer, reading.found
        usage = planned.add(written.composed.usage)
        assert found is not None
        return AnswerTrace(
            timings_ms=clock.total(),
            model=composer.model,
            prompt_version=PROMPT_VERSION if composer.mode == "llm" else None,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_usd=usage.cost_usd,
            price_source=usage.price_source,
            searched=searched,
            read=len(reading.by_paper) if (read := written.composed.read) is None else read,
            query=found.question.query,
            language=found.question.language,
            papers_read=found.read(READ_PAPERS),
            cosine=found.cosine,
            threshold=self._reader.refusal.threshold,
        )


def _widen(scope: Scope) -> Scope:
    """Returns a scope whose question is searched for by its topic alone."""
    return replace(scope, question=drop_scaffold(scope.question))


@dataclass(frozen=True, slots=True)
class _Planned:
    """What a model planned, if one was asked, and what that took."""

    plan: SearchPlan | None = None
    usage: Usage = field(default_factory=Usage)

    @property
    def kind(self) -> Kind | None:
        return self.plan.kind if self.plan else None

    @property
    def queries(self) -> Sequence[str]:
        return self.plan.queries if self.plan else ()

    def narrow(self, scope: Scope, library: Library) -> Scope:
        """Returns the scope with the years of the plan where the rules read none."""
        if self.plan is None or scope.filters.dated:
            return scope
        years = Filters(since=self.plan.since, until=self.plan.until)
        if years == EVERYTHING:
            return scope
        filters = replace(scope.filters, since=years.since, until=years.until)
        return replace(scope, filters=filters) if library.count(filters) else scope

    def complete(self, reading: Reading) -> Reading:
        """Returns the reading with the question as it stands alone, and what an answer needs."""
        if self.plan is None:
            return reading
        question = replace(reading.question, completed=self.plan.question)
        return replace(reading, question=question, needs=self.plan.needs)


@dataclass(frozen=True, slots=True)
class _Written:
    composer: Composer
    composed: Composed
    reason: str | None


class _Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._laps[stage] = self._laps.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now

    def total(self) -> dict[str, float]:
        return {**self._laps, "total": (time.perf_counter() - self._start) * 1000}
