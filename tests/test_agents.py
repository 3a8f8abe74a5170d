"""The tools of agents, by the real MCP client, over a real port and as a process of its own."""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult

from footnote.index.library import Library
from footnote.rag.answer import Delta, Event
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.api.agents.server import build_agents
from footnote.ui.api.answering import Answering
from footnote.ui.web.context import AppContext
from tests.command import CONFIGURATION, ROOT
from tests.pages import LOOPS, PPO, desk_of, served

pytestmark = LOOPS

TOOLS = {
    "search", "fetch", "ask", "search_papers", "get_paper", "similar", "check", "positions", "cite",
}  # fmt: skip
PAPER = "Proximal Policy Optimization Algorithms"
T = TypeVar("T")


@pytest.fixture(scope="module")
def address(demo_library: Library) -> Iterator[str]:
    with served(desk_of(demo_library), api=True) as address:
        yield f"{address}mcp"


def over_http(address: str, work: Callable[[Client], Awaitable[T]], mode: str = "auto") -> T:
    async def run() -> T:
        async with Client(address, mode=mode) as client:
            return await work(client)

    return asyncio.run(asyncio.wait_for(run(), 60))


def call(address: str, tool: str, **arguments: Any) -> CallToolResult:
    return over_http(address, lambda client: client.call_tool(tool, arguments))


def values(result: CallToolResult) -> Any:
    """Returns what a tool gave, the same as values and as text."""
    assert not result.is_error, result.content
    first = result.content[0]
    assert first.type == "text"
    assert json.loads(first.text) == result.structured_content
    return result.structured_content


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_each_tool_says_what_it_does_and_changes_nothing(address: str, mode: str) -> None:
    async def look(client: Client) -> tuple[Any, str | None]:
        return (await client.list_tools()).tools, client.instructions

    tools, told = over_http(address, look, mode)
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.title
        assert tool.description
        assert tool.output_schema
        assert tool.annotations.read_only_hint
        assert tool.annotations.idempotent_hint
        assert tool.name in (told or "")
    assert "How to cite" in (told or "")


def test_search_and_fetch_are_as_chatgpt_wants_them(address: str) -> None:
    found = call(address, "search", query="policy optimization with clipping")
    assert len(found.content) == 1
    results = values(found)["results"]
    assert all(set(one) == {"id", "title", "url"} for one in results)
    (ppo,) = (one for one in results if one["title"] == PAPER)
    fetched = call(address, "fetch", id=ppo["id"])
    document = values(fetched)
    assert len(fetched.content) == 1
    assert set(document) == {"id", "title", "text", "url", "metadata"}
    assert document["url"] == ppo["url"] == "https://arxiv.org/abs/1707.06347"
    assert "Schulman" in document["text"]
    assert document["metadata"]["arxiv_id"] == "1707.06347"


def test_an_answer_tells_its_progress_and_links_its_papers(
    address: str, demo_library: Library
) -> None:
    told: list[tuple[float, str | None]] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append((done, message))

    async def ask(client: Client) -> Any:
        answered = await client.call_tool("ask", {"question": PPO}, progress_callback=progress)
        links = [one for one in answered.content if one.type == "resource_link"]
        return answered, links, [await client.read_resource(link.uri) for link in links]

    answered, links, read = over_http(address, ask)
    own = CitedQueryEngine(demo_library).ask(PPO)
    given = values(answered)
    assert given["text"] == own.text
    quotes = [c["quote"] for s in given["statements"] for c in s["citations"]]
    assert quotes == [c.quote for s in own.statements for c in s.citations] != []
    assert [link.name for link in links] == [paper.id for paper in own.papers]
    for paper, one in zip(own.papers, read, strict=True):
        assert paper.abstract in one.contents[0].text
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert any("70 papers" in (message or "") for _, message in told)


@pytest.mark.parametrize(
    ("tool", "arguments", "holds"),
    [
        ("search_papers", {"query": "robots", "since": 2024, "k": 3}, "papers"),
        ("search_papers", {"author": "Schulman"}, "papers"),
        ("get_paper", {"paper": PAPER}, "abstract"),
        ("similar", {"paper": "1707.06347", "k": 2}, "papers"),
        ("positions", {"claim": "Chain-of-thought prompting improves reasoning."}, "positions"),
        ("cite", {"papers": ["1707.06347"], "style": "bibtex"}, "text"),
        ("check", {"text": "[PPO](https://arxiv.org/abs/1707.06347) clips the ratio."},
         "sentences"),
    ],
)  # fmt: skip
def test_each_other_tool_gives_what_it_promises(
    address: str, tool: str, arguments: dict[str, Any], holds: str
) -> None:
    given = values(call(address, tool, **arguments))
    assert given[holds]
    if arguments.get("since"):
        assert min(paper["year"] for paper in given["papers"]) >= 2024
    if arguments.get("author"):
        assert given["total"] == len(given["papers"]) > 0


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("get_paper", {"paper": "no such paper"}, "no paper 'no such paper'; search"),
        ("fetch", {}, "id: Field required"),
        ("ask", {"question": "  "}, "question"),
        ("ask", {"question": PPO, "mode": "thorough"}, "ask with quotes"),
        ("ask", {"question": PPO, "since": 3}, "since"),
        ("ask", {"question": PPO, "papers": ["gone"]}, "no paper 'gone'"),
        ("check", {"text": "Nothing is cited."}, "cite with"),
        ("positions", {"claim": "What is PPO?"}, "no yes-or-no answer"),
        ("wander", {}, "there is no tool 'wander'; there is search"),
    ],
)
def test_a_failure_says_what_to_do_next(
    address: str, tool: str, arguments: dict[str, Any], told: str
) -> None:
    failed = call(address, tool, **arguments)
    assert failed.is_error
    (line,) = failed.content
    assert line.type == "text"
    assert told in line.text
    assert "\n" not in line.text


def test_a_paper_that_is_not_there_cannot_be_read(address: str) -> None:
    async def read(client: Client) -> Any:
        templates = (await client.list_resource_templates()).resource_templates
        assert [one.uri_template for one in templates] == ["footnote://papers/{name}"]
        # However many papers there are, none is listed.
        assert (await client.list_resources()).resources == []
        with pytest.raises(MCPError, match="no paper"):
            await client.read_resource("footnote://papers/arxiv%3A0000.00000")

    over_http(address, read)


LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("", "application/json"),
        ("application/json, text/event-stream", "text/event-stream"),
    ],
)
def test_a_client_gets_the_form_that_it_takes(address: str, accept: str, kind: str) -> None:
    with httpx.Client() as client:
        asked = client.build_request("POST", address, json=LISTING)
        del asked.headers["accept"]
        if accept:
            asked.headers["accept"] = accept
        reply = client.send(asked)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith(kind)
    assert '"search_papers"' in reply.text


def test_other_sites_and_pages_without_the_api_have_no_tools(
    address: str, demo_library: Library
) -> None:
    foreign = {"origin": "https://elsewhere.example"}
    assert httpx.post(address, json=LISTING, headers=foreign).status_code == 403
    other = {"host": "elsewhere.example"}
    assert httpx.post(address, json=LISTING, headers=other).status_code == 421
    assert httpx.get(address).status_code == 405
    with served(desk_of(demo_library)) as page:
        assert httpx.post(f"{page}mcp", json=LISTING).status_code == 404


class Endless:
    """Answers without an end, and tells when it is stopped."""

    def __init__(self) -> None:
        self.begun, self.closed = threading.Event(), threading.Event()

    def __call__(self, *_: Any, **__: Any) -> Iterator[Event]:
        try:
            while True:
                time.sleep(0.01)
                self.begun.set()
                yield Delta("on and ")
        finally:
            self.closed.set()

    async def leave(self, client: Client) -> None:
        """Asks, and cancels the call; the client stays."""
        asking = asyncio.create_task(client.call_tool("ask", {"question": PPO}))
        while not self.begun.is_set():
            await asyncio.sleep(0.01)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        while not self.closed.is_set():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_cancelled_call_ends_the_work(demo_library: Library, mode: str) -> None:
    endless = Endless()
    with served(AppContext(demo_library, {"endless": endless}), api=True) as page:
        over_http(f"{page}mcp", endless.leave, mode)


def test_a_call_that_is_cancelled_by_a_message_ends_too(demo_library: Library) -> None:
    endless = Endless()

    async def run() -> None:
        desk = AppContext(demo_library, {"endless": endless})
        # As over standard input, where no connection can be closed.
        async with Client(build_agents(desk, Answering(desk)), mode="legacy") as client:
            await endless.leave(client)

    asyncio.run(asyncio.wait_for(run(), 30))


def test_whoever_takes_json_alone_and_goes_away_ends_the_work(demo_library: Library) -> None:
    endless = Endless()
    asked = {"name": "ask", "arguments": {"question": PPO}}
    body = {**LISTING, "method": "tools/call", "params": asked}
    with served(AppContext(demo_library, {"endless": endless}), api=True) as page:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{page}mcp", json=body, timeout=1, headers={"accept": "application/json"})
        assert endless.closed.wait(20)


def test_a_process_speaks_the_protocol_and_nothing_else(
    demo_library: Library, tmp_path: Path
) -> None:
    environ = {name: text for name, text in os.environ.items() if name not in CONFIGURATION}
    arguments = ["-m", "footnote.ui.cli.main", "mcp", "--library", str(demo_library.path)]
    # A copy of what came out, before the client reads it.
    copied = tmp_path / "out"
    command = [sys.executable, *arguments]
    process = StdioServerParameters(
        command="bash",
        args=["-c", f'"$@" | tee {copied}', "bash", *command],
        env=environ,
        cwd=ROOT,
    )
    told: list[str | None] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async def talk() -> Any:
        with (tmp_path / "err").open("w") as errors:
            async with Client(stdio_client(process, errlog=errors), mode="legacy") as client:
                tools = await client.list_tools()
                answered = await client.call_tool(
                    "ask", {"question": PPO}, progress_callback=progress
                )
                failed = await client.call_tool("get_paper", {"paper": "gone"})
        return tools.tools, answered, failed

    tools, answered, failed = asyncio.run(asyncio.wait_for(talk(), 90))
    assert {tool.name for tool in tools} == TOOLS
    assert values(answered)["text"] == CitedQueryEngine(demo_library).ask(PPO).text
    assert failed.is_error
    assert told
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in copied.read_text().splitlines())
    assert "Traceback" not in (tmp_path / "err").read_text()
