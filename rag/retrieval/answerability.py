"""Answerable: the chance that what was found answers the question.

A logistic model over five signals of retrieval, trained on questions with and without an
answer in a library (``python -m footnote.evals.lab.training.answerability``). It tells a topic that
the library lacks; a detail that its papers leave out looks, to every one of these signals, like
one that they give.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from footnote.rag.retrieval.hybrid import RetrievalResult

SIGNALS = ("cosine", "match", "weakest", "outstanding", "length")


@dataclass(frozen=True, slots=True)
class Answerable:
    """The trained model; ``weights`` and ``means`` are by signal.

    Attributes:
        threshold: Below this chance a question is refused.
    """

    weights: Mapping[str, float]
    means: Mapping[str, float]
    bias: float
    threshold: float

    @classmethod
    def load(cls) -> "Answerable":
        """Returns the model that ships with the package."""
        text = files(__package__).joinpath("answerability.json").read_text("utf-8")
        return cls(**{name: json.loads(text)[name] for name in cls.__slots__})

    def chance(self, found: RetrievalResult) -> float:
        """Returns the chance, in [0, 1], that the library answers the question."""
        seen = signals(found)
        if not seen:
            return 0.0
        total = sum(self.weights[name] * (seen[name] - self.means[name]) for name in SIGNALS)
        return float(1 / (1 + np.exp(-(total + self.bias))))


def signals(found: RetrievalResult) -> dict[str, float]:
    """Returns what tells an answerable question, none where nothing was found.

    ``cosine`` of the nearest passage; ``match`` of the best hit; ``weakest``, the mean over the
    quarter of the question's own tokens that find least in it; ``outstanding``, how many standard
    deviations it stands above the other hits; ``length``, the logarithm of the number of tokens:
    the longer a question, the lower its matches.
    """
    if found.first not in found.matches:
        return {}
    best = found.matches[found.first]
    own = np.sort(best.found[found.asked.own]) if found.asked.own.any() else np.sort(best.found)
    papers = np.array([match.paper for match in found.matches.values()])
    spread = float(papers.std())
    return {
        "cosine": found.cosine,
        "match": best.paper,
        "weakest": float(own[: max(1, len(own) // 4)].mean()),
        "outstanding": (best.paper - float(papers.mean())) / spread if spread else 0.0,
        "length": float(np.log(max(1, len(own)))),
    }
