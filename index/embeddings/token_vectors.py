"""Token vectors: a compact vector for each token of a paper.

Each token has a short int8 vector and the number of its sentence. Questions are matched against
these, so no sentence is embedded when a question is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footnote.index.embeddings.protocols import Matrix, TokenEmbedding
from footnote.index.models import Paper, Passage, Span

# Tokens of the title are in no sentence.
TITLE = -1
_SCALE = 127.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a paper, or of one passage of it.

    Attributes:
        reader: Name of the model; only questions read by the same one can be matched.
        vectors: ``(t, d)`` float32, rows of about unit length.
        sentences: ``(t,)`` int16, the number of each token's sentence, or ``TITLE``.
    """

    reader: str
    vectors: Matrix
    sentences: NDArray[np.int16]

    def pack(self) -> tuple[bytes, bytes]:
        """Returns sentences and vectors as bytes, with 8 bits for each vector component."""
        small = np.round(self.vectors * _SCALE).astype(np.int8)
        return self.sentences.astype(np.int16).tobytes(), small.tobytes()

    @classmethod
    def unpack(cls, reader: str, packed: Sequence[tuple[bytes, bytes]]) -> "Tokens":
        """Returns the tokens of several packed passages as one."""
        sentences = np.frombuffer(b"".join(s for s, _ in packed), np.int16)
        small = np.frombuffer(b"".join(v for _, v in packed), np.int8)
        width = len(small) // max(1, len(sentences))
        vectors = small.reshape(len(sentences), width).astype(np.float32) / _SCALE
        return cls(reader, vectors, sentences)


def passage_tokens(
    paper: Paper, passage: Passage, sentences: Sequence[Span], reading: TokenEmbedding
) -> Tokens:
    """Returns the tokens of a passage, which was read after its paper's title.

    Args:
        paper: The passage's paper.
        passage: Its span in the abstract.
        sentences: The spans of the abstract's sentences.
        reading: Reading of the text embedded for the passage.
    """
    before = len(f"{paper.title}. ") if paper.title else 0
    starts = np.array([start for start, _ in reading.spans], np.int64) - before
    firsts = np.array([start for start, _ in sentences], np.int64)
    place = np.searchsorted(firsts, starts + passage.start, side="right") - 1
    numbers = np.where(starts < 0, TITLE, place).astype(np.int16)
    return Tokens(reading.reader, reading.tokens, numbers)
