"""Makes ``rag/verification/trained/stance.json``: whether a quote says yes or no to a question.

    python -m footnote.evals.lab.training.stance SCIFACT PUBMEDQA [--out FILE]

Trains on SciFact's claims with the sentences of their rationales (SUPPORT is yes), with as many
other sentences of the same abstracts and of abstracts without evidence (neither),
and on PubMedQA's questions with the conclusions that experts read (yes and no; "maybe" is left
out). Prints, by five-fold cross-validation, how well yes and no come apart, and how often a side
that is told is right. Takes a minute on two cores.
"""

import argparse
import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from footnote.index.embeddings.base import MiniLM
from footnote.rag.verification import stance
from footnote.rag.verification.alignment import align_pair, read_texts
from footnote.rag.verification.stance import NAMES, SIDES, figures

YES, NO, NEITHER = range(len(SIDES))
FOLDS = 5
SEED = 20261121
PENALTY = 0.1
# A side is told from the lowest chance on where it is right so often, by cross-validation. Yes is
# commoner and easier, and a no that is called yes is the worse mistake. Whoever reads a side
# reads the quote beside it, too.
RIGHT = {"yes": 0.75, "no": 0.65}
CHANCES = np.arange(0.3, 0.96, 0.01).round(2)
Example = tuple[str, str, int, str]
"""Question or claim, quote, number of its side among ``SIDES``, and what folds keep together."""
Array = NDArray[Any]


def scifact(folder: Path) -> list[Example]:
    """Returns each claim with sentences of the abstracts that it was checked against."""
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        sentences = {row["_id"]: row["sentences"] for row in map(json.loads, lines)}
    draw = random.Random(SEED)
    found = []
    for row in _rows(folder / "answers.jsonl"):
        given = {
            (e["doc_id"], n): YES if e["label"] == "SUPPORT" else NO
            for e in row["evidence"]
            for n in e["sentences"]
        }
        for paper in row["cited"]:
            own = [n for p, n in given if p == paper]
            others = [n for n in range(len(sentences[paper])) if n not in own]
            drawn = draw.sample(others, min(len(others), max(1, len(own))))
            found += [
                (row["claim"], sentences[paper][n], given.get((paper, n), NEITHER), paper)
                for n in (*own, *drawn)
            ]
    return found


def pubmedqa(folder: Path) -> list[Example]:
    """Returns each question with its conclusion, where experts read yes or no in it."""
    asked = {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl")}
    return [
        (asked[row["_id"]], row["long_answer"], SIDES.index(row["answer"]), row["_id"])
        for row in _rows(folder / "answers.jsonl")
        if row["answer"] in ("yes", "no")
    ]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def measure(examples: Sequence[Example]) -> Array:
    """Returns the figures of each example, ``(n, f)``."""
    embedder = MiniLM()
    rows = []
    for question, quote, *_ in examples:
        asked, read = read_texts([question, quote], embedder)
        seen = figures(question, quote, align_pair(asked, [read]))
        rows.append([seen[name] for name in NAMES])
    return np.array(rows)


def fitted(rows: Array, truth: Array) -> tuple[Array, Array]:
    """Returns coefficients ``(3, f)`` and intercepts of yes, no and neither."""
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=PENALTY, max_iter=2000).fit(scaler.transform(rows), truth)
    coefficients = model.coef_ / scaler.scale_
    return coefficients, model.intercept_ - coefficients @ scaler.mean_


def told(fit: tuple[Array, Array], rows: Array) -> Array:
    """Returns the chances ``(n, 3)``."""
    found: Array = softmax(rows @ fit[0].T + fit[1], axis=1)
    return found


def main() -> None:
    """Writes the file and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scifact", type=Path)
    parser.add_argument("pubmedqa", type=Path)
    parser.add_argument("--out", type=Path, default=Path(stance.__file__).with_suffix(".json"))
    options = parser.parse_args()
    parts = {"SciFact": scifact(options.scifact), "PubMedQA": pubmedqa(options.pubmedqa)}
    examples = [example for part in parts.values() for example in part]
    rows, truth = measure(examples), np.array([e[2] for e in examples])
    groups = np.array([e[3] for e in examples])
    names = np.array([name for name, part in parts.items() for _ in part])
    found = np.zeros((len(examples), len(SIDES)))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=SEED)
    for others, fold in folds.split(rows, truth, groups):
        found[fold] = told(fitted(rows[others], truth[others]), rows[fold])
    for name in parts:
        _print_apart(name, found[names == name], truth[names == name])
    sure = {}
    for side in (YES, NO):
        sure[SIDES[side]] = _sure(found[:, side], truth == side, RIGHT[SIDES[side]])
        said = found[:, side] >= sure[SIDES[side]]
        right, reached = (truth[said] == side).mean(), said[truth == side].mean()
        print(f"{SIDES[side]:4s} from {sure[SIDES[side]]:.2f}: right {right:.3f}", end=", ")
        print(f"told of {reached:.3f} of those that say so (n={len(truth)})", end=", ")
        print(f"and of {said[truth == 1 - side].mean():.3f} of those that say the other")
    coefficients, intercepts = fitted(rows, truth)
    row = {
        "features": NAMES,
        "coefficients": coefficients.round(6).tolist(),
        "intercepts": intercepts.round(6).tolist(),
        "sure": sure,
    }
    options.out.write_text(json.dumps(row, indent=1) + "\n", "utf-8")


def _print_apart(name: str, found: Array, truth: Array) -> None:
    """Prints how well yes and no come apart, where it is one of them."""
    sided = truth != NEITHER
    share = (found[:, YES] / (found[:, YES] + found[:, NO]))[sided]
    yes = truth[sided] == YES
    area = roc_auc_score(yes, share)
    balanced = balanced_accuracy_score(yes, share > yes.mean())
    print(f"{name:10s} n={sided.sum()}  area under the curve {area:.3f}", end="  ")
    print(f"balanced accuracy {balanced:.3f} (majority .500)")
    if not sided.all():
        print(f"{name:10s} n={len(truth)}  a side or none: area under the curve "
              f"{roc_auc_score(sided, 1 - found[:, NEITHER]):.3f}")  # fmt: skip


def _sure(found: Array, true: Array, right: float) -> float:
    """Returns the lowest chance from which on what is told is mostly right."""
    steps = [at for at in CHANCES if (found >= at).any() and true[found >= at].mean() >= right]
    return float(steps[0] if steps else CHANCES[-1])


if __name__ == "__main__":
    main()
