"""A thorough answer on the page and the command line: chosen, streamed by sections, stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.index.library import Library
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.storage.conversations import Conversations
from footnote.ui.web.context import AppContext
from tests.asking import engine
from tests.command import ROOT, inside
from tests.endpoint import Endpoint, says, serve
from tests.pages import COMPOSER, LOOPS, ask, desk_of, served, visit, visited
from tests.reviewing import PLANNED, REVIEWED, SECTIONS, ScriptedReviewer

pytestmark = LOOPS
SLOW = {SECTIONS[1]: 30.0}


@pytest.fixture
def reviewer() -> ScriptedReviewer:
    return ScriptedReviewer()


@pytest.fixture
def endpoint(reviewer: ScriptedReviewer) -> Iterator[Endpoint]:
    with serve(reviewer) as endpoint:
        endpoint.plan = says(json.dumps(PLANNED))
        yield endpoint


@pytest.fixture
def address(demo_library: Library, endpoint: Endpoint, tmp_path: Path) -> Iterator[str]:
    quoting, writing = CitedQueryEngine(demo_library), engine(demo_library, endpoint.url)
    engines = {"scripted": writing, "quotes": quoting}
    asks = {name: one.stream for name, one in engines.items()}
    with Conversations.open(tmp_path / "kept.sqlite3") as kept:
        desk = AppContext(demo_library, asks, conversations=kept, engines=engines)
        with served(desk) as address:
            yield address


def test_a_reader_chooses_a_review_and_reads_while_it_is_written(
    address: str, browser: Browser, reviewer: ScriptedReviewer
) -> None:
    wait = {"lead": 0.2, SECTIONS[0]: 0.4, SECTIONS[1]: 3.0}
    reviewer.pause = lambda asked: wait.get(asked, 0.0)
    with visited(browser, address) as page:
        choice = page.get_by_label("Thorough")
        choice.focus()
        page.keyboard.press("Space")
        expect(choice).to_be_checked()
        page.get_by_label("Written by").select_option("quotes")
        expect(choice).to_be_hidden()
        page.get_by_label("Written by").select_option("scripted")
        page.fill(COMPOSER, REVIEWED)
        page.keyboard.press("Enter")
        turn = page.locator("#fn-turn-1[data-state=busy]")
        expect(turn.get_by_role("heading", name=SECTIONS[0])).to_be_visible(timeout=20_000)
        expect(turn.locator(".fn-stage")).to_contain_text(re.compile(r"\d+ calls.* left"))
        expect(turn.locator(".fn-spending")).to_contain_text("Up to 3 rounds, 24 calls and 100,000")
        expect(turn.locator(".fn-tools")).to_have_count(0)
        # A source that is opened meanwhile stays open.
        turn.locator("button.fn-marker").first.click()
        card = page.locator(".fn-card:not([hidden])")
        expect(card).to_contain_text("Source 1")
        done = page.locator("#fn-turn-1[data-state=done]")
        expect(done).to_be_visible(timeout=20_000)
        expect(card).to_contain_text("Source 1")
        # The open source lies over the list of sources, which comes back with Escape.
        page.keyboard.press("Escape")
        expect(done.get_by_role("heading", level=3)).to_have_text(
            [*SECTIONS, "Comparison", "Open questions", "Sources", "Ask next"]
        )
        expect(done.locator("tbody tr")).to_have_count(13)
        expect(done.locator(".fn-sources li")).to_have_count(13)
        # The choice is kept, and a quick question is asked quickly.
        visit(page, address)
        expect(page.get_by_label("Thorough")).to_be_checked()
        page.get_by_label("Thorough").uncheck()
        made = len(reviewer.calls)
        ask(page, REVIEWED, turn=2)
        assert reviewer.calls[made:] == ["repair"]  # what is none of a review's calls


def test_stop_keeps_what_stands_with_its_sources(
    address: str, browser: Browser, reviewer: ScriptedReviewer
) -> None:
    reviewer.pause = lambda asked: SLOW.get(asked, 0.0)
    with visited(browser, address) as page:
        page.get_by_label("Thorough").check()
        page.fill(COMPOSER, REVIEWED)
        page.keyboard.press("Enter")
        stop_after(page, SECTIONS[0])
        stopped = page.locator("#fn-turn-1[data-state=stopped]")
        expect(stopped).to_contain_text("Stopped. What stands is kept")
        expect(stopped.get_by_role("heading", name=SECTIONS[0])).to_be_visible()
        stopped.locator("button.fn-marker").first.click()
        expect(page.locator(".fn-card:not([hidden])")).to_contain_text("Source 1")
        # It is in the conversation, which a reload shows, and the next question follows it.
        expect(page.locator(".fn-talk")).to_have_count(1)
        page.get_by_label("Thorough").uncheck()
        page.get_by_label("Written by").select_option("quotes")
        ask(page, "What does PPO clip?", turn=2)
        visit(page, address)
        page.locator(".fn-talk").first.click()
        kept = page.locator("#fn-turn-1[data-state=done]")
        expect(kept).to_contain_text("Stopped before it was whole")
        expect(kept.get_by_role("heading", name=SECTIONS[0])).to_be_visible()
        expect(page.locator("#fn-turn-2[data-state=done]")).to_contain_text("PPO")


def stop_after(page: Page, heading: str) -> None:
    shown = page.locator("#fn-turn-1").get_by_role("heading", name=heading)
    expect(shown).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Stop").click()


def test_a_page_without_a_model_does_not_offer_it(demo_library: Library, browser: Browser) -> None:
    with served(desk_of(demo_library)) as address, visited(browser, address) as page:
        expect(page.get_by_label("Thorough")).to_have_count(0)


# The command line.


def configured(endpoint: Endpoint, **more: str) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": endpoint.url, "FOOTNOTE_MODEL": "scripted", "OPENAI_API_KEY": "k", **more
    }  # fmt: skip


def test_a_review_is_printed_and_its_stages_are_told_beside_it(
    demo_library: Library, endpoint: Endpoint
) -> None:
    asked: list[Any] = ["ask", "--thorough", REVIEWED, "--library", demo_library.path]
    ran = inside(*asked, **configured(endpoint, FOOTNOTE_THOROUGH_CALLS="12"))
    assert ran.status == 0
    first, *others = ran.err.splitlines()
    assert first == "Up to 3 rounds, 12 calls and 100,000 tokens; the price is unknown ..."
    assert len(set(others)) == len(others) > 5
    places = [ran.out.index(heading) for heading in (*SECTIONS, "Comparison", "Open questions")]
    assert places == sorted(places)
    # A table too wide for a terminal is told paper by paper.
    told = ran.out[places[3] :]
    assert re.search(r"\nDiffusion Policy \(2023\)\n- Method: Diffusion Policy .*\n", told)
    data = inside(*asked, "--json", **configured(endpoint)).data
    assert (data["kind"], data["mode"]) == ("overview", "llm")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], "none is configured; set OPENAI_API_KEY"),
        (["--composer", "extractive"], "--composer extractive only quotes; leave one of them out"),
    ],
)
def test_without_a_model_one_line_says_what_is_missing(
    more: list[str], told: str, demo_library: Library
) -> None:
    asked = ["ask", "--thorough", *more, REVIEWED, "--library", str(demo_library.path)]
    ran = inside(*asked, OPENAI_API_KEY="", OPENAI_BASE_URL="")
    assert (ran.status, ran.out) == (2, "")
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_a_batch_is_not_reviewed(tmp_path: Path) -> None:
    files = ["--batch", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl"]
    ran = inside("ask", "--thorough", *files)
    assert ran.status == 2
    assert "--thorough is for one question" in ran.err


def test_a_review_is_recorded_and_replayed_without_a_model(
    demo_library: Library, tmp_path: Path
) -> None:
    asked: list[Any] = ["ask", "--thorough", REVIEWED, "--library", demo_library.path]
    reviewer, folder = ScriptedReviewer(), tmp_path / "recorded"
    for _ in range(8):
        ran = inside(*asked, "--record", folder)
        new = [path for path in sorted((folder / "prompts").iterdir()) if not replied(path)]
        if not new:
            break
        for path in new:
            replied_path(path).write_text(reply_to(reviewer, path.read_text("utf-8")), "utf-8")
    assert ran.status == 0
    ran = inside(*asked, "--replay", folder, "--json")
    assert (ran.status, ran.data["mode"]) == (0, "llm")
    assert all(f"## {heading}" in ran.data["text"] for heading in (*SECTIONS, "Comparison"))


def replied_path(prompt: Path) -> Path:
    return prompt.parent.parent / "replies" / f"{prompt.stem}.txt"


def replied(prompt: Path) -> bool:
    return replied_path(prompt).exists()


def reply_to(reviewer: ScriptedReviewer, prompt: str) -> str:
    """Returns what the scripted model would reply to a recorded prompt."""
    found = re.findall(r"<(\w+)>\n(.*?)\n</\1>", prompt, re.DOTALL)
    system, user = (text for _, text in found)
    if system.startswith("You plan"):
        return json.dumps(PLANNED)
    if system.startswith("You check"):
        return "{}"
    asked = reviewer.name(system, user)
    reviewer.calls.append(asked)
    return reviewer.write(asked, user)


def test_ctrl_c_prints_what_stands(
    demo_library: Library, endpoint: Endpoint, reviewer: ScriptedReviewer
) -> None:
    reviewer.pause = lambda asked: SLOW.get(asked, 0.0)
    command = [sys.executable, "-m", "footnote.ui.cli.main", "ask", "--thorough", REVIEWED]
    with subprocess.Popen(
        [*command, "--library", demo_library.path], cwd=ROOT, text=True,
        env={**os.environ, **configured(endpoint), "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if ": 2 of 6 parts" in line:
                break
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - begun < 15  # and not the thirty seconds of the call under way
    assert SECTIONS[0] in out
    assert SECTIONS[1] not in out
    assert "Note: stopped before it was whole" in out
    assert "Traceback" not in err
    assert "ReadError" not in err
