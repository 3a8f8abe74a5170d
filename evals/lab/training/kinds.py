"""Makes ``rag/query/kinds/kinds.npz``: the model that tells the kind of a question.

    python -m footnote.evals.lab.training.kinds [--out FILE] [--one-paper FILE] [--doubts]

Trains on the questions of ``kinds.jsonl`` beside this file, all our own, about many fields, and
prints by five-fold cross-validation how often the kind is right. ``--one-paper`` is a file of
questions to one abstract each (JSON Lines: ``question``, and ``part``, of which "train" is read):
people ask a paper for a fact in the words of an overview. They are learned from as what the rules
say, or else as a fact, and not counted among the right ones. ``--doubts`` also prints the questions
whose label the model of the other folds contradicts with most confidence.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from footnote.index.embeddings.base import MiniLM
from footnote.rag.answer import Kind
from footnote.rag.query.kinds.classifier import WEIGHTS, choose_kind, read_features
from footnote.rag.query.kinds.rules import KINDS, find_rule

QUESTIONS = Path(__file__).with_suffix(".jsonl")
FOLDS = 5
SEED = 20261126
# Inverse of the penalty. Of .1, .25, .5, 1 and 2 the chances fit best at .5 with embeddings
# (log loss .614 .566 .549 .551 .566); the kinds are right as often, within .012.
LOOSENESS = {"all": 0.5, "words": 2.0}
DOUBTS = 60
# What a question to one abstract counts for. At 0, .03, .05, .1, .25, .5 and 1 the kinds of ours
# are right in .799 .801 .798 .795 .791 .787 and .785; of 540 questions to one abstract of other
# papers 128, 48, 41, 30, 23, 20 and 15 are read as a list, an overview or a comparison (once).
ONE_PAPER_WEIGHT = 0.05
# A rule for these may be right of a question to one abstract, too, so it teaches nothing.
_OF_SEVERAL: tuple[Kind, ...] = ("overview", "list", "compare", "talk", "metadata", "vague")
# Of each question a second writing is learned from, too: small letters, no marks, one error.
_LAST_MARKS = "?!. "
Array = NDArray[Any]


def read_rows(questions: list[dict[str, Any]], *, embedded: bool) -> Array:
    """Returns the features of each question, ``(n, f)``, with or without its embedding."""
    vectors = MiniLM().embed([q["question"] for q in questions]) if embedded else None
    return np.stack(
        [
            read_features(
                q["question"],
                None if vectors is None else vectors[n],
                first=not q.get("history"),
            )
            for n, q in enumerate(questions)
        ]
    )


def misspell(question: str, draw: random.Random) -> str:
    """Returns a question in small letters, without marks, with two letters of a word swapped."""
    words = question.lower().rstrip(_LAST_MARKS).split()
    long = [n for n, word in enumerate(words) if len(word) > 3]
    if long:
        n = draw.choice(long)
        at = draw.randrange(1, len(words[n]) - 1)
        word = words[n]
        words[n] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words) or question


class Examples(NamedTuple):
    """Questions to learn from.

    Attributes:
        rows: Their features, ``(n, f)``.
        truth: Their kinds, ``(n,)``, places in ``KINDS``.
        weights: What each counts for, ``(n,)``.
    """

    rows: Array
    truth: Array
    weights: Array

    def join(self, other: "Examples") -> "Examples":
        """Returns both."""
        return Examples(*map(np.concatenate, zip(self, other, strict=True)))


def read_one_paper(path: Path | None) -> list[dict[str, Any]]:
    """Returns the questions to one abstract that teach a kind, with it."""
    if path is None:
        return []
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    asked = [q["question"] for q in found if q.get("part", "train") == "train"]
    told = [(question, find_rule(question, first=True)) for question in asked]
    return [{"question": q, "kind": rule or "fact"} for q, rule in told if rule not in _OF_SEVERAL]


def fit(examples: Examples, looseness: float) -> tuple[Array, Array]:
    """Returns the weights ``(f, 10)`` and the biases ``(10,)``."""
    model = LogisticRegression(C=looseness, max_iter=500, tol=1e-3)
    model.fit(csr_matrix(examples.rows), examples.truth, sample_weight=examples.weights)
    return model.coef_.T.astype(np.float16), model.intercept_.astype(np.float32)


def cross_validate(
    rows: Array, again: Array, truth: Array, more: Examples, looseness: float
) -> Array:
    """Returns the chances of each question's kinds by a model that never saw it, ``(n, 10)``."""
    found = np.zeros((len(rows), len(KINDS)), np.float32)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for others, fold in folds.split(rows, truth):
        weights, bias = fit(
            _twice(rows[others], again[others], truth[others]).join(more), looseness
        )
        scores = rows[fold] @ weights.astype(np.float32) + bias
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        found[fold] = chances / chances.sum(axis=1, keepdims=True)
    return found


def _twice(rows: Array, again: Array, truth: Array) -> Examples:
    """Returns questions in both of their writings."""
    return Examples(np.vstack([rows, again]), np.tile(truth, 2), np.ones(2 * len(rows)))


def main() -> None:
    """Writes the file and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--one-paper", type=Path)
    parser.add_argument("--doubts", action="store_true")
    options = parser.parse_args()
    questions = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    of_one = read_one_paper(options.one_paper)
    truth, told = (
        np.array([KINDS.index(q["kind"]) for q in of], int) for of in (questions, of_one)
    )
    draw = random.Random(SEED)
    rewritten = [{**q, "question": misspell(q["question"], draw)} for q in questions]
    saved: dict[str, Any] = {}
    for name, embedded in (("words", False), ("all", True)):
        rows, again = (read_rows(part, embedded=embedded) for part in (questions, rewritten))
        taught = read_rows(of_one, embedded=embedded) if of_one else rows[:0]
        more = Examples(taught, told, np.full(len(told), ONE_PAPER_WEIGHT))
        chances = cross_validate(rows, again, truth, more, LOOSENESS[name])
        right = [choose_kind(row) == KINDS[kind] for row, kind in zip(chances, truth, strict=True)]
        print(f"{name}: right {np.mean(right):.3f} by cross-validation, n={len(rows)}")
        saved[name], saved[f"{name}_bias"] = fit(
            _twice(rows, again, truth).join(more), LOOSENESS[name]
        )
    np.savez_compressed(options.out, **saved)
    if options.doubts:
        doubt = chances.max(axis=1) - chances[np.arange(len(truth)), truth]
        for n in np.argsort(-doubt)[:DOUBTS]:
            guess = KINDS[chances[n].argmax()]
            print(
                f"  {KINDS[truth[n]]}, read as {guess} {doubt[n]:.2f}: {questions[n]['question']}"
            )


if __name__ == "__main__":
    main()
