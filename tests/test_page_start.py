"""The beginning of a conversation, the sources beside an answer, and where it leads."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.index.library import Library
from tests.pages import LOOPS, ROBOTS, ask, desk_of, served, served_with_talks, visited

pytestmark = LOOPS

NARROW = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(demo_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_with_talks(demo_library, tmp_path_factory.mktemp("talks")) as address:
        yield address


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def test_a_question_that_is_offered_is_asked_and_leads_on(page: Page) -> None:
    offers = page.locator("#fn-start .fn-offer")
    expect(offers.first).to_be_visible(timeout=20_000)
    composer, first = page.locator("#fn-composer"), offers.first
    assert composer.bounding_box()["y"] < first.bounding_box()["y"]
    question = first.inner_text()
    first.click()
    turn = page.locator("#fn-turn-1[data-state=done]")
    expect(turn.locator(".fn-asked")).to_have_text(question)
    expect(page.locator("#fn-start")).to_be_hidden()
    following = turn.locator(".fn-next .fn-offer")
    expect(following.first).to_be_visible(timeout=20_000)
    following.first.click()
    expect(page.locator("#fn-turn-2[data-state=done]")).to_be_visible(timeout=20_000)
    # What leads on stands below the last answer alone.
    expect(following).to_have_count(0)


def test_a_topic_asks_for_its_overview(page: Page) -> None:
    topic = page.locator("#fn-start .fn-topics button").first
    expect(topic).to_be_visible(timeout=20_000)
    asked = f"What do the papers say about {topic.inner_text()}?"
    topic.click()
    expect(page.locator("#fn-turn-1 .fn-asked")).to_have_text(asked)


def test_an_empty_library_says_how_to_fill_it(browser: Browser, tmp_path: Path, embedder) -> None:
    with (
        Library.open(tmp_path / "empty", embedder=embedder, create=True) as library,
        served(desk_of(library)) as address,
        visited(browser, address) as page,
    ):
        expect(page.get_by_role("heading", name="Add your first papers")).to_be_visible()
        page.get_by_role("button", name="Open the library").click()
        expect(page.locator("#fn-room-library h2")).to_be_visible()


def test_sources_stand_beside_their_answer_and_below_it_on_a_narrow_screen(
    page: Page, address: str, browser: Browser
) -> None:
    turn = ask(page, ROBOTS)
    said, aside = turn.locator(".fn-said").bounding_box(), turn.locator(".fn-aside").bounding_box()
    assert aside["x"] >= said["x"] + said["width"]
    assert abs(aside["y"] - turn.locator(".fn-asked").bounding_box()["y"]) < 12
    with visited(browser, address, viewport=NARROW) as phone:
        turn = ask(phone, ROBOTS)
        said = turn.locator(".fn-said").bounding_box()
        aside, tools = (turn.locator(one).bounding_box() for one in (".fn-aside", ".fn-under"))
        assert said["y"] + said["height"] <= aside["y"]
        assert aside["y"] + aside["height"] <= tools["y"]


def test_a_quote_is_shown_at_its_marker_to_the_mouse_and_the_keyboard(page: Page) -> None:
    turn = ask(page, ROBOTS)
    marker, peek = turn.locator("button.fn-marker").first, page.locator("#fn-peek")
    marker.hover()
    expect(peek).to_be_visible()
    quote = turn.locator(".fn-statement").first.inner_text()
    words = re.sub(r"\s+", " ", peek.locator("p").first.inner_text()).strip("“” …")
    assert words[:60] in re.sub(r"\s+", " ", quote)
    page.mouse.move(5, 5)
    expect(peek).to_be_hidden()
    page.locator("#fn-question textarea").focus()
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('button.fn-marker')"):
            break
    expect(peek).to_be_visible()
    page.keyboard.press("Enter")
    expect(peek).to_be_hidden()
    expect(page.locator(".fn-card:not([hidden])")).to_be_visible()


def test_the_title_of_an_open_source_stays_in_view(page: Page) -> None:
    ask(page, ROBOTS).locator("button.fn-marker").first.click()
    card = page.locator(".fn-card:not([hidden])")
    card.evaluate("one => (one.scrollTop = one.scrollHeight)")
    expect(card.locator("h3")).to_be_in_viewport()


def test_filters_open_from_the_composer_once_answers_fill_the_margin(page: Page) -> None:
    expect(page.locator("#fn-library")).to_be_visible()
    ask(page, ROBOTS)
    expect(page.locator("#fn-library")).to_be_hidden()
    page.locator("#fn-extent").click()
    expect(page.locator("#fn-library")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#fn-library")).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_long_question_is_cut_with_a_sign_and_unfolds_from_the_keyboard(
    page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    unfold = page.get_by_role("button", name="Show the whole question")
    ask(page, ROBOTS)
    expect(unfold).to_have_count(0)
    turn = ask(page, f"{ROBOTS} " * 30, turn=2)
    heading = turn.locator(".fn-asked")
    cut = heading.bounding_box()["height"]
    assert heading.evaluate("one => one.scrollHeight > one.clientHeight")
    assert heading.evaluate("one => getComputedStyle(one).webkitLineClamp") == "6"
    unfold.focus()
    page.keyboard.press("Enter")
    expect(turn.get_by_role("button", name="Show less")).to_be_focused()
    assert heading.bounding_box()["height"] > cut * 2
    assert not heading.evaluate("one => one.scrollHeight > one.clientHeight + 1")
    page.keyboard.press("Enter")
    expect(unfold).to_be_focused()
    assert heading.bounding_box()["height"] == pytest.approx(cut, abs=1)


def test_what_is_unfolded_stays_so_while_the_answer_is_written(page: Page) -> None:
    long = f"{ROBOTS} " * 30
    page.evaluate("text => void window.footnote.submit(text)", long)
    page.locator(".fn-unfold").click(timeout=20_000)
    expect(page.locator("#fn-turn-1[data-state=done]")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Show less")).to_be_visible()


def test_an_example_in_an_answer_is_asked_as_it_is_pressed(page: Page) -> None:
    examples = ask(page, "Hello, what can you do?").locator(".fn-said .fn-offer")
    question = examples.first.inner_text()
    assert question.endswith("?")
    examples.first.click()
    asked = page.locator("#fn-turn-2[data-state=done] .fn-asked")
    expect(asked).to_have_text(question, timeout=20_000)


def test_names_beside_tools_stay_below_what_is_opened_over_them(
    address: str, browser: Browser
) -> None:
    with visited(browser, address, viewport=NARROW, has_touch=True, is_mobile=True) as page:
        tools = ask(page, ROBOTS).locator(".fn-icon:not(.fn-thumb)")
        told = "one => { const { opacity, zIndex } = getComputedStyle(one, '::after');"
        for one in tools.all():
            assert one.evaluate(f"{told} return [opacity, zIndex] }}") == ["1", "auto"]


def test_a_question_is_brought_to_the_top_whatever_went_above_it(page: Page) -> None:
    leads = ask(page, "Which papers learn from human preferences?").locator(".fn-next .fn-offer")
    expect(leads.first).to_be_visible(timeout=20_000)
    asked = ask(page, ROBOTS, turn=2).locator(".fn-asked")
    page.wait_for_timeout(1_200)
    top = page.locator("#fn-top").bounding_box()
    assert 0 <= asked.bounding_box()["y"] - top["y"] - top["height"] < 60
