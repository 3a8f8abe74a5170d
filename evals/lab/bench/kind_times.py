"""How long an answer of each kind takes, in milliseconds, in a library that is open.

    python -m footnote.evals.lab.bench.kind_times QUESTIONS.jsonl --library DIR [--rounds N]

Each line of the file is a question with ``kind``. Prints p50 and the longest by the kind that the
question was read as; the first round, which loads what is loaded once, is not counted.
"""

import argparse
import json
import os
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.rag.answer import Turn
from footnote.rag.engine import CitedQueryEngine


def main() -> None:
    """Prints one line a kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--library", type=Path, default=os.environ.get("FOOTNOTE_LIBRARY"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processor", action="store_true", help="count its time, not the clock's")
    options = parser.parse_args()
    clock = time.process_time if options.processor else time.perf_counter
    rows = [json.loads(line) for line in options.questions.read_text("utf-8").splitlines()]
    took: dict[str, list[float]] = defaultdict(list)
    with Library.open(options.library, embedder=MiniLM()) as library:
        engine = CitedQueryEngine(library)
        for number in range(options.rounds + 1):
            for row in rows:
                history = [Turn(t["role"], t["content"]) for t in row.get("history") or ()]
                started = clock()
                answer = engine.ask(row["question"], history)
                if number:
                    took[answer.kind].append((clock() - started) * 1e3)
        every = [one for times in took.values() for one in times]
        print(f"all       p50 {median(every):6.1f} ms  n={len(every)}")
        print(f"{library.size:,} papers, {len(rows)} questions, {options.rounds} rounds")
    for kind, times in sorted(took.items()):
        print(f"{kind:9s} p50 {median(times):6.1f} ms  longest {max(times):6.1f}  n={len(times)}")


if __name__ == "__main__":
    main()
