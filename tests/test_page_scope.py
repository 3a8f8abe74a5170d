"""What is searched: narrowed beside the conversation, by a paper, or by the question itself."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.index.library import Library
from footnote.index.search.filters import Filters
from tests.pages import LOOPS, PPO, WIDE, ask, served_with_talks, tool, visit, visited

pytestmark = LOOPS

DATED = "What has been found about robots since 2020?"


@pytest.fixture(scope="module")
def address(demo_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_with_talks(demo_library, tmp_path_factory.mktemp("talks")) as address:
        yield address


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def slide(page: Page, name: str, year: int) -> None:
    page.get_by_label(name).evaluate(
        "(range, year) => { range.value = year;"
        " for (const kind of ['input', 'change'])"
        " range.dispatchEvent(new Event(kind, {bubbles: true})) }",
        year,
    )


def searched(page: Page) -> set[int]:
    """Returns the years of every paper that an answer cites or found."""
    bylines = page.locator(".fn-turn .fn-byline").all_text_contents()
    return {int(fact) for line in bylines for fact in line.split(" · ") if fact.isdigit()}


def test_all_papers_are_searched_at_first(page: Page, demo_library: Library) -> None:
    told = f"All {demo_library.size} papers"
    expect(page.locator("#fn-extent")).to_have_text(told)
    expect(page.locator("#fn-extent.fn-narrowed")).to_have_count(0)
    expect(page.locator(".fn-searching")).to_have_text(told)


def test_the_years_narrow_what_is_searched_and_stay_after_a_reload(
    page: Page, address: str, demo_library: Library
) -> None:
    count, size = demo_library.count(Filters(2018, 2021)), demo_library.size
    assert 0 < count < size
    told = f"{count} of {size} papers from 2018 to 2021"
    slide(page, "First year", 2018)
    expect(page.locator("#fn-extent")).to_contain_text("since 2018")
    slide(page, "Last year", 2021)
    expect(page.locator("#fn-extent")).to_have_text(told)
    expect(page.locator(".fn-years output")).to_have_text("2018–2021")
    visit(page, address)
    expect(page.locator("#fn-extent.fn-narrowed")).to_have_text(told)
    expect(page.get_by_label("First year")).to_have_value("2018")
    ask(page, PPO)
    assert searched(page)
    assert searched(page) <= {2018, 2019, 2020, 2021}


def test_crossed_sliders_mean_the_years_between_them(page: Page) -> None:
    slide(page, "First year", 2021)
    expect(page.locator("#fn-extent")).to_contain_text("since 2021")
    slide(page, "Last year", 2018)
    expect(page.locator("#fn-extent")).to_contain_text("from 2018 to 2021")


def test_a_slider_can_be_moved_from_the_keyboard(page: Page) -> None:
    first = page.get_by_label("First year")
    first.focus()
    year = int(first.input_value())
    page.keyboard.press("ArrowRight")
    expect(page.locator("#fn-extent")).to_contain_text(f"since {year + 1}")
    expect(page.get_by_label("First year")).to_be_focused()


def test_an_author_narrows_what_is_searched(page: Page, demo_library: Library) -> None:
    count = demo_library.count(Filters(author="Schulman"))
    assert count
    page.get_by_label("Author").fill("Schulman")
    page.keyboard.press("Enter")
    expect(page.locator("#fn-extent")).to_have_text(
        f"{count} of {demo_library.size} papers by Schulman"
    )
    ask(page, PPO)
    answer = page.locator(".fn-receipt").inner_text()
    assert page.locator(".fn-turn .fn-byline").count() == count, answer


def test_a_venue_narrows_what_is_searched(page: Page, demo_library: Library) -> None:
    venue, count = max(
        demo_library.searcher.names.counts("venue").items(), key=lambda item: item[1]
    )
    page.get_by_label("Venue").select_option(venue)
    expect(page.locator("#fn-extent")).to_contain_text(f"at {venue}")
    expect(page.get_by_label("Venue")).to_have_value(venue)
    assert demo_library.count(Filters(venue=venue)) >= count
    page.get_by_label("Venue").select_option("")
    expect(page.locator("#fn-extent")).to_have_text(f"All {demo_library.size} papers")


def test_a_paper_is_asked_about_alone_until_it_is_let_go(
    page: Page, address: str, demo_library: Library
) -> None:
    ask(page, PPO)
    page.locator(".fn-sources .fn-title").first.click()
    title = page.locator(".fn-card:not([hidden]) h3").inner_text()
    page.get_by_role("button", name="Ask about this paper").locator("visible=true").click()
    told = f"Only 1 chosen paper of {demo_library.size}"
    expect(page.locator("#fn-extent")).to_have_text(told)
    visit(page, address)
    expect(page.locator("#fn-extent")).to_have_text(told)
    expect(page.locator(".fn-pins")).to_contain_text(title)
    second = ask(page, "What was found?", turn=2)
    cited = second.locator(".fn-title").all_inner_texts()
    assert set(cited) == {title}
    # Beside answers, what is searched opens from the composer.
    page.locator("#fn-extent").click()
    page.get_by_role("button", name=f"Search beyond {title}").click()
    expect(page.locator(".fn-pins")).to_have_count(0)
    expect(page.locator("#fn-extent")).to_have_text(f"All {demo_library.size} papers")


@pytest.mark.parametrize("wide", [True, False])
def test_the_filters_close_by_their_button_by_escape_and_by_a_press_outside(
    page: Page, wide: bool
) -> None:
    page.set_viewport_size(WIDE if wide else {"width": 390, "height": 844})
    ask(page, PPO)
    panel, chip = page.locator("#fn-library"), page.locator("#fn-extent")
    sources = page.locator("#fn-turn-1 .fn-aside")
    ways: list[Callable[[], None]] = [
        lambda: panel.get_by_role("button", name="Close").click(),
        lambda: page.keyboard.press("Escape"),
        lambda: page.locator(".fn-name").click(position={"x": 4, "y": 8}),
    ]
    for number, close in enumerate(ways):
        chip.click()
        expect(panel.get_by_role("button", name="Close")).to_be_in_viewport()
        expect(chip).to_have_attribute("aria-expanded", "true")
        # Beside the answer one of the two is read, and not one through the other.
        expect(sources).to_be_visible(visible=not wide)
        close()
        expect(panel).to_be_hidden()
        expect(sources).to_be_visible()
        expect(chip).to_have_attribute("aria-expanded", "false")
        if number < 2:
            expect(chip).to_be_focused()


def test_a_slider_that_is_let_go_outside_the_filters_leaves_them_open(page: Page) -> None:
    ask(page, PPO)
    page.locator("#fn-extent").click()
    box = page.locator("#fn-library").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] - 200, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.locator("#fn-library")).to_be_visible()


def test_filters_and_a_card_take_one_anothers_place(page: Page) -> None:
    ask(page, PPO)
    page.locator("button.fn-marker").first.click()
    page.locator("#fn-extent").click()
    expect(page.locator(".fn-card:not([hidden])")).to_have_count(0)
    expect(page.locator("#fn-library")).to_be_visible()
    page.locator("button.fn-marker").first.press("Enter")
    expect(page.locator("#fn-library")).to_be_hidden()
    expect(page.locator(".fn-card:not([hidden])")).to_be_visible()


def test_the_next_question_closes_the_filters(page: Page) -> None:
    ask(page, PPO)
    page.locator("#fn-extent").click()
    page.evaluate("question => window.footnote.submit(question)", PPO)
    expect(page.locator("#fn-turn-2[data-state=done] .fn-aside")).to_be_visible(timeout=20_000)


def test_one_button_searches_all_papers_again_whatever_narrows_them(
    page: Page, demo_library: Library
) -> None:
    everything = f"All {demo_library.size} papers"
    ask(page, PPO)
    expect(page.locator("[data-unscope]").locator("visible=true")).to_have_count(0)
    page.locator(".fn-sources .fn-title").first.click()
    page.get_by_role("button", name="Ask about this paper").locator("visible=true").click()
    expect(page.locator("#fn-extent")).to_contain_text("Only 1 chosen paper")
    page.locator("#fn-extent").click()
    slide(page, "First year", 2019)
    expect(page.locator("#fn-extent")).to_contain_text("since 2019")
    page.locator("#fn-scope").get_by_role("button", name=everything).click()
    expect(page.locator("#fn-extent")).to_have_text(f"All {demo_library.size} papers")
    expect(page.locator("#fn-library").get_by_role("button", name="Close")).to_be_focused()
    slide(page, "First year", 2018)
    expect(page.locator("#fn-extent")).to_contain_text("since 2018")
    page.keyboard.press("Escape")
    page.locator("#fn-foot").get_by_role("button", name=everything, exact=True).click()
    expect(page.locator("#fn-extent")).to_have_text(f"All {demo_library.size} papers")
    expect(page.locator("#fn-extent")).to_be_focused()
    expect(page.locator("[data-unscope]").locator("visible=true")).to_have_count(0)


def test_a_filter_of_the_question_is_a_chip_and_goes_when_it_is_pressed(page: Page) -> None:
    first = ask(page, DATED)
    assert min(searched(page)) >= 2020
    first.get_by_role("button", name="Search without: since 2020").click()
    second = page.locator("#fn-turn-2[data-state=done]")
    expect(second).to_be_visible(timeout=20_000)
    expect(page.locator(".fn-turn")).to_have_count(1)
    expect(second.locator(".fn-asked")).to_have_text(DATED)
    expect(second.locator(".fn-chip")).to_have_count(0)
    tool(second, "Ask again").click()
    third = page.locator("#fn-turn-3[data-state=done]")
    expect(third).to_be_visible(timeout=20_000)
    expect(third.locator(".fn-chip")).to_have_count(0)


def test_a_scope_without_a_paper_is_told_in_the_conversation(page: Page) -> None:
    page.get_by_label("Author").fill("Nobody of this name")
    page.keyboard.press("Enter")
    expect(page.locator("#fn-extent")).to_contain_text("0 of")
    page.fill("#fn-question textarea", PPO)
    page.keyboard.press("Enter")
    expect(page.locator("#fn-turn-1:is([data-state=done], [data-state=failed])")).to_be_visible()
    expect(page.locator("#fn-turn-1 .fn-sources")).to_have_count(0)


def test_a_scope_that_is_none_is_let_go_at_the_next_visit(
    page: Page, demo_library: Library
) -> None:
    wrong = {"since": "soon", "papers": ["x"] * 6000}
    page.evaluate("of => (localStorage['footnote-scope'] = JSON.stringify(of))", wrong)
    page.reload()
    expect(page.locator("#fn-extent")).to_have_text(f"All {demo_library.size} papers")
    ask(page, PPO)
