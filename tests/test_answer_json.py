"""The Answer JSON, which scripts depend on: version 1."""

import json
from typing import Any

import pytest

from footnote.index.library import Filters, Library
from footnote.index.models import make_paper
from footnote.rag.answer import Answer, AnswerTrace
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.serialization import JSON_VERSION, answer_json

SHAPE = {
    "": "version id question standalone_question kind text abstained reason confidence match "
    "missing statements papers hits more mode model timings_ms usage scope receipt",
    "statements": "text verdict support notes side citations",
    "citations": "marker paper_id title quote start end",
    "papers": "marker id title authors year url",
    "hits": "paper_id title score scale rank",
    "scope": "kind value text",
    "receipt": "searched query language leaned filters read papers_read cosine threshold "
    "prompt_version price_source",
    "papers_read": "paper_id title score match",
    "usage": "prompt_tokens completion_tokens cost_usd",
}


@pytest.fixture(scope="module")
def answer(demo_library: Library) -> Answer:
    return CitedQueryEngine(demo_library).ask(
        "Which methods since 2017 learn from human preferences?"
    )


@pytest.fixture(scope="module")
def data(answer: Answer) -> Any:
    return answer_json(answer)


def test_the_version_is_2(data: Any) -> None:
    assert data["version"] == JSON_VERSION == 2


def test_the_keys_are_exactly_those_promised(data: Any) -> None:
    assert " ".join(data) == SHAPE[""]
    for name in ("statements", "papers", "hits"):
        assert data[name]
        assert {" ".join(row) for row in data[name]} == {SHAPE[name]}
    citations = [c for s in data["statements"] for c in s["citations"]]
    assert {" ".join(c) for c in citations} == {SHAPE["citations"]}
    assert " ".join(data["usage"]) == SHAPE["usage"]
    assert "total" in data["timings_ms"]
    assert " ".join(data["receipt"]) == SHAPE["receipt"]
    assert {" ".join(row) for row in data["receipt"]["papers_read"]} == {SHAPE["papers_read"]}
    assert {" ".join(row) for row in data["scope"]} == {SHAPE["scope"]}


def test_json_and_back_changes_nothing(data: Any) -> None:
    assert json.loads(json.dumps(data)) == data


def test_at_least_20_hits(data: Any) -> None:
    assert len(data["hits"]) >= 20


def test_a_citation_can_be_looked_up_by_its_span(data: Any, demo_library: Library) -> None:
    for citation in (c for s in data["statements"] for c in s["citations"]):
        paper = demo_library.paper(citation["paper_id"])
        assert paper is not None
        assert paper.abstract[citation["start"] : citation["end"]] == citation["quote"]
        assert paper.title == citation["title"]


def test_papers_are_those_cited_in_order_of_marker(data: Any) -> None:
    assert [paper["marker"] for paper in data["papers"]] == list(range(1, len(data["papers"]) + 1))
    cited = {(c["marker"], c["paper_id"]) for s in data["statements"] for c in s["citations"]}
    assert cited == {(paper["marker"], paper["id"]) for paper in data["papers"]}


def test_a_refusal_has_the_same_keys(demo_library: Library) -> None:
    refused = answer_json(CitedQueryEngine(demo_library).ask("PPO?", filters=Filters(1950, 1951)))
    assert " ".join(refused) == SHAPE[""]
    assert (refused["abstained"], refused["statements"], refused["papers"]) == (True, [], [])
    assert isinstance(refused["reason"], str)


def test_what_is_not_known_is_null() -> None:
    paper = make_paper("Undated", "It clips.")
    receipt = AnswerTrace({"total": 1.23456})
    data = answer_json(Answer("q", "q", "", (), (paper,), (), True, "extractive", receipt))
    assert data["papers"][0]["year"] is None
    assert data["papers"][0]["url"] is None
    assert (data["id"], data["model"], data["usage"]["cost_usd"]) == (None, None, None)
    assert data["timings_ms"] == {"total": 1.23}
