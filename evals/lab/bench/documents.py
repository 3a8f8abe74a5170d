"""What texts and metadata in the Chroma collection cost: time to build and to add, disk, search.

    python -m footnote.evals.lab.bench.documents [PATH] [--papers 10000]

The papers of PATH, or as many synthetic ones as wanted, made of sentences of the demo library.
Vectors are random, of the words' hash: what is measured is the storing, not the embedding.
"""

import argparse
import random
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from footnote.evals.lab.bench.subprocesses import milliseconds, p50_p95
from footnote.index.chunking import sentence_spans
from footnote.index.demo import demo_papers
from footnote.index.embeddings.protocols import Matrix
from footnote.index.library import Library
from footnote.index.models import Paper, make_paper
from footnote.index.readers.gathering import read_sources

SEED = 7
ASKED = 200
HEAD = (
    f"{'':>18s}{'papers':>8s}{'build s':>9s}{'add one ms':>12s}"
    f"{'disk MB':>9s}{'search p50, p95 ms':>20s}"
)


class RandomVectors:
    """An embedder that gives each text its own random vector, and the same one each time."""

    name, dimensions = "random", 384

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, 384)`` float32, rows of unit length."""
        rows = np.empty((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(row.shape)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9)
        return rows


def synthetic(count: int) -> Iterator[Paper]:
    """Yields papers whose abstracts are eight sentences of demo papers, drawn with a fixed seed."""
    draw = random.Random(SEED)
    sentences = [
        paper.abstract[start:end]
        for paper in read_sources([demo_papers()]).papers
        for start, end in sentence_spans(paper.abstract)
    ]
    for number in range(count):
        abstract = " ".join(draw.choices(sentences, k=8))
        yield make_paper(f"Synthetic paper {number}", abstract, published=f"{2000 + number % 25}")


def measure(folder: Path, papers: Sequence[Paper], *, documents: bool) -> str:
    """Returns the figures of a library made of all papers, and then one more."""
    *most, last = papers
    embedder = RandomVectors()
    with Library.open(folder, embedder=embedder, create=True, documents=documents) as library:
        build = milliseconds(lambda: library.add(most)) / 1000
        one = milliseconds(lambda: library.add([last]))
        vectors = embedder.embed([f"question {n}" for n in range(ASKED)])
        rank = library.searcher.rank_by_vector
        rank(vectors[0], k=20)
        found = [milliseconds(partial(rank, vector, k=20)) for vector in vectors]
        size = library.size
    generation = max((folder / "snapshots").iterdir(), key=lambda at: int(at.name))
    disk = sum(f.stat().st_size for f in (generation / "vectors").rglob("*") if f.is_file()) / 2**20
    times = ", ".join(f"{t:.1f}" for t in p50_p95(found))
    kind = "with documents" if documents else "without"
    return f"{kind:>18s}{size:8d}{build:9.1f}{one:12.0f}{disk:9.1f}{times:>20s}"


def main() -> None:
    """Prints a line for a library with documents, and one for a library without."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, help="papers; synthetic ones when not given")
    parser.add_argument("--papers", type=int, default=10_000, help="synthetic ones to make")
    options = parser.parse_args()
    given = read_sources([options.path]).papers if options.path else synthetic(options.papers)
    papers = list({paper.id: paper for paper in given}.values())
    print(HEAD, flush=True)
    for documents in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            print(measure(Path(folder) / "library", papers, documents=documents), flush=True)


if __name__ == "__main__":
    main()
