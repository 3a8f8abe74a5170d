"""Match: a question against papers, token by token.

Each token of the question looks for the token of a paper that is nearest to it; a paper, or one
of its sentences, answers the question as far as the question's tokens find something there. No
model runs here: the papers' tokens were kept when they were added.

Source: late interaction, Khattab and Zaharia 2020, "ColBERT" (arXiv:2004.12832).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.base import Matrix, TokenEmbedder, TokenEmbedding, query_vector
from footnote.index.embeddings.token_vectors import TITLE, Tokens
from footnote.index.library import Library
from footnote.index.models import Hit, Paper
from footnote.index.search.fulltext import STOP_WORDS
from footnote.rag.query.question import Question

# What a word of the conversation counts for beside one of the question itself. From .35 to 1 the
# questions of daily_papers_dev do not tell (command: python -m
# footnote.evals.lab.bench.conversation); .8 and 1, not .6, keep the one follow-up of
# tests/test_batch.py on its topic, which decided.
CONTEXT = 0.8
NOTHING = Tokens("", np.empty((0, 0), np.float32), np.empty(0, np.int16))
NONE_LEFT_OUT: Mapping[str, Collection[int]] = {}
# Papers whose sentences are embedded when a question is asked.
EMBEDDED = 5


@dataclass(frozen=True, slots=True)
class QueryTokens:
    """A question as it is matched.

    Attributes:
        vectors: ``(q, d)`` float32 rows of unit length, a token each.
        weights: ``(q,)`` float32, how much each counts, 1 in sum.
        own: ``(q,)`` bool, whether the question itself has the token, not its conversation.
        whole: Whether it stands as one vector, to be matched with whole sentences.
    """

    vectors: Matrix
    weights: Matrix
    own: Matrix
    whole: bool = False


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """How far a paper answers a question, each figure a weighted mean of cosines.

    Attributes:
        paper: Of the whole paper, its title included.
        sentences: Number of each sentence to the match of the question's own tokens there.
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

    Where the library's embedder reads no tokens, each sentence is embedded as a whole, when
    it is first asked about, and stands as one token; so few papers are matched then.
    """

    def __init__(self, library: Library) -> None:
        """Takes the library."""
        self._library = library
        # Sentence vectors cost 2 ms each; a conversation reads the same papers again.
        self._embedded = lru_cache(maxsize=2048)(self._embed_sentences)

    def read(self, query: str) -> TokenEmbedding:
        """Returns what the embedder makes of a query; one token where it reads none."""
        embedder = self._library.embedder
        if self._library.searcher.has_token_vectors and isinstance(embedder, TokenEmbedder):
            return embedder.read([query])[0]
        vector = query_vector(embedder, query)
        return TokenEmbedding(embedder.name, vector, vector[None], [(0, len(query))])

    def ask(self, reading: TokenEmbedding, question: Question) -> QueryTokens:
        """Returns a question as it is matched, from the reading of its query."""
        # Asked of the reading: the library may have changed since.
        if not self._by_tokens(reading):
            vectors = reading.tokens
            if question.is_follow_up:
                vectors = query_vector(self._library.embedder, question.wording)[None]
            return QueryTokens(vectors, np.ones(1, np.float32), np.ones(1, bool), whole=True)
        before = len(question.query) - len(question.wording)
        own = np.array([start >= before for start, _ in reading.spans], bool)
        weights = np.where(own, 1.0, CONTEXT).astype(np.float32)
        for at, (start, end) in enumerate(reading.spans):
            piece = question.query[start:end].lower()
            if not piece[:1].isalnum() or piece in STOP_WORDS:
                weights[at] = 0.0
        if not weights.sum():
            weights = np.ones_like(weights)
        kept = weights > 0
        return QueryTokens(reading.tokens[kept], weights[kept] / weights.sum(), own[kept])

    def matches(
        self,
        question: QueryTokens,
        hits: Sequence[Hit],
        *,
        without: Mapping[str, Collection[int]] = NONE_LEFT_OUT,
    ) -> dict[str, TokenMatch]:
        """Returns the match of each hit's paper, by id; of a few where tokens are not kept.

        Args:
            question: As it is matched.
            hits: Whose papers.
            without: Numbers of sentences that are not read, by paper id.
        """
        papers = [hit.paper for hit in hits]
        if not question.whole:
            kept = self._library.searcher.tokens(papers)
            # A paper without an abstract has none.
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

    def _embed_sentences(self, paper: Paper) -> Tokens:
        texts = [paper.abstract[a:b] for a, b in sentence_spans(paper.abstract)]
        embedder = self._library.embedder
        vectors = embedder.embed(texts) if texts else np.empty((0, embedder.dimensions), np.float32)
        return Tokens(embedder.name, vectors, np.arange(len(texts), dtype=np.int16))


def _drop_sentences(tokens: Tokens, numbers: Collection[int]) -> Tokens:
    """Returns the tokens of a paper without those of some sentences."""
    if not numbers:
        return tokens
    kept = ~np.isin(tokens.sentences, list(numbers))
    return Tokens(tokens.reader, tokens.vectors[kept], tokens.sentences[kept])


def match_papers(question: QueryTokens, papers: Sequence[Tokens]) -> list[TokenMatch]:
    """Returns the match of each paper, all of them in one product of matrices."""
    filled = [tokens for tokens in papers if len(tokens.sentences)]
    if not filled or not len(question.vectors):
        return [TokenMatch(0.0, {}, np.zeros(len(question.vectors), np.float32)) for _ in papers]
    # Tokens of one sentence, from whichever passage, stand side by side.
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
