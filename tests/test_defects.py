"""A known defect moves the measures made for it, and no other measure moves by a hair."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from footnote.evals.compare import Comparison, compare
from footnote.evals.dataset.cases import read_cases
from footnote.evals.demo import demo_set
from footnote.evals.runs.run_folder import REPORT
from footnote.evals.runs.runner import RunConfig, run_cases
from footnote.index.chunking import sentence_spans
from footnote.index.library import Library
from footnote.rag.answer import REFUSAL, Answer, Citation, Statement
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.verification.verifier import verify

CONFIG = RunConfig("demo", "c", "l", "v", "extractive", None, 20)
Defect = Callable[[Answer], Answer]


def shuffled_hits(answer: Answer) -> Answer:
    """The right papers are found, and shown in any order."""
    hits = list(answer.hits)
    random.Random(answer.question).shuffle(hits)
    return replace(answer, hits=tuple(hits))


def dropped_evidence(answer: Answer) -> Answer:
    """The half of the sentences that has most words of the question is not quoted.

    Of a single one stands the sentence of its paper with the fewest: an answer without any would
    be a refusal, another defect.
    """
    if not answer.statements:
        return answer
    words = set(answer.standalone_question.lower().split())
    ranked = sorted(answer.statements, key=lambda s: len(words & set(s.text.lower().split())))
    kept = tuple(ranked[: len(ranked) // 2]) or (_least(answer.statements[0], answer, words),)
    return replace(answer, statements=kept, text=shown(kept))


def _least(statement: Statement, answer: Answer, words: set[str]) -> Statement:
    """Returns the sentence of a statement's paper that has the fewest words of the question."""
    (citation, *_) = statement.citations
    abstract = answer.papers[citation.marker - 1].abstract
    start, end = min(
        sentence_spans(abstract),
        key=lambda span: len(words & set(abstract[slice(*span)].lower().split())),
    )
    quote = abstract[start:end]
    return Statement(
        quote, (replace(citation, start=start, end=end, quote=quote),), "supported", 1.0
    )


def always_abstaining(answer: Answer) -> Answer:
    """Every question is refused; what was found is shown all the same."""
    return replace(answer, text=REFUSAL, statements=(), papers=(), abstained=True)


def invented_markers(answer: Answer) -> Answer:
    """Every sentence cites one more paper than there is."""
    return replace(answer, text=answer.text.replace("]", "][9]"))


def altered_quotes(answer: Answer) -> Answer:
    """A quote says what its paper does not: its first letter is another."""
    return on_citations(answer, lambda c: replace(c, quote=f"~{c.quote[1:]}"))


def never_abstaining(answer: Answer) -> Answer:
    """A refusal is withheld, and nothing stands in its place."""
    return replace(answer, abstained=False)


def on_citations(answer: Answer, change: Callable[[Citation], Citation]) -> Answer:
    changed = tuple(
        replace(s, citations=tuple(change(c) for c in s.citations)) for s in answer.statements
    )
    return replace(answer, statements=changed)


def shown(statements: tuple[Statement, ...]) -> str:
    return " ".join(f"{s.text} [{s.citations[0].marker}]" for s in statements)


ORDER = {"R@1", "R@5", "R@10", "nDCG@10", "RR@10", "AP@20", "Success@1", "Success@5"}
# What an answer quotes, and what it says by quoting.
QUOTED = {"evidence", "evidence_recall", "nuggets", "nuggets_partial", "similarity", "cited_gold"}
# Of what is no longer there, nothing is measured; the comparison says so in its own place.
GONE = {"verbatim", "markers_bound", "citation_recall", "citation_precision"}
REFUSED = {"abstain_wrong", "abstain_right", "absence_told"}

# Defect -> the measures that must show it, and those that may move with it.
TABLE: dict[Defect, tuple[set[str], set[str]]] = {
    shuffled_hits: ({"R@1", "R@5", "nDCG@10", "RR@10", "AP@20"}, ORDER),
    dropped_evidence: ({"evidence", "evidence_recall", "nuggets"}, QUOTED),
    always_abstaining: ({"abstain_wrong"}, REFUSED | QUOTED | GONE),
    never_abstaining: ({"abstain_right"}, {"abstain_right", "absence_told"}),
    invented_markers: ({"markers_bound"}, {"markers_bound"}),
    altered_quotes: ({"verbatim"}, {"verbatim", "citation_recall", "citation_precision"}),
}


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of the demo questions: the product's own, and one with each defect."""

    folder: Path

    def compared(self, defect: Defect) -> Comparison:
        return compare(self.folder / "sound", self.folder / defect.__name__)


@pytest.fixture(scope="module")
def runs(demo_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("defects")
    cases = read_cases(demo_set())
    engine = CitedQueryEngine(demo_library)
    answers = {case.id: engine.ask(case.question, case.history) for case in cases}

    def run(name: str, defect: Defect) -> None:
        run_cases(
            cases,
            lambda case: defect(answers[case.id]),
            folder / name,
            CONFIG,
            find=lambda title: paper.id if (paper := demo_library.paper(title)) else None,
            embedder=demo_library.embedder,
            supports=lambda s, q: verify(s, q, embedder=demo_library.embedder)[0] == "supported",
            expected_mode="extractive",
        )

    run("sound", lambda answer: answer)
    run("again", lambda answer: answer)
    for defect in TABLE:
        run(defect.__name__, defect)
    return Runs(folder)


@pytest.mark.parametrize("defect", TABLE, ids=lambda d: d.__name__)
def test_a_defect_is_shown_by_the_measures_made_for_it(runs: Runs, defect: Defect) -> None:
    must, _ = TABLE[defect]
    worse = {c.measure for c in runs.compared(defect).shown if c.better is False}
    assert must <= worse


@pytest.mark.parametrize("defect", TABLE, ids=lambda d: d.__name__)
def test_a_defect_moves_no_measure_made_for_another(runs: Runs, defect: Defect) -> None:
    _, may = TABLE[defect]
    moved = {c.measure for c in runs.compared(defect).changes if c.a != c.b}
    assert moved <= may


def test_no_two_defects_are_shown_by_the_same_measures() -> None:
    musts = [frozenset(must) for must, _ in TABLE.values()]
    assert len(set(musts)) == len(TABLE)
    assert all(not a & b for a in musts for b in musts if a is not b)


def test_the_same_answers_show_no_difference(runs: Runs) -> None:
    assert compare(runs.folder / "sound", runs.folder / "again").shown == ()
    reports = [
        json.loads((runs.folder / name / REPORT).read_text("utf-8")) for name in ("sound", "again")
    ]
    assert reports[0]["measures"] == reports[1]["measures"]


def test_the_demo_questions_quote_the_demo_papers(demo_library: Library) -> None:
    for case in read_cases(demo_set()):
        assert case.answerable == bool(case.papers)
        for gold in case.evidence:
            paper = demo_library.paper(gold.paper)
            assert paper is not None
            assert gold.quote in paper.abstract


def test_the_product_answers_its_demo_questions(runs: Runs) -> None:
    measured = json.loads((runs.folder / "sound" / REPORT).read_text("utf-8"))["measures"]["ALL"]
    assert measured["verbatim"]["mean"] == measured["markers_bound"]["mean"] == 1.0
    assert measured["R@5"]["mean"] >= 0.9
