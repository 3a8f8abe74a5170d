"""Answerability: the chance that what was found answers the question.

A logistic model over five signals of retrieval, trained on questions with and without an
answer in a library (``python -m footnote.evals.lab.training.answerability``). It recognises a topic
that the library lacks, but not a detail that its papers omit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from footnote.index.library import EVERYTHING, Filters, LibraryReader
from footnote.index.search.fulltext import STOP_WORDS, query_words
from footnote.rag.query.names import find_names, missing_names
from footnote.rag.query.translation import NAMES, find_unread_language
from footnote.rag.retrieval.hybrid import RetrievalResult

# Without token vectors: below this cosine to the nearest passage nothing is near.
LOWEST_COSINE = 0.26
# Below the threshold of the chance a question is refused only where the nearest passage is no
# nearer than this; and below LOWEST_COSINE only where the chance is below UNLIKELY.
UNLIKELY_COSINE, UNLIKELY = 0.35, 0.35
# Below this chance the right sentence is mostly not among the quotes.
WEAK = 0.4
# Hits in which a name of the question is looked for.
NAMED_IN = 5
# The same for a question of which no paper has a word: gibberish comes near to something.
LOWEST_COSINE_WITHOUT_A_WORD = 0.4
# Questions that need no topic if the reader has chosen papers one by one.
OF_ANY_PAPER = frozenset(
    """main key result results finding findings method methods approach contribution contributions
    conclusion conclusions limitation limitations idea problem goal data dataset datasets evaluation
    paper papers study studies work authors summary summarise summarize abstract show shows find
    found propose proposes claim claims new""".split()
)
_READ = f"{', '.join(sorted(NAMES.values())[:-1])} or {max(NAMES.values())}"
SIGNALS = ("cosine", "match", "weakest", "outstanding", "length")


@dataclass(frozen=True, slots=True)
class AnswerabilityModel:
    """The trained model; ``weights`` and ``means`` are by signal.

    Attributes:
        threshold: Below this chance a question is refused.
    """

    weights: Mapping[str, float]
    means: Mapping[str, float]
    bias: float
    threshold: float

    @classmethod
    def load(cls) -> "AnswerabilityModel":
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
    """Returns the signals of an answerable question; none if nothing was found.

    ``cosine`` of the nearest passage; ``match`` of the best hit; ``weakest``, the mean match of the
    worst quarter of the question's own tokens in it; ``outstanding``, its standard deviations above
    the other hits; ``length``, the logarithm of the number of tokens: longer questions have lower
    matches.
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


class RefusalRule:
    """Decides whether what was found is enough to answer from."""

    def __init__(self, library: LibraryReader) -> None:
        """Takes the library to search."""
        self._library = library
        self._model = AnswerabilityModel.load()

    @property
    def threshold(self) -> float:
        """The chance below which a question is refused."""
        return self._model.threshold if self._library.searcher.has_token_vectors else LOWEST_COSINE

    def chance(self, found: RetrievalResult) -> float:
        """Returns the chance that what was found answers the question."""
        if self._library.searcher.has_token_vectors:
            return self._model.chance(found)
        return min(1.0, max(0.0, found.cosine))

    def reason(self, found: RetrievalResult, filters: Filters, chance: float) -> str | None:
        """Returns why there is nothing to answer from, or None."""
        query = found.question.query
        if set(query_words(query)) <= STOP_WORDS:
            return "the question names nothing to look for; ask about a topic, method or result"
        if not found.hits and filters != EVERYTHING:
            return f"the library has no paper {filters}; widen the filters"
        known = self._library.searcher.rank_by_words(query, k=1, filters=filters)
        if not known and (unread := find_unread_language(found.question.asked)):
            return f"questions in {unread} are not read; ask in English, {_READ}"
        lowest = LOWEST_COSINE if known else LOWEST_COSINE_WITHOUT_A_WORD
        if filters.papers is not None and set(query_words(query)) <= OF_ANY_PAPER | STOP_WORDS:
            return None
        # What the library calls by the question's names is what is asked about.
        papers = [hit.paper for hit in found.hits[:NAMED_IN]]
        named = find_names(query) and not missing_names(query, papers)
        if self._library.searcher.has_token_vectors:
            nothing = found.cosine < UNLIKELY_COSINE and chance < self._model.threshold
            nothing |= found.cosine < lowest and chance < UNLIKELY
            nothing = nothing and not named
        else:
            nothing = found.cosine < lowest
        if nothing and (missing := missing_names(query, papers)):
            return f"no abstract mentions {' or '.join(missing)}; no paper is close to the question"
        return "no paper in the library is close to the question" if nothing else None
