"""Layout: the map of a library, with a position for each paper and named clusters.

Papers with similar abstracts are near each other, in clusters named by their most distinctive
words. Distances are meaningful within a cluster, less so across the map.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footnote.index.clusters.labels import label_clusters
from footnote.index.embeddings.protocols import Matrix

Numbers = NDArray[np.int64]

# Papers placed by t-SNE itself; more take long (python -m footnote.evals.lab.bench.map PATH).
SAMPLE = 2000
AXES = 50
NEIGHBOURS = 5
FEWEST, MOST = 4, 14
_SEED = 7
_STEPS = 500
_PERPLEXITY = 30
# If a paper's neighbours are this far apart, they are in different clusters: do not place it
# between.
_NEAR = 0.1
# Papers placed at once: (4000, 2000) distances take 32 MB.
_AT_ONCE = 4000
# Golden angle in radians: points turned by it do not overlap (Vogel 1979).
_TURN = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a cluster and its position on the map, both axes in [0, 1]."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, eq=False)
class LibraryMap:
    """The position of every paper of a library.

    Attributes:
        ids: Ids of the papers, in order of adding, as in all other attributes.
        titles: Titles of the papers.
        years: Years; None for a paper without one.
        positions: ``(n, 2)`` float32 in [0, 1].
        clusters: ``(n,)`` int64, indices into ``labels``.
        labels: One for each cluster.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    years: tuple[int | None, ...]
    positions: Matrix
    clusters: Numbers
    labels: tuple[Label, ...]


def sample_rows(count: int) -> list[int]:
    """Returns the indices of the papers that t-SNE places itself, ascending."""
    if count <= SAMPLE:
        return list(range(count))
    drawn = np.random.default_rng(_SEED).choice(count, SAMPLE, replace=False)
    return sorted(int(at) for at in drawn)


def draw_map(
    vectors: Matrix, sample: Sequence[int], texts: Sequence[str]
) -> tuple[Matrix, Numbers, list[Label]]:
    """Returns the positions ``(n, 2)``, the clusters ``(n,)`` and their labels.

    Args:
        vectors: ``(n, d)`` float32, one row for each paper.
        sample: Indices of the papers that t-SNE places; the others go beside these.
        texts: Title and abstract of each paper of the sample.
    """
    if not len(vectors):
        return np.empty((0, 2), np.float32), np.empty(0, np.int64), []
    reduced = _reduce_dimensions(vectors, vectors[sample])
    placed = _scale_to_frame(_spread_duplicates(_run_tsne(reduced[sample])))
    positions = placed
    if len(sample) < len(vectors):
        positions = place_beside(reduced, reduced[sample], placed)
        positions[sample] = placed
        positions = np.clip(_spread_duplicates(positions), 0, 1).astype(np.float32)
    centres = _centres(placed)
    clusters = nearest_of(positions, centres)
    called = label_clusters(texts, clusters[sample], len(centres))
    labels = [Label(name, float(x), float(y)) for name, (x, y) in zip(called, centres, strict=True)]
    return positions, clusters, labels


def nearest_of(positions: Matrix, centres: Matrix) -> Numbers:
    """Returns the index of the nearest centre to each position, ``(n,)``."""
    parts = [
        _distances(positions[at : at + _AT_ONCE], centres).argmin(axis=1)
        for at in range(0, len(positions), _AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _reduce_dimensions(vectors: Matrix, sample: Matrix) -> Matrix:
    """Returns the vectors on the widest axes of the sample, ``(n, AXES)`` or fewer."""
    centre = sample.mean(axis=0)
    spread = sample - centre
    _, axes = np.linalg.eigh(spread.T @ spread)
    reduced: Matrix = ((vectors - centre) @ axes[:, ::-1][:, :AXES]).astype(np.float32)
    return reduced


def _run_tsne(reduced: Matrix) -> Matrix:
    """Returns positions in the plane ``(n, 2)``, similar papers near each other.

    Source: t-SNE, van der Maaten and Hinton 2008; started from the two widest axes, which keeps the
    global structure, Kobak and Berens 2019, "The art of using t-SNE for single-cell
    transcriptomics" (scikit-learn calls it ``init="pca"``; theirs divides by 0 if all papers are
    equal).
    """
    width = float(reduced[:, 0].std())
    if width < 1e-6:
        return np.zeros((len(reduced), 2), np.float32)
    start = (reduced[:, :2] / width).astype(np.float32)
    if len(reduced) < 5:
        return start
    # Slow to import: only a library that is drawn pays for it.
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(_PERPLEXITY, (len(reduced) - 1) / 3)
    # Its threads busy-wait for each other: on two busy cores 512 papers took 7.0 s with two threads
    # and 1.7 with one, which also gives the same map each time.
    with threadpool_limits(1):
        tsne = TSNE(perplexity=perplexity, init=start * 1e-4, max_iter=_STEPS, random_state=_SEED)
        placed: Matrix = tsne.fit_transform(reduced)
    return placed


def _spread_duplicates(places: Matrix) -> Matrix:
    """Returns the positions, with those that coincide moved slightly apart."""
    width = float(np.ptp(places, axis=0).max()) or 1.0
    _, first, group = np.unique(
        np.round(places / width, 4), axis=0, return_index=True, return_inverse=True
    )
    moved, met = places.copy(), Counter[int]()
    for at, of in enumerate(group.ravel().tolist()):
        turn = met[of]
        met[of] += 1
        if at != first[of]:
            reach = 0.004 * width * math.sqrt(turn)
            moved[at] += (reach * math.cos(turn * _TURN), reach * math.sin(turn * _TURN))
    return moved


def _scale_to_frame(places: Matrix) -> Matrix:
    """Returns the positions with each axis scaled to [0, 1]; an axis without width becomes .5."""
    low, width = places.min(axis=0), np.ptp(places, axis=0)
    framed = np.where(width > 1e-9, (places - low) / np.where(width > 1e-9, width, 1), 0.5)
    return framed.astype(np.float32)


def _distances(some: Matrix, others: Matrix) -> Matrix:
    """Returns the squared distance of each row to each of the others."""
    lengths = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    squares: Matrix = (lengths - 2 * some @ others.T).clip(0)
    return squares


def place_beside(reduced: Matrix, sample: Matrix, placed: Matrix) -> Matrix:
    """Returns a position for each paper: the weighted mean of its nearest in the sample.

    Args:
        reduced: ``(n, d)``, a row for each paper to be placed.
        sample: ``(m, d)``, papers that are placed, at least one.
        placed: ``(m, 2)``, where they are.
    """
    found, count = [], min(NEIGHBOURS, len(sample))
    for at in range(0, len(reduced), _AT_ONCE):
        squares = _distances(reduced[at : at + _AT_ONCE], sample)
        near = np.argpartition(squares, count - 1, axis=1)[:, :count]
        squares = np.take_along_axis(squares, near, axis=1)
        nearest = np.take_along_axis(near, squares.argmin(axis=1)[:, None], axis=1)
        off = np.linalg.norm(placed[near] - placed[nearest], axis=2)
        weights = np.where(off < _NEAR, 1 / (squares + 1e-6), 0)
        weights /= weights.sum(axis=1, keepdims=True)
        found.append((weights[:, :, None] * placed[near]).sum(axis=1))
    return np.concatenate(found).astype(np.float32)


def _centres(placed: Matrix) -> Matrix:
    """Returns the centre of each cluster, ``(c, 2)``."""
    count = min(round(math.sqrt(len(placed)) / 2), MOST)
    distinct = len(np.unique(placed, axis=0))
    # A cluster needs at least four papers to have words in common.
    count = min(max(count, FEWEST), max(1, distinct // 4))
    if count == 1:
        middle: Matrix = placed.mean(axis=0, keepdims=True)
        return middle
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    kmeans = KMeans(count, n_init=5, random_state=_SEED)
    with threadpool_limits(1):
        kmeans.fit(placed)
    # A paper alone is no cluster: what it is called would be chance. It joins the nearest.
    shared = np.bincount(kmeans.labels_, minlength=count) > 1
    centres: Matrix = kmeans.cluster_centers_[shared]
    return centres
