"""The same work done four ways: Footnote, LlamaIndex's quick start, bare Chroma, bare bm25s.

``footnote.evals.lab.bench.quickstart`` runs each way in a process of its own. A library is
imported by the way that uses it, not at the top, so that the peak memory of each way is its own.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from footnote.evals.lab.bench.subprocesses import milliseconds
from footnote.index.models import Paper

# Hits of a search, as in an answer of Footnote's.
HITS = 20
# Papers behind an answer: what Footnote reads (footnote.rag.retrieval.evidence.READ_PAPERS).
READ = 5
# Chroma refuses more rows than this in one call (5,461 as measured on 1.5.9).
CHROMA_ROWS = 5000


class Way(Protocol):
    """One way of doing the work; papers have distinct ids."""

    def add(self, papers: Sequence[Paper]) -> None:
        """Indexes papers, and writes what a later process needs to search them."""

    def search(self, query: str) -> list[str]:
        """Returns the ids of the papers found, best first."""


class Footnote:
    """This project: a library, hybrid search, answers made of checked quotes."""

    def __init__(self, folder: Path) -> None:
        """Opens an empty library."""
        from footnote.index.embeddings.base import MiniLM
        from footnote.index.library import Library
        from footnote.rag.engine import CitedQueryEngine

        self._library = Library.open(folder, embedder=MiniLM(), create=True)
        self._engine = CitedQueryEngine(self._library, k=HITS)

    def add(self, papers: Sequence[Paper]) -> None:
        """Adds papers to the library."""
        self._library.add(papers)

    def search(self, query: str) -> list[str]:
        """Returns what the hybrid retriever finds."""
        return [hit.paper.id for hit in self._engine.retriever.search(query, k=HITS)]

    def answer(self, query: str) -> object:
        """Returns an extractive answer."""
        return self._engine.ask(query)


class LlamaIndex:
    """LlamaIndex's quick start: a vector index over Chroma, and its citation query engine.

    Our embedder, and an LLM that gives its prompt back at once: a real one only adds to it.
    """

    def __init__(self, folder: Path) -> None:
        """Opens an empty collection."""
        import chromadb
        from llama_index.core.llms import MockLLM
        from llama_index.core.storage import StorageContext
        from llama_index.vector_stores.chroma import ChromaVectorStore

        from footnote.index.embeddings.base import MiniLM

        client = chromadb.PersistentClient(str(folder))
        collection = client.create_collection("papers", embedding_function=None)
        store = ChromaVectorStore(chroma_collection=collection)
        self._storage = StorageContext.from_defaults(vector_store=store)
        self._embedder, self._llm = MiniLM(), MockLLM()
        self._retriever: Any = None
        self._engine: Any = None

    def add(self, papers: Sequence[Paper]) -> None:
        """Makes the index of one document a paper, its title as metadata."""
        from llama_index.core.indices import VectorStoreIndex
        from llama_index.core.query_engine import CitationQueryEngine
        from llama_index.core.schema import Document

        documents = [
            Document(id_=p.id, text=p.abstract, metadata={"title": p.title}) for p in papers
        ]
        made = VectorStoreIndex.from_documents(
            documents, storage_context=self._storage, embed_model=self._embedder
        )
        self._retriever = made.as_retriever(similarity_top_k=HITS)
        self._engine = CitationQueryEngine.from_args(made, llm=self._llm, similarity_top_k=READ)

    def search(self, query: str) -> list[str]:
        """Returns the paper of each node found."""
        return list(dict.fromkeys(hit.node.ref_doc_id for hit in self._retriever.retrieve(query)))

    def answer(self, query: str) -> object:
        """Returns the citation engine's response."""
        return self._engine.query(query)


class Chroma:
    """A bare Chroma collection with one of our vectors a paper."""

    def __init__(self, folder: Path) -> None:
        """Opens an empty collection."""
        import chromadb

        from footnote.index.embeddings.base import MiniLM

        client = chromadb.PersistentClient(str(folder))
        self._collection = client.create_collection(
            "papers", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        self._embedder = MiniLM()

    def add(self, papers: Sequence[Paper]) -> None:
        """Adds ids and vectors, as many at once as Chroma takes."""
        for at in range(0, len(papers), CHROMA_ROWS):
            part = papers[at : at + CHROMA_ROWS]
            vectors = self._embedder.embed([whole_text(paper) for paper in part])
            self._collection.add([paper.id for paper in part], vectors)

    def search(self, query: str) -> list[str]:
        """Returns the nearest papers."""
        vector = self._embedder.embed([query])
        return self._collection.query(query_embeddings=vector, n_results=HITS, include=[])["ids"][0]


class Bm25s:
    """A bm25s index of words, as its README has it, without a stemmer."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder to save the index in."""
        import bm25s

        self._folder = folder
        self._tokenize = bm25s.tokenize
        self._bm25 = bm25s.BM25()
        self._ids: list[str] = []

    def add(self, papers: Sequence[Paper]) -> None:
        """Makes the index and saves it."""
        texts = [whole_text(paper) for paper in papers]
        self._bm25.index(self._tokenize(texts, show_progress=False), show_progress=False)
        self._bm25.save(self._folder)
        self._ids = [paper.id for paper in papers]

    def search(self, query: str) -> list[str]:
        """Returns the papers of the highest scores."""
        words = self._tokenize([query], show_progress=False)
        k = min(HITS, len(self._ids))
        found = self._bm25.retrieve(words, k=k, show_progress=False)
        rows = zip(found.documents[0], found.scores[0], strict=True)
        return [self._ids[row] for row, score in rows if score > 0]


WAYS: dict[str, Callable[[Path], Way]] = {
    "footnote": Footnote,
    "llamaindex": LlamaIndex,
    "chroma": Chroma,
    "bm25s": Bm25s,
}


def whole_text(paper: Paper) -> str:
    """Returns the title and the abstract as one text."""
    return f"{paper.title} {paper.abstract}"


def measure(
    name: str, folder: Path, papers: Sequence[Paper], queries: Sequence[str]
) -> dict[str, Any]:
    """Returns seconds to add, milliseconds of each search and answer, and what was found.

    The first query is searched and answered once before, since it pays for loading.
    """
    way = WAYS[name](folder)
    added = milliseconds(lambda: way.add(papers)) / 1000
    answer: Callable[[str], object] | None = getattr(way, "answer", None)
    found: list[list[str]] = []
    way.search(queries[0])
    searched = [milliseconds(lambda q=q: found.append(way.search(q))) for q in queries]  # type: ignore[misc]
    answered: list[float] = []
    if answer:
        answer(queries[0])
        answered = [milliseconds(lambda q=q: answer(q)) for q in queries]  # type: ignore[misc]
    return {"add_s": added, "search_ms": searched, "answer_ms": answered, "found": found}
