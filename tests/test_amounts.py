"""Numbers are read as people read them, and only what words prove is contradicted."""

import pytest

from footnote.rag.verification.rules.amounts import read_amounts
from footnote.rag.verification.rules.proof import Source, find_faults


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("about 40 %", [(40, "percent")]),
        ("40\\% of $5$ seconds", [(40, "percent"), (5, "time")]),
        ("a third of them, nearly twice as fast", [(1 / 3, ""), (2, "times")]),
        ("two thirds, an eighth, a 178th", [(2 / 3, ""), (1 / 8, ""), (1 / 178, "")]),
        ("363.2km in 1,244 scenes", [(363.2, "length"), (1244, "")]),
        ("a rate of 1e-5 or 2 x 10^{-5}", [(1e-5, ""), (2e-5, "")]),
        ("6.8 ms-19x faster", [(6.8, "time"), (19, "times")]),
        ("55B parameters, 7b, 1K GPU-hours", [(55e9, ""), (7e9, ""), (1000, "")]),
        ("twenty-five robots, a thousand runs", [(25, ""), (1000, "")]),
        ("from 17.7 to 67.2%, 26 points", [(17.7, ""), (67.2, "percent"), (26, "percent")]),
        ("an order of magnitude, tenfold", [(10, "times"), (10, "times")]),
        ("$3,000 in 5-second clips", [(3000, "dollar"), (5, "time")]),
        ("GPT-4, RT-2-X, 2-GRPO, 3D, the 2nd, the 1990s, the third", []),
        ("(1) it learns, as Section 3 and Figure 2 show", []),
        ("one of them", []),
    ],
)
def test_amounts_are_read_with_their_units(text: str, expected: list[tuple[float, str]]) -> None:
    found = [(amount.value, amount.family) for amount in read_amounts(text)]
    assert [family for _, family in found] == [family for _, family in expected]
    assert [value for value, _ in found] == pytest.approx([value for value, _ in expected])


QUOTE = (
    "Tern improves accuracy from 54.8% to 81.0% on seven tasks, takes 6.8 ms a step, which is 19x "
    "faster than Gull, uses 363.2km of tracks in 1244 scenes and reduces cost by over 70%."
)
PAPER = (
    "Tern: flying by sight. Birds are hard to fly, and models of them fly worse than birds do, as "
    f"is well known. We train a POLAR-7B model on the D4RL benchmark. {QUOTE}"
)
SOURCE = Source(QUOTE, [PAPER])


@pytest.mark.parametrize(
    "said",
    [
        "Accuracy rises from just under 55 % to 81 %, a gain of some 26 points.",
        "A step takes 6.8 milliseconds, a nineteenth of what Gull needs.",
        "Tracks of about 360 km, from over 1,200 scenes.",
        "Costs fall by more than two thirds.",
        "It improves on 7 tasks.",
        "Its 7B model is trained with one loss and two tricks.",
        "TERN's accuracy beats Gull's.",
        "Flying by sight: Tern (FBS) is trained on D4RL data.",
    ],
)
def test_what_is_said_in_other_numbers_is_no_fault(said: str) -> None:
    assert find_faults(said, SOURCE).faults == ()


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("Accuracy rises to 83 %.", "83 is not in the abstract"),
        ("A step takes 6.8 seconds.", "6.8 has another unit in the quote"),
        ("Its cost is over 70 times lower.", "70 has another unit in the quote"),
        ("It is tested on nine tasks.", "nine: the quote has seven"),
        ("Tracks of 363 metres.", "363 has another unit in the quote"),
        ("Tern is faster than Puffin-2.", "Puffin-2 is not in the abstract"),
        ("It is tested on the Meta-World benchmark.", "Meta-World is not in the abstract"),
    ],
)
def test_a_number_a_unit_or_a_name_of_nobody_is_proved_wrong(said: str, fault: str) -> None:
    assert find_faults(said, SOURCE).faults == (fault,)
    # The quote alone proves nothing of what the abstract may hold.
    assert find_faults(said, Source(QUOTE)).faults == ()


def test_what_only_the_abstract_has_is_a_doubt() -> None:
    found = find_faults("Accuracy rises to 81 % on D4RL.", SOURCE)
    assert found.faults == ()
    assert found.doubts == ("D4RL is not in the quote",)
