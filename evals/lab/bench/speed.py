"""Speed of the product beside the bare parts that it is made of.

    python -m footnote.evals.lab.bench.speed [PATH]...        # papers to index; the demo's by
    default
    python -m footnote.evals.lab.bench.speed --library DIR [--runs 200]    # of one that exists

Prints how fast a library is made and how much of that is embedding, how long the fold into Chroma
takes that ``footnote index`` makes once its result is printed, how long a command takes from a
cold start, and how long a warm search and a warm answer take.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from footnote.evals.lab.bench.subprocesses import milliseconds
from footnote.index.chunking import passages, sentence_spans
from footnote.index.demo import demo_papers
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.readers.gathering import read_sources
from footnote.index.storage.ingest.pipeline import embedded_text
from footnote.rag.engine import CitedQueryEngine

COLD_RUNS = 5
WARM_RUNS = 200
EMBEDDED_TEXTS = 512


def run_command(command: Sequence[str]) -> float:
    """Returns the wall-clock milliseconds of a whole process."""
    return milliseconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def percentiles(times: Sequence[float]) -> str:
    """Returns the median and the 99th percentile as text."""
    ranked = sorted(times)
    return (
        f"p50 {statistics.median(ranked):7.1f} ms   p99 {ranked[int(len(ranked) * 0.99)]:7.1f} ms"
    )


def index_rate(paths: Sequence[Path], folder: Path, embedder: MiniLM) -> None:
    """Prints papers a second for the embedder alone, for adding, and for the whole command."""
    papers = list({p.id: p for p in read_sources(paths).papers}.values())
    texts = [
        embedded_text(paper, passage)
        for paper in papers
        for passage in passages(paper, sentence_spans(paper.abstract))
    ]
    sample = texts[:: max(1, len(texts) // EMBEDDED_TEXTS)]
    embedder.embed(sample[:16])
    bare = len(sample) / (milliseconds(lambda: embedder.embed(sample)) / 1000)
    # With the vectors of the tokens, which a library stores, too.
    tokens = len(sample) / (milliseconds(lambda: embedder.read(sample)) / 1000)
    with Library.open(folder / "inner", embedder=embedder, create=True) as library:
        added = len(texts) / (milliseconds(lambda: library.add(papers, fold=False)) / 1000)
        folded = milliseconds(lambda: library.fold(always=True)) / 1000
    command = [*FOOTNOTE, "index", *map(str, paths), "--library", str(folder / "outer")]
    whole = run_command(command) / 1000
    print(f"{len(papers)} papers, {len(texts)} passages")
    print(f"embedder alone          {bare:7.1f} passages/s")
    print(f"with tokens             {tokens:7.1f} passages/s   {tokens / bare:.2f} of it")
    print(f"adding to a library     {added:7.1f} passages/s   {added / bare:.2f} of the embedder")
    print(f"{'':24s}{'':20s} {added / tokens:.2f} of it with tokens")
    print(f"the fold, after that    {folded:7.1f} s")
    print(f"footnote index, whole   {whole:7.1f} s")


def cold_start(library: Path) -> None:
    """Prints the median time of whole commands, each in a new process."""
    for name, command in (
        ("footnote --help", [*FOOTNOTE, "--help"]),
        ("footnote ask", [*FOOTNOTE, "ask", QUESTION, "--library", str(library), "--json"]),
    ):
        times = [run_command(command) for _ in range(COLD_RUNS + 1)][1:]
        print(f"{name:16s} cold   median {statistics.median(times) / 1000:5.2f} s of {COLD_RUNS}")


def warm(folder: Path, embedder: MiniLM, runs: int = WARM_RUNS) -> None:
    """Prints percentiles of a search, of each of its parts, and of an answer."""
    with Library.open(folder, embedder=embedder) as library:
        engine = CitedQueryEngine(library)
        titles = [paper.title for paper in library.papers() if paper.title]
        questions = [f"What is known about {title}?" for title in titles][:runs]
        vector = embedder.embed([questions[0]])[0]
        for name, work in (
            ("embed the question", lambda q: embedder.embed([q])),
            ("nearest vectors", lambda q: library.searcher.rank_by_vector(vector, k=100)),
            ("words", lambda q: library.searcher.rank_by_words(q, k=100)),
            ("search, whole", lambda q: engine.retriever.search(q)),
            ("answer, papers read before", lambda q: engine.ask(questions[0])),
            ("answer, papers not read yet", lambda q: CitedQueryEngine(library).ask(q)),
        ):
            work(questions[-1])
            times = [milliseconds(lambda w=work, q=q: w(q)) for q in questions]  # type: ignore[misc]
            print(f"{name:28s} {percentiles(times)}   n={len(times)}")


FOOTNOTE = [sys.executable, "-m", "footnote"]
QUESTION = "How much can a recurrent policy compress ResNet-34 without losing accuracy?"


def main() -> None:
    """Runs everything in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[demo_papers()])
    parser.add_argument("--library", type=Path, help="measure this one, and make none")
    parser.add_argument("--runs", type=int, default=WARM_RUNS, help="questions to a warm library")
    options = parser.parse_args()
    if options.library:
        warm(options.library, MiniLM(), options.runs)
        return
    paths = options.paths
    folder = Path(tempfile.mkdtemp())
    embedder = MiniLM()
    try:
        index_rate(paths, folder, embedder)
        cold_start(folder / "outer")
        warm(folder / "outer", embedder, options.runs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
