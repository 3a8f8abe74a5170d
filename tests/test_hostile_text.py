"""No question and no record takes longer than its length allows."""

import time
from collections.abc import Callable
from datetime import date

import pytest

from footnote.index.search.filters import names_of
from footnote.rag.query.filter_patterns import find_filter_matches

RUNS = {
    "capitalised words": "Aa ",
    "capitals": "A",
    "digits": "1",
    "hyphens": "-",
    "slashes": "/",
    "spaces": " ",
    "brackets": "(",
    "quotes": "'",
    "mixed": "A1-",
}
READERS: dict[str, Callable[[str], object]] = {
    "filters of a question": lambda text: find_filter_matches(
        f"Which papers on {text} systems since 2023 beat it?",
        lambda kind, name: False,
        date.today(),
    ),
    "names of a venue": lambda text: names_of("venue", text),
    "names of an author": lambda text: names_of("author", text),
}


def seconds(read: Callable[[str], object], text: str) -> float:
    def once() -> float:
        start = time.perf_counter()
        read(text)
        return time.perf_counter() - start

    return min(once() for _ in range(3))


def grows_with_its_length(read: Callable[[str], object], run: str, most: int) -> bool:
    """Returns whether four times the text takes at most six times as long, from 1 ms on."""
    length = 24
    while length * 4 <= most:
        taken = seconds(read, (run * length)[:length])
        if taken >= 0.001 and seconds(read, (run * length * 4)[: length * 4]) > 6 * taken:
            return False
        length *= 4
    return True


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_question_of_runs_is_read_in_step_with_its_length(
    read: Callable[[str], object], run: str
) -> None:
    assert any(grows_with_its_length(read, run, 4_000) for _ in range(3))


@pytest.mark.long
@pytest.mark.parametrize("first", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_question_of_two_runs_in_turn_is_read_in_step_with_its_length(
    read: Callable[[str], object], first: str
) -> None:
    for second in RUNS.values():
        assert any(grows_with_its_length(read, first + second, 4_000) for _ in range(3)), second
