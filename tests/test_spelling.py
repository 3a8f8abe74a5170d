"""A word that no paper has is read as the one that was meant."""

from pathlib import Path

import pytest

from footnote.index.library import Library
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.query.question import Question
from footnote.rag.query.rewrite import rewrite_question
from tests.conftest import HashedWords


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("reinfrocement", "reinforcement"),
        ("transfromer", "transformer"),
        ("Langauge", "language"),
        ("atention", "attention"),
    ],
)
def test_a_mistyped_word_is_respelled(demo_library: Library, typed: str, meant: str) -> None:
    assert demo_library.searcher.find_respelling(typed) == meant


@pytest.mark.parametrize("word", ["attention", "PPO", "xq", "the", "gpt4turbo", "zzzzzzzz", ""])
def test_known_short_and_strange_words_stay(demo_library: Library, word: str) -> None:
    assert demo_library.searcher.find_respelling(word) is None


def test_an_empty_library_respells_nothing(tmp_path: Path) -> None:
    with Library.open(tmp_path / "empty", embedder=HashedWords(), create=True) as library:
        assert library.searcher.find_respelling("reinfrocement") is None


def test_a_mistyped_question_is_answered_and_its_wording_kept(demo_library: Library) -> None:
    asked = "How are langauge modles taught with reinfrocement lerning?"
    answer = CitedQueryEngine(demo_library).ask(asked)
    assert answer.question == answer.standalone_question == asked
    assert "reinforcement" in answer.receipt.query
    assert answer.receipt.language is None
    assert not answer.abstained


def test_a_well_spelled_question_is_searched_as_it_is(demo_library: Library) -> None:
    question = Question("How are language models trained?")
    assert rewrite_question(question, demo_library) == question


def test_a_name_with_digits_is_no_mistyped_word(demo_library: Library) -> None:
    question = Question("What does transfromer9 add to GPT-4turbo?")
    assert rewrite_question(question, demo_library) == question
