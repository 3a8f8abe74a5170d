"""Prints the weights of ``rag/retrieval/answer_ranker/presence.py``: does a sentence answer at all?

    python -m footnote.evals.lab.training.presence CORPUS [--papers 10000] [--questions 1200]

Our own questions of ``answers/2.jsonl`` and ``answers/3.jsonl``, which the ranker's weights did not
learn from, are asked of a library that holds their papers among others of CORPUS (arXiv's records
in JSON Lines), and of one that holds the same papers without the sentences that answer. Two
questions of each paper at most, so that something is left of it. The same questions are on both
sides, so nothing is learned from how people ask for what is not there. Takes ten minutes on two
cores.
"""

import argparse
import gzip
import json
import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.preprocessing import StandardScaler

from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import EVERYTHING, Library
from footnote.index.models import Paper, make_paper
from footnote.rag.generation.reader import Reader
from footnote.rag.query.question import Question
from footnote.rag.retrieval.answer_ranker.presence import PresenceSignals, read_signals
from footnote.rag.retrieval.hybrid import HybridRetriever

SEED = 20261129
FOLDS = 5
OF_A_PAPER = 2
QUESTIONS = tuple(Path(__file__).parent / "answers" / f"{n}.jsonl" for n in (2, 3))
# Of a paper that is cut, words that must be left.
FEWEST_WORDS = 30
Row = dict[str, Any]


def draw_questions(count: int) -> list[Row]:
    """Returns some of our questions, up to ``OF_A_PAPER`` of each paper."""
    draw = random.Random(SEED)
    rows = [json.loads(line) for path in QUESTIONS for line in path.open(encoding="utf-8")]
    draw.shuffle(rows)
    of: dict[str, list[Row]] = {}
    for row in rows:
        of.setdefault(row["paper"], []).append(row)
    return [row for own in of.values() for row in own[:OF_A_PAPER]][:count]


def cut(paper: Paper, numbers: Iterable[int]) -> Paper:
    """Returns a paper without some of its sentences."""
    gone, spans = set(numbers), sentence_spans(paper.abstract)
    kept = [paper.abstract[slice(*span)] for n, span in enumerate(spans) if n not in gone]
    return make_paper(paper.title, " ".join(kept))


def read_all(papers: Sequence[Paper], rows: Sequence[Row]) -> list[PresenceSignals | None]:
    """Returns the signals of each question, asked of a library of these papers."""
    embedder = MiniLM()
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.open(Path(folder) / "library", embedder=embedder, create=True) as library,
    ):
        library.add(papers)
        retriever = HybridRetriever(library)
        reader, found = Reader(library, retriever), []
        for row in rows:
            question = Question(row["question"])
            reading = reader.read(question, retriever.find(question), EVERYTHING, "fact")
            assert reading.found is not None
            found.append(read_signals(reading.found, reading.evidence))
        return found


def measure(rows: NDArray[Any], truth: NDArray[Any], groups: Sequence[str]) -> float:
    """Returns the area under the curve by cross-validation grouped by paper."""
    told = cross_val_predict(
        LogisticRegression(), rows, truth, groups=groups, cv=GroupKFold(FOLDS),
        method="decision_function",
    )  # fmt: skip
    return float(roc_auc_score(truth, told))


def main() -> None:
    """Prints how well they come apart, the weights and the bias."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--papers", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=1_200)
    options = parser.parse_args()
    rows = draw_questions(options.questions)
    with gzip.open(options.corpus, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    papers = {r["_id"]: make_paper(r["title"], r["text"]) for r in records}
    asked = {row["paper"] for row in rows}
    rest = sorted(papers.keys() - asked)
    others = random.Random(SEED).sample(rest, min(len(rest), max(0, options.papers - len(asked))))
    gone = {p: {n for row in rows if row["paper"] == p for n in row["sentences"]} for p in asked}
    parted = {p: cut(papers[p], gone[p]) for p in sorted(asked)}
    parted = {p: one for p, one in parted.items() if len(one.abstract.split()) >= FEWEST_WORDS}
    whole = read_all([papers[p] for p in (*sorted(asked), *others)], rows)
    lacking = read_all([*parted.values(), *(papers[p] for p in others)], rows)
    seen = [(s, 1, r) for s, r in zip(whole, rows, strict=True) if s]
    seen += [(s, 0, r) for s, r in zip(lacking, rows, strict=True) if s and r["paper"] in parted]
    signals, truth = np.array([s for s, _, _ in seen]), np.array([t for _, t, _ in seen])
    groups = [row["paper"] for _, _, row in seen]
    scaler = StandardScaler().fit(signals)
    scaled = scaler.transform(signals)
    print(f"{truth.sum()} questions with an answer, {(1 - truth).sum()} without")
    print(f"area under the curve: {measure(scaled, truth, groups):.3f}", end=", ")
    print(f"by the best sentence alone {measure(scaled[:, :1], truth, groups):.3f}")
    model = LogisticRegression().fit(scaled, truth)
    weights = model.coef_[0] / scaler.scale_
    print("WEIGHTS =", PresenceSignals(*(round(float(w), 3) for w in weights)))
    print("BIAS =", round(float(model.intercept_[0] - weights @ scaler.mean_), 3))


if __name__ == "__main__":
    main()
