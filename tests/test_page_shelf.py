"""Collections, tags and notes on the page: chosen in the library, searched alone, shared."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from footnote.index.library import Library
from footnote.ui.storage.shelf import Shelf
from tests.pages import (
    LOOPS,
    PPO,
    agree,
    ask,
    desk_of,
    enter,
    given_link,
    saved,
    served,
    toast,
    visit,
    visited,
)

pytestmark = LOOPS


@pytest.fixture
def address(demo_library: Library, tmp_path: Path) -> Iterator[str]:
    with Shelf.open(tmp_path) as shelf, served(desk_of(demo_library, shelf=shelf)) as address:
        yield address


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def paper(page: Page, title: str) -> Locator:
    return page.locator(".fn-paper", has_text=title)


def pick(page: Page, *titles: str) -> Locator:
    """Chooses papers by searching for each; returns the bar of what is done with them."""
    for title in titles:
        page.get_by_label("Search the library").fill(title)
        paper(page, title).get_by_role("checkbox").check()
    return page.get_by_role("region", name="Chosen papers")


TOOLFORMER = "Toolformer"
REACT = "ReAct"


def test_chosen_papers_become_a_collection_that_is_searched_alone(page: Page) -> None:
    enter(page, "Library")
    bar = pick(page, TOOLFORMER, REACT)
    # What was chosen before stays chosen while searches change.
    expect(bar).to_contain_text("2 chosen")
    bar.get_by_text("Add to a collection").click()
    bar.get_by_label("New collection").fill("Agents")
    bar.get_by_role("button", name="Create and add").click()
    expect(toast(page)).to_have_text("2 papers added to “Agents”.")
    page.get_by_label("Search the library").fill("")
    page.locator(".fn-part", has_text="Agents").click()
    expect(page.locator(".fn-parthead")).to_contain_text("2 papers")
    expect(page.locator(".fn-paper")).to_have_count(2)
    page.get_by_label("Search the library").fill("reasoning")
    expect(page.locator(".fn-paper")).to_have_count(1)
    page.get_by_label("Search the library").fill("")
    expect(page.locator(".fn-paper")).to_have_count(2)
    name, text = saved(page, _in_menu(page.locator(".fn-parthead"), "Save citations", "BibTeX"))
    assert name == "papers.bib"
    assert text.count("@") == 2
    page.locator(".fn-parthead").get_by_role("button", name="Ask only these").click()
    expect(page.locator("#fn-extent")).to_have_text("Agents · 2 papers")
    turn = ask(page, PPO)
    expect(turn).not_to_contain_text("Proximal Policy")
    page.locator("#fn-extent").click()
    expect(page.get_by_label("Collection or tag")).to_have_value(
        page.evaluate("window.footnote.me.scope.within")
    )
    page.locator("#fn-scope").get_by_role("button", name="All 70 papers").click()
    expect(page.locator("#fn-extent")).to_contain_text("All 70 papers")


def _in_menu(where: Locator, menu: str, item: str) -> Locator:
    where.get_by_text(menu, exact=True).click()
    return where.get_by_role("button", name=item, exact=True)


def test_a_collection_is_renamed_emptied_and_deleted(page: Page) -> None:
    enter(page, "Library")
    page.locator(".fn-parts summary").click()
    page.locator(".fn-parts").get_by_label("Name").fill("Later")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("#fn-shelf")).to_contain_text("Nothing is in it yet.")
    page.locator(".fn-part", has_text="All papers").click()
    bar = pick(page, TOOLFORMER)
    _in_menu(bar, "Add to a collection", "Later").click()
    expect(toast(page)).to_have_text("1 paper added to “Later”.")
    page.get_by_label("Search the library").fill("")
    page.locator(".fn-part", has_text="Later").click()
    head = page.locator(".fn-parthead")
    head.locator("summary", has_text="Rename").click()
    head.get_by_label("Name").fill("Read first")
    head.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Read first")).to_be_visible()
    expect(bar).to_be_hidden()
    page.locator(".fn-pick").check()
    bar.get_by_role("button", name="Take out").click()
    expect(toast(page)).to_have_text("1 paper taken out of “Read first”.")
    expect(bar).to_have_count(0)
    page.locator(".fn-parthead").get_by_role("button", name="Delete").click()
    assert "stay in the library" in agree(page, "Delete")
    expect(page.locator(".fn-part")).to_have_count(1)
    expect(page.locator(".fn-paper")).to_have_count(40)


def test_a_record_is_corrected_in_its_card_and_taken_back(page: Page) -> None:
    enter(page, "Library")
    page.get_by_label("Search the library").fill(TOOLFORMER)
    title = paper(page, TOOLFORMER).locator(".fn-title")
    before = title.inner_text()
    title.click()
    card = page.locator(".fn-card:visible")
    card.get_by_role("button", name="Correct").click()
    form = card.get_by_role("form", name="Correct this record")
    expect(form.get_by_label("Title")).to_have_value(before)
    form.get_by_label("Title").fill("Toolformer <b>mended</b>")
    form.get_by_label("Date").fill("next spring")
    form.get_by_role("button", name="Save").click()
    expect(toast(page)).to_contain_text('"published": got')
    form.get_by_label("Authors").fill("Ada Lund\nVik, Bo")
    form.get_by_label("Date").fill("2023-02")
    form.get_by_label("Venue").fill("Tides")
    form.get_by_role("button", name="Save").click()
    expect(toast(page)).to_have_text("Corrected.")
    # The open card and the row behind it say the same, and the card stays open.
    expect(card.locator("h3")).to_have_text("Toolformer <b>mended</b>")
    expect(card.locator(".fn-byline")).to_have_text("Ada Lund, Vik, Bo · 2023 · Tides")
    expect(form).to_have_count(0)
    expect(title).to_have_text("Toolformer <b>mended</b>")
    # The list is the one that was searched for.
    assert page.locator(".fn-paper").count() < 40
    expect(page.get_by_label("Search the library")).to_have_value(TOOLFORMER)
    card.get_by_role("button", name="Correct").click()
    expect(form).to_contain_text("Corrected before: authors, published, title, venue.")
    form.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Close source").click()
    expect(page.locator(".fn-import")).to_contain_text("a record was corrected by hand")
    page.get_by_role("button", name="Undo", exact=True).click()
    agree(page, "Undo it")
    page.get_by_label("Search the library").fill("")
    page.get_by_label("Search the library").fill(TOOLFORMER)
    expect(title).to_have_text(before)


def test_an_open_menu_stays_as_the_list_is_drawn_anew(page: Page) -> None:
    enter(page, "Library")
    bar = pick(page, TOOLFORMER)
    bar.get_by_text("Add to a collection").click()
    bar.get_by_label("New collection").fill("Half writ")
    page.evaluate("window.footnote.call('browse', {query: 'Toolformer'})")
    expect(bar.get_by_label("New collection")).to_have_value("Half writ")
    bar.get_by_label("New collection").fill(" ")
    bar.get_by_role("button", name="Create and add").click()
    expect(toast(page)).to_contain_text("name")
    # What was refused can be mended where it stands.
    bar.get_by_label("New collection").fill("Written")
    bar.get_by_role("button", name="Create and add").click()
    expect(toast(page)).to_have_text("1 paper added to “Written”.")
    expect(bar.get_by_label("New collection")).to_be_hidden()


def test_a_shared_collection_is_read_without_scripts_and_without_notes(
    page: Page, address: str, browser: Browser
) -> None:
    enter(page, "Library")
    bar = pick(page, TOOLFORMER)
    bar.get_by_text("Add to a collection").click()
    bar.get_by_label("New collection").fill("Tools <b>")
    bar.get_by_role("button", name="Create and add").click()
    page.locator(".fn-part", has_text="Tools").click()
    page.get_by_label("Search the library").fill("")
    paper(page, TOOLFORMER).locator(".fn-title").click()
    page.get_by_label("Your note").fill("not for others")
    page.get_by_label("Your note").blur()
    expect(page.locator(".fn-card:visible .fn-saved")).to_have_text("Saved")
    page.get_by_role("button", name="Close source").click()
    page.get_by_role("button", name="Share a link").click()
    link = given_link(page)
    context = browser.new_context(java_script_enabled=False)
    reader = context.new_page()
    reader.goto(link)
    expect(reader.get_by_role("heading", name="Tools <b>")).to_be_visible()
    expect(reader.get_by_role("heading", name=TOOLFORMER)).to_be_visible()
    assert "not for others" not in reader.content()
    assert reader.locator("script, form, input, button").count() == 0
    page.get_by_role("button", name="Stop sharing").click()
    agree(page, "Stop sharing")
    expect(toast(page)).to_have_text("Its links no longer work.")
    gone = reader.goto(link)
    assert gone is not None
    assert gone.status == 404
    context.close()


def test_a_tag_and_a_note_are_written_in_any_card(page: Page, address: str) -> None:
    ask(page, PPO)
    page.locator("#fn-turn-1 button.fn-marker").first.click()
    card = page.locator(".fn-card:not([hidden])")
    card.get_by_label("New tag").fill("clipping")
    card.get_by_label("New tag").press("Enter")
    expect(card.locator(".fn-tag")).to_have_text("#clipping×")
    card.get_by_label("Your note").fill("Which epsilon?")
    card.get_by_label("Your note").blur()
    expect(page.locator(".fn-card:visible .fn-saved")).to_have_text("Saved")
    visit(page, address)
    enter(page, "Library")
    page.locator(".fn-part", has_text="#clipping").click()
    expect(page.locator(".fn-paper")).to_have_count(1)
    expect(page.locator(".fn-ownline")).to_have_text("#clippingWhich epsilon?")
    page.locator(".fn-paper .fn-title").click()
    card = page.locator(".fn-card:not([hidden])")
    expect(card.get_by_label("Your note")).to_have_value("Which epsilon?")
    card.get_by_role("button", name="Take the tag clipping away").click()
    expect(card.locator(".fn-tag")).to_have_count(0)


def test_chosen_papers_are_asked_or_removed_together(page: Page) -> None:
    enter(page, "Library")
    bar = pick(page, TOOLFORMER, REACT)
    bar.get_by_role("button", name="Ask only these").click()
    expect(page.locator("#fn-extent")).to_contain_text("Only 2 chosen papers of 70")
    enter(page, "Library")
    expect(bar).to_contain_text("2 chosen")
    bar.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Remove 2 papers from the library?")
    page.keyboard.press("Escape")
    bar.get_by_role("button", name="Choose none").click()
    expect(bar).to_be_hidden()


def test_a_paper_that_is_opened_in_the_library_moves_no_row(page: Page) -> None:
    enter(page, "Library")
    rows = page.locator("#fn-room-library .fn-title")
    rows.nth(5).scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    rows.nth(5).click()
    expect(page.locator(".fn-card:not([hidden])")).to_be_visible()
    assert page.evaluate("scrollY") == before


def test_conversations_are_reached_from_a_room_on_a_narrow_screen(
    address: str, browser: Browser
) -> None:
    with visited(browser, address, viewport={"width": 390, "height": 844}) as page:
        enter(page, "Library")
        page.get_by_role("button", name="Conversations").click()
        expect(page.get_by_role("searchbox", name="Search conversations")).to_be_in_viewport()
