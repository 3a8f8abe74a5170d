"""JSON streams: the objects of a text, one in memory at a time, with their lines.

A text may hold one object a line, an array of objects, one object over many lines, or one that has
the array in it, as answers of services do.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from footnote.index.readers.encodings import Text, in_pieces

# Characters of one object: as many as of one of PubMed's articles.
LONGEST = 10_000_000
# Fields that hold the records of an answer.
WITHIN = (
    "results", "data", "items", "papers", "records", "works", "docs", "articles", "entries",
    "references", "publications", "hits",
)  # fmt: skip
_WITHIN = re.compile(rf'"(?:{"|".join(WITHIN)})"\s{{0,20}}:\s{{0,20}}\[\s{{0,20}}(?=\{{)')
_ARRAY = re.compile(r"\[\s{0,99}(?=\{)")
_SPACE = re.compile(r"[\s,]*+")
_RESUMES = re.compile(r"\}\s{0,99},\s{0,99}(?=\{)")
# Nearer to the end of what has come, a fault may be one of what has not.
_NEAR = 20


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
    """Yields the values that stand one after another, between commas or blanks.

    Args:
        text: In pieces or whole; an array's bracket at its end ends it.
        start: Characters before the first value, in the first piece.
        line: Of the first character.
    """
    pieces, decoder = iter(in_pieces(text)), json.JSONDecoder()
    held, at, done = next(pieces, ""), start, False
    line += held.count("\n", 0, start)
    while True:
        space = _SPACE.match(held, at)
        after = space.end() if space else at
        line += held.count("\n", at, after)
        at = after
        if at == len(held) and done:
            return
        if at < len(held) and held[at] in "]}":
            return
        try:
            value, end = decoder.raw_decode(held, at)
            # A number may go on.
            if end == len(held) and not done and not isinstance(value, dict | list):
                raise json.JSONDecodeError("goes on", held, end)
        except (json.JSONDecodeError, RecursionError) as error:
            place = error.pos if isinstance(error, json.JSONDecodeError) else at
            cut = isinstance(error, json.JSONDecodeError) and (
                place >= len(held) - _NEAR or error.msg.startswith("Unterminated")
            )
            if cut and not done and len(held) - at <= LONGEST:
                piece = next(pieces, None)
                done = piece is None
                held, at = held[at:] + (piece or ""), 0
                continue
            yield Found(line, None, _describe(error, held, at))
            resumes = _RESUMES.search(held, at)
            if resumes is None:
                return
            line += held.count("\n", at, resumes.end())
            at = resumes.end()
            continue
        yield Found(line, value)
        line += held.count("\n", at, end)
        at = end


def find_records(head: str) -> int | None:
    """Returns where the first record of an array stands, that a text is or that it has in it.

    None where the text is something else, such as an object a line.
    """
    begin = len(head) - len(head.lstrip())
    if opened := _ARRAY.match(head, begin):
        return opened.end()
    within = _WITHIN.search(head)
    if head[begin : begin + 1] != "{" or within is None:
        return None
    # A record may have a list of that name: then it says its title or abstract before.
    before = head[: within.start()]
    return None if re.search(r'"(?:title|abstract|text)"\s{0,9}:', before, re.I) else within.end()


def _describe(error: Exception, held: str, at: int) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg} at character {error.pos - at + 1} of the record)"
    return "nested too deep"
