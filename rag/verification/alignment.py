"""Pairing: a statement laid beside its quotes, word by word.

Each word of the statement finds its partner in the quotes: the same word in the likest
surroundings, or else the one whose token vector is nearest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from footnote.index.embeddings.base import Embedder, Matrix, TokenEmbedder, TokenEmbedding
from footnote.rag.verification.lexical import Quantity, Word, names, quantities, read_words

# Two words of unlike stems are taken for one another from this cosine of their tokens on.
SAME_WORD = 0.7
# Words on either side that tell which of several places is meant.
AROUND = 5
# Places of one word that are looked at; no sentence says a word so often.
MOST_PLACES = 50


@dataclass(frozen=True, slots=True)
class Text:
    """One text as it was read.

    Attributes:
        reading: Of no token's place where the embedder reads whole texts only.
        pieces: Number of the word that each token belongs to; -1 for none.
    """

    words: Sequence[Word]
    quantities: Sequence[Quantity]
    names: Mapping[int, str]
    reading: TokenEmbedding
    pieces: Sequence[int]


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """A statement beside its quotes, the quotes as one text.

    Attributes:
        about: Names in the cited papers: of whom "it" in a quote may speak.
        partner: Number of the quotes' word for each of the statement's; -1 for none.
        near: Highest cosine of each telling word of the statement to a token of the quotes.
        cosine: Highest, of the statement to a quote.
    """

    statement: Text
    quotes: Text
    about: frozenset[str]
    partner: Sequence[int]
    near: Matrix
    cosine: float


def read_texts(texts: Sequence[str], embedder: Embedder) -> list[Text]:
    """Returns texts as the embedder reads them."""
    if isinstance(embedder, TokenEmbedder):
        readings = embedder.read(texts)
    else:
        vectors = embedder.embed(texts)
        readings = [TokenEmbedding(embedder.name, vector, vector[None], ()) for vector in vectors]
    return [_text(text, reading) for text, reading in zip(texts, readings, strict=True)]


def _text(text: str, reading: TokenEmbedding) -> Text:
    words = read_words(text)
    owner = {i: n for n, w in enumerate(words) for i in range(w.start, w.end)}
    pieces = [owner.get(start, -1) for start, _ in reading.spans]
    return Text(words, quantities(words), names(words), reading, pieces)


def joined(texts: Sequence[Text]) -> Text:
    """Returns several texts as one; its words' places are those in their own texts."""
    if len(texts) == 1:
        return texts[0]
    if not texts:
        nothing = np.empty((0, 0), np.float32)
        return Text((), (), {}, TokenEmbedding("", nothing[:0], nothing, ()), ())
    words: list[Word] = []
    numbers: list[Quantity] = []
    named: dict[int, str] = {}
    pieces: list[int] = []
    for text in texts:
        at = len(words)
        words += text.words
        numbers += [Quantity(q.value, q.percent, q.at + at, q.hedged) for q in text.quantities]
        named |= {n + at: name for n, name in text.names.items()}
        pieces += [n + at if n >= 0 else -1 for n in text.pieces]
    first = texts[0].reading
    tokens = np.concatenate([text.reading.tokens for text in texts])
    return Text(
        words, numbers, named, TokenEmbedding(first.reader, first.vector, tokens, ()), pieces
    )


def align_pair(
    statement: Text, quotes: Sequence[Text], about: frozenset[str] = frozenset()
) -> AlignedPair:
    """Returns a statement beside its quotes; beside none, nothing of it has a partner."""
    whole = joined(quotes)
    nearness = (float(q.reading.vector @ statement.reading.vector) for q in quotes)
    cosine = max(nearness, default=0.0)
    count = len(statement.words)
    near, nearest = np.zeros(count, np.float32), np.full(count, -1)
    tokens = whole.reading.tokens
    cosines = statement.reading.tokens @ tokens.T if quotes else tokens
    for row, at in enumerate(statement.pieces):
        if at >= 0 and len(tokens):
            best = int(cosines[row].argmax())
            if near[at] == 0 or cosines[row, best] < near[at]:
                near[at] = cosines[row, best]
                nearest[at] = whole.pieces[best] if best < len(whole.pieces) else -1
    places: dict[str, list[int]] = {}
    for n, word in enumerate(whole.words):
        places.setdefault(word.stem, []).append(n)
    partner = [_partner(statement.words, n, whole.words, places) for n in range(count)]
    for n, word in enumerate(statement.words):
        if partner[n] < 0 and near[n] >= SAME_WORD and word.telling:
            partner[n] = int(nearest[n])
    telling = [n for n, word in enumerate(statement.words) if word.telling]
    return AlignedPair(statement, whole, about, partner, near[telling], cosine)


def _partner(
    words: Sequence[Word], at: int, others: Sequence[Word], places: Mapping[str, Sequence[int]]
) -> int:
    """Returns the number of the same word among others, in the likest surroundings; or -1."""
    same = places.get(words[at].stem, ())[:MOST_PLACES]
    return max(same, key=lambda n: cosine_matrix(words, at, others, n), default=-1)


def cosine_matrix(words: Sequence[Word], at: int, others: Sequence[Word], other: int) -> float:
    """Returns how many telling words two places share in their surroundings."""
    return len(around(words, at) & around(others, other))


def around(words: Sequence[Word], at: int, reach: int = AROUND) -> set[str]:
    """Returns the stems of the telling words around a place."""
    near = words[max(0, at - reach) : at + reach + 1]
    return {w.stem for w in near if w.telling and w is not words[at]}
