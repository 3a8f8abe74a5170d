"""JSON: records in this project's field names or in those of others, one a line or in an array."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from footnote.index.models import Paper, Problem
from footnote.index.readers.encodings import Text, in_pieces
from footnote.index.readers.fields import is_record, our_fields
from footnote.index.readers.json_stream import (
    LONGEST,
    WITHIN,
    Found,
    find_records,
    stream_objects,
)
from footnote.index.readers.record import describe_fault, parse_paper
from footnote.index.readers.splitting import split_records

_LINE = re.compile("^", re.MULTILINE)
# Characters that tell how the records stand.
_HEAD = 65_536


def recognises(head: str) -> bool:
    """Returns whether a text is JSON, or has an object after a bad first line."""
    begin = head.lstrip()
    array = re.match(r"\[\s*+(?:\{|\]\s*+$)", begin)
    return begin.startswith("{") or bool(array) or '\n{"' in head


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each record."""
    pieces = iter(in_pieces(text))
    head = ""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD:
            break
    whole = chain([head], pieces)
    first, _, rest = head.lstrip().partition("\n")
    start = find_records(head)
    if _is_whole(first) and (start is None or rest.strip()):
        yield from _read_lines(whole, name)
        return
    if start is None and not _opens_alone(first):
        yield from _read_lines(whole, name)
        return
    begin = start if start is not None else len(head) - len(head.lstrip())
    for found in stream_objects(whole, start=begin):
        yield from _told(found, name)


def _told(found: Found, name: str) -> Iterator[Paper | Problem]:
    if found.fault:
        yield Problem(name, found.line, found.fault)
    else:
        yield from _read_value(found.value, name, found.line)


def _is_whole(line: str) -> bool:
    """Returns whether a line is an object or an array, to its end."""
    try:
        return isinstance(json.loads(_bare(line), strict=False), dict | list)
    except (ValueError, RecursionError):
        return False


def _bare(line: str) -> str:
    """Returns a line without the comma that would stand behind it in an array."""
    bare = line.strip()
    return bare[:-1] if bare.startswith("{") and bare.endswith("},") else line


def _opens_alone(line: str) -> bool:
    """Returns whether a line begins an object over many lines: nothing of it is whole here."""
    bare = line.strip()
    return bare == "{" or bool(
        re.fullmatch(r'\{\s*+"[^"]{0,99}"\s*+:\s*+(?:[\[{]|"(?:[^"\\]|\\.)*+",?|\d++,?)', bare)
    )


def _read_lines(text: Text, name: str) -> Iterator[Paper | Problem]:
    for number, line, length in split_records(text, _LINE, LONGEST):
        if not line.strip():
            continue
        try:
            if length > LONGEST:
                raise ValueError(f"line of {length:,} characters, the limit is {LONGEST:,}")
            found = json.loads(_bare(line), strict=False)
        except json.JSONDecodeError as error:
            if error.msg == "Extra data":
                # Objects one after another, without a line between.
                for one in stream_objects(line, line=number):
                    yield from _told(one, name)
                continue
            yield Problem(name, number, f"not JSON ({error.msg} at column {error.colno})")
        except (ValueError, RecursionError) as error:
            yield Problem(name, number, describe_fault(error))
        else:
            start = find_records(line) if isinstance(found, dict) else None
            if start is None:
                yield from _read_value(found, name, number)
                continue
            # A page of an answer a line.
            for one in stream_objects(line, start=start, line=number):
                yield from _read_value(one.value, name, one.line)


def _read_value(found: Any, name: str, line: int) -> Iterator[Paper | Problem]:
    """Yields the paper of a record, or a paper for each row of a table written by columns."""
    for one in _rows(found):
        try:
            yield _paper(one)
        except (ValueError, RecursionError) as error:
            yield Problem(name, line, describe_fault(error))


def _rows(found: Any) -> Iterator[Any]:
    """Yields the records of a list, or the rows of a table as pandas writes it.

    Such a table is {"title": {"0": ..., "1": ...}, ...}, {"title": [..., ...], ...} or
    {"columns": [...], "data": [[...], ...]}; any other value is yielded as it is.
    """
    if isinstance(found, list) and found and all(map(is_record, found)):
        yield from found
        return
    columns = found if isinstance(found, dict) else {}
    names, data = columns.get("columns"), columns.get("data")
    if (
        isinstance(names, list)
        and isinstance(data, list)
        and all(isinstance(n, str) for n in names)
    ):
        yield from (dict(zip(names, row, strict=False)) for row in data if isinstance(row, list))
        return
    sizes = {len(column) if isinstance(column, list) else 0 for column in columns.values()}
    if len(columns) > 1 and len(sizes) == 1 and max(sizes) > 1 and is_record(columns):
        yield from (
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        )
        return
    keys = {tuple(column) for column in columns.values() if isinstance(column, dict)}
    if len(columns) < 2 or len(keys) != 1 or not is_record(columns):
        yield found
        return
    rows = next(iter(keys))
    if not all(isinstance(column, dict) for column in columns.values()) or not (
        rows and all(row.isdecimal() for row in rows)
    ):
        yield found
        return
    for row in rows:
        yield {name: column[row] for name, column in columns.items()}


def _paper(found: Any) -> Paper:
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, got {type(found).__name__}")
    # An answer about one paper: Crossref's "message".
    for within in ("message", *sorted(WITHIN)):
        inner = found.get(within)
        if isinstance(inner, dict) and "title" in inner and "title" not in found:
            found = inner
    return parse_paper(our_fields(found))
