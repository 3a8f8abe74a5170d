"""How much each part of the ranking should weigh: nDCG@10, R@1 and R@5 by weight, on any sets.

    python -m footnote.evals.lab.bench.fusion SET LIBRARY [SET LIBRARY]...

A set is a folder with questions.jsonl, or with queries.jsonl and qrels.tsv (BEIR); the
library is its corpus, indexed. ``rrf`` is reciprocal-rank fusion, the usual default; ``cosine .4``
weighs the cosine .4 and BM25 .6; ``match 1 .5`` adds the match of the paper with weight 1 and that
of its best sentence with .5, to what the product fuses.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from footnote.evals.dataset.cases import read_cases
from footnote.evals.metrics.rankings import ranking_values, recall_values
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library, Ranked
from footnote.rag.query.question import Question, understand
from footnote.rag.retrieval.hybrid import POOL, Fusion, HybridRetriever

RRF_K = 60
NAMES = ("R@1", "R@5", "nDCG@10")
WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7)
MATCHES = ((0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (1.0, 0.5), (1.0, 1.0), (0.5, 0.25))


def read_questions(folder: Path) -> list[tuple[Question, tuple[str, ...]]]:
    """Returns each question that papers answer, with their names."""
    return [
        (understand(case.question, case.history), case.papers)
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


def orders(question: Question, library: Library) -> dict[str, list[str]]:
    """Returns the ten best papers of a question, by each way of ranking."""
    query = question.query
    dense = library.searcher.rank_by_vector(library.embedder.embed([query])[0], k=POOL)
    words = library.searcher.rank_by_words(query, k=POOL)
    ranked = {"bm25": words, "cosine": dense, "rrf": rrf(dense, words)}
    ranked |= {f"cosine {weight:g}": Fusion(weight).fuse(dense, words) for weight in WEIGHTS}
    found = {way: library.searcher.hits(order[:10], "fused") for way, order in ranked.items()}
    for match, sentence in MATCHES:
        retriever = HybridRetriever(library, fusion=Fusion(match=match, sentence=sentence))
        found[f"match {match:g} {sentence:g}"] = retriever.find(question, k=10).hits
    return {way: [hit.paper.id for hit in hits] for way, hits in found.items()}


def sweep(folder: Path, library: Library) -> tuple[int, dict[str, dict[str, float]]]:
    """Returns how many questions there are, and the means of each way of ranking."""
    questions = read_questions(folder)
    totals: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for question, names in questions:
        wanted = {paper.id if (paper := library.paper(name)) else name for name in names}
        for way, ranked in orders(question, library).items():
            values = ranking_values(wanted, ranked) | recall_values(wanted, ranked)
            for name in NAMES:
                totals[way][name] += values[name] / len(questions)
    return len(questions), totals


def main() -> None:
    """Prints one table a set."""
    for folder, path in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        with Library.open(Path(path), embedder=MiniLM()) as library:
            count, found = sweep(Path(folder), library)
        print(f"{Path(folder).name}, n={count}", *NAMES, sep="  ")
        for way, means in found.items():
            print(f"{way:14s}", "  ".join(f"{means[name]:.3f}" for name in NAMES))


if __name__ == "__main__":
    main()
