"""Real pages for tests in a browser: a server over a desk, and readers who visit it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio import open_file  # noqa: F401
from conftest import complaints_of
from playwright.sync_api import Browser, Locator, Page, expect

from footnote.index.library import Library
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.storage.conversations import Conversations
from footnote.ui.web.context import AppContext
from footnote.ui.web.page import build_page, start

# open_file above: the server would import it in a thread of its own, at its first request,
# and two threads in which pytest rewrites a module at once trip Python 3.11's parser.

# Gradio makes an event loop for each Blocks and each queue, and closes none.
LOOPS = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <(socket|function BaseEventLoop)"
    ":pytest.PytestUnraisableExceptionWarning"
)

COMPOSER = "#fn-question textarea"
PPO = "Why does reinforcement learning clip its policy updates?"
TOOLS = "How do language models learn to use tools?"
ROBOTS = "How are robot policies trained from demonstrations?"


def desk_of(library: Library, **beside: Any) -> AppContext:
    """Returns a desk that quotes from a library."""
    engine = CitedQueryEngine(library)
    return AppContext(library, {"quotes": engine.stream}, engines={"quotes": engine}, **beside)


@contextmanager
def served(desk: AppContext, **how: Any) -> Iterator[str]:
    """Serves a desk; gives the page's address. ``how`` is what ``start`` takes."""
    page = build_page(next(iter(desk.asks.values())), desk.library, desk=desk)
    try:
        yield start(page, port=0, **how)
    finally:
        page.close(verbose=False)
        gc.collect()  # so that the warnings of LOOPS fall here and not in another module


@contextmanager
def served_with_talks(library: Library, folder: Path) -> Iterator[str]:
    """Serves a library with its conversations kept in a folder; gives the page's address."""
    with (
        Conversations.open(folder / "kept.sqlite3") as kept,
        served(desk_of(library, conversations=kept)) as address,
    ):
        yield address


@contextmanager
def visited(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """Opens the page as a new reader; at the end no error and no outside request was seen."""
    options.setdefault("viewport", {"width": 1440, "height": 900})
    context = browser.new_context(**options)
    page = context.new_page()
    complaints = complaints_of(page, address)
    visit(page, address)
    try:
        yield page
    finally:
        context.close()
    # A download is an address of the page's own making.
    complained = [told for told in complaints if not told.startswith(f"blob:{address}")]
    # Told in words: the assertions of this module are not rewritten by pytest.
    assert not complained, complained


def visit(page: Page, address: str) -> None:
    """Opens the page and waits until it has told what is searched."""
    seen: list[str] = []
    page.on("console", lambda line: seen.append(line.text))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("requestfailed", lambda request: seen.append(f"{request.url}: {request.failure}"))
    page.on("request", lambda request: seen.append(f"{request.method} {request.url}"))
    page.on("response", lambda response: seen.append(f"{response.status} {response.url}"))
    page.goto(address)
    try:
        expect(page.locator(COMPOSER)).to_be_focused()
        expect(page.locator("#fn-scope")).not_to_be_empty(timeout=20_000)
    except AssertionError as error:
        raise AssertionError("\n".join([str(error), *seen])) from None


def ask(page: Page, question: str, *, turn: int = 1, ends: str = "done") -> Locator:
    """Asks, waits for the answer, and returns its turn."""
    page.fill(COMPOSER, question)
    page.keyboard.press("Enter")
    asked = page.locator(f"#fn-turn-{turn}[data-state={ends}]")
    expect(asked).to_be_visible(timeout=20_000)
    return asked


def enter(page: Page, room: str) -> Locator:
    """Goes to a room by its name and returns it, filled."""
    page.get_by_role("navigation", name="Places").get_by_role("button", name=room).click()
    shown = page.get_by_role("region", name=room, exact=True)
    expect(shown.locator("h2")).to_be_visible()
    return shown


def act(page: Page, action: str, **args: Any) -> dict[str, Any]:
    """Sends an action past the page's own buttons, as another program might."""
    return dict(
        page.evaluate(
            "async ([action, args]) => window.footnote.call(action, args)", [action, args]
        )
    )


def agree(page: Page, does: str) -> str:
    """Says yes to the question that the page asks; returns the question."""
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    told = dialog.inner_text()
    page.wait_for_timeout(600)  # a second click that comes sooner is one of a double click
    dialog.get_by_role("button", name=does, exact=True).click()
    expect(dialog).to_have_count(0)
    return told


def saved(page: Page, button: Locator) -> tuple[str, str]:
    """Presses a button that saves a file; returns the file's name and text."""
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def toast(page: Page) -> Locator:
    """Returns the line that says what was just done."""
    return page.locator("#fn-toast.fn-shown")
