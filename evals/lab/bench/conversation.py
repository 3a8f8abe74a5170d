"""Whether follow-ups take their conversation along, and new topics leave it behind.

    python -m footnote.evals.lab.bench.conversation SET --library DIR

Prints R@1 and R@5 of the set's follow-ups, and of its other questions asked alone and behind
the conversation of a follow-up drawn by chance, which they have nothing to do with.
"""

import argparse
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from footnote.evals.dataset.cases import Case, read_cases
from footnote.evals.metrics.rankings import recall_values
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.rag.query.question import understand
from footnote.rag.retrieval.hybrid import HybridRetriever

SEED = 3


def recall(cases: Sequence[Case], retriever: HybridRetriever) -> dict[str, float]:
    """Returns the mean of R@1 and of R@5."""
    rows = []
    for case in cases:
        found = retriever.find(understand(case.question, case.history), k=20)
        papers = (retriever.library.paper(name) for name in case.papers)
        gold = {paper.id if paper else "missing" for paper in papers}
        rows.append(recall_values(gold, [hit.paper.id for hit in found.hits]))
    return {name: fmean(row[name] for row in rows) for name in ("R@1", "R@5")}


def main() -> None:
    """Prints one line a kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path)
    parser.add_argument("--library", type=Path, default=os.environ.get("FOOTNOTE_LIBRARY"))
    options = parser.parse_args()
    cases = [case for case in read_cases(options.set) if case.papers]
    follow = [case for case in cases if case.history]
    alone = [case for case in cases if not case.history]
    draw = random.Random(SEED)
    behind = [replace(case, history=draw.choice(follow).history) for case in alone]
    kinds = {"follow-ups": follow, "others, alone": alone, "others, behind a talk": behind}
    with Library.open(options.library, embedder=MiniLM()) as library:
        for name, asked in kinds.items():
            found = recall(asked, HybridRetriever(library))
            print(f"{name:22s} R@1 {found['R@1']:.3f}  R@5 {found['R@5']:.3f}  n={len(asked)}")


if __name__ == "__main__":
    main()
