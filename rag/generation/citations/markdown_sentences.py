"""Sentences of a model's Markdown, each with its markers.

A heading, a cell of a table and a list item's sentence are sentences; rules belong to what follows
them.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest

from footnote.index.chunking import sentence_spans
from footnote.index.models import Span
from footnote.rag.generation.citations.markdown_tables import (
    Part,
    is_row,
    says,
    split_table,
)
from footnote.rag.generation.citations.patterns import BAR, LEADING_MARKERS, MARKER, is_rule

_GLUED = re.compile(rf"([.!?…][\"'”’)*_]*)(?={MARKER})", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•+]|\d{1,2}[.)])\s+")
# A heading is one sentence, whatever stops it holds.
_WHOLE = re.compile(r"#{1,6}\s")
_RULE = re.compile(r"[|:*_=-][\s|:*_=-]+")
# The splitter leaves the end of "**Bold.**" to the next sentence.
_CLOSING = re.compile(r"[*_]{1,3}(?=\s|\[|$)")
# Characters of a line split into sentences at a time: splitting takes more than linear time.
_MOST_CUT = 4_000


def split_sentences(text: str) -> list[Part]:
    """Splits a model's text into sentences; the markers of each are at its end or beginning."""
    splitter = _Splitter()
    table: list[str] = []
    lines = text.splitlines()
    for line, below in zip_longest(lines, lines[1:], fillvalue=""):
        # Without bars at the left, the rule below its head tells a table.
        in_table = BAR.search(line) and (is_rule(below) or any(map(is_rule, table)))
        if is_row(line) or in_table or (table and is_rule(line)):
            table.append(line)
            continue
        splitter.take_table(table)
        table = []
        splitter.take_line(line)
    splitter.take_table(table)
    return splitter.parts()


class _Splitter:
    """Gathers the sentences of a text, line by line."""

    def __init__(self) -> None:
        self._found: list[tuple[str, list[str], str]] = []
        self._worded = False
        # Line breaks and rules since the last sentence.
        self._breaks = ""

    def parts(self) -> list[Part]:
        joined = (Part(lead, " ".join(texts), tail) for lead, texts, tail in self._found)
        return [part for part in joined if says(part.text)]

    def take_table(self, lines: list[str]) -> None:
        """Takes a table."""
        parts = split_table(lines, self._breaks) if lines else []
        if parts:
            self._found += [(lead, [cell], tail) for lead, cell, tail in parts]
            # Text right below the last row would be a row.
            self._worded, self._breaks = True, "\n\n"

    def take_line(self, whole: str) -> None:
        """Takes a line that is not of a table."""
        if _RULE.fullmatch(whole.strip()):
            self._breaks += f"{whole.strip()}\n"
            return
        bullet = _BULLET.match(whole)
        lead = self._breaks + (bullet[0] if bullet else "")
        line = _GLUED.sub(r"\1 ", whole[bullet.end() if bullet else 0 :].strip())
        self._breaks += "\n" * (not self._breaks.endswith("\n\n"))
        found = self._found
        # Our evidence has its number in front; some models copy that form.
        numbered_first = LEADING_MARKERS.match(line) is not None
        for at, (start, end) in enumerate(_spans(line)):
            sentence = line[start:end]
            leading = LEADING_MARKERS.match(sentence)
            if leading and found and (not says(sentence) or (at and not numbered_first)):
                found[-1][1].append(leading[0])
                sentence = sentence[leading.end() :].strip()
            # A marker among signs, such as "([1]", belongs to the words before it.
            if found and sentence and not (self._worded and says(sentence)):
                found[-1][1].append(sentence)
            elif sentence:
                found.append((lead, [sentence], ""))
            self._worded = self._worded or says(sentence)
            lead, self._breaks = " ", "\n"


def _spans(line: str) -> Iterator[Span]:
    """Yields the sentences of a line, the end of bold text with the sentence that it closes."""
    if _WHOLE.match(line):
        yield 0, len(line)
        return
    done = 0
    for start, end in _cut(line):
        closing = _CLOSING.match(line, end)
        # What the sentence before took is not taken twice.
        rest = line[max(start, done) : end].lstrip()
        done = closing.end() if closing else end
        if rest:
            yield end - len(rest), done


def _cut(line: str) -> Iterator[Span]:
    """Yields the sentences of a line in parts that end where a sentence may end."""
    at = 0
    while at < len(line):
        stop = (
            len(line) if len(line) - at <= _MOST_CUT else line.rfind(". ", at, at + _MOST_CUT) + 1
        )
        stop = stop or at + _MOST_CUT
        for start, end in sentence_spans(line[at:stop]):
            yield at + start, at + end
        at = stop
