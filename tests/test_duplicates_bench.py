"""The bench of duplicates: its rates against counts by hand."""

import gzip
import json
from pathlib import Path

import pytest

from footnote.evals.lab.bench.duplicates import PAIRS, LabelledPair, print_rates, read_pairs
from footnote.index.models import make_paper

TEXT = "We counted young crabs under kelp along a cold coast for five summers. " * 2
KELP = make_paper("Kelp shelters crabs", TEXT, authors=("Ann Lind",))
MOSS = make_paper("Moss cools roofs", TEXT, authors=("Bo Ek",))


def test_rates_are_counts_of_the_labelled_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    print_rates(
        [
            LabelledPair(KELP, KELP, True, "a"),
            LabelledPair(KELP, KELP, False, "b"),
            LabelledPair(KELP, MOSS, True, "c"),
            LabelledPair(KELP, MOSS, False, "c"),
        ]
    )
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "4 pairs (3 distinct), 2 of one paper"
    # One of two that were joined is right, and one of two of one paper was found; Wilson's interval
    # of 1 in 2 is 0.5 ± 1.96 * sqrt(0.125 + 0.24) / 2.92... = [0.095, 0.905].
    assert said[1] == "precision 0.500 [0.095, 0.905] (n=2)"
    assert said[2] == "recall 0.500 [0.095, 0.905] (n=2)"
    assert said[3] == "precision of distinct pairs 0.500 [0.095, 0.905] (n=2)"
    assert [line.partition(",")[0] for line in said[4:]] == ["- joined wrongly", "- missed"]


def test_pairs_are_read_from_a_corpus_without_the_authors_of_one_side(tmp_path: Path) -> None:
    corpus, pairs = tmp_path / "corpus.jsonl.gz", tmp_path / "pairs.jsonl"
    with gzip.open(corpus, "wt", encoding="utf-8") as file:
        for name in "ab":
            row = {"_id": name, "title": "Kelp", "text": TEXT, "metadata": {"authors": "A. Lind"}}
            file.write(f"{json.dumps(row)}\n")
    wanted = {"same": True, "set": "first", "nameless": "other"}
    rows = [{"one": "a", "other": "b", **wanted}, {"one": "a", "other": "elsewhere", **wanted}]
    pairs.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    ((name, pair),) = read_pairs(pairs, [corpus])
    assert (name, pair.name, pair.same) == ("first", "a b", True)
    assert (pair.one.authors, pair.other.authors) == (("A. Lind",), ())


def test_the_labels_are_two_sets_without_a_pair_in_both() -> None:
    rows = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    sets = {
        name: {(row["one"], row["other"]) for row in rows if row["set"] == name}
        for name in ("first", "second")
    }
    assert len(sets["first"]) >= 90
    assert len(sets["second"]) >= 100
    assert not sets["first"] & sets["second"]
