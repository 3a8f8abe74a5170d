"""Sentences and passages of an abstract, as verbatim spans, and the counting of tokens.

A span is ``(start, end)`` in characters; nothing here changes a character of the text.
"""

import importlib.util
import math
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import tiktoken

from footnote.index.models import Paper, Passage, Span

if TYPE_CHECKING:
    from nltk.tokenize.punkt import PunktSentenceTokenizer

# MiniLM reads 256 word pieces, title included
# (what that cuts off: python -m footnote.evals.lab.bench.model PATH...).
PASSAGE_TOKENS = 220

# Maximum characters: text without a full stop would be one sentence. No sentence of 10,000 arXiv
# abstracts is as long.
LONGEST_SENTENCE = 2_000
# Characters given to the splitter at a time, twice the longest arXiv abstract.
_LONGEST_PIECE = 20_000
# Characters of the longest of these and its surroundings.
_LONGEST_SHORTENING = 20

_ENCODING = "cl100k_base"
# Punkt's English model splits after these although a sentence goes on.
_GOES_ON = re.compile(r"(?:\b(?:et al|e\.g|i\.e|cf|vs|resp|approx|w\.r\.t|Fig|Eq|Sec|No)\.)\s*$")


def _bundled_path(folder: str) -> Path:
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
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(_bundled_path("tiktoken_cache")))
    return tiktoken.get_encoding(_ENCODING)


@cache
def _splitter() -> "PunktSentenceTokenizer":
    # Importing takes 0.2 s, which questions do not need: the catalog stores the spans.
    from nltk.tabdata import PunktDecoder
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    # NLTK refuses to read a hard-linked file, and uv hard-links installed files to its cache.
    folder = _bundled_path("nltk_cache") / "tokenizers" / "punkt_tab" / "english"
    lines = {path.name: path.read_text("utf-8").splitlines(True) for path in folder.iterdir()}
    tables, learned = PunktDecoder(), PunktParameters()
    learned.collocations = set(tables.tab2tups(lines["collocations.tab"]))
    learned.sent_starters = tables.txt2set(lines["sent_starters.txt"])
    learned.abbrev_types = tables.txt2set(lines["abbrev_types.txt"])
    learned.ortho_context = tables.tab2intdict(lines["ortho_context.tab"])
    return PunktSentenceTokenizer(learned)


def count_tokens(text: str) -> int:
    """Returns the number of cl100k_base tokens in ``text``."""
    return len(_encoding().encode(text, disallowed_special=()))


def sentence_spans(text: str) -> list[Span]:
    """Returns the spans of the sentences in ``text``, in order, without outer space.

    A sentence longer than ``LONGEST_SENTENCE`` characters is cut, between words if possible.
    """
    spans: list[Span] = []
    for start, end in _split(text):
        # Punkt leaves the space before the first sentence on it.
        start = end - len(text[start:end].lstrip())
        end = start + len(text[start:end].rstrip())
        if start == end:
            continue
        if spans and _continues(text, spans[-1], start):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return [part for span in spans for part in _split_long_sentence(text, *span, LONGEST_SENTENCE)]


def _split(text: str) -> Iterator[Span]:
    """Yields the splitter's sentences; passes it pieces of bounded length."""
    for start, end in _split_long_sentence(text, 0, len(text), _LONGEST_PIECE):
        try:
            found = list(_splitter().span_tokenize(text[start:end]))
        except TimeoutError:
            # Punkt gives up after 5 s, which a busy machine may take.
            found = [(0, end - start)]
        yield from ((start + first, start + last) for first, last in found)


def _split_long_sentence(text: str, start: int, end: int, most: int) -> Iterator[Span]:
    """Yields a span in parts of bounded length, without the space between them."""
    while end - start > most:
        at = text.rfind(" ", start + 1, start + most)
        stop = at if at > 0 else start + most
        yield start, start + len(text[start:stop].rstrip())
        start = stop + len(text[stop:end]) - len(text[stop:end].lstrip())
    if start < end:
        yield start, end


def _continues(text: str, before: Span, start: int) -> bool:
    """Returns whether two pieces are one sentence that the splitter broke at a full stop."""
    first, end = before
    if text[end - 1] in "?!":
        return False
    near = max(first, end - _LONGEST_SHORTENING)
    return _GOES_ON.search(text, near, end) is not None or text[start].islower()


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
        # A sentence goes to the passage that contains its middle.
        if filled + cost > budget or filled + cost / 2 > target:
            groups.append([])
            filled = 0
        groups[-1].append(span)
        filled += cost
    return [Passage(paper.id, group[0][0], group[-1][1]) for group in groups]
