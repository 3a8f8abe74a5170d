"""LlamaIndex's view of a library: its nodes."""

from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

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
