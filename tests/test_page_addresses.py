"""What is open on the page has an address: Back, Forward, a reload and a bookmark lead there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.index.library import Library
from footnote.ui.storage.conversations import Conversations
from tests.pages import (
    LOOPS,
    PPO,
    TOOLS,
    ask,
    desk_of,
    enter,
    given_link,
    served,
    toast,
    visit,
    visited,
)

pytestmark = LOOPS

NOW = datetime.now(UTC)


class Clock:
    """A clock that a test sets."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def address(
    demo_library: Library, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    path = Path(tmp_path_factory.mktemp("talks")) / "kept.sqlite3"
    with (
        Conversations.open(path, clock=clock) as kept,
        served(desk_of(demo_library, conversations=kept)) as address,
    ):
        yield address


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def asked(page: Page, *questions: str) -> None:
    expect(page.locator(".fn-turn .fn-asked")).to_have_text(list(questions))


def test_back_and_forward_lead_through_conversations_and_rooms(page: Page, address: str) -> None:
    ask(page, PPO)
    first = page.url
    assert first.startswith(f"{address}c/")
    expect(page).to_have_title(f"{PPO} · Footnote")
    ask(page, TOOLS, turn=2)
    assert page.url == first
    page.get_by_role("button", name="New conversation").click()
    expect(page).to_have_url(address)
    expect(page).to_have_title("Footnote")
    ask(page, TOOLS)
    second = page.url
    assert second != first
    enter(page, "Library")
    expect(page).to_have_url(f"{second}#library")
    page.go_back()
    expect(page.locator("#fn-room-library")).to_be_hidden()
    asked(page, TOOLS)
    page.go_back()
    asked(page)
    expect(page).to_have_url(address)
    page.go_back()
    asked(page, PPO, TOOLS)
    expect(page).to_have_url(first)
    expect(page.locator(".fn-talks li[aria-current]")).to_contain_text(PPO[:20])
    page.go_forward()
    page.go_forward()
    page.go_forward()
    expect(page.locator("#fn-room-library h2")).to_be_visible()
    expect(page).to_have_url(f"{second}#library")


def test_a_step_that_is_answered_late_does_not_undo_the_next(page: Page, address: str) -> None:
    ask(page, PPO)
    page.get_by_role("button", name="New conversation").click()
    ask(page, TOOLS)
    second = page.url
    enter(page, "Library")
    page.evaluate(
        """() => {
          const asked = window.fetch;
          window.late = 0;
          window.fetch = async (...sent) => {
            const reply = await asked(...sent);
            if (String(sent[1]?.body).includes('"open"')) {
              await new Promise((wake) => setTimeout(wake, 400));
              window.late += 1;
            }
            return reply;
          };
          history.go(-3);
          setTimeout(() => history.go(3), 100);
        }"""
    )
    page.wait_for_function("window.late")
    page.wait_for_timeout(300)
    expect(page.locator("#fn-room-library h2")).to_be_visible()
    expect(page).to_have_url(f"{second}#library")
    asked(page, TOOLS)


def test_an_address_opens_its_conversation_whatever_was_open_last(page: Page, address: str) -> None:
    ask(page, PPO)
    first = page.url
    page.get_by_role("button", name="New conversation").click()
    ask(page, TOOLS)
    second = page.url
    visit(page, first)
    asked(page, PPO)
    page.locator("#fn-turn-1 button.fn-marker").first.click()
    expect(page.locator(".fn-card:not([hidden]) mark.fn-quoted").first).to_be_visible()
    page.reload()
    asked(page, PPO)
    expect(page).to_have_url(first)
    # The bare address opens what was open last.
    visit(page, address)
    asked(page, PPO)
    expect(page).to_have_url(first)
    page.goto(f"{second}#library")
    expect(page.locator("#fn-room-library h2")).to_be_visible()
    page.get_by_role("button", name="Ask", exact=True).first.click()
    asked(page, TOOLS)
    expect(page).to_have_url(second)


def test_an_address_of_nobody_or_of_another_reader_begins_anew(
    page: Page, address: str, browser: Browser
) -> None:
    ask(page, PPO)
    mine = page.url
    with visited(browser, address) as other:
        for url in (mine, f"{address}c/{'x' * 16}"):
            visit(other, url)
            expect(toast(other)).to_have_text("That conversation is not here any more.")
            asked(other)
            expect(other).to_have_url(address)
        ask(other, TOOLS)


def test_a_link_made_in_a_conversation_works(page: Page, address: str) -> None:
    ask(page, PPO)
    page.reload()
    page.locator(".fn-talks summary").first.click()
    page.get_by_role("button", name="Share a link").click()
    assert given_link(page).startswith(f"{address}shared/")


def test_conversations_are_grouped_by_day(address: str, browser: Browser, clock: Clock) -> None:
    with visited(browser, address) as page:
        for ago in (400, 3, 1, 0):
            clock.now = NOW - timedelta(days=ago)
            page.get_by_role("button", name="New conversation").click()
            ask(page, PPO)
        clock.now = NOW
        month = f"{NOW - timedelta(days=400):%B %Y}"
        days = page.locator(".fn-day")
        expect(days).to_have_text(["Today", "Yesterday", "The last seven days", month])


def test_the_fonts_are_the_servers_own(page: Page, address: str) -> None:
    loaded = page.evaluate(
        """async () => {
          await document.fonts.ready;
          const fonts = [...document.fonts].filter((one) => one.status === "loaded");
          return fonts.map((one) => one.family);
        }"""
    )
    assert {name.strip('"') for name in loaded} >= {"Inter", "Source Serif 4"}
    font = page.request.get(f"{address}fonts/inter.woff2")
    assert (font.status, font.headers["content-type"]) == (200, "font/woff2")
    for name in ("README.md", "..%2Fchat.css", "none.woff2", "a/b.woff2"):
        assert page.request.get(f"{address}fonts/{name}").status == 404
