"""Markdown text: its paragraphs, headings, items of lists and rows of tables, without its code."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from footnote.index.readers.citation_marks import Marks
from footnote.index.readers.reference_list import has_list

Kind = Literal["paragraph", "heading", "item", "row"]
Part = tuple[Kind, Sequence[str]]
# What a part of LaTeX begins with until it is cut; no text that is read holds such characters.
MARKED: Mapping[str, Kind] = {"\x01": "heading", "\x02": "item"}

_BULLET = re.compile(r"^[ \t]{0,9}(?:[-*+]|\d{1,2}[.)])[ \t]")
_RULE = re.compile(r"(?:-{3,}|={3,}|_{3,}|\*{3,})")
_HEADING = re.compile(r"^#{1,6}[ \t]{1,9}\S|^\[\^[\w.:-]{1,60}\]:", re.MULTILINE)


def has_signs(text: str) -> bool:
    """Returns whether a text has what only Markdown has: headings, footnotes, listed references."""
    return bool(_HEADING.search(text)) or has_list(text)


def without_code(text: str) -> str:
    """Returns a text without its fenced code; what holds only a fence is an empty line."""
    lines, fence = [], ""
    for line in text.split("\n"):
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
            lines.append("")
        elif not fence:
            lines.append(line)
    return "\n".join(lines)


def markdown_parts(text: str, marks: Marks) -> Iterator[Part]:
    """Yields the parts of a Markdown text that has no code and no list of references."""
    lines: list[str] = []
    kind: Kind = "paragraph"
    for line in [*text.split("\n"), ""]:
        bare = "" if _RULE.fullmatch(line.strip()) else line.strip()
        if lines and (not bare or bare[0] in "#|>" or _BULLET.match(line)):
            yield kind, [marks.place_all(" ".join(lines))]
            lines = []
        if bare.startswith("|"):
            cells = bare.strip("|").split("|") if re.search(r"\w", bare) else []
            yield "row", [marks.place_all(cell) for cell in cells]
        elif bare.startswith("#"):
            yield "heading", [marks.place_all(bare.strip("# "))]
        elif bare:
            kind = kind if lines else ("item" if _BULLET.match(line) else "paragraph")
            lines.append(_BULLET.sub("", line).strip("> "))
