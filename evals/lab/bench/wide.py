"""How many papers a list or an overview takes: recall and precision over values of ``Breadth``.

    python -m footnote.evals.lab.bench.wide QUESTIONS.jsonl --library DIR

Each line of the file is a question with ``kind``, ``gold_papers`` (titles) and, where not all are
wanted, ``enough``. Prints both measures for each value, then for the value that five-fold
cross-validation chooses: most recall at a precision of .6 on four fifths, measured on the fifth.
"""

import argparse
import itertools
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.rag.answer import Turn
from footnote.rag.query.question import understand
from footnote.rag.query.topic import drop_scaffold
from footnote.rag.retrieval.hybrid import MATCHED, HybridRetriever
from footnote.rag.retrieval.wide import Breadth, order_wide

NEARNESS, STEPS, LOWEST, MOST = (0.0, 0.3, 0.6, 1.0), (0.6, 0.68, 0.72, 0.8), (0.4, 0.5), 20
PRECISION, FOLDS = 0.6, 5


@dataclass(frozen=True, slots=True)
class Ordered:
    """The papers found for a question, best first: their scores, and whether each is gold."""

    scores: list[float]
    gold: list[bool]
    wanted: int


Pair = tuple[float, float]


def measure(found: Ordered, breadth: Breadth) -> Pair:
    """Returns recall, of as many as are wanted, and precision."""
    taken = found.gold[: breadth.count(found.scores)]
    hit = sum(taken)
    return min(1.0, hit / found.wanted), hit / max(1, len(taken))


def mean(pairs: Sequence[Pair]) -> Pair:
    """Returns the means of both."""
    return fmean(pair[0] for pair in pairs), fmean(pair[1] for pair in pairs)


def plain(title: str) -> str:
    """Returns a title as compared."""
    return re.sub(r"\W+", " ", title.lower()).strip()


def read(path: Path, kind: str, library: Library, nearness: float) -> list[Ordered]:
    """Returns what is found for each question of a kind."""
    retriever, found = HybridRetriever(library), []
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        if row["kind"] != kind:
            continue
        history = [Turn(turn["role"], turn["content"]) for turn in row.get("history") or ()]
        asked = drop_scaffold(understand(row["question"], history))
        hits, _ = order_wide(retriever.find(asked, k=MATCHED).hits, library, nearness)
        wanted = {plain(title) for title in row["gold_papers"]}
        gold = [plain(hit.paper.title) in wanted for hit in hits]
        enough = min(len(wanted), row.get("enough") or len(wanted))
        found.append(Ordered([hit.score for hit in hits], gold, enough))
    return found


def main() -> None:
    """Prints one line a value and kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--library", type=Path, default=os.environ.get("FOOTNOTE_LIBRARY"))
    options = parser.parse_args()
    with Library.open(options.library, embedder=MiniLM()) as library:
        for kind in ("list", "overview"):
            measured: dict[Breadth, list[Pair]] = {}
            for nearness in NEARNESS:
                found = read(options.questions, kind, library, nearness)
                for step, lowest in itertools.product(STEPS, LOWEST):
                    breadth = Breadth(nearness, step, lowest, MOST)
                    measured[breadth] = [measure(one, breadth) for one in found]
            for breadth, pairs in measured.items():
                recall, precision = mean(pairs)
                print(f"{kind:8s} {breadth}  recall {recall:.3f}  precision {precision:.3f}")
            recall, precision = mean(cross_validate(measured))
            count = len(next(iter(measured.values())))
            print(
                f"{kind:8s} {FOLDS}-fold  recall {recall:.3f}  precision {precision:.3f}  n={count}"
            )


def cross_validate(measured: dict[Breadth, list[Pair]]) -> list[Pair]:
    """Returns the measures of each question under the value that the other folds choose."""
    count = len(next(iter(measured.values())))
    fold = np.random.default_rng(0).permutation(count) % FOLDS

    def rate(pairs: Sequence[Pair]) -> tuple[bool, float]:
        recall, precision = mean(pairs)
        return precision >= PRECISION, recall if precision >= PRECISION else precision

    result = []
    for n in range(count):
        rest = [m for m in range(count) if fold[m] != fold[n]]
        best = max(measured, key=lambda breadth: rate([measured[breadth][m] for m in rest]))
        result.append(measured[best][n])
    return result


if __name__ == "__main__":
    main()
