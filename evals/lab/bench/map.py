"""What drawing the map of a library costs beside making the library.

    python -m footnote.evals.lab.bench.map PATH... [--papers 512]
    python -m footnote.evals.lab.bench.map --library DIR     # one that exists; its map is kept

Prints the seconds of adding the first papers, of drawing their map in a process of its own with
all imports, of reading the kept map again, and the share that drawing takes of adding.
"""

import argparse
import tempfile
from pathlib import Path

from footnote.evals.lab.bench.subprocesses import apart, milliseconds
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import Paper
from footnote.index.readers.gathering import read_sources


def add(folder: Path, papers: list[Paper]) -> float:
    """Returns the seconds that adding papers to a new library takes, the model's loading too."""

    def work() -> None:
        with Library.open(folder, embedder=MiniLM(), create=True) as library:
            library.add(papers)

    return milliseconds(work) / 1000


def draw(folder: Path) -> float:
    """Returns the seconds until the map of a library is there, opening apart."""
    with Library.open(folder, embedder=MiniLM()) as library:
        return milliseconds(library.map) / 1000


def main() -> None:
    """Prints the figures of one library."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="papers to add")
    parser.add_argument("--library", type=Path, help="draw the map of this one")
    parser.add_argument("--papers", type=int, default=512, help="so many of them")
    options = parser.parse_args()
    if bool(options.paths) is bool(options.library):
        parser.error("give PATH or --library, one of them")
    if options.library:
        drawn, megabytes = apart("footnote.evals.lab.bench.map:draw", options.library)
        kept, _ = apart("footnote.evals.lab.bench.map:draw", options.library)
        print(f"drawing the map {drawn:7.2f} s, {megabytes:.0f} MB, if none was kept")
        print(f"kept map        {kept * 1000:7.1f} ms")
        return
    papers = list({p.id: p for p in read_sources(options.paths).papers}.values())
    papers = papers[: options.papers]
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "library"
        added, _ = apart("footnote.evals.lab.bench.map:add", folder, papers)
        drawn, megabytes = apart("footnote.evals.lab.bench.map:draw", folder)
        kept, _ = apart("footnote.evals.lab.bench.map:draw", folder)
    print(f"{len(papers)} papers")
    print(f"adding          {added:7.2f} s")
    print(f"drawing the map {drawn:7.2f} s   {drawn / added:.3f} of adding, {megabytes:.0f} MB")
    print(f"kept map        {kept * 1000:7.1f} ms")


if __name__ == "__main__":
    main()
