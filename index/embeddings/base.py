"""Embedders: the bundled MiniLM on ONNX Runtime, and any OpenAI-compatible endpoint.

Both are LlamaIndex embeddings and, for this project's own batches, an ``Embedder``.
"""

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from tokenizers import Encoding, Tokenizer

from footnote.index import ModelError
from footnote.index.embeddings.endpoints import (
    bounded_client_options,
    describe_connection_error,
    describe_status,
    find_secrets,
    mask_secrets,
)
from footnote.index.embeddings.minilm_export import EXPORT_VERSION, ModelFiles, ensure_model
from footnote.index.embeddings.minilm_graph import DIMENSIONS, MODEL_NAME
from footnote.index.embeddings.protocols import Matrix, TokenEmbedding

_log = logging.getLogger(__name__)

# The model's training length; longer inputs are cut (Source: its model card).
MAX_WORD_PIECES = 256
# Maximum bytes of a response: 64 vectors of 4,096 numbers take 6 MB as JSON.
_MOST_BYTES = 64_000_000


class _MatrixEmbedding(BaseEmbedding):
    """Gives LlamaIndex its lists from ``embed``."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, d)`` float32, rows of unit length."""
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
    _threads: int = PrivateAttr()

    def __init__(self, files: ModelFiles | None = None, *, threads: int = 0) -> None:
        """Loads the model.

        Args:
            files: Exported graph and tokenizer; found or exported when not given.
            threads: Texts embedded at a time; 0 means one for each core.

        Raises:
            ModelError: No weights were found, or they are damaged.
        """
        super().__init__(model_name=MODEL_NAME)
        self._threads = threads or os.cpu_count() or 1
        files = files or ensure_model()
        self._tokenizer, self._session = open_model(files)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_WORD_PIECES)

    @property
    def name(self) -> str:
        """The model's name, recorded in the library."""
        return MODEL_NAME

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return DIMENSIONS

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, 384)`` float32, rows of unit length, in the order of ``texts``.

        Runs one text at a time: int8 scales a batch by its largest value, so texts in a batch
        change each other's vectors (to cosine .97 in batches of 8), and one core for each text
        takes 26 ms where batches of 8 take 29.
        """
        encoded = self._tokenizer.encode_batch(list(texts))
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        with ThreadPoolExecutor(self._threads) as pool:
            for row, vector in enumerate(pool.map(self._vector, encoded)):
                vectors[row] = vector
        return vectors

    @property
    def reader(self) -> str:
        """Name and version of the readings."""
        return f"{MODEL_NAME}-{EXPORT_VERSION}"

    def read(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Returns a reading of each text, in order."""
        encoded = self._tokenizer.encode_batch(list(texts))
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(self._reading, encoded))

    def _reading(self, encoded: Encoding) -> TokenEmbedding:
        vector, tokens = self._run(encoded, ["embedding", "tokens"])
        # The first and the last token are the model's special tokens.
        return TokenEmbedding(self.reader, vector, tokens[1:-1], encoded.offsets[1:-1])

    def _vector(self, encoded: Encoding) -> Matrix:
        return self._run(encoded, ["embedding"])[0]

    def _run(self, encoded: Encoding, outputs: Sequence[str]) -> list[Matrix]:
        ids = np.array([encoded.ids], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        return [rows[0] for rows in self._session.run(outputs, feed)]


def open_model(files: ModelFiles) -> tuple[Tokenizer, onnxruntime.InferenceSession]:
    """Returns an exported model that runs on one core; ModelError where a file is damaged."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        path = files.tokenizer
        loaded = Tokenizer.from_file(str(path))
        path = files.onnx
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    # Neither library's errors share a base class; each means that the file is unusable.
    except Exception as error:
        raise ModelError(
            f"{path} is not a usable model; delete it, and it is created again"
        ) from error
    return loaded, session


class EndpointEmbedder(_MatrixEmbedding):
    """An embedding model behind any OpenAI-compatible endpoint."""

    _client: Any = PrivateAttr()
    _dimensions: int = PrivateAttr()
    _secrets: tuple[str, ...] = PrivateAttr()

    def __init__(self, model: str, *, base_url: str | None = None, api_key: str = "none") -> None:
        """Requests one vector to find its length.

        Raises:
            ModelError: The endpoint cannot be reached or refuses.
        """
        # Importing takes 0.7 s, which the bundled model does not need.
        from openai import DefaultHttpxClient, OpenAI

        super().__init__(model_name=model)
        if not (api_key.isascii() and api_key.isprintable()):
            raise ModelError(
                "OPENAI_API_KEY has characters that are not allowed in a header; copy it again"
            )
        client = DefaultHttpxClient(**bounded_client_options(_MOST_BYTES))
        self._client = OpenAI(base_url=base_url, api_key=api_key, http_client=client)
        self._secrets = find_secrets(str(self._client.base_url), api_key)
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
        from httpx import HTTPError
        from openai import OpenAIError

        # Endpoints refuse a request without texts.
        if not texts:
            return np.empty((0, self._dimensions), np.float32)
        rows: list[list[float]] = []
        try:
            for at in range(0, len(texts), 64):
                part = list(texts[at : at + 64])
                found = self._client.embeddings.create(model=self.model_name, input=part)
                rows += [item.embedding for item in sorted(found.data, key=lambda d: d.index)]
            vectors = np.array(rows, np.float32).reshape(len(texts), -1)
        # The client raises various errors for an answer that is not an embedding.
        except (OpenAIError, HTTPError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise ModelError(self._failed(error)) from error
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)

    def _failed(self, error: Exception) -> str:
        """Returns what failed in our own words; the endpoint's go to the log."""
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        url = self._client.base_url.copy_with(userinfo=b"", query=None, fragment=None)
        where = f"embedding endpoint {url}"
        if said := mask_secrets(error.__cause__ or error, self._secrets):
            _log.warning("%s: %s: %s", where, type(error).__name__, said)
        if isinstance(error, APIStatusError):
            failed = describe_status(error.status_code)
        elif isinstance(error, APITimeoutError):
            failed = "took too long"
        elif isinstance(error, APIConnectionError):
            failed = describe_connection_error(error)
        else:
            failed = f"sent what is no list of vectors ({type(error).__name__})"
        return (
            f"{where} {failed}; check OPENAI_BASE_URL, OPENAI_API_KEY and FOOTNOTE_EMBEDDING_MODEL"
        )
