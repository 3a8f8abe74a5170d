"""A question is read as one of ten kinds, whatever its field, letters, marks and typing errors."""

import json
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest

from footnote.evals.lab.training.kinds import QUESTIONS
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import query_vector
from footnote.rag.query.kinds.classifier import (
    SURE,
    SURE_TO_SKIP,
    WEIGHTS,
    choose_kind,
    classify_kind,
    find_chances,
)
from footnote.rag.query.kinds.rules import KINDS, Kind, find_rule

ASKED: dict[Kind, list[str]] = {
    "fact": [
        "Which optimiser was used to train the segmentation network?",
        "Why does the plasma become unstable at the edge of the tokamak?",
        "What made the nurses override the sepsis alarm?",
        "A camera drops frames at dusk. What does the tracker rely on then?",
    ],
    "number": [
        "How many volunteers took the antiviral?",
        "What AUROC does the retinopathy screener reach?",
        "how hot does the plasma get",
        "By how much does pruning shrink the network?",
    ],
    "yesno": [
        "Does metformin slow ageing?",
        "Is dropout still needed in large networks?",
        "Can neutrinos travel faster than light?",
        "Do larger models need less data?",
    ],
    "define": [
        "What does ARDS stand for?",
        "What is meant by quantum supremacy?",
        "Define overfitting.",
        "What is a Boltzmann machine?",
    ],
    "list": [
        "Which papers study gut bacteria?",
        "List all papers on graphene.",
        "Are there any studies on video games and attention?",
        "Which papers train on synthetic images?",
    ],
    "overview": [
        "What do the papers say about gene drives?",
        "Give me an overview of dark matter detection.",
        "Give an overview of preference optimization",
        "How do researchers handle missing data in trials?",
        "Summarise the work on robot hands.",
    ],
    "compare": [
        "What is the difference between a virus and a viroid?",
        "Compare support vector machines with random forests.",
        "How does warfarin compare with apixaban?",
        "Type I vs type II superconductors",
    ],
    "metadata": [
        "How many papers are from 2022?",
        "Who wrote the AlphaFold paper?",
        "What is the newest paper in the library?",
        "Do you have papers by Marie Curie?",
    ],
    "talk": ["Hello!", "thank you very much", "What can you do?", "Good bye"],
    "vague": ["tell me more", "why?", "and the third one?", "Is it better?"],
}
EXAMPLES = [(kind, question) for kind, questions in ASKED.items() for question in questions]
CHANGES: dict[str, Callable[[str], str]] = {
    "as asked": str,
    "lower case": str.lower,
    "no mark": lambda question: question.rstrip("?!."),
    "spaces": lambda question: f"  {question.replace(' ', '  ')} ",
    "more marks": lambda question: question.rstrip("?!.") + " ??",
}


@pytest.fixture(scope="module")
def embedder() -> MiniLM:
    return MiniLM()


def read_all(embedder: MiniLM, questions: list[str], *, first: bool = True) -> list[Kind]:
    vectors = embedder.embed(questions)
    return [classify_kind(q, v, first=first) for q, v in zip(questions, vectors, strict=True)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_of_any_field_is_read_as_its_kind(embedder: MiniLM, kind: Kind) -> None:
    given = read_all(embedder, ASKED[kind])
    assert dict(zip(ASKED[kind], given, strict=True)) == dict.fromkeys(ASKED[kind], kind)


@pytest.mark.parametrize("change", CHANGES)
def test_letters_spaces_and_marks_change_few_kinds(embedder: MiniLM, change: str) -> None:
    given = read_all(embedder, [CHANGES[change](question) for _, question in EXAMPLES])
    wrong = [
        (question, found)
        for (kind, question), found in zip(EXAMPLES, given, strict=True)
        if found != kind
    ]
    assert len(wrong) <= 3, wrong


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("wich papers use contrastive lerning?", "list"),
        ("whats the diffrence between MRI and CT", "compare"),
        ("how meny patients were in the trial", "number"),
        ("give me an overveiw of fusion reactors", "overview"),
        ("thx!!", "talk"),
    ],
)
def test_a_typing_error_does_not_change_the_kind(
    embedder: MiniLM, question: str, kind: Kind
) -> None:
    assert read_all(embedder, [question]) == [kind]


@pytest.mark.parametrize("question", ["tell me more", "why?", "and the third one?", "is it safe?"])
def test_nothing_is_vague_after_a_question(embedder: MiniLM, question: str) -> None:
    assert read_all(embedder, [question]) == ["vague"]
    assert read_all(embedder, [question], first=False) != ["vague"]
    assert classify_kind(question, None, first=False) != "vague"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "vague"])
def test_a_whole_follow_up_is_read_as_itself(embedder: MiniLM, kind: Kind) -> None:
    given = read_all(embedder, ASKED[kind], first=False)
    assert sum(found == kind for found in given) >= len(given) - 1, given


def test_courtesy_before_a_question_does_not_change_its_kind(embedder: MiniLM) -> None:
    asked = ["Hi, how many volunteers took the antiviral?", "Please, can you define overfitting?"]
    assert [find_rule(question, first=True) for question in asked] == ["number", "define"]
    assert read_all(embedder, asked) == ["number", "define"]


def test_a_doubtful_question_is_read_as_one_for_a_fact() -> None:
    chances = np.full(len(KINDS), (1 - SURE + 0.01) / (len(KINDS) - 1), np.float32)
    chances[KINDS.index("list")] = SURE - 0.01
    assert choose_kind(chances) == "fact"
    chances[KINDS.index("list")] = SURE + 0.01
    assert choose_kind(chances) == "list"


@pytest.mark.parametrize("kind", ["talk", "vague"])
def test_a_question_goes_unsearched_only_where_that_is_sure(kind: Kind) -> None:
    chances = np.full(len(KINDS), (1 - SURE_TO_SKIP) / len(KINDS), np.float32)
    chances[KINDS.index(kind)] = SURE_TO_SKIP - 0.01
    assert choose_kind(chances) == "fact"
    chances[KINDS.index(kind)] = SURE_TO_SKIP + 0.01
    assert choose_kind(chances) == kind


@pytest.mark.parametrize("question", ["", "?", "   ", "¿", "x" * 100_000, "为什么", "how " * 9_000])
def test_any_text_has_a_kind(question: str) -> None:
    assert classify_kind(question, None, first=True) in KINDS
    assert find_chances(question, None, first=True).sum() == pytest.approx(1, abs=1e-5)


def test_without_an_embedding_rules_and_words_decide() -> None:
    given = [classify_kind(question, None, first=True) for _, question in EXAMPLES]
    right = sum(kind == found for (kind, _), found in zip(EXAMPLES, given, strict=True))
    assert right >= 0.8 * len(EXAMPLES)


def test_a_rule_speaks_only_where_it_is_certain() -> None:
    read = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    told = defaultdict(list)
    for row in read:
        if rule := find_rule(row["question"], first=not row.get("history")):
            # Of a first question, a rule cannot see that "it" is nothing.
            told[rule].append(row["kind"] in (rule, "vague"))
    assert {kind for kind, right in told.items() if np.mean(right) < 0.9} == set()


def test_no_training_question_has_two_kinds_nor_is_an_example_here() -> None:
    read = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    keys = [(" ".join(row["question"].lower().split()), bool(row.get("history"))) for row in read]
    assert len(keys) == len(set(keys))
    assert {row["kind"] for row in read} == set(KINDS)


def test_the_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size < 300_000


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What improves sample efficiency?", "fact"),
        ("Why do diffusion policies work so well?", "fact"),
        ("What limits behavior cloning?", "fact"),
        ("How is the quality of a cloned voice measured?", "fact"),
        ("What is the difference between UMI and DexUMI?", "compare"),
        ("Which theory papers prove that regret is bounded?", "list"),
        ("How do people reduce reward hacking?", "overview"),
    ],
)
def test_who_asks_for_reasons_gets_no_form_without_a_place_for_them(
    question: str, kind: Kind, embedder: MiniLM
) -> None:
    assert classify_kind(question, query_vector(embedder, question), first=True) == kind
