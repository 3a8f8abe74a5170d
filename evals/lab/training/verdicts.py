"""Trains the classifier of verdicts and writes ``rag/verification/verdicts.json``.

    python -m footnote.evals.lab.training.verdicts SCIFACT_FOLDER [--out FILE]

Trains on SciFact's training claims and on what the rules of
``footnote.evals.lab.training.corruptions`` make of them and of other abstracts' sentences, and
prints how well it does by five-fold cross-validation; claims that share a paper stay in one fold.
Takes three minutes on two cores.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from footnote.evals.lab.training.pairs import SEED, Example, SciFact
from footnote.evals.metrics.statistics import Mean, mean
from footnote.index.embeddings.base import MiniLM, TokenEmbedding
from footnote.rag.verification.alignment import Text, align_pair, read_texts
from footnote.rag.verification.features import NAMES, TOKEN_FEATURES, features
from footnote.rag.verification.lexical import names_in

LABELS = ("SUPPORT", "CONTRADICT", "NEI")
FOLDS = 5
# What a person's claim counts for beside a made one, of which there are five to each.
CLAIM_WEIGHT = 3.0
# A statement below what all but so many true claims reach is not even partly supported.
PARTIAL_MISSES = 0.1
BINS = 10

Array = NDArray[Any]
OUT = Path(__file__).parents[3] / "rag" / "verification" / "verdicts.json"
CHOSEN = (
    "supported: highest mean of two balanced accuracies, over people's claims and over made "
    f"statements, on the data trained on; partial: {PARTIAL_MISSES:.0%} of people's true claims "
    "fall below"
)


@dataclass(frozen=True, slots=True)
class Data:
    """Examples as figures.

    Attributes:
        figures: ``(n, f)``.
        truth: ``(n,)``, number of the label.
        groups: ``(n,)``; folds keep them whole.
        claims: ``(n,)`` bool: a person's claim, not a made one.
        foreign: ``(n,)`` bool: has a number that no quote has.
    """

    names: tuple[str, ...]
    figures: Array
    truth: Array
    groups: Array
    claims: Array
    foreign: Array

    def baseline(self) -> "Data":
        """Returns people's claims with their cosine alone."""
        own = self.claims
        cosines = self.figures[own][:, [self.names.index("cosine")]]
        none = np.zeros(own.sum(), bool)
        return Data(("cosine",), cosines, self.truth[own], self.groups[own], own[own], none)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A classifier as the verifier reads it, and the shares of the labels it saw."""

    coefficients: Array
    intercepts: Array
    priors: Array
    supported: float
    partial: float

    def probabilities(self, data: Data) -> Array:
        """Returns ``(n, 3)``, each row 1 in sum."""
        scores = data.figures @ self.coefficients.T + self.intercepts
        powers = np.exp(scores - scores.max(1, keepdims=True))
        found: Array = powers / powers.sum(1, keepdims=True)
        return found


def measure(examples: Sequence[Example], read: Mapping[str, Text], *, tokens: bool) -> Data:
    """Returns the examples' figures, with or without those of tokens."""
    rows = [
        features(
            align_pair(
                read[e.statement],
                [read[quote] for quote in e.quotes],
                names_in(e.about) if e.about else frozenset(),
            )
        )
        for e in examples
    ]
    names = tuple(name for name in NAMES if tokens or name not in TOKEN_FEATURES)
    return Data(
        names,
        np.array([[row[name] for name in names] for row in rows]),
        np.array([LABELS.index(e.label) for e in examples]),
        np.array([e.group for e in examples]),
        np.array([e.kind == "claim" for e in examples]),
        np.array([row["number_foreign"] > 0 for row in rows]),
    )


def _whole(text: Text) -> Text:
    """Returns a text as an embedder reads it that knows no tokens."""
    vector = text.reading.vector
    reading = TokenEmbedding(text.reading.reader, vector, vector[None], ())
    return Text(text.words, text.quantities, text.names, reading, ())


def fit(data: Data, rows: Array) -> Fitted:
    """Returns the classifier that some of the rows make, and thresholds chosen on them."""
    scaler = StandardScaler().fit(data.figures[rows])
    weights = np.where(data.claims[rows], CLAIM_WEIGHT, 1.0)
    model = LogisticRegression(max_iter=2000)
    model.fit(scaler.transform(data.figures[rows]), data.truth[rows], sample_weight=weights)
    coefficients = model.coef_ / scaler.scale_
    intercepts = model.intercept_ - coefficients @ scaler.mean_
    priors = np.bincount(data.truth[rows], weights, minlength=len(LABELS)) / weights.sum()
    bare = Fitted(coefficients, intercepts, priors, 0.0, 0.0)
    support = bare.probabilities(data)[rows, 0]
    true, claims = data.truth[rows] == 0, data.claims[rows]
    partial = float(np.quantile(support[true & claims], PARTIAL_MISSES))
    seen = capped(support, data.foreign[rows], partial)

    def worth(threshold: float) -> float:
        marked = seen >= threshold
        return sum(_balanced(marked[of], true[of]) for of in (claims, ~claims) if of.any())

    supported = max(np.linspace(0.1, 0.9, 81), key=worth)
    return Fitted(coefficients, intercepts, priors, float(supported), partial)


def capped(support: Array, foreign: Array, partial: float) -> Array:
    """Returns the support as the verifier computes it where a number is foreign."""
    found: Array = np.where(foreign, np.minimum(support, partial / 2), support)
    return found


def _balanced(said: Array, true: Array) -> float:
    return float(np.mean([(said[true == k] == k).mean() for k in np.unique(true)]))


def balanced_accuracy(said: Array, true: Array, groups: Array) -> Mean:
    """Returns the mean of the labels' recalls, groups resampled for its interval."""
    kinds, counts = np.unique(true, return_counts=True)
    weight = dict(zip(kinds, len(true) / (len(kinds) * counts), strict=True))
    values: dict[str, list[float]] = {}
    for s, t, group in zip(said, true, groups, strict=True):
        values.setdefault(group, []).append(float(weight[t] * (s == t)))
    found = mean(list(values.values()))
    assert found is not None
    return found


def calibration_error(support: Array, true: Array) -> float:
    """Returns the mean gap between support and truth, over bins of equal width.

    Source: expected calibration error, Guo et al. 2017 (arXiv:1706.04599).
    """
    bins = np.minimum((support * BINS).astype(int), BINS - 1)
    gaps = [
        abs(support[bins == b].mean() - true[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ]
    return float(sum(gaps))


@dataclass(frozen=True, slots=True)
class Held:
    """What classifiers said of the folds that they had not seen.

    Attributes:
        label: The likeliest label, were all equally common.
    """

    support: Array
    label: Array
    supported: Array


def cross_validate(data: Data) -> Held:
    """Returns what is said of each fold by a classifier of the others."""
    count = len(data.truth)
    held = Held(np.zeros(count), np.zeros(count, int), np.zeros(count, bool))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=SEED)
    for others, fold in folds.split(data.figures, data.truth, data.groups):
        fitted = fit(data, others)
        found = fitted.probabilities(data)[fold]
        held.support[fold] = capped(found[:, 0], data.foreign[fold], fitted.partial)
        held.label[fold] = (found / fitted.priors).argmax(1)
        held.supported[fold] = held.support[fold] >= fitted.supported
    return held


def _line(name: str, found: Mean) -> str:
    return f"  {name:34s} {found.mean:.3f} [{found.low:.3f}, {found.high:.3f}] (n={found.n})"


def report(data: Data, held: Held, kinds: Array) -> None:
    """Prints the figures of one classifier."""
    own = data.claims
    true, groups = data.truth[own], data.groups[own]
    print(_line("three-way balanced accuracy", balanced_accuracy(held.label[own], true, groups)))
    two = balanced_accuracy(held.supported[own], true == 0, groups)
    print(_line("supported or not", two))
    sided = own & (data.truth < 2)
    against = balanced_accuracy(held.label[sided] == 0, data.truth[sided] == 0, data.groups[sided])
    print(_line("SUPPORT told from CONTRADICT", against))
    print(
        f"  calibration error: claims {calibration_error(held.support[own], true == 0):.3f}", end=""
    )
    print(f", all {calibration_error(held.support, data.truth == 0):.3f}")
    for kind in np.unique(kinds[~own]):
        for label in ("true", "wrong"):
            rows = (kinds == kind) & ((data.truth == 0) == (label == "true"))
            if rows.any():
                share = mean([[float(not s)] for s in held.supported[rows]])
                assert share is not None
                print(_line(f"marked, {label}: {kind}", share))


def as_json(data: Data, fitted: Fitted) -> dict[str, Any]:
    """Returns a classifier as the package keeps it."""
    return {
        "features": data.names,
        "labels": LABELS,
        "coefficients": np.round(fitted.coefficients, 5).tolist(),
        "intercepts": np.round(fitted.intercepts, 5).tolist(),
        "thresholds": {
            "supported": round(fitted.supported, 3),
            "partial": round(fitted.partial, 3),
            "chosen": CHOSEN,
        },
    }


def main() -> None:
    """Trains, prints the figures and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    source = SciFact(options.folder)
    examples = [*source.claimed(), *source.made()]
    kinds = np.array([e.kind for e in examples])
    found: dict[str, Any] = {"source": "SciFact, training claims and abstracts", "seed": SEED}
    texts = sorted({text for e in examples for text in (e.statement, *e.quotes)})
    read = dict(zip(texts, read_texts(texts, MiniLM()), strict=True))
    whole = {text: _whole(one) for text, one in read.items()}
    for name, seen in (("tokens", read), ("sentences", whole)):
        data = measure(examples, seen, tokens=name == "tokens")
        print(f"{name}: {data.claims.sum()} claims beside quotes, {(~data.claims).sum()} made")
        report(data, cross_validate(data), kinds)
        found[name] = as_json(data, fit(data, np.arange(len(examples))))
    plain = data.baseline()
    cosine = cross_validate(plain)
    print("baselines: always the commonest label .333 of three, .500 of two; cosine alone:")
    three = balanced_accuracy(cosine.label, plain.truth, plain.groups)
    print(_line("three-way balanced accuracy", three))
    two = balanced_accuracy(cosine.supported, plain.truth == 0, plain.groups)
    print(_line("supported or not", two))
    options.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
