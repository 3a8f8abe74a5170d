"""An answer as data that it can be made of again, whole: what a conversation is kept as.

Answer JSON is for scripts: it rounds scores, and its papers have no abstracts. Here every
field is kept as it is, and each paper once.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from index.papers import Hit, Paper
from rag.answer import Answer

STORED_VERSION = 1
# As many as a page lists; a paper takes 2 kB.
HITS_STORED = 20


def answer_record(answer: Answer) -> dict[str, Any]:
    """Returns the answer as JSON values, its hits after the first ``HITS_STORED`` left out."""
    hits = answer.hits[:HITS_STORED]
    # Two records under one id, should they differ, are two papers here.
    papers = {paper: n for n, paper in enumerate(dict.fromkeys(_papers(answer, hits)))}
    own = (f.name for f in fields(Answer) if f.name not in ("papers", "hits"))
    return {
        "version": STORED_VERSION,
        "records": [asdict(paper) for paper in papers],
        "papers": [papers[paper] for paper in answer.papers],
        "hits": [{**_shallow(hit), "paper": papers[hit.paper]} for hit in hits],
        **{name: _plain(getattr(answer, name)) for name in own},
    }


def answer_of(record: Mapping[str, Any]) -> Answer:
    """Returns the answer of a record: ``answer_of(answer_record(answer)) == answer``.

    Raises:
        ValueError: The record is of another version, or damaged.
    """
    try:
        if record["version"] != STORED_VERSION:
            raise ValueError(f"it has version {record['version']!r}, this reads {STORED_VERSION}")
        papers = [_made(Paper, paper) for paper in record["records"]]
        hits = [{**hit, "paper": papers[hit["paper"]]} for hit in record["hits"]]
        cited = [papers[number] for number in record["papers"]]
        answer: Answer = _made(Answer, {**record, "papers": cited, "hits": hits})
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"a stored answer cannot be read ({error}); ask again") from error
    return answer


def _papers(answer: Answer, hits: tuple[Hit, ...]) -> list[Paper]:
    return [*answer.papers, *(hit.paper for hit in hits)]


def _shallow(hit: Hit) -> dict[str, Any]:
    return {f.name: _plain(getattr(hit, f.name)) for f in fields(Hit) if f.name != "paper"}


def _plain(value: Any) -> Any:
    """Returns a value of a field as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def _made(kind: Any, value: Any) -> Any:
    """Returns JSON values as what a field declares: dataclasses, tuples of them, or themselves.

    A field that an older version did not store has its default, and one that a newer version
    stored is let go.
    """
    if value is None or (isinstance(kind, type) and isinstance(value, kind)):
        return value
    if get_origin(kind) in (Union, UnionType):
        made = (k for k in get_args(kind) if is_dataclass(k) or get_origin(k) is tuple)
        kind = next(made, kind)
    if is_dataclass(kind):
        return _built(kind, value)
    if get_origin(kind) is tuple:
        return tuple(_made(get_args(kind)[0], inner) for inner in value)
    return value


def _built(kind: Any, value: Mapping[str, Any]) -> Any:
    known = {name: hint for name, hint in _hints(kind).items() if name in value}
    return kind(**{name: _made(hint, value[name]) for name, hint in known.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Returns what each field of a dataclass declares; read once."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
