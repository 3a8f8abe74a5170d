"""Adapters between LlamaIndex's embeddings and ours, in both directions."""

from collections.abc import Sequence

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr

from footnote.index import ModelError
from footnote.index.embeddings.base import _MatrixEmbedding
from footnote.index.embeddings.protocols import Embedder, Matrix


def as_embedder(embedding: Embedder | BaseEmbedding) -> Embedder:
    """Returns our own embedder unchanged; wraps a LlamaIndex embedding."""
    return embedding if isinstance(embedding, Embedder) else AdaptedEmbedder(embedding)


def as_embed_model(embedder: Embedder) -> BaseEmbedding:
    """Returns a LlamaIndex embedding that embeds queries as ours does."""
    if isinstance(embedder, AdaptedEmbedder):
        return embedder.embedding
    return embedder if isinstance(embedder, BaseEmbedding) else EmbedModel(embedder)


class AdaptedEmbedder:
    """Any LlamaIndex embedding as the embedder of a library."""

    def __init__(self, embedding: BaseEmbedding) -> None:
        """Embeds one word to find the length of a vector.

        Raises:
            ModelError: The embedding fails.
        """
        self.embedding = embedding
        known = embedding.model_name
        self.name = embedding.class_name() if known == "unknown" else known
        self.dimensions = 0
        self.dimensions = self.embed(["dimensions"]).shape[1]

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, dimensions)`` float32, rows of unit length, in the embedding's batch size.

        Raises:
            ModelError: The embedding fails, or does not return one vector for each text.
        """
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        return self._vectors(texts, query=False)

    def embed_query(self, query: str) -> Matrix:
        """Returns ``(dimensions,)`` float32 of a question; some models embed these differently.

        Raises:
            ModelError: The embedding fails.
        """
        vector: Matrix = self._vectors([query], query=True)[0]
        return vector

    def _vectors(self, texts: Sequence[str], *, query: bool) -> Matrix:
        try:
            if query:
                rows = [self.embedding.get_query_embedding(text) for text in texts]
            else:
                rows = self.embedding.get_text_embedding_batch(list(texts))
            vectors = np.array(rows, np.float32).reshape(len(texts), -1)
        # Each integration has its own errors, which may quote secrets.
        except Exception as error:
            raise ModelError(f"embedding {self.name} failed ({type(error).__name__})") from error
        width = self.dimensions or vectors.shape[1]
        if not width or vectors.shape[1] != width or not np.isfinite(vectors).all():
            raise ModelError(
                f"embedding {self.name} gave no vector of {width} finite numbers for a text"
            )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)


class EmbedModel(_MatrixEmbedding):
    """Our embedder as a LlamaIndex embedding."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        """Takes the embedder of a library."""
        super().__init__(model_name=embedder.name)
        self._embedder = embedder

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, d)`` float32, rows of unit length."""
        return self._embedder.embed(texts)
