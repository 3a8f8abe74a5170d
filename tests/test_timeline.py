"""An answer's papers on a line of years: each once, none upon another, each opening its card."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest
from conftest import complaints_of
from playwright.sync_api import Browser, Page, expect

from footnote.index.models import Hit, Paper, Passage, make_paper
from footnote.rag.answer import Answer
from footnote.ui.rendering.answer import source_cards_html
from footnote.ui.rendering.charts.timeline import timeline_html
from tests.scripted import HOSTILE, ISOTOPES, SPONGES, WARM, abstained, answered, hostile
from tests.views import bare_page


def with_hits(years: list[int | None], cited: int = 3) -> Answer:
    """Returns an answer that cites the first papers of these years."""
    papers = [
        make_paper(
            f"Paper {n} on a matter that takes many words to say, of glass and of sponges",
            "Text.",
            [f"id:{n}"],
            published=str(year) if year else None,
        )
        for n, year in enumerate(years)
    ]
    hits = tuple(
        Hit(paper, Passage(paper.id, 0, 5), 1 / rank, rank, "fused")
        for rank, paper in enumerate(papers, 1)
    )
    return replace(answered(), papers=tuple(papers[:cited]), hits=hits, statements=())


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 900, "height": 700})
    complaints = complaints_of(page, "about:")
    yield page
    page.close()
    assert complaints == []


def shown(page: Page, answer: Answer, width: int = 900) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.set_content(bare_page(timeline_html(answer, 4) + source_cards_html(answer, 4)))


def test_a_dot_opens_the_card_that_its_marker_opens(page: Page) -> None:
    shown(page, answered())
    dot = page.get_by_role("button", name=f"Open source 1: {SPONGES.title}, 2024")
    dot.click()
    expect(page.locator("#t4-s1")).to_be_visible()
    assert page.locator("#t4-s1 mark.fn-quoted").count()
    page.keyboard.press("Escape")
    expect(dot).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#t4-s2")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"Found, not cited: {ISOTOPES.title}, 2019").click()
    expect(page.locator("#t4-h3")).to_be_visible()


def test_every_paper_is_there_once_and_the_cited_ones_stand_out() -> None:
    html = timeline_html(answered(), 4)
    wide = html[: html.index("fn-narrow")]
    for paper, card in ((SPONGES, "t4-s1"), (WARM, "t4-s2"), (ISOTOPES, "t4-h3")):
        assert wide.count(f'data-card="{card}"') == 1
        assert paper.title in wide
    assert wide.count("fn-dot fn-cited") == 2
    assert "2 cited, 1 found and not cited" in html


def test_dots_stand_in_the_order_of_their_years(page: Page) -> None:
    shown(page, with_hits([2020, 1999, 2010]))
    boxes = [page.locator(f".fn-wide [data-card=t4-s{n}]").bounding_box() for n in (2, 3, 1)]
    places = [box["x"] for box in boxes if box]
    assert places == sorted(places)
    # 1999 to 2010 is 11 of 21 years.
    assert (places[1] - places[0]) / (places[2] - places[0]) == pytest.approx(11 / 21, abs=0.02)


YEARS: list[list[int | None]] = [
    [2020] * 20,
    [2023, 2024, None] * 7,
    [1950 + 4 * n for n in range(20)],
    [*range(2016, 2026), *range(2016, 2026), None, None],
    [None] * 20,
]


@pytest.mark.parametrize("width", [320, 390, 640, 900])
@pytest.mark.parametrize("years", YEARS)
def test_nothing_lies_upon_another_at_any_width(
    page: Page, years: list[int | None], width: int
) -> None:
    shown(page, with_hits(years), width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    dots = [d.bounding_box() for d in page.locator(".fn-dot:visible").all()]
    assert len(dots) == len(years)
    for one, other in combinations([box for box in dots if box], 2):
        off = max(abs(one["x"] - other["x"]), abs(one["y"] - other["y"]))
        assert off >= 20  # a dot is 12 px wide, a numbered one 24
    texts = [t.bounding_box() for t in page.locator(".fn-time-ground text:visible").all()]
    for box in texts:
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    for one, other in combinations([box for box in texts if box], 2):
        beside = max(one["x"] - other["x"] - other["width"], other["x"] - one["x"] - one["width"])
        below = max(one["y"] - other["y"] - other["height"], other["y"] - one["y"] - one["height"])
        assert max(beside, below) >= -1


def test_papers_without_a_year_stand_apart() -> None:
    assert timeline_html(with_hits([2020, None]), 1).count(">No year<") == 2
    assert "No year<" not in timeline_html(with_hits([2020, 2021]), 1)


def test_a_refusal_shows_what_was_found_and_an_answer_without_papers_nothing() -> None:
    assert "0 cited, 3 found" in timeline_html(abstained(), 1)
    assert timeline_html(replace(abstained(), hits=()), 1) == ""


def test_a_hostile_title_stays_text(page: Page) -> None:
    answer = hostile()
    worse: Paper = replace(answer.papers[0], title=f'"><img src=x onerror=alert(1)>{HOSTILE}')
    answer = replace(answer, papers=(worse,), hits=answer.hits[:3])
    assert "<img" not in timeline_html(answer, 1)
    assert "<script" not in timeline_html(answer, 1)
    shown(page, answer)
    assert page.locator("figure :is(img, script, a)").count() == 0
    assert page.evaluate("window.pwned") is None


def test_papers_of_one_year_are_cited_side_by_side_or_above_one_another() -> None:
    # Three dots at two places: two of them stand at the same one.
    for years in ([2023, 2023, 2024], [2020, 2020, 2020, 2020], [None, None, None]):
        html = timeline_html(with_hits(list(years), cited=len(years)), 1)
        assert html.count("Open source ") >= len(years)
