"""A Ray cluster of two actors embeds what is embedded here, also if one of them is killed.

``make live`` installs Ray. One cluster serves all tests: it takes seconds to start.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from conftest import holds, invented

from footnote.index import ModelError
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import BatchEmbedder, Embedder, TokenEmbedder
from footnote.index.library import Library
from footnote.index.storage.ingest import pipeline
from footnote.index.storage.ingest.ray_workers import RayEmbedder
from tests.command import inside

# As /proc/net writes them: a socket that listens; 127.0.0.1, the same within IPv6, and ::1.
LISTENS = "0A"
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
PAPERS = [invented(n) for n in range(60)]


@pytest.fixture(scope="module")
def shared(embedder: MiniLM) -> Iterator[RayEmbedder]:
    if find_spec("ray") is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("Ray is not installed; install it with: make live")
    with RayEmbedder(embedder, "ray", workers=2) as made:
        yield made


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has many batches made of few papers."""
    monkeypatch.setattr(pipeline, "BATCH_PAPERS", 3)


@pytest.fixture(scope="module")
def here(embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library of the same papers that were embedded in this process."""
    folder = tmp_path_factory.mktemp("here") / "library"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add(PAPERS, fold=False)
        yield library


def family() -> Iterator[Path]:
    """Yields this process and all that it started, each as its folder in /proc."""
    parents: dict[str, list[str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            parents.setdefault(parent, []).append(folder.name)
    waiting = [str(os.getpid())]
    while waiting:
        yield Path("/proc", waiting[-1])
        waiting += parents.get(waiting.pop(), [])


def actors() -> list[int]:
    """Returns the processes of the living actors."""
    found = []
    for folder in family():
        with suppress(OSError):
            if (folder / "cmdline").read_bytes().startswith(b"ray::EmbeddingActor"):
                found.append(int(folder.name))
    return found


def listening() -> set[str]:
    """Returns the addresses that this process and all that it started listen on, in hexadecimal."""
    sockets = set[str]()
    for folder in family():
        with suppress(OSError):
            sockets |= {str(one.readlink()) for one in (folder / "fd").iterdir()}
    found = set[str]()
    for table in ("tcp", "tcp6"):
        for row in Path("/proc/net", table).read_text().splitlines()[1:]:
            columns = row.split()
            if columns[3] == LISTENS and f"socket:[{columns[9]}]" in sockets:
                found.add(columns[1].partition(":")[0])
    return found


def assert_same(library: Library, here: Library) -> None:
    """Each paper is there once, and the vectors differ by less than 1e-6 in every number."""
    mine, other = holds(library._catalog), holds(here._catalog)
    assert mine["papers"] == other["papers"]
    assert [row[:3] for row in mine["passages"]] == [row[:3] for row in other["passages"]]
    numbers = here._catalog.passages.numbers()
    assert library._catalog.passages.numbers() == numbers
    vectors = [one._catalog.vectors.read(numbers)[1] for one in (library, here)]
    assert np.abs(vectors[0] - vectors[1]).max() < 1e-6
    assert [row[:2] for row in mine["tokens"]] == [row[:2] for row in other["tokens"]]


def test_it_is_an_embedder_that_takes_batches(shared: RayEmbedder) -> None:
    assert isinstance(shared, Embedder)
    assert isinstance(shared, TokenEmbedder)
    assert isinstance(shared, BatchEmbedder)


def test_a_killed_actor_costs_no_paper_and_brings_none_twice(
    shared: RayEmbedder, here: Library, tmp_path: Path
) -> None:
    done: list[int] = []
    killed: list[int] = []

    def kill(count: int) -> None:
        done.append(count)
        if sum(done) >= 15 and not killed:
            killed.append(actors()[0])
            os.kill(killed[0], signal.SIGKILL)

    folder = tmp_path / "library"
    with Library.open(folder, embedder=shared, create=True) as library:
        library.add(PAPERS, on_progress=kill, fold=False)
        assert killed
        assert sum(done) == len(PAPERS)
        assert library.waiting == 0
        assert_same(library, here)
        # Another one works in its place.
        assert killed[0] not in actors()
        library.add([invented(99)], fold=False)
        assert library.search(invented(99).abstract, k=1)[0].paper == invented(99)


def test_a_library_is_embedded_anew_on_the_cluster(
    shared: RayEmbedder, here: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "library"
    with Library.open(folder, embedder=shared, create=True) as library:
        library.add(PAPERS[:7], fold=False)
    with Library.rebuild(folder, embedder=shared) as library:
        assert library.size == 7
        for paper in PAPERS[:7]:
            assert library.search(paper.abstract, k=1)[0].paper.id == paper.id


def test_papers_without_a_text_and_no_papers_are_no_work(
    shared: RayEmbedder, tmp_path: Path
) -> None:
    assert list(shared.embed_batches([])) == []
    assert [len(batch) for batch in shared.embed_batches([[], ["Tides rise."], []])] == [0, 1, 0]


def test_the_cluster_listens_on_this_machine_alone(shared: RayEmbedder) -> None:
    list(shared.embed_batches([["Tides rise."]]))
    assert listening()
    assert listening() <= LOOPBACK


def test_what_is_no_cluster_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    source = tmp_path / "papers.jsonl"
    source.write_text("{", "utf-8")
    ran = inside("index", source, "--library", tmp_path / "library", "--workers", "many")
    assert (ran.status, ran.out) == (2, "")
    assert "--workers 'many' is no cluster; give ray" in ran.err
    assert ran.err.count("\n") == 1


def test_ray_that_is_not_installed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    from footnote.index.storage.ingest.ray_cluster import check_workers

    with pytest.raises(ModelError, match=r"run: pip install 'footnote-papers\[ray\]'"):
        check_workers("ray")


def test_a_model_at_an_endpoint_needs_no_cluster(tmp_path: Path) -> None:
    from tests.endpoint import embeds, serve

    if find_spec("ray") is None:
        pytest.skip("Ray is not installed; install it with: make live")
    source = tmp_path / "papers.jsonl"
    source.write_text('{"title": "Tides", "abstract": "Tides rise."}\n', "utf-8")
    with serve(embeds()) as endpoint:
        ran = inside(
            "index", source, "--library", tmp_path / "library", "--workers", "ray",
            FOOTNOTE_EMBEDDING_MODEL="scripted", OPENAI_BASE_URL=endpoint.url,
        )  # fmt: skip
    assert (ran.status, ran.out) == (2, "")
    assert "FOOTNOTE_EMBEDDING_MODEL asks an endpoint for scripted" in ran.err
