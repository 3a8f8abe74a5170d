"""What people rather look at than read: years, the map, and who says yes to a question."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import footnote.ui.rendering.charts.dots
from footnote.index.library import Library
from footnote.ui.storage.conversations import Conversations
from footnote.ui.web.requests import MOST_PINNED
from tests.pages import LOOPS, PPO, ROBOTS, act, ask, desk_of, served, tool, visited
from tests.views import ASSETS

pytestmark = LOOPS

TIMELINE, AGREEMENT = (f".fn-tools [data-do={name}]" for name in ("timeline", "agreement"))

YES_OR_NO = "Does chain-of-thought prompting help?"
# Three papers take a side to it, of which the answer quotes none.
UNQUOTED = "Larger models do better."
NO_SIDES = "Does retrieval improve language models?"


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
    turn = ask(page, PPO)
    page.wait_for_timeout(1500)  # what is offered a little later would be there by now
    expect(turn.locator(TIMELINE)).to_have_count(1)
    expect(turn.locator(AGREEMENT)).to_have_count(0)
    place = {"place": 1, "turn": 1, **page.evaluate("window.footnote.who()")}
    assert "yes-or-no" in act(page, "agreement", **place)["error"]


def test_sides_that_no_quote_of_the_answer_tells_are_offered_a_little_later(page: Page) -> None:
    turn = ask(page, UNQUOTED)
    expect(turn.locator(AGREEMENT)).to_have_count(1, timeout=20_000)
    tool(turn, "Who agrees").click()
    sides = turn.locator("[data-view=agreement] .fn-side:not(.fn-unclear)")
    expect(sides).to_have_count(3, timeout=20_000)


def test_a_question_whose_papers_take_no_side_offers_none(page: Page) -> None:
    turn = ask(page, NO_SIDES)
    page.wait_for_timeout(2500)  # what is offered a little later would be there by now
    expect(turn.locator(AGREEMENT)).to_have_count(0)


def test_one_chart_stands_in_the_place_of_the_other(page: Page) -> None:
    turn = ask(page, YES_OR_NO)
    pane = turn.locator(".fn-pane > *")
    timeline, agreement = turn.locator(TIMELINE), turn.locator(AGREEMENT)
    tool(turn, "Timeline").click()
    expect(turn.locator("[data-view=timeline]")).to_be_visible()
    expect(timeline).to_have_attribute("aria-pressed", "true")
    tool(turn, "Who agrees").click()
    expect(turn.locator("[data-view=agreement]")).to_be_visible(timeout=20_000)
    expect(agreement).to_be_hidden()  # with its menu
    expect(turn.locator("[data-view=timeline]")).to_have_count(0)
    expect(timeline).to_have_attribute("aria-pressed", "false")
    # Pressed one after the other, the later one stands, though the earlier one takes longer.
    tool(turn, "Who agrees").click()
    expect(agreement).to_be_hidden()
    expect(pane).to_have_count(0)
    turn.evaluate(
        """(turn) => ["agreement", "timeline"].forEach(
             (name) => turn.querySelector(`[data-do=${name}]`).click())"""
    )
    expect(turn.locator("[data-view=timeline]")).to_be_visible()
    page.wait_for_timeout(1500)
    expect(turn.locator("[data-view=agreement]")).to_have_count(0)
    expect(timeline).to_have_attribute("aria-pressed", "true")


def test_no_timeline_is_offered_of_papers_without_years(
    browser: Browser, tmp_path: Path, demo_library: Library
) -> None:
    papers = [replace(paper, published=None) for paper in demo_library.papers()]
    with (
        Library.open(tmp_path / "bare", embedder=demo_library.embedder, create=True) as bare,
        served(desk_of(bare)) as address,
    ):
        bare.add(papers)
        with visited(browser, address) as page:
            turn = ask(page, ROBOTS)
            expect(turn.get_by_role("button", name="On the map")).to_have_count(1)
            expect(turn.locator(TIMELINE)).to_have_count(0)


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


@pytest.fixture
def sampled(page: Page, monkeypatch: pytest.MonkeyPatch) -> Locator:
    """The map of the demo's 70 papers, of which 30 are drawn."""
    monkeypatch.setattr(footnote.ui.rendering.charts.dots, "MOST_POINTS", 30)
    page.get_by_role("button", name="Map", exact=True).click()
    room = page.locator("#fn-room-map")
    expect(room).to_contain_text("Showing 30 of 70 papers", timeout=30_000)
    return room


def test_a_cluster_of_a_sampled_map_is_chosen_whole(page: Page, sampled: Locator) -> None:
    sampled.locator(".fn-map-label").first.click()
    told = sampled.locator(".fn-map-label .fn-sr").first.text_content() or ""
    count = told.strip(", ").split()[0]
    expect(sampled.get_by_role("status")).to_have_text(f"{count} papers chosen.")


def test_a_region_of_a_sampled_map_holds_what_is_not_drawn(page: Page, sampled: Locator) -> None:
    drawn_around(page, sampled, 0.01, 0.99)
    expect(sampled.get_by_role("status")).to_have_text("70 papers chosen.")
    sampled.get_by_role("button", name="Ask only these 70 papers").click()
    expect(page.locator("#fn-extent")).to_contain_text("Only 70 chosen papers of 70")
    expect(page.locator(".fn-pins li").last).to_have_text("and 50 more")


def test_zoomed_in_a_sampled_map_shows_more(page: Page, sampled: Locator) -> None:
    figure = sampled.locator(".fn-map")
    sampled.get_by_role("button", name="Zoom in").click()
    expect(sampled.locator(".fn-map-sample")).to_contain_text("papers of this part")
    shown = "(one) => window.footnote.chart.mapOf(one).points.map(({ id }) => id)"
    seen = set(figure.evaluate(shown))
    sampled.get_by_role("button", name="Whole map").click()
    expect(sampled.locator(".fn-map-sample")).to_contain_text("Showing 30 of 70")
    assert seen - set(figure.evaluate(shown))
    expect(sampled.get_by_role("button", name="Zoom out")).to_be_disabled()


def test_a_button_of_the_map_keeps_the_focus_when_it_can_do_no_more(
    page: Page, sampled: Locator
) -> None:
    closer, out, whole = (
        sampled.get_by_role("button", name=name) for name in ("Zoom in", "Zoom out", "Whole map")
    )
    closer.focus()
    for _ in range(6):
        page.keyboard.press("Enter")
    expect(closer).to_be_disabled()
    expect(closer).to_be_focused()
    whole.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(whole).to_be_disabled()
    expect(whole).to_be_focused()
    expect(out).to_have_attribute("aria-disabled", "true")


def test_no_more_papers_are_chosen_than_can_be_asked_alone(
    page: Page, sampled: Locator, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (ASSETS / "views.js").read_text("utf-8")
    assert f"const MOST = {MOST_PINNED};" in script
    monkeypatch.setattr("footnote.ui.web.handlers.charts.MOST_PINNED", 69)
    drawn_around(page, sampled, 0.01, 0.99)
    told = page.locator("#fn-toast.fn-bad")
    expect(told).to_contain_text("70 papers are there, and at most 69 can be asked alone")
    expect(page.locator(".fn-map-ask")).to_be_hidden()


def test_a_map_of_earlier_papers_says_so(page: Page, sampled: Locator) -> None:
    sampled.locator(".fn-map").evaluate("(one) => (one.dataset.revision = 'earlier')")
    sampled.locator(".fn-map-label").first.click()
    expect(page.locator("#fn-toast.fn-bad")).to_contain_text("open it again")


def test_a_paper_of_the_map_is_named_under_the_mouse_and_opened(page: Page) -> None:
    page.get_by_role("button", name="Map", exact=True).click()
    figure = page.locator("#fn-room-map .fn-map")
    expect(figure).to_be_visible(timeout=30_000)
    # One that stands apart, so that no other is nearer to the mouse.
    name, x, y = figure.evaluate(
        """(one) => {
          const { points } = window.footnote.chart.mapOf(one);
          const off = (a, b) => (a === b ? 999 : Math.hypot(a.x - b.x, a.y - b.y));
          const alone = (a) => Math.min(...points.map((b) => off(a, b)));
          const drawn = points.filter(({ circle }) => !circle);
          const { name, x, y } = drawn.sort((a, b) => alone(b) - alone(a))[0];
          const box = one.querySelector(".fn-map-points").getBoundingClientRect();
          return [name, box.x + x / 800 * box.width, box.y + y / 560 * box.height];
        }"""
    )
    page.mouse.move(x, y)
    expect(figure.locator(".fn-map-tip")).to_have_text(name)
    page.mouse.click(x, y)
    card = page.locator(".fn-card:not([hidden])")
    expect(card).to_contain_text(name.rpartition(",")[0])
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(figure.get_by_role("button", name=name)).to_be_focused()


def drawn_around(page: Page, room: Locator, low: float, high: float) -> None:
    """Draws a box on the map, from a share of it to another, both ways."""
    room.locator(".fn-map-points").scroll_into_view_if_needed()
    box = room.locator(".fn-map-points").bounding_box()
    assert box is not None
    corners = [(low, low), (high, low), (high, high), (low, high)]
    (x, y), *rest = [
        (box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners
    ]
    page.mouse.move(x, y)
    page.mouse.down()
    for across, down in rest:
        page.mouse.move(across, down, steps=4)
    page.mouse.up()


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
