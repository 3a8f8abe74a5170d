"""HybridRetriever: papers by meaning and by words, fused per paper.

Fusion is a convex combination of the two scores, each brought to [0, 1]: the cosine
between the lowest and the highest of its hundred best, BM25 between nothing and its best.

Source: convex combination after normalising, Bruch, Gai and Ingber 2023, "An Analysis of
Fusion Functions for Hybrid Retrieval" (arXiv:2210.11934).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.library import EVERYTHING, Filters, Library, Ranked
from index.papers import Hit

# Papers taken from either side before fusing.
POOL = 100


@dataclass(frozen=True, slots=True)
class Fusion:
    """How two rankings become one.

    Attributes:
        dense_weight: Share of the cosine in the fused score, the rest being BM25's. The best
            of five on daily_papers_dev: nDCG@10 .772 (n=92), reciprocal-rank fusion .757
            (command: ``python -m evals.bench.fusion``).
    """

    dense_weight: float = 0.5

    def fuse(self, dense: Sequence[Ranked], words: Sequence[Ranked]) -> list[Ranked]:
        """Returns every paper of either ranking, best first, scores in [0, 1]."""
        cosine = {r.paper: r.score for r in dense}
        bm25 = {r.paper: r.score for r in words}
        lowest, highest = min(cosine.values(), default=0.0), max(cosine.values(), default=1.0)
        best = max(bm25.values(), default=1.0)
        spread = highest - lowest
        spans = {r.paper: r.span for r in (*words, *dense)}
        fused = [
            Ranked(
                paper,
                span,
                self.dense_weight
                * ((cosine.get(paper, lowest) - lowest) / spread if spread else 1.0)
                + (1 - self.dense_weight) * bm25.get(paper, 0.0) / best,
            )
            for paper, span in spans.items()
        ]
        return sorted(fused, key=lambda r: -r.score)


class HybridRetriever(BaseRetriever):
    """A LlamaIndex retriever over a Library; its nodes are passages, one a paper."""

    def __init__(self, library: Library, *, k: int = 20, fusion: Fusion | None = None) -> None:
        """Takes the library to search and how many papers to return."""
        super().__init__()
        self.library = library
        self.k = k
        self.fusion = fusion or Fusion()

    def search(
        self, query: str, *, k: int | None = None, filters: Filters = EVERYTHING
    ) -> list[Hit]:
        """Returns up to ``k`` papers, best first, scores on the scale ``fused``."""
        vector = self.library.embedder.embed([query])[0]
        pool = max(POOL, k or self.k)
        dense = self.library.rank_by_vector(vector, k=pool, filters=filters)
        words = self.library.rank_by_words(query, k=pool, filters=filters)
        return self.library.hits(self.fusion.fuse(dense, words)[: k or self.k], "fused")

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [hit_node(hit) for hit in self.search(query_bundle.query_str)]


def hit_node(hit: Hit) -> NodeWithScore:
    """Returns a hit as LlamaIndex knows it; the paper's record travels in the metadata."""
    paper, passage = hit.paper, hit.passage
    node = TextNode(
        id_=f"{paper.id}#{passage.start}-{passage.end}",
        text=paper.abstract[passage.start : passage.end],
        start_char_idx=passage.start,
        end_char_idx=passage.end,
        metadata={
            "paper_id": paper.id,
            "title": paper.title,
            "authors": ", ".join(paper.authors),
            "year": paper.year,
            "url": paper.url,
        },
    )
    return NodeWithScore(node=node, score=hit.score)
