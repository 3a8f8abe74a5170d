"""JSON: records in this project's field names or in those of others, one a line or in an array."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text, in_pieces
from footnote.index.readers.fields import our_fields
from footnote.index.readers.json_stream import LONGEST, WITHIN, find_records, stream_objects
from footnote.index.readers.record import describe_fault, parse_paper
from footnote.index.readers.splitting import split_records

_LINE = re.compile("^", re.MULTILINE)
# Characters that tell how the records stand.
_HEAD = 65_536


def recognises(head: str) -> bool:
    """Returns whether a text is JSON, or has an object after a bad first line."""
    begin = head.lstrip()
    return begin.startswith("{") or bool(re.match(r"\[\s*+\{", begin)) or '\n{"' in head


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each record."""
    pieces = iter(in_pieces(text))
    head = ""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD:
            break
    whole = chain([head], pieces)
    first = head.lstrip().partition("\n")[0]
    if _is_record(first):
        yield from _read_lines(whole, name)
        return
    start = find_records(head)
    if start is None and not _opens_alone(first):
        yield from _read_lines(whole, name)
        return
    begin = start if start is not None else len(head) - len(head.lstrip())
    for line, value, fault in stream_objects(whole, start=begin):
        yield Problem(name, line, fault) if fault else _read_one(value, name, line)


def _is_record(line: str) -> bool:
    """Returns whether a line is an object, and no answer that has the records in it."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and find_records(line) is None


def _opens_alone(line: str) -> bool:
    """Returns whether a line begins an object over many lines: nothing of it is whole here."""
    bare = line.strip()
    return bare == "{" or bool(
        re.fullmatch(r'\{\s*+"[^"]{0,99}"\s*+:\s*+(?:[\[{]|"[^"]*+",?|\d++,?)', bare)
    )


def _read_lines(text: Text, name: str) -> Iterator[Paper | Problem]:
    for number, line, length in split_records(text, _LINE, LONGEST):
        if not line.strip():
            continue
        try:
            if length > LONGEST:
                raise ValueError(f"line of {length:,} characters, the limit is {LONGEST:,}")
            found = json.loads(line)
        except json.JSONDecodeError as error:
            yield Problem(name, number, f"not JSON ({error.msg} at column {error.colno})")
        except (ValueError, RecursionError) as error:
            yield Problem(name, number, describe_fault(error))
        else:
            yield _read_one(found, name, number)


def _read_one(found: Any, name: str, line: int) -> Paper | Problem:
    try:
        return _paper(found)
    except (ValueError, RecursionError) as error:
        return Problem(name, line, describe_fault(error))


def _paper(found: Any) -> Paper:
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, got {type(found).__name__}")
    # An answer about one paper: Crossref's "message".
    for within in ("message", *WITHIN):
        inner = found.get(within)
        if isinstance(inner, dict) and "title" in inner and "title" not in found:
            found = inner
    return parse_paper(our_fields(found))
