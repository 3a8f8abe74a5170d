"""Cited text: a paragraph of somebody's own, sentence by sentence with what each cites.

Markdown with ``[3]``, ``[^3]``, ``[@key]`` or links, and LaTeX with its cite commands. The list of
references at its end, or beside it (``references``), says which papers these are.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from footnote.index.chunking import sentence_spans
from footnote.index.readers.citation_marks import PLACED, SIGNS, Marks
from footnote.index.readers.latex_text import is_latex, latex_parts
from footnote.index.readers.markdown_text import markdown_parts, without_code
from footnote.index.readers.reference_list import read_bibitems, split_references

References = Mapping[str, Sequence[str]]

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
# Marks that follow a full stop belong before it.
_LATE = re.compile(rf"([.!?])((?:{PLACED}){{1,9}})(?=\s|$)")
_IN_BRACKETS = re.compile(rf"\s?\((?:{PLACED}[,;]?\s?){{1,9}}\)")
_PLACE = re.compile(PLACED)


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence of a text.

    Attributes:
        text: Without its citations.
        citations: For each citation the names by which its paper may be known, best first:
            identifiers, titles, and the key where nothing else is known.
        labels: For each citation what stands in the text: a number or a key; "" for a link.
    """

    text: str
    citations: tuple[tuple[str, ...], ...] = ()
    labels: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class CitedBlock:
    """A paragraph, a heading, an item of a list, or a row of a table.

    Attributes:
        cells: The sentences; only a row has more than one cell.
    """

    kind: Literal["paragraph", "heading", "item", "row"]
    cells: tuple[tuple[CitedSentence, ...], ...]


def read_cited_text(text: str, references: References | None = None) -> list[CitedSentence]:
    """Returns the sentences of a Markdown or LaTeX text, without its headings.

    Args:
        text: With its list of references, if it has one.
        references: By key, from a BibTeX file.
    """
    blocks = (one for one in read_cited_blocks(text, references) if one.kind != "heading")
    return [sentence for block in blocks for cell in block.cells for sentence in cell]


def read_cited_blocks(text: str, references: References | None = None) -> list[CitedBlock]:
    """Returns a Markdown or LaTeX text in its parts; the arguments are as ``read_cited_text``'s."""
    known = dict(references or {})
    text = _LINE_ENDS.sub("\n", SIGNS.sub(" ", text))
    if is_latex(text):
        marks = Marks(known | read_bibitems(text))
        parts = latex_parts(text, marks)
    else:
        text, listed = split_references(without_code(text))
        marks = Marks(known | listed)
        parts = markdown_parts(text, marks)
    blocks = (
        CitedBlock(kind, tuple(tuple(_sentences(cell, marks)) for cell in cells))
        for kind, cells in parts
    )
    return [block for block in blocks if any(block.cells)]


def citing_sentences(blocks: Sequence[CitedBlock]) -> list[CitedSentence]:
    """Returns the sentences that cite a paper, in their order; a heading claims nothing."""
    cells = (cell for block in blocks if block.kind != "heading" for cell in block.cells)
    return [sentence for cell in cells for sentence in cell if sentence.citations]


def _sentences(block: str, marks: Marks) -> Iterator[CitedSentence]:
    """Yields the sentences of a part in which the marks are placed."""
    block = _LATE.sub(r"\2\1", block)
    for start, end in sentence_spans(block):
        sentence = block[start:end]
        found = [one for place in _PLACE.findall(sentence) for one in marks.at(place)]
        cited = {names: label for label, names in reversed(found)}
        bare = _PLACE.sub("", _IN_BRACKETS.sub("", sentence))
        said = re.sub(r" ([.,;:!?])", r"\1", " ".join(bare.split()))
        if re.search(r"\w", said):
            named = tuple(dict.fromkeys(names for _, names in found))
            yield CitedSentence(said, named, tuple(cited[names] for names in named))
