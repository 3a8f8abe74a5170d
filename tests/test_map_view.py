"""The map as a reader meets it: hover, click, lasso, keys, in a real browser."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from conftest import complaints_of
from playwright.sync_api import Browser, Page, expect

from footnote.index.clusters.layout import Label, LibraryMap
from footnote.ui.rendering.charts.dots import (
    HEIGHT,
    MOST_POINTS,
    MOST_TEXT,
    WIDTH,
    MapExtent,
    choose_rows,
    dots_text,
    frame,
    papers_within,
    parse_numbers,
)
from footnote.ui.rendering.charts.map import COLOURS, map_html, map_svg
from tests.scripted import HOSTILE
from tests.views import bare_page

TWO = (Label("whales, song", 0.2, 0.25), Label("bread, yeast", 0.8, 0.75))


def drawn_map(count: int = 24, labels: tuple[Label, ...] = TWO) -> LibraryMap:
    """Returns a map of two clusters, six papers in a row, left above and right below."""
    rng = np.random.default_rng(2)
    clusters = np.arange(count) % len(labels)
    middles = np.array([(label.x, label.y) for label in labels])
    positions = (middles[clusters] + rng.uniform(-0.15, 0.15, (count, 2))).astype(np.float32)
    return LibraryMap(
        tuple(f"id:{n}" for n in range(count)),
        tuple(f"Paper {n}" for n in range(count)),
        tuple(2000 + n % 20 if n else None for n in range(count)),
        positions,
        clusters,
        labels,
    )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """The map of 24 papers; complains at the end of every error of the page."""
    page = browser.new_page(viewport={"width": 900, "height": 800})
    complaints = complaints_of(page, "about:")
    page.set_content(bare_page(map_html(drawn_map(), cited=["id:1"], hits=["id:1", "id:3"])))
    yield page
    page.close()
    assert complaints == []


def scopes(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate("window.scopes.map((ids) => [...ids].sort())")
    return found


def cluster(number: int) -> list[str]:
    return sorted(f"id:{n}" for n in range(24) if n % 2 == number)


def lasso(page: Page, left: float, top: float, right: float, bottom: float) -> None:
    """Draws a box with the mouse, in shares of the map."""
    box = page.locator(".fn-map-points").bounding_box()
    assert box is not None
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    (x, y), *rest = [
        (box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners
    ]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=3)
    page.mouse.up()


def chosen(page: Page) -> list[str]:
    found: list[str] = page.locator(".fn-map-point[aria-selected=true]").evaluate_all(
        "(all) => all.map((one) => one.dataset.paper).sort()"
    )
    return found


def test_a_lasso_chooses_the_papers_inside_it_and_says_how_many(page: Page) -> None:
    lasso(page, 0.01, 0.01, 0.45, 0.55)
    assert scopes(page) == [cluster(0)]
    assert chosen(page) == cluster(0)
    expect(page.get_by_role("status")).to_have_text("12 papers chosen.")
    expect(page.locator(".fn-map-label").first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    assert scopes(page)[-1] == []
    assert chosen(page) == []
    expect(page.get_by_role("status")).to_contain_text("No papers chosen")


def test_a_lasso_around_nothing_changes_nothing(page: Page) -> None:
    lasso(page, 0.7, 0.02, 0.9, 0.1)
    assert scopes(page) == []
    expect(page.get_by_role("status")).to_have_text("No papers there.")


def test_a_second_lasso_with_shift_adds_to_the_first(page: Page) -> None:
    lasso(page, 0.01, 0.01, 0.45, 0.55)
    page.keyboard.down("Shift")
    lasso(page, 0.55, 0.45, 0.99, 0.99)
    page.keyboard.up("Shift")
    assert len(scopes(page)[-1]) == 24


def test_no_more_papers_are_added_than_can_be_asked_alone(page: Page) -> None:
    page.set_content(bare_page(map_html(drawn_map()), most=20))
    lasso(page, 0.01, 0.01, 0.45, 0.55)
    expect(page.get_by_role("status")).to_have_text("12 papers chosen.")
    page.keyboard.down("Shift")
    lasso(page, 0.55, 0.45, 0.99, 0.99)
    page.keyboard.up("Shift")
    expect(page.get_by_role("status")).to_contain_text(
        "24 papers would be chosen, and at most 20 can be asked alone"
    )
    assert len(scopes(page)[-1]) == 12


def test_a_finger_draws_as_well(browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_content(bare_page(map_html(drawn_map())))
    box = page.locator(".fn-map-points").bounding_box()
    assert box is not None
    session = context.new_cdp_session(page)
    corners = [(0.02, 0.02), (0.45, 0.02), (0.45, 0.55), (0.02, 0.55)]
    for at, (a, b) in enumerate(corners):
        point = {"x": box["x"] + a * box["width"], "y": box["y"] + b * box["height"]}
        kind = "touchMove" if at else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert scopes(page) == [cluster(0)]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Clear").click()
    assert scopes(page)[-1] == []
    context.close()


def test_hovering_shows_title_and_year_and_leaving_hides_them(page: Page) -> None:
    page.locator("[data-paper='id:3']").hover()
    expect(page.locator(".fn-map-tip")).to_have_text("Paper 3, 2003; found by the last answer")
    page.mouse.move(5, 790)
    expect(page.locator(".fn-map-tip")).to_be_hidden()


def test_a_click_chooses_one_paper_and_another_gives_it_up(page: Page) -> None:
    point = page.locator("[data-paper='id:3']")
    point.click()
    assert scopes(page) == [["id:3"]]
    expect(page.get_by_role("status")).to_have_text("1 paper chosen.")
    point.click()
    assert scopes(page)[-1] == []


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.paper") == "id:1"
    expect(page.locator(".fn-map-tip")).to_have_text("Paper 1, 2001; cited by the last answer")
    page.keyboard.press("ArrowLeft")
    moved = page.evaluate("document.activeElement.dataset.paper")
    assert moved != "id:1"
    page.keyboard.press("Enter")
    assert scopes(page) == [[moved]]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className").startswith("fn-map-label")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert scopes(page)[-1] == cluster(1)
    page.keyboard.press("Escape")
    assert scopes(page)[-1] == []


def test_a_scope_from_elsewhere_is_shown_and_not_sent_again(page: Page) -> None:
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('footnote:scope', {detail: {papers: ['id:5']}}))"
    )
    assert chosen(page) == ["id:5"]
    assert scopes(page) == [["id:5"]]


def alpha_at(page: Page, row: int, drawn: LibraryMap | None = None) -> int:
    """Returns how opaque the canvas is where a paper lies, of 255."""
    x, y = frame(drawn or drawn_map())[row] / (WIDTH, HEIGHT)
    found: int = page.evaluate(
        """async ([x, y]) => {
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          const canvas = document.querySelector(".fn-map-canvas");
          const at = [Math.round(x * canvas.width), Math.round(y * canvas.height)];
          return canvas.getContext("2d").getImageData(...at, 1, 1).data[3];
        }""",
        [float(x), float(y)],
    )
    return found


def test_what_was_cited_stands_out_most(page: Page) -> None:
    size = {
        paper: float(page.locator(f"[data-paper='{paper}']").get_attribute("r") or 0)
        for paper in ("id:1", "id:3")
    }
    assert size["id:1"] > size["id:3"] > 4
    expect(page.locator("[data-paper='id:1']")).to_have_class(re.compile("fn-cited"))
    assert 0 < alpha_at(page, 5) < 128


def test_what_is_chosen_stands_out_on_the_canvas(browser: Browser) -> None:
    drawn = drawn_map(600)
    page = browser.new_page(viewport={"width": 900, "height": 800})
    page.set_content(bare_page(map_html(drawn)))
    before = alpha_at(page, 2, drawn)
    page.locator(".fn-map-label").first.click()
    # Half of 600 are too many for an element each.
    assert page.locator(".fn-map-point").count() == 1
    assert 0 < before < 250 <= alpha_at(page, 2, drawn)
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_canvas_has_the_colours_of_the_names(browser: Browser, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 800}, color_scheme=scheme)
    page.set_content(bare_page(map_html(drawn_map())))
    x, y = frame(drawn_map())[7]
    near = page.evaluate(
        """async ([x, y]) => {
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          const canvas = document.querySelector(".fn-map-canvas");
          const at = [x * canvas.width, y * canvas.height];
          const own = canvas.getContext("2d").getImageData(...at, 1, 1).data;
          const brush = document.createElement("canvas").getContext("2d");
          const key = document.querySelectorAll(".fn-map-key")[1];
          brush.fillStyle = getComputedStyle(key).backgroundColor;
          brush.fillRect(0, 0, 1, 1);
          const named = brush.getImageData(0, 0, 1, 1).data;
          return Math.max(...[0, 1, 2].map((at) => Math.abs(own[at] - named[at])));
        }""",
        [float(x) / WIDTH, float(y) / HEIGHT],
    )
    page.close()
    assert near <= 4


@pytest.mark.parametrize("width", [390, 600, 900])
def test_no_name_covers_another(browser: Browser, width: int) -> None:
    labels = tuple(Label(f"reinforcement, learning {n}", 0.5, 0.5) for n in range(COLOURS))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(bare_page(map_html(drawn_map(56, labels))))
    boxes = [one.bounding_box() for one in page.locator(".fn-map-label").all()]
    page.close()
    for at, one in enumerate(boxes):
        assert one is not None
        assert one["x"] >= 0
        assert one["x"] + one["width"] <= width
        for other in boxes[:at]:
            assert other is not None
            apart = abs(one["y"] - other["y"]) >= 22 or (
                one["x"] >= other["x"] + other["width"] or other["x"] >= one["x"] + one["width"]
            )
            assert apart


COVERED = """() => {
  const box = (one) => one.getBoundingClientRect();
  const shown = (one) => one.checkVisibility({visibilityProperty: true});
  const lit = [...document.querySelectorAll('.fn-hit, .fn-cited')].map(box);
  const named = [...document.querySelectorAll('.fn-map-label, .fn-map-number')].filter(shown);
  const over = (label, dot) => {
    const x = dot.x + dot.width / 2, y = dot.y + dot.height / 2;
    const across = Math.max(0, label.left - x, x - label.right);
    const down = Math.max(0, label.top - y, y - label.bottom);
    return Math.hypot(across, down) < dot.width / 2;
  };
  return named.filter((one) => lit.some((dot) => over(box(one), dot))).map((one) => one.outerHTML);
}"""


@pytest.mark.parametrize("width", [390, 612, 760, 1200])
@pytest.mark.parametrize("spread", [0.02, 0.1, 0.3])
def test_no_name_or_number_covers_a_lit_paper(browser: Browser, width: int, spread: float) -> None:
    labels = tuple(
        Label(f"reinforcement, learning {n}", 0.1 + 0.8 * (n % 4) / 3, 0.1 + 0.8 * (n // 4) / 2)
        for n in range(12)
    )
    drawn = drawn_map(240, labels)
    rng = np.random.default_rng(5)
    middles = np.array([(one.x, one.y) for one in labels])[drawn.clusters]
    positions = np.clip(middles + rng.uniform(-spread, spread, (240, 2)), 0, 1)
    drawn = replace(drawn, positions=positions.astype(np.float32))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(bare_page(map_html(drawn, cited=drawn.ids[:12], hits=drawn.ids[:36])))
    assert page.locator(".fn-hit, .fn-cited").count() == 36
    assert page.evaluate(COVERED) == []
    # Every cluster can still be chosen by its name, and is found on the map.
    names = page.locator(".fn-map-label:visible")
    assert names.count() == 12
    numbers = page.locator(".fn-map-number:visible").all_text_contents()
    below = page.locator(".fn-map-below .fn-map-key:visible").all_inner_texts()
    if width == 390:
        assert len(numbers) == 12
    else:
        assert numbers == below
    names.last.click()
    assert len(scopes(page)[-1]) == 20
    page.close()


def test_where_there_is_no_room_beside_lit_papers_a_name_goes_below(browser: Browser) -> None:
    side = np.linspace(0, 1, 18)
    positions = np.array([(x, y) for x in side for y in side], np.float32)
    count = len(positions)
    drawn = replace(
        drawn_map(count), positions=positions, clusters=np.zeros(count, np.int64), labels=TWO[:1]
    )
    page = browser.new_page(viewport={"width": 900, "height": 900})
    page.set_content(bare_page(map_html(drawn, hits=drawn.ids)))
    box = page.locator(".fn-map-below .fn-map-label").bounding_box()
    points = page.locator(".fn-map-points").bounding_box()
    assert box is not None
    assert points is not None
    assert box["y"] >= points["y"] + points["height"]
    assert page.evaluate(COVERED) == []
    page.close()


def test_a_hostile_title_stays_text(browser: Browser) -> None:
    labels = (Label(HOSTILE, 0.5, 0.5),)
    drawn = LibraryMap(
        (HOSTILE,), (f'"><img src=x onerror=alert(1)>{HOSTILE}',), (None,),
        np.array([[0.5, 0.5]], np.float32), np.zeros(1, np.int64), labels,
    )  # fmt: skip
    page = browser.new_page()
    complaints = complaints_of(page, "about:")
    page.set_content(bare_page(map_html(drawn)))
    page.locator(".fn-map-label").click()
    page.locator(".fn-map-point").focus()
    assert scopes(page) == [[HOSTILE]]
    assert page.locator("main :is(img, script, a)").count() == 0
    assert page.evaluate("window.pwned") is None
    page.close()
    assert complaints == []


def test_a_large_library_is_drawn_as_a_sample_that_says_so_and_keeps_what_is_lit() -> None:
    drawn = drawn_map(MOST_POINTS + 1000)
    last = drawn.ids[-1]
    html = map_html(drawn, cited=[last])
    # A break stands between two dots.
    assert html.count("\n") + 1 + html.count('<circle class="fn-map-point') == MOST_POINTS
    assert f'data-paper="{last}"' in html
    assert "Showing 5,000 of 6,000 papers" in html
    assert "Showing" not in map_html(drawn_map())


def test_what_a_map_sends_has_a_bound_however_many_papers_and_however_long_their_titles() -> None:
    drawn = replace(drawn_map(20_000), titles=("A title & its subtitle, " * 40,) * 20_000)
    assert 2_000 < dots_text(drawn, choose_rows(drawn))[1] <= MOST_POINTS
    assert len(map_html(drawn).encode()) < 1.2 * MOST_TEXT
    plain = drawn_map(20_000)
    assert len(map_html(plain).encode()) < 0.5 * MOST_TEXT


def test_a_part_of_the_map_shows_what_the_whole_shows_there_and_more() -> None:
    drawn = drawn_map(20_000)
    whole = set(choose_rows(drawn))
    box = MapExtent(60, 60, 300, 250)
    part, places = set(choose_rows(drawn, box=box)), frame(drawn)
    inside = {row for row, (x, y) in enumerate(places) if 60 <= x <= 300 and 60 <= y <= 250}
    assert whole & inside < part <= inside
    assert len(part) == MOST_POINTS


def test_an_outline_holds_the_papers_within_it_drawn_or_not() -> None:
    drawn = drawn_map(20_000)
    # A triangle over the left upper half of the map's units.
    found = papers_within(drawn, [0, 0, WIDTH, 0, 0, HEIGHT])
    held = {f"id:{row}" for row, (x, y) in enumerate(frame(drawn)) if x / WIDTH + y / HEIGHT < 1}
    assert set(found) == held
    assert papers_within(drawn, []) == []


@pytest.mark.parametrize("text", ["1 x", "1e9", "nan", "1 " * 3000, "１２"])
def test_numbers_that_no_page_sends_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="numbers, got"):
        parse_numbers(text)
    assert parse_numbers("1 -2.5  3") == [1, -2.5, 3]


def test_an_empty_library_says_so() -> None:
    drawn = drawn_map(0)
    assert "add papers to see a map" in map_html(drawn)
    assert "data-paper" not in map_svg(drawn)
