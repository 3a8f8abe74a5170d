"""Makes ``rag/query/kinds/kinds.npz``: the model that tells the kind of a question.

    python -m footnote.evals.lab.training.kinds [--out FILE] [--doubts]

Trains on the questions of ``kinds.jsonl`` beside this file, all our own, about many fields, and
prints by five-fold cross-validation how often the kind is right. ``--doubts`` also prints the
questions whose label the model of the other folds contradicts with most confidence.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from footnote.index.embeddings.base import MiniLM
from footnote.rag.query.kinds.classifier import WEIGHTS, choose_kind, read_features
from footnote.rag.query.kinds.rules import KINDS

QUESTIONS = Path(__file__).with_suffix(".jsonl")
FOLDS = 5
SEED = 20261126
# Inverse of the penalty. Of .1, .25, .5, 1 and 2 the chances fit best at .5 with embeddings
# (log loss .614 .566 .549 .551 .566); the kinds are right as often, within .012.
LOOSENESS = {"all": 0.5, "words": 2.0}
DOUBTS = 60
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


def fit(rows: Array, truth: Array, looseness: float) -> tuple[Array, Array]:
    """Returns the weights ``(f, 10)`` and the biases ``(10,)``."""
    model = LogisticRegression(C=looseness, max_iter=500, tol=1e-3).fit(csr_matrix(rows), truth)
    return model.coef_.T.astype(np.float16), model.intercept_.astype(np.float32)


def cross_validate(rows: Array, again: Array, truth: Array, looseness: float) -> Array:
    """Returns the chances of each question's kinds by a model that never saw it, ``(n, 10)``."""
    found = np.zeros((len(rows), len(KINDS)), np.float32)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for others, fold in folds.split(rows, truth):
        weights, bias = fit(
            np.vstack([rows[others], again[others]]), np.tile(truth[others], 2), looseness
        )
        scores = rows[fold] @ weights.astype(np.float32) + bias
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        found[fold] = chances / chances.sum(axis=1, keepdims=True)
    return found


def main() -> None:
    """Writes the file and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--doubts", action="store_true")
    options = parser.parse_args()
    questions = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    truth = np.array([KINDS.index(q["kind"]) for q in questions])
    draw = random.Random(SEED)
    rewritten = [{**q, "question": misspell(q["question"], draw)} for q in questions]
    saved: dict[str, Any] = {}
    for name, embedded in (("words", False), ("all", True)):
        rows, again = (read_rows(part, embedded=embedded) for part in (questions, rewritten))
        chances = cross_validate(rows, again, truth, LOOSENESS[name])
        right = [choose_kind(row) == KINDS[kind] for row, kind in zip(chances, truth, strict=True)]
        print(f"{name}: right {np.mean(right):.3f} by cross-validation, n={len(rows)}")
        saved[name], saved[f"{name}_bias"] = fit(
            np.vstack([rows, again]), np.tile(truth, 2), LOOSENESS[name]
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
