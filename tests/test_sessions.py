"""Whoever comes to the page and goes without a word leaves nothing behind in the server."""

import asyncio
import gc
import json
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from footnote.index.library import Library
from footnote.index.storage.health.status import Status
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.web.context import AppContext, Ask, ShownLibrary
from footnote.ui.web.page import build_page, start
from footnote.ui.web.server.sessions import EVENTS, PATIENCE, SESSIONS, Sweeper
from tests.pages import LOOPS, PPO
from tests.scripted import ScriptedAsk, ScriptedLibrary

pytestmark = LOOPS


class Visitors:
    """Calls a page as browsers do, each time with a session of its own."""

    def __init__(self, page: Any, http: httpx.Client) -> None:
        self.page, self.queue, self.http = page, page._queue, http
        functions = self.http.get("/config").json()["dependencies"]
        self.header = next(f["id"] for f in functions if "load" in dict(f["targets"]).values())

    def join(self, function: int, session: str) -> None:
        sent = {"data": [], "fn_index": function, "session_hash": session}
        self.http.post("/gradio_api/queue/join", json=sent).raise_for_status()

    def read(self, session: str) -> list[dict[str, Any]]:
        url = f"/gradio_api/queue/data?session_hash={session}"
        with self.http.stream("GET", url) as stream:
            lines = [line for line in stream.iter_lines() if line.startswith("data:")]
        # What was said last is said before Gradio has put the event away.
        _until(lambda: not self.queue.event_ids_to_events)
        return [json.loads(line.removeprefix("data:")) for line in lines]

    def visit(self, count: int) -> None:
        for _ in range(count):
            session = secrets.token_hex(6)
            self.join(self.header, session)
            assert [m["success"] for m in self.read(session) if "success" in m] == [True]

    def ask(self) -> str:
        sent = {"user": secrets.token_hex(16), "conversation": "", "turn": 1, "scope": {}}
        return self.http.post("/ask", json={**sent, "question": PPO}).text

    def sweep(self, *, seconds: float) -> None:
        """Sweeps now, and again as if so many seconds had gone by."""
        now = time.monotonic()
        sweeper = Sweeper(self.queue, clock=lambda: now)
        asyncio.run(sweeper.sweep())
        now += seconds
        asyncio.run(sweeper.sweep())

    @property
    def held(self) -> set[str]:
        return Sweeper(self.queue).held


@contextmanager
def visited(ask: Ask, library: ShownLibrary) -> Iterator[Visitors]:
    page = build_page(ask, library, desk=AppContext(library, {"quotes": ask}))
    try:
        with httpx.Client(base_url=start(page, port=0), timeout=30) as http:
            yield Visitors(page, http)
    finally:
        page.close(verbose=False)
        gc.collect()  # so that the warnings of LOOPS fall here and not in another module


@pytest.fixture(scope="module")
def visitors(demo_library: Library) -> Iterator[Visitors]:
    with visited(CitedQueryEngine(demo_library).stream, demo_library) as found:
        yield found


def _until(true: Callable[[], bool], seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while not true() and time.monotonic() < ends:
        time.sleep(0.005)
    assert true()


def test_sessions_that_end_without_a_word_leave_nothing_in_the_queue(visitors: Visitors) -> None:
    visitors.visit(3)
    # Gradio lets go of them itself by now? Then this module's sweeping can go, too.
    assert len(visitors.held) >= 3
    visitors.sweep(seconds=PATIENCE / 2)
    assert len(visitors.held) >= 3
    visitors.sweep(seconds=PATIENCE)
    assert visitors.held == set()
    assert len(visitors.queue.event_analytics) <= 1
    visitors.visit(1)


def _objects_after(visitors: Visitors) -> int:
    visitors.sweep(seconds=PATIENCE)
    gc.collect()
    # A connection of sqlite3 keeps up to 200 references to cursors that are gone: no leak.
    return sum(type(held) is not weakref.ref for held in gc.get_objects())


def test_a_hundred_sessions_more_leave_no_objects_more(visitors: Visitors) -> None:
    visitors.visit(SESSIONS + 10)
    before = _objects_after(visitors)
    visitors.visit(100)
    assert _objects_after(visitors) - before < 100
    assert len(visitors.page.state_holder.session_data) <= SESSIONS


@pytest.mark.long
def test_a_hundred_answers_more_leave_no_objects_more(visitors: Visitors) -> None:
    def asked(count: int) -> int:
        for _ in range(count):
            assert '"done"' in visitors.ask()
        return _objects_after(visitors)

    before = asked(SESSIONS + 10)
    assert asked(100) - before < 100


def test_what_was_said_to_nobody_is_let_go_while_the_server_runs(visitors: Visitors) -> None:
    session = secrets.token_hex(6)
    for _ in range(EVENTS + 1):
        visitors.join(visitors.header, session)
    _until(lambda: session not in visitors.held)
    visitors.visit(1)


class SlowLibrary(ScriptedLibrary):
    """A library whose status, which the head of the page shows, takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = threading.Event(), threading.Event()

    def status(self) -> Status:
        if self.asked.is_set():
            self.go_on.wait(timeout=30)
        return super().status()


def test_a_call_under_way_is_kept_however_long_it_takes() -> None:
    library = SlowLibrary()
    with visited(ScriptedAsk(), library) as visitors:
        library.asked.set()
        session = secrets.token_hex(6)
        visitors.join(visitors.header, session)
        _until(lambda: bool(visitors.queue.event_ids_to_events))
        visitors.sweep(seconds=100 * PATIENCE)
        library.go_on.set()
        said = visitors.read(session)
        assert said[-1]["msg"] == "close_stream"
        assert [m["success"] for m in said if m["msg"] == "process_completed"] == [True]
        assert "512 papers" in json.dumps(said)
