"""Agreement: checked against values computed by hand; never NaN, never falsely sure."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footnote.evals.judge.agreement import (
    Agreement,
    AgreementFigure,
    Rating,
    agreement,
    read_ratings,
)
from footnote.index import SourceError


def labelled(labels: str) -> dict[str, Rating]:
    """Returns one rating a letter; a dot is an item without a rating, a dash a failure."""
    return {
        str(place): Rating(None if label == "-" else label)
        for place, label in enumerate(labels)
        if label != "."
    }


def scored(*scores: float) -> dict[str, Rating]:
    return {str(place): Rating(score=score) for place, score in enumerate(scores)}


def figures(found: Agreement) -> list[AgreementFigure]:
    return [found.raw, found.balanced_accuracy, found.kappa]


def test_two_labels_by_hand() -> None:
    # Human 6 y, 4 n; the judge says y for 5 of the 6 and for 1 of the 4.
    found = agreement(labelled("yyyyyynnnn"), labelled("yyyyynynnn"))
    assert found.n == 10
    # (5 + 3) / 10
    assert found.raw.value == pytest.approx(0.8)
    # (5/6 + 3/4) / 2 = (0.83333 + 0.75) / 2
    assert found.balanced_accuracy.value == pytest.approx(0.7916667)
    # chance: 0.6 x 0.6 + 0.4 x 0.4 = 0.52; (0.8 - 0.52) / 0.48
    assert found.kappa.value == pytest.approx(0.5833333)


def test_three_labels_by_hand() -> None:
    # Human s s s p p u, judge s s p p u u.
    found = agreement(labelled("ssspPu".lower()), labelled("ssppuu"))
    # 4 of 6: s s . p . u
    assert found.raw.value == pytest.approx(4 / 6)
    # (2/3 + 1/2 + 1/1) / 3
    assert found.balanced_accuracy.value == pytest.approx(13 / 18)
    # chance: 3/6 x 2/6 + 2/6 x 2/6 + 1/6 x 2/6 = 12/36; (2/3 - 1/3) / (2/3)
    assert found.kappa.value == pytest.approx(0.5)


def test_a_label_that_only_the_judge_uses_is_a_disagreement() -> None:
    # 2 of 4; chance 1/2 x 1/4 + 1/2 x 1/4 + 0 x 1/2 = 1/4; (1/2 - 1/4) / (3/4)
    found = agreement(labelled("aabb"), labelled("axbx"))
    assert found.raw.value == 0.5
    assert found.balanced_accuracy.value == 0.5
    assert found.kappa.value == pytest.approx(1 / 3)


def test_a_judge_that_always_says_the_same_has_no_kappa_above_chance() -> None:
    # chance 0.9 x 1 + 0.1 x 0 = 0.9 = observed
    found = agreement(labelled("yyyyyyyyyn"), labelled("yyyyyyyyyy"))
    assert found.raw.value == pytest.approx(0.9)
    assert found.balanced_accuracy.value == 0.5
    assert found.kappa.value == pytest.approx(0)


def test_the_interval_of_the_share_is_the_binomial_one() -> None:
    # 80 of 100: the 2.5 % and 97.5 % quantiles of Binomial(100, 0.8) / 100 are 0.72 and 0.87.
    found = agreement(labelled("y" * 50 + "n" * 50), labelled("y" * 40 + "n" * 50 + "y" * 10))
    assert found.raw.low == pytest.approx(0.72, abs=0.006)
    assert found.raw.high == pytest.approx(0.87, abs=0.006)
    assert found.raw.reason is None


def test_the_same_labels_give_the_same_figures_to_the_last_digit() -> None:
    human, judged = labelled("yynnyynnyn"), labelled("yynyyynnnn")
    assert agreement(human, judged) == agreement(human, judged)


def test_the_order_of_a_file_does_not_pair_labels() -> None:
    human = labelled("yyynn")
    assert agreement(human, dict(reversed(human.items()))).raw.value == 1.0


def test_a_score_at_the_threshold_is_positive() -> None:
    human = labelled("snsu")
    found = agreement(human, scored(0.5, 0.49, 0.9, 0.7), threshold=0.5, positive="s")
    # s s, other other, s s, other s
    assert (found.n, found.raw.value) == (4, 0.75)
    assert (found.threshold, found.positive) == (0.5, "s")
    # (2/2 + 1/2) / 2
    assert found.balanced_accuracy.value == 0.75


def test_a_threshold_reads_the_score_where_a_row_has_both() -> None:
    judged = {"0": Rating("s", 0.2), "1": Rating("s"), "2": Rating("p")}
    found = agreement(labelled("sss"), judged, threshold=0.5, positive="s")
    assert found.raw.value == pytest.approx(1 / 3)
    assert agreement(labelled("sss"), judged).raw.value == pytest.approx(2 / 3)


def test_scores_without_a_threshold_are_refused() -> None:
    with pytest.raises(SourceError, match="id '0' has a score but no label; give a threshold"):
        agreement(labelled("yn"), scored(0.1, 0.9))
    with pytest.raises(SourceError, match="go together"):
        agreement(labelled("yn"), scored(0.1, 0.9), threshold=0.5)
    with pytest.raises(SourceError, match="go together"):
        agreement(labelled("yn"), labelled("yn"), positive="y")


def test_what_has_no_partner_and_what_failed_is_counted() -> None:
    found = agreement(labelled("ynyn.."), labelled("yn.-yy"))
    # Pairs 0 and 1; human 2 alone; judge 4 and 5 alone; 3 failed.
    assert (found.n, found.human_only, found.judged_only, found.failed) == (2, 1, 2, 1)


def test_no_pair_has_no_figure_but_a_reason() -> None:
    for found in (agreement({}, {}), agreement(labelled("y"), labelled(".n"))):
        assert found.n == 0
        assert all(
            f == AgreementFigure(None, None, None, "no id was rated by both sides")
            for f in figures(found)
        )


def test_one_pair_has_no_interval() -> None:
    found = agreement(labelled("y"), labelled("y"))
    assert found.raw == AgreementFigure(1.0, None, None, "one pair cannot be resampled; label more")
    assert found.kappa.value is None
    assert found.balanced_accuracy.value is None


def test_one_human_label_has_no_kappa_and_no_balanced_accuracy() -> None:
    for judged in ("yyyy", "yyny"):
        found = agreement(labelled("yyyy"), labelled(judged))
        for figure in (found.kappa, found.balanced_accuracy):
            assert (figure.value, figure.low, figure.high) == (None, None, None)
            assert "all human labels are the same" in str(figure.reason)


def test_perfect_agreement_claims_no_certainty() -> None:
    found = agreement(labelled("yyynn"), labelled("yyynn"))
    for figure in figures(found):
        assert (figure.value, figure.low, figure.high) == (1.0, None, None)
        assert "label more" in str(figure.reason)


def test_resamples_of_one_label_are_left_out_and_counted() -> None:
    # A resample of 4 holds one human label with chance (3/4)^4 + (1/4)^4 = 0.32.
    found = agreement(labelled("yyyn"), labelled("yynn"))
    left_out = int(str(found.kappa.reason).split()[0])
    assert left_out / 2000 == pytest.approx(0.32, abs=0.04)
    assert found.kappa.low is not None
    assert found.raw.reason is None


pair = st.tuples(st.sampled_from("abc"), st.sampled_from("abcd-"))


@settings(max_examples=20)
@given(st.lists(pair, max_size=6))
def test_no_figure_is_ever_nan_and_none_has_a_reason(pairs: list[tuple[str, str]]) -> None:
    found = agreement(
        labelled("".join(a for a, _ in pairs)), labelled("".join(b for _, b in pairs))
    )
    for figure in figures(found):
        numbers = [figure.value, figure.low, figure.high]
        assert all(number is None or -1 <= number <= 1 for number in numbers)
        assert None not in numbers or figure.reason


def written(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def test_ratings_are_read_by_id_and_labels_as_json_spells_them(tmp_path: Path) -> None:
    path = written(
        tmp_path / "human.jsonl",
        {"id": 7, "label": True},
        {"id": "a", "label": 0},
        {"id": "b", "label": " partial ", "by": "Ada"},
        {"id": "c", "score": 1},
        {"id": "d", "score": None, "label": None},
    )
    assert read_ratings(path) == {
        "7": Rating("true"),
        "a": Rating("0"),
        "b": Rating("partial"),
        "c": Rating(score=1.0),
        "d": Rating(),
    }


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"label": "y"}, "id: Field required"),
        ({"id": "b", "label": []}, "label"),
        ({"id": "b", "score": "0.5"}, "score"),
        ({"id": "b", "score": float("nan")}, "score"),
        ({"id": "a", "label": "y"}, "id 'a' occurs twice"),
        ([], "no rating"),
    ],
)
def test_a_line_that_is_no_rating_is_named(tmp_path: Path, row: object, said: str) -> None:
    path = written(tmp_path / "r.jsonl", {"id": "a", "label": "y"}, row)
    with pytest.raises(SourceError, match=f"r.jsonl:2: .*{said}"):
        read_ratings(path)


def test_a_person_must_have_given_a_label(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", {"id": "a", "score": 0.5})
    with pytest.raises(SourceError, match=r'r\.jsonl:1: missing "label"'):
        read_ratings(path, human=True)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_ratings(tmp_path / "none.jsonl")
