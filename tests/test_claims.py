"""A claim is contradicted by proof alone, and what its quote turns round is never supported."""

import pytest

from footnote.index.embeddings.base import MiniLM
from footnote.index.models import Paper
from footnote.rag.verification.rules.amounts import read_amounts
from footnote.rag.verification.rules.proof import Source, find_faults
from footnote.rag.verification.rules.remarks import is_about_evidence
from footnote.rag.verification.rules.stated import describe_paper, shorten, split_record
from footnote.rag.verification.verifier import verify

# Invented, as every abstract here: what it says of birds is no finding.
QUOTE = (
    "On 49 meadows, Tern led in 30 of them, compared with 18 for Gull and 1 for Auk-2; it needs at "
    "least 70 percent of the 26,000 dollars, took 65 hours, and uses models with 7 and 13 billion "
    "parameters and a learning rate of 1e-5, with over 170 times fewer floating point operations."
)
PAPER = Paper(
    "arxiv:2101.00042",
    "Tern: flying by sight",
    f"Tern flies by sight over seven fields. {QUOTE}",
    ("Ada Heron", "Bo Crane"),
    "2021-01-03",
    venue="Meadow 2022",
    aliases=("arxiv:2101.00042",),
)
ABOUT = describe_paper(PAPER)
SOURCE = Source(QUOTE, [ABOUT])


@pytest.mark.parametrize(
    "said",
    [
        "Heron et al. (2021) show that Tern led in 30 meadows (Table 2).",
        "Published in 2021, Tern leads in 30/49 meadows, as shown in Section 3.",
        "Tern (arXiv:2101.00042) led at Meadow 2022 over Gull.",
        "Like Puffin, Tern flies by sight.",
        "Tern won about three fifths of the meadows, that is 61 %.",
        "In the other 19 meadows Tern did not lead.",
        "Gull and Auk-2 led in 19 meadows together, 11 fewer than Tern.",
        "Tern led in roughly six out of ten meadows.",
        "It took more than two and a half days, 65 h 0 min in all.",
        "It uses 7B and 13B models and a rate of 1×10⁻⁵.",
        "It needs more than 100 times fewer FLOPs, two orders of magnitude.",
        "It needs no less than 70 percent of the dollars.",
        "Over two thirds of the $26k are needed.",
    ],
)
def test_an_honest_sentence_is_not_proved_wrong(said: str) -> None:
    assert find_faults(said, SOURCE).faults == ()


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("Tern was published in 2012.", "2012 is not in the abstract"),
        ("Tern beats Auk-3.", "Auk-3: the quote has Auk-2"),
        ("It needs less than 70 percent of it.", "70: the quote has another bound"),
        ("It costs 26,000 euros.", "26,000 has another unit in the quote"),
        ("It took nearly 71 hours.", "71 is not in the abstract"),
        ("Tern led in 38 of 49 meadows.", "38 is not in the abstract"),
    ],
)
def test_a_bound_a_version_and_a_unit_are_proved_wrong(said: str, fault: str) -> None:
    assert fault in find_faults(said, SOURCE).faults


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2 h 30 min", [2.5]),
        ("five and a half, a year and a half", [5.5, 1.5]),
        ("a hundred and twenty, two hundred fifty, twelve hundred", [120, 250, 1200]),
        ("10⁻⁵, 1.4 × 10⁴, $1.4\\times10^{4}$, 1.3 bn", [1e-5, 1.4e4, 1.4e4, 1.3e9]),
        ("half a million, a third of a year", [5e5, 1 / 3]),
        ("30/49 games, 2/3 of it", [30, 49, 2 / 3]),
        ("US$26,000 or $4", [26_000, 4]),
    ],
)
def test_numbers_are_read_in_every_spelling(text: str, values: list[float]) -> None:
    assert [amount.value for amount in read_amounts(text)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("less than 5", "below"), ("no less than 5", "above"), ("no more than 5", "below"),
        ("at most 5", "below"), ("faster than 5", "exact"), ("5 or more", "above"),
        ("about 5", "near"), ("within 5", "below"),
    ],
)  # fmt: skip
def test_the_bound_of_a_number_is_read_in_pairs_of_words(text: str, bound: str) -> None:
    assert [amount.bound for amount in read_amounts(text)] == [bound]


SWAPPED = "Tern beats Gull by 9 points on most meadows."


@pytest.mark.parametrize(
    ("said", "quote", "verdict"),
    [
        ("Gull beats Tern by 9 points on most meadows.", SWAPPED, "contradicted"),
        ("Gull is beaten by Tern on most meadows.", SWAPPED, "not contradicted"),
        (
            "Auk and Puffin were more factual than Tern-4.",
            "Tern-4 and Gull-1 were more factual than birds such as Auk and Puffin.",
            "contradicted",
        ),
        (
            "Tern matches Gull after only six million frames.",
            "Tern matches Gull after only 7 million frames.",
            "contradicted",
        ),
        ("Irrelevant phrases do help.", "Irrelevant phrases do not help.", "unsettled"),
        (
            "Tern requires a reward signal.",
            "Tern learns without a reward signal.",
            "unsettled",
        ),
        (
            "published upgrades still help when they are joined",
            "The paper asks whether published upgrades still help when they are joined.",
            "unsettled",
        ),
        (
            "TernX examines about 70 million positions.",
            "TernX examines about 80 thousand positions, while GullX examines about 70 million.",
            "unsettled",
        ),
    ],
)
def test_what_is_turned_round_is_never_supported(
    said: str, quote: str, verdict: str, embedder: MiniLM
) -> None:
    found = verify(said, [quote], embedder=embedder, about=[f"Birds. {quote}"])
    if verdict == "not contradicted":
        assert found.verdict != "contradicted", found
    else:
        assert found.verdict == verdict, found


def test_the_record_of_a_paper_stays_with_a_shortened_abstract() -> None:
    text, record = split_record(ABOUT)
    assert text == f"{PAPER.title} {PAPER.abstract}"
    assert record == "Ada Heron, Bo Crane; 2021-01-03; Meadow 2022; arxiv:2101.00042"
    assert split_record(shorten(ABOUT, 12)) == (text[:12], record[:12])
    assert split_record("A text.") == ("A text.", "")


@pytest.mark.parametrize(
    "said",
    [
        "**Limitations**", "Key takeaways:", "Bottom line:", "Not directly.", "Yes, partly.",
        "Short answer: no.", "It is not stated how many GPUs were used.",
        "Its training time is not given.", "I found nothing on that in the sentences.",
        "Only two of the sixteen abstracts address this question.",
        "No abstract reports the training time of PPO, so a direct comparison is impossible.",
        "No, not according to these abstracts.", "Overall, the picture is mixed.",
    ],
)  # fmt: skip
def test_what_is_missing_and_headings_are_remarks(said: str) -> None:
    assert is_about_evidence(said)


@pytest.mark.parametrize(
    "said",
    [
        "No paper evaluates on Atari [1].", "I found no gain of larger batches [1].",
        "The reward is not given.", "Yes, Tern is faster.",
        "**Tern beats Gull**", "Only two of the sixteen models improve.",
    ],
)  # fmt: skip
def test_a_claim_dressed_as_a_remark_is_a_claim(said: str) -> None:
    assert not is_about_evidence(said)


def test_a_claim_that_cites_is_judged_though_its_markers_are_taken_out() -> None:
    said = "No paper evaluates on Atari."
    assert is_about_evidence(said)
    assert not is_about_evidence(said, cites=True)
    assert is_about_evidence("I found no abstract on that.", cites=True)
    assert is_about_evidence("The evaluation protocol is not stated.", cites=True)
