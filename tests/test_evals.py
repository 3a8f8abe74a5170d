"""Measures and runs say what was answered, and nothing vanishes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from footnote.evals.compare import compare, failed_bounds, holm
from footnote.evals.dataset.cases import Case, is_set, read_cases
from footnote.evals.metrics.answers import alce, crashed_values
from footnote.evals.metrics.rankings import ranking_values
from footnote.evals.metrics.risk_coverage import area_under_risk_coverage
from footnote.evals.metrics.statistics import difference, mean
from footnote.evals.runs.run_folder import REPORT, ROWS, RunMismatch
from footnote.evals.runs.runner import RunConfig, run_cases
from footnote.index import FootnoteError, SourceError
from footnote.index.library import Library
from footnote.rag.answer import Answer, Citation, Statement
from footnote.rag.engine import CitedQueryEngine

CONFIG = RunConfig("s", "c", "l", "v", "extractive", None, 20)
CASES = [
    Case("a", "How many episodes was OpenVLA finetuned on?", papers=("2406.09246",), tag="single"),
    Case("b", "What does DQN learn from?", papers=("1312.5602",), tag="single"),
    Case("c", "how do I cook pasta", answerable=False, tag="unanswerable"),
]


def asked(library: Library, folder: Path, ask: Callable[[Case], Answer]) -> dict[str, object]:
    def find(name: str) -> str | None:
        paper = library.paper(name)
        return paper.id if paper else None

    return run_cases(
        CASES,
        ask,
        folder,
        CONFIG,
        find=find,
        embedder=library.embedder,
        supports=lambda statement, quotes: True,
        expected_mode="extractive",
    )


@pytest.mark.parametrize("name", ["questions.jsonl", "queries.jsonl", "questions.jsonl.gz"])
def test_a_folder_is_a_set_by_the_file_that_it_holds(name: str, tmp_path: Path) -> None:
    assert not is_set(tmp_path)
    assert not is_set(tmp_path / name)
    (tmp_path / name).write_bytes(b"")
    assert is_set(tmp_path)


def test_ranking_measures_equal_the_values_computed_by_hand() -> None:
    # Gold a, b at ranks 2 and 4. DCG = 1/log2(3) + 1/log2(5) = .6309 + .4307 = 1.0616;
    # ideal = 1 + .6309 = 1.6309; nDCG = .6509. AP = (1/2 + 2/4) / 2 = .5. RR = 1/2.
    values = ranking_values({"a", "b"}, ["x", "a", "y", "b"])
    assert values["nDCG@10"] == pytest.approx(0.6509, abs=1e-4)
    assert values["AP@20"] == values["RR@10"] == 0.5
    assert (values["Success@1"], values["Success@5"]) == (0.0, 1.0)


def test_a_question_without_hits_scores_zero_and_does_not_vanish() -> None:
    assert set(ranking_values({"a"}, []).values()) == {0.0}


def test_a_mean_pools_values_and_resamples_cases() -> None:
    found = mean([[1, 0], [1], [0], []])
    assert found is not None
    assert (found.mean, found.n) == (0.5, 4)
    assert found.low <= 0.5 <= found.high


def test_equal_runs_show_no_difference() -> None:
    found = difference([[1.0], [0.0]], [[1.0], [0.0]])
    assert found is not None
    assert (found.mean, found.p, found.shown) == (0.0, 1.0, False)


def test_holm_holds_back_what_one_test_alone_would_show() -> None:
    # Three tests at .05: bounds .0167, .025, .05; the second fails, so the third does too.
    assert holm({"x": 0.01, "y": 0.03, "z": 0.04}) == {"x"}


def test_a_needless_citation_is_not_precise() -> None:
    quotes = [Citation(1, "p", 0, 1, text) for text in ("yes", "noise")]
    statement = Statement("s", tuple(quotes), "supported", 1.0)
    assert alce(statement, lambda s, q: "yes" in q) == (1.0, [1.0, 0.0])


def test_risk_and_coverage_by_hand() -> None:
    # Right, wrong, right by confidence: risks 0, 1/2, 1/3; mean .2778.
    ranked = [(0.9, True), (0.5, False), (0.1, True)]
    assert area_under_risk_coverage(ranked) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_a_crash_is_a_failure_row_with_the_worst_values(
    demo_library: Library, tmp_path: Path
) -> None:
    def crash(case: Case) -> Answer:
        raise ZeroDivisionError("broken")

    report = asked(demo_library, tmp_path, crash)
    rows = [json.loads(line) for line in (tmp_path / ROWS).read_text().splitlines()]
    assert report["failures"] == 3
    assert all("ZeroDivisionError" in row["error"] for row in rows)
    assert crashed_values(CASES[2]) == {"abstain_right": [0.0], "absence_told": [0.0]}


def test_a_run_killed_half_way_and_resumed_gives_the_same_measures(
    demo_library: Library, tmp_path: Path
) -> None:
    engine = CitedQueryEngine(demo_library)
    whole = asked(demo_library, tmp_path / "whole", lambda case: engine.ask(case.question))
    rows = (tmp_path / "whole" / ROWS).read_text("utf-8").splitlines()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / ROWS).write_text(f"{rows[0]}\n{rows[1][:40]}", "utf-8")
    again = asked(demo_library, tmp_path / "cut", lambda case: engine.ask(case.question))
    for report in (whole, again):
        report.pop("times")
    assert json.dumps(whole) == json.dumps(again)


def test_a_folder_with_another_run_is_refused(demo_library: Library, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"set": "other"}')
    with pytest.raises(RunMismatch, match="another"):
        asked(demo_library, tmp_path, lambda case: pytest.fail("asked"))


def test_always_abstaining_is_told_apart_by_abstain_wrong(
    demo_library: Library, tmp_path: Path
) -> None:
    engine = CitedQueryEngine(demo_library)
    asked(demo_library, tmp_path / "a", lambda case: engine.ask(case.question))
    asked(demo_library, tmp_path / "b", lambda case: engine.ask("how do I cook pasta"))
    changes = {c.measure: (c.a, c.b) for c in compare(tmp_path / "a", tmp_path / "b").changes}
    assert changes["abstain_wrong"] == (0.0, 1.0)
    assert changes["abstain_right"] == (1.0, 1.0)


def test_a_gate_names_what_fell_below_it(demo_library: Library, tmp_path: Path) -> None:
    engine = CitedQueryEngine(demo_library)
    asked(demo_library, tmp_path, lambda case: engine.ask(case.question))
    report = json.loads((tmp_path / REPORT).read_text("utf-8"))
    assert failed_bounds(report, ["R@5=0.9", "unanswerable/abstain_right=1"]) == []
    assert failed_bounds(report, ["R@5=1.01"]) == ["ALL/R@5 1.000, wanted >= 1.01"]
    with pytest.raises(FootnoteError, match="no ALL/banana"):
        failed_bounds(report, ["banana=1"])


def test_a_folder_that_is_no_set_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"neither questions\.jsonl nor queries\.jsonl"):
        read_cases(tmp_path)


def test_beir_cases_carry_papers_labels_and_rationales(tmp_path: Path) -> None:
    files = {
        "queries.jsonl": {"_id": "1", "text": "Is it so?"},
        "answers.jsonl": {
            "_id": "1",
            "label": "SUPPORT",
            "evidence": [{"doc_id": "9", "label": "SUPPORT", "sentences": [1]}],
        },
        "corpus.jsonl": {"_id": "9", "title": "T", "text": "A. B.", "sentences": ["A.", "B."]},
    }
    for name, row in files.items():
        (tmp_path / name).write_text(json.dumps(row) + "\n")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\t9\t1\n1\t8\t0\n")
    (case,) = read_cases(tmp_path)
    assert (case.papers, case.label, case.tag) == (("9",), "SUPPORT", "SUPPORT")
    assert case.evidence[0].quote == "B."
