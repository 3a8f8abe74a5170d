"""Verdicts: what a quote carries, and what it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.embedders import MiniLM
from rag.verify import FOREIGN_NUMBER_CAP, numbers, verify

QUOTE = "OpenVLA was finetuned on 970,000 real robot episodes from the Open X-Embodiment dataset."


def test_a_verbatim_sentence_is_supported_in_full(embedder: MiniLM) -> None:
    assert verify(QUOTE, [QUOTE], embedder=embedder) == ("supported", 1.0)


def test_line_breaks_of_the_abstract_do_not_count(embedder: MiniLM) -> None:
    assert verify(QUOTE, [QUOTE.replace(" ", "\n")], embedder=embedder)[0] == "supported"


def test_without_a_quote_nothing_is_supported(embedder: MiniLM) -> None:
    assert verify(QUOTE, [], embedder=embedder) == ("unsupported", 0.0)


def test_a_paraphrase_is_supported(embedder: MiniLM) -> None:
    said = "OpenVLA was trained on 970,000 episodes of real robots."
    assert verify(said, [QUOTE], embedder=embedder)[0] == "supported"


def test_another_subject_is_unsupported(embedder: MiniLM) -> None:
    said = "Glass sponges live in the deep sea for a very long time."
    assert verify(said, [QUOTE], embedder=embedder)[0] == "unsupported"


@pytest.mark.parametrize("number", ["97", "970", "970,001", "9,700", "0.97", "1"])
def test_a_number_that_the_quote_lacks_is_never_supported(number: str, embedder: MiniLM) -> None:
    said = QUOTE.replace("970,000", number)
    verdict, support = verify(said, [QUOTE], embedder=embedder)
    assert (verdict, support <= FOREIGN_NUMBER_CAP) == ("unsupported", True)


def test_the_beginning_of_a_number_is_another_number(embedder: MiniLM) -> None:
    said = "OpenVLA was finetuned on 97"
    assert verify(said, ["OpenVLA was finetuned on 970 episodes."], embedder=embedder)[1] < 0.4


def test_a_number_may_stand_in_any_of_the_quotes(embedder: MiniLM) -> None:
    quotes = ["PPO was tested on Atari games.", "There were 49 games."]
    assert verify("PPO was tested on 49 Atari games.", quotes, embedder=embedder)[0] == "supported"


def test_a_number_spelled_out_in_the_quote_is_found(embedder: MiniLM) -> None:
    quote = "PPO was tested on seven Atari games."
    assert verify("PPO was tested on 7 Atari games.", [quote], embedder=embedder)[0] == "supported"
    assert verify("PPO was tested on 8 Atari games.", [quote], embedder=embedder)[0] != "supported"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,000 and 2.50", {"1000", "2.5"}),
        ("1,234,567.0", {"1234567"}),
        ("GPT-4 at 16.5%", {"4", "16.5"}),
        ("100", {"100"}),
        ("none", set()),
    ],
)
def test_numbers_are_read_in_one_spelling(text: str, expected: set[str]) -> None:
    assert numbers(text) == expected


@given(st.integers(0, 10**9))
def test_a_thousands_comma_does_not_change_a_number(number: int) -> None:
    assert numbers(f"{number:,}") == numbers(f"{number}")


@given(said=st.text(max_size=80), quotes=st.lists(st.text(max_size=80), max_size=3))
def test_support_stays_within_zero_and_one(said: str, quotes: list[str], embedder: MiniLM) -> None:
    verdict, support = verify(said, quotes, embedder=embedder)
    assert 0.0 <= support <= 1.0
    assert verdict in ("supported", "partial", "unsupported")
