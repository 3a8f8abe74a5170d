"""JSON files: read sets and runs, with one-line errors that name file and line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from footnote.index import SourceError
from footnote.index.readers.decompression import read_text

_Shape = TypeVar("_Shape", bound=BaseModel)


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yields each filled line of a file, gzipped or not, with its place: ``file:line``.

    Raises:
        SourceError: The file cannot be read, or is not UTF-8.
    """
    text = "".join(read_text(path))
    # Not splitlines(): abstracts hold line separators that JSON leaves as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{path}:{number}", line


def read_json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the JSON object of each filled line, with its place.

    Raises:
        SourceError: The file cannot be read, or a line is no object.
    """
    for at, line in read_lines(path):
        yield at, parsed(line, at)


def read_json(path: Path) -> dict[str, Any]:
    """Returns the JSON object that a file is.

    Raises:
        SourceError: The file cannot be read, or is no object.
    """
    return parsed("\n".join(line for _, line in read_lines(path)), str(path))


def parsed(text: str, at: str) -> dict[str, Any]:
    """Returns the JSON object of a text.

    Raises:
        SourceError: It is none; ``at`` says where it stands.
    """
    try:
        found = json.loads(text)
        # Half a surrogate pair is spelled in JSON and in no file.
        json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise SourceError(f"{at}: not JSON ({error.msg}); correct it") from error
    # A number of too many digits, or lists within lists without end.
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{at}: cannot be read ({_one_line(error)}); correct it") from error
    if not isinstance(found, dict):
        raise SourceError(f"{at}: expected an object, got {type(found).__name__}; correct it")
    return found


def check_shape(kind: type[_Shape], found: dict[str, Any], at: str, what: str) -> _Shape:
    """Returns a JSON object checked against a schema.

    Args:
        kind: The fields that it should have.
        found: The object.
        at: Where it stands.
        what: It should be, in words.

    Raises:
        SourceError: A field is missing or of another kind; the first one is named.
    """
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part)[:40] for part in fault["loc"]) or "object"
        message = fault["msg"].removeprefix("Value error, ")
        raise SourceError(f'{at}: no {what} ("{field}": {message}); correct it') from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
