"""How often two records that are taken for one paper are one, and how many pairs are missed.

    python -m footnote.evals.lab.bench.duplicates PAIRS.jsonl

Each line has two records, as ``footnote index`` reads them, and what a reader says of them:
``{"one": {...}, "other": {...}, "same": true}``. Prints precision and recall, each with Wilson's
interval of 95 %, then every pair that was decided otherwise, to be read.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from footnote.index.readers.record import parse_paper
from footnote.index.storage.ingest.likeness import text_likeness
from footnote.index.storage.ingest.merging import same_paper


def print_rates(pairs: Iterable[Mapping[str, Any]]) -> None:
    """Prints how pairs are decided, beside what their label says."""
    right, taken, same, count, wrong = 0, 0, 0, 0, list[str]()
    for pair in pairs:
        one, other = parse_paper(pair["one"]), parse_paper(pair["other"])
        found, label = same_paper(one, other), bool(pair["same"])
        count, taken, same, right = count + 1, taken + found, same + label, right + (found & label)
        if found != label:
            likeness = text_likeness(one.abstract, other.abstract)
            what = "joined wrongly" if found else "missed"
            alike = "too short" if likeness is None else f"{likeness:.2f}"
            wrong.append(f"- {what}, texts {alike}: {one.title} | {other.title}")
    print(f"{count} pairs, {same} of one paper")
    for name, of in (("precision", taken), ("recall", same)):
        if of:
            interval = binomtest(right, of).proportion_ci(method="wilson")
            print(f"{name} {right / of:.3f} [{interval.low:.3f}, {interval.high:.3f}] (n={of})")
    print("\n".join(wrong))


def main() -> None:
    """Prints the rates of a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    with parser.parse_args().pairs.open(encoding="utf-8") as lines:
        print_rates(json.loads(line) for line in lines if line.strip())


if __name__ == "__main__":
    main()
