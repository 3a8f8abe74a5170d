"""How the weights of sentence ranking move the measures of an answer.

    python -m footnote.evals.lab.bench.evidence SET --library DIR

Prints four measures for each value of one weight, the others as shipped.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from footnote.evals.dataset.cases import Case, read_cases
from footnote.evals.lab.bench.baseline import run
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.rag.answer import Answer
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.retrieval.evidence import EvidenceWeights

VALUES = {
    "paper": (0.0, 0.5, 1.0, 2.0),
    "words": (0.0, 0.4, 0.8, 1.2),
    "number": (0.0, 0.1, 0.2, 0.3),
    "place": (0.0, 0.1, 0.2, 0.3),
    "own": (0.0, 0.025, 0.05, 0.1),
    "leaning": (0.0, 0.05, 0.1, 0.2),
    "setting_out": (0.0, 0.05, 0.1),
}
MEASURES = ("evidence", "evidence_recall", "cited_gold", "nuggets")


def asking(engine: CitedQueryEngine) -> Callable[[Case], Answer]:
    """Returns how an engine answers a case."""
    return lambda case: engine.ask(case.question, case.history)


def main() -> None:
    """Prints one line a value."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path)
    parser.add_argument("--library", type=Path, default=os.environ.get("FOOTNOTE_LIBRARY"))
    options = parser.parse_args()
    cases = read_cases(options.set)
    with Library.open(options.library, embedder=MiniLM()) as library:
        for name, values in VALUES.items():
            for value in values:
                weights = replace(EvidenceWeights(), **{name: value})
                found = run(cases, library, asking(CitedQueryEngine(library, weights=weights)))
                shown = "  ".join(f"{m} {fmean(found[m]):.3f}" for m in MEASURES)
                print(f"{name:11s} {value:5.3f}  {shown}")


if __name__ == "__main__":
    main()
