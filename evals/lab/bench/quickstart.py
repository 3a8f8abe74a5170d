"""Footnote beside what a user would write instead, over the same papers, in one run.

    python -m footnote.evals.lab.bench.quickstart [PATH]... [--set SET]      # the demo's papers by
    default

LlamaIndex's quick start (a vector index over Chroma, its citation engine, an LLM that costs
nothing), bare Chroma and bare bm25s: the same embedder, each in a process of its own. With a
set of questions, all of them are searched for as Footnote understands them, and the rankings
are measured; without one, titles are asked about. Brackets give the ratio to Footnote.
"""

import argparse
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from footnote.evals.dataset.cases import Case, read_cases
from footnote.evals.lab.bench.implementations import HITS, WAYS
from footnote.evals.lab.bench.subprocesses import apart, p50_p95
from footnote.evals.metrics.answers import gold_ids
from footnote.evals.metrics.rankings import ranking_values, recall_values
from footnote.index.demo import demo_papers
from footnote.index.models import ID_KINDS, Paper, identifier
from footnote.index.readers.gathering import read_sources
from footnote.rag.query.question import understand

ASKED = 200
MEASURED = ("R@1", "R@5", "nDCG@10")
FIGURES = (
    *("papers/s", "peak MB", "search p50 ms", "search p95 ms", "answer p50 ms", "answer p95 ms"),
    *MEASURED,
)


def finder(papers: Sequence[Paper]) -> Callable[[str], str | None]:
    """Returns what finds a paper's id by any identifier or by its title."""
    places = {alias: paper.id for paper in reversed(papers) for alias in paper.aliases}

    def find(name: str) -> str | None:
        known = (name, *(identifier(kind, name) for kind in ID_KINDS))
        return next((places[alias] for alias in known if alias in places), None)

    return find


def ranking(
    cases: Sequence[Case], found: Sequence[Sequence[str]], find: Callable[[str], str | None]
) -> dict[str, float]:
    """Returns the mean measures of rankings of paper ids, over the cases that papers answer."""
    rows = []
    for case, ranked in zip(cases, found, strict=True):
        if case.papers and case.answerable:
            wanted = set(gold_ids(case, find).values())
            rows.append(recall_values(wanted, ranked) | ranking_values(wanted, ranked))
    return {name: fmean(row[name] for row in rows) for name in MEASURED} if rows else {}


def figures(papers: int, found: dict[str, Any], peak: float) -> dict[str, float]:
    """Returns the figures of one way, by name."""
    search, answer = p50_p95(found["search_ms"]), p50_p95(found["answer_ms"])
    values = (papers / found["add_s"], peak, *search, *answer)
    return dict(zip(FIGURES[: len(values)], values, strict=True))


def table(ways: dict[str, dict[str, float]]) -> str:
    """Returns one line a figure, each with its ratio to the first way's."""
    first = next(iter(ways.values()))
    lines = [f"{'':16s}" + "".join(f"{name:>18s}" for name in ways)]
    for name in filter(first.__contains__, FIGURES):
        cells = (cell(way[name], first[name]) for way in ways.values())
        lines.append(f"{name:16s}" + "".join(f"{shown:>18s}" for shown in cells))
    return "\n".join(lines)


def cell(value: float, first: float) -> str:
    """Returns a figure and its ratio as text; a dash for what a way does not do."""
    if math.isnan(value):
        return "-"
    shown = f"{value:.{3 if value <= 1 else 1}f}"
    return f"{shown} ({value / first:.2f})" if first else shown


def main() -> None:
    """Runs every way, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[demo_papers()])
    parser.add_argument("--set", type=Path, help="questions, whose rankings are then measured")
    options = parser.parse_args()
    papers = list({paper.id: paper for paper in read_sources(options.paths).papers}.values())
    if options.set:
        cases = read_cases(options.set)
        queries = [understand(case.question, case.history).query for case in cases]
    else:
        cases = []
        queries = [f"What is known about {p.title}?" for p in papers if p.title][:ASKED]
    find = finder(papers)
    ways = {}
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            task = (way, Path(folder) / way, papers, queries)
            found, peak = apart("footnote.evals.lab.bench.implementations:measure", *task)
            ways[way] = figures(len(papers), found, peak)
            ways[way] |= ranking(cases, found["found"], find) if cases else {}
    ranked = sum(bool(case.papers and case.answerable) for case in cases)
    print(f"{len(papers)} papers, {len(queries)} questions, {HITS} hits a search")
    if ranked:
        print(f"{', '.join(MEASURED)} of {options.set.name}, n={ranked}")
    print(table(ways))


if __name__ == "__main__":
    main()
