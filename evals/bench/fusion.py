"""How much the cosine should weigh beside BM25: nDCG@10 by weight, on any sets.

    python -m evals.bench.fusion SET LIBRARY [SET LIBRARY]...

A set is a folder with questions.jsonl, or with queries.jsonl and qrels.tsv (BEIR); the
library is its corpus, indexed. ``rrf`` is reciprocal-rank fusion, the usual default.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from evals.cases import read_cases
from evals.retrieval import ranking_values
from index.embedders import MiniLM
from index.library import Library, Ranked
from rag.question import understand
from rag.retrieve import POOL, Fusion

RRF_K = 60
WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7)


def read_queries(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Returns each query that papers answer, with their names."""
    return [
        (understand(case.question, case.history).query, case.papers)
        for case in read_cases(folder)
        if case.papers
    ]


def rrf(dense: Sequence[Ranked], words: Sequence[Ranked]) -> list[Ranked]:
    """Returns the papers of two rankings by reciprocal-rank fusion, best first.

    Source: Cormack, Clarke and Buettcher, SIGIR 2009, with their k = 60.
    """
    scores: dict[int, float] = defaultdict(float)
    for side in (dense, words):
        for rank, row in enumerate(side, 1):
            scores[row.paper] += 1 / (RRF_K + rank)
    return [Ranked(paper, None, score) for paper, score in sorted(scores.items(), key=_worst_last)]


def _worst_last(item: tuple[int, float]) -> float:
    return -item[1]


def sweep(folder: Path, library: Library) -> dict[str, float]:
    """Returns the mean nDCG@10 of each way of fusing."""
    queries = read_queries(folder)
    totals: dict[str, float] = defaultdict(float)
    for query, names in queries:
        wanted = {paper.id for name in names if (paper := library.paper(name))}
        dense = library.rank_by_vector(library.embedder.embed([query])[0], k=POOL)
        words = library.rank_by_words(query, k=POOL)
        orders = {"bm25": words, "cosine": dense, "rrf": rrf(dense, words)}
        orders |= {f"{weight:g}": Fusion(weight).fuse(dense, words) for weight in WEIGHTS}
        for way, order in orders.items():
            ranked = [hit.paper.id for hit in library.hits(order[:10], "fused")]
            totals[way] += ranking_values(wanted, ranked).get("nDCG@10", 0.0)
    return {way: total / len(queries) for way, total in totals.items()}


def main() -> None:
    """Prints one line a set."""
    for folder, path in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        with Library.open(Path(path), embedder=MiniLM()) as library:
            found = sweep(Path(folder), library)
        print(Path(folder).name, "nDCG@10 ", "  ".join(f"{k} {v:.3f}" for k, v in found.items()))


if __name__ == "__main__":
    main()
