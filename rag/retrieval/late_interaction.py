"""Late interaction: match a question with papers, token by token.

Each token of the question finds its nearest token in a paper. The match of a paper, or of one of
its sentences, is the weighted mean of these cosines. No model runs here: the library stores the
papers' token vectors.

Source: late interaction, Khattab and Zaharia 2020, "ColBERT" (arXiv:2004.12832).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.protocols import Matrix, TokenEmbedder, TokenEmbedding, query_vector
from footnote.index.embeddings.tokens.vectors import TITLE, Tokens, is_telling
from footnote.index.library import LibraryReader
from footnote.index.models import Hit, Paper, Span
from footnote.index.storage.ingest.pipeline import read_tokens
from footnote.rag.query.question import Question

# Weight of a word of the conversation; a word of the question has 1. From .35 to 1 daily_papers_dev
# shows no difference (command: python -m footnote.evals.lab.bench.conversation); .8 and 1, not .6,
# keep the one follow-up of tests/test_batch.py on its topic, which decided.
CONTEXT = 0.8
NOTHING = Tokens("", np.empty((0, 0), np.float32), np.empty(0, np.int16))
NONE_LEFT_OUT: Mapping[str, Collection[int]] = {}
# Maximum papers whose sentences are embedded when a question is asked.
EMBEDDED = 5


@dataclass(frozen=True, slots=True)
class QueryTokens:
    """A question prepared for matching.

    Attributes:
        vectors: ``(q, d)`` float32, one row of unit length for each token.
        weights: ``(q,)`` float32, the weight of each token; they sum to 1.
        own: ``(q,)`` bool, whether a token is from the question, not the conversation.
        whole: Whether one vector represents the question, to match whole sentences.
        spans: Where each token stands in the question's query; none if ``whole``.
    """

    vectors: Matrix
    weights: Matrix
    own: Matrix
    whole: bool = False
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """How well a paper matches a question, as weighted means of cosines.

    Attributes:
        paper: Match of the whole paper, including its title.
        sentences: Match of the question's own tokens by sentence number.
        found: ``(q,)`` float32, the cosine of each token of the question to its nearest.
    """

    paper: float
    sentences: dict[int, float]
    found: Matrix

    @property
    def best(self) -> float:
        """The match of the best sentence."""
        return max(self.sentences.values(), default=0.0)


class Matcher:
    """Matches questions with the papers of a library.

    If the library's embedder has no token vectors, each sentence is embedded as a whole on first
    use and counts as one token; then only a few papers are matched.
    """

    def __init__(self, library: LibraryReader) -> None:
        """Takes the library."""
        self._library = library
        # Cached, since sentence vectors take 2 ms each and a conversation reads the same papers
        # again.
        self._embedded = lru_cache(maxsize=2048)(self._embed_sentences)
        self._read_now = lru_cache(maxsize=256)(self._read_paper)

    def read(self, query: str) -> TokenEmbedding:
        """Returns the embedder's reading of a query; one token if it has no token vectors."""
        embedder = self._library.embedder
        if self._library.searcher.has_token_vectors and isinstance(embedder, TokenEmbedder):
            return embedder.read([query])[0]
        vector = query_vector(embedder, query)
        return TokenEmbedding(embedder.name, vector, vector[None], [(0, len(query))])

    def ask(self, reading: TokenEmbedding, question: Question) -> QueryTokens:
        """Returns a question prepared for matching, from the reading of its query."""
        # Check the reading, not the library, which may have changed since.
        if not self._by_tokens(reading):
            vectors = reading.tokens
            if question.is_follow_up:
                vectors = query_vector(self._library.embedder, question.wording)[None]
            return QueryTokens(vectors, np.ones(1, np.float32), np.ones(1, bool), whole=True)
        before = len(question.query) - len(question.wording)
        own = np.array([start >= before for start, _ in reading.spans], bool)
        weights = np.where(own, 1.0, CONTEXT).astype(np.float32)
        for at, (start, end) in enumerate(reading.spans):
            if not is_telling(question.query[start:end]):
                weights[at] = 0.0
        if not weights.sum():
            weights = np.ones_like(weights)
        kept = weights > 0
        spans = tuple(span for span, told in zip(reading.spans, kept, strict=True) if told)
        return QueryTokens(
            reading.tokens[kept], weights[kept] / weights.sum(), own[kept], spans=spans
        )

    def matches(
        self,
        question: QueryTokens,
        hits: Sequence[Hit],
        *,
        without: Mapping[str, Collection[int]] = NONE_LEFT_OUT,
    ) -> dict[str, TokenMatch]:
        """Returns the match of each hit's paper, by id; only a few without stored tokens.

        Args:
            question: As it is matched.
            hits: Hits whose papers to match.
            without: Numbers of sentences to leave out, by paper id.
        """
        papers = [hit.paper for hit in hits]
        if not question.whole:
            kept = self._library.searcher.tokens(papers)
            # A paper that is not embedded yet has none, and is read now if it is among the best.
            unread = [paper for paper in papers if paper.abstract and paper.id not in kept]
            kept |= {paper.id: self._read_now(paper) for paper in unread[:EMBEDDED]}
            # Nor has one without an abstract.
            tokens = [kept.get(paper.id, NOTHING) for paper in papers]
        else:
            papers = papers[:EMBEDDED]
            tokens = [self._embedded(paper) for paper in papers]
        left = [
            _drop_sentences(t, without.get(p.id, ())) for p, t in zip(papers, tokens, strict=True)
        ]
        found = match_papers(question, left)
        return {paper.id: one for paper, one in zip(papers, found, strict=True)}

    def _by_tokens(self, reading: TokenEmbedding) -> bool:
        embedder = self._library.embedder
        return isinstance(embedder, TokenEmbedder) and reading.reader == embedder.reader

    def _read_paper(self, paper: Paper) -> Tokens:
        embedder = self._library.embedder
        assert isinstance(embedder, TokenEmbedder)
        return read_tokens(paper, embedder)

    def _embed_sentences(self, paper: Paper) -> Tokens:
        texts = [paper.abstract[a:b] for a, b in sentence_spans(paper.abstract)]
        embedder = self._library.embedder
        vectors = embedder.embed(texts) if texts else np.empty((0, embedder.dimensions), np.float32)
        return Tokens(embedder.name, vectors, np.arange(len(texts), dtype=np.int16))


def _drop_sentences(tokens: Tokens, numbers: Collection[int]) -> Tokens:
    """Returns a paper's tokens without those of some sentences."""
    if not numbers:
        return tokens
    kept = ~np.isin(tokens.sentences, list(numbers))
    return Tokens(tokens.reader, tokens.vectors[kept], tokens.sentences[kept])


def match_papers(question: QueryTokens, papers: Sequence[Tokens]) -> list[TokenMatch]:
    """Returns the match of each paper, in one matrix product."""
    filled = [tokens for tokens in papers if len(tokens.sentences)]
    if not filled or not len(question.vectors):
        return [TokenMatch(0.0, {}, np.zeros(len(question.vectors), np.float32)) for _ in papers]
    # Sort the tokens of each sentence together, across passages.
    orders = [np.argsort(tokens.sentences, kind="stable") for tokens in filled]
    stacked = np.concatenate([t.vectors[o] for t, o in zip(filled, orders, strict=True)])
    cosines = question.vectors @ stacked.T
    own = question.weights * question.own
    own = own / own.sum() if own.sum() else question.weights
    found, at = [], 0
    for tokens, order in zip(filled, orders, strict=True):
        part = cosines[:, at : at + len(order)]
        at += len(order)
        numbers, starts = np.unique(tokens.sentences[order], return_index=True)
        best = np.maximum.reduceat(part, starts, axis=1)
        nearest = best.max(axis=1)
        sentences = own @ best
        found.append(
            TokenMatch(
                float(question.weights @ nearest),
                {int(n): float(s) for n, s in zip(numbers, sentences, strict=True) if n != TITLE},
                nearest,
            )
        )
    given = iter(found)
    nothing = TokenMatch(0.0, {}, np.zeros(len(question.vectors), np.float32))
    return [next(given) if len(tokens.sentences) else nothing for tokens in papers]
