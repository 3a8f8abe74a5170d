"""Published SciFact figures, made again with this project's readers and measures.

    python -m footnote.evals.lab.bench.published SCIFACT [--fp32]      # a BEIR folder with its
    corpus

BM25 alone, and the bundled model alone with one exact cosine a paper: if our own nDCG@10 is
right, they come near the published ones, each in its published setting and none tuned. Those
are of the 300 test claims; other claims over the same papers have other figures. ``--fp32``
adds the model as published, before it is made int8; it takes minutes more.

Source: BM25 over title and text as two fields .665, Thakur et al. 2021, "BEIR"
(arXiv:2104.08663), and as one field .679, Anserini's regression page for BEIR (v1.0.0)
SciFact, both of Lucene with k1 = .9 and b = .4; .684 with Terrier's k1 = 1.2 and b = .75,
the card of pyterrier/scifact.terrier. all-MiniLM-L6-v2 .645, the MTEB leaderboard
(Muennighoff et al. 2022, arXiv:2210.07316).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
from nltk.stem.porter import PorterStemmer
from tokenizers import Tokenizer

from footnote.evals.dataset.cases import read_cases
from footnote.evals.lab.bench.implementations import whole_text
from footnote.evals.lab.bench.model import full_precision
from footnote.evals.lab.bench.quickstart import finder
from footnote.evals.metrics.rankings import ranking_values
from footnote.evals.metrics.statistics import mean
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.minilm_export import ensure_model
from footnote.index.embeddings.protocols import Matrix
from footnote.index.models import Paper
from footnote.index.readers.gathering import read_sources

DEPTH = 20
TWO_FIELDS, ONE_FIELD, TERRIER, MINILM = 0.665, 0.679, 0.684, 0.645


def words(texts: Sequence[str]) -> list[list[str]]:
    """Returns each text's words by bm25s, less Lucene's stop words, by Porter's stems."""
    stem = PorterStemmer(PorterStemmer.ORIGINAL_ALGORITHM).stem
    found: list[list[str]] = bm25s.tokenize(
        list(texts),
        stopwords="en",
        stemmer=lambda each: [stem(word) for word in each],
        return_ids=False,
        show_progress=False,
    )
    return found


def bm25(texts: Sequence[str], queries: Sequence[str], *, k1: float, b: float) -> Matrix:
    """Returns ``(queries, texts)`` scores of Lucene's BM25, by bm25s."""
    made = bm25s.BM25(method="lucene", k1=k1, b=b)
    made.index(words(texts), show_progress=False)
    # A query of stop words only has no score anywhere.
    nowhere = np.zeros(len(texts), np.float32)
    return np.stack([made.get_scores(each) if each else nowhere for each in words(queries)])


def fp32(texts: Sequence[str]) -> Matrix:
    """Returns vectors of unit length of the model before it is made int8."""
    tokenizer = Tokenizer.from_file(str(ensure_model().tokenizer))
    tokenizer.no_padding()
    return full_precision(list(texts), tokenizer)


def line(
    name: str, scores: Matrix, papers: Sequence[Paper], gold: Sequence[set[str]], published: float
) -> str:
    """Returns the mean nDCG@10 of ``(queries, papers)`` scores beside the published one."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    values = [
        [ranking_values(wanted, [papers[row].id for row in rows])["nDCG@10"]]
        for wanted, rows in zip(gold, best, strict=True)
    ]
    ours = mean(values)
    assert ours is not None
    interval = f"[{ours.low:.3f}, {ours.high:.3f}]"
    return f"{name:34s}{ours.mean:6.3f} {interval}{published:11.3f}{ours.mean - published:+8.3f}"


def main() -> None:
    """Prints each figure beside the published one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scifact", type=Path)
    parser.add_argument("--fp32", action="store_true", help="also the model before int8")
    options = parser.parse_args()
    corpus = next(options.scifact.glob("corpus.jsonl*"))
    papers = list({paper.id: paper for paper in read_sources([corpus]).papers}.values())
    cases = [case for case in read_cases(options.scifact) if case.papers]
    find = finder(papers)
    gold = [{find(name) or name for name in case.papers} for case in cases]
    texts, queries = [whole_text(paper) for paper in papers], [case.question for case in cases]
    titles, abstracts = [paper.title for paper in papers], [paper.abstract for paper in papers]
    print(f"{options.scifact.name}: {len(papers)} papers, n={len(cases)} claims, nDCG@10")
    print(f"{'':36s}ours [95 % interval]  published     gap", flush=True)

    def show(name: str, scores: Matrix, published: float) -> None:
        print(line(name, scores, papers, gold, published), flush=True)

    fields = [bm25(part, queries, k1=0.9, b=0.4) for part in (titles, abstracts)]
    show("BM25 k1=.9 b=.4, two fields", fields[0] + fields[1], TWO_FIELDS)
    show("BM25 k1=.9 b=.4, one field", bm25(texts, queries, k1=0.9, b=0.4), ONE_FIELD)
    show("BM25 k1=1.2 b=.75, one field", bm25(texts, queries, k1=1.2, b=0.75), TERRIER)
    embedder = MiniLM()
    show("all-MiniLM-L6-v2, int8", embedder.embed(queries) @ embedder.embed(texts).T, MINILM)
    if options.fp32:
        show("all-MiniLM-L6-v2, fp32", fp32(queries) @ fp32(texts).T, MINILM)


if __name__ == "__main__":
    main()
