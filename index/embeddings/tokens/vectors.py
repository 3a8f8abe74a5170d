"""Token vectors: a compact vector for each token of a paper.

Each token has a short vector and the number of its sentence. Questions are matched against these,
so no sentence is embedded when a question is asked. In a large library they are stored as codes,
and stop words and marks have none: they are two fifths of all tokens, and in a question they have
no weight. That costs two questions of a hundred their first paper (docs/choices.md), so it is done
where the disk counts alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footnote.index.embeddings.protocols import Matrix, TokenEmbedding
from footnote.index.embeddings.tokens.codes import Codebook
from footnote.index.models import Paper, Passage, Span
from footnote.index.search.fulltext import STOP_WORDS

# Tokens of the title are in no sentence.
TITLE = -1
_SCALE = 127.0

Sentences = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class PackedTokens:
    """The tokens of a passage as they are stored.

    Attributes:
        form: How. Under the reader's own name a number takes a byte, and each token's sentence
            two; under the codebook's name a vector takes 16 bytes, and each sentence four: its
            number, and how many tokens follow that are of it.
        sentences: The sentences of the tokens.
        vectors: The vectors of the tokens.
    """

    form: str
    sentences: bytes
    vectors: bytes

    def unpack(self) -> tuple[Matrix, Sentences]:
        """Returns the vectors ``(t, d)`` and the sentences ``(t,)``."""
        return unpack_each([self])[0]

    def recode(self) -> "PackedTokens":
        """Returns the same tokens as codes, stop words among them; itself where it is coded."""
        return Tokens(self.form, *self.unpack()).pack(coded=True) if has_codes(self.form) else self


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a paper, or of one passage of it.

    Attributes:
        reader: Name of the model; only questions read by the same one can be matched.
        vectors: ``(t, d)`` float32, rows of about unit length.
        sentences: ``(t,)`` int16, the number of each token's sentence, or ``TITLE``.
        telling: ``(t,)``, whether each says something about a topic; None where that is not known.
    """

    reader: str
    vectors: Matrix
    sentences: Sentences
    telling: NDArray[np.bool_] | None = None

    def pack(self, *, coded: bool) -> PackedTokens:
        """Returns what is stored.

        Args:
            coded: Whether telling tokens alone are kept, as codes, if the reader has a codebook.
        """
        if not coded or not has_codes(self.reader):
            small = np.round(self.vectors * _SCALE).astype(np.int8)
            return PackedTokens(self.reader, self.sentences.tobytes(), small.tobytes())
        book, kept = Codebook.load(), slice(None) if self.telling is None else self.telling
        sentences = self.sentences[kept]
        firsts = np.flatnonzero(np.diff(sentences, prepend=TITLE - 1))
        counts = np.diff(firsts, append=len(sentences))
        runs = np.stack([sentences[firsts], counts], axis=1).astype(np.int16)
        return PackedTokens(book.form, runs.tobytes(), book.encode(self.vectors[kept]).tobytes())

    @classmethod
    def unpack(cls, reader: str, packed: Sequence[PackedTokens]) -> "Tokens":
        """Returns the tokens of several packed passages as one."""
        if not packed:
            return cls(reader, np.empty((0, 0), np.float32), np.empty(0, np.int16))
        vectors, sentences = zip(*unpack_each(packed), strict=True)
        return cls(reader, np.concatenate(vectors), np.concatenate(sentences))

    @classmethod
    def unpack_papers(
        cls, reader: str, packed: Mapping[str, Sequence[PackedTokens]]
    ) -> dict[str, "Tokens"]:
        """Returns the tokens of several papers, by id, as ``unpack`` does those of one."""
        read = iter(unpack_each([one for rows in packed.values() for one in rows]))
        found = {}
        for paper, rows in packed.items():
            vectors, sentences = zip(*(next(read) for _ in rows), strict=True)
            found[paper] = cls(reader, np.concatenate(vectors), np.concatenate(sentences))
        return found


def unpack_each(packed: Sequence[PackedTokens]) -> list[tuple[Matrix, Sentences]]:
    """Returns the vectors ``(t, d)`` and the sentences ``(t,)`` of each of several passages."""
    book = Codebook.load()
    # All at once: passage by passage takes twice the time.
    coded = [one.vectors for one in packed if one.form == book.form]
    codes = np.frombuffer(b"".join(coded), np.uint8).reshape(-1, len(book.centroids))
    decoded, at = book.decode(codes), 0
    found = list[tuple[Matrix, Sentences]]()
    for one in packed:
        if one.form == book.form:
            numbers, counts = np.frombuffer(one.sentences, np.int16).reshape(-1, 2).T
            count = len(one.vectors) // codes.shape[1]
            found.append((decoded[at : at + count], np.repeat(numbers, counts)))
            at += count
            continue
        sentences = np.frombuffer(one.sentences, np.int16)
        small = np.frombuffer(one.vectors, np.int8)
        width = len(small) // max(1, len(sentences))
        vectors = small.reshape(len(sentences), width).astype(np.float32) / _SCALE
        found.append((vectors, sentences))
    return found


def has_codes(reader: str) -> bool:
    """Returns whether there is a codebook for the token vectors of a reader."""
    return reader == Codebook.load().reader


def stored_forms(reader: str) -> list[str]:
    """Returns every form in which tokens of a reader may be stored; the first is the old one."""
    return [reader, Codebook.load().form] if has_codes(reader) else [reader]


def is_telling(piece: str) -> bool:
    """Returns whether a token says something about a topic.

    Args:
        piece: As it stands in its text.
    """
    return piece[:1].isalnum() and piece.lower() not in STOP_WORDS


def passage_tokens(
    paper: Paper, passage: Passage, sentences: Sequence[Span], reading: TokenEmbedding
) -> Tokens:
    """Returns the tokens of a passage, which was read after its paper's title.

    In a sentence without a telling one all count as telling.

    Args:
        paper: The passage's paper.
        passage: Its span in the abstract.
        sentences: The spans of the abstract's sentences.
        reading: Reading of the text embedded for the passage.
    """
    title = f"{paper.title}. " if paper.title else ""
    text = title + paper.abstract[passage.start : passage.end]
    starts = np.array([start for start, _ in reading.spans], np.int64) - len(title)
    firsts = np.array([start for start, _ in sentences], np.int64)
    place = np.searchsorted(firsts, starts + passage.start, side="right") - 1
    numbers = np.where(starts < 0, TITLE, place).astype(np.int16)
    telling = np.array([is_telling(text[start:end]) for start, end in reading.spans], bool)
    kept = telling | ~np.isin(numbers, numbers[telling])
    return Tokens(reading.reader, reading.tokens, numbers, kept)
