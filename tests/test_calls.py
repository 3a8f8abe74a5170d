"""Calls that the page never makes are refused in one line, and every other reader is served."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from footnote.evals.lab.bench.page import ask
from footnote.index.library import Library
from tests.pages import LOOPS, PPO, desk_of, served

pytestmark = LOOPS

LONG = 10**30
NUMBERS = [-1, 99_999, LONG, -LONG, 1.5, True, None, "1", [], {}]
SESSIONS = [None, "", 7, 1.5, True, [], {}, ["x"], "x" * 101]
JSON = {"Content-Type": "application/json"}
ACTION, JOIN = "component_server", "queue/join"
# Gradio's own, which the page does not use.
CLOSED = ("run/predict", "cancel", "reset")


@pytest.fixture(scope="module")
def address(demo_library: Library) -> Iterator[str]:
    with served(desk_of(demo_library)) as address:
        yield address


@pytest.fixture(scope="module")
def config(address: str) -> dict[str, Any]:
    return dict(httpx.get(f"{address}config").json())


def calls(config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields calls that no page makes, each with the end of its address."""
    component = next(c["id"] for c in config["components"] if c["props"].get("server_fns"))
    action = {"fn_name": "action", "component_id": component, "session_hash": "x", "data": {}}
    yield from ((ACTION, {**action, "component_id": number}) for number in NUMBERS)
    names = [None, "", 7, [], "elsewhere", "__class__", "x" * 101]
    yield from ((ACTION, {**action, "fn_name": name}) for name in names)
    right = {"data": [], "fn_index": loading(config), "session_hash": "x"}
    # Carried out in the browser.
    in_browser = [d for d in config["dependencies"] if not d["backend_fn"]]
    yield from ((JOIN, {**right, "data": [None] * len(event["inputs"]), "fn_index": event["id"]})
                for event in in_browser)  # fmt: skip
    for path in (JOIN, *CLOSED):
        yield from ((path, {**right, "fn_index": number}) for number in NUMBERS)
        yield from ((path, {**right, "data": data}) for data in (None, {}, "x", 7, [1] * 9))
        yield from ((path, {**right, "trigger_id": odd}) for odd in ("x", 1.5, []))
        yield path, {**right, "batched": True}
        yield path, {**right, "simple_format": True}
        yield from ((path, {**right, "session_hash": odd}) for odd in SESSIONS)
        yield from ((path, junk) for junk in (None, [], 7, "x", {}))
    yield from ((ACTION, {**action, "session_hash": odd}) for odd in SESSIONS)


def loading(config: dict[str, Any]) -> int:
    """Returns the number of the one event whose function is called: the page has loaded."""
    [event] = [d["id"] for d in config["dependencies"] if d["backend_fn"]]
    return int(event)


def test_what_the_page_never_calls_is_one_line_and_no_traceback(
    address: str, config: dict[str, Any], capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    asked = list(calls(config))
    assert len(asked) > 100
    with httpx.Client(base_url=f"{address}gradio_api/", timeout=20) as client:
        for path, call in asked:
            reply = client.post(path, content=json.dumps(call), headers=JSON)
            assert reply.status_code in (404, 422), (path, call, reply.status_code)
            assert reply.text.count("\n") == 1, (path, call)
        texts = (b"", b"{", b"[" * 100_000, b"9" * 10_000, b"\xff\xfe", b"\x00")
        told = [
            client.post(path, content=text, headers=JSON)
            for path in (ACTION, JOIN)
            for text in texts
        ]
        form = client.post(ACTION, files={"files": b"x"}, data={"session_hash": "x"})
    assert {reply.status_code for reply in told} == {422}
    assert (form.status_code, form.text.count("\n")) == (415, 1)
    assert "Traceback" not in capfd.readouterr().err
    assert [record for record in caplog.records if record.exc_info] == []


def test_an_answer_in_the_making_survives_calls_that_are_none(
    address: str, config: dict[str, Any]
) -> None:
    junk = [(path, call) for path, call in calls(config) if path != ACTION]

    async def asked() -> list[str]:
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            states = []
            async for frame in ask(client, {"user": "a" * 22, "turn": 1}, PPO):
                states.append(frame["state"])
                for path, call in junk[:20]:
                    await client.post(f"/gradio_api/{path}", content=json.dumps(call), headers=JSON)
                junk[:20] = []
            return states

    assert asyncio.run(asked())[-1] == "done"
