"""How an answer's time grows with the library, up to a million papers, none of them embedded.

    python -m footnote.evals.lab.bench.million PATH --folder DIR [--sizes 10000,100000,1000000]
        [--split 10000:4] [--nice N]

The papers are made of the sentences of PATH: half of one abstract, then half of another's. Each
sentence is embedded once, with its tokens. A made paper's vector is COMPOSED: the mean of its
sentences' vectors; its tokens are theirs. So it lies where a real one would, and making a million
costs storage alone. Each size is a library of its own, grown from a copy of the one before; one
that is there already is used. ``--split`` makes the papers of one size again as so many shards.

Then the same questions are asked of all of them in turn, so that other work on the machine slows
each alike: about papers that stand in all of them. Prints what was made and how fast, and p50 and
p95 of an answer, by the clock and by the processor.
"""

import argparse
import os
import random
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count, islice, pairwise
from pathlib import Path

import numpy as np
from llama_index.core.bridge.pydantic import PrivateAttr

from footnote.evals.lab.bench.growth import draw
from footnote.evals.lab.bench.subprocesses import apart, milliseconds, p50_p95
from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import Matrix, TokenEmbedding
from footnote.index.library import CATALOG, Library, LibraryReader
from footnote.index.library.shards.library import ShardedLibrary
from footnote.index.models import Paper, make_paper
from footnote.index.readers.gathering import read_sources
from footnote.rag.engine import CitedQueryEngine

SEED = 7
# Papers whose sentences the others are made of.
KNOWN = 1_000
GROW = "footnote.evals.lab.bench.million:grow"
_ENDS, _MOST_PARTS = re.compile(r"(?<=[.?!]) "), 6
FIRST_YEAR, LAST_YEAR = 1994, 2025
HEAD = f"{'papers':>9s}{'passages':>10s}{'stored/s':>10s}{'minutes':>9s}{'disk GB':>9s}{'MB':>7s}"
ASKED = f"{'library':>16s}{'answer p50, p95 ms':>22s}{'processor p50, p95 ms':>24s}{'open ms':>9s}"


class ComposedReader(MiniLM):
    """Reads a text of known sentences without a model; what stands between them is left out."""

    _known: dict[str, TokenEmbedding] = PrivateAttr()

    def __init__(self, papers: Sequence[Paper]) -> None:
        """Embeds every sentence of these papers, each on its own."""
        super().__init__()
        texts = list(dict.fromkeys(text for paper in papers for text in sentences(paper)))
        self._known = dict(zip(texts, super().read(texts), strict=True))

    def read(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Returns a reading of each text, composed of those of its sentences."""
        return [self._compose(text) for text in texts]

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, 384)`` float32, the vectors of the readings."""
        return np.stack([one.vector for one in self.read(texts)])

    def _compose(self, text: str) -> TokenEmbedding:
        found: list[tuple[int, TokenEmbedding]] = []
        begun, at = list[str](), 0
        # A sentence may hold what ends one; the title, which comes first, is not known.
        for part in _ENDS.split(text):
            begun.append(part)
            whole = " ".join(begun)
            if known := self._known.get(whole):
                found.append((at, known))
            if known or len(begun) > _MOST_PARTS or at == 0:
                begun, at = [], at + len(whole) + 1
        if not found:
            return super().read([text])[0]
        total = np.sum([one.vector for _, one in found], axis=0)
        spans = [(start + a, start + b) for start, one in found for a, b in one.spans]
        vector = (total / np.linalg.norm(total)).astype(np.float32)
        tokens = np.concatenate([one.tokens for _, one in found])
        return TokenEmbedding(self.reader, vector, tokens, spans)


def sentences(paper: Paper) -> list[str]:
    """Returns the sentences of an abstract."""
    return [paper.abstract[a:b] for a, b in sentence_spans(paper.abstract)]


def made_papers(known: Sequence[Paper]) -> Iterator[Paper]:
    """Yields the known papers and then made ones without end, always the same."""
    chance = random.Random(SEED)
    parts = [sentences(paper) for paper in known]
    yield from known
    for number in count(len(known)):
        one, other = chance.sample(range(len(known)), 2)
        halves = [_half(parts[at], chance) for at in (one, other)]
        first, last = known[one].title.split(), known[other].title.split()
        title = " ".join([*first[: len(first) // 2 + 1], *last[len(last) // 2 :], f"({number})"])
        # Years as in ``big_library``: later ones more often.
        year = LAST_YEAR - int((LAST_YEAR - FIRST_YEAR) * chance.random() ** 2)
        yield make_paper(
            title,
            " ".join(part for half in halves for part in half),
            published=str(year),
            source="composed",
        )


def _half(parts: Sequence[str], chance: random.Random) -> list[str]:
    kept = sorted(chance.sample(range(len(parts)), (len(parts) + 1) // 2))
    return [parts[at] for at in kept]


def read_known(path: Path) -> list[Paper]:
    """Returns the first papers of a file or folder that have an abstract, each once."""
    found = {paper.id: paper for paper in read_sources([path]).papers if paper.abstract}
    return list(islice(found.values(), KNOWN))


def grow(path: Path, folder: Path, first: int, last: int, nice: int) -> float:
    """Makes a library hold the papers from one place to another; returns the seconds it took."""
    os.nice(nice)
    known = read_known(path)
    embedder = ComposedReader(known)
    with Library.open(folder, embedder=embedder, create=True, documents=False) as library:
        new = islice(made_papers(known), first + library.size, last)
        return milliseconds(lambda: library.add(new)) / 1000


def make(path: Path, folder: Path, sizes: Sequence[int], nice: int) -> list[Path]:
    """Makes a library for each size that is not there; returns their folders."""
    folders = [folder / str(size) for size in sizes]
    print(HEAD, flush=True)
    for (before, last), at in zip(pairwise([0, *sizes]), folders, strict=True):
        seconds, peak = 0.0, 0.0
        if not at.is_dir():
            growing = folder / "growing"
            if not growing.is_dir() and before:
                shutil.copytree(folder / str(before), growing)
            seconds, peak = apart(GROW, path, growing, 0, last, nice)
            growing.rename(at)
        with Library.open(at, embedder=MiniLM()) as library:
            status = library.status()
        rate = (last - before) / seconds if seconds else float("nan")
        print(
            f"{status.papers:9d}{status.passages:10d}{rate:10.0f}{seconds / 60:9.1f}"
            f"{status.bytes / 1e9:9.2f}{peak:7.0f}",
            flush=True,
        )
    return folders


def split(path: Path, folder: Path, size: int, count: int, nice: int) -> Path:
    """Makes the papers of a size as shards, if they are not there; returns their folder."""
    shards = folder / f"{size}-in-{count}"
    for at in range(count):
        if not (shards / str(at)).is_dir():
            shards.mkdir(exist_ok=True)
            making, last = folder / "making", (at + 1) * size // count
            apart(GROW, path, making, at * size // count, last, nice)
            making.rename(shards / str(at))
    return shards


def open_reader(at: Path) -> LibraryReader:
    """Opens a library, or the shards in a folder."""
    if (at / CATALOG).is_file():
        return Library.open(at, embedder=MiniLM())
    folders = sorted(at.iterdir(), key=lambda shard: int(shard.name))
    return ShardedLibrary.open(folders, embedder=MiniLM())


def ask(folders: Sequence[Path], questions: Sequence[str]) -> None:
    """Prints how long each library takes to answer, asked in turn."""
    times: dict[Path, list[tuple[float, float]]] = {at: [] for at in folders}
    opened, engines = dict[Path, float](), dict[Path, CitedQueryEngine]()
    with ExitStack() as stack:
        for at in folders:
            began = time.perf_counter()
            library = stack.enter_context(open_reader(at))
            size = library.size
            opened[at] = (time.perf_counter() - began) * 1000
            engines[at] = CitedQueryEngine(library)
            engines[at].ask(questions[-1])
            print(f"{at.name}: {size:,} papers, {len(library.folders)} folders", flush=True)
        for question in questions:
            for at, engine in engines.items():
                began, used = time.perf_counter(), time.process_time()
                engine.ask(question)
                times[at].append(
                    ((time.perf_counter() - began) * 1e3, (time.process_time() - used) * 1e3)
                )
    print(ASKED)
    for at in folders:
        clock, processor = (p50_p95(column) for column in zip(*times[at], strict=True))
        print(
            f"{at.name:>16s}{clock[0]:14.1f}, {clock[1]:6.1f}"
            f"{processor[0]:16.1f}, {processor[1]:6.1f}{opened[at]:9.0f}",
            flush=True,
        )


def main() -> None:
    """Makes the libraries, asks them and prints both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="papers to make others of")
    parser.add_argument("--folder", type=Path, required=True, help="where the libraries stay")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="in papers, rising")
    parser.add_argument("--nice", type=int, default=0, help="added to the niceness while making")
    parser.add_argument("--split", metavar="PAPERS:SHARDS", help="a size to make as shards too")
    options = parser.parse_args()
    sizes = sorted(map(int, options.sizes.split(",")))
    print(f"composed of {options.path.name}, seed {SEED}", flush=True)
    folders = make(options.path, options.folder, sizes, options.nice)
    if options.split:
        size, shards = map(int, options.split.split(":"))
        folders.append(split(options.path, options.folder, size, shards, options.nice))
    ask(folders, draw(read_known(options.path)))


if __name__ == "__main__":
    main()
