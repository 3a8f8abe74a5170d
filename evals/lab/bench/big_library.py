"""A library of many papers for benches, made of text that exists; what it says is invented.

    python -m footnote.evals.lab.bench.big_library [PATH...] [--papers 20000] [--library DIR]

Papers are those of PATH, the demo's by default. What they lack (authors, a venue, a year) is drawn
by chance. Where they are too few, more are made: half the sentences of one abstract, then half of
another's, under a title of both. The same papers give the same library each time. It is made once,
into DIR or the user's cache folder, and used again as long as it has as many papers.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from platformdirs import user_cache_path

from footnote.evals.lab.bench.subprocesses import milliseconds
from footnote.index.chunking import sentence_spans
from footnote.index.demo import demo_papers
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import Paper, make_paper
from footnote.index.readers.gathering import read_sources

PAPERS = 20_000
SEED = 7
AUTHORS, VENUES = 8_000, 160
FIRST_YEAR, LAST_YEAR = 1994, 2025
# Of ten papers, those that no year is drawn for are fewer than one.
UNDATED = 0.05
_SYLLABLES = "ba cho da el fa gri ha in jo ka li ma no or pe qui ra sa ti ur va wen yo zhu".split()
_FIELDS = "Learning Vision Language Robotics Systems Theory Networks Medicine Speech Graphs".split()
_KINDS = ("Conference on", "Journal of", "Workshop on", "Symposium on")


def make_papers(known: Sequence[Paper], count: int) -> Iterator[Paper]:
    """Yields ``count`` papers: the known ones first, then such as are made of their sentences.

    Args:
        known: With an abstract, those without are left out; where none has one, nothing is made.
        count: Of papers.
    """
    chance = random.Random(SEED)
    known = [paper for paper in known if paper.abstract]
    authors = [f"{_name(chance)} {_name(chance)}" for _ in range(AUTHORS)]
    venues = [f"{chance.choice(_KINDS)} {_topic(chance)}" for _ in range(VENUES)]
    for number in range(count if known else 0):
        paper = known[number] if number < len(known) else _recombined(known, number, chance)
        yield replace(
            paper,
            authors=paper.authors or tuple(chance.sample(authors, chance.randint(1, 6))),
            venue=paper.venue or venues[int(VENUES * chance.random() ** 3)],
            published=paper.published or _year(chance),
        )


def _recombined(known: Sequence[Paper], number: int, chance: random.Random) -> Paper:
    one, other = chance.choice(known), chance.choice(known)
    text = " ".join(_half(paper, chance) for paper in (one, other))
    words, others = one.title.split(), other.title.split()
    title = " ".join([*words[: len(words) // 2 + 1], *others[len(others) // 2 :]])
    return make_paper(f"{title} ({number})", text, source="recombined sentences")


def _half(paper: Paper, chance: random.Random) -> str:
    """Returns every other sentence of an abstract, or so, in order."""
    spans = sentence_spans(paper.abstract)
    kept = sorted(chance.sample(range(len(spans)), (len(spans) + 1) // 2))
    return " ".join(paper.abstract[slice(*spans[at])] for at in kept)


def _name(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 3))).capitalize()


def _topic(chance: random.Random) -> str:
    return " and ".join(chance.sample(_FIELDS, 2))


def _year(chance: random.Random) -> str | None:
    """Returns a year, later ones more often; None of a few."""
    if chance.random() < UNDATED:
        return None
    return str(LAST_YEAR - int((LAST_YEAR - FIRST_YEAR) * chance.random() ** 2))


def default_folder(count: int) -> Path:
    """Returns where a library of so many papers is kept."""
    return user_cache_path("footnote", appauthor=False) / f"bench-{count}"


def build(folder: Path, paths: Sequence[Path] = (), count: int = PAPERS) -> float:
    """Makes the library, or continues one; returns the seconds that took, 0 where it is there.

    Args:
        folder: Of the library.
        paths: Files or folders of papers; the demo's where there are none.
        count: Of papers.
    """
    with Library.open(folder, embedder=MiniLM(), create=True) as library:
        if library.size >= count:
            return 0.0
        known = list(islice(read_sources(paths or [demo_papers()]).papers, count))
        return milliseconds(lambda: library.add(make_papers(known, count))) / 1000


def main() -> None:
    """Makes the library and says where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="papers to begin with")
    parser.add_argument("--papers", type=int, default=PAPERS)
    parser.add_argument("--library", type=Path, help="folder to make it in")
    options = parser.parse_args()
    folder = options.library or default_folder(options.papers)
    seconds = build(folder, options.paths, options.papers)
    print(f"{folder}: {options.papers:,} papers, {seconds:.0f} s")


if __name__ == "__main__":
    main()
