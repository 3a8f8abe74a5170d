"""Questions in other languages find English abstracts."""

from pathlib import Path

import pytest

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.query.question import Question
from footnote.rag.query.rewrite import rewrite_question
from footnote.rag.query.translation import LANGUAGES, NAMES, detect_language, glossary, translate

ASKED = {
    "de": "Wie wird ein Sprachmodell mit menschlicher Rückmeldung trainiert?",
    "fr": "Quel rôle joue l'attention dans la traduction automatique ?",
    "es": "¿Cómo aprende un agente con aprendizaje por refuerzo?",
    "zh": "大型语言模型如何学习使用工具？",
    "it": "Quali articoli usano l'apprendimento per rinforzo nei robot?",
    "pt": "Como se treina um modelo de linguagem com poucos exemplos?",
}
ENGLISH = (
    "What does PPO clip?",
    "What was the war on drugs like in the war room, and what did die casting cost?",
    "Which papers describe GNFactor, π0 and the naïve Bayes baseline?",
    "hw mcuh better is opnvla then teh closed rt2x",
    "Does Schrödinger's bridge help diffusion models?",
    "BERT GPT-4 LLaMA",
    "",
    "?",
)


@pytest.mark.parametrize("code", ASKED)
def test_a_language_is_known_by_its_function_words(code: str) -> None:
    assert detect_language(ASKED[code]) == code


@pytest.mark.parametrize("question", ENGLISH)
def test_english_is_left_alone(question: str) -> None:
    assert translate(question) is None


def test_japanese_is_not_taken_for_chinese() -> None:
    assert detect_language("大規模言語モデルはどのように道具を使うのですか") is None


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (ASKED["de"], {"language", "model", "human", "feedback"}),
        ("Was kostet die Datenverarbeitung mit Bildern?", {"data", "processing", "image"}),
        (ASKED["fr"], {"attention", "machine", "translation"}),
        (ASKED["es"], {"reinforcement", "learning", "agent"}),
        (ASKED["zh"], {"language", "model", "tool"}),
        (ASKED["it"], {"reinforcement", "learning", "robot"}),
        (ASKED["pt"], {"language", "model", "example"}),
    ],
)
def test_terms_become_english_terms(question: str, words: set[str]) -> None:
    found = translate(question)
    assert found is not None
    assert words <= set(found.english.split()) | {w.rstrip("s") for w in found.english.split()}


def test_names_numbers_and_words_in_common_are_kept() -> None:
    found = translate("Wie viele Parameter hat das Modell MABe22 aus dem Jahr 2022?")
    assert found is not None
    assert {"MABe22", "2022"} <= set(found.english.split())


@pytest.mark.parametrize("code", NAMES)
def test_every_glossary_is_well_formed(code: str) -> None:
    own = glossary(code)
    assert len(own.entries) > 800
    assert all(word == word.lower().strip() for word in own.entries)
    assert all(english.isascii() for english in own.entries.values())
    if code in LANGUAGES:
        assert len(own.function_words) > 100


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Wozu dient Aufmerksamkeit in der Transformer-Architektur?", "Attention Is All You Need"),
        (
            "¿Qué modelo de lenguaje aprende con pocos ejemplos?",
            "Language Models are Few-Shot Learners",
        ),
    ],
)
def test_an_english_abstract_answers(demo_library: Library, question: str, title: str) -> None:
    answer = CitedQueryEngine(demo_library).ask(question)
    assert title in [hit.paper.title for hit in answer.hits[:3]]
    assert not answer.abstained
    assert answer.question == question
    assert answer.receipt.language in NAMES
    assert answer.receipt.query != question


def test_papers_in_the_language_of_the_question_are_asked_in_it(
    tmp_path: Path, embedder: MiniLM
) -> None:
    asked = "Wie wird die Ebbe im Hafen gemessen?"
    with Library.open(tmp_path / "german", embedder=embedder, create=True) as library:
        assert rewrite_question(Question(asked), library).language == "de"
        library.add([make_paper("Gezeiten", "Die Ebbe wird im Hafen mit einem Pegel gemessen.")])
        assert rewrite_question(Question(asked), library) == Question(asked)
