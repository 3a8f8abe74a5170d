"""The page is there for everybody: axe-core finds no serious fault in any state of it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.evals.dataset.cases import read_cases
from footnote.evals.demo import demo_set
from footnote.evals.runs.engine import run_engine
from footnote.index.library import Library
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.rendering.panels import MORE_PLACES, PLACES
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.topics import LOCAL, Topics
from footnote.ui.web.handlers import ACTIONS
from tests.pages import LOOPS, PPO, act, ask, desk_of, go, served, tool, visited

pytestmark = LOOPS

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"{AXE} is missing; install it with: npm ci --prefix tests/axe")
    return AXE.read_text("utf-8")


@pytest.fixture(scope="module")
def address(demo_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("access")
    cases = read_cases(demo_set())[:2]
    for name in ("one", "two"):
        run_engine(CitedQueryEngine(demo_library), "demo", cases, folder / "runs" / name)
    with (
        Conversations.open(folder / "kept.sqlite3") as kept,
        Topics.open(folder / "topics.sqlite3") as topics,
        served(
            desk_of(
                demo_library, conversations=kept, topics=topics, runs=folder / "runs",
                feedback=folder / "feedback.jsonl", sets={"demo": demo_set()},
            )
        ) as address,
    ):  # fmt: skip
        topics.add(LOCAL, PPO)
        yield address


def empty(page: Page) -> None:
    expect(page.locator(".fn-invitation")).to_be_visible()


def answered_with_a_card(page: Page) -> None:
    turn = ask(page, PPO)
    turn.locator("button.fn-marker").first.click()
    card = page.locator(".fn-card:not([hidden])")
    card.get_by_role("button", name="Similar papers").click()
    expect(card.locator(".fn-similar .fn-title").first).to_be_visible()


def answered_with_every_part(page: Page) -> None:
    ask(page, PPO)
    page.evaluate("window.footnote.me.scope = {papers: []}")
    ask(page, "What has been found about robots since 2020?", turn=2)
    page.locator("#fn-turn-2").get_by_role("button", name="Bad answer").click()
    expect(page.locator("#fn-turn-2 .fn-doubt")).to_be_visible()
    page.locator("#fn-turn-1").get_by_text("Also retrieved").click()
    tool(page.locator("#fn-turn-1"), "Edit the question").click()


def list_of_conversations(page: Page) -> None:
    ask(page, PPO)
    if page.locator("#fn-drawer").is_visible():
        page.locator("#fn-drawer").click()
    page.locator(".fn-talks summary").click()
    expect(page.locator(".fn-talks form")).to_be_visible()


def asked_before_it_goes(page: Page) -> None:
    list_of_conversations(page)
    page.locator(".fn-talks").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def narrowed(page: Page) -> None:
    page.evaluate("window.footnote.me.scope = {since: 2018, author: 'Schulman', papers: []}")
    act(page, "scope")
    if not page.locator("#fn-scope form").is_visible():
        page.locator("#fn-extent").click()
    expect(page.locator("#fn-scope form")).to_be_visible()


def refused(page: Page) -> None:
    ask(page, "What is the boiling point of tungsten in a vacuum?")


ROOMS = dict((*PLACES, *MORE_PLACES))


def room(name: str) -> Callable[[Page], None]:
    """Returns what enters a room and shows the most of it."""

    def entered(page: Page) -> None:
        go(page, ROOMS[name])
        expect(page.locator(f"#fn-room-{name} h2")).to_be_visible()
        if name == "evals":
            act(page, "eval-open", run="one")
            act(page, "eval-compare", a="one", b="two")
            expect(page.locator("#fn-run h3")).to_be_visible()
        if name == "check":
            check_example(page)

    entered.__name__ = f"room_{name}"
    return entered


def check_example(page: Page) -> None:
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator("#fn-check-text")).not_to_have_value("")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator(".fn-checked")).to_be_visible(timeout=20_000)
    page.keyboard.press("n")
    page.locator(".fn-checked button.fn-marker").first.click()
    expect(page.locator(".fn-card:not([hidden])")).to_be_visible()


def form_of_a_check(page: Page) -> None:
    go(page, ROOMS["check"])
    page.locator("#fn-check-more summary").click()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#fn-check-told")).to_be_visible()


STATES: list[Callable[[Page], None]] = [
    empty, answered_with_a_card, answered_with_every_part, refused, list_of_conversations, narrowed,
    asked_before_it_goes, form_of_a_check,
    *(room(name) for name in ROOMS if name in ACTIONS),
]  # fmt: skip


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1440, "light"),
        *(
            pytest.param(width, scheme, marks=pytest.mark.long)
            for width, scheme in (
                (1440, "dark"),
                (1024, "light"),
                (1024, "dark"),
                (390, "light"),
                (390, "dark"),
            )
        ),
    ],
)
def test_no_state_of_the_page_keeps_anybody_out(
    address: str, axe: str, browser: Browser, width: int, scheme: str
) -> None:
    faults = []
    for state in STATES:
        with visited(
            browser, address, viewport={"width": width, "height": 900}, color_scheme=scheme,
            reduced_motion="reduce",
        ) as page:  # fmt: skip
            state(page)
            page.evaluate(axe)
            faults += [f"{state.__name__}: {told}" for told in violations(page)]
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                faults.append(f"{state.__name__}: {wide} px wide")
            shown(page, f"{state.__name__}-{width}-{scheme}")
    assert faults == []


def shown(page: Page, name: str) -> None:
    """Keeps a picture of a state where FOOTNOTE_PICTURES names a folder for them."""
    if folder := os.environ.get("FOOTNOTE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def violations(page: Page) -> list[str]:
    """Returns what axe-core calls serious or critical, with the first elements that are."""
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(found => found.violations)")
    return [
        f"{one['id']} ({one['impact']}): "
        + "; ".join(
            f"{node['html'][:150]} {node['any'][0]['message'] if node['any'] else ''}"
            for node in one["nodes"][:4]
        )
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def test_a_fault_would_be_found(address: str, axe: str, browser: Browser) -> None:
    with visited(browser, address) as page:
        page.evaluate("document.querySelector('#fn-question textarea').ariaLabel = ''")
        page.evaluate("document.querySelector('#fn-talk-list').innerHTML += '<input>'")
        page.evaluate(axe)
        assert any("label" in told for told in violations(page))
