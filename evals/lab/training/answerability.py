"""Trains ``rag/retrieval/answerability.json``: the chance that a library answers a question.

    python -m footnote.evals.lab.training.answerability --own SET DIR... --foreign SET DIR...
    --elsewhere DIR

Questions of ``--own`` sets are asked of the library that holds their papers, and are answerable
or not as the set says; those of ``--foreign`` sets are asked of a library of another field, and
none has an answer there. People also ask in a few words: from titles of the first own library
and of the first foreign set's own field (``--elsewhere LIBRARY``) such questions are made, two to
five words each, and asked of the first library. Every kind weighs the same. The threshold is the
highest that refuses at most ``WRONG`` of the first set's answerable questions, and of the short
ones, by five-fold cross-validation.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from footnote.evals.dataset.cases import Case, read_cases
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.search.fulltext import query_words
from footnote.rag.query.question import understand
from footnote.rag.retrieval import answerability
from footnote.rag.retrieval.answerability import SIGNALS, AnswerabilityModel, signals
from footnote.rag.retrieval.hybrid import HybridRetriever

FOLDS = 5
SEED = 20261121
WRONG = 0.035
# Of a set with more questions, so many are asked.
ASKED = 300
SHORT = 200
PENALTY = 0.01
Rows = NDArray[np.float64]


def seen(cases: Sequence[Case], library: Path, *, own: bool) -> tuple[Rows, Rows]:
    """Returns the signals of questions ``(n, 5)``, and 1 for each that has an answer."""
    rows, labels = [], []
    with Library.open(library, embedder=MiniLM()) as opened:
        retriever = HybridRetriever(opened)
        for case in cases[:ASKED]:
            found = signals(retriever.find(understand(case.question, case.history)))
            if found:
                rows.append([found[name] for name in SIGNALS])
                labels.append(float(own and case.answerable))
    return np.array(rows), np.array(labels)


def short_questions(library: Path) -> list[Case]:
    """Returns questions of two to five words, each from the title of a paper."""
    draw = random.Random(SEED)
    with Library.open(library, embedder=MiniLM()) as opened:
        titles = [paper.title for paper in opened.papers() if len(query_words(paper.title)) > 4]
    drawn = draw.sample(titles, min(SHORT, len(titles)))
    return [
        Case(str(n), "What about " + " ".join(query_words(title)[: draw.randint(2, 5)]) + "?")
        for n, title in enumerate(drawn)
    ]


def fit(rows: Sequence[Rows], labels: Sequence[Rows]) -> AnswerabilityModel:
    """Returns the model of least log loss; no signal may count against an answer.

    Source: logistic regression, Cox 1958; by SciPy's L-BFGS-B, Byrd et al. 1995.
    """
    x, y = np.concatenate(rows), np.concatenate(labels)
    weight = np.concatenate([np.full(len(part), 1 / len(part) / len(labels)) for part in labels])
    means, deviations = x.mean(axis=0), x.std(axis=0)
    z = np.column_stack([(x - means) / deviations, np.ones(len(x))])

    def loss(beta: Rows) -> tuple[float, Rows]:
        p = 1 / (1 + np.exp(-(z @ beta)))
        value = -(weight * (y * np.log(p) + (1 - y) * np.log(1 - p))).sum()
        slope = z.T @ (weight * (p - y))
        slope[:-1] += 2 * PENALTY * beta[:-1]
        return float(value + PENALTY * (beta[:-1] ** 2).sum()), slope

    bounds = [(0, None)] * len(SIGNALS) + [(None, None)]
    found = minimize(loss, np.zeros(z.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = (found[:-1] / deviations).tolist()
    return AnswerabilityModel(
        dict(zip(SIGNALS, weights, strict=True)),
        dict(zip(SIGNALS, means.tolist(), strict=True)),
        float(found[-1]),
        0.0,
    )


def chances(model: AnswerabilityModel, rows: Rows) -> Rows:
    """Returns the chance of each row of signals."""
    weights = np.array([model.weights[name] for name in SIGNALS])
    means = np.array([model.means[name] for name in SIGNALS])
    return np.asarray(1 / (1 + np.exp(-((rows - means) @ weights + model.bias))))


def held_out(rows: Sequence[Rows], labels: Sequence[Rows]) -> list[Rows]:
    """Returns the chance of every row by a model that never saw its fold."""
    draw = np.random.default_rng(SEED)
    folds = [draw.permutation(len(part)) % FOLDS for part in labels]
    told = [np.zeros(len(part)) for part in labels]
    for fold in range(FOLDS):
        model = fit(
            [part[at != fold] for part, at in zip(rows, folds, strict=True)],
            [part[at != fold] for part, at in zip(labels, folds, strict=True)],
        )
        for part, at, out in zip(rows, folds, told, strict=True):
            out[at == fold] = chances(model, part[at == fold])
    return told


def main() -> None:
    """Writes the file, and prints what was refused of each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--own", nargs="+", type=Path, required=True)
    parser.add_argument("--foreign", nargs="+", type=Path, required=True)
    parser.add_argument("--elsewhere", type=Path, required=True)
    parser.add_argument("--dry-run", action="store_true", help="print, and write nothing")
    options = parser.parse_args()
    home = options.own[1]
    kinds = [(s.name, read_cases(s), d, True) for s, d in _pairs(options.own)]
    kinds.append(("short, of its papers", short_questions(home), home, True))
    kinds += [(s.name, read_cases(s), d, False) for s, d in _pairs(options.foreign)]
    kinds.append(("short, of others", short_questions(options.elsewhere), home, False))
    data = [seen(cases, library, own=own) for _, cases, library, own in kinds]
    rows, labels = [d[0] for d in data], [d[1] for d in data]
    told = held_out(rows, labels)
    threshold = min(
        float(np.sort(chance[label > 0])[int(WRONG * sum(label > 0))])
        for (name, *_), chance, label in zip(kinds, told, labels, strict=True)
        if name in (options.own[0].name, "short, of its papers")
    )
    for (name, *_, own), chance, label in zip(kinds, told, labels, strict=True):
        for kind in (1.0, 0.0):
            part = chance[label == kind]
            if len(part):
                shown = "answerable" if kind else "unanswerable" if own else "foreign"
                refused = float((part < threshold).mean())
                print(f"{name:20s} {shown:12s} refused {refused:.3f}  n={len(part)}")
    model = asdict(fit(rows, labels)) | {"threshold": round(threshold, 4)}
    print(json.dumps(model, indent=1))
    if not options.dry_run:
        path = Path(answerability.__file__).with_suffix(".json")
        path.write_text(json.dumps(model, indent=1) + "\n", "utf-8")


def _pairs(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    return list(zip(paths[::2], paths[1::2], strict=True))


if __name__ == "__main__":
    main()
