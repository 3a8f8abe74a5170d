"""Verdicts: what a quote carries, and what it does not."""

import json
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.embeddings.base import MiniLM
from footnote.rag.verification.alignment import AlignedPair, align_pair, read_texts
from footnote.rag.verification.features import NAMES, features
from footnote.rag.verification.lexical import names, names_in, quantities, read_words, stem
from footnote.rag.verification.verifier import LearnedVerifier, VerifierModel, verify
from tests.conftest import HashedWords

QUOTE = "OpenVLA was finetuned on 970,000 real robot episodes from the Open X-Embodiment dataset."


def test_a_verbatim_sentence_is_supported_in_full(embedder: MiniLM) -> None:
    assert verify(QUOTE, [QUOTE], embedder=embedder) == ("supported", 1.0, ())


def test_line_breaks_of_the_abstract_do_not_count(embedder: MiniLM) -> None:
    assert verify(QUOTE, [QUOTE.replace(" ", "\n")], embedder=embedder)[:2] == ("supported", 1.0)


def test_a_part_without_its_denial_is_not_verbatim(embedder: MiniLM) -> None:
    quote = "It is not true that the agent learns from raw pixels."
    assert verify("the agent learns from raw pixels.", [quote], embedder=embedder).support < 1.0
    assert verify("raw pixels", ["From raw pixels alone."], embedder=embedder).support == 1.0


@pytest.mark.parametrize("quotes", [[], [""], [" \n"]])
def test_without_a_quote_nothing_is_supported(quotes: list[str], embedder: MiniLM) -> None:
    assert verify(QUOTE, quotes, embedder=embedder)[:2] == ("unsettled", 0.0)


def test_a_paraphrase_is_supported(embedder: MiniLM) -> None:
    said = "OpenVLA was trained on 970,000 episodes of real robots."
    assert verify(said, [QUOTE], embedder=embedder)[0] == "supported"


def test_another_subject_is_not_supported(embedder: MiniLM) -> None:
    said = "Glass sponges live in the deep sea for a very long time."
    assert verify(said, [QUOTE], embedder=embedder)[0] == "unsettled"


@pytest.mark.parametrize("number", ["97", "970", "970,001", "9,700", "0.97", "2", "970 million"])
def test_a_number_that_the_quote_lacks_is_never_supported(number: str, embedder: MiniLM) -> None:
    said = QUOTE.replace("970,000", number)
    assert verify(said, [QUOTE], embedder=embedder)[0] == "unsettled"
    # The whole abstract is known: now it is proved.
    found = verify(said, [QUOTE], embedder=embedder, about=[f"OpenVLA. {QUOTE}"])
    assert found.verdict == "contradicted"
    assert number.split()[0] in found.notes[0]


def test_the_beginning_of_a_number_is_another_number(embedder: MiniLM) -> None:
    said = "OpenVLA was finetuned on 97"
    quote = "OpenVLA was finetuned on 970 episodes."
    assert verify(said, [quote], embedder=embedder)[0] != "supported"


def test_a_number_may_stand_in_any_of_the_quotes(embedder: MiniLM) -> None:
    quotes = ["PPO was tested on Atari games.", "There were 49 games."]
    assert verify("PPO was tested on 49 Atari games.", quotes, embedder=embedder)[0] == "supported"


def test_a_number_spelled_out_in_the_quote_is_found(embedder: MiniLM) -> None:
    quote = "PPO was tested on seven Atari games."
    assert verify("PPO was tested on 7 Atari games.", [quote], embedder=embedder)[0] == "supported"
    assert verify("PPO was tested on 8 Atari games.", [quote], embedder=embedder)[0] != "supported"


def test_what_denies_the_quote_contradicts_it(embedder: MiniLM) -> None:
    said = "OpenVLA was {}finetuned on 970,000 real robot episodes from the Open X-Embodiment data."
    assert verify(said.format(""), [QUOTE], embedder=embedder).verdict == "supported"
    denied = verify(said.format("not "), [QUOTE], embedder=embedder)
    assert denied == ("contradicted", 0.0, ("it denies what the quote says",))


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        (
            "Leveraging precedents instead of fixed policies greatly raises its flexibility.",
            "By leveraging precedents instead of fixed policies, our approach greatly raises its "
            "flexibility.",
        ),
        (
            "NeuPL instead represents a population within one model.",
            "By representing a population within one model, NeuPL enables transfer.",
        ),
        (
            "The hand uses tendons rather than motors to move its fingers.",
            "Tendons, rather than motors, move the fingers of the hand.",
        ),
        (
            "DSRL works over the noise of the policy, with no need to modify its weights at all.",
            "DSRL works over the noise of the policy, obviating the need to modify its weights at "
            "all.",
        ),
    ],
)
def test_what_is_denied_in_other_words_is_denied_alike(
    said: str, quote: str, embedder: MiniLM
) -> None:
    assert verify(said, [quote], embedder=embedder, about=[quote]).verdict != "contradicted"


def test_a_number_that_is_denied_is_not_claimed(embedder: MiniLM) -> None:
    quote = "PianoMime reaches up to 56 % F1 score on unseen songs."
    said = "PianoMime reaches up to 56 % F1 score on unseen songs, not above 90 %."
    assert verify(said, [quote], embedder=embedder, about=[quote]).verdict == "unsettled"
    said = "PianoMime does not lose, and it reaches 90 % F1 score on unseen songs."
    assert verify(said, [quote], embedder=embedder, about=[quote]).verdict == "contradicted"


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (
            "Am besten schneidet Privacy-aware Tree ab, ein Verfahren aus 52 Datensätzen.",
            "unsettled",
        ),
        ("Der Ansatz nutzt 52 Datensätze und steigert die Leistung um 20,5 %.", "unsettled"),
        ("Der Ansatz nutzt 1.500 Beispiele und 3 Millionen Schritte.", "unsettled"),
        ("Der Ansatz nutzt 64 Datensätze und steigert die Leistung.", "contradicted"),
        ("52个数据集是实验所用数据集的最大数量，性能提升超过20%。", "unsettled"),
        ("实验使用了78个数据集。", "contradicted"),
        ("Le modèle utilise 52 jeux de données et les résultats sont meilleurs.", "unsettled"),
    ],
)
def test_of_another_language_only_numbers_are_proved(
    said: str, verdict: str, embedder: MiniLM
) -> None:
    quote = "Privacy-aware Tree (PAT) uses 52 data sets, 1,500 examples and gains 20.5 % over 20."
    found = verify(said, [quote], embedder=embedder, about=[quote])
    assert found.verdict == verdict, found


def test_a_name_that_the_paper_has_elsewhere_is_not_foreign(embedder: MiniLM) -> None:
    said, quote = "DQN plays seven Atari games.", "A single network plays seven Atari games."
    without = verify(said, [quote], embedder=embedder)
    within = verify(said, [quote], embedder=embedder, about=["The deep Q-network (DQN)."])
    assert within.support > without.support


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,000 and 2.50", [1000, 2.5]),
        ("1,234,567.0", [1234567]),
        ("GPT-4 at 16.5%", [16.5]),
        ("a 7-billion-parameter model, not 13B", [7e9, 13e9]),
        ("about 20 tasks, eight of 16K tokens", [20, 8, 16000]),
        ("T5 and RT-1-X", []),
        ("none", []),
    ],
)
def test_numbers_are_read_in_one_spelling(text: str, expected: list[float]) -> None:
    assert [quantity.value for quantity in quantities(read_words(text))] == expected


@given(st.integers(0, 10**9))
def test_a_thousands_comma_does_not_change_a_number(number: int) -> None:
    with_comma, without = quantities(read_words(f"{number:,}")), quantities(read_words(f"{number}"))
    assert [q.value for q in with_comma] == [q.value for q in without] == [number]


def test_names_are_told_from_words_that_begin_a_sentence() -> None:
    text = "Training GPT-4 and ResNet-34 on ImageNet beats PPO, as Rainbow shows."
    found = set(names(read_words(text)).values())
    assert found == {"gpt-4", "resnet-34", "imagenet", "ppo", "rainbow"}


def test_a_denial_reaches_its_clause_and_no_further() -> None:
    words = read_words("It does not use labels, and rewards are dense.")
    assert [w.text for w in words if w.denied] == ["use", "labels"]


@pytest.mark.parametrize(
    ("one", "other"), [("compresses", "compression"), ("reduced", "reduces"), ("rise", "rises")]
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def compared(said: str, *quotes: str, about: str = "") -> AlignedPair:
    texts = read_texts([said, *quotes], HashedWords())
    return align_pair(texts[0], texts[1:], names_in(about))


BEATS = "In control, PPO outperformed TRPO in 30 games, compared with 18 for ACER."


@pytest.mark.parametrize(
    ("feature", "said", "quote"),
    [
        ("number_foreign", "PPO won 31 games.", BEATS),
        ("number_unit", "PPO won 30% of games.", BEATS),
        ("number_moved", "TD3 won 3 tasks, 5 games.", "TD3 won 5 tasks and 3 games."),
        ("number_holder", "DQN got 9, PPO got 7.", "Of all, DQN got 7 points and PPO got 9."),
        ("name_unquoted", "Clearly GAIL outperformed TRPO.", BEATS),
        ("name_foreign", "Clearly GAIL outperformed TRPO.", BEATS),
        ("subject_foreign", "Dreamer outperformed TRPO.", BEATS),
        ("negation_added", "PPO did not compare with ACER.", BEATS),
        ("negation_against", "It never uses images.", "It uses images."),
        ("negation_dropped", "It uses images.", "It uses no images."),
        ("direction_against", "PPO is worse than TRPO.", "PPO is better than TRPO."),
        ("direction_against", "PPO is not better than TRPO.", "PPO is better than TRPO."),
        ("direction_agrees", "PPO beat TRPO.", BEATS),
        ("sides_swapped", "TRPO outperformed PPO.", BEATS),
    ],
)
def test_a_feature_sees_its_fault_and_leaves_the_quote_alone(
    feature: str, said: str, quote: str
) -> None:
    assert features(compared(said, quote))[feature] > 0
    if feature != "direction_agrees":
        assert features(compared(quote, quote))[feature] == 0


def test_a_name_known_from_the_paper_is_unquoted_and_not_foreign() -> None:
    figures = features(compared("The GAIL agent won.", "The agent won.", about="GAIL imitates."))
    assert (figures["name_unquoted"], figures["name_foreign"]) == (1.0, 0.0)


def test_an_acronym_stands_for_its_words() -> None:
    quote = "It uses proximal policy optimization to learn."
    assert features(compared("It uses PPO to learn.", quote))["name_unquoted"] == 0


def test_the_kept_classifiers_know_every_feature_they_weigh() -> None:
    kept = json.loads(
        files("footnote.rag.verification.trained").joinpath("verdicts.json").read_text("utf-8")
    )
    for name in ("tokens", "sentences"):
        weights = VerifierModel.from_json(kept[name])
        assert set(weights.features) <= set(NAMES)
        assert weights.coefficients.shape == (len(weights.features),)
        assert 0 < weights.supported < 1


def test_probabilities_are_those_of_a_hand_computed_case() -> None:
    weights = VerifierModel(("covered",), np.ones(1, np.float32), 0.0, 0.5)
    # e^(ln 3) : 1 is 3 : 1.
    assert weights.probability({"covered": float(np.log(3))}) == pytest.approx(0.75)


def test_an_embedder_without_tokens_will_do() -> None:
    verifier = LearnedVerifier(HashedWords())
    assert verifier.verify("PPO outperformed TRPO in control.", [BEATS]).verdict == "supported"
    assert verifier.verify("PPO outperformed TRPO in 31 games.", [BEATS]).verdict == "unsettled"
    assert verifier.verify("Glass sponges are old.", [BEATS]).verdict == "unsettled"


def test_a_quote_is_read_once() -> None:
    embedder = HashedWords()
    verifier = LearnedVerifier(embedder)
    for said in ("PPO beat TRPO.", "TRPO beat PPO."):
        verifier.verify(said, [BEATS])
    assert embedder.texts.count(BEATS) == 1


@given(said=st.text(max_size=80), quotes=st.lists(st.text(max_size=80), max_size=3))
def test_support_stays_within_zero_and_one(said: str, quotes: list[str], embedder: MiniLM) -> None:
    ruling = verify(said, quotes, embedder=embedder)
    assert 0.0 <= ruling.support <= 1.0
    assert ruling.verdict in ("supported", "unsettled", "contradicted")
