"""Measures how often a question is given its kind.

    python -m footnote.evals.lab.bench.kinds FILE... [--words] [--rules] [--part NAME] [--errors]

Each file holds JSON Lines with ``question``, ``kind``, and maybe ``history`` (the turns before),
``also`` (other kinds that are right as well) and ``part``.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from footnote.index.embeddings.base import MiniLM
from footnote.rag.query.kinds.classifier import classify_kind
from footnote.rag.query.kinds.rules import KINDS, find_rule

Row = dict[str, Any]


def classify_all(rows: Sequence[Row], *, words: bool, rules: bool) -> list[str]:
    """Returns the kind given to each question: by everything, without embedding, or by rules."""
    firsts = [not row.get("history") for row in rows]
    questions = [row["question"] for row in rows]
    if rules:
        pairs = zip(questions, firsts, strict=True)
        return [find_rule(question, first=first) or "fact" for question, first in pairs]
    vectors = [None] * len(rows) if words else list(MiniLM().embed(questions))
    return [
        classify_kind(question, vector, first=first)
        for question, vector, first in zip(questions, vectors, firsts, strict=True)
    ]


def print_figures(rows: Sequence[Row], given: Sequence[str]) -> None:
    """Prints the share of right kinds, strict and lenient, by kind, and what was mistaken."""
    pairs = Counter((row["kind"], kind) for row, kind in zip(rows, given, strict=True))
    allowed = sum(
        kind in (row["kind"], *row.get("also", [])) for row, kind in zip(rows, given, strict=True)
    )
    right = sum(n for (true, kind), n in pairs.items() if true == kind)
    print(f"right {right / len(rows):.3f}, or also right {allowed / len(rows):.3f}, n={len(rows)}")
    print(f"{'asked for':10s}{'n':>5s}{'right':>7s}{'precise':>9s}  " + _row(k[:5] for k in KINDS))
    for true in KINDS:
        counts = [pairs[true, kind] for kind in KINDS]
        told = sum(pairs[other, true] for other in KINDS)
        recall = pairs[true, true] / sum(counts) if sum(counts) else float("nan")
        precision = pairs[true, true] / told if told else float("nan")
        print(f"{true:10s}{sum(counts):5d}{recall:7.2f}{precision:9.2f}  " + _row(counts))


def _row(cells: Any) -> str:
    return "".join(f"{cell or '.':>6}" for cell in cells)


def main() -> None:
    """Prints the figures of each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--words", action="store_true", help="without the embedding")
    parser.add_argument("--rules", action="store_true", help="the rules alone")
    parser.add_argument("--part", help="only the rows of one part")
    parser.add_argument("--errors", action="store_true", help="each mistaken question")
    options = parser.parse_args()
    for path in options.files:
        read = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        rows = [row for row in read if options.part in (None, row.get("part"))]
        given = classify_all(rows, words=options.words, rules=options.rules)
        print(path.name)
        print_figures(rows, given)
        for row, kind in zip(rows, given, strict=True) if options.errors else ():
            if kind not in (row["kind"], *row.get("also", [])):
                print(f"  {row['kind']} read as {kind}: {row['question']}")


if __name__ == "__main__":
    main()
