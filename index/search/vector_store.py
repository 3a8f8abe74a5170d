"""A library as LlamaIndex sees it: its nodes, and a vector store over it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import BaseNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)

from footnote.index import LibraryError
from footnote.index.embeddings.adapters import as_embed_model
from footnote.index.library import EVERYTHING, Filters, Library
from footnote.index.models import Paper, Span

# What a program needs of a node's metadata and a language model does not.
_FOR_PROGRAMS = ["paper_id", "start", "end", "spans", "marker", "verdict", "scale"]


def paper_node(paper: Paper, spans: Sequence[Span], more: Mapping[str, Any]) -> TextNode:
    """Returns spans of a paper's abstract as a node, one a line.

    The paper's record travels in the metadata; its id is that of the document that the node is of.

    Args:
        paper: Whose abstract.
        spans: In characters; a single one is in the metadata as ``start`` and ``end``.
        more: Metadata beside the paper's own.
    """
    places = dict(zip(("start", "end"), spans[0], strict=True)) if len(spans) == 1 else {}
    return TextNode(
        id_=f"{paper.id}#{','.join(f'{first}-{last}' for first, last in spans)}",
        text="\n".join(paper.abstract[first:last] for first, last in spans),
        start_char_idx=places.get("start"),
        end_char_idx=places.get("end"),
        metadata={
            "paper_id": paper.id,
            "title": paper.title,
            "authors": ", ".join(paper.authors),
            "year": paper.year,
            "url": paper.url,
            **places,
            **more,
        },
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=paper.id)},
        excluded_embed_metadata_keys=_FOR_PROGRAMS,
        excluded_llm_metadata_keys=_FOR_PROGRAMS,
    )


class LibraryVectorStore(BasePydanticVectorStore):
    """A library as a vector store of LlamaIndex's: each paper is found by its best passage.

    Give the index ``embed_model=store.embed_model``, so that it embeds queries as the library
    does. Scores are cosines. Filters may be on ``year``, ``paper_id``, ``venue``, ``author`` and
    ``source``, all of which must hold.
    """

    stores_text: bool = True
    _library: Library = PrivateAttr()

    def __init__(self, library: Library) -> None:
        """Takes the library, which stays open as long as the store is used."""
        super().__init__(stores_text=True)
        self._library = library

    @property
    def client(self) -> Library:
        """The library."""
        return self._library

    @property
    def embed_model(self) -> BaseEmbedding:
        """The library's embedder, as LlamaIndex takes it."""
        return as_embed_model(self._library.embedder)

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Returns the nodes of the papers nearest to a vector, best first.

        Raises:
            LibraryError: The mode, or a filter, is not one of those above.
        """
        if query.mode != VectorStoreQueryMode.DEFAULT or query.query_embedding is None:
            raise LibraryError(
                f"a library is searched by a vector, not in mode {query.mode.value!r}; "
                "for words and vectors together use footnote.rag's HybridRetriever"
            )
        vector = np.array(query.query_embedding, np.float32)
        vector /= np.linalg.norm(vector) or 1
        ranked = self._library.searcher.rank_by_vector(
            vector, k=query.similarity_top_k, filters=_of_query(query)
        )
        hits = self._library.searcher.hits(ranked, "cosine")
        nodes = [
            paper_node(hit.paper, [(hit.passage.start, hit.passage.end)], {"scale": hit.scale})
            for hit in hits
        ]
        return VectorStoreQueryResult(
            nodes=nodes, similarities=[hit.score for hit in hits], ids=[n.node_id for n in nodes]
        )

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Returns what ``query`` returns, without blocking."""
        return await asyncio.to_thread(self.query, query, **kwargs)

    def add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """Refuses nodes: a library cuts and embeds papers itself.

        Raises:
            LibraryError: There are nodes.
        """
        if nodes:
            raise LibraryError("a library stores papers, not nodes; add papers with Library.add")
        return []

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Removes a paper from the library.

        Raises:
            LibraryError: The library has no such paper.
            LibraryLocked: Another process is writing.
        """
        self._library.remove([ref_doc_id])

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Removes a paper as ``delete`` does, without blocking."""
        await asyncio.to_thread(self.delete, ref_doc_id, **delete_kwargs)


def _of_query(query: VectorStoreQuery) -> Filters:
    filters = EVERYTHING if query.filters is None else _merge(_filters_of(query.filters))
    nodes = [node.rpartition("#")[0] for node in query.node_ids or ()]
    for papers in filter(None, (query.doc_ids, nodes)):
        filters = _merge([filters, Filters(papers=frozenset(papers))])
    return filters


def _filters_of(filters: MetadataFilters) -> Iterator[Filters]:
    """Yields our filter for each of theirs."""
    if filters.condition != FilterCondition.AND and len(filters.filters) > 1:
        raise LibraryError("filters of a library are combined with 'and'; give condition 'and'")
    if filters.condition == FilterCondition.NOT:
        raise LibraryError("filters of a library are combined with 'and'; 'not' is not supported")
    for one in filters.filters:
        if isinstance(one, MetadataFilters):
            yield from _filters_of(one)
        else:
            yield _filter_of(one)


def _filter_of(one: MetadataFilter) -> Filters:
    key, value, operator = one.key, one.value, one.operator
    if key == "year" and isinstance(value, int):
        match operator:
            case FilterOperator.EQ:
                return Filters(since=value, until=value)
            case FilterOperator.GTE | FilterOperator.GT:
                return Filters(since=value + (operator == FilterOperator.GT))
            case FilterOperator.LTE | FilterOperator.LT:
                return Filters(until=value - (operator == FilterOperator.LT))
    elif key == "paper_id" and operator == FilterOperator.IN and isinstance(value, list):
        return Filters(papers=frozenset(map(str, value)))
    elif isinstance(value, str) and operator == FilterOperator.EQ:
        match key:
            case "paper_id":
                return Filters(papers=frozenset([value]))
            case "venue":
                return Filters(venue=value)
            case "author":
                return Filters(author=value)
            case "source":
                return Filters(source=value)
    raise LibraryError(
        f"a library has no filter {key} {operator.value} {value!r}; use year with ==, <, <=, "
        "> and >=, paper_id with == and in, and venue, author and source with =="
    )


def _merge(filters: Iterable[Filters]) -> Filters:
    """Returns filters as one that admits what all of them admit."""
    merged = EVERYTHING
    for one in filters:
        since = [year for year in (merged.since, one.since) if year is not None]
        until = [year for year in (merged.until, one.until) if year is not None]
        sets = [papers for papers in (merged.papers, one.papers) if papers is not None]
        for kind, name in one.names.items():
            if merged.names.get(kind, name) != name:
                raise LibraryError(f"a library accepts one {kind} filter, not two")
        merged = replace(
            one,
            since=max(since, default=None),
            until=min(until, default=None),
            papers=frozenset.intersection(*sets) if sets else None,
            venue=one.venue or merged.venue,
            author=one.author or merged.author,
            source=one.source or merged.source,
        )
    return merged
