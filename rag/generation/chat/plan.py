"""Plan: what a model makes of a question before the search: it stands alone, in several queries.

One small call. Whatever is wrong with its reply, the rules decide instead.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from footnote.rag.answer import Kind
from footnote.rag.generation.forms import WITHOUT_SEARCH

QUERIES = 5
# Characters of a question, of a query and of what is needed.
_LONGEST, _LONGEST_QUERY = 600, 200
_YEARS = range(1900, 2101)
SEARCHED: tuple[Kind, ...] = tuple(k for k in get_args(Kind) if k not in WITHOUT_SEARCH)
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "question": {"type": "string"},
        "kind": {"type": "string", "enum": list(SEARCHED)},
        "queries": {"type": "array", "items": {"type": "string"}},
        "since": {"type": ["integer", "null"]},
        "until": {"type": ["integer", "null"]},
        "needs": {"type": "string"},
    },
    "required": ["question", "kind", "queries", "since", "until", "needs"],
    "additionalProperties": False,
}
_QUERY_LIST = re.compile(r'"queries"\s*:\s*\[([^\[\]]{1,4000})')
_STRING = re.compile(r'"((?:[^"\\]|\\.){1,400})"')


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How a question is to be searched and answered.

    Attributes:
        question: Made to stand alone, in its own language; empty where the model gave none.
        kind: What it asks for; None leaves it to the rules.
        queries: In English, at most ``QUERIES``, at least one.
        since: First year, None for all.
        until: Last year, None for all.
        needs: What a complete answer must state.
    """

    question: str
    kind: Kind | None
    queries: Sequence[str]
    since: int | None = None
    until: int | None = None
    needs: str = ""


def parse_plan(reply: str) -> SearchPlan | None:
    """Returns the plan in a model's reply, whatever stands around it; None where there is none.

    A reply that was cut off still gives the queries that are whole.
    """
    start, end = reply.find("{"), reply.rfind("}")
    try:
        row = json.loads(reply[start : end + 1], parse_constant=lambda name: None)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        listed = _QUERY_LIST.search(reply)
        row = {"queries": _STRING.findall(listed[1]) if listed else []}
    queries = _texts(row.get("queries"))
    if not queries:
        return None
    kind = row.get("kind")
    return SearchPlan(
        _text(row.get("question"), _LONGEST),
        kind if kind in SEARCHED else None,
        queries,
        _year(row.get("since")),
        _year(row.get("until")),
        _text(row.get("needs"), _LONGEST),
    )


def _texts(value: object) -> list[str]:
    given = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    texts = (_text(one, _LONGEST_QUERY) for one in given[: 4 * QUERIES])
    return list(dict.fromkeys(filter(None, texts)))[:QUERIES]


def _text(value: object, most: int) -> str:
    """Returns a text on one line without what cannot be encoded, empty for anything else."""
    if not isinstance(value, str):
        return ""
    plain = value.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")
    return " ".join(plain[: 4 * most].split())[:most]


def _year(value: object) -> int | None:
    return value if type(value) is int and value in _YEARS else None
