"""Evidence: the sentences worth quoting, most telling first, not twice the same."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.embedders import Matrix
from index.library import Library
from index.papers import Hit, Paper, Span
from index.passages import sentence_spans
from index.words import query_words

# Papers whose sentences are read.
READ_PAPERS = 5
# Papers this far behind the best one in fused score are not read: their sentences would lose.
FAR_BEHIND = 0.4
# Two sentences closer than this say the same thing.
SAME_COSINE = 0.92

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|often|large|big|fast|far|few|high|low|old)\b"
    r"|\b(?:number|percent(?:age)?|share|rate|score|size|factor|times|accuracy)\b",
    re.IGNORECASE,
)
_ENDING = re.compile(r"(?:ing|edly|ed|es|s|ly|ions?)$")


@dataclass(frozen=True, slots=True)
class Weights:
    """What makes a sentence telling, beside its cosine with the question.

    Each value was chosen by ``python -m evals.bench.evidence SET --library DIR``.

    Attributes:
        paper: What a paper's distance behind the best one costs each of its sentences.
        words: For having the question's words, rarer ones counting more.
        number: For having a number where the question asks for one.
    """

    paper: float = 1.0
    words: float = 0.8
    number: float = 0.2


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a hit's abstract, as evidence.

    Attributes:
        start: First character in the abstract.
        end: One past the last.
        score: Higher is more telling; comparable within one question only.
    """

    paper: Paper
    start: int
    end: int
    score: float

    @property
    def text(self) -> str:
        """The verbatim sentence."""
        return self.paper.abstract[self.start : self.end]


class EvidenceFinder:
    """Ranks the sentences of the best hits against a question."""

    def __init__(self, library: Library, weights: Weights | None = None) -> None:
        """Takes the library, whose catalog knows the sentences of each paper."""
        self._library = library
        self._weights = weights or Weights()
        # Sentence vectors cost 2 ms each; a conversation reads the same papers again.
        self._cached = lru_cache(maxsize=2048)(self._read)

    def find(self, question: str, hits: Sequence[Hit], *, count: int) -> list[Sentence]:
        """Returns up to ``count`` sentences, most telling first."""
        read = [h for h in hits[:READ_PAPERS] if hits[0].score - h.score < FAR_BEHIND]
        if not read:
            return []
        query = self._library.embedder.embed([question])[0]
        spans, vectors = zip(*(self._cached(h.paper) for h in read), strict=True)
        words = _rarity(_stems(question), [h.paper.abstract for h in hits])
        asks_number = _ASKS_NUMBER.search(question) is not None
        ranked = sorted(
            (
                (
                    float(vector @ query)
                    + self._weights.words * _shared(words, hit.paper.title, text)
                    + self._weights.number * (asks_number and any(map(str.isdigit, text)))
                    - self._weights.paper * (hits[0].score - hit.score),
                    hit,
                    span,
                    vector,
                )
                for hit, of_hit, rows in zip(read, spans, vectors, strict=True)
                for span, vector in zip(of_hit, rows, strict=True)
                for text in [hit.paper.abstract[span[0] : span[1]]]
            ),
            key=lambda row: -row[0],
        )
        chosen: list[Sentence] = []
        kept: list[Matrix] = []
        for score, hit, (start, end), vector in ranked:
            if len(chosen) == count:
                break
            if not kept or float(np.max(np.stack(kept) @ vector)) < SAME_COSINE:
                chosen.append(Sentence(hit.paper, start, end, score))
                kept.append(vector)
        return chosen

    def nearness(self, question: str, hits: Sequence[Hit]) -> float:
        """Returns the highest cosine between a question and a sentence that would be read."""
        vectors = [rows for h in hits[:READ_PAPERS] if len(rows := self._cached(h.paper)[1])]
        if not vectors:
            return 0.0
        query = self._library.embedder.embed([question])[0]
        return float(np.max(np.concatenate(vectors) @ query))

    def _read(self, paper: Paper) -> tuple[list[Span], Matrix]:
        """Returns the paper's sentences and their vectors, of one and the same abstract."""
        spans = self._library.sentences(paper)
        # The stored spans are of another text when the paper changed since it was found.
        if self._library.paper(paper.id) != paper:
            spans = sentence_spans(paper.abstract)
        texts = [paper.abstract[a:b] for a, b in spans]
        empty = np.empty((0, self._library.embedder.dimensions), np.float32)
        return spans, self._library.embedder.embed(texts) if texts else empty


def _shared(words: Mapping[str, float], title: str, text: str) -> float:
    """Returns the weight of the question's words that a sentence has, its paper's title apart.

    A word of the title tells which paper is meant, not which of its sentences: it counts
    for all of them alike.
    """
    present = _stems(title) | _stems(text)
    return sum(weight for word, weight in words.items() if word in present)


def _stems(text: str) -> set[str]:
    """Returns the telling words of a text without their commonest endings."""
    return {_ENDING.sub("", word) if len(word) > 4 else word for word in query_words(text)}


def _rarity(words: Iterable[str], abstracts: Sequence[str]) -> dict[str, float]:
    """Returns each word's share of the question's weight; a word that all hits have weighs little.

    Source: inverse document frequency, Sparck Jones 1972, taken over the hits.
    """
    texts = [_stems(abstract) for abstract in abstracts]
    weights = {
        word: float(np.log((len(texts) + 1) / (sum(word in t for t in texts) + 0.5)))
        for word in sorted(words)
    }
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()} if total > 0 else {}
