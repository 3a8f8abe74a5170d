"""The answer ranker: its order, its bounds, and what becomes of a damaged file."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from footnote.index import ModelError
from footnote.index.embeddings.minilm_graph import FIRST, MATCH
from footnote.rag.retrieval.answer_ranker.ranker import MOST_PAIRS, AnswerRanker, with_title
from footnote.rag.retrieval.answer_ranker.weights import (
    WEIGHTS,
    AnswerWeights,
    pack_signs,
    unpack_signs,
)


@pytest.fixture(scope="module")
def ranker() -> AnswerRanker:
    return AnswerRanker()


# The third sentence answers; by cosine the first is nearer to the question.
CASES = [
    (
        "How many birds were counted at the harbour in winter?",
        [
            "Harbours are a refuge for many birds in winter.",
            "We present a census of nine quays, carried out by volunteers.",
            "In total, 412 gulls and 38 terns were seen between December and February.",
            "The census will be repeated every year.",
        ],
    ),
    (
        "Why does training a tide model fail with a large learning rate?",
        [
            "The learning rate is an important setting of any tide model.",
            "We study it for recurrent networks that predict the water level of eleven ports.",
            "The reason is that gradients explode after a few long steps and it never recovers.",
            "We will publish our code.",
        ],
    ),
    (
        "How long does it take to survey one quay?",
        [
            "Surveying quays is slow and expensive.",
            "We propose a drone that follows the waterline.",
            "One flight takes 12 minutes, compared to three hours on foot.",
            "The drone was flown in two harbours.",
        ],
    ),
]


@pytest.mark.parametrize(("question", "sentences"), CASES)
def test_the_sentence_that_answers_comes_before_one_about_the_same_thing(
    ranker: AnswerRanker, question: str, sentences: list[str]
) -> None:
    scores = ranker.scores(question, sentences)
    assert scores.dtype == np.float32
    assert scores.argmax() == 2, scores
    assert ranker.read(question, sentences)[:, 0].tolist() == scores.tolist()
    assert ranker.read(question, []).shape == (0, 3)


def test_a_score_does_not_depend_on_the_sentences_beside_it(ranker: AnswerRanker) -> None:
    question, sentences = CASES[0]
    alone = [ranker.scores(question, [sentence])[0] for sentence in sentences]
    assert ranker.scores(question, sentences).tolist() == alone


def test_threads_that_ask_at_once_get_the_same_scores() -> None:
    fresh = AnswerRanker()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(fresh.scores, *CASES[1]) for _ in range(8)]
        scores = [one.result().tolist() for one in asked]
    assert scores == [fresh.scores(*CASES[1]).tolist()] * 8


def test_more_pairs_than_a_question_may_cost_are_refused(ranker: AnswerRanker) -> None:
    assert len(ranker.scores("Why?", ["Because."] * MOST_PAIRS)) == MOST_PAIRS
    with pytest.raises(ValueError, match=f"at most {MOST_PAIRS} sentences .* got 25"):
        ranker.scores("Why?", ["Because."] * (MOST_PAIRS + 1))


def test_no_sentences_have_no_scores(ranker: AnswerRanker) -> None:
    assert ranker.scores("Why?", []).shape == (0,)


HOSTILE = ["", "\0", "\ud800 half a pair", "[SEP] [CLS] [MASK]", "\u202e\u0301" * 500, "x" * 10**6]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_has_a_score(ranker: AnswerRanker, text: str) -> None:
    assert np.isfinite(ranker.scores(text, [text, "Tides rise."])).all()


def damage(content: bytes, kind: str, path: Path) -> None:
    """Writes weights that cannot be used."""
    path.write_bytes(content)
    tensors = load_file(path)
    some = next(name for name in tensors if name.endswith(".signs"))
    if kind == "cut":
        path.write_bytes(content[:1000])
    elif kind == "half":
        save_file({n: t for n, t in tensors.items() if n != some.replace("signs", "scale")}, path)
    elif kind == "head":
        save_file({n: t for n, t in tensors.items() if n not in (MATCH, FIRST)}, path)
    elif kind == "shape":
        save_file(tensors | {some: tensors[some][:, 1:].copy()}, path)
    elif kind == "foreign":
        save_file(
            tensors | {"other.signs": tensors[some], "other.scale": tensors[some][:, 0]}, path
        )
    else:
        path.unlink()


@pytest.mark.parametrize("kind", ["missing", "cut", "half", "head", "shape", "foreign"])
def test_damaged_weights_are_one_line_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("FOOTNOTE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "answers.safetensors"
    damage(WEIGHTS.read_bytes(), kind, path)
    with pytest.raises(ModelError) as caught:
        AnswerRanker(AnswerWeights(path)).scores("Why?", ["Because."])
    assert str(caught.value).startswith(f"{path} has no usable weights (")
    assert len(str(caught.value).splitlines()) == 1
    assert not list(tmp_path.rglob("*.onnx"))


def test_other_weights_are_another_cached_model(tmp_path: Path) -> None:
    path = tmp_path / "answers.safetensors"
    tensors = load_file(WEIGHTS)
    save_file(tensors | {FIRST: tensors[FIRST] + np.float16(1)}, path)
    assert AnswerWeights(path).name != AnswerWeights().name


def test_the_committed_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000


def test_signs_keep_the_direction_of_each_weight_and_the_size_of_each_row() -> None:
    # Eight columns fill a byte; the mean sizes of the rows are 2 and 0.5.
    learned = np.array([[1, -3, 2, -2, 1, -3, 2, -2], [-0.5] * 8], np.float32)
    signs, scale = pack_signs(learned)
    assert signs.nbytes == 2
    assert unpack_signs(signs, scale).tolist() == [[2, -2, 2, -2, 2, -2, 2, -2], [-0.5] * 8]


def test_the_title_says_which_paper_answers(ranker: AnswerRanker) -> None:
    said = "It reaches an accuracy of 91 percent."
    titles = ["Grading moles in photos with a small network", "Forecasting tides from buoys"]
    moles, tides = ranker.scores(
        "How well can a neural net tell dangerous skin spots from harmless ones?",
        [with_title(title, said) for title in titles],
    )
    assert moles > tides
    assert with_title("", said) == said
