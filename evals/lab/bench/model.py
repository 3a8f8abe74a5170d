"""What int8 and the cut at 256 word pieces cost the bundled model.

    python -m footnote.evals.lab.bench.model PATH...       # papers; the demo's by default

Prints the mean cosine between int8 and fp32 vectors, and how passages fit into the model.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from tokenizers import Tokenizer

from footnote.index.chunking import count_tokens, passages, sentence_spans
from footnote.index.demo import demo_papers
from footnote.index.embeddings.base import MAX_WORD_PIECES, MiniLM
from footnote.index.embeddings.minilm_export import ensure_model, find_weights
from footnote.index.embeddings.minilm_graph import build_graph
from footnote.index.embeddings.protocols import Matrix
from footnote.index.readers.gathering import read_sources
from footnote.index.storage.ingest.pipeline import embedded_text

COMPARED = 200


def main() -> None:
    """Prints both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[demo_papers()])
    papers = list({p.id: p for p in read_sources(parser.parse_args().paths).papers}.values())
    texts = [
        embedded_text(paper, passage)
        for paper in papers
        for passage in passages(paper, sentence_spans(paper.abstract))
    ]
    tokenizer = Tokenizer.from_file(str(ensure_model().tokenizer))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    pieces = np.array([len(tokenizer.encode(text).ids) for text in texts])
    tokens = np.array([count_tokens(text) for text in texts])
    print(f"{len(papers)} papers, {len(texts)} passages ({len(texts) / len(papers):.2f} a paper)")
    print(f"word pieces for a cl100k token  {pieces.sum() / tokens.sum():.3f}")
    print(f"passages over {MAX_WORD_PIECES} word pieces    {(pieces > MAX_WORD_PIECES).mean():.3f}")
    sample = texts[:COMPARED]
    small = MiniLM().embed(sample)
    cosines = (small * full_precision(sample, tokenizer)).sum(axis=1)
    print(f"cosine of int8 to fp32          {cosines.mean():.4f}  lowest {cosines.min():.4f}")


def full_precision(texts: list[str], tokenizer: Tokenizer) -> Matrix:
    """Returns ``(n, 384)`` vectors of the graph before it is quantised."""
    tokenizer.enable_truncation(MAX_WORD_PIECES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fp32.onnx"
        weights = find_weights()
        onnx.save(build_graph(weights / "model.safetensors"), path)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rows = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        rows.append(session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0])
    return np.concatenate(rows).astype(np.float32)


if __name__ == "__main__":
    main()
