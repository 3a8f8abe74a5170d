"""Footnote: questions over paper abstracts, answered with checked quotes.

    import footnote

    with footnote.open("papers") as papers:
        papers.add([{"title": "Deep Residual Learning", "abstract": "We ..."}])
        print(papers.ask("Does depth help?").text)

Every name is imported when it is first used, so that ``import footnote`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footnote.api import Footnote as Footnote
    from footnote.api import open as open
    from footnote.index import EmbedderMismatch as EmbedderMismatch
    from footnote.index import FootnoteError as FootnoteError
    from footnote.index import LibraryError as LibraryError
    from footnote.index import LibraryLocked as LibraryLocked
    from footnote.index import LibraryNotFound as LibraryNotFound
    from footnote.index import ModelError as ModelError
    from footnote.index import SourceError as SourceError
    from footnote.index.library import Library as Library
    from footnote.index.models import Hit as Hit
    from footnote.index.models import Paper as Paper
    from footnote.index.search.filters import Filters as Filters
    from footnote.rag import ComposerError as ComposerError
    from footnote.rag import QuestionError as QuestionError
    from footnote.rag import RerankError as RerankError
    from footnote.rag.answer import Answer as Answer
    from footnote.rag.answer import Citation as Citation
    from footnote.rag.answer import Delta as Delta
    from footnote.rag.answer import Statement as Statement
    from footnote.rag.answer import Turn as Turn
    from footnote.rag.engine import CitedQueryEngine as CitedQueryEngine
    from footnote.rag.verification.sentence_check import CheckedSentence as CheckedSentence

_HOMES = {
    "Answer": "footnote.rag.answer",
    "CheckedSentence": "footnote.rag.verification.sentence_check",
    "Citation": "footnote.rag.answer",
    "CitedQueryEngine": "footnote.rag.engine",
    "ComposerError": "footnote.rag",
    "Delta": "footnote.rag.answer",
    "EmbedderMismatch": "footnote.index",
    "Filters": "footnote.index.search.filters",
    "Footnote": "footnote.api",
    "FootnoteError": "footnote.index",
    "Hit": "footnote.index.models",
    "Library": "footnote.index.library",
    "LibraryError": "footnote.index",
    "LibraryLocked": "footnote.index",
    "LibraryNotFound": "footnote.index",
    "ModelError": "footnote.index",
    "Paper": "footnote.index.models",
    "QuestionError": "footnote.rag",
    "RerankError": "footnote.rag",
    "SourceError": "footnote.index",
    "Statement": "footnote.rag.answer",
    "Turn": "footnote.rag.answer",
    "open": "footnote.api",
}

__all__ = [
    "Answer",
    "CheckedSentence",
    "Citation",
    "CitedQueryEngine",
    "ComposerError",
    "Delta",
    "EmbedderMismatch",
    "Filters",
    "Footnote",
    "FootnoteError",
    "Hit",
    "Library",
    "LibraryError",
    "LibraryLocked",
    "LibraryNotFound",
    "ModelError",
    "Paper",
    "QuestionError",
    "RerankError",
    "SourceError",
    "Statement",
    "Turn",
    "open",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'footnote' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
