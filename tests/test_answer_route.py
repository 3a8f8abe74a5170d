"""The route of answers: frames one by one, an end for what nobody reads, and lines for the rest."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.index.library import Library
from footnote.rag.answer import STOPPED, Delta, Event, Stage, Standing, Turn
from footnote.ui.storage.conversations import Conversations
from footnote.ui.web.context import AppContext
from footnote.ui.web.page import build_page, start
from footnote.ui.web.requests import QuestionRequest
from footnote.ui.web.server import answers
from footnote.ui.web.server.slots import Slots
from tests.pages import COMPOSER, LOOPS, PPO, ask, desk_of, opened, served
from tests.scripted import QUESTION, SLOW, ScriptedAsk, ScriptedLibrary, answered

pytestmark = LOOPS

USER = "a" * 22
SENT = {"user": USER, "turn": 1, "question": QUESTION}
JSON = {"Content-Type": "application/json"}
GONE = "The server does not respond; is it still running?"


class Gated:
    """Answers as far as it is let; remembers what it was told and whether it was closed."""

    def __init__(self) -> None:
        self.go_on, self.closed = threading.Event(), threading.Event()
        self.histories: list[Sequence[Turn]] = []
        self.stands = False

    def __call__(
        self, question: str, history: Sequence[Turn] = (), *args: Any, **options: Any
    ) -> Iterator[Event]:
        self.histories.append(history)
        answer = answered(question)
        try:
            yield Stage("search", "Searching 512 papers")
            yield Standing(answer) if self.stands else Delta("Glass sponges ")
            if question == QUESTION:
                self.go_on.wait(timeout=30)
            yield Stage("write", "Writing")
        except GeneratorExit:
            self.closed.set()
            raise
        yield answer


@pytest.fixture
def gated() -> Iterator[Gated]:
    gated = Gated()
    yield gated
    gated.go_on.set()


@contextmanager
def serving(ask: Any, **how: Any) -> Iterator[str]:
    with served(AppContext(ScriptedLibrary(), {"scripted": ask}), **how) as address:
        yield address


def frames(reply: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in reply.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_each_frame_comes_as_soon_as_it_is_made(gated: Gated) -> None:
    with (
        serving(gated) as address,
        httpx.Client(base_url=address, timeout=20) as client,
        client.stream("POST", "/ask", json=SENT) as reply,
    ):
        kinds = ("content-type", "cache-control", "x-accel-buffering")
        assert [reply.headers[name] for name in kinds] == [
            "text/event-stream; charset=utf-8", "no-store, no-transform", "no"
        ]  # fmt: skip
        coming = frames(reply)
        # Nothing after these is made before the gate opens.
        shown = [next(coming) for _ in range(3)]
        assert [frame["words"] for frame in shown] == [False, False, True]
        assert "Glass sponges" in shown[-1]["html"]
        gated.go_on.set()
        last = list(coming)[-1]
    assert (last["state"], last["turn"], last["words"]) == ("done", 1, True)


def test_a_question_that_nobody_waits_for_is_not_worked_on(gated: Gated) -> None:
    with serving(gated) as address, httpx.Client(base_url=address, timeout=20) as client:
        with client.stream("POST", "/ask", json=SENT) as reply:
            next(frames(reply))
        gated.go_on.set()
        assert gated.closed.wait(timeout=5)
        other = client.post("/ask", json={**SENT, "question": "And now?"})
        assert '"state": "done"' in other.text


def test_a_slow_model_is_heard_of(gated: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PULSE", 0.1)
    monkeypatch.setattr(answers, "LOOK", 0.05)
    with (
        serving(gated) as address,
        httpx.Client(base_url=address, timeout=20) as client,
        client.stream("POST", "/ask", json=SENT) as reply,
    ):
        lines = reply.iter_lines()
        assert sum(next(lines) == ":" for _ in range(12)) >= 2


def test_a_reader_who_takes_nothing_counts_as_gone(
    gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def receive() -> Any:
        if parts:
            return parts.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    parts = [{"type": "http.request", "body": json.dumps(SENT).encode(), "more_body": False}]
    monkeypatch.setattr(answers, "PATIENCE", 0.2)
    gated.go_on.set()
    streams = answers.AnswerStreams(AppContext(ScriptedLibrary(), {"one": gated}), lambda: False)
    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/ask", "headers": headers}
    begun = time.monotonic()
    asyncio.run(streams(scope, receive, never))
    assert time.monotonic() - begun < 10
    assert not gated.histories  # it was closed before any work


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"", 422, "the request is not JSON; reload the page"),
        (b"{", 422, "the request is not JSON; reload the page"),
        (b"[" * 100_000, 422, "the request is not JSON; reload the page"),
        (b"\xff\xfe", 422, "the request is not JSON; reload the page"),
        (b"[]", 422, "the page sent a list, not an object; reload it"),
        (b"null", 422, "the page sent a NoneType, not an object; reload it"),
        ({**SENT, "question": None}, 422, "the page sent no question; reload it"),
        ({**SENT, "question": 7}, 422, "the page sent no question; reload it"),
        ({**SENT, "pad": "x" * 10**7}, 413, "the request is too large; the limit is 10,000,000"),
    ],
)
def test_what_no_page_sends_is_one_line(
    content: bytes | dict[str, Any], status: int, told: str, refusing: httpx.Client
) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    reply = refusing.post("/ask", content=body, headers=JSON)
    assert (reply.status_code, reply.text.count("\n")) == (status, 1)
    assert told in reply.text


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"turn": "x"}, "Turn must be a whole number"),
        ({"turn": 10**30}, "Turn must be a whole number"),
        ({"user": "x"}, "The page did not identify its reader; reload it"),
        ({"scope": {"since": -1}}, "Since must be a whole number"),
        ({"records": [{}]}, ""),
    ],
)
def test_what_a_question_cannot_be_asked_in_is_a_line_of_the_conversation(
    odd: dict[str, Any], told: str, refusing: httpx.Client
) -> None:
    [shown] = frames(refusing.post("/ask", json={**SENT, **odd}))
    assert (shown["state"], shown["turn"]) == ("failed", 1)
    assert QUESTION in shown["html"]
    assert told in shown["html"].partition('role="alert"')[2].partition("</p>")[0]


@pytest.fixture(scope="module")
def refusing() -> Iterator[httpx.Client]:
    with (
        serving(ScriptedAsk()) as address,
        httpx.Client(base_url=address, timeout=20) as client,
    ):
        yield client


def test_only_the_page_itself_asks(refusing: httpx.Client) -> None:
    own = str(refusing.base_url).rstrip("/")
    told = [
        refusing.post("/ask", json=SENT, headers=headers).status_code
        for headers in (
            {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
            {"Host": "evil.example"}, {"Origin": own, "Sec-Fetch-Site": "same-origin"},
        )
    ]  # fmt: skip
    assert told == [403, 403, 421, 200]
    form = refusing.post("/ask", files={"question": b"x"})
    assert (form.status_code, form.text.count("\n")) == (422, 1)
    assert refusing.get("/ask").status_code == 404


def test_half_a_character_is_asked_as_a_whole_one(refusing: httpx.Client) -> None:
    body = json.dumps({**SENT, "question": "What is \ud800?"})
    text = refusing.post("/ask", content=body, headers=JSON).text
    assert '"state": "done"' in text
    assert "What is ??" in text


def test_a_crowd_beyond_measure_is_told_so(gated: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_OPEN", 1)
    with serving(gated) as address, httpx.Client(base_url=address, timeout=20) as client:
        with client.stream("POST", "/ask", json=SENT) as reply:
            coming = frames(reply)  # which would close the reply if it were let go
            next(coming)
            refused = client.post("/ask", json=SENT)
            assert (refused.status_code, refused.text) == (503, f"{answers.BUSY}\n")
        gated.go_on.set()
        assert gated.closed.wait(timeout=5)
        assert client.post("/ask", json=SENT).status_code == 200


def test_what_stands_of_a_stopped_answer_comes_before_the_next_question(
    gated: Gated, tmp_path: Path
) -> None:
    gated.stands = True
    with Conversations.open(tmp_path / "kept.sqlite3") as kept:
        desk = AppContext(ScriptedLibrary(), {"scripted": gated}, conversations=kept)
        with served(desk) as address, httpx.Client(base_url=address, timeout=20) as client:
            with client.stream("POST", "/ask", json=SENT) as reply:
                shown = [frame["conversation"] for frame in islice(frames(reply), 3)]
            conversation = shown[-1]
            assert conversation
            threading.Timer(1.0, gated.go_on.set).start()
            then = {**SENT, "conversation": conversation, "question": "And then?", "turn": 2}
            assert '"place": 2' in client.post("/ask", json=then).text
        first, second = kept.load(USER, conversation).answers
    assert (first.question, first.reason) == (QUESTION, STOPPED)
    assert second.question == "And then?"
    assert [turn.role for turn in gated.histories[-1]] == ["user", "assistant"]


def test_a_server_that_ends_lets_no_answer_wait(
    gated: Gated, caplog: pytest.LogCaptureFixture
) -> None:
    page = build_page(gated, ScriptedLibrary())
    address = start(page, port=0)
    gated.go_on.set()
    gated.go_on = threading.Event()
    with (
        httpx.Client(base_url=address, timeout=20) as client,
        client.stream("POST", "/ask", json=SENT) as reply,
    ):
        coming = frames(reply)
        next(coming)
        threading.Timer(0.5, gated.go_on.set).start()
        page.close(verbose=False)
        assert "done" not in [frame["state"] for frame in coming]
    assert "without completing" not in caplog.text
    assert gated.closed.wait(timeout=5)


def test_the_slot_goes_to_whoever_is_due_first() -> None:
    async def work() -> list[str]:
        slots, done = Slots(1), list[str]()

        async def one(name: str, due: float) -> None:
            async with slots.turn(due):
                await asyncio.sleep(0)
                done.append(name)

        async with asyncio.TaskGroup() as tasks:
            for name, due in [("now", 9.0), ("late", 3.0), ("early", 1.0), ("early too", 1.0)]:
                tasks.create_task(one(name, due))
            gone = tasks.create_task(one("gone", 0.0))
            await asyncio.sleep(0)
            gone.cancel()
        # All slots are free again.
        async with slots.turn(0.0):
            assert slots._free == 0
        assert slots._free == 1
        return done

    assert asyncio.run(work()) == ["now", "early", "early too", "late"]


def test_a_slot_given_to_somebody_who_has_just_gone_is_passed_on() -> None:
    async def work() -> bool:
        slots = Slots(1)
        async with slots.turn(0.0):
            gone, next_ = (asyncio.create_task(_hold(slots)) for _ in range(2))
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait_for(next_, timeout=5)
        return slots._free == 1

    assert asyncio.run(work())


async def _hold(slots: Slots) -> None:
    async with slots.turn(1.0):
        await asyncio.sleep(0)


def test_who_quotes_computes_and_who_writes_waits(demo_library: Library) -> None:
    desk = desk_of(demo_library)
    asked = QuestionRequest(USER)
    assert not desk.waits(asked)
    other = replace(desk, asks={"elsewhere": ScriptedAsk(), **desk.asks})
    assert other.waits(replace(asked, composer="elsewhere"))
    assert other.waits(asked)  # the first is the default
    assert not other.waits(replace(asked, composer="quotes"))


# Below: in a browser.


def test_two_tabs_each_get_their_own_answer(browser: Browser) -> None:
    scripted = ScriptedAsk(pause=0.05)
    with serving(scripted) as address, opened(browser, address, locale="en-GB") as first:
        second = first.context.new_page()
        tabs = {first: QUESTION, second: "How fast do sponges grow?"}
        for tab, question in tabs.items():
            tab.goto(address)
            expect(tab.locator(COMPOSER)).to_be_focused()
            tab.fill(COMPOSER, question)
        for tab in tabs:
            tab.press(COMPOSER, "Enter")
        for tab, question in tabs.items():
            expect(tab.locator("#fn-turn-1[data-state=done] .fn-asked")).to_have_text(question)
            expect(tab.locator(".fn-turn")).to_have_count(1)


@contextmanager
def visited(browser: Browser, address: str) -> Iterator[Page]:
    # Its errors are looked at in the tests: a server that goes causes some.
    page = browser.new_page()
    try:
        page.goto(address)
        expect(page.locator(COMPOSER)).to_be_focused()
        yield page
    finally:
        page.close()


def test_a_server_that_dies_in_the_middle_is_told_of(browser: Browser) -> None:
    scripted = ScriptedAsk()
    site = build_page(scripted, ScriptedLibrary())
    with visited(browser, start(site, port=0)) as page:
        page.fill(COMPOSER, SLOW)
        page.keyboard.press("Enter")
        # As long as for any answer: the machine may be busy.
        expect(page.locator(".fn-turn .fn-prose")).to_contain_text("Glass", timeout=20_000)
        page.fill(COMPOSER, "A draft of the next question")
        site.close(verbose=False)
        turn = page.locator("#fn-turn-1[data-state=failed]")
        expect(turn.get_by_role("alert")).to_have_text(GONE)
        expect(turn.locator(".fn-prose")).to_contain_text("Glass")
        expect(turn.get_by_role("button", name="Try again")).to_be_visible()
        expect(page.locator("#fn-send")).to_be_visible()
        expect(page.locator(COMPOSER)).to_have_value("A draft of the next question")
        # Nobody is there: the question stays where it is.
        page.press(COMPOSER, "Enter")
        expect(page.locator("#fn-hint")).to_have_text(GONE)
        expect(page.locator(COMPOSER)).to_have_value("A draft of the next question")
        expect(page.locator(".fn-turn")).to_have_count(1)


def test_a_refusal_is_shown_and_its_question_stays(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(ScriptedAsk()) as address, visited(browser, address) as page:
        with monkeypatch.context() as patched:
            patched.setattr(answers, "MOST_OPEN", 0)
            page.fill(COMPOSER, QUESTION)
            page.keyboard.press("Enter")
            expect(page.locator("#fn-hint")).to_have_text(answers.BUSY)
            expect(page.locator(COMPOSER)).to_have_value(QUESTION)
        page.press(COMPOSER, "Enter")
        expect(page.locator("#fn-turn-1[data-state=done]")).to_be_visible()
        expect(page.locator("#fn-hint")).to_have_text("")
        expect(page.locator(COMPOSER)).to_have_value("")


def test_a_page_below_another_path_asks_there(demo_library: Library, browser: Browser) -> None:
    """Behind a proxy: the address of the route is the page's own, also within a conversation."""
    with served(desk_of(demo_library)) as address, visited(browser, f"{address}c/abc") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        ask(page, PPO)
        assert f"{address}ask" in asked
