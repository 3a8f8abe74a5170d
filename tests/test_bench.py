"""The benches that are measured beside other ways run, and print what they say."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, invented

from footnote.evals.lab.bench import growth, quickstart
from footnote.evals.lab.bench.big_library import make_papers
from footnote.evals.lab.bench.big_page import Step, table
from footnote.evals.lab.bench.subprocesses import apart, p50_p95
from footnote.evals.metrics.rankings import recall_values

FIRST_WORDS = ["papers/s", "peak", "search", "search", "answer", "answer"]
PAPERS = [invented(number) for number in range(1, 9)]


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Eight papers as JSON Lines."""
    path = tmp_path / "papers.jsonl"
    rows = ({"id": p.id, "title": p.title, "abstract": p.abstract} for p in PAPERS)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Lets each process find this tree, wherever the tests are started."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return monkeypatch


@pytest.mark.long
def test_quickstart_prints_a_column_for_every_way(
    papers: Path, tmp_path: Path, command: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = {"id": "q1", "question": "Why is harbour3 known?", "gold": [PAPERS[2].title]}
    (tmp_path / "questions.jsonl").write_text(json.dumps(case), "utf-8")
    command.setattr(sys, "argv", ["quickstart", str(papers), "--set", str(tmp_path)])
    quickstart.main()
    printed = capsys.readouterr().out
    assert printed.startswith("8 papers, 1 questions, 20 hits a search\n")
    head, *rows = [line.split() for line in printed.splitlines()[2:]]
    assert head == ["footnote", "llamaindex", "chroma", "bm25s"]
    assert [row[0] for row in rows] == [*FIRST_WORDS, "R@1", "R@5", "nDCG@10"]
    # The word "harbour3" stands in one paper, which words find and Footnote with them.
    recall = dict(zip(head, rows[6][1::2], strict=True))
    assert (recall["footnote"], recall["bm25s"]) == ("1.000", "1.000")
    # The last two ways do not answer.
    assert rows[4][-2:] == ["-", "-"]


def test_growth_adds_only_what_a_size_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def here(function: str, *arguments: Any) -> tuple[Any, float]:
        return getattr(growth, function.partition(":")[2])(*arguments), 0.0

    growth.grow(PAPERS, [3, 8], tmp_path / "library", run=here)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    # Papers, passages, added.
    assert [row[:3] for row in rows] == [["3", "3", "3"], ["8", "8", "5"]]
    # Then rate, memory, disk, open, memory, two of searching, two of answering.
    assert [len(row) for row in rows] == [12, 12]


def test_a_process_apart_does_not_count_the_memory_of_its_parent() -> None:
    held = bytearray(400 * 2**20)
    held[::4096] = b"1" * len(held[::4096])
    found, peak = apart("footnote.evals.lab.bench.subprocesses:p50_p95", [3.0, 1.0, 2.0])
    assert found == (2.0, 3.0)
    assert peak < 200


def test_percentiles_of_no_times_are_no_numbers() -> None:
    assert [value != value for value in p50_p95([])] == [True, True]


def test_recall_counts_a_gold_paper_that_no_library_holds() -> None:
    # Two of three gold papers are among the first five, and one of them leads.
    found = recall_values({"a", "b", "missing:c"}, ["a", "x", "y", "z", "b"])
    assert found == {"R@1": 1.0, "R@5": 2 / 3, "R@10": 2 / 3}


def test_a_big_library_has_the_papers_that_exist_then_such_as_are_made_of_their_sentences() -> None:
    made = list(make_papers(PAPERS, 50))
    assert [paper.abstract for paper in made[:8]] == [paper.abstract for paper in PAPERS]
    assert len({paper.id for paper in made}) == 50
    sentences = {part for paper in PAPERS for part in paper.abstract.split(". ")}
    assert all(part in sentences for part in made[20].abstract.removesuffix(".").split(". "))
    assert all(paper.authors and paper.venue for paper in made)
    assert made == list(make_papers(PAPERS, 50))
    assert list(make_papers([], 50)) == []


def test_the_table_sets_a_step_beside_that_of_the_small_library() -> None:
    step = Step(shown=[30.0, 10.0, 20.0], tasks=[0.0, 60.0, 0.0], server=[5.0], kilobytes=[2.0])
    small = Step(shown=[10.0], tasks=[0.0], server=[5.0], kilobytes=[2.0])
    row = table({"map opened": step}, {"map opened": small}).splitlines()[1].split()
    assert row == ["map", "opened", "20", "0", "60", "5", "2", "10", "2.00"]
