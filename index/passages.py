"""Sentences and passages of an abstract, as verbatim spans, and the counting of tokens.

A span is ``(start, end)`` in characters; nothing here changes a character of the text.
"""

import importlib.util
import math
import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import tiktoken

from index.papers import Paper, Passage, Span

if TYPE_CHECKING:
    from nltk.tokenize.punkt import PunktTokenizer

# MiniLM reads 256 word pieces, title included
# (what that cuts off: python -m evals.bench.model PATH...).
PASSAGE_TOKENS = 220

_ENCODING = "cl100k_base"
# Punkt's English model splits after these although a sentence goes on.
_GOES_ON = re.compile(r"(?:\b(?:et al|e\.g|i\.e|cf|vs|resp|approx|w\.r\.t|Fig|Eq|Sec|No)\.)\s*$")


def _bundled(folder: str) -> Path:
    """Returns a folder of data files that llama-index-core ships, without importing it."""
    package = importlib.util.find_spec("llama_index")
    for root in package.submodule_search_locations or () if package else ():
        found = Path(root) / "core" / "_static" / folder
        if found.is_dir():
            return found
    raise FileNotFoundError(f"llama-index-core has no _static/{folder}; reinstall it")


@cache
def _encoding() -> tiktoken.Encoding:
    # tiktoken would fetch the encoding from the network; LlamaIndex ships it.
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(_bundled("tiktoken_cache")))
    return tiktoken.get_encoding(_ENCODING)


@cache
def _splitter() -> "PunktTokenizer":
    # 0.2 s to import, which a question need not wait for: the catalog keeps the spans.
    import nltk
    from nltk.tokenize.punkt import PunktTokenizer

    nltk.data.path.insert(0, str(_bundled("nltk_cache")))
    return PunktTokenizer("english")


def count_tokens(text: str) -> int:
    """Returns the number of cl100k_base tokens in ``text``."""
    return len(_encoding().encode(text, disallowed_special=()))


def sentence_spans(text: str) -> list[Span]:
    """Returns the spans of the sentences in ``text``, in order, without outer space."""
    spans: list[Span] = []
    for start, end in _splitter().span_tokenize(text):
        # Punkt leaves the space before the first sentence on it.
        start = end - len(text[start:end].lstrip())
        end = start + len(text[start:end].rstrip())
        if start == end:
            continue
        if spans and _continues(text[slice(*spans[-1])], text[start:end]):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _continues(before: str, after: str) -> bool:
    """Returns whether two pieces are one sentence that the splitter broke at a full stop."""
    if before.endswith(("?", "!")):
        return False
    return _GOES_ON.search(before) is not None or after[:1].islower()


def passages(paper: Paper, spans: Sequence[Span], *, budget: int = PASSAGE_TOKENS) -> list[Passage]:
    """Returns the paper's abstract as the fewest passages of about equal length.

    Each passage begins and ends on a sentence boundary and holds at most ``budget``
    tokens, unless one sentence alone is longer than that.

    Args:
        paper: Whose abstract.
        spans: Its sentences.
        budget: In cl100k_base tokens.
    """
    costs = [count_tokens(paper.abstract[start:end]) for start, end in spans]
    target = sum(costs) / max(1, math.ceil(sum(costs) / budget))
    groups: list[list[Span]] = []
    filled = budget + 1.0
    for span, cost in zip(spans, costs, strict=True):
        # A sentence goes where most of it belongs: the boundary may pass its middle.
        if filled + cost > budget or filled + cost / 2 > target:
            groups.append([])
            filled = 0
        groups[-1].append(span)
        filled += cost
    return [Passage(paper.id, group[0][0], group[-1][1]) for group in groups]
