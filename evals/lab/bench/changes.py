"""What a change to a library costs, at several sizes, beyond embedding.

    python -m footnote.evals.lab.bench.changes [--sizes 512,10000,100000] [--folder DIR]
    python -m footnote.evals.lab.bench.changes --library DIR     # one that is there, as it is

Papers are made of the demo's sentences (``big_library``). Their vectors are SYNTHETIC: drawn by
chance from each text, so that nothing is embedded and what is left is storage. One library grows
from size to size. At each size it is folded; then one paper is added, found, removed and put back,
seven times, and medians are printed. ``bare`` is Chroma's client alone, with the same passages
added to one that has as many as the one that was folded into had, as many at once. ``where`` is
Chroma's own filter over the same collection. The process is fresh at each size, and its peak of
memory is that of all but growing.

A library of the bundled model, such as ``million`` makes, can be given too: then what is added is
embedded beforehand, and its tokens are stored as well.
"""

import argparse
import gc
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import chromadb
import numpy as np

from footnote.evals.lab.bench.big_library import make_papers
from footnote.evals.lab.bench.subprocesses import apart, milliseconds, p50_p95
from footnote.evals.lab.bench.truth import Remembering
from footnote.index.demo import demo_papers
from footnote.index.embeddings.minilm_graph import MODEL_NAME
from footnote.index.embeddings.protocols import Matrix
from footnote.index.library import CATALOG, SNAPSHOTS, Filters, Library
from footnote.index.models import Paper, make_paper
from footnote.index.readers.gathering import read_sources
from footnote.index.search.chroma import COLLECTION, HNSW
from footnote.index.search.fold import rows_at_once
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.pipeline import embedded_text

ROUNDS, ASKED = 7, 50
SINCE = 2020
HEAD = (
    f"{'papers':>9s}{'stored/s':>10s}{'folded/s':>10s}{'bare/s':>8s}{'kB/paper':>10s}"
    f"{'open ms':>9s}{'add ms':>8s}{'remove':>8s}{'put back':>10s}{'search p50, p95':>18s}"
    f"{'since 2020':>18s}{'where p50':>11s}{'MB':>7s}"
)


class Synthetic:
    """Vectors drawn by chance from each text: the same text has the same vector."""

    name, dimensions = "synthetic", 384

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, 384)`` float32, rows of unit length."""
        rows = [
            np.random.default_rng(zlib.crc32(text.encode())).standard_normal(self.dimensions)
            for text in texts
        ]
        vectors = np.array(rows, np.float32).reshape(len(texts), self.dimensions)
        unit: Matrix = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


class Told(Synthetic):
    """Says when it is first asked."""

    def __init__(self, asked: Callable[[], None]) -> None:
        """Takes what is called each time."""
        self._asked = asked

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns what ``Synthetic`` does."""
        self._asked()
        return super().embed(texts)


def embedder_of(folder: Path) -> Synthetic | Remembering:
    """Returns what a library's vectors are made by."""
    with closing(Catalog(folder / CATALOG)) as catalog:
        return Remembering() if catalog.meta("embedder") == MODEL_NAME else Synthetic()


def papers(first: int, last: int) -> Iterator[Paper]:
    """Yields the papers of these places among all that can be made."""
    known = read_sources([demo_papers()]).papers
    return islice(make_papers(known, last), first, last)


def grow(folder: Path, first: int, last: int) -> tuple[float, float]:
    """Adds papers and folds.

    Returns:
        Papers a second into catalog and words, where they can be found, and passages a second
        into the collection.
    """
    more = list(papers(first, last))
    # An import reads its file as it goes, and has no such list to be looked through.
    gc.freeze()
    with Library.open(folder, embedder=Synthetic(), create=True) as library:
        began = time.perf_counter()
        stored: list[float] = []
        # The first batch that is embedded tells that all are stored.
        library.embedder = Told(lambda: stored.append(time.perf_counter() - began))
        library.add(more, fold=False)
        before = sum(library._catalog.backlog.count_unfolded())
        folded = milliseconds(lambda: library.fold(always=True)) / 1000
    return len(more) / stored[0], before / folded


def bare(folder: Path, first: int) -> float:
    """Returns how many passages a second go into a collection by Chroma's client alone.

    Args:
        folder: A library, whose passages with all that its collection has of them are taken.
        first: Passages that the collection has before it is timed, as a fold's has.
    """
    with Library.open(folder, embedder=embedder_of(folder)) as library:
        numbers, vectors = library._catalog.vectors.read(library._catalog.passages.numbers())
        found = library.searcher.fold.read_rows(numbers)
    ids, rows = list(map(str, numbers)), [found[n] for n in numbers]
    with tempfile.TemporaryDirectory() as other:
        collection = chromadb.PersistentClient(other).create_collection(
            COLLECTION, embedding_function=None, configuration={"hnsw": HNSW}
        )
        began, size = time.perf_counter(), rows_at_once(len(ids))
        for at in range(0, len(ids), size):
            part = slice(at, at + size)
            if at <= first:
                began, since = time.perf_counter(), at
            texts, metadata = zip(*rows[part], strict=True)
            collection.add(ids[part], vectors[part], list(metadata), list(texts))
        return (len(ids) - since) / (time.perf_counter() - began)


def change(folder: Path) -> dict[str, Any]:
    """Returns the milliseconds of each change and search, and the bytes of a paper."""
    opened: list[Library] = []
    found: dict[str, Any] = {"add": [], "remove": [], "restore": []}
    new = [
        make_paper(f"A new tide {n}", f"The tide number {n} is new. " * 8) for n in range(ROUNDS)
    ]
    questions = [f"question {n} of the tide" for n in range(ASKED + 1)]
    embedder = embedder_of(folder)
    vectors = embedder.embed([*questions, *(embedded_text(one) for one in new)])[: len(questions)]
    found["open"] = milliseconds(lambda: opened.append(Library.open(folder, embedder=embedder)))
    with opened[0] as library:
        found["papers"] = library.size
        found["bytes"] = library.status().bytes / library.size
        for one in new:
            found["add"].append(milliseconds(lambda one=one: library.add([one], fold=False)))  # type: ignore[misc]
            assert library.search(one.title, k=1, by="bm25")[0].paper.id == one.id
            found["remove"].append(milliseconds(lambda one=one: library.remove([one.id])))  # type: ignore[misc]
            last = library.removals()[0].number
            found["restore"].append(milliseconds(lambda last=last: library.restore(last)))  # type: ignore[misc]
            library.remove([one.id])
        for name, filters in (("search", Filters()), ("since", Filters(since=SINCE))):
            times = [
                milliseconds(
                    lambda v=v, f=filters: library.searcher.rank_by_vector(v, k=50, filters=f)  # type: ignore[misc]
                )
                for v in vectors
            ]
            # The first pays for loading.
            found[name] = times[1:]
    return found


def where(folder: Path) -> float:
    """Returns the median milliseconds of Chroma's own filter by year over the collection."""
    newest = max((folder / SNAPSHOTS).iterdir(), key=lambda at: at.stat().st_mtime)
    client = chromadb.PersistentClient(str(newest / "vectors"))
    collection = client.get_collection(COLLECTION, embedding_function=None)
    since: Any = {"year": {"$gte": SINCE}}
    times = [
        milliseconds(
            lambda v=v: collection.query(  # type: ignore[misc]
                query_embeddings=v[None], n_results=50, where=since, include=[]
            )
        )
        for v in embedder_of(folder).embed([f"question {n}" for n in range(21)])
    ]
    return median(times[1:])


def main() -> None:
    """Prints a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="512,10000,100000", help="in papers, rising")
    parser.add_argument("--folder", type=Path, help="where to grow the library, and keep it")
    parser.add_argument("--library", type=Path, help="measure this one, without growing it")
    options = parser.parse_args()
    if options.library:
        print(f"vectors of {embedder_of(options.library).name}\n{HEAD}", flush=True)
        print(line(options.library), flush=True)
        return
    print("synthetic vectors\n" + HEAD, flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)) / "library"
        size = 0
        for wanted in map(int, options.sizes.split(",")):
            print(line(folder, size, wanted), flush=True)
            size = wanted


def count_passages(folder: Path) -> int:
    """Returns how many passages a library has; 0 where there is none."""
    if not (folder / CATALOG).is_file():
        return 0
    with closing(Catalog(folder / CATALOG)) as catalog:
        return catalog.passages.count()


def line(folder: Path, size: int | None = None, wanted: int = 0) -> str:
    """Returns the figures of a library, which is grown before if its present size is given."""
    at, grown = "footnote.evals.lab.bench.changes:", f"{'-':>10s}{'-':>10s}{'-':>8s}"
    if size is not None:
        before = count_passages(folder)
        (stored, folded), _ = apart(f"{at}grow", folder, size, wanted)
        alone, _ = apart(f"{at}bare", folder, before)
        grown = f"{stored:10.0f}{folded:10.0f}{alone:8.0f}"
    found, peak = apart(f"{at}change", folder)
    filtered, _ = apart(f"{at}where", folder)
    medians = [median(found[name]) for name in ("add", "remove", "restore")]
    searches = [", ".join(f"{t:.1f}" for t in p50_p95(found[k])) for k in ("search", "since")]
    return (
        f"{found['papers']:9d}{grown}{found['bytes'] / 1000:10.1f}"
        f"{found['open']:9.0f}{medians[0]:8.0f}{medians[1]:8.0f}{medians[2]:10.0f}"
        f"{searches[0]:>18s}{searches[1]:>18s}{filtered:11.1f}{peak:7.0f}"
    )


if __name__ == "__main__":
    main()
