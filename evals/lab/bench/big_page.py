"""The page over a library of many papers, in a real browser, beside one of few.

    python -m footnote.evals.lab.bench.big_page LIBRARY [--beside SMALL] [--times 5]

Serves each library in a process of its own, opens the page in chromium, and does what a reader
does: opens it, browses, searches, narrows, chooses papers, reads a card, moves about the map.
Prints for each step, as the median of ``--times`` runs: the milliseconds from the hand's last
movement to the screen that shows its effect, the longest task on the browser's main thread
(PerformanceObserver, tasks under 50 ms count as 0; also the longest of all runs), how long the
server took for the slowest call, and the kilobytes that came; then the ratio to the small library.
The wait of 250 ms before a search is sent is part of its time. Before the first paint, the page is
opened once, so that the browser has its assets. Make LIBRARY with
``python -m footnote.evals.lab.bench.big_library``.
"""

import argparse
import asyncio
import os
import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, Response, ViewportSize, sync_playwright

from footnote.evals.lab.bench.page import served

WIDE: ViewportSize = {"width": 1440, "height": 900}
# Milliseconds that a step may take before the bench gives up.
PATIENCE = 60_000
# Counts from the last thing a hand did; ends two frames after ``ready`` is true, when it is seen.
_WATCH = """
(() => {
  const bench = (window.bench = { long: 0 });
  const acted = (event) => { if (event.isTrusted) bench.acted = performance.now(); };
  for (const kind of ["pointerdown", "pointermove", "keydown", "input", "wheel", "click"]) {
    addEventListener(kind, acted, true);
  }
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) bench.long = Math.max(bench.long, task.duration);
  }).observe({ type: "longtask", buffered: true });
  const marks = {
    typed: "#fn-question textarea:focus", told: "#fn-scope > *", offers: "#fn-start .fn-topics",
  };
  const mark = () => {
    for (const [name, what] of Object.entries(marks)) {
      if (!bench[name] && document.querySelector(what)) bench[name] = performance.now();
    }
    if (!bench.offers) requestAnimationFrame(mark);
  };
  requestAnimationFrame(mark);
  bench.begin = (ready) => {
    Object.assign(bench, { long: 0, acted: performance.now(), done: null });
    for (const one of document.querySelectorAll("[data-before]")) delete one.dataset.before;
    const shown = "#fn-shelf > *, #fn-scope > *, #fn-cards > *, .fn-map";
    for (const one of document.querySelectorAll(shown)) one.dataset.before = 1;
    const seen = new Function(`return (${ready})`);
    const end = () => setTimeout(() => (bench.done = performance.now() - bench.acted));
    const look = () => requestAnimationFrame(seen() ? end : look);
    setTimeout(look);
  };
})();
"""
# What comes after the first paint, as it is called here.
STARTS = {
    "can be typed in": "typed",
    "told what is searched": "told",
    "topics offered": "offers",
}
_ROWS = "document.querySelector('#fn-shelf .fn-hits:not([data-before])')"
_SCOPE = "document.querySelector('#fn-scope form:not([data-before])')"


@dataclass(slots=True)
class Step:
    """What one step took, a value for each run.

    Attributes:
        shown: Milliseconds until its effect is on the screen.
        tasks: Milliseconds of the longest task on the main thread.
        server: Milliseconds of the slowest call.
        kilobytes: That came.
    """

    shown: list[float] = field(default_factory=list)
    tasks: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    kilobytes: list[float] = field(default_factory=list)


class Visit:
    """One reader's browser on the page, with a stopwatch."""

    def __init__(self, browser: Browser, address: str, steps: dict[str, Step]) -> None:
        """Opens nothing yet."""
        self._context = browser.new_context(viewport=WIDE)
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.add_init_script(_WATCH)
        self.page.on("response", self._note)
        self._address, self._steps = address, steps
        self._answers: list[Response] = []

    def close(self) -> None:
        """Closes the browser's window."""
        self._context.close()

    def _note(self, response: Response) -> None:
        self._answers.append(response)

    def step(self, name: str, act: Callable[[], object], ready: str) -> None:
        """Does something, waits until a condition of JavaScript holds, and notes what it took."""
        self._settle()
        self.page.evaluate("(ready) => bench.begin(ready)", ready)
        act()
        self.page.wait_for_function("bench.done !== null", polling=20)
        shown, task = self.page.evaluate("[bench.done, bench.long]")
        self._keep(name, shown, task)

    def first_paint(self) -> None:
        """Opens the page: until something is painted, until what is there can be used."""
        self._answers.clear()
        self.page.goto(self._address)
        self.page.wait_for_function("bench.offers", polling=20)
        seen = self.page.evaluate("bench")
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        self._keep("first paint", self.page.evaluate(paint), seen["long"], clear=False)
        for name, mark in STARTS.items():
            self._keep(name, seen[mark], seen["long"], clear=False)

    def _settle(self) -> None:
        with suppress(Exception):
            self.page.wait_for_load_state("networkidle", timeout=1_000)
        self.page.wait_for_timeout(100)
        self._answers.clear()

    def _keep(self, name: str, shown: float, task: float, *, clear: bool = True) -> None:
        step = self._steps.setdefault(name, Step())
        step.shown.append(shown)
        step.tasks.append(task)
        waits, size = [0.0], 0
        for answer in self._answers:
            with suppress(Exception):
                timing = answer.request.timing
                if "/component_server" in answer.url:
                    waits.append(timing["responseStart"] - timing["requestStart"])
                size += answer.request.sizes()["responseBodySize"]
        step.server.append(max(waits))
        step.kilobytes.append(size / 1024)
        if clear:
            self._answers.clear()


def run(visit: Visit, word: str) -> None:
    """Does everything once, as a reader of an empty conversation."""
    page = visit.page
    visit.first_paint()
    _browse(visit, page, word)
    _narrow(visit, page)
    _map(visit, page)


def _browse(visit: Visit, page: Page, word: str) -> None:
    room = page.get_by_role("navigation", name="Places")
    visit.step("Library opened", room.get_by_role("button", name="Library").click, _ROWS)
    search = page.locator("#fn-browse input[name=query]")
    search.focus()
    visit.step("word typed in its search", lambda: page.keyboard.type(word, delay=30), _ROWS)
    visit.step("search emptied", lambda: search.fill(""), _ROWS)
    visit.step("next page", page.get_by_role("button", name="More", exact=True).click, _ROWS)
    order = page.locator("#fn-browse select[name=order]")
    for name in ("title", "year"):
        visit.step(f"ordered by {name}", lambda name=name: order.select_option(name), _ROWS)  # type: ignore[misc]
    boxes = page.locator(".fn-pick")
    picked = "!document.querySelector('.fn-picked').hidden"
    visit.step("paper chosen", boxes.first.click, picked)
    card = "document.querySelector('#fn-cards > .fn-card:not([hidden]):not([data-before])')"
    visit.step("card opened", page.locator("#fn-shelf .fn-title").nth(3).click, card)
    similar = page.locator("#fn-cards .fn-card:not([hidden]) [data-do=similar]")
    if similar.count():
        near = "document.querySelector('#fn-cards .fn-card:not([hidden]) .fn-similar *')"
        visit.step("similar papers", similar.first.click, near)
    page.keyboard.press("Escape")


def _narrow(visit: Visit, page: Page) -> None:
    room = page.get_by_role("navigation", name="Places")
    shown = "document.querySelector('#fn-scope form')?.offsetParent"
    visit.step("filters seen", room.get_by_role("button", name="Ask", exact=True).click, shown)
    first = page.locator("#fn-scope input[name=since]")
    visit.step("year chosen", lambda: first.press("ArrowRight"), _SCOPE)
    venue = page.locator("#fn-scope select[name=venue]")
    if venue.count():
        visit.step("venue chosen", lambda: venue.select_option(index=1), _SCOPE)
    clear = page.get_by_role("button", name="Clear the filters")
    visit.step("filters cleared", clear.click, _SCOPE)
    page.keyboard.press("Escape")


def _map(visit: Visit, page: Page) -> None:
    room = page.get_by_role("navigation", name="Places")
    there = "document.querySelector('.fn-map:not([data-before]) .fn-map-points')"
    visit.step("map opened", room.get_by_role("button", name="Map").click, there)

    def sweep() -> None:
        for at in range(40):
            page.mouse.move(*_on_map(page, 0.1 + 0.02 * at, 0.3 + 0.01 * at))

    visit.step("mouse over 40 places", sweep, "!document.querySelector('.fn-map-tip').hidden")
    zoom = page.locator(".fn-map-zoom button")
    if zoom.count():
        there = ".fn-map:not(.fn-waiting) [data-zoom=whole]"
        visit.step("zoomed in", zoom.nth(1).click, f"document.querySelector('{there}:enabled')")
        wheel = partial(page.mouse.wheel, 60, 60)
        page.mouse.move(*_on_map(page, 0.5, 0.5))
        visit.step("moved aside", wheel, f"document.querySelector('{there}')")
        visit.step("zoomed out", zoom.nth(2).click, f"document.querySelector('{there}:disabled')")

    def draw() -> None:
        page.mouse.move(*_on_map(page, 0.2, 0.2))
        page.mouse.down()
        for across, down in ((0.45, 0.2), (0.45, 0.45), (0.2, 0.45)):
            page.mouse.move(*_on_map(page, across, down), steps=20)
        page.mouse.up()

    said = "/chosen|No papers/.test(document.querySelector('.fn-map-said').textContent)"
    visit.step("region drawn", draw, said)
    page.keyboard.press("Escape")
    label = page.locator(".fn-map-label").first
    pressed = "document.querySelector('.fn-map-label').ariaPressed === 'true'"
    visit.step("cluster chosen", label.click, pressed)
    asked = "/chosen/.test(document.querySelector('#fn-extent').textContent)"
    visit.step("asked about it alone", page.locator("[data-chosen]").click, asked)


def _on_map(page: Page, across: float, down: float) -> tuple[float, float]:
    box = page.locator(".fn-map-points").bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


async def measure(libraries: Sequence[Path], times: int, word: str) -> list[dict[str, Step]]:
    """Returns what each step took over each library, visited in turn: all meet the same load."""
    found: list[dict[str, Step]] = [{} for _ in libraries]
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(served(library)) for library in libraries]
        addresses = [address for address, _ in pages]
        await asyncio.to_thread(_visits, addresses, times, word, found)
    return found


def _visits(
    addresses: Sequence[str], times: int, word: str, found: Sequence[dict[str, Step]]
) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for at in range(times + 1):
            for address, steps in zip(addresses, found, strict=True):
                visit = Visit(browser, address, steps)
                run(visit, word)
                visit.close()
                # The first is for caches, of the browser and of the server.
                if at == 0:
                    steps.clear()
        browser.close()


def table(found: Mapping[str, Step], beside: Mapping[str, Step]) -> str:
    """Returns a row for each step; beside it, where there is one, the small library's time."""
    lines = [
        f"{'step':28s}{'shown ms':>10s}{'task ms':>9s}{'longest':>9s}{'server ms':>11s}{'kB':>8s}"
        f"{'small ms':>10s}{'ratio':>7s}"
    ]
    for name, step in found.items():
        middle = statistics.median(step.shown)
        row = f"{name:28s}{middle:10.0f}{statistics.median(step.tasks):9.0f}{max(step.tasks):9.0f}"
        row += f"{statistics.median(step.server):11.0f}{statistics.median(step.kilobytes):8.0f}"
        if name in beside:
            small = statistics.median(beside[name].shown)
            row += f"{small:10.0f}{middle / max(small, 1):7.2f}"
        lines.append(row)
    return "\n".join(lines)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--beside", type=Path, help="a small library to compare with")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--word", default="reinforcement", help="typed in the search")
    options = parser.parse_args()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    libraries = [options.library, *([options.beside] if options.beside else [])]
    found = asyncio.run(measure(libraries, options.times, options.word))
    load = f"{os.getloadavg()[1]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(
        f"median of {options.times}, {os.cpu_count()} cores, load {load} in the last five minutes"
    )
    print(table(found[0], found[1] if options.beside else {}))


if __name__ == "__main__":
    main()
