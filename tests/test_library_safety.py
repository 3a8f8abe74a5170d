"""A killed writer loses nothing that was committed; writers exclude each other; readers go on."""

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from conftest import HashedWords, invented, processes

from footnote.index import LibraryLocked
from footnote.index.library import SNAPSHOTS, Filters, Library
from footnote.index.models import Paper
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.pipeline import BATCH_PAPERS, Added

FIRST = [invented(n) for n in range(10)]
BATCHES = 6
MANY = [invented(n) for n in range(BATCH_PAPERS * BATCHES)]


def write(path: Path, batches: int, said: Connection) -> None:
    """Adds papers in a process of its own, and says so after every batch and at the end."""
    with Library.open(path, embedder=HashedWords()) as library:
        papers = MANY[: batches * BATCH_PAPERS]
        library.add(papers, on_progress=lambda _: said.send("batch"))
    said.send("done")


def read(path: Path, said: Connection) -> None:
    """Answers in a process of its own with how many papers a search finds, when asked."""
    with Library.open(path, embedder=HashedWords()) as library:
        said.send("open")
        while said.recv():
            said.send(len(library.search("tide", k=1000)))


def start(target: Callable[..., None], *args: object) -> tuple[BaseProcess, Connection]:
    """Starts a process that speaks to us; when it dies, listening to it fails at once."""
    ours, theirs = processes.Pipe()
    child = processes.Process(target=target, args=(*args, theirs))
    child.start()
    theirs.close()
    return child, ours


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    """A closed library of ten papers, to be copied."""
    folder = tmp_path_factory.mktemp("shelf") / "library"
    with Library.open(folder, embedder=HashedWords(), create=True) as library:
        library.add(FIRST)
    return folder


@pytest.fixture
def path(shelf, tmp_path) -> Path:
    return Path(shutil.copytree(shelf, tmp_path / "library"))


@pytest.fixture
def library(path) -> Iterator[Library]:
    with Library.open(path, embedder=HashedWords()) as library:
        yield library


def found(library: Library) -> set[str]:
    """Returns the papers that are found by words, and by meaning as far as they are embedded."""
    by_words = {hit.paper.id for hit in library.search("tide", k=1000, by="bm25")}
    by_meaning = {hit.paper.id for hit in library.search("tide", k=1000)}
    assert by_meaning <= by_words
    assert len(by_words - by_meaning) == library.status().waiting
    return by_words


def ids(papers: list[Paper]) -> set[str]:
    return {paper.id for paper in papers}


# Kills. The last two come after the last batch, while the snapshot is written.


@pytest.mark.parametrize(
    ("batches", "wait"),
    [
        pytest.param(1, 0.0, marks=pytest.mark.long),
        (3, 0.004),
        pytest.param(BATCHES, 0.0, marks=pytest.mark.long),
        (BATCHES, 0.08),
    ],
)
def test_a_killed_writer_loses_nothing_committed_and_adding_again_completes(path, batches, wait):
    child, said = start(write, path, BATCHES)
    for _ in range(batches):
        assert said.recv() == "batch"
    time.sleep(wait)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    embedder = HashedWords()
    with Library.open(path, embedder=embedder) as library:
        assert library.size >= batches * BATCH_PAPERS
        assert found(library) == ids(list(library.papers()))
        assert embedder.texts.count("tide") == len(embedder.texts)
        committed = library.size
        waiting = library.status().waiting
        # The first to be told are those that were there before.
        assert waiting <= len(MANY) - (batches - 1) * BATCH_PAPERS
        embedder.texts.clear()
        added = library.add(MANY)
        assert added == Added(new=len(MANY) - committed, unchanged=committed)
        assert found(library) == ids(MANY)
        assert library.status().passages == len(MANY)
        assert len({*embedder.texts} - {"tide"}) == waiting
    assert sorted(p.name for p in (path / SNAPSHOTS).iterdir() if not p.name.isdecimal()) == []


def test_a_kill_while_a_library_is_made_leaves_one_that_can_be_opened(tmp_path):
    with Library.open(tmp_path / "whole", embedder=HashedWords(), create=True) as library:
        library.add(FIRST)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "catalog.sqlite3").touch()
    with Library.open(tmp_path / "cut", embedder=HashedWords()) as library:
        library.add(FIRST)
        assert found(library) == ids(FIRST)


def left_over(path: Path) -> list[str]:
    """Leaves what a writer does that is killed before or after it publishes."""
    names = ["7", "9.making"]
    for name in names:
        (path / SNAPSHOTS / name / "vectors").mkdir(parents=True)
    return names


def test_opening_sweeps_away_what_a_killed_writer_left(path):
    left = left_over(path)
    with Library.open(path, embedder=HashedWords()) as library:
        assert found(library) == ids(FIRST)
    assert not {p.name for p in (path / SNAPSHOTS).iterdir()} & {*left}


def test_opening_sweeps_nothing_away_while_another_writes(path, busy):
    left = left_over(path)
    with Library.open(path, embedder=HashedWords()) as reader:
        assert found(reader) == ids(FIRST)
    assert {*left} <= {p.name for p in (path / SNAPSHOTS).iterdir()}


def test_a_transaction_that_fails_leaves_nothing_of_itself():
    catalog = Catalog(Path(":memory:"))
    with suppress(ConnectionError), catalog._db.transaction():
        catalog.set_meta(half="done")
        raise ConnectionError
    assert catalog.meta("half") is None
    catalog.close()


# Writers.


class Slow:
    """Papers that come only when let, so that a writer is known to be writing."""

    def __init__(self) -> None:
        self.writing = threading.Event()
        self.go_on = threading.Event()

    def __iter__(self) -> Iterator[Paper]:
        self.writing.set()
        assert self.go_on.wait(30)
        yield invented(500)


@pytest.fixture
def busy(library) -> Iterator[Slow]:
    """The library, while a thread of this process is adding to it."""
    papers = Slow()
    thread = threading.Thread(target=library.add, args=(papers,))
    thread.start()
    assert papers.writing.wait(30)
    yield papers
    papers.go_on.set()
    thread.join()
    assert invented(500).id in found(library)


def refused_at_once(library: Library) -> None:
    start = time.monotonic()
    with pytest.raises(LibraryLocked, match=r"is writing .*; wait for it to end, then try"):
        library.add([invented(501)])
    assert time.monotonic() - start < 1


def test_a_second_writer_is_refused_at_once(path, busy):
    with Library.open(path, embedder=HashedWords()) as other:
        refused_at_once(other)
        assert invented(501).id not in ids(list(other.papers()))


def test_a_second_thread_that_writes_the_same_library_is_refused_at_once(library, busy):
    refused_at_once(library)


def test_a_rebuild_is_refused_while_another_writes(path, busy):
    with pytest.raises(LibraryLocked):
        Library.rebuild(path, embedder=HashedWords("other"))


def test_a_writer_in_another_process_is_refused_at_once(path, busy):
    child, said = start(write_expecting_refusal, path)
    assert said.recv() == "refused"
    child.join()


def write_expecting_refusal(path: Path, said: Connection) -> None:
    with Library.open(path, embedder=HashedWords()) as library:
        refused_at_once(library)
    said.send("refused")


def test_a_writer_that_failed_lets_the_next_one_in(library):
    def failing() -> Iterator[Paper]:
        yield invented(600)
        raise ConnectionError("the source is gone")

    with pytest.raises(ConnectionError):
        library.add(failing())
    assert library.add([invented(601)]).new == 1


def test_opening_while_another_writes_shows_the_last_snapshot(path, busy):
    with Library.open(path, embedder=HashedWords()) as reader:
        assert found(reader) == ids(FIRST)


# Readers.


def test_a_reader_that_is_open_sees_what_another_object_publishes(path, library):
    with Library.open(path, embedder=HashedWords()) as reader:
        assert found(reader) == ids(FIRST)
        library.add([invented(700)])
        assert found(reader) == ids([*FIRST, invented(700)])


def test_a_reader_outlives_the_other_object_of_its_process(path, library):
    with Library.open(path, embedder=HashedWords()) as other:
        assert found(other) == ids(FIRST)
    assert found(library) == ids(FIRST)


def test_a_reader_in_another_process_sees_what_is_published(path, library):
    child, said = start(read, path)
    assert said.recv() == "open"
    for number in range(700, 704):
        said.send(True)
        assert said.recv() == library.size
        library.add([invented(number)])
    said.send(False)
    child.join()
    assert child.exitcode == 0


def test_a_reader_keeps_answering_while_another_process_writes(path, library):
    child, said = start(write, path, BATCHES)
    answers, done = 0, False
    while not done:
        assert len(library.search("tide of harbour3", k=10)) == 10
        assert library.search("harbour3", k=1, by="bm25")[0].paper == FIRST[3]
        assert len(library.search("tide", k=10, filters=Filters(since=2021))) == 10
        assert library.status().papers >= len(FIRST)
        answers += 1
        time.sleep(0.01)
        done = said.poll() and said.recv() == "done"
    child.join()
    assert answers > 10
    assert found(library) == ids(MANY)


def test_many_threads_search_one_library_while_it_is_written(library):
    stop, faults = threading.Event(), []

    def search() -> None:
        while not stop.is_set():
            hits = library.search("tide", k=10)
            if len(hits) != 10:
                faults.append(len(hits))

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(800, 805):
        library.add([invented(number)])
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
