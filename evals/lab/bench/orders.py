"""How many honest sentences are taken for orders to a reader or a model, and held back.

    python -m footnote.evals.lab.bench.orders PATH...        # papers, such as abstracts of arXiv

Prints the share of sentences that are never quoted, with its interval, then each of them, to be
read one by one: one that gives orders is held back rightly.
"""

import argparse
from pathlib import Path

from scipy.stats import binomtest

from footnote.index.chunking import sentence_spans
from footnote.index.readers.gathering import read_sources
from footnote.rag.retrieval.injection.detector import find_orders


def main() -> None:
    """Prints what is held back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    count, held = 0, list[str]()
    for paper in read_sources(parser.parse_args().paths).papers:
        spans = tuple(sentence_spans(paper.abstract))
        count += len(spans)
        numbers = sorted(find_orders(paper.abstract, spans))
        held += [paper.abstract[slice(*spans[number])] for number in numbers]
    interval = binomtest(len(held), max(count, 1)).proportion_ci(method="wilson")
    print(
        f"{len(held)} of {count:,} sentences held back, {len(held) / max(count, 1):.6f} "
        f"[{interval.low:.6f}, {interval.high:.6f}]"
    )
    for sentence in held:
        print(f"- {sentence}")


if __name__ == "__main__":
    main()
