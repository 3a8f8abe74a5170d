"""The bench of duplicates: its rates against counts by hand."""

import pytest

from footnote.evals.lab.bench.duplicates import print_rates

TEXT = "We counted young crabs under kelp along a cold coast for five summers. " * 2
KELP = {"title": "Kelp shelters crabs", "abstract": TEXT, "authors": ["Ann Lind"]}
MOSS = {"title": "Moss cools roofs", "abstract": TEXT, "authors": ["Bo Ek"]}


def test_rates_are_counts_of_the_labelled_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    print_rates(
        [
            {"one": KELP, "other": KELP, "same": True},
            {"one": KELP, "other": KELP, "same": False},
            {"one": KELP, "other": MOSS, "same": True},
            {"one": KELP, "other": MOSS, "same": False},
        ]
    )
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "4 pairs, 2 of one paper"
    # One of two that were joined is right, and one of two of one paper was found; Wilson's interval
    # of 1 in 2 is 0.5 ± 1.96 * sqrt(0.125 + 0.24) / 2.92... = [0.095, 0.905].
    assert said[1] == "precision 0.500 [0.095, 0.905] (n=2)"
    assert said[2] == "recall 0.500 [0.095, 0.905] (n=2)"
    assert [line.partition(",")[0] for line in said[3:]] == ["- joined wrongly", "- missed"]


def test_nothing_to_decide_has_no_rates(capsys: pytest.CaptureFixture[str]) -> None:
    print_rates([])
    assert capsys.readouterr().out == "0 pairs, 0 of one paper\n\n"
