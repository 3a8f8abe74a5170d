"""What plain parts give: reciprocal-rank fusion, and the five best sentences by cosine.

    python -m footnote.evals.lab.bench.baseline SET --library DIR [--out OUT.jsonl]

Prints the baseline's measures on a set of questions beside the product's own, both over
the same library.
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

from footnote.evals.dataset.cases import Case, read_cases
from footnote.evals.lab.bench.fusion import rrf
from footnote.evals.metrics.answers import Values, answer_values, gold_ids
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.rag.answer import Answer, AnswerTrace, Citation, Statement
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.serialization import answer_json

SENTENCES = 5
READ_PAPERS = 10
NAMES = ("R@1", "R@5", "R@10", "evidence", "cited_gold", "nuggets", "verbatim")


def plain_answer(library: Library, case: Case) -> Answer:
    """Returns the five sentences nearest to the question from the ten best fused papers."""
    query = " ".join([*(turn.content for turn in case.history), case.question])
    vector = library.embedder.embed([query])[0]
    fused = rrf(
        library.searcher.rank_by_vector(vector, k=100), library.searcher.rank_by_words(query, k=100)
    )
    hits = library.searcher.hits(fused[:20], "rrf")
    sentences = [(h.paper, a, b) for h in hits[:READ_PAPERS] for a, b in library.sentences(h.paper)]
    cosines = library.embedder.embed([p.abstract[a:b] for p, a, b in sentences]) @ vector
    best = [sentences[i] for i in (-cosines).argsort()[:SENTENCES]]
    markers = {paper.id: n for n, paper in enumerate(dict.fromkeys(p for p, _, _ in best), 1)}
    statements = [
        Statement(
            p.abstract[a:b], (Citation(markers[p.id], p.id, a, b, p.abstract[a:b]),), "supported", 1
        )
        for p, a, b in best
    ]
    return Answer(
        question=case.question,
        standalone_question=query,
        text=" ".join(f"{s.text} [{s.citations[0].marker}]" for s in statements),
        statements=tuple(statements),
        papers=tuple(dict.fromkeys(p for p, _, _ in best)),
        hits=tuple(hits),
        abstained=False,
        mode="extractive",
        receipt=AnswerTrace(timings_ms={"total": 0.0}),
        id=case.id,
    )


def run(
    cases: list[Case], library: Library, ask: Callable[[Case], Answer]
) -> dict[str, list[float]]:
    """Returns the pooled values of each measure, for one way of answering."""
    pooled: dict[str, list[float]] = defaultdict(list)

    def find(name: str) -> str | None:
        paper = library.paper(name)
        return paper.id if paper else None

    for case in cases:
        values: Values = answer_values(
            case,
            ask(case),
            gold=gold_ids(case, find),
            embedder=library.embedder,
            supports=lambda statement, quotes: True,
        )
        for name, found in values.items():
            pooled[name] += found
    return pooled


def main() -> None:
    """Prints both ways side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path)
    parser.add_argument("--library", type=Path, default=os.environ.get("FOOTNOTE_LIBRARY"))
    parser.add_argument("--out", type=Path, help="write the baseline's answers as JSON Lines")
    options = parser.parse_args()
    cases = list(read_cases(options.set))
    with Library.open(options.library, embedder=MiniLM()) as library:
        engine = CitedQueryEngine(library)
        plain = run(cases, library, lambda case: plain_answer(library, case))
        product = run(cases, library, lambda case: engine.ask(case.question, case.history))
        if options.out:
            rows = (json.dumps(answer_json(plain_answer(library, case))) for case in cases)
            options.out.write_text("".join(f"{row}\n" for row in rows), "utf-8")
    print(f"{options.set.name}, {len(cases)} questions")
    print(f"{'':18s}{'baseline':>9s}{'footnote':>9s}")
    for name in NAMES:
        theirs, ours = fmean(plain[name]), fmean(product[name])
        print(f"{name:10s} n={len(product[name]):<5d} {theirs:8.3f} {ours:8.3f}")


if __name__ == "__main__":
    main()
