"""How well the quoted sentences match the rationales that people marked for claims.

    python -m footnote.evals.lab.bench.rationales SET --library DIR [--limit N]

SET is SciFact in BEIR's layout with ``answers.jsonl``; claims without a rationale are left out,
the others are asked whether or not they would be refused. Prints precision, recall and F1 of
sentences, micro over claims with their bootstrap interval, of what the product quotes and of two
plain ways: the sentences nearest by cosine, and the first ones of the best hit. The papers are
either as found or the gold ones as given, whose sentences alone are ranked then.

Source: sentence-level rationales, Wadden et al. 2020, "Fact or Fiction" (arXiv:2004.14974).
"""

import argparse
import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from footnote.evals.dataset.cases import Case, read_cases
from footnote.evals.metrics import statistics
from footnote.evals.metrics.answers import QUOTED_SHARE, content_words, gold_ids, share_of_words
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import Matrix
from footnote.index.library import Library
from footnote.index.models import Hit, Paper, Passage
from footnote.rag.query.question import Question
from footnote.rag.retrieval.evidence import READ_PAPERS, EvidenceFinder
from footnote.rag.retrieval.hybrid import HybridRetriever, RetrievalResult
from footnote.rag.retrieval.late_interaction import Matcher

COUNTS = (3, 5)
# A quoted or a gold sentence: its paper's id, its text.
Cut = tuple[str, str]
Way = Callable[[RetrievalResult, int], list[Cut]]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of each claim in turn, which sentences of one side the other side has, as 0 or 1.

    Attributes:
        quoted: Whether each quoted sentence is a gold one.
        gold: Whether each gold sentence is quoted.
    """

    quoted: list[list[float]] = field(default_factory=list)
    gold: list[list[float]] = field(default_factory=list)

    def add(self, quoted: Sequence[Cut], gold: Sequence[Cut]) -> None:
        """Adds a claim."""
        same = np.array([[_same(q, g) for g in gold] for q in quoted], bool)
        same = same.reshape(len(quoted), len(gold))
        self.quoted.append(same.any(axis=1).astype(float).tolist())
        self.gold.append(same.any(axis=0).astype(float).tolist())

    def measures(self) -> list[statistics.Mean | None]:
        """Returns precision, recall and F1.

        F1 is the share of right ones among the sentences of both sides together: the harmonic
        mean of the two wherever a quoted sentence matches one gold sentence.
        """
        both = [q + g for q, g in zip(self.quoted, self.gold, strict=True)]
        return [statistics.mean(side) for side in (self.quoted, self.gold, both)]


def _same(quoted: Cut, gold: Cut) -> bool:
    of_it = share_of_words(gold[1], content_words(quoted[1]))
    return quoted[0] == gold[0] and of_it >= QUOTED_SHARE


class Ways:
    """Three ways of choosing sentences from what was found."""

    def __init__(self, library: Library) -> None:
        """Takes the library that was searched."""
        self._library = library
        self._finder = EvidenceFinder(library)
        self._vectors = lru_cache(maxsize=None)(self._embed)

    def footnote(self, found: RetrievalResult, count: int) -> list[Cut]:
        """Returns what the product quotes."""
        asked = found.question.wording
        chosen = self._finder.find(asked, found.hits, found.matches, count=count)
        return [(sentence.paper.id, sentence.text) for sentence in chosen]

    def cosine(self, found: RetrievalResult, count: int) -> list[Cut]:
        """Returns the sentences nearest to the question, of the papers that would be read."""
        cuts = [cut for hit in _read(found) for cut in self._cuts(hit.paper)]
        if not cuts:
            return []
        vector = self._library.embedder.embed([found.question.wording])[0]
        cosines = np.concatenate([self._vectors(hit.paper) for hit in _read(found)]) @ vector
        return [cuts[i] for i in np.argsort(-cosines, kind="stable")[:count]]

    def first(self, found: RetrievalResult, count: int) -> list[Cut]:
        """Returns the first sentences of the best hit."""
        return [cut for hit in found.hits[:1] for cut in self._cuts(hit.paper)[:count]]

    def _cuts(self, paper: Paper) -> list[Cut]:
        return [(paper.id, paper.abstract[a:b]) for a, b in self._library.sentences(paper)]

    def _embed(self, paper: Paper) -> Matrix:
        return self._library.embedder.embed([text for _, text in self._cuts(paper)])


def _read(found: RetrievalResult) -> list[Hit]:
    """Returns the hits whose sentences are ranked; papers as given alone are matched."""
    return [hit for hit in found.hits[:READ_PAPERS] if hit.paper.id in found.matches]


def given(found: RetrievalResult, papers: Sequence[Paper], matcher: Matcher) -> RetrievalResult:
    """Returns what would have been found had these papers alone been worth reading.

    The other hits stay, far behind, since they tell which words of a question are rare.
    """
    best = [
        Hit(paper, Passage(paper.id, 0, len(paper.abstract)), 1.0, rank, "fused")
        for rank, paper in enumerate(papers, 1)
    ]
    ids = {paper.id for paper in papers}
    others = [replace(hit, score=0.0) for hit in found.hits if hit.paper.id not in ids]
    matches = matcher.matches(found.asked, best)
    return replace(found, hits=[*best, *others], matches=matches)


def overlaps(
    cases: Sequence[Case], library: Library, *, counts: Sequence[int] = COUNTS
) -> dict[tuple[str, str, int], Overlap]:
    """Returns the overlap with the rationales by papers, way and number of sentences."""
    retriever, matcher, ways = HybridRetriever(library), Matcher(library), Ways(library)
    named: Mapping[str, Way] = {
        "footnote": ways.footnote,
        "cosine": ways.cosine,
        "first": ways.first,
    }
    overlap: dict[tuple[str, str, int], Overlap] = defaultdict(Overlap)

    def find(name: str) -> str | None:
        paper = library.paper(name)
        return paper.id if paper else None

    for case in cases:
        ids = gold_ids(case, find)
        gold = [(ids[wanted.paper], wanted.quote) for wanted in case.evidence]
        found = retriever.find(Question(case.question))
        papers = [p for name in dict.fromkeys(i for i, _ in gold) if (p := library.paper(name))]
        sides = {"found": found, "given": given(found, papers, matcher)}
        for side, seen in sides.items():
            for way, choose in named.items():
                for count in counts:
                    overlap[side, way, count].add(choose(seen, count), gold)
    return overlap


def table(overlap: Mapping[tuple[str, str, int], Overlap]) -> str:
    """Returns one line for each way, each figure with its 95 % interval."""
    heads = "".join(f"{name:>22s}" for name in ("precision", "recall", "F1"))
    lines = [f"{'papers':7s}{'way':10s}{'count':>5s}{'quoted':>8s}{heads}"]
    for (side, way, count), one in overlap.items():
        shown = "".join(
            f"  {m.mean:.3f} [{m.low:.3f}, {m.high:.3f}]" if m else f"{'-':>22s}"
            for m in one.measures()
        )
        quoted = sum(map(len, one.quoted))
        lines.append(f"{side:7s}{way:10s}{count:5d}{quoted:8d}{shown}")
    return "\n".join(lines)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path)
    parser.add_argument("--library", type=Path, default=os.environ.get("FOOTNOTE_LIBRARY"))
    parser.add_argument("--limit", type=int, help="the first claims with a rationale only")
    options = parser.parse_args()
    cases = [case for case in read_cases(options.set) if case.evidence][: options.limit]
    with Library.open(options.library, embedder=MiniLM()) as library:
        held = sum(library.paper(gold.paper) is not None for c in cases for gold in c.evidence)
        total = sum(len(case.evidence) for case in cases)
        print(
            f"{options.set.name}: n={len(cases)} claims, {total} gold sentences "
            f"({held} of papers of the library), {library.size} papers"
        )
        print(table(overlaps(cases, library)))


if __name__ == "__main__":
    main()
