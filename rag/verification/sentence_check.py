"""Sentence check: is what somebody else wrote supported by the papers that it cites?

Each citation names a paper of the library, and may quote it; without a quote the sentences of the
paper that are nearest to the claim stand for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from footnote.index.embeddings.base import Matrix
from footnote.index.library import Library
from footnote.index.models import Paper
from footnote.index.readers.cited_text import CitedSentence, References, read_cited_text
from footnote.rag.answer import Verdict
from footnote.rag.verification.lexical import read_words
from footnote.rag.verification.rules.remarks import is_about_evidence
from footnote.rag.verification.stated import describe_paper
from footnote.rag.verification.verifier import LearnedVerifier, VerificationResult, Verifier

UNCITED = "it cites nothing"
NOT_HERE = "not in the library"
# Sentences of a paper that stand for it where no quote is given.
NEAREST = 2
# What shared words count beside the cosine.
_WORDS = 0.5
# Papers among which the source of a claim is looked for, and the supports that give it away.
_SEARCHED, _SAID_THERE, _NOT_HERE = 5, 0.75, 0.4
# Papers whose sentences are kept as vectors.
_KEPT = 256


@dataclass(frozen=True, slots=True)
class CitedSource:
    """What a sentence cites.

    Attributes:
        title: Of the paper, or one of its identifiers.
        quote: Its words, verbatim; empty if none are given.
        others: Other names of the paper, tried in their order.
    """

    title: str
    quote: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceQuote:
    """A quote that a verdict rests on.

    Attributes:
        paper_id: None if the library does not hold the paper.
    """

    paper_id: str | None
    title: str
    quote: str


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """The verdict on a sentence.

    Attributes:
        notes: Which number, name or direction contradicts it, and what could not be read.
        quotes: What the verdict rests on.
    """

    sentence: str
    verdict: Verdict
    support: float
    notes: tuple[str, ...] = ()
    quotes: tuple[SourceQuote, ...] = ()


class SentenceChecker:
    """Checks sentences against the papers of a library."""

    def __init__(self, library: Library, verifier: Verifier | None = None) -> None:
        """Takes the library and who judges; the rules if nobody else does."""
        self._library = library
        self._verifier = verifier or LearnedVerifier(library.embedder)
        self._read = lru_cache(_KEPT)(self._read_paper)

    def check(self, sentence: str, cited: Sequence[CitedSource]) -> CheckedSentence:
        """Returns the verdict on a sentence by what it cites.

        A paper that the library does not hold is a note; its quote, if there is one, still counts.
        """
        claim = _without_markup(sentence)
        if is_about_evidence(sentence):
            return CheckedSentence(sentence, "supported", 1.0, ("it claims nothing of a paper",))
        notes: list[str] = []
        quotes: list[SourceQuote] = []
        papers: list[Paper] = []
        for source in dict.fromkeys(cited):
            names = (source.title, *source.others)
            paper = next(filter(None, map(self._library.paper, names)), None)
            papers += [paper] if paper else []
            found, told = self._quotes(claim, source, paper)
            quotes += found
            notes += told
        if not quotes:
            return CheckedSentence(sentence, "unsettled", 0.0, tuple(notes or [UNCITED]))
        known = len(papers) == len(set(cited))
        about = [describe_paper(paper) for paper in papers]
        ruling = self._verifier.verify(claim, [q.quote for q in quotes], about=about)
        if ruling.verdict == "contradicted" and not known:
            # What a missing paper says may be what is missing here.
            ruling = ruling._replace(verdict="unsettled")
        if ruling.verdict == "unsettled" and known:
            # The paper may say so in another sentence, or in two.
            nearest = [q for p in papers for q in self._nearest(claim, p, NEAREST)]
            again = self._verifier.verify(claim, [q.quote for q in nearest], about=about)
            if again.verdict == "supported":
                ruling, quotes = again, nearest
            elif max(ruling.support, again.support) < _NOT_HERE:
                ruling = self._blame_another(claim, papers) or ruling
        return CheckedSentence(
            sentence, ruling.verdict, ruling.support, (*ruling.notes, *notes), tuple(quotes)
        )

    def check_cited(self, one: CitedSentence) -> CheckedSentence:
        """Returns the verdict on a sentence of a text, as ``check`` does."""
        return self.check(one.text, [CitedSource(n[0], "", n[1:]) for n in one.citations])

    def _quotes(
        self, claim: str, source: CitedSource, paper: Paper | None
    ) -> tuple[list[SourceQuote], list[str]]:
        """Returns the quotes of one citation, and what is to be said of it."""
        missing = f"{NOT_HERE}: {' '.join(source.title.split())[:120] or 'no title'}"
        if paper is None:
            quoted = [SourceQuote(None, source.title, source.quote)] if source.quote.strip() else []
            return quoted, [missing]
        if source.quote.strip():
            stands = _squeezed(source.quote) in _squeezed(paper.abstract)
            note = [] if stands else [f"the quote is not in the abstract of {paper.title}"]
            return [SourceQuote(paper.id, paper.title, source.quote)], note
        nearest = self._nearest(claim, paper, 1)
        return nearest, [] if nearest else [f"{paper.title} has no abstract"]

    def _nearest(self, claim: str, paper: Paper, count: int) -> list[SourceQuote]:
        found = self.find_nearest(claim, paper, count)
        return [SourceQuote(paper.id, paper.title, quote) for quote in found]

    def find_nearest(self, claim: str, paper: Paper, count: int = NEAREST) -> list[str]:
        """Returns the sentences of a paper that are nearest to a claim, in their order."""
        sentences, vectors = self._read(paper)
        if not sentences:
            return []
        own = self._library.embedder.embed([claim])[0]
        shared = np.array([_shared(claim, sentence) for sentence in sentences])
        best = np.argsort(-(vectors @ own + _WORDS * shared), kind="stable")[:count]
        return [sentences[n] for n in sorted(best)]

    def _read_paper(self, paper: Paper) -> tuple[list[str], Matrix]:
        sentences = [paper.abstract[a:b] for a, b in self._library.sentences(paper)]
        return sentences, self._library.embedder.embed(sentences)

    def _blame_another(self, claim: str, cited: Sequence[Paper]) -> VerificationResult | None:
        """Returns that another paper plainly says what the cited ones do not, if one does."""
        for hit in self._library.search(claim, k=_SEARCHED):
            if hit.paper in cited:
                continue
            quotes = self.find_nearest(claim, hit.paper)
            about = [describe_paper(hit.paper)]
            ruling = self._verifier.verify(claim, quotes, about=about)
            if ruling.verdict == "supported" and ruling.support >= _SAID_THERE:
                told = f"another paper says so: {' '.join(hit.paper.title.split())}"
                return VerificationResult("contradicted", 0.0, (told,))
        return None


def check_text(
    checker: SentenceChecker, text: str, references: References | None = None
) -> Iterator[CheckedSentence]:
    """Yields the verdict on each sentence of a Markdown or LaTeX text, in order.

    Args:
        checker: Knows the library.
        text: With its list of references, if it has one.
        references: What names each paper, by key, from a BibTeX file.
    """
    yield from map(checker.check_cited, read_cited_text(text, references))


def _without_markup(sentence: str) -> str:
    """Returns a sentence without a list bullet and marks of emphasis."""
    plain = sentence.strip()
    for bullet in ("- ", "* ", "• "):
        plain = plain.removeprefix(bullet)
    return " ".join(plain.replace("**", "").split())


def _shared(claim: str, sentence: str) -> float:
    """Returns the share of a claim's content words that a sentence has, by stem."""
    telling = {word.stem for word in read_words(claim) if word.telling}
    have = {word.stem for word in read_words(sentence)}
    return len(telling & have) / len(telling) if telling else 0.0


def _squeezed(text: str) -> str:
    return " ".join(text.split())
