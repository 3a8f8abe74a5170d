"""JSON Lines: one record a line, in this project's field names or in BEIR's."""

import json
import re
from collections.abc import Iterator
from typing import Any

from footnote.index.models import Paper, Problem
from footnote.index.readers.decompression import Text
from footnote.index.readers.record import describe_fault, parse_paper
from footnote.index.readers.splitting import split_records

# Characters of one line: as many as of one of PubMed's articles.
LONGEST = 10_000_000
_LINE = re.compile("^", re.MULTILINE)


def recognises(head: str) -> bool:
    """Returns whether a text starts with a JSON object, or has one after a bad first line."""
    return head.lstrip().startswith("{") or '\n{"' in head


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each line that is not blank."""
    for number, line, length in split_records(text, _LINE, LONGEST):
        if not line.strip():
            continue
        try:
            if length > LONGEST:
                raise ValueError(f"line of {length:,} characters, the limit is {LONGEST:,}")
            yield _paper(json.loads(line))
        except json.JSONDecodeError as error:
            yield Problem(name, number, f"not JSON ({error.msg} at column {error.colno})")
        except (ValueError, RecursionError) as error:
            yield Problem(name, number, describe_fault(error))


def _paper(found: Any) -> Paper:
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, got {type(found).__name__}")
    # BEIR keeps what is neither title nor text in "metadata"; a null there hides nothing.
    inner = found.get("metadata")
    both = [*(inner.items() if isinstance(inner, dict) else ()), *found.items()]
    return parse_paper({name: value for name, value in both if value is not None})
