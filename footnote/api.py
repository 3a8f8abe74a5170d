"""Footnote: a library and the engine that answers over it, opened as one object."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from footnote.index import SourceError
from footnote.index.embeddings.configured import configured_embedder
from footnote.index.embeddings.protocols import Embedder
from footnote.index.library import Library
from footnote.index.models import Hit, Paper
from footnote.index.readers.gathering import Gathered
from footnote.index.readers.record import describe_fault, parse_paper
from footnote.index.search.filters import EVERYTHING, Filters
from footnote.index.storage.ingest.tallies import Added
from footnote.rag.answer import Answer, Event, Turn
from footnote.rag.build import configured_engine, engine_with
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.query.question import understand
from footnote.rag.verification.sentence_check import CheckedSentence, SentenceChecker, check_text

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import LLM

_log = logging.getLogger(__name__)


class Footnote:
    """A library of papers, and the engine that answers questions over it.

    Attributes:
        library: Stores and searches the papers.
        engine: Answers; a LlamaIndex query engine.
    """

    def __init__(self, library: Library, engine: CitedQueryEngine) -> None:
        """Takes both as they are; ``footnote.open`` makes them."""
        self.library = library
        self.engine = engine

    def add(self, papers: Iterable[Paper | Mapping[str, object]]) -> Added:
        """Adds papers; one that the library holds already is updated.

        Args:
            papers: ``Paper`` objects, or records with ``abstract`` and, where known, ``title``,
                ``arxiv_id``, ``doi``, ``authors``, ``published``, ``venue``, ``url``.

        Raises:
            SourceError: A record cannot be used; nothing is added.
            LibraryLocked: Another process is writing.
        """
        return self.library.add([_paper(at, paper) for at, paper in enumerate(papers, 1)])

    def add_files(self, *paths: str | Path) -> Added:
        """Adds the papers in files and folders of any format that the command line reads.

        A record that cannot be used is logged as a warning, and the others are added.

        Raises:
            SourceError: A file cannot be read; nothing is added.
            LibraryLocked: Another process is writing.
        """
        with Gathered() as found:
            for path in paths:
                found.take(Path(path))
            found.check()
            for failed in found.failures:
                raise SourceError(f"{failed.name}: {failed.error}")
            for problem in (p for file in found.files for p in file.problems):
                _log.warning("%s", problem)
            return self.library.add_records(found.records(), names=found.names)

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """Returns up to ``k`` papers, best first, by meaning and by words.

        Raises:
            QuestionError: The query is empty, too long, or not text.
        """
        question = understand(query, longest=self.engine.longest)
        return self.engine.retriever.find(question, k=k, filters=filters or EVERYTHING).hits

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        *,
        thorough: bool = False,
    ) -> Answer:
        """Returns the answer to a question.

        Args:
            question: What is asked.
            history: The conversation so far; a follow-up is read in its light.
            filters: Which papers may be found.
            thorough: Whether the answer is a literature review, which takes many calls of a model.

        Raises:
            QuestionError: The question is empty, too long, or not text.
            ComposerError: A thorough answer was asked for, and no model writes.
        """
        return self.engine.ask(question, history, filters or EVERYTHING, thorough=thorough)

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        *,
        thorough: bool = False,
    ) -> Iterator[Event]:
        """Yields each ``Stage``, the text as ``Delta`` objects, and at last the ``Answer``.

        A thorough answer also yields what stands of it (``Standing``) with each part that is whole.
        With a model, ``PapersToRead`` come before the text, and a ``JudgedSentence`` as soon as a
        sentence is whole. Pass over what you do not know.
        """
        return self.engine.stream(question, history, filters or EVERYTHING, thorough=thorough)

    def check(
        self, text: str, references: Mapping[str, Sequence[str]] | None = None
    ) -> list[CheckedSentence]:
        """Returns for each sentence of a text whether the papers that it cites support it.

        Args:
            text: Markdown or LaTeX with citations and its list of references.
            references: What names each paper (title, DOI, arXiv number), by citation key.
        """
        return list(check_text(SentenceChecker(self.library), text, references))

    def close(self) -> None:
        """Closes every file of the library."""
        self.library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def open(
    path: str | Path,
    *,
    embedder: "Embedder | BaseEmbedding | None" = None,
    llm: "LLM | None" = None,
) -> Footnote:
    """Opens the library in a folder, and makes an empty one where there is none.

    What is not given is as the settings ask for it (``footnote settings`` shows them): quotes
    alone where no language model is configured, and all-MiniLM-L6-v2 as the embedder.

    Args:
        path: Its folder.
        embedder: One of ours or any LlamaIndex embedding; the one that made the library.
        llm: Any LlamaIndex language model, to write the answers.

    Raises:
        EmbedderMismatch: Another embedder made the library.
        LibraryError: The folder is something else, or cannot be written.
        FootnoteError: A setting is wrong.
    """
    chosen = embedder or configured_embedder()
    library = Library.open(Path(path), embedder=chosen, create=True)
    try:
        return Footnote(library, engine_with(library, llm) if llm else configured_engine(library))
    except BaseException:
        library.close()
        raise


def _paper(number: int, given: Paper | Mapping[str, object]) -> Paper:
    """Returns the paper that was given; ``number`` is its place, from 1."""
    if isinstance(given, Paper):
        return given
    try:
        return parse_paper(given)
    except ValueError as error:
        raise SourceError(f"paper {number}: {describe_fault(error)}") from error
