"""JSON streams: the objects of a text, one in memory at a time, with their lines.

A text may hold one object a line, an array of objects, one object over many lines, or one that has
the array in it, as answers of services do.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from footnote.index.readers.encodings import Text, in_pieces
from footnote.index.readers.fields import is_record, name_field

# Characters of one object: as many as of one of PubMed's articles.
LONGEST = 10_000_000
# Fields that hold the records of an answer, where the first is too long to be looked at.
WITHIN = frozenset(
    "results result data items papers records works docs articles entries entry references "
    "publications hits hit rows documents collection notes messages value".split()
)
# Lists within a record, which may have titles too.
_PARTS = frozenset("author authors authorships creators reference citations".split())
_OWN = frozenset({"title", "abstract", "text", "papertitle", "articletitle", "paperabstract"})
# Objects that a record may be in as a whole.
_ONE = frozenset({"message", "paper", "data", "record", "metadata", "result", "article", "work"})
_DEEPEST = 4

_SPACE = re.compile(r"\s*+")
# What stands between two objects: in an object of objects their keys too.
_BETWEEN = re.compile(r'(?:[\s,]++|"(?:[^"\\]|\\.){0,300}"\s*+:)*+')
_KEY = re.compile(r'\{\s{0,99}("(?:[^"\\]|\\.){0,100}"\s{0,9}:)')
_RESUMES = re.compile(r"\}\s{0,99},?\s{0,99}(?=\{)")
# Nearer to the end of what has come, a fault may be one of what has not.
_NEAR = 400
# Characters already read that are kept.
_MOST_BEHIND = 65_536
_TOO_LONG = "record of more than {:,} characters"
_DECODER = json.JSONDecoder(strict=False)


class Found(NamedTuple):
    """A value of a stream, or why there is none.

    Attributes:
        line: Where it begins, from 1.
        value: The value; None where there is a fault.
        fault: One line; "" where there is none.
    """

    line: int
    value: Any
    fault: str = ""


def stream_objects(text: Text, *, start: int = 0, line: int = 1) -> Iterator[Found]:
    """Yields the values that stand one after another, between commas, keys or blanks.

    Args:
        text: In pieces or whole; an array's bracket at its end ends it.
        start: Characters before the first value, in the first pieces.
        line: Of the first character.
    """
    yield from _Stream(text, line).objects(start)


class _Stream:
    """The part of a text in memory."""

    def __init__(self, text: Text, line: int) -> None:
        self._pieces = iter(in_pieces(text))
        self._held, self._at, self._done, self._line = "", 0, False, line
        # Whether it stands before a value that has no end.
        self._broken = False

    def objects(self, start: int) -> Iterator[Found]:
        while len(self._held) < start and self._more():
            pass
        self._move(start)
        while self._reach_value():
            found = self._decode()
            yield found
            if self._broken and not self._resume():
                return

    def _more(self, size: int = 0) -> bool:
        """Takes in more pieces, ``size`` characters at least; returns whether there were any."""
        pieces: list[str] = []
        while not self._done and sum(map(len, pieces)) <= size:
            piece = next(self._pieces, None)
            self._done = piece is None
            pieces.append(piece or "")
        self._held, self._at = "".join([self._held[self._at :], *pieces]), 0
        return any(pieces)

    def _move(self, to: int) -> None:
        self._line += self._held.count("\n", self._at, to)
        self._at = to
        # A fault is told by counting the lines before it.
        if to > _MOST_BEHIND:
            self._held, self._at = self._held[to:], 0

    def _reach_value(self) -> bool:
        """Goes on to the next value; returns whether there is one."""
        while True:
            between = _BETWEEN.match(self._held, self._at)
            at = between.end() if between else self._at
            # Of a key all must be there.
            if len(self._held) - at > _NEAR or self._done:
                self._move(at)
                return self._held[self._at : self._at + 1] not in ("", "]", "}")
            if not self._more():
                self._done = True

    def _decode(self) -> Found:
        line = self._line
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except (json.JSONDecodeError, RecursionError, ValueError) as error:
                held = len(self._held) - self._at
                if held <= LONGEST and self._may_go_on(error) and self._more(held):
                    continue
                self._broken = True
                if held > LONGEST and self._may_go_on(error):
                    return Found(line, None, _TOO_LONG.format(LONGEST))
                return Found(line, None, _describe(error, self._at, len(self._held)))
            # A number may go on.
            if end == len(self._held) and not isinstance(value, dict | list) and self._more():
                continue
            self._broken, length = False, end - self._at
            self._move(end)
            if length > LONGEST:
                return Found(line, None, _TOO_LONG.format(LONGEST))
            return Found(line, value)

    def _may_go_on(self, error: Exception) -> bool:
        if not isinstance(error, json.JSONDecodeError) or self._done:
            return False
        return error.pos >= len(self._held) - _NEAR or error.msg.startswith("Unterminated")

    def _resume(self) -> bool:
        """Goes on to the next record after a broken one; returns whether there is one.

        It begins with the same field, unlike the objects within the broken one.
        """
        key = _KEY.match(self._held, self._at)
        alike = re.compile(rf"(?<=[\s,}}])\{{\s{{0,99}}{re.escape(key[1])}") if key else _RESUMES
        at = self._at + 1
        while True:
            if found := alike.search(self._held, at):
                self._move(found.start() if key else found.end())
                return True
            self._move(max(self._at, len(self._held) - _NEAR))
            if not self._more():
                return False
            at = self._at


def find_records(head: str) -> int | None:
    """Returns where the first record of an array stands, that a text is or that it has in it.

    None where the text is something else, such as an object a line. Of an object of records it is
    the first of them.
    """
    begin = _after_space(head, 0)
    try:
        if head[begin : begin + 1] == "[":
            first = _after_space(head, begin + 1)
            return first if head[first : first + 1] == "{" else None
        return _Search(head).within(begin, 0)[0] if head[begin : begin + 1] == "{" else None
    except (ValueError, RecursionError):
        # The beginning ends before it was found, or it is no JSON.
        return None


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


class _Search:
    """Looks through the beginning of an object for the records in it."""

    def __init__(self, head: str) -> None:
        self._head = head

    def within(self, at: int, depth: int) -> tuple[int | None, int]:
        """Returns the place of the first record in the object at ``at``, and where it ends.

        Raises:
            ValueError: The text ends, or is no JSON.
        """
        at = _after_space(self._head, at + 1)
        while self._char(at) == '"':
            key, at = _DECODER.raw_decode(self._head, at)
            name, at = name_field(key), self._expect(":", at)
            if name in _OWN and self._char(at) != "{":
                raise ValueError("a record itself")
            found, at = self._value(name, at, depth)
            if found is not None:
                return found, at
            at = _after_space(self._head, at)
            if self._char(at) == ",":
                at = _after_space(self._head, at + 1)
        return None, self._expect("}", at)

    def _value(self, name: str, at: int, depth: int) -> tuple[int | None, int]:
        char = self._char(at)
        if char == "[":
            first = _after_space(self._head, at + 1)
            if self._char(first) == "{" and name not in _PARTS and self._begins_record(name, first):
                return first, first
        if char == "{" and depth < _DEEPEST:
            # An object of records, each under its own key.
            if depth == 0 and name not in _ONE and self._begins_record("", at):
                return at, at
            try:
                return self.within(at, depth + 1)
            except ValueError:
                if depth or name in _ONE:
                    raise
        _, end = _DECODER.raw_decode(self._head, at)
        return None, end

    def _begins_record(self, name: str, at: int) -> bool:
        """Returns whether a record begins here; of one that is cut off the name tells."""
        try:
            return is_record(_DECODER.raw_decode(self._head, at)[0])
        except ValueError:
            return name in WITHIN

    def _char(self, at: int) -> str:
        return self._head[at : at + 1]

    def _expect(self, sign: str, at: int) -> int:
        at = _after_space(self._head, at)
        if self._char(at) != sign:
            raise ValueError("no JSON, or cut off")
        return _after_space(self._head, at + 1)


def _describe(error: Exception, at: int, size: int) -> str:
    if isinstance(error, json.JSONDecodeError):
        cut = "; the file seems to be cut off here" if error.pos >= size - 1 else ""
        if error.msg.startswith("Unterminated"):
            cut = "; it has no end"
        return f"not JSON ({error.msg} at character {error.pos - at + 1} of the record{cut})"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
