"""Which questions are refused for having nothing near them, over a library.

    python -m evals.bench.abstain --library DIR SET...

For each set prints the share refused of its answerable and of its other questions. A set of
another field should be refused, a set of the library's own field should not.
"""

import argparse
import os
from pathlib import Path

from evals.cases import read_cases
from index.embedders import MiniLM
from index.library import Library
from rag.engine import CitedQueryEngine

ASKED = 300


def main() -> None:
    """Prints one line a set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--library", type=Path, default=os.environ.get("FOOTNOTE_LIBRARY"))
    options = parser.parse_args()
    with Library.open(options.library, embedder=MiniLM()) as library:
        engine = CitedQueryEngine(library)
        for folder in options.sets:
            cases = read_cases(folder)[:ASKED]
            for kind in (True, False):
                asked = [case for case in cases if case.answerable is kind]
                refused = sum(engine.ask(c.question, c.history).abstained for c in asked)
                if asked:
                    name = "answerable" if kind else "unanswerable"
                    print(
                        f"{folder.name} {name}: refused {refused / len(asked):.3f} of {len(asked)}"
                    )


if __name__ == "__main__":
    main()
