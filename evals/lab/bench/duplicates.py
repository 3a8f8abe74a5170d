"""How often two records that are taken for one paper are one, and how many pairs are missed.

    python -m footnote.evals.lab.bench.duplicates CORPUS.jsonl.gz... [--pairs PAIRS.jsonl]

The records are read from files of lines with ``_id``, ``title``, ``text`` and ``metadata``, and
stripped of their numbers. Each line of the pairs has two ids, which side lost its authors
(``nameless``), whether a reader calls them one paper, and its set: the bounds were set on the
first. Prints precision and recall of each set and of all, with Wilson's interval of 95 %, then
every pair that was decided otherwise, to be read. Pairs of a set overlap: the last rate counts each
once.
"""

import argparse
import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scipy.stats import binomtest

from footnote.index.models import Paper, make_paper
from footnote.index.storage.ingest.duplicates.likeness import text_likeness
from footnote.index.storage.ingest.duplicates.merging import same_paper

PAIRS = Path(__file__).parent / "duplicate_pairs.jsonl"


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two records, whether they are one paper, and what the pair is called."""

    one: Paper
    other: Paper
    same: bool
    name: str


def read_records(paths: Iterable[Path], wanted: set[str]) -> dict[str, Paper]:
    """Returns the wanted records by id, without their numbers."""
    found: dict[str, Paper] = {}
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["_id"] in wanted and row["title"]:
                    about = row.get("metadata", {})
                    people = (about.get("authors") or "").replace(" and ", ",").split(",")
                    names = tuple(name.strip() for name in people if name.strip())
                    found[row["_id"]] = make_paper(
                        row["title"], row["text"], authors=names, published=about.get("created")
                    )
    return found


def read_pairs(path: Path, corpora: Iterable[Path]) -> Iterator[tuple[str, LabelledPair]]:
    """Yields the pairs of a file whose records are in the corpora, each after its set."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    records = read_records(corpora, {row[side] for row in rows for side in ("one", "other")})
    for row in rows:
        if row["one"] in records and row["other"] in records:
            one, other = (
                replace(records[row[side]], authors=())
                if row["nameless"] == side
                else records[row[side]]
                for side in ("one", "other")
            )
            yield row["set"], LabelledPair(one, other, row["same"], f"{row['one']} {row['other']}")


def print_rates(pairs: Iterable[LabelledPair]) -> None:
    """Prints how pairs are decided, beside what their label says."""
    decided = [(pair, same_paper(pair.one, pair.other)) for pair in pairs]
    same = [found for pair, found in decided if pair.same]
    taken = [pair for pair, found in decided if found]
    print(f"{len(decided)} pairs ({len({p.name for p, _ in decided})} distinct), "
          f"{len(same)} of one paper")  # fmt: skip
    joined = {pair.name: pair.same for pair in taken}
    for name, right, of in (
        ("precision", sum(pair.same for pair in taken), len(taken)),
        ("recall", sum(same), len(same)),
        ("precision of distinct pairs", sum(joined.values()), len(joined)),
    ):
        if of:
            interval = binomtest(right, of).proportion_ci(method="wilson")
            print(f"{name} {right / of:.3f} [{interval.low:.3f}, {interval.high:.3f}] (n={of})")
    for pair, found in decided:
        if found != pair.same:
            print(_describe(pair, "joined wrongly" if found else "missed"))


def _describe(pair: LabelledPair, what: str) -> str:
    likeness = text_likeness(pair.one.abstract, pair.other.abstract)
    alike = "too short" if likeness is None else f"{likeness:.2f}"
    return f"- {what}, texts {alike}: {pair.one.title} | {pair.other.title}"


def main() -> None:
    """Prints the rates of each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path, nargs="+")
    parser.add_argument("--pairs", type=Path, default=PAIRS)
    given = parser.parse_args()
    found = list(read_pairs(given.pairs, given.corpora))
    sets = {name: [pair for of, pair in found if of == name] for name, _ in found}
    for name, pairs in {**sets, "all": [pair for _, pair in found]}.items():
        print(f"== {name}")
        print_rates(pairs)


if __name__ == "__main__":
    main()
