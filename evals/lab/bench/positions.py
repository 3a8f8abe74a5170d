"""How often a paper's side to a claim is the one that experts found.

    python -m footnote.evals.lab.bench.positions SCIFACT --library DIR [--claims 250]

SCIFACT is a folder with ``answers.jsonl`` (``claim``, ``label``, ``evidence`` with ``doc_id``),
DIR a library of its abstracts. Prints, for the papers with evidence alone, how many of each label
were told yes, no, mixed and unclear. The model of sides was trained on claims of SciFact too, so
claims of your own may fare worse.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.rag.claim_check import positions
from footnote.rag.retrieval.hybrid import HybridRetriever

RIGHT = {"SUPPORT": "yes", "CONTRADICT": "no"}


def main() -> None:
    """Prints one line a label, and the share of told sides that are right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scifact", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--claims", type=int, default=250)
    options = parser.parse_args()
    lines = (options.scifact / "answers.jsonl").read_text("utf-8").splitlines()
    told: Counter[tuple[str, str | None]] = Counter()
    with Library.open(options.library, embedder=MiniLM()) as library:
        retriever = HybridRetriever(library)
        for case in map(json.loads, lines[: options.claims]):
            labels = {str(one["doc_id"]): one["label"] for one in case["evidence"]}
            for one in positions(retriever, case["claim"]):
                known = labels.get(one.paper.id.rpartition(":")[2])
                if known:
                    told[known, one.side] += 1
    for label, side in RIGHT.items():
        counts = ", ".join(
            f"{told[label, s]} {s or 'unclear'}" for s in ("yes", "no", "mixed", None)
        )
        sided = sum(told[label, s] for s in ("yes", "no", "mixed"))
        share = told[label, side] / sided if sided else float("nan")
        print(f"{label:11s} {counts}; {share:.3f} of {sided} told sides right")


if __name__ == "__main__":
    main()
