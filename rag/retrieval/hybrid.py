"""HybridRetriever: fuse vector and word search for each paper, then rerank the best.

Fusion is a convex combination of the two scores, each scaled to [0, 1]: the cosine between the
lowest and the highest of its hundred best, BM25 between 0 and its best. The best papers are then
matched with the question token by token (``match``), which is finer than one vector for a passage,
and the match is added to the fused score.

Source: convex combination after normalising, Bruch, Gai and Ingber 2023, "An Analysis of
Fusion Functions for Hybrid Retrieval" (arXiv:2210.11934).
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from footnote.index.embeddings.protocols import Matrix, TokenEmbedding
from footnote.index.library import EVERYTHING, Filters, LibraryReader, Ranked
from footnote.index.models import Hit, Paper
from footnote.index.search.chroma import UnusableCollection
from footnote.rag.answer import ReadPaper
from footnote.rag.query.kinds.decision import has_words, names_own_topic, stands_alone
from footnote.rag.query.question import Question
from footnote.rag.query.rewrite import rewrite_question
from footnote.rag.retrieval.injection.detector import asks_about_orders, find_orders
from footnote.rag.retrieval.late_interaction import EMBEDDED, Matcher, QueryTokens, TokenMatch
from footnote.rag.retrieval.reranking.postprocess import hit_node, postprocess
from footnote.rag.retrieval.reranking.rerank import Reranker, rerank

_log = logging.getLogger(__name__)

# Papers taken from each ranking before fusing.
POOL = 100
# Papers matched token by token.
MATCHED = 50
# Maximum passes over the best papers to remove orders; each pass may bring up new papers.
ROUNDS = 4
# A question whose nearest passage has a lower cosine names no topic of its own. At .25 all of the
# 12 follow-ups of daily_papers_dev find their paper in the first 5, at 0 .917; from .3 on, the old
# topic affects questions with a new one (command: python -m footnote.evals.lab.bench.conversation).
STANDS_ALONE = 0.25
# A short question that is whole by its words is asked alone if a passage is as near as this.
NEAR_ALONE = 0.35


@dataclass(frozen=True, slots=True)
class Fusion:
    """How several rankings become one; ``footnote.evals.lab.bench.fusion`` chose each weight.

    Attributes:
        dense_weight: Share of the cosine in the fused score; the rest is BM25's.
        match: Weight of the whole paper's match, added to the fused score.
        sentence: Weight of its best sentence's match.
    """

    dense_weight: float = 0.5
    match: float = 1.0
    sentence: float = 0.5

    def fuse(self, dense: Sequence[Ranked], words: Sequence[Ranked]) -> list[Ranked]:
        """Returns every paper in either ranking, best first, with scores in [0, 1]."""
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
        return sorted(fused, key=lambda r: (-r.score, r.paper))


@dataclass(frozen=True, slots=True)
class RetrievalResult:
    """What was found for a question.

    Attributes:
        question: The text that was searched for.
        hits: Papers, best first, with scores on the scale ``fused`` or ``reranked``.
        cosine: Cosine of the nearest passage.
        asked: The question as it was matched.
        matches: Matches of the best hits, by paper id.
        first: Id of the best paper before reranking, which decides about refusing.
        note: Why words alone were searched, or a reranker did not order the hits.
    """

    question: Question
    hits: list[Hit]
    cosine: float
    asked: QueryTokens
    matches: dict[str, TokenMatch]
    first: str | None = None
    note: str | None = None

    def read(self, papers: Collection[str], most: int) -> tuple[ReadPaper, ...]:
        """Returns the best matched hits among some papers, for the receipt.

        Args:
            papers: Their ids; where there are none, of all hits.
            most: Hits at most.
        """
        return tuple(
            ReadPaper(hit.paper.id, hit.paper.title, hit.score, self.matches[hit.paper.id].paper)
            for hit in [hit for hit in self.hits if not papers or hit.paper.id in papers][:most]
            if hit.paper.id in self.matches
        )


@dataclass(frozen=True, slots=True)
class _Searched:
    reading: TokenEmbedding
    fused: list[Ranked]
    cosine: float
    note: str | None = None


class HybridRetriever(BaseRetriever):
    """A LlamaIndex retriever over a Library; returns one passage node for each paper."""

    def __init__(
        self,
        library: LibraryReader,
        *,
        k: int = 20,
        fusion: Fusion | None = None,
        reranker: Reranker | None = None,
        node_postprocessors: Sequence[BaseNodePostprocessor] = (),
    ) -> None:
        """Takes the library to search, how many papers to return, and an optional reranker.

        Args:
            library: Where to search.
            k: Papers to return.
            fusion: The default weights when not given.
            reranker: Orders the best hits.
            node_postprocessors: LlamaIndex's, applied in order to the result.
        """
        super().__init__()
        self.library = library
        self.k = k
        self.fusion = fusion or Fusion()
        self.reranker = reranker
        self.node_postprocessors = node_postprocessors
        self._matcher = Matcher(library)
        self._told = ""

    def search(
        self, query: str, *, k: int | None = None, filters: Filters = EVERYTHING
    ) -> list[Hit]:
        """Returns up to ``k`` papers, best first."""
        return self.find(Question(query), k=k, filters=filters).hits

    def find(
        self, question: Question, *, k: int | None = None, filters: Filters = EVERYTHING
    ) -> RetrievalResult:
        """Returns up to ``k`` papers, best first, and how the best of them match.

        A follow-up is searched together with its conversation. So is a question that does not look
        like one but names no topic of its own and finds nothing near when searched alone. A short
        one that is whole, and finds something near alone, is not.
        """
        count = max(0, k or self.k)
        question, searched = self._search_with_conversation(question, count, filters)
        asked = self._matcher.ask(searched.reading, question)
        hits = self.library.searcher.hits(searched.fused[: max(MATCHED, count)], "fused")
        matches = self._matcher.matches(asked, hits[:MATCHED])
        ordered = self._order_hits(hits, matches)
        if not asks_about_orders(question.wording):
            ordered = self._match_without_orders(asked, hits, matches, ordered)
        first = ordered[0].paper.id if ordered else None
        notes = [searched.note]
        if self.reranker is not None:
            ordered, unranked = rerank(self.reranker, question.query, ordered)
            notes.append(unranked)
        if self.node_postprocessors:
            ordered, skipped = postprocess(
                self.node_postprocessors, question.query, ordered[:count]
            )
            notes.append(skipped)
        note = "; ".join(filter(None, notes)) or None
        if self.reranker is not None or self.node_postprocessors:
            # If sentences are embedded, embed only those of the previously best papers.
            new = [hit for hit in ordered[:EMBEDDED] if hit.paper.id not in matches]
            matches |= self._matcher.matches(asked, new)
        return RetrievalResult(
            question, ordered[:count], searched.cosine, asked, matches, first, note
        )

    def find_all(
        self,
        question: Question,
        queries: Sequence[str],
        *,
        k: int | None = None,
        filters: Filters = EVERYTHING,
    ) -> RetrievalResult:
        """Returns up to ``k`` papers for several wordings of a question, fused by rank.

        Args:
            question: As ``find`` takes it; its own papers count like those of a query.
            queries: Other wordings, in English.
            k: Papers to return.
            filters: Which papers may be found.
        """
        own = self.find(question, k=k, filters=filters)
        others = [self.find(Question(query), k=k, filters=filters) for query in queries]
        return fuse_results(own, others, k=k or self.k)

    def _search_with_conversation(
        self, question: Question, count: int, filters: Filters
    ) -> tuple[Question, _Searched]:
        """Returns a question as it was searched for, alone or with its conversation."""
        question = rewrite_question(question, self.library)
        if not question.topic:
            return question, self._search(question.query, count, filters)
        if not has_words(question.wording, self.library):
            question = replace(question, topic="", answered="", is_follow_up=False)
            return question, self._search(question.query, count, filters)
        whole = stands_alone(question.wording, self.library)
        if whole or not question.is_follow_up:
            alone = self._search(question.wording, count, filters)
            if question.is_follow_up:
                goes_on = alone.cosine < NEAR_ALONE
            else:
                far = alone.cosine < STANDS_ALONE
                goes_on = far and not names_own_topic(question.wording, self.library)
            if not goes_on:
                return replace(question, is_follow_up=False), alone
        question = question.as_follow_up()
        return question, self._search(question.query, count, filters)

    def _search(self, query: str, count: int, filters: Filters) -> _Searched:
        reading = self._matcher.read(query)
        pool, searcher, note = max(POOL, count), self.library.searcher, None
        words = searcher.rank_by_words(query, k=pool, filters=filters)
        try:
            dense = searcher.rank_by_vector(reading.vector, k=pool, filters=filters)
        except UnusableCollection as error:
            self._tell(str(error))
            note = f"searched by words alone: {error.brief}"
            dense = searcher.rank_among(reading.vector, [r.paper for r in words])
        cosine = max((r.score for r in dense), default=0.0)
        return _Searched(reading, self.fusion.fuse(dense, words), cosine, note)

    def _tell(self, fault: str) -> None:
        """Logs a fault once, with what a reader of an answer need not know."""
        if fault != self._told:
            _log.warning("%s", fault)
        self._told = fault

    def _match_without_orders(
        self,
        asked: QueryTokens,
        hits: Sequence[Hit],
        matches: dict[str, TokenMatch],
        ordered: list[Hit],
    ) -> list[Hit]:
        """Returns the hits ranked without the sentences of the best ones that give orders.

        A sentence that is never quoted must not raise its paper's rank or make a question look
        answerable. Updates ``matches`` as well.
        """
        for _ in range(ROUNDS):
            best = [hit for hit in ordered[:EMBEDDED] if hit.paper.id in matches]
            held = {hit.paper.id: self._find_orders(hit.paper) for hit in best}
            told = [
                hit
                for hit in best
                if not held[hit.paper.id].isdisjoint(matches[hit.paper.id].sentences)
            ]
            if not told:
                break
            matches |= self._matcher.matches(asked, told, without=held)
            ordered = self._order_hits(hits, matches)
        return ordered

    def _find_orders(self, paper: Paper) -> frozenset[int]:
        return find_orders(paper.abstract, tuple(self.library.sentences(paper)))

    def _order_hits(self, fused: Sequence[Hit], matches: Mapping[str, TokenMatch]) -> list[Hit]:
        """Returns the hits ordered by fused score plus match, then those not matched."""
        if not matches:
            return list(fused)
        best = fused[: len(matches)]
        found = [matches[hit.paper.id] for hit in best]
        scores = (
            scale_to_unit([hit.score for hit in best])
            + self.fusion.match * scale_to_unit([match.paper for match in found])
            + self.fusion.sentence * scale_to_unit([match.best for match in found])
        ) / (1 + self.fusion.match + self.fusion.sentence)
        # Scores that differ only by float32 noise are equal: then the id decides, so that repeating
        # a question gives the same order.
        told = [
            (-round(float(score), 6), hit.paper.id) for score, hit in zip(scores, best, strict=True)
        ]
        order = sorted(range(len(best)), key=told.__getitem__)
        ranked = [replace(best[i], score=float(scores[i])) for i in order]
        behind = [replace(hit, score=0.0) for hit in fused[len(best) :]]
        return [replace(hit, rank=rank) for rank, hit in enumerate([*ranked, *behind], 1)]

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [hit_node(hit) for hit in self.search(query_bundle.query_str)]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


# Behind so many ranks a place counts half. The source has 60, for long lists of one question; here
# the first papers of each part of a question must come before what all parts find somewhere.
_HALF_RANK = 10


def fuse_results(
    own: RetrievalResult, others: Sequence[RetrievalResult], *, k: int, depth: int | None = None
) -> RetrievalResult:
    """Returns the papers of a question and of other wordings of it, fused by rank.

    Args:
        own: What the question itself found.
        others: What the other wordings found.
        k: Papers to return.
        depth: Papers that each of them brings in; all where not given.
    """
    # What a question that finds nothing near brings up is not about it.
    near = [one for one in (own, *others) if one.cosine >= STANDS_ALONE] or [own]
    hits = fuse_ranks([one.hits[:depth] for one in near])[:k]
    matches = {
        paper: match for one in reversed([own, *others]) for paper, match in one.matches.items()
    }
    best = max((own, *others), key=lambda one: one.cosine)
    return replace(own, hits=hits, cosine=best.cosine, matches=matches)


def fuse_ranks(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Returns the hits of several rankings as one, scores in [0, 1], best first.

    Source: reciprocal rank fusion, Cormack, Clarke and Buettcher 2009.
    """
    scores: dict[str, float] = {}
    hits: dict[str, Hit] = {}
    for ranking in rankings:
        for place, hit in enumerate(ranking, 1):
            scores[hit.paper.id] = scores.get(hit.paper.id, 0.0) + 1 / (_HALF_RANK + place)
            hits.setdefault(hit.paper.id, hit)
    most = len(rankings) / (_HALF_RANK + 1)
    order = sorted(hits, key=lambda paper: (-scores[paper], hits[paper].rank, paper))
    return [
        replace(hits[paper], score=scores[paper] / most, rank=rank)
        for rank, paper in enumerate(order, 1)
    ]


def scale_to_unit(scores: Sequence[float]) -> Matrix:
    """Returns scores scaled from 0 (lowest) to 1 (highest); all 1 if they are equal."""
    values = np.array(scores, np.float32)
    if not len(values):
        return values
    width = float(np.ptp(values))
    return (values - values.min()) / width if width else np.ones_like(values)
