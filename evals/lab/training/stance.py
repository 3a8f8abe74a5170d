"""Makes ``rag/verification/trained/stance.json``: whether a quote says yes or no to a question.

    python -m footnote.evals.lab.training.stance SCIFACT PUBMEDQA CORPUS [--out FILE]

Trains on three sets: SciFact's claims with the sentences of their rationales (SUPPORT is yes), with
as many other sentences of the same abstracts and of abstracts without evidence (neither);
PubMedQA's questions with the conclusions that experts read (yes and no; "maybe" is left out); and
our own questions of ``stances.jsonl`` beside this file, with every sentence of an abstract; what is
measured on them is measured without the abstracts that the answer ranker learned from. The
abstracts are taken from CORPUS, arXiv's records in JSON Lines. A question named ``neighbour`` is
asked of a paper that was not written about it. Prints, by five-fold cross-validation grouped by
paper, how well yes and no come apart, and how often a side that is told is right. Takes two minutes
on two cores.
"""

import argparse
import gzip
import json
import random
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.base import MiniLM
from footnote.index.models import Paper, make_paper
from footnote.rag.retrieval.answer_ranker.ranker import bundled_ranker, with_title
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification import trained
from footnote.rag.verification.alignment import align_pair, read_texts
from footnote.rag.verification.stance import SIDES, Chances, Heard, figures, keep_plain

YES, NO, NEITHER = range(len(SIDES))
FOLDS = 5
SEED = 20261121
# Of .1, .01 and .003 the last comes best apart on our questions, and so it does with their weight
# at 3 against 1; with the answer ranker .01 finds more at the same precision.
LOOSENESS, LOOSENESS_HEARD, WEIGHT = 0.003, 0.01, 3.0
OURS = "ours"
HERE = Path(__file__).parent
QUESTIONS = HERE / "stances.jsonl"
# What the answer ranker learned from.
LEARNED = (HERE / "sides.jsonl", *sorted((HERE / "answers").glob("*.jsonl")))
# A side is told from the lowest chance on where it is right so often, by cross-validation on our
# questions, among sentences that may take it.
RIGHT = 0.8
CHANCES = np.arange(0.3, 0.96, 0.01).round(2)
Array = NDArray[Any]


class AskedSentence(NamedTuple):
    """A question with a quote.

    Attributes:
        question: Or a claim.
        side: Number of the quote's side among ``SIDES``.
        group: What folds keep together.
        sentence: The quote in its paper, where its title is known.
    """

    question: str
    quote: str
    side: int
    group: str
    sentence: Sentence | None = None


def scifact(folder: Path) -> list[AskedSentence]:
    """Returns each claim with sentences of the abstracts that it was checked against."""
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        sentences = {row["_id"]: row["sentences"] for row in map(json.loads, lines)}
    draw = random.Random(SEED)
    found = []
    for row in _rows(folder / "answers.jsonl"):
        given = {
            (e["doc_id"], n): YES if e["label"] == "SUPPORT" else NO
            for e in row["evidence"]
            for n in e["sentences"]
        }
        for paper in row["cited"]:
            own = [n for p, n in given if p == paper]
            others = [n for n in range(len(sentences[paper])) if n not in own]
            drawn = draw.sample(others, min(len(others), max(1, len(own))))
            found += [
                AskedSentence(
                    row["claim"], sentences[paper][n], given.get((paper, n), NEITHER), paper
                )
                for n in (*own, *drawn)
            ]
    return found


def pubmedqa(folder: Path) -> list[AskedSentence]:
    """Returns each question with its conclusion, where experts read yes or no in it."""
    asked = {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl")}
    return [
        AskedSentence(asked[row["_id"]], row["long_answer"], SIDES.index(row["answer"]), row["_id"])
        for row in _rows(folder / "answers.jsonl")
        if row["answer"] in ("yes", "no")
    ]


def ours(corpus: Path) -> list[AskedSentence]:
    """Returns our questions with each sentence of the abstract that they were asked of.

    Raises:
        ValueError: The corpus lacks a paper, or its abstract has fewer sentences.
    """
    rows = _rows(QUESTIONS)
    papers = _papers(corpus, {row["paper"] for row in rows})
    found = []
    for row in rows:
        paper = papers.get(row["paper"])
        spans = sentence_spans(paper.abstract) if paper else []
        sides = dict.fromkeys(row["yes"], YES) | dict.fromkeys(row["no"], NO)
        if paper is None or any(n >= len(spans) for n in sides):
            raise ValueError(f"{corpus} has another abstract of {row['paper']}, or none")
        sentences = [Sentence(paper, *span, 0.0) for span in spans]
        found += [
            AskedSentence(row["question"], s.text, sides.get(n, NEITHER), row["paper"], s)
            for n, s in enumerate(sentences)
        ]
    return found


def _papers(corpus: Path, wanted: Collection[str]) -> dict[str, Paper]:
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        rows = (json.loads(line) for line in lines)
        return {r["_id"]: make_paper(r["title"], r["text"]) for r in rows if r["_id"] in wanted}


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def measure(examples: Sequence[AskedSentence]) -> tuple[list[str], Array]:
    """Returns the names of the features, and those of each example, ``(n, f)``.

    The last ones are what the answer ranker reads.
    """
    texts = list(dict.fromkeys(text for e in examples for text in (e.question, e.quote)))
    read = dict(zip(texts, read_texts(texts, MiniLM()), strict=True))
    seen = [
        figures(e.question, e.quote, align_pair(read[e.question], [read[e.quote]]), heard)
        for e, heard in zip(examples, _hear(examples), strict=True)
    ]
    return list(seen[0]), np.array([list(row.values()) for row in seen])


def _hear(examples: Sequence[AskedSentence]) -> list[Heard]:
    """Returns what the answer ranker, which learned none of these questions, reads in a quote."""
    ranker, found = bundled_ranker(sides=True), list[Heard]()
    for example in examples:
        title = example.sentence.paper.title if example.sentence else ""
        ((answers, yes, no),) = ranker.read(example.question, [with_title(title, example.quote)])
        found.append(Heard(float(answers), float(yes), float(no)))
    return found


def fitted(rows: Array, truth: Array, weights: Array, looseness: float) -> tuple[Array, Array]:
    """Returns coefficients ``(3, f)`` and intercepts of yes, no and neither."""
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=looseness, max_iter=2000)
    model.fit(scaler.transform(rows), truth, sample_weight=weights)
    coefficients = model.coef_ / scaler.scale_
    return coefficients, model.intercept_ - coefficients @ scaler.mean_


def told(fit: tuple[Array, Array], rows: Array) -> Array:
    """Returns the chances ``(n, 3)``."""
    found: Array = softmax(rows @ fit[0].T + fit[1], axis=1)
    return found


def main() -> None:
    """Writes the file and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scifact", type=Path)
    parser.add_argument("pubmedqa", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--out", type=Path, default=Path(trained.__file__).with_name("stance.json"))
    options = parser.parse_args()
    parts = {
        "SciFact": scifact(options.scifact),
        "PubMedQA": pubmedqa(options.pubmedqa),
        OURS: ours(options.corpus),
    }
    examples = [example for part in parts.values() for example in part]
    names, rows = measure(examples)
    truth = np.array([e.side for e in examples])
    of = np.array([name for name, part in parts.items() for _ in part])
    weights = np.where(of == OURS, WEIGHT, 1.0)
    learned = {row["paper"] for path in LEARNED for row in _rows(path)}
    new = np.array([e.group not in learned for e in examples])
    folds = GroupKFold(FOLDS, shuffle=True, random_state=SEED)
    parted = list(folds.split(rows, truth, [e.group for e in examples]))
    out = {}
    for heard in (False, True):
        print("with what the answer ranker reads" if heard else "without the answer ranker")
        seen = rows if heard else rows[:, : -len(Heard._fields)]
        looseness = LOOSENESS_HEARD if heard else LOOSENESS
        found = np.zeros((len(examples), len(SIDES)))
        for others, fold in parted:
            fit = fitted(seen[others], truth[others], weights[others], looseness)
            found[fold] = told(fit, seen[fold])
        for name in parts:
            part = (of == name) & new
            _print_apart(name, found[part], truth[part])
        told_of = zip(examples, found, rows[:, -len(Heard._fields) :], strict=True)
        found = np.array([_plain(e, row, Heard(*h) if heard else None) for e, row, h in told_of])
        sure = {side: _sure(found[of == OURS], truth[of == OURS], side) for side in SIDES[:2]}
        for name in parts:
            part = (of == name) & new
            _print_told(name, found[part], truth[part], sure)
        coefficients, intercepts = fitted(seen, truth, weights, looseness)
        out["heard" if heard else "unheard"] = {
            "features": names[: seen.shape[1]],
            "coefficients": coefficients.round(6).tolist(),
            "intercepts": intercepts.round(6).tolist(),
            "sure": sure,
        }
    options.out.write_text(json.dumps(out, indent=1) + "\n", "utf-8")


def _plain(example: AskedSentence, found: Array, heard: Heard | None) -> Chances:
    """Returns the chances of the sides that a sentence may take; all where the paper is unknown."""
    said = Chances(*map(float, found))
    if example.sentence is None:
        return said
    return keep_plain(example.question, example.sentence, said, heard)


def _print_apart(name: str, found: Array, truth: Array) -> None:
    """Prints how well yes and no come apart, where it is one of them."""
    sided = truth != NEITHER
    share = (found[:, YES] / (found[:, YES] + found[:, NO]))[sided]
    yes = truth[sided] == YES
    area = roc_auc_score(yes, share)
    balanced = balanced_accuracy_score(yes, share > yes.mean())
    print(f"{name:10s} n={sided.sum()}  area under the curve {area:.3f}", end="  ")
    print(f"balanced accuracy {balanced:.3f} (majority .500)")
    if not sided.all():
        print(f"{name:10s} n={len(truth)}  a side or none: area under the curve "
              f"{roc_auc_score(sided, 1 - found[:, NEITHER]):.3f}")  # fmt: skip


def _print_told(name: str, found: Array, truth: Array, sure: Mapping[str, float]) -> None:
    """Prints how often a side that is told is right, and how many of its sentences are found."""
    for number, (side, bound) in enumerate(sure.items()):
        said = found[:, number] >= bound
        right, reached = (truth[said] == number).mean(), said[truth == number].mean()
        print(f"{name:10s} {side:4s} from {bound:.2f}: right {right:.3f}", end=", ")
        print(f"told of {reached:.3f} of those that say so (n={len(truth)})", end=", ")
        print(f"and of {said[truth == 1 - number].mean():.3f} of those that say the other")


def _sure(found: Array, truth: Array, side: str) -> float:
    """Returns the lowest chance from which on a side that is told is mostly right."""
    number = SIDES.index(side)
    chances, true = found[:, number], truth == number
    told_from = [
        at for at in CHANCES if (chances >= at).any() and true[chances >= at].mean() >= RIGHT
    ]
    return float(told_from[0] if told_from else CHANCES[-1])


if __name__ == "__main__":
    main()
