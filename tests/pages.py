"""Real pages for tests in a browser: a server over a desk, and readers who visit it."""

import base64
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

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


WIDE = {"width": 1440, "height": 900}
# What a tab that is open already can be given.
SETTABLE = {"viewport", "color_scheme", "reduced_motion"}


class Tab:
    """A tab that one reader after another visits: the scripts of the page are compiled once.

    Each finds it as a new reader would: nothing is stored, no cookie, no permission, no route.
    """

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": WIDE, **options})
        self.page = self.context.new_page()
        self.own = ""
        self.complaints = complaints_of(self.page, lambda: self.own)

    def clean(self, address: str, options: dict[str, Any]) -> None:
        """Makes it the tab of a new reader of an address."""
        for page in self.context.pages:
            if page is not self.page:
                page.close()
        # Leaves first: a page that goes stores what it holds.
        self.page.goto("about:blank")
        self.context.clear_cookies()
        self.context.clear_permissions()
        self.page.unroute_all()
        devtools = self.context.new_cdp_session(self.page)
        for origin in filter(None, {self.own, address}):
            devtools.send(
                "Storage.clearDataForOrigin",
                {"origin": origin.rstrip("/"), "storageTypes": "all"},
            )
        devtools.detach()
        self.page.set_viewport_size(options["viewport"])
        self.page.emulate_media(
            color_scheme=options.get("color_scheme", "light"),
            reduced_motion=options.get("reduced_motion", "no-preference"),
        )
        self.complaints.clear()
        self.own = address


_tabs: WeakKeyDictionary[Browser, Tab] = WeakKeyDictionary()


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """Gives a tab for a new reader of an address.

    At the end no error and no outside request was seen.

    Args:
        browser: To open it in.
        address: Of the page.
        options: Of the tab; with others than SETTABLE it is one that nobody had before.
    """
    options.setdefault("viewport", WIDE)
    again = options.keys() <= SETTABLE
    if again:
        # Taken out, so that one whose test fails is not used again.
        tab = _tabs.pop(browser, None) or Tab(browser)
        tab.clean(address, options)
    else:
        tab = Tab(browser, **options)
        tab.own = address
    try:
        yield tab.page
        complained = list(tab.complaints)
    except BaseException:
        tab.context.close()
        raise
    if again and not tab.page.is_closed():
        # Leaves, so that its server can end.
        tab.page.goto("about:blank")
        _tabs[browser] = tab
    else:
        tab.context.close()
    # Gradio's own, where a page is left while it closes the stream of its head.
    if any(told.startswith("AbortError: signal is aborted") for told in complained):
        own = ("AbortError: signal is aborted", "Unexpected error Connection errored out")
        complained = [told for told in complained if not told.startswith(own)]
    # A download is an address of the page's own making.
    complained = [told for told in complained if not told.startswith(f"blob:{address}")]
    # Told in words: the assertions of this module are not rewritten by pytest.
    assert not complained, complained


@contextmanager
def visited(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """Opens the page as a new reader, and waits until it has told what is searched."""
    with opened(browser, address, **options) as page:
        visit(page, address)
        yield page


def visit(page: Page, address: str) -> None:
    """Opens the page and waits until it has told what is searched."""
    seen: list[str] = []
    hears = {
        "console": lambda line: seen.append(line.text),
        "pageerror": lambda error: seen.append(str(error)),
        "requestfailed": lambda request: seen.append(f"{request.url}: {request.failure}"),
        "request": lambda request: seen.append(f"{request.method} {request.url}"),
        "response": lambda response: seen.append(f"{response.status} {response.url}"),
    }
    for event, hear in hears.items():
        page.on(event, hear)
    page.goto(address)
    try:
        expect(page.locator(COMPOSER)).to_be_focused()
        expect(page.locator("#fn-scope")).not_to_be_empty(timeout=20_000)
    except AssertionError as error:
        raise AssertionError("\n".join([str(error), *seen])) from None
    finally:
        for event, hear in hears.items():
            page.remove_listener(event, hear)


def ask(page: Page, question: str, *, turn: int = 1, ends: str = "done") -> Locator:
    """Asks, waits for the answer, and returns its turn."""
    page.fill(COMPOSER, question)
    page.keyboard.press("Enter")
    asked = page.locator(f"#fn-turn-{turn}[data-state={ends}]")
    expect(asked).to_be_visible(timeout=20_000)
    return asked


def go(page: Page, room: str) -> None:
    """Goes to a room by its name, under "More" if it is one of the many."""
    places = page.get_by_role("navigation", name="Places")
    if not places.get_by_role("button", name=room).is_visible():
        places.get_by_text("More").click()
    places.get_by_role("button", name=room).click()


def enter(page: Page, room: str) -> Locator:
    """Goes to a room by its name and returns it, filled."""
    go(page, room)
    shown = page.get_by_role("region", name=room, exact=True)
    expect(shown.locator("h2")).to_be_visible()
    return shown


def tool(turn: Locator, name: str) -> Locator:
    """Returns a tool under an answer, in its menu if it is one of the many."""
    if not turn.get_by_role("button", name=name).first.is_visible():
        turn.locator(".fn-tools summary[aria-label=More]").click()
    return turn.get_by_role("button", name=name)


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


_SHARE = """async ([shot, side]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${shot}`;
  await image.decode();
  const ground = new OffscreenCanvas(image.width, image.height).getContext("2d");
  ground.drawImage(image, 0, 0);
  const tone = (x) => {
    const { data } = ground.getImageData(x, 0, 1, image.height);
    return [...data].filter((_, at) => at % 4 === 1).sort((a, b) => a - b)[image.height >> 1];
  };
  return Math.abs(tone(side === "left" ? 1 : image.width - 2) - tone(image.width >> 1));
}"""


def shadow(page: Page, where: Locator, side: Literal["left", "right"]) -> int:
    """Returns how much an edge differs from the middle of what is seen, of 255 in green."""
    shot = base64.b64encode(where.screenshot()).decode()
    blank = page.context.new_page()
    try:
        return int(blank.evaluate(_SHARE, [shot, side]))
    finally:
        blank.close()


def given_link(page: Page) -> str:
    """Returns the link that the page has made, copied and closed."""
    dialog = page.get_by_role("dialog")
    link = dialog.get_by_label("Link", exact=True).input_value()
    page.wait_for_timeout(600)  # a second click that comes sooner is one of a double click
    dialog.get_by_role("button", name="Copy the link").click()
    expect(toast(page)).to_have_text("Link copied.")
    expect(dialog).to_have_count(0)
    return link


def toast(page: Page) -> Locator:
    """Returns the line that says what was just done."""
    return page.locator("#fn-toast.fn-shown")
