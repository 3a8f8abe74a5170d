"""A server folds its library while nobody waits, and stops as soon as somebody does."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import HashedWords, invented

from footnote.index.library import Library
from footnote.index.storage.history.backlog import FEWEST_FOLDED
from footnote.ui.web.server.idle import Activity, IdleWork

EVERY = 0.02


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library of which a new collection is due."""
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        library.add([invented(n) for n in range(9)])
        library.add([invented(n) for n in range(9, 20 + FEWEST_FOLDED)], fold=False)
        yield library


def wait_until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_a_library_is_folded_while_nobody_waits(library: Library) -> None:
    assert library.status().generation == 1
    with IdleWork(library, lambda: False, every=EVERY):
        wait_until(lambda: not library.needs_tidying())
    assert (library.status().generation, library.status().unfolded) == (2, 0)


def test_nothing_is_begun_while_somebody_waits(library: Library) -> None:
    activity, go_on = Activity(), threading.Event()

    def parts() -> Iterator[int]:
        yield 1
        assert go_on.wait(20)

    answer = activity.watch(parts())
    next(answer)
    with IdleWork(library, lambda: activity.busy, every=EVERY):
        time.sleep(10 * EVERY)
        assert library.status().generation == 1
        go_on.set()
        assert list(answer) == []
        wait_until(lambda: not library.needs_tidying())


def test_an_answer_that_is_given_up_is_no_longer_under_way() -> None:
    activity = Activity()
    answer = activity.watch(iter([1, 2]))
    assert not activity.busy
    next(answer)
    assert activity.busy
    answer.close()
    assert not activity.busy


def test_a_fold_stops_where_somebody_comes_and_goes_on_later(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("footnote.index.search.fold._AT_ONCE", 10)
    asked: list[bool] = []

    def busy() -> bool:
        # Nobody at first; then somebody, for a while.
        asked.append(True)
        return 3 < len(asked) < 8

    with IdleWork(library, busy, every=EVERY):
        wait_until(lambda: not library.needs_tidying())
    assert len(asked) >= 8
    assert library.status().generation == 2
    assert len(library.search("tide", k=1000)) == library.size


def test_after_a_fault_it_is_tried_more_and_more_seldom(library: Library) -> None:
    tried: list[float] = []

    def busy() -> bool:
        tried.append(time.monotonic())
        raise ConnectionError("gone")

    with IdleWork(library, busy, every=EVERY):
        wait_until(lambda: len(tried) > 4)
    first, *_, last = [b - a for a, b in itertools.pairwise(tried)]
    assert last > 2 * first


def test_the_work_outlives_a_fault(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    faults: list[int] = []

    def busy() -> bool:
        if not faults:
            faults.append(1)
            raise ConnectionError("gone")
        return False

    with IdleWork(library, busy, every=EVERY):
        wait_until(lambda: not library.needs_tidying())
    assert "tidying failed" in caplog.text
