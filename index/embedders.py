"""Embedders: the bundled MiniLM on ONNX Runtime, and any OpenAI-compatible endpoint.

Both are LlamaIndex embeddings and, for this project's own batches, an ``Embedder``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index import ModelError
from index.minilm import DIMENSIONS, MODEL_NAME, ModelFiles, ensure_model

Matrix = NDArray[np.float32]

# What the model was trained with; longer inputs are cut (Source: its model card).
MAX_WORD_PIECES = 256
# 8 holds memory near 330 MB, 32 near 970 MB, at the same rate.
BATCH_SIZE = 8


class Embedder(Protocol):
    """What a library needs of an embedder."""

    @property
    def name(self) -> str:
        """The model's name, recorded in the library."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, dimensions)`` float32, rows of unit length."""


class _MatrixEmbedding(BaseEmbedding):
    """Gives LlamaIndex its lists from ``embed``."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        raise NotImplementedError

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(x) for x in self.embed([query])[0]]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_query_embedding(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [[float(x) for x in row] for row in self.embed(texts)]


class MiniLM(_MatrixEmbedding):
    """all-MiniLM-L6-v2, int8 on ONNX Runtime, mean-pooled, 384 dimensions.

    Source: sentence-transformers/all-MiniLM-L6-v2; Reimers and Gurevych 2019
    (arXiv:1908.10084).
    """

    _tokenizer: Tokenizer = PrivateAttr()
    _session: onnxruntime.InferenceSession = PrivateAttr()

    def __init__(self, files: ModelFiles | None = None, *, threads: int = 0) -> None:
        """Loads the model.

        Args:
            files: Exported graph and tokenizer; found or exported when not given.
            threads: Threads of one call; 0 lets ONNX Runtime take every core.

        Raises:
            ModelError: No weights were found, or they are damaged.
        """
        super().__init__(model_name=MODEL_NAME, embed_batch_size=BATCH_SIZE)
        files = files or ensure_model()
        self._tokenizer = Tokenizer.from_file(str(files.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_WORD_PIECES)
        self._session = _session(files.onnx, threads)

    @property
    def name(self) -> str:
        """The model's name, recorded in the library."""
        return MODEL_NAME

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return DIMENSIONS

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, 384)`` float32, rows of unit length, in the order of ``texts``."""
        encoded = self._tokenizer.encode_batch(list(texts))
        # Rows of like length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        for at in range(0, len(order), BATCH_SIZE):
            rows = order[at : at + BATCH_SIZE]
            shape = len(rows), max(len(encoded[i].ids) for i in rows)
            ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
            for row, i in enumerate(rows):
                ids[row, : len(encoded[i].ids)] = encoded[i].ids
                mask[row, : len(encoded[i].ids)] = 1
            feed = {"input_ids": ids, "attention_mask": mask}
            vectors[rows] = self._session.run(["embedding"], feed)[0]
        return vectors


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    # ONNX Runtime's errors share no base class; each means that the file is unusable.
    except Exception as error:
        raise ModelError(f"{path} is not a usable model; delete it, it is made again") from error


class EndpointEmbedder(_MatrixEmbedding):
    """An embedding model behind any OpenAI-compatible endpoint."""

    _client: Any = PrivateAttr()
    _dimensions: int = PrivateAttr()

    def __init__(self, model: str, *, base_url: str | None = None, api_key: str = "none") -> None:
        """Asks the endpoint for one vector, to learn its length.

        Raises:
            ModelError: The endpoint cannot be reached or refuses.
        """
        from openai import OpenAI  # 0.7 s that the bundled model does not need

        super().__init__(model_name=model)
        self._client = OpenAI(base_url=base_url, api_key=api_key)
        self._dimensions = 0
        self._dimensions = self.embed(["dimensions"]).shape[1]

    @property
    def name(self) -> str:
        """The model's name, recorded in the library."""
        return str(self.model_name)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, dimensions)`` float32, rows of unit length.

        Raises:
            ModelError: The endpoint cannot be reached, refuses, or answers with other
                than one vector a text.
        """
        from openai import OpenAIError

        rows: list[list[float]] = []
        try:
            for at in range(0, len(texts), 64):
                part = list(texts[at : at + 64])
                found = self._client.embeddings.create(model=self.model_name, input=part)
                rows += [item.embedding for item in sorted(found.data, key=lambda d: d.index)]
        except OpenAIError as error:
            raise ModelError(
                f"embedding endpoint {self._client.base_url}: {str(error)[:160]}; "
                "check the address, the key and the model's name"
            ) from error
        vectors = np.array(rows, np.float32).reshape(len(rows), -1)
        if len(rows) != len(texts):
            raise ModelError(f"embedding endpoint gave {len(rows)} vectors for {len(texts)} texts")
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)
