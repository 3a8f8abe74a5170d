"""Our figures are those of the reference scorer, on the same answers, to three decimals."""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from footnote.evals.dataset.cases import Case, read_cases
from footnote.evals.runs.run_folder import ROWS
from footnote.evals.runs.runner import RunConfig, run_cases
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.readers.gathering import read_sources
from footnote.rag.answer import REFUSAL, Answer
from footnote.rag.engine import CitedQueryEngine

ROOT = Path(__file__).parent.parent
SHARED = "R@1 R@5 R@10 evidence cited_gold nuggets verbatim abstain_right abstain_wrong".split()


@pytest.fixture(scope="module")
def scored() -> Path:
    """The set of questions that the scorer was made for; it is not ours to ship."""
    folder = Path(os.environ.get("FOOTNOTE_EVALSETS") or ROOT.parent / "shared" / "evalsets")
    if not (folder / "score.py").is_file():
        pytest.skip(f"no scorer in {folder}; set FOOTNOTE_EVALSETS to its folder")
    return folder


@pytest.fixture(scope="module")
def library(
    seeds: Path, embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("scorer") / "library"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add(read_sources([seeds]).papers)
        yield library


def spoilt(answer: Answer) -> Answer:
    """Returns an answer with faults of every kind, so that no measure stands at an end."""
    chance = random.Random(answer.question)
    if chance.random() < 0.3:
        return replace(answer, text=REFUSAL, statements=(), papers=(), abstained=True)
    hits = list(answer.hits)
    chance.shuffle(hits)
    statements = tuple(
        replace(s, citations=tuple(replace(c, start=c.start + chance.choice((0, 1))) for c in cs))
        for s in answer.statements[:3]
        if (cs := s.citations)
    )
    return replace(answer, hits=tuple(hits), statements=statements)


@pytest.mark.long
@pytest.mark.parametrize("change", [lambda answer: answer, spoilt], ids=["sound", "spoilt"])
def test_measures_equal_the_reference_scorers(
    scored: Path, library: Library, tmp_path: Path, change: Callable[[Answer], Answer]
) -> None:
    folder = scored / "daily_papers_dev"
    cases = read_cases(folder)
    engine = CitedQueryEngine(library)

    def ask(case: Case) -> Answer:
        return replace(change(engine.ask(case.question, case.history)), id=case.id)

    report = run_cases(
        cases,
        ask,
        tmp_path,
        RunConfig("s", "c", "l", "v", "extractive", None, 20),
        find=lambda title: paper.id if (paper := library.paper(title)) else None,
        embedder=library.embedder,
        supports=lambda statement, quotes: True,
        expected_mode="extractive",
    )
    lines = (tmp_path / ROWS).read_text("utf-8").split("\n")
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(f"{json.dumps(json.loads(x)['answer'])}\n" for x in lines if x))
    command = [sys.executable, str(scored / "score.py"), str(folder), str(answers)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "answers missing: 0" in printed
    compared = 0
    for line in printed.splitlines():
        tag = line.split()[0]
        for name, value, n in re.findall(r"(\S+) ([\d.]+) \(n=(\d+)\)", line):
            if name in SHARED:
                ours: Mapping[str, float] = report["measures"][tag][name]
                assert ours["n"] == int(n), (tag, name)
                assert ours["mean"] == pytest.approx(float(value), abs=5.01e-4), (tag, name)
                compared += 1
    assert compared >= len(SHARED)
