"""LlamaIndex's parts over ours: each finds what it expects of a query engine."""

import asyncio
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import HashedWords, invented
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.response.schema import (
    AsyncStreamingResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.bridge.pydantic import Field
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events import BaseEvent
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.llms import MockLLM
from llama_index.core.postprocessor import SimilarityPostprocessor
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import CitationQueryEngine, RouterQueryEngine
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.core.selectors import EmbeddingSingleSelector
from llama_index.core.tools import QueryEngineTool
from llama_index.core.vector_stores import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)
from llama_index.core.workflow import StartEvent, StopEvent, Workflow, step

from footnote.evals.dataset.cases import read_cases
from footnote.evals.demo import demo_set
from footnote.index import EmbedderMismatch, LibraryError, ModelError
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import query_vector
from footnote.index.library import Filters, Library
from footnote.index.models import make_paper
from footnote.index.search.vector_store import LibraryVectorStore
from footnote.rag.answer import Answer, Delta, Event, Stage
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.engine.query_engine import REVISED, AnsweringQueryEngine

QUESTION = "Which papers train policies for continuous control?"
ELSEWHERE = "Which tax is due on a house in Rome?"


@pytest.fixture(scope="module")
def engine(demo_library: Library) -> CitedQueryEngine:
    return CitedQueryEngine(demo_library)


@pytest.fixture(scope="module")
def streaming(demo_library: Library) -> CitedQueryEngine:
    return CitedQueryEngine(demo_library, streaming=True)


def test_the_nth_source_node_is_the_paper_of_marker_n(engine: CitedQueryEngine) -> None:
    cited = 0
    asked = [case.question for case in read_cases(demo_set())]
    for question in (*asked, "Which papers train robots?", "What is there on retrieval?"):
        response = engine.query(question)
        assert response.metadata is not None
        answer = response.metadata["answer"]
        nodes = [scored.node for scored in response.source_nodes]
        assert [n.metadata["paper_id"] for n in nodes] == [p["id"] for p in answer["papers"]]
        for statement in answer["statements"]:
            for citation in statement["citations"]:
                node = nodes[citation["marker"] - 1]
                assert node.ref_doc_id == node.metadata["paper_id"] == citation["paper_id"]
                assert citation["quote"] in node.get_content()
                assert [citation["start"], citation["end"]] in node.metadata["spans"]
                cited += 1
        for node in nodes:
            paper = engine.library.known(node.metadata["paper_id"])
            quotes = [paper.abstract[start:end] for start, end in node.metadata["spans"]]
            assert node.get_content() == "\n".join(quotes)
            assert (node.metadata["title"], node.metadata["year"]) == (paper.title, paper.year)
            assert (node.metadata["url"], node.metadata["verdict"]) == (paper.url, "supported")
    assert cited > 60


def test_an_answer_that_abstains_has_no_source_but_its_hits(engine: CitedQueryEngine) -> None:
    response = engine.query(ELSEWHERE)
    assert response.source_nodes == []
    assert response.metadata is not None
    assert len(response.metadata["answer"]["hits"]) == 20


def test_a_stream_yields_the_text_and_then_has_its_sources(
    engine: CitedQueryEngine, streaming: CitedQueryEngine
) -> None:
    whole = engine.query(QUESTION)
    response = streaming.query(QUESTION)
    assert isinstance(response, StreamingResponse)
    assert response.source_nodes == []
    texts = list(response.response_gen)
    assert len(texts) > 1
    assert "".join(texts) == str(whole)
    assert response.source_nodes == whole.source_nodes
    assert str(streaming.query(QUESTION)) == str(whole)


def test_an_asynchronous_stream_yields_the_same(
    engine: CitedQueryEngine, streaming: CitedQueryEngine
) -> None:
    async def read() -> AsyncStreamingResponse:
        response = await streaming.aquery(QUESTION)
        assert isinstance(response, AsyncStreamingResponse)
        assert "".join([text async for text in response.async_response_gen()]) == str(whole)
        return response

    whole = engine.query(QUESTION)
    assert asyncio.run(read()).source_nodes == whole.source_nodes


class Rewriting(AnsweringQueryEngine):
    """Streams a draft and then another text, as a composer does whose draft is mended."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(streaming=True)
        self._answer = answer

    def stream(self, question: str, **_: Any) -> Iterator[Event]:
        yield Stage("write", "Writing")
        yield Delta("A draft.")
        yield Stage("write", "Writing")
        yield Delta(self._answer.text)
        yield self._answer


def test_a_stream_says_where_its_text_begins_anew(engine: CitedQueryEngine) -> None:
    answer = engine.ask(QUESTION)
    response = Rewriting(answer).query(QUESTION)
    assert str(response) == f"A draft.{REVISED}{answer.text}"


def test_what_is_retrieved_are_the_hits_of_the_answer(engine: CitedQueryEngine) -> None:
    question = "What do papers since 2018 say about continuous control?"
    nodes = engine.retrieve(QueryBundle(question))
    answer = engine.ask(question)
    # Behind them stand only those that the answer offers to show.
    hits, behind = answer.hits[: len(nodes)], answer.hits[len(nodes) :]
    assert [node.node.metadata["paper_id"] for node in nodes] == [hit.paper.id for hit in hits]
    assert [node.score for node in nodes] == [hit.score for hit in hits]
    assert {hit.paper.id for hit in behind} <= {*answer.more}
    assert {node.node.metadata["scale"] for node in nodes} == {"fused"}
    assert min(node.node.metadata["year"] for node in nodes) >= 2018
    assert asyncio.run(engine.aretrieve(QueryBundle(question))) == nodes


def test_an_answer_is_made_of_the_given_nodes_only(engine: CitedQueryEngine) -> None:
    bundle = QueryBundle(QUESTION)
    given = engine.retrieve(bundle)[1:3]
    more = engine.retrieve(QueryBundle("How does RAG work?"))[:1]
    response = engine.synthesize(bundle, given, more)
    assert isinstance(response, Response)
    cited = [node.node.metadata["paper_id"] for node in response.source_nodes]
    assert set(cited[:-1]) <= {node.node.metadata["paper_id"] for node in given}
    assert cited[:-1]
    assert response.source_nodes[-1] == more[0]
    assert str(asyncio.run(engine.asynthesize(bundle, given))) == str(response)
    assert engine.synthesize(bundle, []).source_nodes == []


class Listening(BaseEventHandler):
    """Keeps the events that it hears."""

    heard: list[BaseEvent] = Field(default_factory=list)

    def handle(self, event: BaseEvent, **_: Any) -> None:
        self.heard.append(event)


@pytest.fixture
def listening() -> Iterator[tuple[list[BaseEvent], SimpleSpanHandler]]:
    root, events, spans = get_dispatcher(), Listening(), SimpleSpanHandler()
    handlers = (root.event_handlers, root.span_handlers)
    root.event_handlers, root.span_handlers = [*handlers[0], events], [*handlers[1], spans]
    yield events.heard, spans
    root.event_handlers, root.span_handlers = handlers


@pytest.mark.parametrize("later", [False, True])
def test_whoever_listens_hears_each_stage(
    later: bool,
    engine: CitedQueryEngine,
    listening: tuple[list[BaseEvent], SimpleSpanHandler],
) -> None:
    heard, spans = listening
    response = asyncio.run(engine.aquery(QUESTION)) if later else engine.query(QUESTION)
    own = [e for e in heard if not e.class_name().startswith("Embedding")]
    assert [event.class_name() for event in own] == [
        "QueryStartEvent",
        "RetrievalStartEvent",
        "RetrievalEndEvent",
        "SynthesizeStartEvent",
        "SynthesizeEndEvent",
        "QueryEndEvent",
    ]
    assert len(own[2].nodes) == 20
    assert own[4].response.source_nodes == response.source_nodes
    names = {span.id_: span.id_.split("-")[0] for span in spans.completed_spans}
    parents = {names[s.id_]: names.get(s.parent_id or "") for s in spans.completed_spans}
    for stage in ("_understand", "_search", "_read", "_write"):
        asking = "_aquery" if later else "_query"
        assert parents[f"CitedQueryEngine.{stage}"] == f"CitedQueryEngine.{asking}"
    assert names[own[3].span_id or ""] == "CitedQueryEngine._write"
    assert not spans.open_spans


def test_a_stream_that_is_left_leaves_no_span_open(
    engine: CitedQueryEngine, listening: tuple[list[BaseEvent], SimpleSpanHandler]
) -> None:
    events = engine.stream(QUESTION)
    while not isinstance(next(events), Delta):
        pass
    events.close()
    assert not listening[1].open_spans
    assert [span.id_.split("-")[0] for span in listening[1].dropped_spans] == [
        "CitedQueryEngine._write"
    ]


def test_a_tool_and_a_router_take_the_engine(engine: CitedQueryEngine, embedder: MiniLM) -> None:
    tool = QueryEngineTool.from_defaults(engine, name="papers", description="Finds in papers.")
    assert tool.call(QUESTION).content == str(engine.query(QUESTION))
    router = RouterQueryEngine.from_defaults(
        [tool],
        llm=MockLLM(),
        selector=EmbeddingSingleSelector.from_defaults(embed_model=embedder),
    )
    assert router.query(QUESTION).source_nodes == engine.query(QUESTION).source_nodes


class Asking(Workflow):
    """One step that asks the engine."""

    def __init__(self, engine: CitedQueryEngine) -> None:
        super().__init__(timeout=60)
        self.engine = engine

    @step
    async def ask(self, event: StartEvent) -> StopEvent:
        return StopEvent(result=await self.engine.aquery(event.question))


def test_a_workflow_asks_the_engine(engine: CitedQueryEngine) -> None:
    async def run() -> Any:
        return await Asking(engine).run(question=QUESTION)

    assert str(asyncio.run(run())) == str(engine.query(QUESTION))


# A library as a vector store.


@pytest.fixture(scope="module")
def store(demo_library: Library) -> LibraryVectorStore:
    return LibraryVectorStore(demo_library)


@pytest.fixture(scope="module")
def vector_index(store: LibraryVectorStore) -> VectorStoreIndex:
    return VectorStoreIndex.from_vector_store(store, embed_model=store.embed_model)


def on(**values: Any) -> MetadataFilters:
    """Returns filters of the form ``year__gte=2020``."""
    operators = {"": "==", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<", "in": "in", "ne": "!="}
    parts = [(*key.partition("__"), value) for key, value in values.items()]
    filters = [
        MetadataFilter(key=key, value=value, operator=FilterOperator(operators[operator]))
        for key, _, operator, value in parts
    ]
    return MetadataFilters(filters=filters)


def test_an_index_over_a_library_finds_what_the_library_finds(
    vector_index: VectorStoreIndex, demo_library: Library
) -> None:
    retriever = vector_index.as_retriever(similarity_top_k=5)
    found = retriever.retrieve(QUESTION)
    hits = demo_library.search(QUESTION, k=5)
    assert [node.node.metadata["paper_id"] for node in found] == [hit.paper.id for hit in hits]
    assert [node.score for node in found] == pytest.approx([hit.score for hit in hits], abs=1e-6)
    for node, hit in zip(found, hits, strict=True):
        start, end = hit.passage.start, hit.passage.end
        assert node.text == hit.paper.abstract[start:end]
        assert (node.metadata["start"], node.metadata["end"]) == (start, end)
        assert node.metadata["authors"] == ", ".join(hit.paper.authors)
        assert (node.metadata["year"], node.metadata["url"]) == (hit.paper.year, hit.paper.url)
    assert asyncio.run(retriever.aretrieve(QUESTION)) == found


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        (on(year=2018), Filters(2018, 2018)),
        (on(year__gte=2018, year__lt=2021), Filters(2018, 2020)),
        (on(year__gt=2018, year__lte=2021), Filters(2019, 2021)),
        (on(paper_id__in=["arxiv:1707.06347", "arxiv:1312.5602"]), None),
        (MetadataFilters(filters=[on(year__gte=2018), on(year__gte=2020)]), Filters(2020)),
    ],
)
def test_filters_of_theirs_are_filters_of_ours(
    given: MetadataFilters,
    ours: Filters | None,
    vector_index: VectorStoreIndex,
    demo_library: Library,
) -> None:
    ours = ours or Filters(papers=frozenset(given.filters[0].value))
    found = vector_index.as_retriever(similarity_top_k=70, filters=given).retrieve(QUESTION)
    hits = demo_library.search(QUESTION, k=70, filters=ours)
    assert 0 < len(hits) < 70
    assert [node.metadata["paper_id"] for node in found] == [hit.paper.id for hit in hits]


@pytest.mark.parametrize(
    "given",
    [
        on(year__ne=2018),
        on(title="Tides"),
        on(year="2018"),
        MetadataFilters(filters=[on(year=2018), on(year=2019)], condition=FilterCondition.OR),
        MetadataFilters(filters=[on(year=2018)], condition=FilterCondition.NOT),
    ],
)
def test_what_is_no_filter_of_ours_is_one_line(
    given: MetadataFilters, vector_index: VectorStoreIndex
) -> None:
    with pytest.raises(LibraryError) as caught:
        vector_index.as_retriever(filters=given).retrieve(QUESTION)
    assert "\n" not in str(caught.value)


def test_their_citation_engine_works_on_a_library(vector_index: VectorStoreIndex) -> None:
    citing = CitationQueryEngine.from_args(vector_index, llm=MockLLM(), similarity_top_k=3)
    response = citing.query("What does PPO clip?")
    assert "clips the probability ratio" in response.source_nodes[0].get_content()


def test_a_store_removes_papers_and_takes_no_nodes(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        library.add([invented(1), invented(2)])
        store = LibraryVectorStore(library)
        index = VectorStoreIndex.from_vector_store(store, embed_model=store.embed_model)
        assert index.as_retriever().retrieve("harbour1")[0].metadata["title"] == invented(1).title
        with pytest.raises(LibraryError, match=r"Library\.add"):
            index.insert_nodes([TextNode(text="Tides rise.")])
        index.delete_ref_doc(invented(1).id)
        assert list(library.papers()) == [invented(2)]


# Their embeddings and postprocessors.


class LettersEmbedding(BaseEmbedding):
    """Counts letters, not of unit length; knows questions from texts, as some models do."""

    def _get_text_embedding(self, text: str) -> list[float]:
        if "FAIL" in text:
            raise RuntimeError("key sk-secret\nis wrong")
        return [3.0 * text.lower().count(letter) for letter in string.ascii_lowercase]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query.removeprefix("query: "))

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


def test_an_embedding_of_theirs_makes_and_opens_a_library(tmp_path: Path) -> None:
    embedding = LettersEmbedding(model_name="letters", embed_batch_size=2)
    with Library.open(tmp_path / "library", embedder=embedding, create=True) as library:
        library.add([invented(n) for n in range(5)] + [make_paper("Zoo", "zzz zz xx qq.")])
        assert (library.embedder.name, library.embedder.dimensions) == ("letters", 26)
        assert np.linalg.norm(library.embedder.embed(["a tide"]), axis=1) == pytest.approx([1.0])
    with Library.open(tmp_path / "library", embedder=LettersEmbedding(model_name="letters")) as it:
        assert it.search("query: zzzz xx", k=1)[0].paper.title == "Zoo"
        asked = query_vector(it.embedder, "query: zzzz xx")
        assert np.array_equal(asked, it.embedder.embed(["zzzz xx"])[0])
        assert not CitedQueryEngine(it).ask("Which tide rose in harbour3?").abstained
        assert it.embedder.embed([]).shape == (0, 26)
        with pytest.raises(ModelError) as caught:
            it.add([make_paper("FAIL", "Tides.")])
        assert str(caught.value) == "embedding letters failed (RuntimeError)"
    with pytest.raises(EmbedderMismatch):
        Library.open(tmp_path / "library", embedder=MockEmbedding(8))


class Backwards(BaseNodePostprocessor):
    """Turns the nodes round, with scores of its own scale."""

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        backwards = reversed(nodes)
        return [NodeWithScore(node=n.node, score=9.0 - at) for at, n in enumerate(backwards)]


class Broken(BaseNodePostprocessor):
    """Fails."""

    def _postprocess_nodes(self, nodes: Any, query_bundle: Any = None) -> list[NodeWithScore]:
        raise RuntimeError("key sk-secret\nis wrong")


def test_postprocessors_order_and_cut_the_papers_before_they_are_read(
    demo_library: Library, engine: CitedQueryEngine
) -> None:
    own = engine.ask(QUESTION).hits
    cut = SimilarityPostprocessor(similarity_cutoff=own[2].score)
    hits = CitedQueryEngine(demo_library, node_postprocessors=[cut]).ask(QUESTION).hits
    assert hits == own[:3]
    both = CitedQueryEngine(demo_library, node_postprocessors=[cut, Backwards()])
    answer = both.ask(QUESTION)
    assert [hit.paper.id for hit in answer.hits] == [hit.paper.id for hit in own[2::-1]]
    assert [(hit.score, hit.scale, hit.rank) for hit in answer.hits] == [
        (1.0, "reranked", 1),
        (0.5, "reranked", 2),
        (0.0, "reranked", 3),
    ]
    assert {node.metadata["scale"] for node in both.query(QUESTION).source_nodes} == {"reranked"}
    assert {paper.id for paper in answer.papers} <= {hit.paper.id for hit in own[:3]}


def test_a_postprocessor_that_fails_is_skipped_and_named(
    demo_library: Library, engine: CitedQueryEngine
) -> None:
    answer = CitedQueryEngine(demo_library, node_postprocessors=[Broken()]).ask(QUESTION)
    assert (answer.text, answer.hits) == (engine.ask(QUESTION).text, engine.ask(QUESTION).hits)
    assert answer.reason == "Broken failed (RuntimeError); papers are ordered without it"
