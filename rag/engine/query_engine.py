"""Query engine: the LlamaIndex interface with responses, streaming, events and spans.

The engine answers; this module converts its answers to LlamaIndex types.
"""

import asyncio
import inspect
import uuid
from abc import abstractmethod
from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from typing import Any, TypeVar

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import (
    RESPONSE_TYPE,
    AsyncStreamingResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.dispatcher import active_instrument_tags
from llama_index_instrumentation.event_handlers import NullEventHandler
from llama_index_instrumentation.span import active_span_id

from footnote.index.library import EVERYTHING, Filters
from footnote.index.search.vector_store import paper_node
from footnote.rag.answer import Answer, Delta, Event, Stage, Verdict
from footnote.rag.serialization import answer_json

dispatcher = get_dispatcher(__name__)

# Separates a replaced text from its replacement in a stream, which cannot take text back.
REVISED = "\n\n(Revised:)\n\n"
# Weakest first.
_VERDICTS: tuple[Verdict | None, ...] = ("contradicted", "unsettled", None, "supported")

T = TypeVar("T")


class AnsweringQueryEngine(BaseQueryEngine):
    """A LlamaIndex query engine over something that streams an Answer."""

    def __init__(self, *, streaming: bool) -> None:
        """Takes whether ``query`` returns a response that streams."""
        super().__init__(callback_manager=None)
        self._streaming = streaming

    @abstractmethod
    def stream(
        self, question: str, *, filters: Filters = EVERYTHING, read_filters: bool = True
    ) -> Iterator[Event]:
        """Yields each stage as it begins, text as it arrives, and finally the Answer."""

    def synthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> RESPONSE_TYPE:
        """Answers only from the papers of these nodes; the engine orders them itself.

        Args:
            query_bundle: The question.
            nodes: Nodes of this library, with ``paper_id`` in their metadata.
            additional_source_nodes: Added after the nodes of the cited papers.
        """
        return self._respond(self._events(query_bundle, nodes), additional_source_nodes or ())

    async def asynthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> RESPONSE_TYPE:
        """Answers as ``synthesize`` does, without blocking."""
        return await self._arespond(
            self._events(query_bundle, nodes), additional_source_nodes or ()
        )

    async def aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Returns what ``retrieve`` returns, without blocking."""
        return await asyncio.to_thread(self.retrieve, query_bundle)

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return self._respond(self._events(query_bundle))

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return await self._arespond(self._events(query_bundle))

    def _events(
        self, query: QueryBundle, nodes: Sequence[NodeWithScore] | None = None
    ) -> Iterator[Event]:
        if nodes is None:
            return self.stream(query.query_str)
        papers = frozenset(str(node.node.metadata.get("paper_id")) for node in nodes)
        return self.stream(query.query_str, filters=Filters(papers=papers), read_filters=False)

    def _respond(
        self, events: Iterator[Event], more: Sequence[NodeWithScore] = ()
    ) -> Response | StreamingResponse:
        if not self._streaming:
            *_, answer = events
            assert isinstance(answer, Answer)
            return _fill(Response(answer.text), answer, more)
        response = StreamingResponse(response_gen=_nothing())
        response.response_gen = _texts(events, response, more)
        return response

    async def _arespond(
        self, events: Iterator[Event], more: Sequence[NodeWithScore] = ()
    ) -> Response | AsyncStreamingResponse:
        if not self._streaming:
            response = await asyncio.to_thread(self._respond, events, more)
            assert isinstance(response, Response)
            return response
        streamed = AsyncStreamingResponse(response_gen=_later(_nothing()))
        streamed.response_gen = _later(_texts(events, streamed, more))
        return streamed

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


AnyResponse = Response | StreamingResponse | AsyncStreamingResponse
R = TypeVar("R", bound=AnyResponse)


def _fill(response: R, answer: Answer, more: Sequence[NodeWithScore]) -> R:
    response.source_nodes = [*cited_nodes(answer), *more]
    response.metadata = {"answer": answer_json(answer)}
    return response


def answered(answer: Answer) -> Response:
    """Returns an answer as LlamaIndex's Response."""
    return _fill(Response(answer.text), answer, ())


def cited_nodes(answer: Answer) -> list[NodeWithScore]:
    """Returns one node for each marker: the n-th is the paper that ``[n]`` cites.

    Its text is the quotes in order of use, one a line. Its metadata has the spans of the quotes and
    the weakest verdict on a statement that cites them.
    """
    scores = {hit.paper.id: hit for hit in answer.hits}
    nodes = []
    for marker, paper in enumerate(answer.papers, 1):
        uses = [(c, s.verdict) for s in answer.statements for c in s.citations]
        own = [(c, verdict) for c, verdict in uses if c.marker == marker]
        spans = list(dict.fromkeys((c.start, c.end) for c, _ in own))
        verdict = min((verdict for _, verdict in own), key=_VERDICTS.index)
        hit = scores.get(paper.id)
        more = {"marker": marker, "spans": [list(span) for span in spans], "verdict": verdict}
        node = paper_node(paper, spans, {**more, "scale": hit.scale if hit else None})
        nodes.append(NodeWithScore(node=node, score=hit.score if hit else None))
    return nodes


def _nothing() -> Generator[str, None, None]:
    yield from ()


def _texts(
    events: Iterator[Event],
    response: AnyResponse,
    more: Sequence[NodeWithScore],
) -> Generator[str, None, None]:
    """Yields the text as it arrives; adds the sources to the response at the end."""
    shown = False
    for event in events:
        if isinstance(event, Answer):
            _fill(response, event, more)
        elif isinstance(event, Delta):
            shown = True
            yield event.text
        elif isinstance(event, Stage) and event.name == "write" and shown:
            yield REVISED


async def _later(texts: Generator[str, None, None]) -> AsyncGenerator[str, None]:
    """Yields texts, waiting for each in a thread."""
    while (text := await asyncio.to_thread(next, texts, None)) is not None:
        yield text


# Instrumentation.


def heard() -> bool:
    """Returns whether anyone listens to events; building their nodes takes a while."""
    at = dispatcher
    while not any(not isinstance(h, NullEventHandler) for h in at.event_handlers):
        if not at.propagate:
            return False
        at = at.parent
    return True


def traced(name: str, owner: object, steps: Generator[Event, None, T]) -> Generator[Event, None, T]:
    """Runs steps in a span that is open from the first to the last, and active during each.

    Between two steps the caller's span is active: a generator may continue in another thread or
    task.
    """
    id_ = f"{type(owner).__name__}.{name}-{uuid.uuid4()}"
    span: dict[str, Any] = {
        "id_": id_,
        "bound_args": inspect.signature(traced).bind(name, owner, steps),
        "instance": owner,
    }
    tags = active_instrument_tags.get()
    dispatcher.span_enter(**span, parent_id=active_span_id.get(), tags=tags)
    try:
        while True:
            token = active_span_id.set(id_)
            try:
                event = next(steps)
            finally:
                active_span_id.reset(token)
            yield event
    except StopIteration as done:
        dispatcher.span_exit(**span, result=done.value)
        result: T = done.value
        return result
    except BaseException as error:
        dispatcher.span_drop(**span, err=error)
        steps.close()
        raise
