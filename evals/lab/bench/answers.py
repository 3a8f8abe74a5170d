"""Which sentence answers a question: the answer ranker beside cosine and late interaction.

    python -m footnote.evals.lab.bench.answers QUESTIONS PAPERS --library DIR [--part test]
    [--weights FILE...] [--every N] [--own]

QUESTIONS and PAPERS are the files of a set of one of two layouts: questions that name the sentences
of one paper, or quotes of the papers' titles as evidence; of the latter those that one paper
answers are asked. The library holds the papers. Prints, within the right abstract, how often a
right sentence comes first, and among the first two; then, without ``--own``, the same over the
three best papers, alone and in sums. A sentence is right when it overlaps one that the set names.
Intervals resample papers.
"""

import argparse
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footnote.evals.metrics.statistics import mean
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import Hit, Span
from footnote.rag.query.question import Question
from footnote.rag.retrieval.answer_ranker.ranker import MOST_PAIRS, AnswerRanker, with_title
from footnote.rag.retrieval.answer_ranker.weights import WEIGHTS, AnswerWeights
from footnote.rag.retrieval.evidence import EvidenceFinder
from footnote.rag.retrieval.hybrid import MATCHED, HybridRetriever, RetrievalResult

PAPERS = 3
# What each signal counts for beside the ranker's score in a sum.
SUMS = {
    "late": (0.0, 5.0, 10.0, 20.0),
    "cosine": (0.0, 5.0),
    "distance": (0.0, 5.0, 10.0, 20.0, 40.0),
    "evidence": (0.0, 2.0, 5.0),
}
Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True)
class SentenceQuestion:
    """A question, and the sentences of one paper that answer it, or parts of them."""

    text: str
    title: str
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Sentences for a question, each with its signals, ``(n,)``.

    Attributes:
        group: The paper of the question.
        right: ``(n,)`` bool.
    """

    group: str
    right: NDArray[np.bool_]
    signals: dict[str, Numbers]


def read_questions(questions: Path, papers: Path, part: str) -> list[SentenceQuestion]:
    """Returns the questions of a set that sentences of one paper answer."""
    found = []
    cut = {paper.get("id"): paper for paper in _rows(papers)}
    for row in _rows(questions):
        if row.get("part", part) != part or not row["answerable"]:
            continue
        if "sentences" in row:
            paper = cut[row["paper"]]
            spans = [paper["spans"][n] for n in row["sentences"]]
            quotes = tuple(paper["abstract"][start:end] for start, end in spans)
            found.append(SentenceQuestion(row["question"], paper["title"], quotes))
        elif row["type"] == "single" and len(row["gold"]) == 1:
            quotes = tuple(gold["quote"] for gold in row["evidence"])
            found.append(SentenceQuestion(row["question"], row["gold"][0], quotes))
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


class SentenceReader:
    """Collects the sentences of papers with every signal."""

    def __init__(
        self, library: Library, rankers: Mapping[str, AnswerRanker], *, most: int = PAPERS
    ) -> None:
        """Takes the library, the rankers by name, and how many of the best papers are read."""
        self._library, self._rankers, self._most = library, rankers, most
        self._model = MiniLM(threads=2)
        self._retriever, self._finder = HybridRetriever(library), EvidenceFinder(library)
        self.seconds: list[float] = []

    def read(self, asked: SentenceQuestion) -> tuple[Candidates, Candidates] | None:
        """Returns the sentences of the right paper, and of the best papers; None if not found."""
        found = self._retriever.find(Question(asked.text), k=MATCHED)
        own = [hit for hit in found.hits if hit.paper.title == asked.title]
        if not own:
            return None
        return self._collect(asked, found, own), self._collect(
            asked, found, found.hits[: self._most]
        )

    def _collect(
        self, asked: SentenceQuestion, found: RetrievalResult, hits: Sequence[Hit]
    ) -> Candidates:
        rows = [
            (found.matches[hit.paper.id].sentences.get(n, 0.0), span, hit)
            for hit in hits
            for n, span in enumerate(self._library.sentences(hit.paper))
        ]
        if len(rows) > MOST_PAIRS:
            rows = sorted(rows, key=lambda row: -row[0])[:MOST_PAIRS]
        texts = [hit.paper.abstract[slice(*span)] for _, span, hit in rows]
        vectors = self._model.embed([asked.text, *texts])
        told = self._finder.find(asked.text, hits, found.matches, count=len(rows) + MOST_PAIRS)
        evidence = {(one.paper.id, one.start): one.score for one in told}
        signals = {
            "late": np.array([late for late, _, _ in rows]),
            "cosine": vectors[1:] @ vectors[0],
            "distance": np.array([hit.score - found.hits[0].score for _, _, hit in rows]),
            "evidence": np.array([evidence.get((h.paper.id, s[0]), -9.0) for _, s, h in rows]),
        }
        titles = [hit.paper.title for _, _, hit in rows]
        titled = list(map(with_title, titles, texts))
        for name, ranker in self._rankers.items():
            started = time.perf_counter()
            signals[name] = ranker.scores(asked.text, titled)
            if len(rows) == MOST_PAIRS:
                self.seconds.append(time.perf_counter() - started)
        right = np.array([_is_right(asked, hit, span) for _, span, hit in rows])
        return Candidates(asked.title, right, signals)


def _is_right(asked: SentenceQuestion, hit: Hit, span: Span) -> bool:
    if hit.paper.title != asked.title:
        return False
    starts = [(hit.paper.abstract.find(quote), len(quote)) for quote in asked.quotes]
    return any(at >= 0 and span[0] < at + size and span[1] > at for at, size in starts)


def show(name: str, found: Sequence[Candidates], scores: Sequence[Numbers]) -> None:
    """Prints how often a right sentence is first, and among the first two."""
    shown = []
    for count in (1, 2):
        by_paper = defaultdict(list)
        for one, numbers in zip(found, scores, strict=True):
            best = np.argsort(-numbers, kind="stable")[:count]
            by_paper[one.group].append(float(one.right[best].any()))
        value = mean(list(by_paper.values()))
        if value is not None:
            shown.append(f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]")
    print(f"{name:44s} first {shown[0]}  first two {shown[1]}  n={len(found)}")


def show_sums(found: Sequence[Candidates], name: str) -> None:
    """Prints the best sum with a ranker's score, and what the best of one half gives on the other.

    Papers are halved by their titles; the second line is what to expect of other questions.
    """
    tried = [
        (parts, [_sum(one, name, parts) for one in found])
        for weights in itertools.product(*SUMS.values())
        for parts in [dict(zip(SUMS, weights, strict=True))]
    ]
    hits = np.array(
        [[o.right[s.argmax()] for o, s in zip(found, scores, strict=True)] for _, scores in tried]
    )
    half = np.array([sum(one.group.encode()) % 2 == 0 for one in found])
    parts, scores = tried[hits.mean(axis=1).argmax()]
    words = " ".join(f"+{weight:g} {part}" for part, weight in parts.items() if weight)
    show(f"  {name} {words}", found, scores)
    best = [hits[:, part].mean(axis=1).argmax() for part in (~half, half)]
    chosen = [tried[best[0] if side else best[1]][1][n] for n, side in enumerate(half)]
    show(f"  {name}, the sum chosen on other papers", found, chosen)


def _sum(one: Candidates, name: str, parts: Mapping[str, float]) -> Numbers:
    return one.signals[name] + sum(weight * one.signals[part] for part, weight in parts.items())


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("papers", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--part", default="test")
    parser.add_argument("--weights", type=Path, nargs="*", default=[WEIGHTS])
    parser.add_argument("--every", type=int, default=1, help="one question of so many is asked")
    parser.add_argument("--own", action="store_true", help="only within the right abstract")
    options = parser.parse_args()
    rankers = {path.stem: AnswerRanker(AnswerWeights(path)) for path in options.weights}
    asked = read_questions(options.questions, options.papers, options.part)[:: options.every]
    with Library.open(options.library, embedder=MiniLM()) as library:
        reader = SentenceReader(library, rankers, most=0 if options.own else PAPERS)
        found = [pair for one in asked if (pair := reader.read(one))]
    print(f"{len(asked)} questions, {len(asked) - len(found)} papers not among the best {MATCHED}")
    if reader.seconds:
        print(f"{MOST_PAIRS} pairs: {1000 * np.median(reader.seconds):.0f} ms, the median")
    titles = "the right abstract", f"{PAPERS} best papers"
    for title, sets in zip(titles, zip(*found, strict=True), strict=True):
        print(title)
        if not len(sets[0].right):
            break
        for name in ("cosine", "late", "evidence", *rankers):
            show(name, sets, [one.signals[name] for one in sets])
        for name in rankers:
            show_sums(sets, name)


if __name__ == "__main__":
    main()
