"""Blocks: the text of an answer as paragraphs, headings, lists and tables.

Structure is read only from the words between the statements: a quote may hold any characters,
and none of them makes a list, a table or a heading.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from footnote.rag.answer import CONTRADICTED, NO_SOURCE, SECTION_MISSING, Statement
from footnote.rag.generation.forms.form import escape_cell


@dataclass(frozen=True, slots=True)
class Bold:
    """Words of ours that stand out, such as a paper's title."""

    text: str


Piece = str | Bold | Statement
Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of an answer.

    Attributes:
        kind: A list has an item a row; a table has cells, the first row its header.
        rows: Each a sequence of cells; a paragraph and a heading have one row of one cell.
    """

    kind: Literal["paragraph", "heading", "list", "table"]
    rows: tuple[tuple[Pieces, ...], ...]

    @property
    def is_short(self) -> bool:
        """Whether it is a paragraph that can lead an answer, set larger than the rest."""
        words = sum(len(piece if isinstance(piece, str) else piece.text) for piece in self.pieces)
        return self.kind == "paragraph" and words <= LEAD

    @property
    def pieces(self) -> Pieces:
        """The words of a paragraph or a heading."""
        return self.rows[0][0]

    @property
    def is_gap(self) -> bool:
        """Whether it says why a section is missing."""
        first = self.pieces[0] if self.kind == "paragraph" and self.pieces else None
        return isinstance(first, str) and first.startswith(SECTION_MISSING)


# A lead stands out where it is short; a long one would shout.
LEAD = 200
# Markers behind a statement; whoever shows it writes them from its citations.
_MARKERS = re.compile(r"(?:[ \u00a0]?\[\d{1,4}\])+")
_BOLD = re.compile(r"\*\*((?:[^*\n]|\*(?!\*)){1,500})\*\*")
_HEADING = re.compile(r"#{1,4} +")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,2}[.)])[ \t]+")
_RULE = re.compile(r"\|[ |:-]*+\s*")
_CELL_END = re.compile(r"(?<!\\)\|")


def split_row(pieces: Pieces) -> tuple[str, Bold, Pieces] | None:
    """Returns the parts of a row about a paper, "Yes, **Title**: words"; None for any other.

    They are the label before the title, the title, and the words behind the colon.
    """
    label, rest = "", pieces
    if pieces and isinstance(pieces[0], str):
        label, rest = pieces[0], pieces[1:]
    if len(rest) < 2 or not isinstance(rest[0], Bold) or not isinstance(rest[1], str):
        return None
    if not rest[1].startswith(":") or (label and not label.endswith(", ")):
        return None
    behind = rest[1][1:].lstrip()
    return label.rstrip(", "), rest[0], ((behind,) if behind else ()) + rest[2:]


def parse_blocks(
    text: str, statements: Sequence[Statement] = (), *, whole: bool = True
) -> list[Block]:
    """Returns the blocks of an answer's text, in order.

    Args:
        text: Markdown, as a form or a model wrote it.
        statements: In the order of the text; one that is not found there ends the blocks.
        whole: Whether the text is; of one that grows, statements not found are left out.
    """
    lines = list(_split_lines(_find_statements(text, statements, whole=whole)))
    return [_build(kind, rows) for kind, rows in _group(lines)]


def _find_statements(
    text: str, statements: Sequence[Statement], *, whole: bool
) -> Iterator[str | Statement]:
    """Yields the statements and the words between them."""
    at = 0
    lost = []
    for statement in statements:
        place = _find_statement(text, at, statement)
        if place is None:
            lost.append(statement)
            continue
        found, written = place
        yield _drop_markers(text[at:found], behind=at > 0)
        # A model's heading claims nothing: it is structure, as our own words are.
        heads = statement.verdict is None and _HEADING.match(statement.text)
        yield statement.text if heads else statement
        at = found + len(written)
    yield _drop_markers(text[at:], behind=at > 0)
    for statement in lost if whole else ():
        yield "\n\n"
        yield statement


def _find_statement(text: str, at: int, statement: Statement) -> tuple[int, str] | None:
    """Returns where a statement stands from a place on, and as what.

    Our own words may hold the same text, as a title does: one with its marker behind wins.
    """
    forms = dict.fromkeys((statement.text, escape_cell(statement.text)))
    markers = [f" [{citation.marker}]" for citation in statement.citations]
    marked = [(text.find(form + mark, at), form) for form in forms for mark in markers]
    plain = [(text.find(form, at), form) for form in forms]
    for places in (marked, plain):
        if found := [place for place in places if place[0] >= 0]:
            return min(found)
    return _find_around_markers(text, at, forms)


def _find_around_markers(text: str, at: int, forms: Iterable[str]) -> tuple[int, str] | None:
    """Returns where a statement stands whose markers are within it, as before its full stop."""
    bare, places = "", list[int]()
    last = at
    for marker in (*_MARKERS.finditer(text, at), None):
        end = marker.start() if marker else len(text)
        bare += text[last:end]
        places += range(last, end)
        last = marker.end() if marker else end
    found = [(bare.find(form), form) for form in forms if form]
    start, form = min((one for one in found if one[0] >= 0), default=(-1, ""))
    if start < 0:
        return None
    return places[start], text[places[start] : places[start + len(form) - 1] + 1]


def _drop_markers(gap: str, *, behind: bool) -> str:
    """Returns the words behind a statement without the markers and the verdict they begin with."""
    markers = _MARKERS.match(gap) if behind else None
    rest = gap[markers.end() :] if markers else gap
    # A verdict in words is for plain text; whoever shows the statement marks it.
    for told in (NO_SOURCE, CONTRADICTED) if behind else ():
        rest = rest.removeprefix(told)
    return rest


def _split_lines(tokens: Iterator[str | Statement]) -> Iterator[list[str | Statement]]:
    line: list[str | Statement] = []
    for token in tokens:
        if isinstance(token, Statement):
            line.append(token)
            continue
        first, *others = token.split("\n")
        line += [first] if first else []
        for other in others:
            yield line
            line = [other] if other else []
    yield line


Line = list[str | Statement]
Row = tuple[Pieces, ...]


def _group(lines: Sequence[Line]) -> Iterator[tuple[str, list[Row]]]:
    """Yields the kind of each block with its rows; an empty line and another kind end one."""
    kind, rows = "", list[Row]()
    for line in lines:
        of, row = _read(line)
        if of == "rule" and kind == "table":
            continue
        if rows and (of != kind or of == "heading"):
            yield kind, rows
            rows = []
        kind = of
        if of and row is not None:
            rows.append(row)
    if rows:
        yield kind, rows


def _read(line: Line) -> tuple[str, Row | None]:
    """Returns the kind of a line and its cells; no kind for an empty one."""
    if not any(isinstance(piece, Statement) or piece.strip() for piece in line):
        return "", None
    head = line[0]
    if not isinstance(head, str):
        return "paragraph", (_pieces(line),)
    if len(line) == 1 and (bold := _BOLD.fullmatch(head.strip())):
        return "heading", ((bold[1],),)
    if heading := _HEADING.match(head):
        return "heading", (_pieces([head[heading.end() :], *line[1:]]),)
    if item := _ITEM.match(head):
        return "list", (_pieces([head[item.end() :], *line[1:]]),)
    if head.startswith("|"):
        if len(line) == 1 and _RULE.fullmatch(head):
            return "rule", None
        return "table", _cells(line)
    return "paragraph", (_pieces(line),)


def _cells(line: Line) -> Row:
    """Returns the cells of a row of a table, whose bars are those between statements."""
    cells: list[Line] = [[]]
    for piece in line:
        if isinstance(piece, Statement):
            cells[-1].append(piece)
            continue
        first, *others = _CELL_END.split(piece)
        cells[-1].append(first)
        cells += [[other] for other in others]
    kept = cells[1:-1] if not any(map(str.strip, map(str, cells[-1]))) else cells[1:]
    return tuple(
        _pieces([p.replace("\\|", "|").strip(" ") if isinstance(p, str) else p for p in cell])
        for cell in kept
    )


def _pieces(line: Line) -> Pieces:
    """Returns the pieces of a line, our bold words apart, without space at its ends."""
    found: list[Piece] = []
    for piece in line:
        if isinstance(piece, Statement):
            found.append(piece)
            continue
        parts = _BOLD.split(piece)
        found += [Bold(part) if n % 2 else part for n, part in enumerate(parts) if part]
    if found and isinstance(found[0], str):
        found[0] = found[0].lstrip()
    if found and isinstance(found[-1], str):
        found[-1] = found[-1].rstrip()
    return tuple(piece for piece in found if piece != "")


def _build(kind: str, rows: Sequence[Row]) -> Block:
    match kind:
        case "list":
            return Block("list", tuple(rows))
        case "table":
            width = len(rows[0])
            filled = (row[:width] + ((),) * (width - len(row)) for row in rows)
            return Block("table", tuple(filled))
        case "heading":
            return Block("heading", (rows[0],))
        case "rule":
            return Block("paragraph", (((),),))
    # Lines of one paragraph: a space stands between two.
    joined: list[Piece] = []
    for row in rows:
        joined += ([" "] if joined else []) + list(row[0])
    return Block("paragraph", ((tuple(joined),),))
