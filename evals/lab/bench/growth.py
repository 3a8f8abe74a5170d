"""How a library grows: rate, disk, memory, opening, search and answers at several sizes.

    python -m footnote.evals.lab.bench.growth PATH [--sizes 10000,100000]
    python -m footnote.evals.lab.bench.growth --library DIR          # one that exists, at its own
    size

One library grows from size to size with the first papers of PATH, so each size pays only for
the papers it adds. Adding and asking run in a process each; both peaks are printed.
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from footnote.evals.lab.bench.subprocesses import apart, milliseconds, p50_p95
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import Paper
from footnote.index.readers.gathering import read_sources
from footnote.rag.engine import CitedQueryEngine

Runner = Callable[..., tuple[Any, float]]

ASKED = 100
SEED = 7
HEAD = (
    f"{'papers':>8s}{'passages':>10s}{'added':>8s}{'papers/s':>10s}{'add MB':>8s}{'disk MB':>9s}"
    f"{'open ms':>9s}{'ask MB':>8s}{'search p50, p95 ms':>20s}{'answer p50, p95 ms':>20s}"
)
NOTHING = f"{'-':>8s}{'-':>10s}{'-':>8s}"


def add(folder: Path, papers: Sequence[Paper]) -> float:
    """Adds papers to a library, made if need be; returns the seconds that took."""
    with Library.open(folder, embedder=MiniLM(), create=True) as library:
        return milliseconds(lambda: library.add(papers)) / 1000


def draw(papers: Iterable[Paper]) -> list[str]:
    """Returns questions about the titles of a hundred papers, drawn with a fixed seed."""
    titles = [paper.title for paper in papers if paper.title]
    drawn = random.Random(SEED).sample(titles, min(ASKED, len(titles)))
    return [f"What is known about {title}?" for title in drawn]


def ask(folder: Path, questions: Sequence[str]) -> dict[str, Any]:
    """Returns a library's size, and the milliseconds to open it, to search and to answer.

    One question is searched and answered before, since the first pays for loading.
    """
    embedder = MiniLM()
    opened: list[Library] = []
    open_ms = milliseconds(lambda: opened.append(Library.open(folder, embedder=embedder)))
    with opened[0] as library:
        engine = CitedQueryEngine(library)
        engine.ask(questions[-1])
        search = [milliseconds(lambda q=q: engine.retriever.search(q)) for q in questions]  # type: ignore[misc]
        # A new engine: one that answered the question has the sentences' vectors by now.
        engine = CitedQueryEngine(library)
        answer = [milliseconds(lambda q=q: engine.ask(q)) for q in questions]  # type: ignore[misc]
        status = library.status()
    return {
        "papers": status.papers,
        "passages": status.passages,
        "disk_mb": status.bytes / 2**20,
        "open_ms": open_ms,
        "search_ms": search,
        "answer_ms": answer,
    }


def line(
    folder: Path, questions: Sequence[str], added: str = NOTHING, *, run: Runner = apart
) -> str:
    """Returns the figures of a library at its present size, with those of adding as text."""
    found, ask_mb = run("footnote.evals.lab.bench.growth:ask", folder, questions)
    times = [", ".join(f"{t:.1f}" for t in p50_p95(found[k])) for k in ("search_ms", "answer_ms")]
    return (
        f"{found['papers']:8d}{found['passages']:10d}{added}{found['disk_mb']:9.1f}"
        f"{found['open_ms']:9.1f}{ask_mb:8.0f}{times[0]:>20s}{times[1]:>20s}"
    )


def grow(
    papers: Sequence[Paper], sizes: Sequence[int], folder: Path, *, run: Runner = apart
) -> None:
    """Prints a line at each size, adding only what the size before lacks.

    Args:
        papers: The first of them are added.
        sizes: In papers, rising.
        folder: Of the library, made here.
        run: Runs a function of this module by name; returns its result and peak MB.
    """
    for before, size in pairwise([0, *sizes]):
        part = papers[before:size]
        seconds, peak = run("footnote.evals.lab.bench.growth:add", folder, part)
        added = f"{len(part):8d}{len(part) / seconds:10.1f}{peak:8.0f}"
        print(line(folder, draw(papers[:size]), added, run=run), flush=True)


def main() -> None:
    """Prints one line a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, help="papers to add")
    parser.add_argument("--sizes", default="10000,100000", help="in papers, with commas between")
    parser.add_argument("--library", type=Path, help="measure this one, without adding")
    options = parser.parse_args()
    if (options.path is None) is (options.library is None):
        parser.error("give PATH or --library, one of them")
    if options.library:
        with Library.open(options.library, embedder=MiniLM()) as library:
            questions = draw(library.papers())
        print(HEAD, line(options.library, questions), sep="\n")
        return
    papers = list({paper.id: paper for paper in read_sources([options.path]).papers}.values())
    sizes = sorted({min(int(size), len(papers)) for size in options.sizes.split(",")})
    print(f"{options.path.name}, {ASKED} questions of seed {SEED}")
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        grow(papers, sizes, Path(folder) / "library")


if __name__ == "__main__":
    main()
