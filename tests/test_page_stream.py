"""The page while a model writes: what it reads, the verdicts so far, and what stays open."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from footnote.index.library import Library
from tests.asking import CLIPS, QUESTION, engine
from tests.endpoint import Endpoint, paced, serve
from tests.pages import COMPOSER, LOOPS, desk_of, served, visited

pytestmark = LOOPS

WRONG = "PPO was trained on 97 robots [N]. "
RIGHT = "PPO clips the probability ratio between the new and the old policy [N]. "


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with serve() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def address(demo_library: Library, endpoint: Endpoint) -> Iterator[str]:
    written = engine(demo_library, endpoint.url, repair=False, timeout=30.0)
    desk = replace(desk_of(demo_library), asks={"scripted": written.stream})
    with served(desk) as address:
        yield address


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address, reduced_motion="reduce") as page:
        yield page


def asking(page: Page, endpoint: Endpoint, *steps: str | threading.Event) -> Locator:
    """Asks a model that goes step by step; returns the turn once the papers are listed."""
    endpoint.script[:] = [paced(CLIPS, *steps)]
    page.fill(COMPOSER, QUESTION)
    page.keyboard.press("Enter")
    turn = page.locator(".fn-turn").last
    expect(turn.locator(".fn-reads")).to_be_visible(timeout=20_000)
    return turn


def test_sources_come_first_and_verdicts_with_their_sentence(
    page: Page, endpoint: Endpoint
) -> None:
    writes, ends = threading.Event(), threading.Event()
    try:
        turn = asking(page, endpoint, writes, WRONG, RIGHT, "And ", ends, "so on.")
        reads = turn.locator(".fn-reads")
        count = reads.locator("li").count()
        assert count > 5
        expect(reads.locator(".fn-heading")).to_have_text(f"Reading {count} papers")
        expect(turn.locator(".fn-prose")).to_have_count(0)
        first = reads.locator("li", has_text="Proximal Policy Optimization").first
        expect(first.locator(".fn-byline")).to_have_text("John Schulman et al. · 2017")
        first.locator(".fn-title").click()
        card = page.locator(".fn-card:not([hidden])")
        expect(card.locator("h3")).to_have_text("Proximal Policy Optimization Algorithms")
        expect(card.locator("mark")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(first.locator(".fn-title")).to_be_focused()

        writes.set()
        wrong = turn.locator(".fn-contradicted")
        expect(wrong).to_have_text("PPO was trained on 97 robots.")
        expect(turn.locator(".fn-verdict")).to_have_text("contradicted")
        expect(turn).to_have_attribute("data-state", "busy")
        # What had the focus has it, though the list was told anew: it has a number now.
        expect(first.locator(".fn-number")).to_have_text("1")
        expect(first.locator(".fn-title")).to_be_focused()
        expect(turn.locator(".fn-supported")).to_have_count(1)
        marker = turn.locator("button.fn-marker").nth(1)
        marker.click()
        expect(card.locator("mark.fn-quoted")).to_contain_text(CLIPS)
        expect(marker).to_have_attribute("aria-expanded", "true")
        place = marker.bounding_box()
        height = page.evaluate("document.documentElement.scrollHeight")

        ends.set()
        expect(turn).to_have_attribute("data-state", "done", timeout=20_000)
        expect(reads).to_have_count(0)
        expect(turn.locator(".fn-sources li")).to_have_count(1)
        expect(turn.get_by_text("Also retrieved")).to_be_visible()
        # What was open is, in its place, and nothing moved.
        expect(card.locator("h3")).to_have_text("Proximal Policy Optimization Algorithms")
        expect(card.locator("mark.fn-quoted")).to_contain_text(CLIPS)
        expect(marker).to_have_attribute("aria-expanded", "true")
        assert marker.bounding_box() == place
        assert page.evaluate("document.documentElement.scrollHeight") >= height
        page.keyboard.press("Escape")
        expect(marker).to_be_focused()
        expect(card).to_have_count(0)
    finally:
        writes.set()
        ends.set()


def test_what_is_marked_stays_when_the_answer_is_stopped(page: Page, endpoint: Endpoint) -> None:
    ends = threading.Event()
    try:
        turn = asking(page, endpoint, WRONG, "And ", ends, "so on.")
        expect(turn.locator(".fn-contradicted")).to_be_visible()
        page.get_by_role("button", name="Stop").click()
        expect(turn.locator(".fn-stopped")).to_be_visible()
        expect(turn.locator(".fn-contradicted")).to_be_visible()
        turn.locator("button.fn-marker").click()
        expect(page.locator(".fn-card:not([hidden]) mark.fn-quoted")).to_be_visible()
        page.keyboard.press("Escape")
        turn.locator(".fn-reads .fn-title").last.click()
        expect(page.locator(".fn-card:not([hidden])")).to_be_visible()
    finally:
        ends.set()
