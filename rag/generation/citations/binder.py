"""Citations: bind markers to spans of abstracts, and number papers by first use.

A model cites evidence by its number; the reader sees the number of the paper. A marker without a
source becomes a note on its statement; it is never dropped silently.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footnote.index.models import Paper
from footnote.rag.answer import Citation
from footnote.rag.generation.citations.markdown_sentences import split_sentences
from footnote.rag.generation.citations.patterns import (
    DASH,
    GAP,
    GUARDS,
    HALF_INNER,
    LONGEST_GAP,
    MARKER,
    MARKERS,
)
from footnote.rag.generation.citations.references import ReferenceFilter
from footnote.rag.generation.citations.source_columns import SourceColumns
from footnote.rag.retrieval.evidence import Sentence

if TYPE_CHECKING:
    from footnote.rag.generation.citations.written_forms import FormReader

_NUMBER_OR_RANGE = re.compile(rf"([0-9]+)(?:{GAP}[{DASH}]{GAP}([0-9]+))?")
# Markers that may continue at the end of a stream: whole ones, and the first half of one.
_HALF = rf"\[{HALF_INNER}\Z"
_UNFINISHED = re.compile(rf"(?:\s|{MARKER})++(?:{_HALF})?|{_HALF}", re.IGNORECASE)
# Its maximum length; nobody writes that many adjacent markers.
_LONGEST_UNFINISHED = 200
_DANGLING = "points nowhere"


@dataclass(frozen=True, slots=True)
class Bound:
    """One sentence of a model's text, bound to its evidence.

    Attributes:
        text: The sentence without markers.
        notes: One line for each marker without a source.
        raw: As the model wrote it, its markers as ``[7]``.
        shown: As a reader sees it, with paper markers.
        lead: The text before it: a space, line breaks and a bullet, or a table up to its cell.
        tail: What closes a table behind it.
    """

    text: str
    citations: tuple[Citation, ...]
    notes: tuple[str, ...]
    raw: str = ""
    shown: str = ""
    lead: str = ""
    tail: str = ""


class CitationBinder:
    """Numbers the papers of one answer by first use, while it is written."""

    def __init__(self, evidence: Sequence[Sentence], markers: dict[str, int] | None = None) -> None:
        """Takes the evidence in the order of its numbers, from 1.

        Args:
            evidence: What may be cited.
            markers: Of papers by id; shared by the parts of one answer, each with evidence of its
                own, and added to.
        """
        self._evidence = evidence
        self._references = ReferenceFilter(evidence)
        self._columns = SourceColumns(len(evidence))
        self._forms: FormReader | None = None
        self._markers = {} if markers is None else markers
        self._held = ""
        self._begun = False
        # Papers cited at the end of the text shown so far: a run of markers may arrive in parts.
        self._ending: set[int] = set()

    @property
    def papers(self) -> list[Paper]:
        """The papers of the evidence cited so far, in the order of their markers."""
        by_id = {s.paper.id: s.paper for s in self._evidence}
        return [by_id[paper_id] for paper_id in self._markers if paper_id in by_id]

    def citation(self, sentence: Sentence) -> Citation:
        """Returns a citation of one sentence, giving its paper a marker if it has none."""
        marker = self._markers.setdefault(sentence.paper.id, len(self._markers) + 1)
        return Citation(marker, sentence.paper.id, sentence.start, sentence.end, sentence.text)

    def feed(self, piece: str) -> str:
        """Returns the next piece of the streamed text, with paper markers for evidence numbers.

        Holds back unfinished markers and space that may be the last.
        """
        text = self._held + self._read(piece)
        end = _find_finished_end(text)
        self._held = text[end:]
        return self._replace_markers(text[:end])

    def flush(self) -> str:
        """Returns the text held back until the end, without trailing space."""
        held, self._held = self._held + self._read("", last=True), ""
        return self._replace_markers(held.rstrip()).rstrip()

    def _replace_markers(self, text: str) -> str:
        ending: set[int] = set()

        def replace(match: re.Match[str]) -> str:
            nonlocal ending
            earlier = self._ending if _goes_on(match) else set()
            replaced, cited = self._format_markers(match, earlier)
            if match.end() == len(text):
                ending = earlier | cited
            return replaced

        shown = GUARDS.sub("", MARKERS.sub(replace, text))
        if text:
            self._ending = ending
        if not self._begun:
            shown = shown.lstrip()
        self._begun = self._begun or bool(shown)
        return shown

    def _with_paper_markers(self, text: str) -> str:
        """Returns a text with paper numbers in place of evidence numbers."""
        return MARKERS.sub(lambda match: self._format_markers(match)[0], text)

    def _format_markers(
        self, match: re.Match[str], earlier: Collection[int] = ()
    ) -> tuple[str, set[int]]:
        """Returns the text shown for some markers, and the papers they cite.

        Args:
            match: Of ``MARKERS``.
            earlier: Papers cited earlier in the run and already shown.
        """
        sentences, _ = self._resolve_numbers(match[1])
        cited = dict.fromkeys(self.citation(s).marker for s in sentences)
        new = "".join(f"[{marker}]" for marker in cited if marker not in earlier)
        gap = "" if earlier else match[0][: match.start(1) - match.start()]
        return gap + new if new else "", set(cited)

    def _resolve_numbers(self, markers: str) -> tuple[list[Sentence], list[int]]:
        """Returns the sentences that some markers cite, and the numbers that match none."""
        numbers: dict[int, None] = {}
        for first, last in _NUMBER_OR_RANGE.findall(markers):
            low, high = sorted((int(first), int(last or first)))
            within = range(low, min(high, len(self._evidence)) + 1)
            numbers |= dict.fromkeys((low, *within, high))
        given = range(1, len(self._evidence) + 1)
        found = [self._evidence[n - 1] for n in numbers if n in given]
        return found, [n for n in numbers if n not in given]

    def bind(self, text: str) -> list[Bound]:
        """Returns the sentences of a model's text, each with its citations and notes."""
        return [self.bound(*part) for part in split_sentences(self.normalize(text))]

    def normalize(self, text: str) -> str:
        """Returns a text without its list of references, all of its markers as ``[7]``."""
        return CitationBinder(self._evidence)._read(text, last=True)

    def _read(self, piece: str, *, last: bool = False) -> str:
        """Returns the next piece without references, its markers as ``[7]``."""
        plain = self._references.feed(piece, last=last)
        if self._forms is None:
            # Its patterns take long to compile, and an answer of quotes needs none of them.
            from footnote.rag.generation.citations.written_forms import FormReader

            self._forms = FormReader(len(self._evidence))
        return self._forms.feed(self._columns.feed(plain, last=last), last=last)

    def bound(self, lead: str, sentence: str, tail: str = "") -> Bound:
        """Returns one sentence, its markers as ``[7]``, with its citations and notes.

        Args:
            lead: The text before it.
            sentence: As the model wrote it, with its markers.
            tail: What closes a table behind it.
        """
        citations: dict[Citation, None] = {}
        missing: dict[int, None] = {}

        def strip(match: re.Match[str]) -> str:
            found, missed = self._resolve_numbers(match[1])
            citations.update(dict.fromkeys(self.citation(s) for s in found))
            missing.update(dict.fromkeys(missed))
            return ""

        plain = " ".join(GUARDS.sub("", MARKERS.sub(strip, sentence)).split())
        given = len(self._evidence)
        notes = [f"marker [{n}] {_DANGLING}; sentences 1 to {given} were given" for n in missing]
        shown = GUARDS.sub("", self._with_paper_markers(sentence))
        if lead.endswith("| "):
            plain = plain.replace("\\|", "|")
        return Bound(plain, tuple(citations), tuple(notes), sentence, shown, lead, tail)


def _find_finished_end(text: str) -> int:
    """Returns where markers that may continue begin at the end of a text."""
    start = max(0, len(text) - _LONGEST_UNFINISHED)
    found = (m.start() for m in _UNFINISHED.finditer(text, start) if m.end() == len(text))
    end = next(found, len(text))
    # The space between two markers belongs to the second.
    gap = end - len(text[:end].rstrip(" \t\u00a0\u202f"))
    return end - gap if gap <= LONGEST_GAP else end


def _goes_on(match: re.Match[str]) -> bool:
    """Returns whether markers begin a text and so continue the run before it."""
    return match.start() == 0 and match.start(1) <= LONGEST_GAP


def is_dangling(note: str) -> bool:
    """Returns whether a statement's note is about a marker without a source."""
    return _DANGLING in note
