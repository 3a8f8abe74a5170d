"""CitedQueryEngine: from a question to a cited answer.

    understand -> search -> find evidence -> compose -> answer

Each stage is a function or an object in its own module. This module sets their order, times them,
and decides when to abstain and when to fall back.
"""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from llama_index.core.instrumentation.events.retrieval import RetrievalEndEvent, RetrievalStartEvent
from llama_index.core.instrumentation.events.synthesis import SynthesizeEndEvent
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from footnote.index.library import EVERYTHING, Filters, LibraryReader
from footnote.rag import ComposerError
from footnote.rag.answer import (
    Answer,
    ConstraintKind,
    Delta,
    Event,
    Kind,
    Stage,
    Turn,
)
from footnote.rag.engine.group import ask_of_group
from footnote.rag.engine.planned import Planned
from footnote.rag.engine.query_engine import (
    AnsweringQueryEngine,
    answered,
    dispatcher,
    heard,
    traced,
)
from footnote.rag.engine.result import Clock, make_answer, make_told, make_trace
from footnote.rag.engine.writing import Written, write_review, write_text
from footnote.rag.generation.extractive import Composer, ExtractiveComposer, Planner, Reviewer
from footnote.rag.generation.forms import FORMS, WIDE, WITHOUT_SEARCH
from footnote.rag.generation.forms.form import Reading
from footnote.rag.generation.forms.metadata import can_tell
from footnote.rag.generation.reader import Reader
from footnote.rag.query.filter_parser import Scope, apply_scope, parse_filters
from footnote.rag.query.kinds.decision import decide_kind
from footnote.rag.query.question import MAX_CHARACTERS, Question, understand
from footnote.rag.query.topic import drop_scaffold
from footnote.rag.retrieval.evidence import EvidenceWeights
from footnote.rag.retrieval.hybrid import MATCHED, HybridRetriever, RetrievalResult
from footnote.rag.retrieval.reranking.postprocess import hit_node

if TYPE_CHECKING:
    from footnote.rag.generation.thorough.review import Review

NO_REVIEWER = (
    "a thorough answer is written by a language model, and none is configured; set OPENAI_API_KEY, "
    "or OPENAI_BASE_URL and FOOTNOTE_MODEL"
)


class CitedQueryEngine(AnsweringQueryEngine):
    """A LlamaIndex query engine that backs every sentence with a checked quote."""

    def __init__(
        self,
        library: LibraryReader,
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
        clock = Clock()
        if thorough and not isinstance(self.composer, Reviewer):
            raise ComposerError(NO_REVIEWER)
        whole, group = question, ask_of_group(question, history, filters, self.library)
        asked, scope = self._understand(question, history, filters, read_filters, ignored)
        kind = self._decide_kind(asked, filters)
        if group is None and kind in WITHOUT_SEARCH:
            answer = yield from self._tell(asked, kind, clock)
        else:
            with self._review(thorough) as review:
                plan = yield from self._plan(asked, history, clock, review)
                if group and plan.plan is None:
                    # A model that plans has read the conversation; nobody else has.
                    asked, scope = self._understand(
                        group.question, (), group.filters, read_filters, ignored
                    )
                    kind = self._decide_kind(asked, group.filters)
                scope = plan.narrow(scope, self.library)
                kind = "overview" if review else plan.choose(kind)
                answer = yield from self._answer(
                    asked, scope, kind, k or self.k, clock, plan, review
                )
        if group:
            asked_of = len(group.filters.papers or ()) if plan.plan is None else 0
            receipt = replace(answer.receipt, asked_of=asked_of)
            answer = replace(answer, question=" ".join(whole.split()), receipt=receipt)
        if heard():
            dispatcher.event(SynthesizeEndEvent(query=asked.asked, response=answered(answer)))
        yield answer

    def _tell(self, asked: Question, kind: Kind, clock: Clock) -> Generator[Event, None, Answer]:
        """Yields what needs no search: of the library, or of this assistant."""
        yield Stage("write", "Writing")
        composed = FORMS[kind](Reading(asked, kind=kind, library=self.library))
        yield Delta(composed.text)
        clock.lap("write")
        return make_told(asked, kind, composed.text, clock)

    @contextmanager
    def _review(self, thorough: bool) -> Iterator["Review | None"]:
        """Opens a thorough answer, if one is asked for, and ends its calls at last."""
        if not (thorough and isinstance(self.composer, Reviewer)):
            yield None
            return
        with closing(self.composer.review()) as review:
            yield review

    def _plan(
        self, asked: Question, history: Sequence[Turn], clock: Clock, review: "Review | None"
    ) -> Generator[Event, None, Planned]:
        """Yields the stage in which a model plans the search; returns what it planned."""
        if review:
            yield review.announce()
            planned = Planned((yield from review.plan(asked.asked, history)))
        elif isinstance(self.composer, Planner):
            yield Stage("search", "Planning the search")
            planned = Planned(*self.composer.plan(asked.asked, history))
        else:
            return Planned()
        clock.lap("plan")
        return planned

    def _answer(
        self,
        asked: Question,
        scope: Scope,
        kind: Kind,
        k: int,
        clock: Clock,
        plan: Planned,
        review: "Review | None" = None,
    ) -> Generator[Event, None, Answer]:
        """Yields the stages of an answer from papers, and its text; returns it."""
        searched = self.library.count(scope.filters)
        yield Stage("search", f"Searching {searched:,} papers")
        self._reader.prepare(kind)
        wide = kind in WIDE
        if review:
            found = yield from plan.search_in_rounds(
                asked, _widen(scope), review, self._search, self._read
            )
            k = max(k, len(found.hits))
        else:
            found = self._search(
                _widen(scope) if wide else scope, max(k, MATCHED) if wide else k, plan.queries
            )
        # "What about 2016?" is searched as the question before it, which has no conversation.
        repeated = asked.is_follow_up and not scope.question.topic
        asked = replace(asked, is_follow_up=repeated or found.question.is_follow_up)
        clock.lap("search")
        read = len(self._reader.choose_papers(found, kind))
        # A model reads others, and says which before it writes.
        models = isinstance(self.composer, Planner)
        yield Stage("read", "Choosing what to read" if models else f"Reading {read} papers")
        reading = plan.complete(self._read(asked, found, scope.filters, kind))
        clock.lap("read")

        def finish(written: Written) -> Answer:
            clock.lap("write")
            answer = make_answer(asked, reading, written, k)
            receipt = make_trace(
                searched, reading, written, clock, plan.usage, self._reader.refusal.threshold
            )
            receipt = replace(receipt, leaned=asked.is_follow_up, unread=self.library.waiting)
            answer = replace(answer, kind=kind, receipt=receipt)
            return apply_scope(answer, scope)

        writing = write_text(self.composer, reading)
        if review and reading.hits:
            writing = write_review(self.composer, reading, review, finish)
        return finish((yield from traced("_write", self, writing)))

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


def _widen(scope: Scope) -> Scope:
    """Returns a scope whose question is searched for by its topic alone."""
    return replace(scope, question=drop_scaffold(scope.question))
