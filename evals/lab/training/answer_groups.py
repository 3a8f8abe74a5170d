"""Groups: a question with sentences that answer it and sentences that do not.

The wrong ones are the other sentences of the abstract and, of the papers nearest to the question,
the sentences nearest to it.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.base import MiniLM
from footnote.index.models import Paper
from footnote.index.readers.gathering import read_sources
from footnote.index.storage.ingest.pipeline import embedded_text

SEED = 20261126
# Of 6,000 papers the nearest four are about as close as those of a larger library.
OTHERS = 6000
NEIGHBOURS = 4
# Sentences of them that are kept; each epoch draws a few.
STRANGERS = 12


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """A question of one paper.

    Attributes:
        sentences: Of its abstract, in order.
        right: Numbers of those that answer it.
        strangers: Sentences of other papers, the nearest first.
    """

    question: str
    paper: str
    sentences: tuple[str, ...]
    right: tuple[int, ...]
    strangers: tuple[str, ...] = ()


def read_groups(questions: Path, papers: Path, *, part: str) -> list[QuestionGroup]:
    """Returns the answerable questions of a part of the set, without strangers."""
    cut = {
        paper["id"]: tuple(paper["abstract"][a:b] for a, b in paper["spans"])
        for paper in _rows(papers)
    }
    return [
        QuestionGroup(row["question"], row["paper"], cut[row["paper"]], tuple(row["sentences"]))
        for row in _rows(questions)
        if row["part"] == part and row["answerable"]
    ]


def read_others(path: Path, papers: Path) -> list[Paper]:
    """Returns papers of another file, none of which the set has."""
    known = {paper["title"] for paper in _rows(papers)}
    others = [paper for paper in read_sources([path]).papers if paper.title not in known]
    return random.Random(SEED).sample(others, min(OTHERS, len(others)))


def add_strangers(groups: Sequence[QuestionGroup], others: Sequence[Paper]) -> list[QuestionGroup]:
    """Returns the groups with sentences of other papers, by the cosine of MiniLM."""
    model = MiniLM()
    questions = model.embed([group.question for group in groups])
    near = _nearest(questions, model.embed([embedded_text(p) for p in others]), NEIGHBOURS)
    cut = {at: _sentences(others[at]) for at in np.unique(near)}
    texts = [text for sentences in cut.values() for text in sentences]
    vectors = dict(zip(texts, model.embed(texts), strict=True))
    found = []
    for group, question, papers in zip(groups, questions, near, strict=True):
        choice = [text for at in papers for text in cut[at]]
        best = _nearest(question[None], np.stack([vectors[text] for text in choice]), STRANGERS)
        found.append(replace(group, strangers=tuple(choice[at] for at in best[0])))
    return found


def _nearest(
    questions: NDArray[np.float32], vectors: NDArray[np.float32], count: int
) -> NDArray[np.int64]:
    return np.argsort(-(questions @ vectors.T), axis=1)[:, :count]


def _sentences(paper: Paper) -> list[str]:
    return [paper.abstract[a:b] for a, b in sentence_spans(paper.abstract)]


def save_groups(groups: Sequence[QuestionGroup], path: Path) -> None:
    """Writes the groups as JSON Lines."""
    path.write_text("".join(json.dumps(asdict(group)) + "\n" for group in groups), "utf-8")


def load_groups(path: Path) -> list[QuestionGroup]:
    """Returns the groups that a file holds."""
    return [
        QuestionGroup(
            row["question"],
            row["paper"],
            tuple(row["sentences"]),
            tuple(row["right"]),
            tuple(row["strangers"]),
        )
        for row in _rows(path)
    ]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
