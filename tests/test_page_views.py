"""What people rather look at than read: years, the map, and who says yes to a question."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.index.library import Library
from footnote.ui.storage.conversations import Conversations
from tests.pages import LOOPS, PPO, ROBOTS, ask, desk_of, served, tool, visited

pytestmark = LOOPS

YES_OR_NO = "Does retrieval improve language models?"


@pytest.fixture(scope="module")
def address(demo_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("views") / "conversations.sqlite3"
    with Conversations.open(path) as kept, served(desk_of(demo_library, conversations=kept)) as at:
        yield at


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def test_an_answers_papers_stand_by_year_and_open_their_cards(page: Page) -> None:
    turn = ask(page, ROBOTS)
    tool(turn, "Timeline").click()
    drawn = turn.locator("[data-view=timeline]")
    expect(drawn).to_be_in_viewport()
    drawn.locator("button[data-card]:visible").first.click()
    expect(page.locator(".fn-card:not([hidden])")).to_be_visible()
    tool(turn, "Timeline").click()
    expect(drawn).to_have_count(0)


def test_who_agrees_is_told_in_the_papers_own_words(page: Page, demo_library: Library) -> None:
    turn = ask(page, YES_OR_NO)
    tool(turn, "Who agrees").click()
    table = turn.locator("[data-view=agreement]")
    expect(table).to_be_visible(timeout=20_000)
    abstracts = [paper.abstract for paper in demo_library.papers()]
    quotes = table.locator("tbody tr td:last-child").all_inner_texts()
    assert quotes
    for quote in quotes:
        assert any(quote.strip().strip("“”") in abstract for abstract in abstracts)
    table.locator("button[data-card]").first.click()
    expect(page.locator(".fn-card:not([hidden]) mark.fn-quoted").first).to_be_visible()


def test_an_open_question_has_no_sides(page: Page) -> None:
    tool(ask(page, PPO), "Who agrees").click()
    expect(page.locator("#fn-toast.fn-bad")).to_contain_text("yes-or-no")


def test_the_map_lights_up_what_was_found_and_a_choice_on_it_is_searched_alone(page: Page) -> None:
    ask(page, ROBOTS).get_by_role("button", name="On the map").click()
    room = page.locator("#fn-room-map")
    expect(room.locator(".fn-map-point").first).to_be_visible(timeout=30_000)
    assert room.locator("svg .fn-cited").count() > 0
    label = room.locator(".fn-map-label").first
    label.click()
    chosen = room.get_by_role("button", name="Ask only these")
    expect(chosen).to_be_visible()
    count = (chosen.inner_text().split())[3]
    chosen.click()
    expect(page.locator("#fn-extent")).to_contain_text(f"Only {count} chosen papers")
    expect(page.locator("#fn-question textarea")).to_be_focused()


def test_the_map_is_a_place_of_its_own(page: Page) -> None:
    page.get_by_role("button", name="Map", exact=True).click()
    expect(page.locator("#fn-room-map .fn-map-point").first).to_be_visible(timeout=30_000)
    page.reload()
    expect(page.locator("#fn-room-map .fn-map-point").first).to_be_visible(timeout=30_000)


def test_a_map_of_no_papers_says_so(
    browser: Browser, tmp_path: Path, demo_library: Library
) -> None:
    folder = tmp_path / "empty"
    with (
        Library.open(folder, embedder=demo_library.embedder, create=True) as empty,
        served(desk_of(empty)) as address,
        visited(browser, address) as page,
    ):
        page.get_by_role("button", name="Map", exact=True).click()
        expect(page.locator("#fn-room-map")).to_contain_text("add papers to see a map")
