"""LlamaIndex's node postprocessors, such as rerankers, over the papers that were found."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from footnote.index.models import Hit
from footnote.index.search.vector_store import paper_node

_log = logging.getLogger(__name__)


def hit_node(hit: Hit) -> NodeWithScore:
    """Returns a hit as LlamaIndex knows it; the paper's record travels in the metadata."""
    passage = (hit.passage.start, hit.passage.end)
    node = paper_node(hit.paper, [passage], {"scale": hit.scale})
    return NodeWithScore(node=node, score=hit.score)


def postprocess(
    postprocessors: Sequence[BaseNodePostprocessor], query: str, hits: Sequence[Hit]
) -> tuple[list[Hit], str | None]:
    """Returns the hits that postprocessors leave, in their order, and why one was skipped, if so.

    Where they change scores, these are spread between 0 for the lowest and 1 for the highest,
    on the scale ``reranked``; where they only leave hits out, scores stay as they are.
    """
    known = {hit.paper.id: hit for hit in hits}
    nodes, notes = [hit_node(hit) for hit in hits], []
    for postprocessor in postprocessors:
        try:
            nodes = postprocessor.postprocess_nodes(list(nodes), query_bundle=QueryBundle(query))
        # Each has errors of its own; whatever it fails with, the order before it stays.
        except Exception as error:
            name = type(postprocessor).__name__
            _log.warning("%s failed", name, exc_info=error)
            notes.append(f"{name} failed ({type(error).__name__}); papers are ordered without it")
    scored = {str(node.node.metadata.get("paper_id")): node.score for node in nodes}
    left = {paper: score for paper, score in scored.items() if paper in known}
    if any(score != known[paper].score for paper, score in left.items()):
        return _reranked(left, known), "; ".join(notes) or None
    ordered = [replace(known[paper], rank=n) for n, paper in enumerate(left, 1)]
    return ordered, "; ".join(notes) or None


def _reranked(scores: dict[str, float | None], known: dict[str, Hit]) -> list[Hit]:
    """Returns hits with the scores that they were given, spread; by their places without any."""
    given = [score for score in scores.values() if score is not None]
    if len(given) < len(scores):
        given = [float(-place) for place in range(len(scores))]
    lowest, width = min(given), max(given) - min(given)
    return [
        replace(
            known[paper],
            score=(score - lowest) / width if width else 1.0,
            rank=rank,
            scale="reranked",
        )
        for rank, (paper, score) in enumerate(zip(scores, given, strict=True), 1)
    ]
