"""Sentence check: is what somebody else wrote supported by the papers that it cites?

Each citation names a paper of the library, and may quote it; without a quote that stands in its
abstract the sentences of the paper that are nearest to the claim stand for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from footnote.index.embeddings.protocols import Matrix
from footnote.index.library import LibraryReader
from footnote.index.models import Hit, Paper
from footnote.index.readers.cited_text import CitedSentence, References, read_cited_text
from footnote.index.search.chroma import UnusableCollection
from footnote.rag.answer import Verdict
from footnote.rag.verification.lexical import read_words
from footnote.rag.verification.quoted import stands_in
from footnote.rag.verification.rules.remarks import is_about_evidence
from footnote.rag.verification.rules.stated import describe_paper
from footnote.rag.verification.verifier import LearnedVerifier, VerificationResult, Verifier

UNCITED = "it cites nothing"
NOT_HERE = "not in the library"
MISQUOTED = "the quote is not in the abstract"
ABOUT_EVIDENCE = "it is about the evidence as a whole, which an abstract does not settle"
# Citations of one sentence that are read.
MOST_CITED = 50
# Sentences of a paper that stand for it where no quote is given.
NEAREST = 2
# What shared words count beside the cosine.
_WORDS = 0.5
# Papers among which the source of a claim is looked for, and the supports that give it away.
_SEARCHED, _SAID_THERE, _NOT_HERE = 5, 0.75, 0.4
# Content words of a claim that another paper's sentences have and the cited one has not: fewer
# tell of a subject, and as many of a finding.
_OF_A_FINDING = 3
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

    def __init__(self, library: LibraryReader, verifier: Verifier | None = None) -> None:
        """Takes the library and who judges; the rules if nobody else does."""
        self._library = library
        self._verifier = verifier or LearnedVerifier(library.embedder)
        self._read = lru_cache(_KEPT)(self._read_paper)
        self._embedded = lru_cache(1)(self._embed)

    def check(self, sentence: str, cited: Sequence[CitedSource]) -> CheckedSentence:
        """Returns the verdict on a sentence by what it cites.

        A paper that the library does not hold is a note: nobody can check its quote.
        """
        claim = _without_markup(sentence)
        remark = is_about_evidence(sentence)
        if remark and not cited:
            return CheckedSentence(sentence, "supported", 1.0, ("it claims nothing of a paper",))
        read = self._read_sources(claim, cited)
        if not read.papers or not read.evidence:
            notes = tuple(read.notes or [UNCITED])
            return CheckedSentence(sentence, "unsettled", 0.0, notes, tuple(read.quotes))
        ruling, quotes = self._rule(claim, read)
        if remark and ruling.support < 1:
            # What an abstract lacks may be in its paper: that nobody tested it on 12 robots is
            # neither shown nor contradicted by words that name no robots.
            ruling = VerificationResult("unsettled", min(ruling.support, 0.5), (ABOUT_EVIDENCE,))
        return CheckedSentence(
            sentence, ruling.verdict, ruling.support, (*ruling.notes, *read.notes), tuple(quotes)
        )

    def _rule(
        self, claim: str, read: "_ReadSources"
    ) -> tuple[VerificationResult, list[SourceQuote]]:
        """Returns the verdict on a claim, and the quotes that it rests on."""
        papers, quotes = read.papers, read.quotes
        about = [describe_paper(paper) for paper in papers]
        ruling = self._verifier.verify(claim, [q.quote for q in read.evidence], about=about)
        if ruling.verdict == "contradicted" and not read.complete:
            # What a missing paper says may be what is missing here.
            ruling = ruling._replace(verdict="unsettled")
        if ruling.verdict == "unsettled" and read.complete:
            # The paper may say so in another sentence, or in two.
            nearest = [q for p in papers for q in self._nearest(claim, p, NEAREST)]
            again = self._verifier.verify(claim, [q.quote for q in nearest], about=about)
            if again.verdict == "supported":
                ruling, quotes = again, nearest
            elif max(ruling.support, again.support) < _NOT_HERE:
                ruling = self._name_another(claim, read) or ruling
        return ruling, quotes

    def check_cited(self, one: CitedSentence) -> CheckedSentence:
        """Returns the verdict on a sentence of a text, as ``check`` does."""
        if not one.citations:
            return CheckedSentence(one.text, "unsettled", 0.0, (UNCITED,))
        return self.check(one.text, [CitedSource(n[0], "", n[1:]) for n in one.citations])

    def _read_sources(self, claim: str, cited: Sequence[CitedSource]) -> "_ReadSources":
        """Returns the papers of the citations, and what of them is evidence."""
        sources = list(dict.fromkeys(cited))
        read = _ReadSources(complete=len(sources) <= MOST_CITED)
        if not read.complete:
            told = f"it has {len(sources):,} citations, of which the first {MOST_CITED} were read"
            read.notes.append(told)
        for source in sources[:MOST_CITED]:
            names = (source.title, *source.others)
            paper = next(filter(None, map(self._library.cited, names)), None)
            if paper is None:
                name = " ".join(source.title.split())[:120] or "no title"
                read.notes.append(f"{NOT_HERE}: {name}")
                read.complete = False
                if source.quote.strip():
                    read.quotes.append(SourceQuote(None, source.title, source.quote))
                continue
            read.papers.append(paper)
            read.notes += [f"{paper.title} was {paper.status}"] if paper.status else []
            quoted = stands_in(source.quote, paper.abstract)
            if source.quote.strip() and not quoted:
                read.notes.append(f"{MISQUOTED} of {paper.title}")
            read.quoted &= quoted
            found = [SourceQuote(paper.id, paper.title, source.quote)] if quoted else []
            found = found or self._nearest(claim, paper, 1)
            read.notes += [] if found else [f"{paper.title} has no abstract"]
            read.quotes += [one for one in found if one not in read.quotes]
        return read

    def _nearest(self, claim: str, paper: Paper, count: int) -> list[SourceQuote]:
        found = self.find_nearest(claim, paper, count)
        return [SourceQuote(paper.id, paper.title, quote) for quote in found]

    def find_nearest(self, claim: str, paper: Paper, count: int = NEAREST) -> list[str]:
        """Returns the sentences of a paper that are nearest to a claim, in their order."""
        sentences, vectors = self._read(paper)
        if not sentences:
            return []
        own = self._embedded(claim)
        shared = np.array([_shared(claim, sentence) for sentence in sentences])
        best = np.argsort(-(vectors @ own + _WORDS * shared), kind="stable")[:count]
        return [sentences[n] for n in sorted(best)]

    def _embed(self, claim: str) -> Matrix:
        (vector,) = self._library.embedder.embed([claim])
        return np.asarray(vector, np.float32)

    def _read_paper(self, paper: Paper) -> tuple[list[str], Matrix]:
        sentences = [paper.abstract[a:b] for a, b in self._library.sentences(paper)]
        return sentences, self._library.embedder.embed(sentences)

    def _search(self, claim: str) -> list[Hit]:
        try:
            return self._library.search(claim, k=_SEARCHED)
        except UnusableCollection:
            return self._library.search(claim, k=_SEARCHED, by="bm25")

    def _name_another(self, claim: str, read: "_ReadSources") -> VerificationResult | None:
        """Returns that another paper plainly says what the cited ones do not, if one does.

        Who cites a paper may mean what only its whole text says. Who cites words of it means these:
        another paper's finding put to them is wrong.
        """
        for hit in self._search(claim):
            if hit.paper in read.papers:
                continue
            quotes = self.find_nearest(claim, hit.paper)
            about = [describe_paper(hit.paper)]
            ruling = self._verifier.verify(claim, quotes, about=about)
            if ruling.verdict == "supported" and ruling.support >= _SAID_THERE:
                title = " ".join(hit.paper.title.split())
                told = [paper.abstract for paper in read.papers]
                if read.quoted and _count_only(claim, quotes, told) >= _OF_A_FINDING:
                    return VerificationResult(
                        "contradicted", 0.0, (f"another paper says so: {title}",)
                    )
                whose = "its abstract does" if len(read.papers) == 1 else "the abstracts do"
                return VerificationResult(
                    "unsettled", 0.0, (f"{whose} not say so; “{title}” does",)
                )
        return None


@dataclass(slots=True)
class _ReadSources:
    """What a sentence cites, as far as the library holds it.

    Attributes:
        quotes: Of each paper; those of a missing one are told and are no evidence.
        complete: Whether every citation was found and read.
        quoted: Whether each gives words that stand in its abstract.
    """

    papers: list[Paper] = field(default_factory=list)
    quotes: list[SourceQuote] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    complete: bool = True
    quoted: bool = True

    @property
    def evidence(self) -> list[SourceQuote]:
        return [one for one in self.quotes if one.paper_id is not None]


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


def _count_only(claim: str, here: Sequence[str], there: Sequence[str]) -> int:
    """Returns how many content words of a claim some texts have and others have not."""
    telling = {word.stem for word in read_words(claim) if word.telling}
    mine, other = (
        {word.stem for text in texts for word in read_words(text)} for texts in (here, there)
    )
    return len(telling & mine - other)
