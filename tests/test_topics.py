"""Topics are kept for each user, and each remembers what it has seen."""

import re
import stat
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from footnote.index import LibraryError
from footnote.rag import QuestionError
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.topics import Topic, TopicError, Topics
from tests.scripted import HOSTILE

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STRANGE = ["\x00", "\ud800", "' OR 1=1 --", "%", "ADA", "ada ", "x" * 100_000]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Topics]:
    with Topics.open(tmp_path / "kept" / "topics.sqlite3", clock=lambda: NOON) as opened:
        yield opened


def test_a_topic_is_kept_until_it_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "topics.sqlite3"
    with Topics.open(path, clock=lambda: NOON) as kept:
        tides = kept.add("ada", "  Which tides\nrise? ", mark=7)
        sponges = kept.add("ada", "glass sponges")
    with Topics.open(path) as kept:
        assert kept.list("ada") == [
            Topic(tides, "Which tides rise?", NOON, 7),
            Topic(sponges, "glass sponges", NOON, 0),
        ]
        kept.remove("ada", tides)
        assert [topic.id for topic in kept.list("ada")] == [sponges]


def test_an_identifier_can_be_typed(kept: Topics) -> None:
    ids = [kept.add("ada", f"Topic {number}") for number in range(99)]
    assert len(set(ids)) == 99
    # One that began with a hyphen would be an option of the command line.
    assert all(re.fullmatch(r"[0-9a-f]{10}", id) for id in ids)


def test_a_topic_saved_twice_is_one_and_keeps_its_mark(kept: Topics) -> None:
    id = kept.add("ada", "tides", mark=7)
    assert kept.add("ada", " tides", mark=9) == id
    assert [topic.mark for topic in kept.list("ada")] == [7]
    assert kept.add("bob", "tides") != id


@pytest.mark.parametrize("text", ["", " \n", "x" * 4001, "\udcff"])
def test_what_cannot_be_asked_is_no_topic(kept: Topics, text: str) -> None:
    with pytest.raises(QuestionError):
        kept.add("ada", text)
    assert kept.list("ada") == []


def test_a_mark_moves_for_one_topic_alone(kept: Topics) -> None:
    tides, sponges = kept.add("ada", "tides"), kept.add("ada", "sponges")
    kept.move_marks("ada", [(tides, 12)])
    assert {topic.id: topic.mark for topic in kept.list("ada")} == {tides: 12, sponges: 0}


def test_a_topic_that_was_removed_meanwhile_stays_removed(kept: Topics) -> None:
    id = kept.add("ada", "tides")
    kept.remove("ada", id)
    kept.move_marks("ada", [(id, 12)])
    assert kept.list("ada") == []


def test_a_visit_is_remembered_for_each_user(kept: Topics) -> None:
    assert kept.last_visit("ada") is None
    kept.mark_visit("ada", 70)
    kept.mark_visit("ada", 75)
    assert (kept.last_visit("ada"), kept.last_visit("bob")) == (75, None)


METHODS: dict[str, Callable[[Topics, str, str], Any]] = {
    "remove": lambda kept, user, id: kept.remove(user, id),
    "reached": lambda kept, user, id: kept.move_marks(user, [(id, 99)]),
    "seen": lambda kept, user, id: kept.mark_visit(user, 99),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("user", STRANGE, ids=range(len(STRANGE)))
def test_nobody_reaches_anothers_topics(kept: Topics, method: str, user: str) -> None:
    id = kept.add("ada", "tides", mark=3)
    kept.mark_visit("ada", 3)
    told = ""
    try:
        METHODS[method](kept, user, id)
    except TopicError as error:
        told = str(error)
    assert kept.list(user) == []
    assert ([topic.mark for topic in kept.list("ada")], kept.last_visit("ada")) == ([3], 3)
    if method == "remove":
        with pytest.raises(TopicError) as none:
            kept.remove(user, "x" * len(id))
        # Whether it exists at all is not told either.
        assert told.replace(id, "") == str(none.value).replace("x" * len(id), "")


@pytest.mark.parametrize("id", ["", *STRANGE], ids=range(len(STRANGE) + 1))
def test_a_strange_identifier_is_one_short_line(kept: Topics, id: str) -> None:
    with pytest.raises(TopicError) as error:
        kept.remove("ada", id)
    assert len(str(error.value)) < 200
    assert str(error.value).isprintable()


@pytest.mark.parametrize("user", ["", None, 7])
def test_nobody_has_no_topics(kept: Topics, user: Any) -> None:
    for act in (kept.list, kept.last_visit, lambda user: kept.add(user, "tides")):
        with pytest.raises(TopicError, match="needs its user"):
            act(user)


def test_hostile_text_is_kept_as_it_is(kept: Topics) -> None:
    kept.add(HOSTILE, HOSTILE)
    assert [topic.text for topic in kept.list(HOSTILE)] == [HOSTILE]


def test_many_users_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "topics.sqlite3"
    with Topics.open(path) as one, Topics.open(path) as two, ThreadPoolExecutor(20) as pool:

        def save(n: int) -> None:
            kept = (one, two)[n % 2]
            kept.move_marks(f"user{n % 10}", [(kept.add(f"user{n % 10}", f"Topic {n}"), n)])

        list(pool.map(save, range(100)))
        for user in range(10):
            marks = {topic.text: topic.mark for topic in one.list(f"user{user}")}
            assert marks == {f"Topic {n}": n for n in range(user, 100, 10)}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    with Topics.open(tmp_path / "topics.sqlite3") as kept:
        kept.add("ada", "tides")
        for file in tmp_path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_another_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("No database. " * 99)
    with pytest.raises(LibraryError, match=r"text is not a usable file of topics"):
        Topics.open(tmp_path / "text")
    Conversations.open(tmp_path / "talks").close()
    with pytest.raises(TopicError, match="talks holds no topics"):
        Topics.open(tmp_path / "talks")
    with pytest.raises(TopicError, match="cannot be created"):
        Topics.open(tmp_path / "text" / "topics.sqlite3")
