"""Sentences of a model's Markdown, each with its markers.

A heading, a row of a table and a list item's sentence are sentences; rules and the line below a
table's head belong to what follows them.
"""

import re
from collections.abc import Iterator

from footnote.index.chunking import sentence_spans
from footnote.index.models import Span
from footnote.rag.generation.citations.patterns import LEADING_MARKERS, MARKER, MARKERS

_GLUED = re.compile(rf"([.!?…][\"'”’)*_]*)(?={MARKER})", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•+]|\d{1,2}[.)])\s+")
# A heading or a row of a table is one sentence, whatever stops it holds.
_WHOLE = re.compile(r"#{1,6}\s|\|")
_RULE = re.compile(r"[|:*_=-][\s|:*_=-]+")
# The splitter leaves the end of "**Bold.**" to the next sentence.
_CLOSING = re.compile(r"[*_]{1,3}(?=\s|\[|$)")
# Characters of a line split into sentences at a time: splitting takes more than linear time.
_MOST_CUT = 4_000


def split_sentences(text: str) -> list[tuple[str, str]]:
    """Splits a model's text into pairs of a lead (space, a bullet) and a sentence.

    The markers of a sentence are at its end or its beginning.
    """
    found: list[tuple[str, list[str]]] = []
    worded, breaks = False, ""
    for whole in text.splitlines():
        if _RULE.fullmatch(whole.strip()):
            breaks += f"{whole.strip()}\n"
            continue
        bullet = _BULLET.match(whole)
        lead = breaks + (bullet[0] if bullet else "")
        line = _GLUED.sub(r"\1 ", whole[bullet.end() if bullet else 0 :].strip())
        breaks += "\n" * (not breaks.endswith("\n\n"))
        # Our evidence has its number in front; some models copy that form.
        numbered_first = LEADING_MARKERS.match(line) is not None
        for at, (start, end) in enumerate(_spans(line)):
            sentence = line[start:end]
            leading = LEADING_MARKERS.match(sentence)
            if leading and found and (not _says(sentence) or (at and not numbered_first)):
                found[-1][1].append(leading[0])
                sentence = sentence[leading.end() :].strip()
            # A marker among signs, such as "([1]", belongs to the words before it.
            if found and sentence and not (worded and _says(sentence)):
                found[-1][1].append(sentence)
            elif sentence:
                found.append((lead, [sentence]))
            worded = worded or _says(sentence)
            lead, breaks = " ", "\n"
    joined = ((lead, " ".join(parts)) for lead, parts in found)
    return [(lead, sentence) for lead, sentence in joined if _says(sentence)]


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


def _says(sentence: str) -> bool:
    """Returns whether the text contains a word besides markers."""
    return re.search(r"\w", MARKERS.sub("", sentence)) is not None
