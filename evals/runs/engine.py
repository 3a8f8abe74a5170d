"""Running: an engine asked every case of a set, into a run folder."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footnote.evals.dataset.cases import Case, makers
from footnote.evals.runs.runner import (
    RunConfig,
    code_version,
    fingerprint,
    library_fingerprint,
    run_cases,
)
from footnote.evals.runs.sweep import Setting
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.verification.verifier import verify

if TYPE_CHECKING:
    # It imports openai, which takes 0.7 s that a run without a judge need not wait for.
    from footnote.evals.judge.run import Judging


def run_engine(
    engine: CitedQueryEngine,
    name: str,
    cases: Sequence[Case],
    folder: Path,
    *,
    k: int = 20,
    workers: int = 1,
    setting: Setting | None = None,
    judging: "Judging | None" = None,
    on_case: Callable[[int], None] = lambda count: None,
) -> dict[str, Any]:
    """Returns the report of a run; see ``run_cases`` for what it raises.

    Args:
        engine: Answers.
        name: Of the set.
        cases: Of the set, in its order.
        folder: Of the run; one that was killed goes on.
        k: Hits in an answer.
        workers: Cases asked at once.
        setting: What a sweep changed.
        judging: Judges each answer, too.
        on_case: Called with 1 for each case done.
    """
    library = engine.library
    config = replace(
        _describe(engine, name, cases),
        k=k,
        setting=json.dumps(asdict(setting)) if setting else None,
        judge=judging.name if judging else None,
    )

    def supports(statement: str, quotes: Sequence[str]) -> bool:
        return verify(statement, quotes, embedder=library.embedder)[0] == "supported"

    return run_cases(
        cases,
        lambda case: engine.ask(case.question, case.history, k=k),
        folder,
        config,
        find=lambda name: paper.id if (paper := library.paper(name)) else None,
        embedder=library.embedder,
        supports=supports,
        expected_mode=engine.composer.mode,
        judging=judging,
        workers=workers,
        on_case=on_case,
    )


def _describe(engine: CitedQueryEngine, name: str, cases: Sequence[Case]) -> RunConfig:
    reranker = engine.retriever.reranker
    return RunConfig(
        set=name,
        cases=fingerprint(repr(case) for case in cases),
        library=library_fingerprint(engine.library),
        code=code_version(),
        composer=engine.composer.mode,
        model=engine.composer.model,
        reranker=reranker.name if reranker else None,
        made=makers(cases),
    )
