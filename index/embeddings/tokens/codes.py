"""Token codes: 16 bytes in place of the 64 numbers of a token vector.

A vector is cut into 16 parts of 4 numbers. Of each part only the place of its nearest centroid
among 256 is stored.

Source: product quantisation, Jégou, Douze and Schmid 2011 (IEEE TPAMI 33(1)).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from footnote.index.embeddings.protocols import Matrix

# Made by: python -m footnote.evals.lab.training.token_codes PATH
CODEBOOK = Path(__file__).parent / "codebook.npz"
CENTROIDS = 256

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """The centroids of each part of a vector.

    Attributes:
        form: What tokens that are stored by it are marked with; another codebook has another.
        reader: Name of the model whose token vectors it was made of.
        centroids: ``(p, 256, w)`` float32. Part ``i`` of a vector is every ``p``-th of its
            numbers from the ``i``-th on: the first directions vary most, so each part has some.
    """

    form: str
    reader: str
    centroids: Matrix

    @classmethod
    @cache
    def load(cls) -> Self:
        """Returns the bundled codebook, made of computer-science abstracts."""
        with np.load(CODEBOOK) as stored:
            form, reader = str(stored["form"]), str(stored["reader"])
            return cls(form, reader, stored["centroids"].astype(np.float32))

    def encode(self, vectors: Matrix) -> Codes:
        """Returns the codes ``(t, p)`` of vectors ``(t, p * w)``."""
        parts, _, width = self.centroids.shape
        cut = vectors.reshape(len(vectors), width, parts)
        codes = np.empty((len(vectors), parts), np.uint8)
        for part, centroids in enumerate(self.centroids):
            codes[:, part] = nearest(cut[:, :, part], centroids)
        return codes

    def decode(self, codes: Codes) -> Matrix:
        """Returns the vectors ``(t, p * w)`` of codes ``(t, p)``, rows of unit length."""
        parts, _, width = self.centroids.shape
        vectors: Matrix = np.empty((len(codes), width, parts), np.float32)
        for part, centroids in enumerate(self.centroids):
            vectors[:, :, part] = centroids[codes[:, part]]
        vectors = vectors.reshape(len(codes), width * parts)
        vectors /= np.sqrt(np.einsum("td,td->t", vectors, vectors))[:, None]
        return vectors


def nearest(vectors: Matrix, centroids: Matrix) -> NDArray[np.int64]:
    """Returns the place of the nearest of ``(k, w)`` centroids for each of ``(n, w)`` vectors."""
    half = (centroids**2).sum(axis=1) / 2
    places: NDArray[np.int64] = np.argmax(vectors @ centroids.T - half, axis=1)
    return places
