"""When a cell of a table stands: the ranker's score that a reader's own column must reach.

    python -m footnote.evals.lab.bench.cells QUESTIONS PAPERS [--part train]

QUESTIONS and PAPERS are the files of a set whose questions name the sentences of one paper that
answer them. Prints for each bound how often the right sentence stands in the cell, how often
another does, and how often one stands though the answering sentences were cut out. Intervals
resample papers.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from footnote.evals.metrics.statistics import mean
from footnote.index.models import make_paper
from footnote.rag.generation.forms.cells import BOUND, choose_cell, make_column
from footnote.rag.retrieval.answer_ranker.ranker import MOST_PAIRS, AnswerRanker, with_title

BOUNDS = (0.0, 1.0, BOUND, 3.0, 4.0)


def main() -> None:
    """Prints a line a bound."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("papers", type=Path)
    parser.add_argument("--part", default="train")
    asked = parser.parse_args()
    papers = {paper["id"]: paper for paper in _rows(asked.papers)}
    questions = [
        row for row in _rows(asked.questions) if row["part"] == asked.part and row["answerable"]
    ]
    ranker, groups = AnswerRanker(), [row["paper"] for row in questions]
    whole = [_best(ranker, row, papers[row["paper"]], cut=False) for row in questions]
    without = [_best(ranker, row, papers[row["paper"]], cut=True) for row in questions]
    print(f"{len(questions)} questions, part {asked.part}")
    for bound in BOUNDS:
        _print(
            f"{bound:4.1f}",
            groups,
            [right and score >= bound for score, right in whole],
            [not right and score >= bound for score, right in whole],
            [score >= bound for score, _ in without],
        )
    chosen = [_choose(ranker, row, papers[row["paper"]], cut=False) for row in questions]
    left = [_choose(ranker, row, papers[row["paper"]], cut=True) for row in questions]
    _print(
        "as it is",
        groups,
        [one is True for one in chosen],
        [one is False for one in chosen],
        [one is not None for one in left],
    )


def _print(name: str, groups: Sequence[str], *told: Sequence[bool]) -> None:
    """Prints the shares of questions whose cell is right, another's, filled without an answer."""
    shares = []
    for label, values in zip(("right", "another", "filled when cut"), told, strict=True):
        of_paper: dict[str, list[float]] = {}
        for group, value in zip(groups, values, strict=True):
            of_paper.setdefault(group, []).append(float(value))
        share = mean(list(of_paper.values()))
        assert share is not None
        shares.append(f"{label} {share.mean:.3f} [{share.low:.3f}, {share.high:.3f}]")
    print(f"{name:8}  " + "  ".join(shares))


def _choose(
    ranker: AnswerRanker, row: dict[str, Any], paper: dict[str, Any], *, cut: bool
) -> bool | None:
    """Returns whether the cell of a question has a right sentence; None where it is empty."""
    right = [tuple(paper["spans"][n]) for n in row["sentences"]]
    spans = [tuple(span) for span in paper["spans"]]
    kept = [span for span in spans if not (cut and span in right)][:MOST_PAIRS]
    whole = make_paper(paper["title"], paper["abstract"], [f"arxiv:{paper['id']}"])
    found = choose_cell(make_column(row["question"]), whole, kept, ranker)
    return None if found is None else found in right


def _best(
    ranker: AnswerRanker, row: dict[str, Any], paper: dict[str, Any], *, cut: bool
) -> tuple[float, bool]:
    """Returns the best sentence's score, and whether it answers the question."""
    kept = [n for n in range(len(paper["spans"])) if not (cut and n in row["sentences"])]
    kept = kept[:MOST_PAIRS]
    if not kept:
        return float("-inf"), False
    texts = [with_title(paper["title"], paper["abstract"][slice(*paper["spans"][n])]) for n in kept]
    scores = ranker.scores(row["question"], texts)
    best = int(scores.argmax())
    return float(scores[best]), kept[best] in row["sentences"]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    main()
