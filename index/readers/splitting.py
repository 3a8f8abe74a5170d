"""Splitting: split a text that arrives in pieces into records, one in memory at a time."""

import re
from collections.abc import Iterator

from footnote.index.readers.encodings import Text, in_pieces
from footnote.index.readers.encodings import with_newlines as with_newlines

# Characters that the start of a record is looked for in, where what stands before is let go.
_START_MOST = 1_000


def split_records(
    text: Text, start: re.Pattern[str], longest: int
) -> Iterator[tuple[int, str, int]]:
    """Yields each record of a text: its line, its text and its length in characters.

    A record extends from one start to the next; the text of one longer than ``longest`` is cut.
    Text before the first record is dropped.

    Args:
        text: Whose lines end in line feeds.
        start: What every record begins with, and nothing else.
        longest: Characters of a record that are kept.
    """
    cutter = _Cutter(start, longest)
    for piece in in_pieces(text):
        yield from cutter.take(piece)
    if cutter.inside:
        yield cutter.record(len(cutter.kept))


class _Cutter:
    """The part of a text in memory: its open record, or the end of the text before any record."""

    def __init__(self, start: re.Pattern[str], longest: int) -> None:
        self.kept, self.inside = "", False
        self._start, self._longest = start, longest
        # The open record begins at ``_at``, less what of it was let go.
        self._at, self._line, self._lost, self._lost_lines = 0, 1, 0, 0

    def take(self, piece: str) -> Iterator[tuple[int, str, int]]:
        """Yields the records that a piece completes."""
        self.kept += piece
        for match in self._start.finditer(self.kept, self._at):
            begin = match.start()
            if self.inside and begin == self._at:
                continue
            if self.inside:
                yield self.record(begin)
            self._line += self._lost_lines + self.kept.count("\n", self._at, begin)
            self._at, self._lost, self._lost_lines, self.inside = begin, 0, 0, True
        self._let_go()

    def record(self, end: int) -> tuple[int, str, int]:
        """Returns the open record, which ends before ``end``."""
        text = self.kept[self._at : min(end, self._at + self._longest)]
        return self._line, text, self._lost + end - self._at

    def _let_go(self) -> None:
        size = len(self.kept)
        if size - self._at > (self._longest if self.inside else 0) + _START_MOST:
            keep = size - _START_MOST
            self._lost += keep - self._at
            self._lost_lines += self.kept.count("\n", self._at, keep)
            self._at = keep
        # A start may ask for the character before it.
        before = max(0, self._at - 1)
        self.kept, self._at = self.kept[before:], self._at - before
