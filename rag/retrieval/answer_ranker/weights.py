"""What the answer ranker has learned, as differences from the bundled model.

Of the difference of a matrix ``W`` only signs are kept: ``W.signs``, ``(rows, columns / 8)``
uint8, a bit a weight, and ``W.scale``, ``(rows,)`` float16, the mean size in a row. Other tensors
stand in place of the model's.

Source: BitDelta, Liu et al. 2024 (arXiv:2402.10193).
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footnote.index import ModelError
from footnote.index.embeddings.minilm_graph import FIRST, MATCH, SIDES, WIDTH

# Made by: python -m footnote.evals.lab.training.answer_sentences QUESTIONS PAPERS OUT
WEIGHTS = Path(__file__).parent / "answers.safetensors"
# By the same with --sides: it also tells how far a sentence says yes and no.
SIDED_WEIGHTS = Path(__file__).parent / "sides.safetensors"
Tensors = Mapping[str, NDArray[Any]]


class AnswerWeights:
    """The trained weights, read from their file."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        """Takes the file of the weights; the package's when not given."""
        self.path = path

    @property
    def name(self) -> str:
        """A name that changes with the content of the file, for the exported model.

        Raises:
            ModelError: The file cannot be read.
        """
        return f"pairs-{hashlib.sha256(self._read()).hexdigest()[:12]}"

    def merge(self, weights: Path) -> dict[str, NDArray[np.float32]]:
        """Returns the bundled model's tensors with what was learned.

        Args:
            weights: Of the bundled model.

        Raises:
            ModelError: The file is damaged, or belongs to another model.
        """
        # Only on the first run: later ones find the exported model.
        from safetensors import SafetensorError
        from safetensors.numpy import load, load_file

        try:
            trained = load(self._read())
            merged = load_file(weights) | {name: trained[name] for name in (MATCH, FIRST)}
            # Which weights that tell no sides leave at 0.
            merged[SIDES] = np.zeros((2, WIDTH), np.float32)
            for name, tensor in trained.items():
                matrix, _, part = name.rpartition(".")
                if part == "signs":
                    difference = unpack_signs(tensor, trained[f"{matrix}.scale"])
                    merged[matrix] = merged[matrix] + difference
                elif part != "scale":
                    merged[name] = tensor.astype(np.float32)
        except (SafetensorError, KeyError, ValueError) as error:
            raise self._unusable(error) from error
        return merged

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> ModelError:
        return ModelError(
            f"{self.path} has no usable weights ({type(error).__name__}); install Footnote again"
        )


def pack_signs(difference: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Returns the signs of a matrix, eight a byte, and the mean size in each row."""
    return np.packbits(difference > 0, axis=1), np.abs(difference).mean(axis=1).astype(np.float16)


def unpack_signs(signs: NDArray[np.uint8], scale: NDArray[np.float16]) -> NDArray[np.float32]:
    """Returns a matrix that has the sizes of ``scale``, a row each, with these signs."""
    ones = np.unpackbits(signs, axis=1).astype(np.float32)
    return (2 * ones - 1) * scale.astype(np.float32)[:, None]
