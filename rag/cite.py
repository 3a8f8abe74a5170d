"""Cite: binds markers to spans of abstracts, and numbers papers by first use.

A model cites evidence by its number; the reader sees the number of the paper. A marker
that points nowhere is kept as a note on its statement, never dropped in silence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.papers import Paper
from index.passages import sentence_spans
from rag.answer import Citation
from rag.evidence import Sentence

# [3], [3, 4], [3][4]; small models also write [sentence 3], (3) is left to prose.
_MARKER = re.compile(r"\[(?:sentences?\s*)?(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]", re.IGNORECASE)
_HALF_MARKER = re.compile(r"\[[^\]\[\n]{0,40}$")
_LEADING_MARKERS = re.compile(rf"^(?:\s*{_MARKER.pattern})+", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


@dataclass(frozen=True, slots=True)
class Bound:
    """One sentence of a model's text, bound to its evidence.

    Attributes:
        text: Without markers.
        notes: One line for each marker that points nowhere.
    """

    text: str
    citations: tuple[Citation, ...]
    notes: tuple[str, ...]


class Binder:
    """Numbers the papers of one answer by first use, while it is being written."""

    def __init__(self, evidence: Sequence[Sentence]) -> None:
        """Takes the evidence in the order in which its numbers were given out, from 1."""
        self._evidence = evidence
        self._markers: dict[str, int] = {}
        self._held = ""

    @property
    def papers(self) -> list[Paper]:
        """The papers cited so far; the one at ``i`` has marker ``i + 1``."""
        by_id = {s.paper.id: s.paper for s in self._evidence}
        return [by_id[paper_id] for paper_id in self._markers]

    def citation(self, sentence: Sentence) -> Citation:
        """Returns a citation of one sentence, giving its paper a marker if it has none."""
        marker = self._markers.setdefault(sentence.paper.id, len(self._markers) + 1)
        return Citation(marker, sentence.paper.id, sentence.start, sentence.end, sentence.text)

    def feed(self, piece: str) -> str:
        """Returns more of the streamed text, evidence numbers replaced by paper markers.

        A marker that is still being written is held back until it is whole.
        """
        text = self._held + piece
        half = _HALF_MARKER.search(text)
        self._held = text[half.start() :] if half else ""
        return self._renumbered(text[: half.start()] if half else text)

    def flush(self) -> str:
        """Returns what was held back when the text ended."""
        held, self._held = self._held, ""
        return held

    def _renumbered(self, text: str) -> str:
        def replace(match: re.Match[str]) -> str:
            sentences, _ = self._resolve(match[1])
            markers = dict.fromkeys(self.citation(s).marker for s in sentences)
            return "".join(f"[{marker}]" for marker in markers)

        return _MARKER.sub(replace, text)

    def _resolve(self, numbers: str) -> tuple[list[Sentence], list[int]]:
        asked = [int(n) for n in re.findall(r"\d+", numbers)]
        good = [self._evidence[n - 1] for n in asked if 1 <= n <= len(self._evidence)]
        return good, [n for n in asked if not 1 <= n <= len(self._evidence)]

    def bind(self, text: str) -> list[Bound]:
        """Returns the sentences of a model's text, each with its citations and notes."""
        return [self._bound(sentence) for sentence in _sentences(text)]

    def _bound(self, sentence: str) -> Bound:
        citations: dict[Citation, None] = {}
        notes: list[str] = []
        for match in _MARKER.finditer(sentence):
            found, missing = self._resolve(match[1])
            citations |= dict.fromkeys(self.citation(s) for s in found)
            notes += [
                f"marker [{n}] points nowhere; sentences 1 to {len(self._evidence)} were given"
                for n in missing
            ]
        plain = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(_MARKER.sub("", sentence).split()))
        return Bound(plain, tuple(citations), tuple(notes))


def _sentences(text: str) -> list[str]:
    """Splits a model's text into sentences, markers after a full stop going with it."""
    found: list[str] = []
    for line in text.splitlines():
        line = _BULLET.sub("", line).strip()
        first_of_line = True
        for start, end in sentence_spans(line):
            sentence = line[start:end]
            leading = None if first_of_line else _LEADING_MARKERS.match(sentence)
            if leading:
                found[-1] += f" {leading[0].strip()}"
                sentence = sentence[leading.end() :].strip()
            if sentence:
                found.append(sentence)
            first_of_line = False
    return [s for s in found if re.search(r"\w", _MARKER.sub("", s))]
