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

# [3], [3, 4], [1-3]; small models also write [sentence 3]; (3) is left to prose.
_GAP = r"[ \t\u00a0\u202f]*"
_DASH = "\u2010\u2011\u2013-"
_NUMBERS = rf"[0-9]{{1,9}}(?:{_GAP}(?:[,;&{_DASH}]|and){_GAP}[0-9]{{1,9}})*"
_MARKER = rf"\[{_GAP}(?:sentences?{_GAP}|#)?{_NUMBERS}{_GAP}\]"
# Markers side by side are one: [1][2] of one paper is shown as one number.
_MARKERS = re.compile(rf"{_GAP}({_MARKER}(?:{_GAP}{_MARKER})*)", re.IGNORECASE)
_LEADING_MARKERS = re.compile(rf"(?:{_GAP}{_MARKER})+", re.IGNORECASE)
_NUMBER_OR_RANGE = re.compile(rf"([0-9]+)(?:{_GAP}[{_DASH}]{_GAP}([0-9]+))?")
# What a stream may end with and still be inside markers: whole ones, and the first half of one.
_UNFINISHED = re.compile(
    rf"(?:\s|{_MARKER})*(?:\[{_GAP}[sentcad]*#?[0-9sentcad,;& \t\u00a0\u202f{_DASH}]*)?$",
    re.IGNORECASE,
)
_GLUED = re.compile(rf"([.!?…][\"'”’)]*)(?={_MARKER})", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_DANGLING = "points nowhere"


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
        self._begun = False

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

        Markers that are still being written, and space that may be the last, are held back.
        """
        text = self._held + piece
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        self._held = text[end:]
        return self._shown(text[:end])

    def flush(self) -> str:
        """Returns what was held back when the text ended, without space at its end."""
        held, self._held = self._held, ""
        return self._shown(held.rstrip()).rstrip()

    def _shown(self, text: str) -> str:
        def replace(match: re.Match[str]) -> str:
            sentences, _ = self._resolve(match[1])
            markers = dict.fromkeys(self.citation(s).marker for s in sentences)
            gap = match[0][: match.start(1) - match.start()]
            return gap + "".join(f"[{marker}]" for marker in markers) if markers else ""

        shown = _MARKERS.sub(replace, text)
        if not self._begun:
            shown = shown.lstrip()
        self._begun = self._begun or bool(shown)
        return shown

    def _resolve(self, markers: str) -> tuple[list[Sentence], list[int]]:
        """Returns the sentences that some markers point at, and the numbers that miss."""
        numbers: dict[int, None] = {}
        for first, last in _NUMBER_OR_RANGE.findall(markers):
            low, high = int(first), int(last or first)
            within = range(low, min(high, len(self._evidence)) + 1)
            numbers |= dict.fromkeys((low, *within, high))
        given = range(1, len(self._evidence) + 1)
        found = [self._evidence[n - 1] for n in numbers if n in given]
        return found, [n for n in numbers if n not in given]

    def bind(self, text: str) -> list[Bound]:
        """Returns the sentences of a model's text, each with its citations and notes."""
        return [self._bound(sentence) for sentence in _sentences(text)]

    def _bound(self, sentence: str) -> Bound:
        citations: dict[Citation, None] = {}
        missing: dict[int, None] = {}
        for match in _MARKERS.finditer(sentence):
            found, missed = self._resolve(match[1])
            citations |= dict.fromkeys(self.citation(s) for s in found)
            missing |= dict.fromkeys(missed)
        given = len(self._evidence)
        notes = [f"marker [{n}] {_DANGLING}; sentences 1 to {given} were given" for n in missing]
        plain = " ".join(_MARKERS.sub("", sentence).split())
        return Bound(plain, tuple(citations), tuple(notes))


def is_dangling(note: str) -> bool:
    """Returns whether a statement's note tells of a marker that pointed nowhere."""
    return _DANGLING in note


def _sentences(text: str) -> list[str]:
    """Splits a model's text into sentences, the markers of each at its end or its beginning."""
    found: list[str] = []
    for line in text.splitlines():
        line = _GLUED.sub(r"\1 ", _BULLET.sub("", line).strip())
        # Evidence is numbered at its beginning; some models write their lines alike.
        numbered_first = _LEADING_MARKERS.match(line) is not None
        for at, (start, end) in enumerate(sentence_spans(line)):
            sentence = line[start:end]
            leading = _LEADING_MARKERS.match(sentence)
            if leading and found and (not _says(sentence) or (at and not numbered_first)):
                found[-1] += f" {leading[0]}"
                sentence = sentence[leading.end() :].strip()
            if found and sentence and not _says(found[-1]):
                found[-1] += f" {sentence}"
            elif sentence:
                found.append(sentence)
    return [sentence for sentence in found if _says(sentence)]


def _says(sentence: str) -> bool:
    """Returns whether there is a word beside the markers."""
    return re.search(r"\w", _MARKERS.sub("", sentence)) is not None
