"""Filters that a question asks for, over the demo library."""

from datetime import date
from pathlib import Path

import pytest

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import EVERYTHING, Filters, Library
from footnote.index.models import make_paper
from footnote.rag.answer import Answer, Turn
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.query.filter_parser import Scope, parse_filters
from footnote.rag.query.question import understand

TODAY = date(2023, 5, 1)


@pytest.fixture(scope="module")
def engine(demo_library: Library) -> CitedQueryEngine:
    return CitedQueryEngine(demo_library)


def scope(library: Library, question: str, *said: str, given: Filters = EVERYTHING) -> Scope:
    history = [Turn("user", text) for text in said]
    return parse_filters(understand(question, history), library, given, today=TODAY)


def told(answer: Answer) -> list[tuple[str, int | str, str]]:
    return [(c.kind, c.value, c.text) for c in answer.scope]


def test_only_papers_of_the_years_are_found_and_the_answer_says_so(engine):
    answer = engine.ask("How do robots learn from demonstrations since 2022?")
    assert answer.question == "How do robots learn from demonstrations since 2022?"
    assert told(answer) == [("since", 2022, "since 2022")]
    assert {hit.paper.year for hit in answer.hits} <= {2022, 2023, 2024, 2025}
    assert answer.receipt.query == "How do robots learn from demonstrations?"
    assert answer.receipt.filters == "since 2022"
    assert answer.receipt.searched == engine.library.count(Filters(since=2022)) < 70


def test_reading_can_be_switched_off(engine):
    answer = engine.ask("How do robots learn since 2022?", read_filters=False)
    assert (answer.scope, answer.receipt.filters, answer.receipt.searched) == ((), "", 70)
    assert answer.receipt.query == answer.question


def test_venue_and_author_are_read_where_the_library_has_them(demo_library):
    asked = "Which papers by Schulman at ICML clip a policy?"
    found = scope(demo_library, asked)
    assert found.filters == Filters(author="Schulman", venue="ICML")
    assert found.question.asked == "Which papers clip a policy?"
    assert [c.text for c in found.read] == ["by Schulman", "at ICML"]
    assert scope(demo_library, "Which papers by Nobody at CHI clip a policy?").read == ()


def test_last_year_counts_from_today(demo_library):
    found = scope(demo_library, "Which papers of last year use tools?")
    assert found.filters == Filters(2022, 2022)


def test_filters_that_were_given_win_over_those_in_the_question(demo_library):
    asked = "Which papers by Schulman in 2015 clip a policy?"
    found = scope(demo_library, asked, given=Filters(since=2017))
    assert found.filters == Filters(since=2017, author="Schulman")
    assert [c.kind for c in found.read] == ["author"]
    found = scope(demo_library, asked, given=Filters(author="Levine"))
    assert found.filters == Filters(2015, 2015, author="Levine")


def test_years_of_no_paper_are_let_go_with_a_note(engine):
    answer = engine.ask("Which papers in 1955 clip the probability ratio of a policy?")
    assert answer.scope == ()
    assert answer.reason == "the library has no paper of 1955, so all were searched"
    assert not answer.abstained


def test_years_are_let_go_before_the_author(demo_library):
    found = scope(demo_library, "Which papers by Schulman in 1955 clip a policy?")
    assert found.filters == Filters(author="Schulman")
    assert "no paper of 1955 by Schulman, so those by Schulman were" in (found.note or "")


def test_filters_that_were_given_are_never_let_go(engine):
    answer = engine.ask("Which papers clip in 1955?", filters=Filters(1950, 1951))
    assert answer.abstained
    assert answer.reason == "the library has no paper from 1950 to 1951; widen the filters"


def test_a_refusal_says_what_it_was_limited_to(engine):
    answer = engine.ask("Which papers since 2022 study the mating calls of frogs?")
    assert answer.abstained
    assert (answer.reason or "").endswith("; only papers since 2022 were searched")


def test_a_follow_up_of_years_keeps_the_topic_and_changes_the_year(demo_library, engine):
    first = "Which papers by Levine in 2015 train robot policies?"
    found = scope(demo_library, "What about 2018?", first)
    assert found.question.query == "Which papers train robot policies?"
    assert found.filters == Filters(2018, 2018, author="Levine")
    answer = engine.ask("What about 2016?", [Turn("user", "Which papers of 2018 train policies?")])
    assert {hit.paper.year for hit in answer.hits} == {2016}
    assert answer.receipt.leaned
    assert answer.question == "What about 2016?"


def test_a_question_of_nothing_but_a_filter_is_left_whole(demo_library):
    assert scope(demo_library, "Since 2020?").question.asked == "Since 2020?"


def test_years_are_not_used_where_most_papers_have_none(embedder: MiniLM, tmp_path: Path) -> None:
    undated = [make_paper(f"Tides {n}", f"Tide {n} rises twice.") for n in range(3)]
    dated = make_paper("Gulls", "Gulls watch the quay.", published="2021-05-01")
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add([*undated, dated])
        found = scope(library, "Which papers since 2020 tell when the tide rises?")
    assert (found.read, found.filters) == ((), EVERYTHING)
    assert found.note == "only 1 of 4 papers have a year, so all years were searched"
