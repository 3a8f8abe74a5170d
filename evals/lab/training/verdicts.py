"""Trains the classifier of verdicts and writes ``rag/verification/trained/verdicts.json``.

    python -m footnote.evals.lab.training.verdicts CLAIMS PAPERS [--out FILE]

Trains on people's honest and false claims beside their quotes and on near-copies of the quotes
(``footnote.evals.lab.training.pairs``), without those that the rules of
``footnote.rag.verification.rules.proof`` settle. Prints what five-fold cross-validation says,
claims of one paper in one fold, beside a baseline that sees no quote. Takes two minutes on two
cores.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from footnote.evals.lab.training.pairs import SEED, Example, make_copies, read_claims
from footnote.evals.metrics.statistics import mean
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import TokenEmbedding
from footnote.rag.verification.alignment import Text, align_pair, read_texts
from footnote.rag.verification.features import NAMES, TOKEN_FEATURES, features
from footnote.rag.verification.lexical import names_in
from footnote.rag.verification.rules.proof import Source, find_faults
from footnote.rag.verification.verifier import denies

FOLDS = 5
STRENGTH = 0.1

Array = NDArray[Any]
OUT = Path(__file__).parents[3] / "rag" / "verification" / "trained" / "verdicts.json"


@dataclass(frozen=True, slots=True)
class Measured:
    """An example, what the rules say of it, and its features.

    Attributes:
        state: "contradicted" or "unsettled" by the rules; "" where they are silent.
    """

    example: Example
    state: str
    figures: Mapping[str, float]


def measure(examples: Sequence[Example], read: Mapping[str, Text]) -> list[Measured]:
    """Returns the examples as the verifier sees them."""
    found = []
    for one in examples:
        quotes = [" ".join(quote.split()) for quote in one.quotes]
        seen = find_faults(one.statement, Source(" ".join(quotes), [one.about]))
        pair = align_pair(
            read[one.statement], [read[quote] for quote in one.quotes], names_in(one.about)
        )
        figures = features(pair)
        proved = bool(seen.faults) or denies(figures)
        state = "contradicted" if proved else "unsettled" if seen.doubts else ""
        found.append(Measured(one, state, figures))
    return found


def _without_tokens(text: Text) -> Text:
    """Returns a text as an embedder reads it that knows no tokens."""
    vector = text.reading.vector
    reading = TokenEmbedding(text.reading.reader, vector, vector[None], ())
    return Text(text.words, text.quantities, text.names, reading, ())


def classifier() -> Any:
    """Returns an untrained classifier."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=3000))


def table(rows: Sequence[Measured], names: Sequence[str]) -> tuple[Array, Array, Array]:
    """Returns features ``(n, f)``, truth ``(n,)`` and groups ``(n,)`` of the open examples."""
    figures = np.array([[row.figures[name] for name in names] for row in rows])
    truth = np.array([row.example.honest for row in rows])
    return figures, truth, np.array([row.example.group for row in rows])


def choose_threshold(support: Array, truth: Array) -> float:
    """Returns the threshold that best tells true from false, by the mean of the two shares."""
    return float(
        max(
            np.linspace(0.1, 0.9, 81),
            key=lambda t: (support[truth] >= t).mean() + (support[~truth] < t).mean(),
        )
    )


def report(rows: Sequence[Measured], support: Mapping[int, float], supported: float) -> None:
    """Prints the shares marked and contradicted by kind."""
    kinds = sorted({(row.example.honest, row.example.kind) for row in rows}, reverse=True)
    for honest, kind in [(True, ""), (False, ""), *kinds]:
        of = [
            n
            for n, row in enumerate(rows)
            if row.example.honest is honest
            and (row.example.kind == kind if kind else "copy" not in row.example.kind)
        ]
        proved = np.mean([rows[n].state == "contradicted" for n in of])
        marked = mean([[float(bool(rows[n].state) or support[n] < supported)] for n in of])
        assert marked is not None
        name = f"{'honest' if honest else 'false'} {kind or 'claims, all'}"
        print(
            f"  {name:30s} marked {marked.mean:.3f} [{marked.low:.3f}, {marked.high:.3f}] "
            f"contradicted {proved:.3f} n={len(of)}"
        )


def train(rows: Sequence[Measured], names: Sequence[str]) -> dict[str, Any]:
    """Prints the figures of cross-validation; returns the classifier as the package keeps it."""
    settled = [n for n, row in enumerate(rows) if not row.state]
    figures, truth, groups = table([rows[n] for n in settled], names)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=SEED)
    held = cross_val_predict(
        classifier(), figures, truth, groups=groups, cv=folds, method="predict_proba"
    )[:, 1]
    own = np.array(["copy" not in rows[n].example.kind for n in settled])
    supported = choose_threshold(held[own], truth[own])
    print(f"  area under the curve {roc_auc_score(truth, held):.3f} of {len(truth)} left open")
    report(rows, dict(zip(settled, map(float, held), strict=True)), supported)
    scaler, model = (step for _, step in classifier().fit(figures, truth).steps)
    coefficients = model.coef_[0] / scaler.scale_
    return {
        "features": list(names),
        "coefficients": np.round(coefficients, 5).tolist(),
        "intercept": round(float(model.intercept_[0] - coefficients @ scaler.mean_), 5),
        "supported": round(supported, 3),
    }


def print_baseline(rows: Sequence[Measured]) -> None:
    """Prints how far the words of a statement alone, without a quote, tell honest from false."""
    claimed = [row.example for row in rows if not row.example.kind.startswith("copy")]
    truth = np.array([one.honest for one in claimed])
    blind = make_pipeline(
        CountVectorizer(ngram_range=(1, 2), min_df=3),
        LogisticRegression(C=STRENGTH, max_iter=3000),
    )
    folds = GroupKFold(FOLDS, shuffle=True, random_state=SEED)
    held = cross_val_predict(
        blind,
        [one.statement for one in claimed],
        truth,
        groups=np.array([one.group for one in claimed]),
        cv=folds,
        method="predict_proba",
    )[:, 1]
    print(f"baseline without a quote: area under the curve {roc_auc_score(truth, held):.3f}")


def main() -> None:
    """Trains, prints the figures and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claims", type=Path)
    parser.add_argument("papers", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    claimed = list(read_claims(options.claims, options.papers))
    examples = [*claimed, *make_copies(claimed)]
    texts = sorted({text for one in examples for text in (one.statement, *one.quotes)})
    read = dict(zip(texts, read_texts(texts, MiniLM()), strict=True))
    found: dict[str, Any] = {"source": "claims in free wording and near-copies", "seed": SEED}
    whole = {text: _without_tokens(one) for text, one in read.items()}
    for name, seen in (("tokens", read), ("sentences", whole)):
        rows = measure(examples, seen)
        print(f"{name}: {len(claimed)} claims, {len(examples) - len(claimed)} near-copies")
        names = [n for n in NAMES if name == "tokens" or n not in TOKEN_FEATURES]
        found[name] = train(rows, names)
    print_baseline(rows)
    options.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
