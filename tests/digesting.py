"""Digests for tests of what delivers them: over invented papers, and of scripted answers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from conftest import HashedWords, invented

from footnote.index.library import Library
from footnote.rag.answer import Answer
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.digests.build import Digest
from footnote.ui.storage.topics import Topic
from tests.scripted import abstained, answered

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def harbours(folder: Path, count: int) -> CitedQueryEngine:
    """Returns what answers over so many invented papers."""
    library = Library.open(folder / "library", embedder=HashedWords(), create=True)
    library.add(map(invented, range(count)))
    return CitedQueryEngine(library)


def digest(
    id: str = "aa11", text: str = "Glass sponges", *, mark: int = 3, later: int = 0,
    answer: Answer | None = None,
) -> Digest:  # fmt: skip
    """Returns a digest of a scripted answer, made so many minutes after noon."""
    made = NOON + timedelta(minutes=later)
    return Digest(Topic(id, text, NOON, mark), mark + 2, 2, answer or answered(text), made)


def nothing(id: str = "bb22") -> Digest:
    """Returns a digest in which two new papers answer nothing."""
    return digest(id, "Tungsten", answer=abstained("Tungsten"))
