"""What papers say to a claim: quoted to the letter, sided by the model, told as counts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HashedWords, complaints_of, invented
from playwright.sync_api import Browser, expect

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Filters, Library
from footnote.index.models import make_paper
from footnote.rag import QuestionError
from footnote.rag.claim_check import Position, positions
from footnote.rag.retrieval.hybrid import HybridRetriever
from footnote.ui.rendering.charts.stance import (
    agreement_cards_html,
    agreement_html,
    in_order,
    summary,
)
from tests.command import inside
from tests.scripted import HOSTILE
from tests.test_sides import NO, QUESTION, YES
from tests.views import bare_page

CLAIM = QUESTION.rstrip("?")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLM) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("sides") / "library"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add(
            [
                make_paper("Augmenting helps", YES, ["id:yes"], published="2021"),
                make_paper("Augmenting fails", NO, ["id:no"], published="2023"),
                *[invented(number) for number in range(5)],
            ]
        )
        yield library


def test_each_paper_near_the_claim_takes_its_side(library: Library) -> None:
    found = {p.paper.title: p for p in positions(HybridRetriever(library), QUESTION)}
    assert {title: p.side for title, p in found.items()} == {
        "Augmenting helps": "yes",
        "Augmenting fails": "no",
    }
    for position in found.values():
        assert 0.3 < position.chance <= 1


def test_a_quote_is_a_verbatim_slice(library: Library) -> None:
    for one in positions(HybridRetriever(library), QUESTION):
        assert one.quote == one.paper.abstract[one.start : one.end]
        assert (one.start, one.end) in library.sentences(one.paper)


def test_filters_and_k_bound_what_is_read(library: Library) -> None:
    retriever = HybridRetriever(library)
    assert [p.side for p in positions(retriever, QUESTION, Filters(since=2022))] == ["no"]
    assert len(positions(retriever, QUESTION, k=1)) == 1


def test_nothing_is_near_a_claim_about_something_else(library: Library) -> None:
    assert positions(HybridRetriever(library), "The Eiffel tower stands in Paris.") == []


@pytest.mark.parametrize("question", ["", "What is data augmentation?", "How do ships float?"])
def test_a_question_without_sides_is_refused(library: Library, question: str) -> None:
    with pytest.raises(QuestionError):
        positions(HybridRetriever(library), question)


def test_an_embedder_that_reads_no_tokens_works_as_well(tmp_path: Path) -> None:
    with Library.open(tmp_path / "words", embedder=HashedWords(), create=True) as library:
        library.add([make_paper("Augmenting helps", YES), make_paper("Augmenting fails", NO)])
        found = positions(HybridRetriever(library), QUESTION)
    assert found
    assert all(p.quote == p.paper.abstract[p.start : p.end] for p in found)


PAPER = make_paper("Title", "One. Two.", ["id:1"], published="2020")
MANY = [
    Position(replace(PAPER, id="a", published="2019"), 0, 4, "One.", None, 0.9, 1.0),
    Position(replace(PAPER, id="b", published="2019"), 0, 4, "One.", "no", 0.9, 0.9),
    Position(replace(PAPER, id="c", published="2023"), 0, 4, "One.", "yes", 0.9, 0.8),
    Position(replace(PAPER, id="d", published=None), 5, 9, "Two.", "yes", 0.9, 0.7),
    Position(replace(PAPER, id="e", published="2024"), 0, 4, "One.", "yes", 0.9, 0.6),
    Position(replace(PAPER, id="f", published="2024"), 0, 4, "One.", "mixed", 0.9, 0.6),
]


def card(position: Position) -> str:
    return f"a1-{position.paper.id}"


def test_the_table_is_sorted_by_side_and_then_by_year() -> None:
    assert "".join(p.paper.id for p in in_order(MANY)) == "ecdbfa"


def test_the_summary_states_counts_and_nothing_else() -> None:
    assert summary(MANY) == (
        "6 papers are close to the claim: 3 say yes, 1 says no, 1 is mixed, 1 is unclear."
    )
    assert summary(MANY[:1]) == "1 paper is close to the claim: 1 is unclear."
    assert summary([]) == "No paper in the library is close to the claim."


@pytest.mark.parametrize("width", [390, 900])
def test_the_table_opens_cards_and_never_scrolls_the_page(browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    complaints = complaints_of(page, "about:")
    wide = [replace(MANY[3], paper=replace(MANY[3].paper, title="long" * 60)), *MANY[:3]]
    body = agreement_html(CLAIM, wide, card=card) + agreement_cards_html(wide, card=card)
    page.set_content(bare_page(body))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    expect(page.locator("tbody tr")).to_have_count(4)
    for word in ("says yes", "says no", "unclear"):
        expect(page.locator(".fn-side", has_text=word).first).to_be_visible()
    page.locator("tbody button").first.click()
    expect(page.locator(".fn-card:not([hidden]) mark.fn-quoted")).to_have_text("One.")
    page.close()
    assert complaints == []


def test_hostile_text_stays_text(browser: Browser) -> None:
    title = f'"><img src=x onerror=alert(1)>{HOSTILE}'
    paper = replace(PAPER, title=title, abstract=HOSTILE)
    bad = Position(paper, 0, len(HOSTILE), HOSTILE, "yes", 0.9, 1.0)
    page = browser.new_page()
    complaints = complaints_of(page, "about:")
    body = agreement_html(title, [bad], card=card) + agreement_cards_html([bad], card=card)
    page.set_content(bare_page(body))
    expect(page.locator("tbody q")).to_have_text(HOSTILE)
    expect(page.locator("tbody th button")).to_have_text(title)
    assert page.locator("main :is(img, script)").count() == 0
    # The two links that look for a title.
    linked = page.locator("main a").evaluate_all("all => all.map((a) => new URL(a.href).host)")
    assert linked == ["arxiv.org", "scholar.google.com"]
    assert page.evaluate("window.pwned") is None
    page.close()
    assert complaints == []


def test_the_command_prints_sides_and_quotes(library: Library) -> None:
    ran = inside("positions", QUESTION, "--library", library.path)
    assert (ran.status, ran.err) == (0, "")
    assert "2 papers are close to the claim: 1 says yes, 1 says no." in ran.out
    assert "✓ says yes: Augmenting helps (2021)" in ran.out
    data = inside("positions", QUESTION, "--library", library.path, "--json").data
    assert [(row["side"], row["year"]) for row in data] == [("yes", 2021), ("no", 2023)]
    assert all(row["quote"] in (YES, NO) or row["quote"] in YES + NO for row in data)
    assert json.dumps(data)


def test_the_command_says_what_it_cannot_do(library: Library) -> None:
    ran = inside("positions", "What is data?", "--library", library.path)
    assert ran.status == 2
    assert "give a claim" in ran.err
    ran = inside("positions", CLAIM, "--since", "2024", "--until", "2020")
    assert ran.status == 2
