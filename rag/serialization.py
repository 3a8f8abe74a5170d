"""An answer as data that it can be made of again, whole: what a conversation is kept as.

Answer JSON is for scripts: it rounds scores, and its papers have no abstracts. Here every
field is kept as it is, and each paper once.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from footnote.index.models import Hit, Paper
from footnote.rag.answer import Answer

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
        hits = [{**hit, "paper": _nth(papers, hit["paper"])} for hit in record["hits"]]
        cited = [_nth(papers, number) for number in record["papers"]]
        answer: Answer = _made(Answer, {**record, "papers": cited, "hits": hits})
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        told = " ".join(str(error).split())[:120]
        raise ValueError(f"a stored answer cannot be read ({told}); ask again") from error
    return answer


def _nth(papers: Sequence[Paper], number: object) -> Paper:
    """Returns a paper by its place; -1 is none, though Python would count from the end."""
    if type(number) is not int or not 0 <= number < len(papers):
        raise ValueError("it names a paper that it does not hold")
    return papers[number]


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
    if get_origin(kind) in (Union, UnionType):
        return _one_of(get_args(kind), value)
    if is_dataclass(kind):
        return value if isinstance(value, cast(type, kind)) else _built(kind, value)
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise TypeError(f"expected a list, got {type(value).__name__}")
        return tuple(_made(get_args(kind)[0], inner) for inner in value)
    if get_origin(kind) is Mapping:
        return {str(key): _made(get_args(kind)[1], inner) for key, inner in value.items()}
    return _plainly(kind, value)


def _one_of(kinds: Sequence[Any], value: Any) -> Any:
    """Returns a value as the first kind that it fits."""
    for kind in kinds[:-1]:
        with suppress(TypeError, ValueError):
            return _made(kind, value)
    return _made(kinds[-1], value)


def _plainly(kind: Any, value: Any) -> Any:
    """Returns a value that is of a plain kind."""
    if get_origin(kind) is Literal:
        fits = value in get_args(kind)
    elif kind in (int, float):
        # type() and not isinstance(): true is an int to Python.
        fits = type(value) in ((int,) if kind is int else (int, float))
    else:
        fits = isinstance(value, kind)
    if not fits:
        raise TypeError(f"expected {kind}, got {type(value).__name__}")
    return value


def _built(kind: Any, value: Mapping[str, Any]) -> Any:
    known = {name: hint for name, hint in _hints(kind).items() if name in value}
    return kind(**{name: _made(hint, value[name]) for name, hint in known.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Returns what each field of a dataclass declares; read once."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
