"""Serialization: an answer as JSON for scripts, and as a record that restores it fully.

Answer JSON rounds scores and omits abstracts. A record, which stores a conversation, has every
field unchanged and each paper once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

from footnote.index.models import Paper
from footnote.rag.answer import Answer

JSON_VERSION = 2
STORED_VERSION = 1
# As many as the page lists; a paper takes 2 kB.
HITS_STORED = 20


def answer_json(answer: Answer) -> dict[str, Any]:
    """Returns the answer as JSON values, ``"version": 2``."""
    plain = _plain(answer)
    receipt = plain["receipt"]
    read = [_picked(row, "paper_id title score match", 6) for row in receipt["papers_read"]]
    papers = [
        {
            "marker": n,
            **_picked(row, "id title authors"),
            "year": paper.year,
            "url": paper.url,
            **_status(paper),
        }
        for n, (row, paper) in enumerate(zip(plain["papers"], answer.papers, strict=True), 1)
    ]
    hits = [
        {
            **_picked(row["paper"], "id title"),
            **_picked(row, "score scale rank", 6),
            **_status(hit.paper),
        }
        for row, hit in zip(plain["hits"], answer.hits, strict=True)
    ]
    hits = [{"paper_id": hit.pop("id"), **hit} for hit in hits]
    more = [hit for hit in hits if hit["paper_id"] in answer.more]
    return {
        "version": JSON_VERSION,
        **_picked(plain, "id question standalone_question kind text abstained reason"),
        **_picked(plain, "confidence match missing", 4),
        "statements": _statements(plain),
        "papers": papers,
        "hits": hits,
        "more": [{"paper_id": hit["paper_id"], "title": hit["title"]} for hit in more],
        **_picked(plain, "mode"),
        **_picked(receipt, "model"),
        "timings_ms": {name: round(took, 2) for name, took in receipt["timings_ms"].items()},
        "usage": _picked(receipt, "prompt_tokens completion_tokens cost_usd"),
        **_picked(plain, "scope"),
        "receipt": {
            **_picked(receipt, "searched query language leaned filters read"),
            "papers_read": read,
            **_picked(receipt, "cosine threshold prompt_version price_source", 4),
        },
    }


def _status(paper: Paper) -> dict[str, str]:
    """Returns that a paper was retracted or withdrawn; nothing of any other."""
    return {"status": paper.status} if paper.status else {}


def _statements(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    papers = [*(hit["paper"] for hit in plain["hits"]), *plain["papers"]]
    titles = {paper["id"]: paper["title"] for paper in papers}
    return [
        {
            **_picked(statement, "text verdict support notes side", 4),
            "citations": [
                {
                    **_picked(citation, "marker paper_id"),
                    "title": titles[citation["paper_id"]],
                    **_picked(citation, "quote start end"),
                }
                for citation in statement["citations"]
            ],
        }
        for statement in plain["statements"]
    ]


def _picked(row: Mapping[str, Any], names: str, digits: int = 0) -> dict[str, Any]:
    """Returns the named fields of a row in order, with floats rounded if digits are given."""
    found = ((name, row[name]) for name in names.split())
    return {n: round(v, digits) if digits and isinstance(v, float) else v for n, v in found}


def make_record(answer: Answer) -> dict[str, Any]:
    """Returns the answer as JSON values, with only the first ``HITS_STORED`` hits."""
    hits = answer.hits[:HITS_STORED]
    # Two different records with the same id count as two papers.
    papers = tuple(dict.fromkeys([*answer.papers, *(hit.paper for hit in hits)]))
    places = {paper: n for n, paper in enumerate(papers)}
    plain = _plain(replace(answer, papers=papers, hits=hits))
    rows = zip(plain.pop("hits"), hits, strict=True)
    return {
        "version": STORED_VERSION,
        "records": plain.pop("papers"),
        "papers": [places[paper] for paper in answer.papers],
        "hits": [
            {**_picked(row, "passage score rank scale"), "paper": places[hit.paper]}
            for row, hit in rows
        ],
        **plain,
    }


def parse_answer(record: Mapping[str, Any]) -> Answer:
    """Returns the answer of a record: ``parse_answer(answer_record(answer)) == answer``.

    A field that an older version did not store gets its default; an unknown field of a newer
    version is ignored.

    Raises:
        ValueError: The record is of another version, or damaged.
    """
    try:
        if record["version"] != STORED_VERSION:
            raise ValueError(f"it has version {record['version']!r}, this reads {STORED_VERSION}")
        papers = _PAPERS_READER.validate_python(record["records"])
        hits = [{**hit, "paper": _nth(papers, hit["paper"])} for hit in record["hits"]]
        cited = [_nth(papers, number) for number in record["papers"]]
        statements = [_with_verdict(row) for row in record["statements"]]
        answer: Answer = _READER.validate_python(
            {**record, "papers": cited, "hits": hits, "statements": statements}
        )
        _check_citations(answer)
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        told = " ".join(_said(error).split())[:120]
        raise ValueError(f"a stored answer cannot be read ({told}); ask again") from error
    return answer


def _nth(papers: Sequence[Paper], number: object) -> Paper:
    """Returns a paper by its index; -1 is an error, though Python would count from the end."""
    if type(number) is not int or not 0 <= number < len(papers):
        raise ValueError("it names a paper that it does not hold")
    return papers[number]


def _with_verdict(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a stored statement with a verdict of today: older ones had two that were no proof."""
    verdict = row["verdict"]
    return {**row, "verdict": "unsettled" if verdict in ("partial", "unsupported") else verdict}


def _check_citations(answer: Answer) -> None:
    """Raises ValueError for a citation that is not a quote of the paper with its marker."""
    for citation in (c for statement in answer.statements for c in statement.citations):
        paper = _nth(answer.papers, citation.marker - 1)
        if paper.id != citation.paper_id:
            raise ValueError(f"marker {citation.marker} is of another paper than its quote")
        if not 0 <= citation.start < citation.end:
            raise ValueError(f"marker {citation.marker} cites no words")
        if citation.quote != paper.abstract[citation.start : citation.end]:
            raise ValueError(f"a quote does not stand in the abstract of {paper.id}")


def _said(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"


def _plain(answer: Answer) -> dict[str, Any]:
    plain: dict[str, Any] = _ANSWER.dump_python(answer, mode="json", warnings=False)
    return plain


def _strict(schema: Any) -> Any:
    """Returns a schema that rejects "1" and true as numbers but accepts a list as a tuple."""
    if isinstance(schema, list):
        return [_strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {"strict": True} if schema.get("type") in ("int", "float", "bool") else {}
    return {name: _strict(inner) for name, inner in schema.items()} | strict


_ANSWER = TypeAdapter(Answer)
_READER = SchemaValidator(_strict(_ANSWER.core_schema))
_PAPERS_READER = SchemaValidator(_strict(TypeAdapter(tuple[Paper, ...]).core_schema))
