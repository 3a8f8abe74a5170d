"""What can be asked, and when a question leans on the conversation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.rag import QuestionError
from footnote.rag.answer import REFUSAL, Turn
from footnote.rag.query.question import MAX_CHARACTERS, Question, is_whole, understand

TALK = [
    Turn("user", "What does PPO clip?"),
    Turn("assistant", "PPO clips the probability ratio."),
]


@pytest.mark.parametrize("question", ["", "   ", "\n\t\u00a0"])
def test_an_empty_question_is_refused(question: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        understand(question)


def test_a_question_of_100_kilobytes_is_refused_on_one_short_line() -> None:
    with pytest.raises(QuestionError, match="102,400 characters, the limit is 4,000") as caught:
        understand("x" * 102_400)
    assert len(str(caught.value)) < 120
    assert "\n" not in str(caught.value)


def test_the_longest_question_is_still_read() -> None:
    assert len(understand("x" * MAX_CHARACTERS).query) == MAX_CHARACTERS


def test_a_stray_byte_of_the_command_line_is_refused_not_a_crash() -> None:
    with pytest.raises(QuestionError, match="UTF-8"):
        understand(b"na\xefve".decode("utf-8", "surrogateescape"))


def test_outer_and_inner_space_is_dropped() -> None:
    assert understand("  What\n is   PPO? ").asked == "What is PPO?"


def test_without_history_a_question_stands_as_it_is() -> None:
    asked = understand("And how does it learn?")
    assert asked.asked == asked.standalone == asked.query


@pytest.mark.parametrize(
    "question",
    [
        "And on Atari?",
        "Why?",
        "How large is that model, and how large are the ones that it beats there?",
        "Does it also work for a robot that has no camera at all in the lab?",
        "Did these agents ever learn from pixels in any of the experiments reported?",
        "What about the second variant, the one with an adaptive coefficient for the penalty?",
    ],
)
def test_a_follow_up_is_made_to_stand_alone(question: str) -> None:
    asked = understand(question, TALK)
    assert asked.asked == question
    assert asked.standalone == f"What does PPO clip? {question}"
    assert "probability ratio" in asked.query


@pytest.mark.parametrize(
    "question",
    [
        "Which papers show that retrieval lowers the rate of hallucination in language models?",
        "How does the dense passage retriever train its encoder, and what does it need for that?",
        "Which robot policies were trained on demonstrations collected by more than one lab?",
        "What is DQN?",
        "What does DPO optimise?",
        "Is it a good idea to tie a policy to a cloned copy of the demonstrator?",
        "Which papers train one and the same language model to be policy and judge?",
        "异构预训练的规模实验最多用到多少个数据集？",
    ],
)
def test_a_topic_of_its_own_does_not_drag_the_old_one(question: str) -> None:
    asked = understand(question, TALK)
    assert asked.standalone == asked.query == question


def test_a_question_that_turns_out_to_lean_takes_its_conversation_along() -> None:
    asked = understand("Which papers show that retrieval lowers hallucination?", TALK)
    assert asked.as_follow_up().standalone == f"What does PPO clip? {asked.asked}"
    assert asked.as_follow_up().query.endswith(asked.asked)
    alone = understand("What does PPO clip?")
    assert alone.as_follow_up() == alone


def test_a_follow_up_of_a_follow_up_keeps_the_topic() -> None:
    talk = [*TALK, Turn("user", "How does it do that?"), Turn("assistant", "By a min.")]
    asked = understand("And why?", talk)
    assert asked.standalone == "What does PPO clip? How does it do that? And why?"


def test_an_assistant_that_spoke_first_is_no_question() -> None:
    asked = understand("Why?", [Turn("assistant", "Welcome."), Turn("user", " ")])
    assert asked.standalone == "Why?"


def test_a_history_of_any_size_leaves_a_short_query() -> None:
    talk = [Turn("user", "y" * 100_000), Turn("assistant", "word " * 50_000)]
    assert len(understand("Why?", talk).query) < 2_200


@given(st.text(max_size=300), st.lists(st.text(max_size=200), max_size=4))
def test_any_text_is_a_question_or_a_question_error(question: str, said: list[str]) -> None:
    roles = ("user", "assistant")
    history = [Turn(roles[at % 2], text) for at, text in enumerate(said)]
    try:
        asked = understand(question, history)
    except QuestionError:
        return
    assert asked.standalone.endswith(asked.asked)
    asked.query.encode()


def test_nothing_is_carried_on_from_what_was_refused() -> None:
    refused = [Turn("user", "asdf qwertz blub"), Turn("assistant", REFUSAL)]
    assert understand("And in 2024?", refused) == Question("And in 2024?")
    talk = [Turn("user", "How do sponges age?"), Turn("assistant", "Slowly [1]."), *refused]
    assert understand("And in warm water?", talk).topic == "How do sponges age?"


@pytest.mark.parametrize(
    "asked",
    [
        "What is retrieval?",
        "Define attention",
        "What are embeddings?",
        "OpenVLA vs TinyVLA",
        "OpenVLA",
        "Compare retrieval with finetuning",
        "Summarise offline RL",
        "overview of grasping",
        "papers on tactile sensing",
        "Which papers use diffusion?",
        "List reward models",
    ],
)
def test_a_short_question_that_names_its_topic_stands_alone(asked: str) -> None:
    talk = [Turn("user", "How do sponges age?"), Turn("assistant", "Slowly [1].")]
    assert not understand(asked, talk).is_follow_up


@pytest.mark.parametrize(
    "asked",
    [
        "What is the result?",
        "What are limitations?",
        "What is it?",
        "What is new?",
        "Summarise it",
        "Summarise the results",
        "Which papers disagree?",
        "Which papers say so?",
        "Which ones use diffusion?",
        "List them all",
        "on OpenVLA?",
    ],
)
def test_a_short_question_that_names_none_goes_on(asked: str) -> None:
    talk = [Turn("user", "How do sponges age?"), Turn("assistant", "Slowly [1].")]
    assert understand(asked, talk).is_follow_up


@pytest.mark.parametrize(
    "asked",
    [
        "What improves sample efficiency?",
        "How do robots grasp objects?",
        "Why does exploration fail?",
        "Can language models plan?",
    ],
)
def test_a_short_question_may_be_whole(asked: str) -> None:
    assert is_whole(asked)


@pytest.mark.parametrize(
    "asked",
    [
        "Which datasets were used?", "How large is the gain?", "Why not supervised learning?",
        "Which tasks were hardest?", "Does it transfer?", "And in real kitchens?",
        "Any real robots?", "Is more data better?",
    ],
)  # fmt: skip
def test_a_short_question_that_leaves_something_out_is_not_whole(asked: str) -> None:
    assert not is_whole(asked)
