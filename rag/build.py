"""Build: create an engine over a library from the settings, for programs and commands."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from footnote.index.library import LibraryReader
from footnote.index.settings import INDEX_SECTIONS, Section, read_sources
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.chat.endpoints.chosen import add_chosen
from footnote.rag.generation.extractive import ExtractiveComposer
from footnote.rag.generation.settings import LLMSettings
from footnote.rag.generation.thorough.settings import ThoroughSettings
from footnote.rag.query.question import MAX_CHARACTERS
from footnote.rag.retrieval.hybrid import HybridRetriever
from footnote.rag.retrieval.reranking.rerank import Reranker, RerankSettings, reranker_from

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from footnote.rag.generation.chat.client import ChatClient

RAG_SECTIONS: tuple[type[Section], ...] = (
    *INDEX_SECTIONS,
    LLMSettings,
    ThoroughSettings,
    RerankSettings,
)


def build_engine(
    library: LibraryReader,
    *,
    model: LLMSettings | None = None,
    reranker: Reranker | None = None,
    longest: int = MAX_CHARACTERS,
) -> CitedQueryEngine:
    """Returns an engine over a library.

    Args:
        library: The papers to answer from.
        model: The model that writes; None only quotes.
        reranker: Reorders the best hits; None keeps our order.
        longest: Maximum characters of a question.
    """
    retriever = HybridRetriever(library, reranker=reranker)
    if model is None:
        composer = ExtractiveComposer()
        return CitedQueryEngine(library, composer, retriever=retriever, longest=longest)
    from footnote.rag.generation.chat.endpoints.profile import open_memory
    from footnote.rag.generation.llm import LLMComposer

    writer = LLMComposer(model, embedder=library.embedder, memory=open_memory(model))
    return CitedQueryEngine(library, writer, retriever=retriever, longest=longest)


def engine_with(library: LibraryReader, llm: "LLM") -> CitedQueryEngine:
    """Returns an engine whose answers a LlamaIndex ``LLM`` writes.

    Args:
        library: The papers to answer from.
        llm: Any LlamaIndex model, which has its own address and key.
    """
    from footnote.rag.generation.chat.llm_adapter import LLMChat

    return engine_through(library, LLMChat(llm))


def engine_through(library: LibraryReader, chat: "ChatClient") -> CitedQueryEngine:
    """Returns an engine whose answers come through a chat client, such as recorded replies."""
    from footnote.rag.generation.llm import LLMComposer

    return CitedQueryEngine(library, LLMComposer(chat.config, embedder=library.embedder, chat=chat))


def configured_engine(
    library: LibraryReader, environ: Mapping[str, str] | None = None
) -> CitedQueryEngine:
    """Returns an engine configured by the environment, ``footnote.toml`` and the page.

    Args:
        library: The papers to answer from.
        environ: Settings by environment variable; None reads the process environment.

    Raises:
        FootnoteError: A setting is wrong.
    """
    if environ is None:
        environ = add_chosen(read_sources(RAG_SECTIONS), RAG_SECTIONS)
    model, reranker = LLMSettings.from_environment(environ), reranker_from(environ)
    return build_engine(library, model=model, reranker=reranker)
