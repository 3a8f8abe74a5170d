"""Overview: what the library holds on a topic, in groups that their own words name."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from footnote.index.embeddings.base import Matrix
from footnote.index.models import Hit
from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers, name_topic
from footnote.rag.generation.forms.group_names import name_groups
from footnote.rag.generation.forms.listing import NEAR, read_rows
from footnote.rag.query.topic import find_topic
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.wide import Breadth, order_wide

BREADTH = Breadth(nearness=1.0, step=0.8, lowest=0.4, most=12)
FEWEST, MORE = 3, 12
# Papers of one group on average; so many groups at most.
OF_A_GROUP, MOST_GROUPS = 3, 4


def write(reading: Reading) -> Composed:
    """Writes three to five groups of papers, one finding each."""
    if reading.library is None:
        return Draft(()).finish()
    ordered, vectors = order_wide(reading.hits, reading.library, BREADTH.nearness)
    rows = read_rows(reading, ordered)
    shown = rows[: max(BREADTH.count([hit.score for hit, _ in rows]), FEWEST)]
    places = {hit.paper.id: n for n, hit in enumerate(ordered)}
    more = [hit.paper for hit, _ in rows[len(shown) :] if hit.score >= NEAR][:MORE]
    draft = Draft([sentence for _, sentence in shown])
    if not shown:
        return draft.finish()
    topic = name_topic(find_topic(reading.question.asked))
    groups = group_rows(shown, vectors[[places[hit.paper.id] for hit, _ in shown]], topic)
    told = f"{count_papers(len(shown))} on “{topic}”"
    draft.add(f"{told}, in {len(groups)} groups:" if len(groups) > 1 else f"{told}:")
    for name, group in groups:
        if len(groups) > 1:
            draft.add(f"### {name}")
        draft.add(*(draft.row(s.paper, draft.quote(s)) for _, s in group))
    return draft.finish(more=more)


Row = tuple[Hit, Sentence]


def group_rows(rows: Sequence[Row], vectors: Matrix, topic: str) -> list[tuple[str, list[Row]]]:
    """Returns rows in groups of papers that are alike, each with its name.

    Args:
        rows: Best first.
        vectors: Of their papers, ``(n, d)`` of unit length.
        topic: What they all are about, which is no name of a group.
    """
    count = min(MOST_GROUPS, len(rows) // OF_A_GROUP)
    if count < 2:
        return [("", list(rows))]
    clusters = cluster(vectors, count)
    texts = [f"{hit.paper.title}. {hit.paper.abstract}" for hit, _ in rows]
    names = name_groups(texts, clusters, topic)
    order = dict.fromkeys(clusters.tolist())
    return [
        (names[n], [row for row, c in zip(rows, clusters, strict=True) if c == n]) for n in order
    ]


def cluster(vectors: Matrix, count: int) -> NDArray[np.int64]:
    """Returns the cluster of each vector, ``(n,)``, of ``count`` clusters.

    Groups are joined, the two with the nearest members on average first, until so many are left;
    no group grows beyond half of all.

    Source: average linkage, Sokal and Michener 1958.
    """
    groups = [[n] for n in range(len(vectors))]
    alike = vectors @ vectors.T
    most = max(2, -(-len(vectors) // 2))
    while len(groups) > count:
        pairs = [
            (float(alike[np.ix_(a, b)].mean()), i, j)
            for i, a in enumerate(groups)
            for j, b in enumerate(groups[:i])
            if len(a) + len(b) <= most
        ]
        if not pairs:
            break
        _, i, j = max(pairs)
        groups[j] += groups.pop(i)
    clusters = np.zeros(len(vectors), np.int64)
    for number, group in enumerate(groups):
        clusters[group] = number
    return clusters
