"""Wide questions: the order of the papers that a list or an overview is made of.

What a few papers at the top have in common is what the question is about; the others are ordered
by how near they are to that, beside their own match with the question.

Source: relevance feedback, Rocchio 1971, here from what was found rather than from a reader.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from footnote.index.embeddings.base import Matrix
from footnote.index.library import Library
from footnote.index.models import Hit
from footnote.rag.retrieval.hybrid import scale_to_unit

# Papers at the top whose middle is taken, and what nearness to it counts for beside the match.
TOP, NEARNESS = 5, 1.0


def order_wide(hits: Sequence[Hit], library: Library) -> tuple[list[Hit], Matrix]:
    """Returns hits best first, scores in [0, 1], and their vectors, ``(n, d)`` of unit length.

    Args:
        hits: Best first; those without a vector are left out.
        library: Whose papers they are.
    """
    read = [(hit, library.searcher.paper_vector(hit.paper)) for hit in hits]
    kept = [(hit, vector) for hit, vector in read if vector is not None]
    if not kept:
        return [], np.empty((0, 0), np.float32)
    vectors = np.stack([vector for _, vector in kept])
    scores = np.array([hit.score for hit, _ in kept], np.float32)
    middle = (scores[:TOP, None] * vectors[:TOP]).sum(axis=0)
    near = scale_to_unit(list(vectors @ middle))
    mixed = (scores + NEARNESS * near) / (1 + NEARNESS)
    order = np.argsort(-mixed, kind="stable")
    ordered = [replace(kept[i][0], score=float(mixed[i])) for i in order]
    return ordered, vectors[order]
