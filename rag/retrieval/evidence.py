"""Evidence: the sentences worth quoting, most relevant first, without repeats."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from footnote.index.library import LibraryReader
from footnote.index.models import Hit, Paper, Span
from footnote.index.search.fulltext import query_words
from footnote.rag.answer import Side
from footnote.rag.retrieval.injection.detector import select_quotable
from footnote.rag.retrieval.late_interaction import TokenMatch
from footnote.rag.retrieval.wording import is_own, leans, sets_out

# Papers whose sentences may be quoted where one may answer.
READ_PAPERS = 5
# Papers this far behind the best fused score are not read: their sentences would rank too low.
FAR_BEHIND = 0.4
# Two sentences that share more of their words than this say the same thing.
SAME_WORDS = 0.7

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|often|large|big|fast|far|few|high|low|old)\b"
    r"|\b(?:number|percent(?:age)?|share|rate|score|size|factor|times|accuracy)\b",
    re.IGNORECASE,
)
# "Which papers ..." asks for several; "which number ..." asks for one.
_ASKS_MANY = re.compile(
    r"\b(?:which|what|any|these|the|several|two|three|other)\s+(?:[\w-]+\s+){0,2}?"
    r"(?:papers|works|studies|articles|publications|authors|approaches|methods|models|systems"
    r"|techniques|benchmarks|datasets|surveys)\b"
    r"|\b(?:each|both|disagree|compare[ds]?|versus|vs)\b",
    re.IGNORECASE,
)
# Maximum sentences of a paper if several papers are asked for: 3 finds .59 of the gold papers of
# the 33 such questions of daily_papers_dev, no limit .51 (command: python -m
# footnote.evals.lab.bench.evidence).
MOST_OF_ONE = 3
# A link to code is not a finding, unless the question asks for it. In a part without a full stop,
# and in a line, only the first such word is tried: text after a later one is also after the first.
_HOUSEKEEPING = re.compile(
    r"https?://|\b[\w-]{2,40}\.(?:github\.io|com|org|io|ai|net)\b|(?:\A|(?<=\.))"
    r"(?>[^.]*?\b(?:code|videos?|models?|data|datasets?|checkpoints?|demos?|weights|materials)\b)"
    r"[^.]*?\b(?:available|released?|open[- ]sourced?|found at|visit)\b"
    r"|\bwe (?:will )?(?:also )?(?:open[- ]source|release)\b"
    r"|^(?>.*?\bwe (?:will )?(?:also )?make ).* available\b",
    re.IGNORECASE | re.MULTILINE,
)
# A sentence of so many words that tells where the code is tells nothing else.
POINTER_WORDS = 12
_ASKS_HOUSEKEEPING = re.compile(
    r"\b(?:code|availab\w+|releas\w+|open[- ]sourc\w+|website|page|download\w*|url|link)\b",
    re.IGNORECASE,
)
_ENDING = re.compile(r"(?:ing|edly|ed|es|s|ly|ions?)$")


@dataclass(frozen=True, slots=True)
class EvidenceWeights:
    """Weights for ranking sentences, besides the match with the question.

    Each value was chosen by ``python -m footnote.evals.lab.bench.evidence SET --library DIR``.

    Attributes:
        paper: Penalty for the distance of a sentence's paper behind the best one.
        words: Bonus for words of the question; rarer words count more.
        number: Bonus for a number if the question asks for one.
        housekeeping: Penalty for a link to code, if the question does not ask for it.
        place: Bonus at the end of the abstract, 0 at its beginning; findings come late.
        own: Bonus for saying what the authors did.
        leaning: Penalty for pointing at the sentence before.
        setting_out: Penalty for saying why the paper was written.
    """

    paper: float = 1.0
    words: float = 0.8
    number: float = 0.2
    housekeeping: float = 0.3
    place: float = 0.2
    own: float = 0.025
    leaning: float = 0.05
    setting_out: float = 0.05


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a hit's abstract, as evidence.

    Attributes:
        start: First character in the abstract.
        end: One past the last.
        score: Higher is more relevant; comparable only within one question.
        side: What its paper says to a yes-or-no question; None if that is not clear.
        answers: How far it answers the question, by the answer ranker; None where that read others.
    """

    paper: Paper
    start: int
    end: int
    score: float
    side: Side | None = None
    answers: float | None = None

    @property
    def text(self) -> str:
        """The verbatim sentence."""
        return self.paper.abstract[self.start : self.end]


class EvidenceFinder:
    """Ranks the sentences of the best hits against a question."""

    def __init__(self, library: LibraryReader, weights: EvidenceWeights | None = None) -> None:
        """Takes the library, whose catalog has the sentences of each paper."""
        self._library = library
        self._weights = weights or EvidenceWeights()

    def find(
        self, question: str, hits: Sequence[Hit], matches: Mapping[str, TokenMatch], *, count: int
    ) -> list[Sentence]:
        """Returns up to ``count`` sentences, most relevant first.

        Args:
            question: As it was asked.
            hits: Best first.
            matches: Matches of the best hits, by paper id.
            count: Maximum number of sentences.
        """
        read = [hit for hit in hits[:READ_PAPERS] if hits[0].score - hit.score < FAR_BEHIND]
        return choose_evidence(question, self.rank(question, read, matches), count=count)

    def rank(
        self, question: str, hits: Sequence[Hit], matches: Mapping[str, TokenMatch]
    ) -> list[Sentence]:
        """Returns every sentence of these hits that may be quoted, most telling first.

        Args:
            question: As it was asked.
            hits: Best first.
            matches: Of them, by paper id; one without is not read.
        """
        words = _word_weights(_stems(question), [hit.paper.abstract for hit in hits])
        asks_number = _ASKS_NUMBER.search(question) is not None
        asks_housekeeping = _ASKS_HOUSEKEEPING.search(question) is not None
        return sorted(
            (
                Sentence(
                    hit.paper,
                    start,
                    end,
                    self._score(hit.paper, text, matched, words, asks_number)
                    + self._score_wording(signs, place)
                    - self._weights.paper * (hits[0].score - hit.score)
                    - self._weights.housekeeping * (not asks_housekeeping and signs.housekeeping),
                )
                for hit in hits
                if hit.paper.id in matches
                for (start, end), matched, place in self._sentences(
                    hit.paper, matches[hit.paper.id], question
                )
                for text in [hit.paper.abstract[start:end]]
                for signs in [_read_signs(text)]
                if asks_housekeeping or not signs.pointer
            ),
            key=lambda sentence: -sentence.score,
        )

    def _score(
        self, paper: Paper, text: str, matched: float, words: Mapping[str, float], number: bool
    ) -> float:
        weights = self._weights
        return (
            matched
            + weights.words * _word_overlap(words, paper.title, text)
            + weights.number * (number and any(map(str.isdigit, text)))
        )

    def _score_wording(self, signs: "_Signs", place: float) -> float:
        weights = self._weights
        return (
            weights.place * place
            + weights.own * signs.own
            - weights.leaning * signs.leaning
            - weights.setting_out * signs.setting_out
        )

    def _sentences(
        self, paper: Paper, match: TokenMatch, question: str
    ) -> list[tuple[Span, float, float]]:
        """Returns the sentences of a paper with their matches, and where each stands in [0, 1].

        Leaves out sentences that give orders to a reader or a model.
        """
        spans = self._library.sentences(paper)
        # If the paper has changed since it was found, the stored spans belong to another text.
        if self._library.paper(paper.id) != paper:
            return []
        numbers = select_quotable(paper, spans, question)
        last = max(1, len(spans) - 1)
        return [(spans[n], match.sentences[n], n / last) for n in numbers if n in match.sentences]


class _Signs(NamedTuple):
    """What a sentence's wording shows, whatever is asked.

    Attributes:
        housekeeping: It tells where the code is.
        pointer: It tells nothing else: "Website with code: ...".
    """

    housekeeping: bool
    pointer: bool
    own: bool
    leaning: bool
    setting_out: bool


# The sentences of some 2,000 abstracts, 5 MB. To read those of one question took a quarter of the
# time of its answer, and other questions are answered from the same papers.
@lru_cache(1 << 14)
def _read_signs(text: str) -> _Signs:
    housekeeping = _HOUSEKEEPING.search(text) is not None
    pointer = housekeeping and len(text.split()) <= POINTER_WORDS
    return _Signs(housekeeping, pointer, is_own(text), leans(text), sets_out(text))


def choose_evidence(question: str, ranked: Sequence[Sentence], *, count: int) -> list[Sentence]:
    """Returns up to ``count`` sentences in their order, no two of which say the same.

    Where several papers are wanted, few are of one.
    """
    most = MOST_OF_ONE if _ASKS_MANY.search(question) else count
    chosen: list[Sentence] = []
    for sentence in ranked:
        if len(chosen) == count:
            break
        of_it = sum(other.paper.id == sentence.paper.id for other in chosen)
        if of_it < most and not any(says_the_same(sentence.text, other.text) for other in chosen):
            chosen.append(sentence)
    return chosen


def says_the_same(text: str, other: str) -> bool:
    """Returns whether two sentences say the same in nearly the same words."""
    ours, theirs = _stems(text), _stems(other)
    return len(ours & theirs) > SAME_WORDS * len(ours | theirs)


def _word_overlap(words: Mapping[str, float], title: str, text: str) -> float:
    """Returns the weight of the question's words in a sentence, except those of the title.

    A word of the title says which paper is meant, not which sentence, so it counts for all
    sentences alike.
    """
    named, said = _stems(title), _stems(text)
    return sum(weight for word, weight in words.items() if word in named or word in said)


@lru_cache(4096)
def _stems(text: str) -> frozenset[str]:
    """Returns the content words of a text without their most common endings."""
    return frozenset(_ENDING.sub("", word) if len(word) > 4 else word for word in query_words(text))


def _word_weights(words: Iterable[str], abstracts: Sequence[str]) -> dict[str, float]:
    """Returns each word's share of the question's weight; words in all hits weigh little.

    Source: inverse document frequency, Sparck Jones 1972, taken over the hits.
    """
    texts = [_stems(abstract) for abstract in abstracts]
    weights = {
        word: float(np.log((len(texts) + 1) / (sum(word in t for t in texts) + 0.5)))
        for word in sorted(words)
    }
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()} if total > 0 else {}
