"""Postprocess: apply LlamaIndex node postprocessors, such as rerankers, to the hits."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from footnote.index.models import Hit
from footnote.index.search.vector_store import paper_node

_log = logging.getLogger(__name__)


def hit_node(hit: Hit) -> NodeWithScore:
    """Returns a hit as a LlamaIndex node, with the paper's record in its metadata."""
    passage = (hit.passage.start, hit.passage.end)
    node = paper_node(hit.paper, [passage], {"scale": hit.scale})
    return NodeWithScore(node=node, score=hit.score)


def postprocess(
    postprocessors: Sequence[BaseNodePostprocessor], query: str, hits: Sequence[Hit]
) -> tuple[list[Hit], str | None]:
    """Returns the hits after postprocessing, and why a postprocessor was skipped, if so.

    Changed scores are scaled from 0 (lowest) to 1 (highest), on the scale ``reranked``. If hits are
    only left out, scores stay as they are.
    """
    known = {hit.paper.id: hit for hit in hits}
    nodes, notes = [hit_node(hit) for hit in hits], []
    for postprocessor in postprocessors:
        try:
            nodes = postprocessor.postprocess_nodes(list(nodes), query_bundle=QueryBundle(query))
        # Each has its own errors; after any failure the previous order stays.
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
    """Returns hits with their new scores, scaled, or scored by position if there are none."""
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
