"""One batch is embedded while the one before it is stored, and none that nobody will store."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from footnote.index.embeddings.protocols import Matrix
from footnote.index.library import Library
from footnote.index.storage.ingest import pipeline
from tests.conftest import HashedWords, invented

PAPERS = [invented(number) for number in range(1, 10)]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "BATCH_PAPERS", 3)


class Watched(HashedWords):
    """Tells when it begins with its second batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0
        self.second = threading.Event()

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.batches += 1
        if self.batches == 2:
            self.second.set()
        return super().embed(texts)


def test_the_next_batch_is_embedded_while_one_is_stored(tmp_path: Path) -> None:
    embedder, begun = Watched(), list[bool]()
    with Library.open(tmp_path, embedder=HashedWords(), create=True) as library:
        library.embedder = embedder
        library.add(PAPERS, on_progress=lambda done: begun.append(embedder.second.wait(10)))
        assert begun == [True, True, True]
        assert embedder.batches == 3
        assert library.waiting == 0
        hits = library.search("gull5 and crab5", k=1)
    assert hits[0].paper.id == PAPERS[4].id


def test_whoever_stops_has_no_batch_embedded_for_nothing(tmp_path: Path) -> None:
    embedder = Watched()
    with Library.open(tmp_path, embedder=embedder, create=True) as library:
        pipeline.add_records(library._catalog, [(0, paper) for paper in PAPERS])
        pipeline.embed_rest(library._catalog, embedder, stopped=lambda: True)
        assert embedder.batches == 1
        assert library.waiting == 6


def test_an_embedder_that_fails_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    class Failing(Watched):
        def embed(self, texts: Sequence[str]) -> Matrix:
            found = super().embed(texts)
            if self.batches == 3:
                raise RuntimeError("the endpoint is gone")
            return found

    with Library.open(tmp_path, embedder=HashedWords(), create=True) as library:
        library.embedder = Failing()
        with pytest.raises(RuntimeError, match="gone"):
            library.add(PAPERS)
        assert library.waiting == 3
