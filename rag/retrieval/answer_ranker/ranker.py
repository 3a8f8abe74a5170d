"""AnswerRanker: which of some sentences answers a question, by a small cross-encoder."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from tokenizers import Encoding, Tokenizer

from footnote.index.embeddings.base import open_model
from footnote.index.embeddings.minilm_export import ensure_model
from footnote.index.embeddings.minilm_graph import build_pair_graph
from footnote.rag.retrieval.answer_ranker.weights import (
    SIDED_WEIGHTS,
    WEIGHTS,
    AnswerWeights,
)

# Pairs of one call; a question costs about as many (time: python -m
# footnote.evals.lab.bench.answers).
MOST_PAIRS = 24
# Word pieces of a pair; 99 in 100 pairs of a question and a sentence of an abstract have fewer
# than 106.
MAX_WORD_PIECES = 160
# Characters of a text that are read; no sentence that a library holds has more.
_LONGEST = 2_000


class AnswerRanker:
    """Scores sentences by how well they answer a question.

    The model is loaded when it is first asked. Several threads may ask at once.
    """

    def __init__(self, weights: AnswerWeights | None = None, *, threads: int = 0) -> None:
        """Takes the trained weights.

        Args:
            weights: Those of the package when not given.
            threads: Pairs read at a time; 0 means one for every core.
        """
        self._weights = weights or AnswerWeights()
        self._threads = threads or os.cpu_count() or 1
        self._loading = Lock()
        self._loaded: tuple[Tokenizer, InferenceSession] | None = None

    def scores(self, question: str, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Returns the first column of ``read``."""
        found: NDArray[np.float32] = self.read(question, sentences)[:, 0]
        return found

    def read(self, question: str, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Returns ``(n, 3)`` float32: how far each answers, and how it leans to yes and to no.

        The first is higher for a better answer, comparable for one question. The others are as
        logits, beside 0 for neither, where the weights tell sides.

        One pair a run, as for the embedder: a batch of int8 shares its scale, so pairs would
        change each other's scores, and it takes no less time.

        Raises:
            ValueError: There are more than ``MOST_PAIRS`` sentences.
            ModelError: The bundled model is not installed, or weights are missing or damaged.
        """
        if len(sentences) > MOST_PAIRS:
            raise ValueError(f"at most {MOST_PAIRS} sentences can be scored, got {len(sentences)}")
        if not sentences:
            return np.empty((0, 3), np.float32)
        tokenizer, session = self.load()
        asked = _clean(question)
        pairs = tokenizer.encode_batch([(asked, _clean(text)) for text in sentences])
        # The longest first, so that none waits for it at the end.
        order = sorted(range(len(pairs)), key=lambda n: -len(pairs[n]))
        found = np.empty((len(pairs), 3), np.float32)
        with ThreadPoolExecutor(self._threads) as pool:
            found[order] = list(pool.map(lambda n: _read(session, pairs[n]), order))
        return found

    def load(self) -> tuple[Tokenizer, InferenceSession]:
        """Loads the model, if nobody has, and returns it; the first time exports it, too.

        Raises:
            ModelError: The bundled model is not installed, or weights are missing or damaged.
        """
        with self._loading:
            if self._loaded is None:
                files = ensure_model(
                    name=self._weights.name,
                    build=lambda bundled: build_pair_graph(self._weights.merge(bundled)),
                )
                tokenizer, session = open_model(files)
                cut_pairs(tokenizer)
                self._loaded = tokenizer, session
            return self._loaded


@lru_cache(2)
def bundled_ranker(*, sides: bool = False) -> AnswerRanker:
    """Returns the ranker with the weights of the package, one for the whole process.

    Args:
        sides: With those that tell sides, too; they rank a little worse (docs/choices.md).
    """
    return AnswerRanker(AnswerWeights(SIDED_WEIGHTS if sides else WEIGHTS))


def with_title(title: str, sentence: str) -> str:
    """Returns a sentence as the ranker reads it: behind its paper's title, which says whose it is.

    "It reaches 45 %" answers a question about one paper, and not the same one about another.
    """
    return f"{title}: {sentence}" if title else sentence


def cut_pairs(tokenizer: Tokenizer) -> None:
    """Makes a tokenizer cut pairs that are too long, the longer text first."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_WORD_PIECES, strategy="longest_first")


def _read(session: InferenceSession, pair: Encoding) -> NDArray[np.float32]:
    rows = {
        "input_ids": pair.ids,
        "attention_mask": pair.attention_mask,
        "token_type_ids": pair.type_ids,
    }
    feed = {name: np.array([row], np.int64) for name, row in rows.items()}
    score, sides = session.run(["score", "sides"], feed)
    return np.concatenate([score, sides[0]]).astype(np.float32)


def _clean(text: str) -> str:
    """Returns the beginning of a text, without characters that UTF-8 cannot spell."""
    return text[:_LONGEST].encode("utf-8", "replace").decode("utf-8")
