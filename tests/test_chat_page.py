"""The chat page as a reader meets it: a real server, a real browser."""

import gc
import re
import socket
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from anyio import open_file  # noqa: F401
from playwright.sync_api import Browser, Page, expect

from footnote.index import FootnoteError
from footnote.ui.web.page import build_page, launch, start
from tests.pages import agree, opened
from tests.scripted import (
    CRASHES,
    FAILS,
    FOLLOW_UP,
    HOSTILE,
    HOSTILE_QUESTION,
    NO_EVIDENCE,
    NOTE,
    OLDEST,
    QUESTION,
    SEARCHES_ON,
    SLOW,
    SPONGES,
    ScriptedAsk,
    ScriptedLibrary,
)

# open_file above: the server would import it in a thread of its own, at its first request,
# and two threads in which pytest rewrites a module at once trip Python 3.11's parser.

# Gradio makes an event loop for each Blocks and each queue, and closes none.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <(socket|function BaseEventLoop)"
    ":pytest.PytestUnraisableExceptionWarning"
)

COMPOSER = "#fn-question textarea"


class Served(NamedTuple):
    """The page's address, and the scripted ``ask`` behind it."""

    address: str
    ask: ScriptedAsk


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    ask = ScriptedAsk()
    page = build_page(ask, ScriptedLibrary(), examples=(QUESTION, "How fast do sponges grow?"))
    yield Served(start(page, port=0), ask)
    page.close(verbose=False)
    gc.collect()  # so that the warnings of pytestmark fall here and not in another module


@pytest.fixture
def page(served: Served, browser: Browser) -> Iterator[Page]:
    """Opens the page, and at the end tells of every console error and outside request."""
    with opened(browser, served.address) as page:
        visit(page, served.address)
        yield page


def visit(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(COMPOSER)).to_be_focused()


def ask(page: Page, question: str, *, turn: int = 1, ends: str = "done") -> None:
    page.fill(COMPOSER, question)
    page.keyboard.press("Enter")
    expect(page.locator(f"#fn-turn-{turn}[data-state={ends}]")).to_be_visible()


def test_an_example_streams_an_answer_whose_marker_opens_the_exact_quote(page: Page) -> None:
    page.get_by_role("button", name=QUESTION).click()
    expect(page.get_by_text("Searching 512 papers…")).to_be_visible()
    expect(page.locator(".fn-turn[data-state=busy] .fn-prose")).to_contain_text("Glass sponges")
    expect(page.locator("#fn-turn-1[data-state=done]")).to_be_visible()
    page.get_by_role("button", name=f"Open source 1: {SPONGES.title}").first.click()
    card = page.get_by_role("region", name=SPONGES.title)
    expect(card).to_be_visible()
    assert "".join(card.locator("mark.fn-quoted").all_inner_texts()) == OLDEST
    expect(card.locator("mark.fn-quoted").last).to_be_in_viewport()


def test_a_second_marker_of_one_source_shows_its_own_quotes(page: Page) -> None:
    ask(page, QUESTION)
    page.locator("button.fn-marker").nth(1).click()
    quotes = page.locator(".fn-card:not([hidden]) mark.fn-quoted").all_inner_texts()
    assert quotes == [
        "counted their growth rings under polarised light",
        "which agrees with its oxygen isotope record",
    ]


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#fn-turn-1[data-state=done]")).to_be_visible()
    marker = page.locator("button.fn-marker").last
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.className") == "fn-marker":
            break
    expect(marker).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".fn-card:not([hidden])")).to_be_focused()
    expect(marker).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(page.locator(".fn-card:not([hidden])")).to_have_count(0)
    expect(marker).to_be_focused()


def test_shift_enter_starts_a_new_line_and_sends_nothing(page: Page) -> None:
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    expect(page.locator(COMPOSER)).to_have_value("one\ntwo")
    expect(page.locator(".fn-turn")).to_have_count(0)


def test_an_empty_question_is_met_with_a_hint(page: Page, served: Served) -> None:
    before = len(served.ask.histories)
    page.fill(COMPOSER, "   ")
    page.keyboard.press("Enter")
    expect(page.locator("#fn-hint")).to_have_text("Type a question first.")
    expect(page.locator(".fn-turn")).to_have_count(0)
    assert len(served.ask.histories) == before


def test_an_expected_error_is_one_line_of_the_conversation(page: Page) -> None:
    ask(page, FAILS, ends="failed")
    expect(page.get_by_role("alert")).to_have_text(
        "The question has 9,001 characters; ask in 2,000 or fewer."
    )


def test_a_crash_shows_no_stack_and_is_logged(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    ask(page, CRASHES, ends="failed")
    expect(page.get_by_role("alert")).to_contain_text("Something went wrong")
    expect(page.locator("body")).not_to_contain_text("a secret of the stack")
    assert "a secret of the stack" in caplog.text
    ask(page, QUESTION, turn=2)


def test_hostile_text_neither_runs_nor_calls_out(page: Page) -> None:
    # The page fixture fails on any request that does not go to our own server.
    ask(page, HOSTILE_QUESTION)
    page.locator("button.fn-marker").first.click()
    page.wait_for_timeout(300)
    expect(page.locator(".fn-card:not([hidden]) mark.fn-quoted")).to_have_text(HOSTILE)
    assert page.evaluate("window.pwned") is None
    assert page.locator(":is(#fn-turns, #fn-cards) :is(img, script)").count() == 0
    # The links to a paper's own places, and no other.
    assert page.locator("#fn-turns a:not(.fn-links > a)").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0


def test_an_abstention_is_calm_and_offers_the_nearest_papers(page: Page) -> None:
    ask(page, NO_EVIDENCE)
    expect(page.locator(".fn-refusal")).to_contain_text("does not hold an answer")
    page.locator(".fn-hits .fn-title").first.click()
    expect(page.locator(".fn-card:not([hidden])")).to_be_visible()


def test_two_readers_do_not_see_one_anothers_conversation(
    page: Page, served: Served, browser: Browser
) -> None:
    ask(page, QUESTION)
    other = browser.new_context().new_page()
    visit(other, served.address)
    expect(other.locator(".fn-turn")).to_have_count(0)
    ask(other, FOLLOW_UP)
    assert served.ask.histories[-1] == ()
    expect(page.locator(".fn-turn")).to_have_count(1)
    other.context.close()


def test_a_follow_up_gets_the_conversation_and_leaves_earlier_turns_alone(
    page: Page, served: Served
) -> None:
    ask(page, QUESTION)
    page.locator(".fn-more summary").click()
    ask(page, FOLLOW_UP, turn=2)
    assert [turn.role for turn in served.ask.histories[-1]] == ["user", "assistant"]
    expect(page.locator("#fn-turn-1 .fn-more")).to_have_attribute("open", "")
    expect(page.locator("#fn-turn-2 .fn-searched")).to_contain_text("in warm water?")


def test_stop_ends_the_answer_and_the_stream_behind_it(page: Page, served: Served) -> None:
    served.ask.closed.clear()
    page.fill(COMPOSER, SLOW)
    page.keyboard.press("Enter")
    expect(page.locator(".fn-turn .fn-prose")).to_contain_text("Glass")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".fn-stopped")).to_be_visible()
    expect(page.locator("#fn-send")).to_be_visible()
    assert served.ask.closed.wait(timeout=5)
    ask(page, QUESTION, turn=2)
    assert served.ask.histories[-1] == ()


def test_stop_before_the_first_word_says_so_and_offers_to_ask_again(page: Page) -> None:
    page.fill(COMPOSER, SEARCHES_ON)
    page.keyboard.press("Enter")
    expect(page.locator(".fn-turn .fn-stage")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".fn-stopped")).to_have_text("Stopped before anything was written.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_question_right_after_stop_is_asked_however_slow_the_server_ends_the_last(
    page: Page, served: Served
) -> None:
    served.ask.closes.clear()
    served.ask.closed.clear()
    page.fill(COMPOSER, SLOW)
    page.keyboard.press("Enter")
    expect(page.locator(".fn-turn .fn-prose")).to_contain_text("Glass")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#fn-send")).to_be_visible()
    ask(page, QUESTION, turn=2)
    assert not served.ask.closed.is_set()
    expect(page.locator(COMPOSER)).to_have_value("")
    served.ask.closes.set()
    assert served.ask.closed.wait(timeout=5)
    expect(page.locator(".fn-turn")).to_have_count(2)


def test_a_new_conversation_forgets_the_old_one(page: Page, served: Served) -> None:
    ask(page, QUESTION)
    page.get_by_role("button", name="New conversation").click()
    agree(page, "Begin a new one")
    expect(page.locator(".fn-turn")).to_have_count(0)
    expect(page.get_by_role("button", name=QUESTION)).to_be_visible()
    expect(page.locator(".fn-card")).to_have_count(0)
    ask(page, QUESTION)
    assert served.ask.histories[-1] == ()


def test_the_page_tells_what_the_library_is(page: Page) -> None:
    expect(page.locator("#fn-header")).to_contain_text("512 papers · 2013–2025")
    expect(page.locator("#fn-library")).to_contain_text(NOTE)


def test_the_answer_is_announced_once_and_whole(page: Page) -> None:
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    page.fill(COMPOSER, QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".fn-turn[data-state=busy]")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".fn-turn[data-state=done]")).to_have_attribute("aria-busy", "false")


def test_the_name_stands_beside_the_buttons_of_a_narrow_head(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    name = page.locator(".fn-name").evaluate(
        "e => { const r = document.createRange(); r.selectNodeContents(e);"
        " return r.getBoundingClientRect().right }"
    )
    drawer = page.locator("#fn-drawer").bounding_box()
    assert drawer is not None
    assert name <= drawer["x"]


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_a_narrow_screen_never_scrolls_sideways_nor_hides_the_opened_sentence(
    served: Served, browser: Browser, scheme: str
) -> None:
    narrow = {"width": 390, "height": 844}
    with opened(browser, served.address, viewport=narrow, color_scheme=scheme) as page:
        visit(page, served.address)
        stay_narrow(page)


def stay_narrow(page: Page) -> None:
    for turn, question in enumerate((QUESTION, HOSTILE_QUESTION, "long" * 300), 1):
        ask(page, question, turn=turn)
        page.locator(f"#fn-turn-{turn} button.fn-marker").last.click()
        expect(page.locator(".fn-card:not([hidden])")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.wait_for_timeout(600)  # a smooth scroll ends
        card = page.locator(".fn-card:not([hidden])").bounding_box()
        marker = page.locator("button[aria-expanded=true]").bounding_box()
        assert card is not None
        assert marker is not None
        assert marker["y"] + marker["height"] <= card["y"]
        page.keyboard.press("Escape")


def test_the_head_fits_at_every_width(page: Page) -> None:
    for width in (1440, 1345, 1200, 1089, 1024, 993, 992, 900, 833, 832, 768, 737, 600, 390, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        button = page.get_by_role("button", name="New conversation").bounding_box()
        assert button is not None
        assert button["x"] + button["width"] <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrasts_with_its_ground(served: Served, browser: Browser, scheme: str) -> None:
    # WCAG 2.2 AA asks for 4.5:1; the pairs are those that chat.css puts on one another.
    with opened(browser, served.address, color_scheme=scheme) as page:
        visit(page, served.address)
        contrast_all(page)


def contrast_all(page: Page) -> None:
    pairs = [("ink", "paper"), ("soft", "paper"), ("soft", "sheet"), ("accent", "paper"),
             ("accent", "tint"), ("on-accent", "accent"), ("caution", "paper"), ("ink", "mark"),
             ("ink", "mark-soft")]  # fmt: skip
    for text, ground in pairs:
        colours = [
            page.evaluate(
                "name => getComputedStyle(document.documentElement).getPropertyValue(name)",
                f"--fn-{name}",
            )
            for name in (text, ground)
        ]
        assert contrast(*colours) >= 4.5, (text, ground, colours)


def contrast(one: str, other: str) -> float:
    """Returns the contrast ratio of two colours. Source: WCAG 2.2, relative luminance."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(p, 16) / 255 for p in re.findall(r"[0-9a-f]{2}", colour.strip().lower())]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_taken_port_is_one_line() -> None:
    page = build_page(ScriptedAsk(), ScriptedLibrary())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(FootnoteError, match=f"127.0.0.1:{port}.*--port {port + 1}") as error:
            launch(page, port=port)
    assert "\n" not in str(error.value)


def test_an_unknown_host_is_one_line() -> None:
    with pytest.raises(FootnoteError, match="no host is called"):
        launch(build_page(ScriptedAsk(), ScriptedLibrary()), host="no-such-host.invalid")
