"""Sources on the page: what resembles a paper, how it is cited, how its formulas are drawn."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pybtex.database import parse_string

from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.ui.export.bibliography import Form, bibliography
from footnote.ui.export.styles import STYLES, citation
from tests.pages import (
    LOOPS,
    PPO,
    TOOLS,
    act,
    ask,
    desk_of,
    go,
    saved,
    served,
    served_with_talks,
    toast,
    visited,
)
from tests.scripted import HOSTILE

pytestmark = LOOPS

CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture(scope="module")
def address(demo_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_with_talks(demo_library, tmp_path_factory.mktemp("talks")) as address:
        yield address


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address, permissions=CLIPBOARD) as page:
        yield page


def source(page: Page) -> Locator:
    """Opens the first source of an answer and returns its card."""
    page.locator(".fn-sources .fn-title").first.click()
    card = page.locator(".fn-card:not([hidden])")
    expect(card).to_be_visible()
    return card


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_similar_papers_open_in_cards_of_their_own(page: Page, demo_library: Library) -> None:
    ask(page, PPO)
    card = source(page)
    first = card.locator("h3").inner_text()
    card.get_by_role("button", name="Similar papers").click()
    expect(card.locator(".fn-similar .fn-title")).to_have_count(8)
    expect(card.locator(".fn-similar .fn-title").nth(1)).to_be_in_viewport()
    titles = card.locator(".fn-similar .fn-title").all_inner_texts()
    paper = next(p for p in demo_library.page("title", 0, 100) if p.title == first)
    assert titles == [hit.paper.title for hit in demo_library.similar(paper.id, k=8)]
    assert first not in titles
    card.locator(".fn-similar .fn-title").first.click()
    opened = page.locator(".fn-card:not([hidden])")
    expect(opened).to_have_count(1)
    expect(opened.locator("h3")).to_have_text(titles[0])
    expect(opened.locator(".fn-kicker")).to_have_text("Paper")
    similar = next(p for p in demo_library.page("title", 0, 100) if p.title == titles[0])
    assert opened.locator(".fn-abstract").text_content() == similar.abstract


@pytest.mark.parametrize(
    ("form", "button"), [("apa", "APA"), ("ieee", "IEEE"), ("bibtex", "BibTeX"), ("ris", "RIS")]
)
def test_a_copied_citation_is_the_one_that_the_command_prints(
    page: Page, demo_library: Library, form: Form, button: str
) -> None:
    ask(page, PPO)
    card = source(page)
    title = card.locator("h3").inner_text()
    paper = next(p for p in demo_library.page("title", 0, 100) if p.title == title)
    card.get_by_text("Copy citation").click()
    card.get_by_role("button", name=button, exact=True).click()
    expect(toast(page)).to_have_text("Copied.")
    told = citation(paper, form) if form in STYLES else bibliography([paper], form)  # type: ignore[arg-type]  # as was asked
    assert clipboard(page) == told


def test_an_answer_is_copied_with_its_sources(page: Page) -> None:
    turn = ask(page, PPO)
    turn.get_by_role("button", name="Copy", exact=True).click()
    expect(toast(page)).to_have_text("Copied.")
    copied = clipboard(page)
    assert PPO in copied
    for title in turn.locator(".fn-sources .fn-title").all_inner_texts():
        assert title in copied


def test_the_citations_of_one_answer_are_saved_as_bibtex_that_others_read(page: Page) -> None:
    ask(page, TOOLS)
    turn = ask(page, PPO, turn=2)
    turn.get_by_label("Cite", exact=True).click()
    name, text = saved(page, turn.get_by_role("button", name="BibTeX", exact=True))
    assert name.endswith(".bib")
    entries = parse_string(text, "bibtex").entries
    titles = turn.locator(".fn-sources .fn-title").all_inner_texts()
    assert len(entries) == len(titles)


def test_an_unknown_paper_or_format_is_one_line(page: Page, demo_library: Library) -> None:
    paper = demo_library.page("title", 0, 1)[0].id
    for action, args in (
        ("paper", {"paper": "no such paper"}),
        ("similar", {"paper": "no such paper", "into": "#fn-cards"}),
        ("cite", {"paper": paper, "form": "endnote"}),
        ("cite", {"paper": 7, "form": "apa"}),
    ):
        reply = act(page, action, **args)
        assert reply["error"]
        assert "\n" not in reply["error"]


def test_formulas_of_an_abstract_are_drawn_and_hostile_ones_stay_text(
    embedder: object, browser: Browser, tmp_path: Path
) -> None:
    papers = [
        make_paper(
            "Sampling bounds of lattice walks",
            r"We study lattice walks. Their mixing time is $O(n^2 \log n)$ in every dimension. "
            "A run costs $5 to $10 a night.",
            ["id:lattice"],
        ),
        make_paper(
            f"Lattice walks that attack {HOSTILE}",
            r"Lattice walks bite. The bound is $\text{<img src=x onerror=window.pwned=1>}$ and "
            r"$\href{javascript:window.pwned=1}{x^2}$ in every dimension.",
            ["id:bites"],
        ),
    ]
    with (
        Library.open(tmp_path / "lattice", embedder=embedder, create=True) as library,  # type: ignore[arg-type]  # an object to mypy
    ):
        library.add(papers)
        with served(desk_of(library)) as address, visited(browser, address) as page:
            ask(page, "What is the mixing time of lattice walks in every dimension?")
            expect(page.locator("#fn-turn-1 .fn-prose math").first).to_be_visible()
            box = page.locator("#fn-turn-1 .fn-prose math").first.bounding_box()
            assert box is not None
            assert box["width"] > 20
            expect(page.locator("#fn-turn-1 math msup").first).to_be_attached()
            go(page, "Library")
            for title in ("Sampling bounds", "Lattice walks that attack"):
                page.locator("#fn-room-library .fn-title", has_text=title).click()
                expect(page.locator(".fn-card:not([hidden]) h3")).to_contain_text(title)
            expect(page.locator(".fn-card .fn-abstract", has_text="$5 to $10")).to_have_count(2)
            assert page.evaluate("window.pwned") is None
            assert page.locator("#fn-cards :is(img, script, [href^=javascript])").count() == 0
