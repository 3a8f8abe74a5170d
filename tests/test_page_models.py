"""Who writes can be chosen on the page; what it cost is told; the key stays on the server."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.index.library import Library
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.web.context import AppContext
from tests.asking import GOOD, KEY, QUESTION, engine
from tests.endpoint import cites, serve
from tests.pages import LOOPS, ask, served, visited

pytestmark = LOOPS

CLIPS = "The main variant of PPO clips the probability ratio between the new and the old policy"


@pytest.fixture
def page(demo_library: Library, browser: Browser) -> Iterator[Page]:
    with serve(*[cites(CLIPS, GOOD.replace("1", "N"))] * 2) as endpoint:
        quoting, writing = CitedQueryEngine(demo_library), engine(demo_library, endpoint.url)
        asks = {"scripted": writing.stream, "quotes": quoting.stream}
        desk = AppContext(demo_library, asks, engines={"scripted": writing, "quotes": quoting})
        with served(desk) as address, visited(browser, address) as page:
            yield page


def test_the_reader_chooses_who_writes(page: Page) -> None:
    expect(ask(page, QUESTION).locator(".fn-receipt")).to_contain_text("Written by scripted")
    page.get_by_label("Written by").select_option("quotes")
    expect(ask(page, QUESTION, turn=2).locator(".fn-receipt")).to_contain_text("Quotes")


def test_tokens_are_told_of_each_answer_and_of_the_conversation(page: Page) -> None:
    receipt = ask(page, QUESTION).locator(".fn-receipt")
    expect(receipt).to_contain_text("tokens")
    tokens = receipt.get_attribute("data-tokens")
    assert tokens is not None
    assert int(tokens) > 0
    expect(page.locator("#fn-account")).to_contain_text(f"Conversation: {int(tokens):,} tokens")


def test_the_key_never_reaches_the_browser(page: Page) -> None:
    ask(page, QUESTION)
    address = page.evaluate("location.origin")
    sent = [httpx.get(f"{address}{path}").text for path in ("/", "/config")]
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "fn-composer-choice" in "".join(sent)
    assert not any(KEY in text for text in (*sent, kept, page.content()))
