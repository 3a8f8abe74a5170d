"""Makes ``index/embeddings/projection.npy``: the directions that a short token vector keeps.

    python -m footnote.evals.lab.training.projection PATH [--papers 1500]

PATH holds abstracts (JSON Lines, gzipped or not); the file in the package was made from the
first 100,000 computer-science papers of arXiv's metadata, CC0. Runs in a minute on two cores.
"""

import argparse
import random
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from tokenizers import Tokenizer

from footnote.index.embeddings.base import MAX_WORD_PIECES
from footnote.index.embeddings.minilm_export import find_weights
from footnote.index.embeddings.minilm_graph import PROJECTION, TOKEN_DIMENSIONS, WIDTH, build_graph
from footnote.index.readers.gathering import read_sources
from footnote.index.storage.ingest.pipeline import embedded_text

SEED = 1
# One token of so many is looked at: neighbours are nearly alike.
STRIDE = 8


def last_layer(texts: list[str], weights: Path, *, tokenizer: Tokenizer) -> NDArray[np.float32]:
    """Returns every ``STRIDE``-th token of each text, ``(n, 384)``, rows of unit length."""
    graph = build_graph(weights, projection=np.eye(WIDTH, TOKEN_DIMENSIONS, dtype=np.float32))
    unit = next(node.input[0] for node in graph.graph.node if node.name == "projected")
    graph.graph.output.append(
        onnx.helper.make_tensor_value_info(unit, onnx.TensorProto.FLOAT, ["n", "t", WIDTH])
    )
    session = InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    rows = []
    for encoded in tokenizer.encode_batch(texts):
        ids = np.array([encoded.ids], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        rows.append(session.run([unit], feed)[0][0][1:-1:STRIDE])
    return np.concatenate(rows)


def main() -> None:
    """Writes the file and prints how much of the tokens' variance it keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--papers", type=int, default=1500)
    parser.add_argument("--out", type=Path, default=PROJECTION)
    options = parser.parse_args()
    papers = list(read_sources([options.path]).papers)
    drawn = random.Random(SEED).sample(papers, min(options.papers, len(papers)))
    folder = find_weights()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_WORD_PIECES)
    texts = [embedded_text(paper) for paper in drawn]
    tokens = last_layer(texts, folder / "model.safetensors", tokenizer=tokenizer)
    _, strengths, directions = np.linalg.svd(tokens, full_matrices=False)
    np.save(options.out, directions[:TOKEN_DIMENSIONS].T.astype(np.float16))
    kept = float((strengths[:TOKEN_DIMENSIONS] ** 2).sum() / (strengths**2).sum())
    print(
        f"{len(drawn)} papers, {len(tokens)} tokens; {TOKEN_DIMENSIONS} directions keep {kept:.3f}"
    )


if __name__ == "__main__":
    main()
