"""Conversations on the page: they last, they are their reader's own, and go along."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from footnote.index.library import Library
from footnote.ui.storage.conversations import Conversations
from tests.pages import (
    COMPOSER,
    LOOPS,
    PPO,
    ROBOTS,
    TOOLS,
    act,
    agree,
    ask,
    desk_of,
    given_link,
    saved,
    served,
    toast,
    tool,
    visit,
    visited,
)

pytestmark = LOOPS


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversations]:
    with Conversations.open(tmp_path_factory.mktemp("talks") / "kept.sqlite3") as kept:
        yield kept


@pytest.fixture(scope="module")
def address(demo_library: Library, talks: Conversations) -> Iterator[str]:
    with served(desk_of(demo_library, conversations=talks)) as address:
        yield address


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def test_the_menu_of_a_conversation_is_not_cut_off(page: Page) -> None:
    ask(page, PPO)
    page.locator(".fn-talks .fn-menu summary").first.click()
    box = page.locator(".fn-talks .fn-menu > div").first.bounding_box()
    held = page.locator("#fn-talks").bounding_box()
    assert box is not None
    assert held is not None
    assert held["x"] <= box["x"]
    assert box["x"] + box["width"] <= held["x"] + held["width"]


def row(page: Page, title: str) -> Locator:
    return page.locator(".fn-talks li", has_text=title)


def choose(page: Page, title: str, what: str) -> Locator:
    """Opens the menu of a conversation and returns one of its buttons."""
    row(page, title).locator("summary").click()
    return row(page, title).get_by_role("button", name=what, exact=True)


def told_by(turns: Locator) -> list[str]:
    """Returns the text of turns without what leads on from them, which comes later."""
    return turns.evaluate_all(
        """all => all.map((turn) => {
          const copy = turn.cloneNode(true);
          copy.querySelectorAll(".fn-next").forEach((one) => one.remove());
          return copy.textContent;
        })"""
    )


def test_a_conversation_is_there_again_after_a_reload(page: Page, address: str) -> None:
    told = [*told_by(ask(page, PPO)), *told_by(ask(page, TOOLS, turn=2))]
    visit(page, address)
    expect(page.locator(".fn-turn")).to_have_count(2)
    assert told_by(page.locator(".fn-turn")) == told
    page.locator("#fn-turn-1 button.fn-marker").first.click()
    expect(page.locator(".fn-card:not([hidden]) mark.fn-quoted").first).to_be_visible()
    assert ask(page, ROBOTS, turn=3).get_attribute("data-place") == "3"
    expect(page.locator(".fn-talks li")).to_have_count(1)


def test_a_conversation_is_there_again_after_the_server_began_anew(
    demo_library: Library, browser: Browser, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        context = stack.enter_context(browser.new_context())
        users = []
        for again in (False, True):
            with (
                Conversations.open(tmp_path / "kept.sqlite3") as kept,
                served(desk_of(demo_library, conversations=kept)) as address,
            ):
                page = context.new_page()
                if again:
                    # Another port is another place to a browser: it takes its own along.
                    page.goto(f"{address}gradio_api/info")
                    for name, value in users[0].items():
                        page.evaluate("([n, v]) => localStorage.setItem(n, v)", [name, value])
                visit(page, address)
                if not again:
                    ask(page, PPO)
                expect(page.locator(".fn-turn .fn-asked")).to_have_text(PPO)
                expect(page.locator(".fn-turn .fn-sources")).to_be_visible()
                users.append(page.evaluate("({...localStorage})"))
                page.close()


def test_a_conversation_opened_again_stands_at_its_last_question(page: Page) -> None:
    ask(page, PPO)
    ask(page, TOOLS, turn=2)
    page.reload()
    expect(page.locator("#fn-turn-2 .fn-asked")).to_be_in_viewport()
    top = page.locator("#fn-turn-2 .fn-asked").bounding_box()
    assert top is not None
    assert top["y"] < page.viewport_size["height"] / 3  # type: ignore[index]  # set by the fixture


def test_a_conversation_is_renamed_searched_and_opened_again(page: Page) -> None:
    ask(page, PPO)
    page.get_by_role("button", name="New conversation").click()
    ask(page, TOOLS)
    expect(page.locator(".fn-talks li")).to_have_count(2)
    rename = choose(page, PPO[:20], "Rename")
    row(page, PPO[:20]).get_by_label("Name").fill("Clipping")
    rename.click()
    expect(row(page, "Clipping")).to_be_visible()
    page.get_by_label("Search conversations").fill("toolformer")
    expect(page.locator(".fn-talks li")).to_have_count(1)
    expect(row(page, TOOLS[:20])).to_be_visible()
    # What was searched for stays so.
    rename = choose(page, TOOLS[:20], "Rename")
    row(page, TOOLS[:20]).get_by_label("Name").fill("Tools")
    rename.click()
    expect(row(page, "Tools")).to_be_visible()
    expect(page.locator(".fn-talks li")).to_have_count(1)
    page.get_by_label("Search conversations").fill("nothing has this word")
    expect(page.locator("#fn-talk-rows")).to_have_text("Nothing found.")
    page.get_by_label("Search conversations").fill("")
    row(page, "Clipping").locator(".fn-talk").click()
    expect(page.locator(".fn-turn .fn-asked")).to_have_text(PPO)
    expect(row(page, "Clipping")).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_a_menu_of_the_list_is_seen_whole(address: str, browser: Browser, width: int) -> None:
    with visited(browser, address, viewport={"width": width, "height": 900}) as page:
        ask(page, PPO)
        if width < 1344:
            page.get_by_role("button", name="Conversations").click()
            page.wait_for_timeout(300)  # the drawer comes in
        delete = choose(page, PPO[:20], "Delete")
        box = delete.bounding_box()
        assert box is not None
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        top = page.evaluate("({x, y}) => document.elementFromPoint(x, y)?.textContent", at)
        assert top == "Delete"


def test_a_conversation_is_deleted_only_when_it_is_asked_twice(page: Page) -> None:
    ask(page, PPO)
    delete = choose(page, PPO[:20], "Delete")
    delete.click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Delete the conversation “{PPO}”?")
    expect(page.locator(".fn-turn")).to_have_count(1)
    assert "1 answer and every link to it go." in agree(page, "Delete")
    expect(page.locator(".fn-talks li")).to_have_count(0)
    expect(page.locator(".fn-turn")).to_have_count(0)
    expect(toast(page)).to_have_text("Deleted.")


def test_a_conversation_is_taken_along_as_a_file_of_three_kinds(page: Page) -> None:
    ask(page, PPO)
    name, markdown = saved(page, choose(page, PPO[:20], "Markdown"))
    assert name.endswith(".md")
    assert PPO in markdown
    name, html = saved(page, choose(page, PPO[:20], "HTML"))
    assert name.endswith(".html")
    assert html.startswith("<!doctype html>")
    name, text = saved(page, choose(page, PPO[:20], "JSON"))
    assert name.endswith(".json")
    assert PPO in json.dumps(json.loads(text))


def test_a_shared_link_is_read_without_scripts_until_it_is_ended(
    page: Page, address: str, browser: Browser
) -> None:
    ask(page, PPO)
    choose(page, PPO[:20], "Share a link").click()
    link = given_link(page)
    assert link.startswith(address)
    ask(page, TOOLS, turn=2)
    context = browser.new_context(java_script_enabled=False)
    reader = context.new_page()
    reader.goto(link)
    expect(reader.get_by_role("heading", name=PPO).first).to_be_visible()
    expect(reader.get_by_text(TOOLS)).to_have_count(0)
    assert reader.locator("script, form, input, button").count() == 0
    choose(page, PPO[:20], "Stop sharing").click()
    agree(page, "Stop sharing")
    expect(toast(page)).to_have_text("Its links no longer work.")
    answer = reader.goto(link)
    assert answer is not None
    assert answer.status == 404
    expect(reader.locator("body")).to_contain_text("nothing is shared at this link")
    context.close()


def test_an_answer_shares_the_conversation_that_it_stands_in(page: Page, address: str) -> None:
    tool(ask(page, PPO), "Share the conversation").click()
    link = given_link(page)
    assert link.startswith(f"{address}shared/")
    expect(row(page, PPO[:20])).to_contain_text("shared")


def test_two_browsers_never_see_one_anothers_list(
    page: Page, address: str, browser: Browser
) -> None:
    ask(page, PPO)
    with visited(browser, address) as other:
        expect(other.locator("#fn-talk-rows")).to_have_text("Your conversations appear here.")
        expect(other.locator(".fn-turn")).to_have_count(0)
        ask(other, TOOLS)
        expect(other.locator(".fn-talks li")).to_have_count(1)
    expect(page.locator(".fn-talks li")).to_have_count(1)
    expect(row(page, PPO[:20])).to_be_visible()


def test_an_edited_question_replaces_its_answer_and_what_follows(page: Page, address: str) -> None:
    ask(page, PPO)
    ask(page, TOOLS, turn=2)
    tool(page.locator("#fn-turn-1"), "Edit the question").click()
    expect(page.locator(COMPOSER)).to_have_value(PPO)
    expect(page.locator("#fn-pending")).to_contain_text("replaces this answer")
    ask(page, ROBOTS, turn=3)
    expect(page.locator(".fn-turn .fn-asked")).to_have_text([ROBOTS])
    visit(page, address)
    expect(page.locator(".fn-turn .fn-asked")).to_have_text([ROBOTS])


def test_an_edit_can_be_left(page: Page) -> None:
    ask(page, PPO)
    tool(page.locator("#fn-turn-1"), "Edit the question").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(COMPOSER)).to_have_value("")
    ask(page, TOOLS, turn=2)
    expect(page.locator(".fn-turn .fn-asked")).to_have_text([PPO, TOOLS])


def test_a_retry_asks_again_in_the_same_place(page: Page, address: str) -> None:
    ask(page, PPO)
    tool(page.locator("#fn-turn-1"), "Ask again").click()
    expect(page.locator("#fn-turn-2[data-state=done]")).to_be_visible()
    expect(page.locator(".fn-turn .fn-asked")).to_have_text([PPO])
    visit(page, address)
    expect(page.locator(".fn-turn .fn-asked")).to_have_text([PPO])


def test_a_retry_asks_first_where_other_answers_would_go(page: Page) -> None:
    ask(page, PPO)
    ask(page, TOOLS, turn=2)
    tool(page.locator("#fn-turn-1"), "Ask again").click()
    expect(page.get_by_role("dialog")).to_contain_text("This answer and the 1 answer after it go.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".fn-turn .fn-asked")).to_have_text([PPO, TOOLS])
    tool(page.locator("#fn-turn-1"), "Ask again").click()
    agree(page, "Ask again")
    expect(page.locator("#fn-turn-3[data-state=done]")).to_be_visible()
    expect(page.locator(".fn-turn .fn-asked")).to_have_text([PPO])


def test_a_conversation_deleted_in_another_tab_leaves_an_empty_page(
    page: Page, address: str
) -> None:
    ask(page, PPO)
    other = page.context.new_page()
    visit(other, address)
    choose(other, PPO[:20], "Delete").click()
    agree(other, "Delete")
    expect(other.locator(".fn-turn")).to_have_count(0)
    visit(page, address)
    expect(page.locator(".fn-turn")).to_have_count(0)
    ask(page, TOOLS)


def test_a_forged_user_gets_one_line(page: Page) -> None:
    for user, told in (
        ("ada", "The page did not identify its reader; reload it."),
        (None, "The page sent no user; reload it."),
        (["x" * 22], "User must be a text"),
        ("x" * 22 + "' OR 1=1", "The page did not identify its reader"),
    ):
        reply = act(page, "open", id="x", user=user)
        assert reply["error"].startswith(told), user
        assert "\n" not in reply["error"], user


def test_a_conversation_of_another_reader_is_not_there(
    page: Page, address: str, browser: Browser, talks: Conversations
) -> None:
    ask(page, PPO)
    id = page.evaluate("window.footnote.me.conversation")
    with visited(browser, address) as other:
        for action in ("open", "rename", "delete", "share", "unshare", "export"):
            reply = act(other, action, id=id, title="Mine", form="json")
            assert "for this user" in reply["error"], action
            assert "\n" not in reply["error"], action
        other.evaluate("id => { window.footnote.me.conversation = id }", id)
        failed = ask(other, TOOLS, ends="failed")
        expect(failed.get_by_role("alert")).to_contain_text("for this user")
    user = page.evaluate("window.footnote.me.user")
    assert [(talk.messages, talk.title) for talk in talks.list(user)] == [(1, PPO)]


# FOOTNOTE_CONVERSATIONS=browser


@pytest.fixture(scope="module")
def unkept(demo_library: Library) -> Iterator[str]:
    with served(desk_of(demo_library)) as address:
        yield address


def test_a_browser_alone_keeps_its_conversation_where_the_server_keeps_none(
    unkept: str, browser: Browser
) -> None:
    with visited(browser, unkept) as page:
        told = [*told_by(ask(page, PPO)), *told_by(ask(page, TOOLS, turn=2))]
        expect(page.locator("#fn-talk-rows")).to_have_text("Kept in this browser alone.")
        visit(page, unkept)
        expect(page.locator(".fn-turn")).to_have_count(2)
        assert told_by(page.locator(".fn-turn")) == told
        tool(page.locator("#fn-turn-1"), "Edit the question").click()
        ask(page, ROBOTS, turn=3)
        visit(page, unkept)
        expect(page.locator(".fn-turn .fn-asked")).to_have_text([ROBOTS])
        page.get_by_role("button", name="New conversation").click()
        assert "kept in this browser alone" in agree(page, "Begin a new one")
        visit(page, unkept)
        expect(page.locator(".fn-turn")).to_have_count(0)


def test_a_forged_record_is_one_line(unkept: str, browser: Browser) -> None:
    with visited(browser, unkept) as page:
        page.evaluate("window.footnote.me.records = [{question: 'x'}]")
        failed = ask(page, PPO, ends="failed")
        assert "\n" not in failed.get_by_role("alert").inner_text()


def test_a_place_that_comes_later_than_its_reply_is_filled(address: str, browser: Browser) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        # What a slow network does: a part of the page is put up after the first reply came.
        page.add_init_script("""
          let late = null;
          new MutationObserver((_, observer) => {
            const place = document.getElementById("fn-scope");
            if (!place) return;
            late = [place.parentElement, place];
            place.remove();
            observer.disconnect();
          }).observe(document, { childList: true, subtree: true });
          const asked = window.fetch;
          window.fetch = async (...sent) => {
            const reply = await asked(...sent);
            if (late && String(sent[0]).includes("component_server")) {
              setTimeout(([parent, place]) => parent.append(place), 100, late);
              late = null;
            }
            return reply;
          };
        """)
        page.goto(address)
        expect(page.locator("#fn-scope")).to_contain_text("Searching", timeout=20_000)


def test_a_first_call_that_is_lost_is_made_again(address: str, browser: Browser) -> None:
    context = browser.new_context()
    page, lost = context.new_page(), []

    def lose_one(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.abort()

    page.route("**/component_server**", lose_one)
    page.goto(address)
    expect(page.locator("#fn-scope")).to_contain_text("Searching", timeout=20_000)
    assert lost
    context.close()
