"""Alignment: pair the words of a statement with those of its quotes.

The partner of a statement's word is the same word in the quotes, in the most similar context, or
otherwise the word with the nearest token vector.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from footnote.index.embeddings.protocols import Embedder, Matrix, TokenEmbedder, TokenEmbedding
from footnote.rag.verification.lexical import Quantity, Word, names, quantities, read_words

# Minimum cosine of tokens for pairing two words with different stems.
SAME_WORD = 0.7
# Words on each side that are compared to choose among several occurrences.
AROUND = 5
# Maximum occurrences of a word that are compared; sentences have fewer.
MOST_PLACES = 50


@dataclass(frozen=True, slots=True)
class Text:
    """One text as the embedder read it.

    Attributes:
        reading: Token vectors; without positions if the embedder reads only whole texts.
        pieces: Index of each token's word; -1 for none.
    """

    words: Sequence[Word]
    quantities: Sequence[Quantity]
    names: Mapping[int, str]
    reading: TokenEmbedding
    pieces: Sequence[int]


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """A statement aligned with its quotes, which are joined into one text.

    Attributes:
        about: Names in the cited papers that "it" in a quote may mean.
        partner: Index of the quotes' word for each word of the statement; -1 for none.
        near: Highest cosine of each content word of the statement to a token of the quotes.
        cosine: Highest cosine of the statement to a quote.
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
    """Returns several texts as one; word positions stay those in the original texts."""
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
    """Returns a statement aligned with its quotes; without quotes no word has a partner."""
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
    """Returns the index of the same word in the most similar context; -1 if there is none."""
    same = places.get(words[at].stem, ())[:MOST_PLACES]
    return max(same, key=lambda n: cosine_matrix(words, at, others, n), default=-1)


def cosine_matrix(words: Sequence[Word], at: int, others: Sequence[Word], other: int) -> float:
    """Returns how many content words the contexts of two positions share."""
    return len(around(words, at) & around(others, other))


def around(words: Sequence[Word], at: int, reach: int = AROUND) -> set[str]:
    """Returns the stems of the content words around a position."""
    near = words[max(0, at - reach) : at + reach + 1]
    return {w.stem for w in near if w.telling and w is not words[at]}
