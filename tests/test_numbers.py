"""Numbers from outside: whatever comes, it is a reply or one line, and nothing is made room for."""

import ast
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from conftest import HashedWords, invented

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.index.search.filters import Filters
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.retrieval.hybrid import HybridRetriever
from footnote.rag.serialization import make_record
from footnote.ui.storage.accounts.models import LOCAL_USER
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.shelf import Shelf
from footnote.ui.storage.topics import Topics
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers import ACTIONS, CRASHED, act
from footnote.ui.web.requests import MOST_COUNTED, Args, BadRequest, QuestionRequest
from footnote.ui.web.server.answers import _Asked, _parse
from footnote.ui.web.streaming import Frame, answer_frames
from tests.command import ROOT
from tests.copies import copy_library
from tests.pages import desk_of
from tests.scripted import QUESTION, answered

USER = "a1b2c3d4e5f6g7h8"
COUNT = 12
HOSTILE = [
    True, -1, -(2**31), 2**31, 2_000_000_000, 2**63, 10**30, 10**5000, 1e308, -1e308, 0.5,
    float("inf"), float("nan"), "１２", "1_2", "1e9", "9" * 30, "9" * 5000, "0x10", "-7", [], {},
]  # fmt: skip

# Of no library: what is read of a request needs none.
DESK = AppContext(None, {})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("numbers") / "library"
    with Library.open(folder, embedder=HashedWords(), create=True) as library:
        library.add([invented(n, f"{2000 + n}-01-31") for n in range(COUNT)], names=["harbours"])
        yield library


@pytest.fixture(scope="module")
def desk(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppContext]:
    """A desk with all that a server has, over a copy: its actions remove papers."""
    beside = tmp_path_factory.mktemp("beside")
    copy_library(library.path, beside / "library")
    with (
        Library.open(beside / "library", embedder=HashedWords()) as own,
        Conversations.open(beside / "talks.sqlite3") as talks,
        Topics.open(beside / "topics.sqlite3") as topics,
        Shelf.open(beside) as shelf,
    ):
        yield desk_of(
            own, conversations=talks, topics=topics, feedback=beside / "feedback.jsonl",
            runs=beside / "runs", uploads=beside, shelf=shelf,
        )  # fmt: skip


class _Noted(dict[str, Any]):
    """What a browser sent, noting each name that is read."""

    def __init__(self, values: Mapping[str, Any], read: set[str]) -> None:
        super().__init__(values)
        self.read = read

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


def numeric_names() -> set[str]:
    """Returns the name of every number that the page reads, as the source spells it."""
    found = set[str]()
    for path in (ROOT / "ui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "number":
                # In a comprehension over names it is a variable.
                first = node.args[0]
                found |= {first.value} if isinstance(first, ast.Constant) else {"since", "until"}
    return found


def sent_to(desk: AppContext, action: str) -> dict[str, Any]:
    """Returns what a new reader's page would send with an action, so that all of it is read."""
    assert desk.conversations is not None
    user = secrets.token_hex(8)  # a new one each: who has a thousand conversations waits for them
    talk = desk.conversations.start(user)
    desk.conversations.append(user, talk, answered())
    return {
        "user": user, "action": action, "conversation": talk, "id": talk, "place": 1, "turn": 1,
        "paper": invented(3).id, "papers": [invented(3).id], "into": "#x", "query": "harbour",
        "form": {"export": "bibtex"}.get(action, "bibtex"), "title": "Tides", "thumb": "up",
        "text": "tides of the harbour", "a": "one", "b": "two", "run": "one", "case": "1",
        "set": "none", "job": "none", "scope": {}, "mark": 3, "number": 99, "at": 0, "kept": 1,
        "about": "again", "after": 1, "name": "Tides", "tag": "tide", "note": "Why?",
        "within": "t:tide", "weaker": 1, "columns": ["Method"], "card": "p1", "spans": "0-9",
        "shut": 1,
    }  # fmt: skip


def test_every_number_of_every_action_is_a_reply_or_a_line(desk: AppContext) -> None:
    names, reached = numeric_names() | {"scope", "kept"}, set[str]()
    for action in ACTIONS:
        sent, read = sent_to(desk, action), set[str]()
        # Read first by hand: an action reads further where what came before it is right.
        with suppress(FootnoteError):
            ACTIONS[action](desk, Args(_Noted(sent, read)))
        for name in names & read:
            for value in HOSTILE:
                hostile = (
                    [{name: value}]
                    if name != "scope"
                    else [{"scope": {"since": value}}, {"scope": {"until": value}}]
                )
                for part in hostile:
                    reply = act(desk, {**sent_to(desk, action), **part})
                    assert reply.get("error") != CRASHED, (action, part)
                    assert "\n" not in reply.get("error", "")
        reached |= names & read
    # "now" is read where browsers keep the conversations, "turn" of questions too.
    assert names - reached <= {"since", "until", "now", "zone"}


@pytest.mark.parametrize("name", ["now", "zone"])
def test_a_hostile_clock_is_a_time_or_a_line(name: str) -> None:
    for value in HOSTILE:
        with suppress(BadRequest):
            now = Args({"now": 1_700_000_000, "zone": -90, name: value}).now
            assert (now + timedelta(days=1)).astimezone(now.tzinfo).date()
    assert f"{Args({'now': 0, 'zone': -90}).now:%Y-%m-%d %H:%M %z}" == "1970-01-01 01:30 +0130"


def frames_of(desk: AppContext, text: str, sent: dict[str, Any]) -> list[Frame]:
    """Returns the frames of a question as a browser sends it."""
    asked = _parse(json.dumps({"question": text, **sent}).encode(), DESK, LOCAL_USER)
    if not isinstance(asked, _Asked):
        return [asked]
    return list(answer_frames(desk, asked.text, asked.turn, asked.request))


@pytest.mark.parametrize("name", ["turn", "kept"])
def test_a_question_with_a_hostile_number_ends_its_stream_in_one_line(
    desk: AppContext, name: str
) -> None:
    for value in HOSTILE:
        if isinstance(value, int) and value > 10**4000:
            # So many digits are refused as they are read.
            digits = f'{{"question": "Why?", "{name}": {"9" * 5000}}}'.encode()
            with pytest.raises(BadRequest):
                _parse(digits, DESK, LOCAL_USER)
            continue
        frames = frames_of(desk, QUESTION, {"user": USER, name: value})
        assert frames[-1]["state"] == "failed", value
        assert "must be a whole number" in frames[-1]["html"]
        assert all(type(frame["turn"]) is int and frame["turn"] <= MOST_COUNTED for frame in frames)


def test_a_question_that_cannot_be_read_is_told_in_its_own_turn(desk: AppContext) -> None:
    (told,) = frames_of(desk, QUESTION, {"user": USER, "turn": 3, "scope": {"since": "soon"}})
    assert (told["state"], told["turn"]) == ("failed", 3)


HALVES = ("\ud800", "a\udfff", "\ud83d\0")


@pytest.mark.parametrize("half", HALVES, ids=ascii)
def test_half_a_character_ends_no_stream(desk: AppContext, half: str) -> None:
    sent: list[dict[str, Any]] = [
        {}, {"scope": {"venue": half}}, {"conversation": half}, {"composer": half},
        {"ignored": [half]}, {"records": [{"question": half}]}, {"scope": {"papers": [half]}},
    ]  # fmt: skip
    for part in sent:
        for frame in frames_of(desk, f"{QUESTION} {half}", {"user": USER, **part}):
            assert json.dumps(frame, ensure_ascii=False).encode()
    for action in ACTIONS:
        for name in sent_to(desk, action).keys() - {"user", "action"}:
            for value in (half, [half]):
                reply = act(desk, {**sent_to(desk, action), name: value, "paths": value})
                assert reply.get("error") != CRASHED, (action, name)
                assert json.dumps(reply, ensure_ascii=False).encode()


def test_what_is_no_number_within_bounds_is_refused_in_one_short_line() -> None:
    for value in (*HOSTILE, [10**5000]):
        with pytest.raises(BadRequest) as error:
            Args.read({"at": value}).number("at", most=10**6)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 200
        with pytest.raises(BadRequest):
            QuestionRequest.read({"user": USER, "scope": {"since": value}} if value != {} else {})


def test_numbers_as_forms_and_scripts_send_them_are_read() -> None:
    args = Args.read({"a": 7, "b": " 2020 ", "c": "", "d": None, "e": 0, "f": "-3"})
    assert [args.number(name) for name in "abcde"] == [7, 2020, None, None, 0]
    assert args.number("f", least=-5) == -3


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the way to each number within JSON values."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    elif isinstance(value, int | float):
        yield path


def changed(value: Any, path: tuple[Any, ...], to: object) -> Any:
    """Returns JSON values with the one at a path replaced."""
    if not path:
        return to
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    made = {key: changed(inner, path[1:], to) if key == path[0] else inner for key, inner in pairs}
    return made if isinstance(value, dict) else list(made.values())


def test_every_number_of_a_record_that_a_browser_keeps_is_a_reply_or_a_line(
    library: Library,
) -> None:
    desk, record = desk_of(library), make_record(answered())
    for path in leaves(record):
        for value in (True, -1, 99, 10**30, 1e308, float("nan"), "１２", None, [], {}):
            records = [changed(record, path, value)]
            for action in ("boot", "open", "timeline", "export", "copy"):
                sent = {"user": USER, "action": action, "records": records, "place": 1, "turn": 1}
                reply = act(desk, {**sent, "form": "json"})
                assert reply.get("error") != CRASHED, (action, path, value)


# The library.

FAR = [2**31, 2_000_000_000, 2**63, 10**30]


@pytest.mark.parametrize("k", FAR)
def test_what_is_asked_of_a_library_is_bounded_by_its_size(library: Library, k: int) -> None:
    assert len(library.search("tides", k=k)) == COUNT
    assert len(library.search("tides", k=k, by="bm25")) == COUNT
    assert len(library.similar(invented(3).id, k=k)) == COUNT - 1
    assert len(library.page("added", 0, k)) == COUNT
    assert library.page("added", k, 5) == []
    assert library.since(k) == []
    assert len(HybridRetriever(library).search("tides of the harbour", k=k)) == COUNT


@pytest.mark.parametrize("k", [-1, -(2**63), -(10**30)])
def test_less_than_nothing_is_nothing(library: Library, k: int) -> None:
    assert library.search("tides", k=k) == []
    assert library.search("tides", k=k, by="bm25") == []
    assert library.similar(invented(3).id, k=k) == []
    assert library.page("added", 0, k) == []
    assert len(library.page("added", k, 5)) == 5
    assert len(library.since(k)) == COUNT
    assert HybridRetriever(library).search("tides of the harbour", k=k) == []


@pytest.mark.parametrize("year", [2**31, 2**63, 10**30])
def test_a_year_beyond_every_year_is_beyond_them(library: Library, year: int) -> None:
    for by in ("bm25", "cosine"):
        for filters, count in [
            (Filters(since=year), 0),
            (Filters(until=year), COUNT),
            (Filters(since=-year), COUNT),
            (Filters(until=-year), 0),
        ]:
            assert len(library.search("tides", k=50, filters=filters, by=by)) == count
            assert library.count(filters) == count


def test_a_page_far_behind_the_last_one_does_not_end_the_process(library: Library) -> None:
    # In a process of its own: what it guards against is an abort.
    script = (
        "import sys; from pathlib import Path; from conftest import HashedWords\n"
        "from footnote.index.library import Library; from tests.pages import desk_of\n"
        "from footnote.ui.web.handlers import act\n"
        "with Library.open(Path(sys.argv[1]), embedder=HashedWords()) as library:\n"
        "    library.search('tides', k=2_000_000_000, by='bm25')\n"
        "    sent = {'action': 'browse', 'at': 2_000_000_000, 'query': 'tides'}\n"
        "    print(len(act(desk_of(library), sent)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(library.path)],
        cwd=ROOT, env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": ""},
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr[-500:]


def test_an_engine_asked_for_more_than_there_is_gives_what_there_is(library: Library) -> None:
    answer = CitedQueryEngine(library).ask("How high rose the tide of harbour3?", k=10**30)
    assert len(answer.hits) == COUNT
