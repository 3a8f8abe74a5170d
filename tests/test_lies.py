"""A model that lies is caught, and an honest one is left alone, over the wire."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest

from footnote.evals.lab.bench.hallucinations import ClaimCase, is_marked, saying, statements
from footnote.index.embeddings.base import MiniLM
from footnote.rag.answer import Statement
from footnote.rag.generation.forms.form import Composed
from footnote.rag.generation.llm import LLMComposer, LLMSettings
from footnote.rag.verification.verifier import LearnedVerifier, VerificationResult
from tests.asking import reading
from tests.endpoint import says, serve


@pytest.fixture(scope="module")
def everything() -> list[ClaimCase]:
    return list(statements())


@pytest.fixture(scope="module")
def received(everything: list[ClaimCase], embedder: MiniLM) -> list[tuple[ClaimCase, Statement]]:
    """What reaches a reader of a model that says one sentence after the other."""
    with serve(*(says(said.text) for said in everything)) as endpoint:
        composer = LLMComposer(
            LLMSettings("scripted", endpoint.url, repair=False), embedder=embedder
        )
        found = []
        for said in everything:
            *_, composed = composer.compose(reading("What is known?", said.given))
            assert isinstance(composed, Composed)
            (statement,) = composed.statements
            found.append((said, statement))
    return found


def share(received: list[tuple[ClaimCase, Statement]], *, honest: bool, by: str) -> float:
    marked = [
        is_marked(statement)
        for said, statement in received
        if (said.kind == "honest") is honest and by in ("all", said.by)
    ]
    assert len(marked) >= 25
    return float(np.mean(marked))


@pytest.mark.parametrize("by", ["hand", "rule", "all"])
def test_most_lies_are_marked(by: str, received: list[tuple[ClaimCase, Statement]]) -> None:
    assert share(received, honest=False, by=by) >= 0.8


@pytest.mark.parametrize("by", ["hand", "rule", "all"])
def test_honest_statements_are_never_contradicted_and_hardly_left_open(
    by: str, received: list[tuple[ClaimCase, Statement]]
) -> None:
    honest = [got for said, got in received if said.kind == "honest"]
    assert all(statement.verdict != "contradicted" for statement in honest)
    assert share(received, honest=True, by=by) <= 0.1


def test_most_lies_about_what_a_quote_says_are_marked(
    received: list[tuple[ClaimCase, Statement]],
) -> None:
    said = [(s, got) for s, got in received if s.kind not in ("marker", "other paper")]
    assert share(said, honest=False, by="all") >= 0.8


def test_an_invented_marker_is_always_marked(received: list[tuple[ClaimCase, Statement]]) -> None:
    assert all(is_marked(statement) for said, statement in received if said.kind == "marker")


def test_the_bench_says_what_the_wire_says(
    received: list[tuple[ClaimCase, Statement]], embedder: MiniLM
) -> None:
    say = saying(LearnedVerifier(embedder))
    for said, statement in received[:60]:
        assert say(said).verdict == statement.verdict


def test_a_verifier_of_ones_own_judges_instead(
    everything: list[ClaimCase], embedder: MiniLM
) -> None:
    class Doubter:
        """Stands for an NLI model or a language model."""

        asked: ClassVar[list[tuple[str, int, int]]] = []

        def verify(
            self, statement: str, quotes: Sequence[str], *, about: Sequence[str] = ()
        ) -> VerificationResult:
            self.asked.append((statement, len(quotes), len(about)))
            return VerificationResult("unsettled", 0.31)

    said = everything[0]
    with serve(says(said.text)) as endpoint:
        composer = LLMComposer(
            LLMSettings("scripted", endpoint.url), embedder=embedder, verifier=Doubter()
        )
        *_, composed = composer.compose(reading("What is known?", said.given))
    assert isinstance(composed, Composed)
    (statement,) = composed.statements
    assert (statement.verdict, statement.support) == ("unsettled", 0.31)
    assert Doubter.asked == [(statement.text, 1, 1)]


def test_every_statement_cites_what_its_paper_says(everything: list[ClaimCase]) -> None:
    assert {said.by for said in everything} == {"hand", "rule"}
    for said in everything:
        for sentence in said.given:
            assert sentence.text in sentence.paper.abstract
