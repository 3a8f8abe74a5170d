"""Charts are offered only where they say something: times to compare, sides to weigh."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from footnote.index.library import EVERYTHING, Library
from footnote.index.models import Hit, Passage, make_paper
from footnote.rag.answer import Answer, Citation, Side, Statement
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.rendering.charts.offers import can_have_sides, count_sided, offered_charts
from footnote.ui.rendering.charts.timeline import tells_time, timeline_html
from footnote.ui.web.handlers.conversations import _has_sides_unquoted
from footnote.ui.web.streaming import done_frame
from tests.pages import desk_of
from tests.scripted import abstained, answered

# Two of the demo's papers say yes.
SIDED = "Does chain-of-thought prompting help?"


def dated(*published: str | None, cited: int = 1) -> Answer:
    papers = [
        make_paper(f"Paper {n}", "Text.", [f"id:{n}"], published=when)
        for n, when in enumerate(published)
    ]
    hits = tuple(
        Hit(paper, Passage(paper.id, 0, 5), 1.0, rank, "fused")
        for rank, paper in enumerate(papers, 1)
    )
    return replace(answered(), papers=tuple(papers[:cited]), hits=hits, statements=())


@pytest.mark.parametrize(
    ("published", "tells"),
    [
        (("2020", "2021", "2021"), True),
        (("2020", "2021", None), False),
        (("2020", "2020", "2020"), False),
        (("2025-03-01", "2025-03-09", "2025-04-01"), True),
        (("2025-03-01", "2025-03-09", "2025-03-31"), False),
        (("2025-03", "2025-04", "2025"), False),
        (("--03-01", "--04-01", "--05-01"), False),
        ((), False),
    ],
)
def test_a_timeline_needs_three_dated_papers_of_two_times(
    published: Sequence[str | None], tells: bool
) -> None:
    answer = dated(*published)
    assert tells_time(answer) is tells
    assert ("timeline" in offered_charts(answer)) is (tells and bool(answer.papers))


def test_papers_of_one_year_stand_by_their_months() -> None:
    html = timeline_html(dated("2025-03-01", "2025-05-09", "2025-11-30", "2025", None), 1)
    assert 'aria-label="Papers by month"' in html
    assert ">Mar 2025<" in html
    assert html.count(">No month<") == 2
    # March to November is eight months, and May the second of them.
    wide = html[: html.index("fn-narrow")]
    left = {
        card: float(wide.split(f'data-card="t1-{card}"')[1].split("left:")[1].split("%")[0])
        for card in ("s1", "h2", "h3")
    }
    share = (left["h2"] - left["s1"]) / (left["h3"] - left["s1"])
    assert share == pytest.approx(2 / 8, abs=0.03)


def test_nothing_is_offered_of_a_refusal() -> None:
    assert offered_charts(abstained()) == ()


def sided(*sides: Side | None, kind: str = "yesno") -> Answer:
    papers = tuple(make_paper(f"P{n}", "Said.", [f"id:{n}"]) for n in range(len(sides)))
    statements = tuple(
        Statement("Said.", (Citation(n + 1, paper.id, 0, 5, "Said."),), "supported", 1.0, side=side)
        for n, (paper, side) in enumerate(zip(papers, sides, strict=True))
    )
    return replace(answered(), papers=papers, hits=(), statements=statements, kind=kind,
                   question="Does it work?", standalone_question="Does it work?")  # fmt: skip


@pytest.mark.parametrize(
    ("sides", "offered"),
    [(("yes", "no"), True), (("yes", "yes", None), True), (("yes", None), False), ((), False)],
)
def test_agreement_needs_two_papers_that_take_a_side(
    sides: Sequence[Side | None], offered: bool
) -> None:
    assert ("agreement" in offered_charts(sided(*sides))) is offered


@pytest.mark.parametrize(
    ("asked", "kind", "can"),
    [
        ("Does retrieval help?", "yesno", True),
        ("Which papers say that retrieval helps, and which do not?", "list", False),
        ("Retrieval makes language models more accurate.", "fact", True),
        ("What makes language models accurate?", "fact", False),
        ("retrieval for models", "fact", False),
        ("Explain how retrieval helps language models", "fact", False),
    ],
)
def test_a_claim_or_a_question_of_yes_or_no_can_have_sides(
    asked: str, kind: str, can: bool
) -> None:
    answer = replace(answered(), question=asked, standalone_question=asked, kind=kind)
    assert can_have_sides(answer) is can


def test_the_sides_that_a_models_answer_quotes_are_weighed(demo_library: Library) -> None:
    engine = CitedQueryEngine(demo_library)
    answer = engine.ask(SIDED)
    told = count_sided(answer)
    assert told >= 2
    bare = replace(
        answer, mode="llm", statements=tuple(replace(s, side=None) for s in answer.statements)
    )
    assert count_sided(bare) == 0
    assert count_sided(bare, demo_library.embedder) == told


def test_a_reopened_answer_is_not_read_again_and_told_of_its_sides_later(
    demo_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(demo_library)
    answer = desk.quoting.ask(SIDED) if desk.quoting else answered()
    unsided = tuple(replace(s, side=None) for s in answer.statements)
    bare = replace(answer, mode="llm", statements=unsided)
    button = 'data-do="agreement"'
    assert button in done_frame(desk, bare, 1, 1, None)["html"]
    with monkeypatch.context() as patched:
        patched.setattr("footnote.ui.rendering.charts.offers.read_stances", None)
        assert button not in done_frame(desk, bare, 1, 1, None, reopened=True)["html"]
    assert _has_sides_unquoted(desk, bare, EVERYTHING)
