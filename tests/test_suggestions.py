"""Suggestions: what is offered is answered, and leads on."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.rag.answer import Answer
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.forms.suggestions import (
    _find_named,
    _find_pairs,
    _whole_phrases,
    find_topics,
    make_questions,
    offer_next,
    offer_questions,
    suggest_questions,
)


@pytest.fixture(scope="module")
def engine(demo_library: Library) -> CitedQueryEngine:
    return CitedQueryEngine(demo_library)


def counting(ask: Callable[[str], Answer], asked: list[str], **changes: object) -> Callable:
    def counted(question: str) -> Answer:
        asked.append(question)
        return replace(ask(question), **changes)

    return counted


def test_each_offer_is_of_another_kind_and_answered_without_doubt(engine: CitedQueryEngine) -> None:
    offered = offer_questions(engine.library, engine.ask)
    answers = [engine.ask(question) for question in offered]
    assert 3 <= len(offered) <= 4
    assert len({answer.kind for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.statements
        assert (answer.abstained, answer.missing, answer.match) == (False, None, "strong")


@pytest.mark.parametrize(
    "changes", [{"abstained": True}, {"missing": "No abstract states it."}, {"match": "weak"}]
)
def test_what_is_not_answered_is_not_offered(engine: CitedQueryEngine, changes: dict) -> None:
    asked: list[str] = []
    assert offer_questions(engine.library, counting(engine.ask, asked, **changes)) == []
    assert 0 < len(asked) <= 20


def test_topics_share_no_word_and_the_largest_group_comes_first(demo_library: Library) -> None:
    topics = find_topics(demo_library)
    words = [word for topic, _ in topics for word in topic.lower().split()]
    assert topics
    assert len(words) == len(set(words))
    assert [count for _, count in topics] == sorted((count for _, count in topics), reverse=True)


def test_an_answer_leads_on_to_questions_that_were_not_asked(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Which papers learn from human preferences?")
    led = offer_next(answer, engine.ask, [topic for topic, _ in find_topics(engine.library)])
    assert 1 <= len(led) <= 3
    assert len(set(led)) == len(led)
    assert answer.question not in led
    assert "What do the papers say about human preferences?" in led


@pytest.mark.parametrize(
    "question", ["What is reinforcement learning from human feedback?", "What does PPO clip?"]
)
def test_any_answer_leads_on_to_what_its_papers_share(
    engine: CitedQueryEngine, question: str
) -> None:
    led = offer_next(engine.ask(question), engine.ask)
    assert 2 <= len(led) <= 3
    topics = [{word[:6] for word in one.strip("?").split(" about ")[-1].split()} for one in led]
    assert not any(one <= other for one, other in permutations(topics, 2))


def test_a_phrase_that_titles_have_only_within_a_longer_one_is_not_cut() -> None:
    found = [
        make_paper(f"{lead} deep sea currents", "We measured them.", [f"id:{n}"])
        for n, lead in enumerate(("Warm", "Cold", "Old: new"))
    ]
    assert _whole_phrases(found[2], found) == ["deep sea currents", "sea currents"]


def test_two_named_papers_are_compared_where_one_names_the_other() -> None:
    fast = make_paper("FastNet: a quick one", "FastNet beats SlowNet by far.", ["id:1"])
    slow = make_paper("SlowNet: a slow one", "SlowNet is careful.", ["id:2"])
    bare = make_paper("A network without a name", "It beats FastNet.", ["id:3"])
    named = _find_named([fast, slow, bare])
    assert list(named) == ["FastNet", "SlowNet"]
    assert list(_find_pairs(named)) == [("FastNet", "SlowNet")]


def test_an_empty_library_offers_nothing(tmp_path, embedder) -> None:
    with Library.open(tmp_path / "empty", embedder=embedder, create=True) as library:
        assert make_questions(library) == {}
        assert suggest_questions(library) == []
    assert suggest_questions(None) == []
