"""The table on the page: from an answer, a choice or a collection; its columns, order, files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.index.library import Library
from footnote.ui.storage.shelf import Shelf
from tests.pages import (
    LOOPS,
    PPO,
    WIDE,
    act,
    ask,
    desk_of,
    enter,
    saved,
    served,
    shadow,
    toast,
    tool,
    visited,
)

pytestmark = LOOPS


@pytest.fixture(scope="module")
def address(demo_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = Path(tmp_path_factory.mktemp("shelf"))
    with Shelf.open(folder) as shelf, served(desk_of(demo_library, shelf=shelf)) as address:
        yield address


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def test_the_papers_of_an_answer_are_laid_side_by_side(page: Page) -> None:
    ask(page, PPO)
    page.locator("#fn-turn-1").get_by_role("button", name="Table", exact=True).click()
    expect(page.locator("#fn-room-table")).to_contain_text(f"of the answer to “{PPO}”")
    rows = page.locator(".fn-quotes tbody tr")
    expect(rows.first).to_be_visible(timeout=20_000)
    # A cell opens the paper with its own sentence marked.
    cell = page.locator(".fn-cell").first
    quote = cell.inner_text()
    cell.click()
    mark = page.locator(".fn-card:not([hidden]) mark.fn-quoted")
    expect(mark).to_have_text(quote)
    page.keyboard.press("Escape")
    page.get_by_label("A column of your own").fill("What is clipped?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="What is clipped?")).to_be_visible(timeout=20_000)
    # Others may be added at once.
    expect(page.get_by_label("A column of your own")).to_be_focused()
    limits = page.locator(".fn-columns").get_by_role("checkbox", name="Limits")
    limits.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("columnheader", name="Limits")).to_have_count(0, timeout=20_000)
    expect(limits).to_be_focused()
    name, text = saved(page, page.locator("#fn-table").get_by_role("button", name="CSV"))
    assert name == "table.csv"
    assert text.startswith("Paper,Year,Address,Method,Data,Result,What is clipped?\n")
    with page.expect_download() as download:
        page.locator("#fn-table").get_by_role("button", name="Excel").click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_table_that_is_wider_than_the_screen_shows_that_it_goes_on(
    address: str, browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    narrow = {"width": 390, "height": 844}
    with visited(browser, address, viewport=narrow, color_scheme=scheme) as page:
        turn = ask(page, "How does RT-2 compare with PaLM-E?")
        tool(turn, "Table").click()
        expect(page.locator(".fn-quotes tbody tr").first).to_be_visible(timeout=20_000)
        where = page.locator(".fn-quotes")
        assert shadow(page, where, "right") > 20
        where.evaluate("one => (one.scrollLeft = one.scrollWidth)")
        assert shadow(page, where, "right") < 5
        page.set_viewport_size(WIDE)
        page.get_by_role("button", name="Ask", exact=True).first.click()
        assert shadow(page, turn.locator(".fn-table"), "right") < 5


def test_a_comparison_stands_one_thing_below_the_other_on_a_phone(page: Page) -> None:
    turn = ask(page, "How does RT-2 compare with PaLM-E?")
    cells = turn.locator(".fn-table td")
    lefts = "all => all.slice(0, 2).map((cell) => cell.getBoundingClientRect().left)"
    heads = "all => all.slice(0, 2).map((cell) => getComputedStyle(cell, '::before').content)"
    assert len({*cells.evaluate_all(lefts)}) == 2
    page.set_viewport_size({"width": 390, "height": 844})
    assert len({*cells.evaluate_all(lefts)}) == 1
    assert cells.evaluate_all(heads) == ['"RT-2"', '"PaLM-E"']
    fits = "one => one.scrollWidth <= one.clientWidth"
    assert turn.locator(".fn-table").evaluate(fits)


def test_a_table_is_there_again_after_a_reload(page: Page, address: str) -> None:
    ask(page, PPO)
    page.locator("#fn-turn-1").get_by_role("button", name="Table", exact=True).click()
    expect(page.locator(".fn-quotes tbody tr").first).to_be_visible(timeout=20_000)
    page.locator(".fn-columns").get_by_role("checkbox", name="Limits").uncheck()
    expect(page.get_by_role("columnheader", name="Limits")).to_have_count(0, timeout=20_000)
    # Left and entered again it stands as it was, and is not read anew.
    page.locator(".fn-quotes").evaluate("table => (table.dataset.seen = 1)")
    enter(page, "Library")
    enter(page, "Table")
    expect(page.locator(".fn-quotes[data-seen]")).to_be_visible()
    page.reload()
    expect(page.locator(".fn-quotes tbody tr").first).to_be_visible(timeout=20_000)
    expect(page.get_by_role("columnheader", name="Limits")).to_have_count(0)
    # What it was made of is gone: the room is empty, without an error.
    gone = {"source": {"papers": ["arxiv:0000.00000"]}, "columns": []}
    page.evaluate("of => (localStorage['footnote-table'] = JSON.stringify(of))", gone)
    page.reload()
    expect(page.locator("#fn-room-table")).to_contain_text("Nothing is compared yet")
    expect(page.locator("#fn-toast.fn-shown")).to_have_count(0)


def test_the_table_of_an_answer_is_copied_as_csv(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn = ask(page, "How does RT-2 compare with PaLM-E?")
    expect(turn.locator(".fn-table")).to_be_visible()
    tool(turn, "Copy the table as CSV").click()
    expect(toast(page)).to_have_text("Copied.")
    head, first = page.evaluate("navigator.clipboard.readText()").splitlines()[:2]
    assert head == "RT-2,PaLM-E"
    assert re.search(r" \[\d\]", first)
    turn = ask(page, PPO, turn=2)
    turn.locator(".fn-tools summary[aria-label=More]").click()
    expect(turn.get_by_role("button", name="Copy the table as CSV")).to_have_count(0)
    assert "has no table" in act(page, "copy", place=2, form="csv")["error"]


def test_chosen_papers_are_ordered_by_any_column(page: Page) -> None:
    enter(page, "Library")
    for title in ("Toolformer", "ReAct", "Proximal Policy"):
        page.get_by_label("Search the library").fill(title)
        page.locator(".fn-paper", has_text=title).get_by_role("checkbox").check()
    bar = page.get_by_role("region", name="Chosen papers")
    bar.get_by_role("button", name="Table", exact=True).click()
    years = page.locator(".fn-quotes tbody .fn-year")
    expect(years).to_have_count(3, timeout=20_000)
    sort = page.get_by_role("columnheader", name="Year").get_by_role("button")
    sort.click()
    found = years.all_inner_texts()
    assert found == sorted(found)
    sort.click()
    assert years.all_inner_texts() == sorted(found, reverse=True)


def test_an_empty_table_says_where_tables_come_from(page: Page) -> None:
    room = enter(page, "Table")
    expect(room).to_contain_text("Press “Table” under an answer")
    room.get_by_role("button", name="Open the library").click()
    expect(page.locator("#fn-room-library h2")).to_be_visible()


def test_a_forged_table_is_one_line(page: Page) -> None:
    for sent, told in (
        ({"papers": ["nobody"]}, "No paper 'nobody' in"),
        ({"within": "c:nothing"}, "No collection"),
        ({"place": 7}, "That answer is not in the conversation"),
        ({"papers": ["arxiv:1707.06347"], "columns": ["x" * 9000]}, "The question has 9,000"),
    ):
        reply = act(page, "table-open", **sent)
        assert reply["error"].startswith(told), reply
        assert "\n" not in reply["error"]
