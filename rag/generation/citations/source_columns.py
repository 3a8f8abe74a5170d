"""Source columns: numbers alone in a table's column of sources are markers.

"| PPO | clips | 7 |" below "| Method | What | Source |" cites sentence 7.
"""

import re

from footnote.rag.generation.citations.patterns import ABOVE_ZERO, BAR, BETWEEN, GAP, is_rule

_HEADS = frozenset(
    "source sources src ref refs reference references citation citations cite cites cited evidence"
    " sentence sentences quelle quellen beleg belege satz sätze".split()
)
_ALONE = re.compile(
    rf"(?:s|sentences?{GAP})?(?P<numbers>{ABOVE_ZERO}(?:{BETWEEN}{ABOVE_ZERO})*+)", re.IGNORECASE
)
# Characters of a cell of numbers, and of a row that can be the head of a table.
_LONGEST_CELL, _LONGEST_HEAD = 60, 1_000


class SourceColumns:
    """Writes the numbers in a column of sources as markers, while a text is written."""

    def __init__(self, given: int) -> None:
        """Takes how many sentences were given: a higher number is none of theirs."""
        self._given = given
        # The line so far, the line before it, and what of a cell of sources is held back.
        self._line = self._above = self._held = ""
        # Numbers of the columns, where the line is below the rule of a table.
        self._columns: frozenset[int] = frozenset()
        self._column: int | None = None

    def feed(self, piece: str, *, last: bool = False) -> str:
        """Returns the next piece of the text; holds back a cell of sources.

        Args:
            piece: What was written next.
            last: Whether the text ends here.
        """
        shown = []
        for part in re.split(r"([|\n])", piece):
            if part in ("|", "\n"):
                shown += [self._release(), part]
                self._end_line() if part == "\n" else self._end_cell()
            elif part:
                shown.append(self._take(part))
        if last:
            shown.append(self._release())
        return "".join(shown)

    def _take(self, part: str) -> str:
        if len(self._line) <= _LONGEST_HEAD:
            self._line += part
        # A table without a bar at its left begins with a cell.
        if self._column is None:
            self._column = 0 if self._line.strip() else None
        if self._column not in self._columns:
            return part
        self._held += part
        if len(self._held) <= _LONGEST_CELL:
            return ""
        held, self._held = self._held, ""
        return held

    def _release(self) -> str:
        """Returns the cell that was held back, its numbers as markers."""
        cell, self._held = self._held, ""
        said = cell.strip()
        bare = said[1:-1] if said.startswith("(") and said.endswith(")") else said
        found = _ALONE.fullmatch(bare)
        if found is None or any(int(n) > self._given for n in re.findall("[0-9]+", bare)):
            return cell
        return cell.replace(said, f"[{found['numbers']}]")

    def _end_cell(self) -> None:
        self._column = 0 if self._column is None else self._column + 1
        self._line += "|" * (len(self._line) <= _LONGEST_HEAD)

    def _end_line(self) -> None:
        line, self._line, self._column = self._line, "", None
        if is_rule(line) and "|" in self._above:
            heads = [
                cell.strip(" *_[]()").casefold() for cell in BAR.split(self._above.strip(" |"))
            ]
            self._columns = frozenset(n for n, head in enumerate(heads) if head in _HEADS)
        elif "|" not in line:
            self._columns = frozenset()
        self._above = line
