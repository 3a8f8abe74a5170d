"""Groups: a question with sentences that answer it and sentences that do not.

The wrong ones are the other sentences of the abstract and, of the papers nearest to the question,
the sentences nearest to it. All stand behind the titles of their papers, as the ranker reads them.
"""

import json
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.base import MiniLM
from footnote.index.models import Paper
from footnote.index.storage.ingest.pipeline import embedded_text
from footnote.rag.retrieval.answer_ranker.ranker import with_title

SEED = 20261126
# Questions of our own, each with its paper's number at arXiv, the sentences that answer it, and how
# many the abstract has.
OWN = Path(__file__).parent / "answers"
# The same of those that are answered by yes or no, with the sentences that say either.
SIDED = Path(__file__).with_name("sides.jsonl")
# Of so many papers the nearest four are about as close as those of a larger library.
OTHERS = 10_000
NEIGHBOURS = 4
# Sentences of them that are kept; each epoch draws a few.
STRANGERS = 12


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """A question of one paper.

    Attributes:
        sentences: Of its abstract, in order, behind its title.
        right: Numbers of those that answer it; none where yes or no is asked and no one says it.
        strangers: Sentences of other papers, behind their titles, the nearest first.
        sides: Of each sentence, 1 for yes, 2 for no, 0 for neither, where one is asked for.
    """

    question: str
    paper: str
    sentences: tuple[str, ...]
    right: tuple[int, ...]
    strangers: tuple[str, ...] = ()
    sides: tuple[int, ...] = ()


def read_groups(questions: Path, papers: Path, *, part: str) -> list[QuestionGroup]:
    """Returns the answerable questions of a part of the set, without strangers."""
    cut = {
        paper["id"]: tuple(
            with_title(paper["title"], paper["abstract"][a:b]) for a, b in paper["spans"]
        )
        for paper in _rows(papers)
    }
    return [
        QuestionGroup(row["question"], row["paper"], cut[row["paper"]], tuple(row["sentences"]))
        for row in _rows(questions)
        if row["part"] == part and row["answerable"]
    ]


def read_own_groups(corpus: Sequence[Paper], *, sides: bool) -> list[QuestionGroup]:
    """Returns our own questions to papers of a corpus, without strangers.

    Without ``sides`` those alone that the answer ranker learned. One whose abstract is cut into
    more or fewer sentences than it was is left out.
    """
    papers = {paper.id: paper for paper in corpus}
    found = []
    files = [*sorted(OWN.glob("*.jsonl")), SIDED] if sides else [OWN / "1.jsonl"]
    for file in files:
        for row in _rows(file):
            paper = papers.get(f"arxiv:{row['paper']}")
            sentences = tuple(_sentences(paper)) if paper else ()
            if len(sentences) == row["of"]:
                right, taken = _right_and_sides(row)
                group = QuestionGroup(row["question"], row["paper"], sentences, right)
                found.append(replace(group, sides=taken))
    return found


def _right_and_sides(row: dict[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns the sentences that answer a question of our own, and the side of each sentence."""
    if "sentences" in row:
        return tuple(row["sentences"]), ()
    said = dict.fromkeys(row["yes"], 1) | dict.fromkeys(row["no"], 2)
    return tuple(sorted(said)), tuple(said.get(n, 0) for n in range(row["of"]))


def read_titles(papers: Path) -> set[str]:
    """Returns the titles of a set's papers."""
    return {paper["title"] for paper in _rows(papers)}


def choose_others(corpus: Sequence[Paper], known: Collection[str]) -> list[Paper]:
    """Returns some papers of a corpus, none with one of these titles."""
    others = [paper for paper in corpus if paper.title not in known]
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
    return [with_title(paper.title, paper.abstract[a:b]) for a, b in sentence_spans(paper.abstract)]


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
            tuple(row.get("sides", ())),
        )
        for row in _rows(path)
    ]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
