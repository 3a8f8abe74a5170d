"""Protocols: what a library needs of an embedder, and what an embedder returns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


@runtime_checkable
class Embedder(Protocol):
    """The embedder interface that a library needs."""

    @property
    def name(self) -> str:
        """The model's name, recorded in the library."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, dimensions)`` float32, rows of unit length."""


@runtime_checkable
class QueryEmbedder(Protocol):
    """An embedder that embeds questions differently from texts."""

    def embed_query(self, query: str) -> Matrix:
        """Returns ``(d,)`` float32 of unit length."""


def query_vector(embedder: Embedder, query: str) -> Matrix:
    """Returns ``(d,)`` float32 of unit length for a query."""
    if isinstance(embedder, QueryEmbedder):
        return embedder.embed_query(query)
    vector: Matrix = embedder.embed([query])[0]
    return vector


@dataclass(frozen=True, slots=True)
class TokenEmbedding:
    """The embedding of one text and of each of its tokens.

    Attributes:
        reader: Name and version of the model.
        vector: ``(d,)`` float32 of unit length, the whole text.
        tokens: ``(t, 64)`` float32, a row of unit length for each word piece.
        spans: Span of each token in the text, in characters.
    """

    reader: str
    vector: Matrix
    tokens: Matrix
    spans: Sequence[tuple[int, int]]


@runtime_checkable
class TokenEmbedder(Protocol):
    """An embedder that also gives a vector for each token."""

    @property
    def reader(self) -> str:
        """Name and version of the reader; readings of different ones cannot be compared."""

    def read(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Returns a reading of each text, whose vector equals that of ``embed``."""


@runtime_checkable
class BatchEmbedder(Protocol):
    """An embedder that works at several batches of texts at a time, and reads their tokens."""

    def embed_batches(self, batches: Iterable[Sequence[str]]) -> Iterator[list[TokenEmbedding]]:
        """Yields the readings of each batch, in order; batches are asked for as they are needed."""
