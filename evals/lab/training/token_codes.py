"""Makes ``index/embeddings/tokens/codebook.npz``: the centroids that token vectors are coded by.

    python -m footnote.evals.lab.training.token_codes PATH [--papers 1000]

PATH holds abstracts (JSON Lines, gzipped or not); the file in the package was made from the
first 100,000 computer-science papers of arXiv's metadata, CC0. Runs in two minutes on two cores.
Prints the cosine of vectors to what their codes give, for papers that it was not made of.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footnote.index.chunking import passages, sentence_spans
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import Matrix
from footnote.index.embeddings.tokens.codes import CENTROIDS, CODEBOOK, Codebook, nearest
from footnote.index.embeddings.tokens.vectors import passage_tokens
from footnote.index.models import Paper
from footnote.index.readers.gathering import read_sources
from footnote.index.storage.ingest.pipeline import embedded_text

SEED = 1
# Each row of tokens says by which codebook it is stored: another one needs another name.
FORM = "codes-1"
# With 12 parts a gold sentence is quoted for .717 of the 92 questions of daily_papers_dev, with 16
# for .772, as without codes.
PARTS = 16
ROUNDS = 15
# Papers that the figures are of.
TESTED = 100


def read_vectors(papers: Sequence[Paper], embedder: MiniLM) -> Matrix:
    """Returns the vectors ``(n, 64)`` of the telling tokens of papers."""
    rows = [np.empty((0, 64), np.float32)]
    for paper in papers:
        spans = sentence_spans(paper.abstract)
        cut = passages(paper, spans)
        readings = embedder.read([embedded_text(paper, passage) for passage in cut])
        rows += [
            passage_tokens(paper, passage, spans, one).vectors
            for passage, one in zip(cut, readings, strict=True)
        ]
    return np.concatenate(rows)


def find_centroids(vectors: Matrix, chance: np.random.Generator) -> Matrix:
    """Returns ``(256, w)`` centroids of vectors ``(n, w)``, by Lloyd's algorithm."""
    centroids = vectors[chance.choice(len(vectors), CENTROIDS, replace=False)]
    for _ in range(ROUNDS):
        places: NDArray[np.int64] = nearest(vectors, centroids)
        counts = np.bincount(places, minlength=CENTROIDS)
        sums = np.zeros_like(centroids)
        np.add.at(sums, places, vectors)
        # One that nothing is near to stays where it is.
        centroids = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centroids)
    return centroids.astype(np.float32)


def make_codebook(vectors: Matrix, reader: str) -> Codebook:
    """Returns the codebook of token vectors ``(n, 64)`` of a reader."""
    chance = np.random.default_rng(SEED)
    parts = vectors.reshape(len(vectors), -1, PARTS)
    centroids = [find_centroids(parts[:, :, part], chance) for part in range(PARTS)]
    return Codebook(FORM, reader, np.stack(centroids).astype(np.float16).astype(np.float32))


def main() -> None:
    """Writes the file and prints how near codes come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--papers", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=CODEBOOK)
    options = parser.parse_args()
    papers = [paper for paper in read_sources([options.path]).papers if paper.abstract]
    wanted = min(options.papers + TESTED, len(papers))
    drawn = random.Random(SEED).sample(papers, wanted)
    embedder = MiniLM()
    made, others = (read_vectors(part, embedder) for part in (drawn[TESTED:], drawn[:TESTED]))
    book = make_codebook(made, embedder.reader)
    centroids = book.centroids.astype(np.float16)
    np.savez_compressed(options.out, form=FORM, reader=book.reader, centroids=centroids)
    cosines = (book.decode(book.encode(others)) * others).sum(axis=1)
    print(
        f"{wanted - TESTED} papers, {len(made)} tokens; of {TESTED} others the cosine is "
        f"{cosines.mean():.3f}, and {np.quantile(cosines, 0.05):.3f} for the worst twentieth"
    )


if __name__ == "__main__":
    main()
