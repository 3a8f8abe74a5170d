"""Are sentences in free wording judged rightly? Prints the shares marked and contradicted by kind.

    python -m footnote.evals.lab.bench.verdicts SENTENCES --library DIR

SENTENCES are JSON lines {"label": "honest" | "false", "kind", "sentence", "citations": [{"title",
"quote"}]}. Marked is what is not supported; an honest sentence that is contradicted is an error,
one that is left open is not.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from footnote.evals.metrics.statistics import Mean, mean
from footnote.index.embeddings.configured import configured_embedder
from footnote.index.library import Library
from footnote.rag.answer import Verdict
from footnote.rag.verification.sentence_check import CitedSource, SentenceChecker

Judged = tuple[str, str, Verdict]


def judge(path: Path, checker: SentenceChecker) -> Iterator[Judged]:
    """Yields label, kind and verdict of each sentence."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        cited = [CitedSource(one["title"], one.get("quote") or "") for one in row["citations"]]
        yield row["label"], row["kind"], checker.check(row["sentence"], cited).verdict


def share(judged: Sequence[Judged], label: str, kind: str, *verdicts: Verdict) -> Mean:
    """Returns the share of the sentences of a label and a kind that have one of some verdicts."""
    of = [v for one, other, v in judged if one == label and kind in (other, "all")]
    found = mean([[float(verdict in verdicts)] for verdict in of])
    assert found is not None
    return found


def main() -> None:
    """Prints the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    options = parser.parse_args()
    with Library.open(options.library, embedder=configured_embedder()) as library:
        judged = list(judge(options.sentences, SentenceChecker(library)))
    kinds = sorted({(label, kind) for label, kind, _ in judged}, reverse=True)
    for label, kind in [("honest", "all"), ("false", "all"), *kinds]:
        marked = share(judged, label, kind, "unsettled", "contradicted")
        proved = share(judged, label, kind, "contradicted")
        print(
            f"{label} {kind:12s} marked {marked.mean:.3f} [{marked.low:.3f}, {marked.high:.3f}] "
            f"contradicted {proved.mean:.3f} [{proved.low:.3f}, {proved.high:.3f}] n={marked.n}"
        )


if __name__ == "__main__":
    main()
