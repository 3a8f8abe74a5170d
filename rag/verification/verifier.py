"""Verifier: whether quotes support a statement: supported, unsettled or contradicted.

A verbatim quote supports itself. What the words of the source prove to be wrong is contradicted
(``proof``). Of the rest a small classifier tells what is near enough to the quotes to be called
supported; ``python -m footnote.evals.lab.training.verdicts`` trained it. Everything else is not
settled. A user's own model may judge instead: any object with ``verify`` is a ``Verifier``.
"""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, Protocol

import numpy as np

from footnote.index.embeddings.protocols import Embedder, Matrix, TokenEmbedder
from footnote.rag.answer import Verdict
from footnote.rag.verification.alignment import AlignedPair, Text, align_pair, read_texts
from footnote.rag.verification.features import features
from footnote.rag.verification.lexical import denials, denies_by_verb, names_in, read_words
from footnote.rag.verification.rules.foreign import find_foreign_faults, is_foreign
from footnote.rag.verification.rules.proof import Source, find_faults
from footnote.rag.verification.rules.stated import shorten
from footnote.rag.verification.rules.turns import find_turns

_GOES_BACK = re.compile(r"[\w.,-]")
_GOES_ON = re.compile(r"[\w-]|[.,]\w")

# What makes a part of a quote no claim of its own: "asks whether ...".
_ASKED = re.compile(
    r"\b(?:whether|if|unless|asks?|could|would|might|may|suppos\w{1,3}|assum\w{1,3}|claims?|fail\w{0,3}"
    r"|unlikely|unclear|doubt\w{0,3}|deny|denies|until)\b",
    re.IGNORECASE,
)

# Readings of quotes are cached: statements of one answer cite the same quotes.
KEPT_QUOTES = 512
# Maximum characters of a statement to judge, and of a quote and a paper to read for it. Comparing
# takes more than linear time; the longest sentence in 100,000 arXiv abstracts has 1,916.
LONGEST_STATEMENT = 2_000
LONGEST_QUOTE = 4_000
LONGEST_PAPER = 20_000
# Share of a statement's content words that its quotes have, from which on it is a copy of them.
_NEAR_COPY = 0.85


class VerificationResult(NamedTuple):
    """A verifier's verdict on a statement.

    Attributes:
        support: Probability, in [0, 1], that the quotes support it.
        notes: What contradicts it or keeps it open, a few words each.
    """

    verdict: Verdict
    support: float
    notes: tuple[str, ...] = ()


class Verifier(Protocol):
    """Judges statements: the rules, an NLI model, or a language model."""

    def verify(
        self, statement: str, quotes: Sequence[str], *, about: Sequence[str] = ()
    ) -> VerificationResult:
        """Returns the verdict on a statement.

        Args:
            statement: One sentence, without markers.
            quotes: What it cites; none leaves it unsettled.
            about: Titles and abstracts of the cited papers, for the names that a quote calls
                "it" or "our method"; without them a missing number or name proves nothing.
        """


@dataclass(frozen=True, slots=True)
class VerifierModel:
    """A trained classifier of statements against which nothing is proved.

    Attributes:
        features: Names, in the order of the coefficients.
        coefficients: ``(f,)``.
        supported: Minimum support of a supported statement.
    """

    features: Sequence[str]
    coefficients: Matrix
    intercept: float
    supported: float

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "VerifierModel":
        """Returns the classifier that ``footnote.evals.lab.training.verdicts`` wrote."""
        return cls(
            tuple(row["features"]),
            np.array(row["coefficients"], np.float32),
            float(row["intercept"]),
            float(row["supported"]),
        )

    def probability(self, figures: Mapping[str, float]) -> float:
        """Returns the probability that the quotes support the statement."""
        row = np.array([figures[name] for name in self.features], np.float32)
        return float(1 / (1 + np.exp(-(self.coefficients @ row + self.intercept))))

    def rule(
        self, compared: AlignedPair, doubts: Sequence[str] = (), turned: Sequence[str] = ()
    ) -> VerificationResult:
        """Returns the verdict on a statement aligned with its quotes.

        Args:
            compared: Both.
            doubts: What keeps it open, and keeps a denial from being one.
            turned: What else keeps it open.
        """
        figures = features(compared)
        support = self.probability(figures)
        if denies(figures) and not doubts and not denies_by_verb(compared.quotes.words):
            return VerificationResult("contradicted", 0.0, ("it denies what the quote says",))
        if doubts or turned or support < self.supported:
            # What a rule doubts stays below the threshold, whatever else agrees.
            support = min(support, self.supported / 2) if doubts or turned else support
            return VerificationResult("unsettled", support, (*doubts, *turned))
        return VerificationResult("supported", support)


def denies(figures: Mapping[str, float]) -> bool:
    """Returns whether a statement is its quote but for a negation or a direction."""
    if figures["covered"] < _NEAR_COPY:
        return False
    denied = figures["negation_added"] and figures["negation_against"]
    turned = figures["direction_against"] and not figures["direction_agrees"]
    return bool((denied and figures["cosine"] >= 0.7) or (turned and figures["cosine"] >= 0.9))


@lru_cache(1)
def _trained() -> Mapping[str, VerifierModel]:
    """Returns the classifiers in the package: with tokens, and without."""
    rows = json.loads(files(__package__).joinpath("trained", "verdicts.json").read_text("utf-8"))
    return {name: VerifierModel.from_json(rows[name]) for name in ("tokens", "sentences")}


class LearnedVerifier:
    """The classifier, with an embedder; may be used from many threads at once."""

    def __init__(self, embedder: Embedder) -> None:
        """Takes the embedder for similarity; one with token vectors gives more features."""
        self._embedder = embedder
        self._weights = _trained()["tokens" if isinstance(embedder, TokenEmbedder) else "sentences"]
        self._named = lru_cache(KEPT_QUOTES)(names_in)
        self._kept: dict[str, Text] = {}
        self._lock = threading.Lock()

    def _read(self, statement: str, quotes: Sequence[str]) -> tuple[Text, list[Text]]:
        """Returns the readings of the texts; new ones are read in one batch."""
        with self._lock:
            known = {quote: self._kept[quote] for quote in quotes if quote in self._kept}
        new = [statement, *dict.fromkeys(quote for quote in quotes if quote not in known)]
        said, *read = read_texts(new, self._embedder)
        fresh = dict(zip(new[1:], read, strict=True))
        with self._lock:
            self._kept |= fresh
            for oldest in list(self._kept)[:-KEPT_QUOTES]:
                del self._kept[oldest]
        return said, [fresh.get(quote) or known[quote] for quote in quotes]

    def verify(
        self, statement: str, quotes: Sequence[str], *, about: Sequence[str] = ()
    ) -> VerificationResult:
        """Returns the verdict on a statement, its support and its contradiction.

        Args:
            statement: One sentence, without markers.
            quotes: What it cites; none makes it unsupported.
            about: Titles and abstracts of the cited papers.
        """
        said = " ".join(statement.split())
        given = [quote for quote in (" ".join(q.split()) for q in quotes) if quote]
        if not given or not said:
            return VerificationResult("unsettled", 0.0)
        if is_verbatim(said, given):
            return VerificationResult("supported", 1.0)
        # A text that was not read to its end cannot be judged.
        if len(said) > LONGEST_STATEMENT:
            return VerificationResult("unsettled", 0.0)
        given = [quote[:LONGEST_QUOTE] for quote in given]
        source = Source(" ".join(given), [shorten(paper, LONGEST_PAPER) for paper in about])
        foreign = is_foreign(said, source.quotes)
        found = find_foreign_faults(said, source) if foreign else find_faults(said, source)
        if found.faults:
            return VerificationResult("contradicted", 0.0, found.faults)
        if foreign:
            return VerificationResult("unsettled", 0.0, found.doubts)
        named = frozenset[str]().union(*map(self._named, source.about))
        compared = align_pair(*self._read(said, given), named)
        turned = find_turns(said, given, compared)
        if turned.faults:
            return VerificationResult("contradicted", 0.0, turned.faults)
        return self._weights.rule(compared, found.doubts, turned.doubts)


class RememberingVerifier:
    """A verifier that judges a statement once."""

    def __init__(self, verifier: Verifier) -> None:
        """Takes the verifier that judges."""
        self._verifier = verifier
        self._known: dict[tuple[str, tuple[str, ...]], VerificationResult] = {}

    def recall(self, statement: str, quotes: Sequence[str]) -> VerificationResult | None:
        """Returns the verdict that was found before; None if there is none."""
        return self._known.get((statement, tuple(quotes)))

    def verify(
        self, statement: str, quotes: Sequence[str], *, about: Sequence[str] = ()
    ) -> VerificationResult:
        """Returns the verdict on a statement; its quotes tell which papers it is about."""
        found = self.recall(statement, quotes)
        if found is None:
            found = self._verifier.verify(statement, quotes, about=about)
            self._known[statement, tuple(quotes)] = found
        return found


def is_verbatim(statement: str, quotes: Sequence[str]) -> bool:
    """Returns whether a statement is a quote, or whole words of one without dropping a negation."""
    for quote in (*quotes, " ".join(quotes)):
        if statement == quote:
            return True
        part = _is_part(statement.rstrip("."), quote)
        asked = _ASKED.search(quote) and not _ASKED.search(statement)
        if part and not asked and denials(read_words(quote)) == denials(read_words(statement)):
            return True
    return False


def _is_part(bare: str, quote: str) -> bool:
    """Returns whether a quote contains words; "12" is not part of "12.5", nor "GPT" of "GPT-4"."""
    for first in {bare[:1].upper(), bare[:1].lower()} - {""}:
        start = quote.find(first + bare[1:])
        while start >= 0:
            end = start + len(first + bare[1:])
            if not _GOES_BACK.match(quote[start - 1 : start]) and not _GOES_ON.match(quote, end):
                return True
            start = quote.find(first + bare[1:], start + 1)
    return False


def verify(
    statement: str, quotes: Sequence[str], *, embedder: Embedder, about: Sequence[str] = ()
) -> VerificationResult:
    """Returns the classifier's verdict on one statement; see ``LearnedVerifier``."""
    return LearnedVerifier(embedder).verify(statement, quotes, about=about)
