"""Wide questions: the order of the papers that a list or an overview is made of.

What a few papers at the top have in common is what the question is about; the others are ordered
by how near they are to that, beside their own match with the question.

Source: relevance feedback, Rocchio 1971, here from what was found rather than from a reader.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from footnote.index.embeddings.protocols import Matrix
from footnote.index.library import LibraryReader
from footnote.index.models import Hit
from footnote.rag.retrieval.hybrid import scale_to_unit

# Papers at the top whose middle is taken.
TOP = 5


@dataclass(frozen=True, slots=True)
class Breadth:
    """How many papers an answer takes; ``footnote.evals.lab.bench.wide`` chose each value.

    Attributes:
        nearness: What nearness to the middle of the best counts for beside the match.
        step: A paper whose score is below this share of the mean of those before it ends the
            answer: the others are of another kind.
        lowest: So does one below this score, on the scale of the hits.
        most: Papers at most.
    """

    nearness: float
    step: float
    lowest: float
    most: int

    def count(self, scores: Sequence[float]) -> int:
        """Returns how many of these scores, best first, are taken; at least one."""
        total = 0.0
        for n, score in enumerate(scores[: self.most]):
            if n and (score < self.lowest or score < self.step * total / n):
                return n
            total += score
        return min(len(scores), self.most)


def order_wide(
    hits: Sequence[Hit], library: LibraryReader, nearness: float
) -> tuple[list[Hit], Matrix]:
    """Returns hits best first, scores in [0, 1], and their vectors, ``(n, d)`` of unit length.

    Args:
        hits: Best first; those without a vector are left out.
        library: Whose papers they are.
        nearness: As in ``Breadth``.
    """
    read = [(hit, library.searcher.paper_vector(hit.paper)) for hit in hits]
    kept = [(hit, vector) for hit, vector in read if vector is not None]
    if not kept:
        return [], np.empty((0, 0), np.float32)
    vectors = np.stack([vector for _, vector in kept])
    scores = np.array([hit.score for hit, _ in kept], np.float32)
    middle = (scores[:TOP, None] * vectors[:TOP]).sum(axis=0)
    near = scale_to_unit(list(vectors @ middle))
    mixed = (scores + nearness * near) / (1 + nearness)
    order = np.argsort(-mixed, kind="stable")
    ordered = [replace(kept[i][0], score=float(mixed[i])) for i in order]
    return ordered, vectors[order]
