"""CrossEncoder: a reranker from a folder with an ONNX model and its tokenizer."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from footnote.rag import RerankError

# The length most cross-encoders are trained with; only the text is cut, not the question.
MAX_WORD_PIECES = 512
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


class CrossEncoder:
    """A cross-encoder on ONNX Runtime, with one logit for a question and a text."""

    def __init__(self, folder: Path) -> None:
        """Loads ``model.onnx`` and ``tokenizer.json``.

        Raises:
            RerankError: The files are missing or not a cross-encoder.
        """
        self._folder = folder
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._session = onnxruntime.InferenceSession(
                folder / "model.onnx", providers=["CPUExecutionProvider"]
            )
        # Neither library's errors share a base class; each means that the files are unusable.
        except Exception as error:
            raise RerankError(
                f"FOOTNOTE_RERANK_ONNX={folder} has no usable model.onnx and tokenizer.json; "
                "give a folder with both"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_WORD_PIECES, strategy="only_second")
        self._inputs = {taken.name for taken in self._session.get_inputs()}
        if not self._inputs <= _INPUTS:
            odd = ", ".join(sorted(self._inputs - _INPUTS))
            raise RerankError(
                f"FOOTNOTE_RERANK_ONNX={folder} is not a cross-encoder; it needs {odd}"
            )

    @property
    def name(self) -> str:
        """The folder."""
        return f"reranker {self._folder}"

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Returns the logit of each text, run one by one: a batch of int8 shares its scale.

        Raises:
            RerankError: The model does not run, or does not return one logit.
        """
        try:
            pairs = self._tokenizer.encode_batch([(query, text) for text in texts])
            return [float(self._logits(pair).item()) for pair in pairs]
        # As above: any error means that this model cannot be used.
        except Exception as error:
            raise RerankError(f"{self.name} failed ({type(error).__name__})") from error

    def _logits(self, pair: Encoding) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        rows = {
            "input_ids": pair.ids,
            "attention_mask": pair.attention_mask,
            "token_type_ids": pair.type_ids,
        }
        feed = {name: np.array([rows[name]], np.int64) for name in self._inputs}
        return np.asarray(self._session.run(None, feed)[0], np.float32)
