"""Which paper of the last answer a follow-up points at."""

import pytest

from footnote.index.library import Library
from footnote.rag.answer import Turn
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.query.back_references import find_group, find_referenced_titles
from footnote.rag.query.question import understand

ANSWER = (
    "**Alpha: A Study (2019)**\nIt clips, as [9] says. It sorts. [1] It ends. [1]\n\n"
    "**Beta (and More) (2020)**\nIt sings. [2]\n\n**Gamma**\nIt hums. [3]"
)
ALPHA, BETA, GAMMA = "Alpha: A Study", "Beta (and More)", "Gamma"


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("And the second one?", [BETA]),
        ("What does the first paper clip?", [ALPHA]),
        ("How large is paper [2]?", [BETA]),
        ("And [3]?", [GAMMA]),
        ("Does paper 3 agree?", [GAMMA]),
        ("And the last?", [GAMMA]),
        ("How does the third differ?", []),
        ("Compare the first paper with the third one.", [ALPHA, GAMMA]),
        ("Is [2] better than [1]?", [BETA, ALPHA]),
        ("And the fourth one?", []),
        ("And [9]?", []),
        ("What about the latter?", []),
        ("What does the first layer do?", []),
        ("Which was the first paper to use attention?", []),
        ("What was the first work on attention?", []),
        ("How does it work?", []),
    ],
)
def test_a_marker_or_an_ordinal_is_a_paper(question: str, titles: list[str]) -> None:
    assert find_referenced_titles(question, ANSWER) == titles


def test_the_latter_is_the_second_of_two() -> None:
    two = ANSWER.partition("\n\n**Gamma")[0]
    assert find_referenced_titles("What about the latter?", two) == [BETA]


@pytest.mark.parametrize("answer", ["", "It clips. [1] It sings. [2]", "**Bold** words. [1]"])
def test_without_titles_nothing_is_known(answer: str) -> None:
    assert find_referenced_titles("And the second one?", answer) == []


@pytest.fixture(scope="module")
def engine(demo_library: Library) -> CitedQueryEngine:
    return CitedQueryEngine(demo_library)


@pytest.mark.parametrize(("follow_up", "at"), [
    ("And the second one?", 1),
    ("What did the first paper report?", 0),
    ("What are the results of paper [2]?", 1),
])  # fmt: skip
def test_the_paper_that_is_meant_is_found_first(
    engine: CitedQueryEngine, follow_up: str, at: int
) -> None:
    asked = "Which methods learn a policy from human preferences?"
    answer = engine.ask(asked)
    talk = [Turn("user", asked), Turn("assistant", answer.text)]
    assert engine.ask(follow_up, talk).hits[0].paper == answer.papers[at]


def test_what_is_compared_is_found_with_what_it_is_compared_with(engine: CitedQueryEngine) -> None:
    asked = "What does PPO clip?"
    talk = [Turn("user", asked), Turn("assistant", engine.ask(asked).text)]
    answer = engine.ask("Compare it with soft actor-critic.", talk)
    found = " ".join(hit.paper.title for hit in answer.hits[:5])
    assert "Proximal Policy" in found
    assert "Soft Actor-Critic" in found


def test_a_short_one_asks_the_old_question_of_that_paper() -> None:
    talk = [Turn("user", "What is new?"), Turn("assistant", ANSWER)]
    assert (
        understand("And the second one?", talk).query == f"What is new? {BETA} And the second one?"
    )
    assert understand("How well did the second paper do on Atari?", talk).topic == BETA


@pytest.mark.parametrize(("asked", "means"), [
    ("Which of them use diffusion?", "Which papers use diffusion?"),
    ("And do any of these run on real robots?", "Which papers run on real robots?"),
    ("are any of those five papers tested at sea?", "Which papers are tested at sea?"),
    ("Which of these works clip the objective?", "Which papers clip the objective?"),
])  # fmt: skip
def test_a_question_of_the_last_answers_papers_is_asked_of_these_alone(
    engine: CitedQueryEngine, asked: str, means: str
) -> None:
    rows = "- **Tides**: They rise. [1]\n- **Kelp (2020)**: It grows. [2]"
    assert find_group(asked, rows) == (means, ["Tides", "Kelp"])
    assert find_group(asked, "They rise. [1]") is None
    for other in (
        "Which of these methods works best?", "Are any of these datasets public?",
        "Which of those authors wrote more?", "Which of them is the newest?",
        "Which one is the newest?", "What are the limits of these?", "Which use them?",
    ):  # fmt: skip
        assert find_group(other, rows) is None


def test_what_is_asked_of_them_finds_no_other_paper(engine: CitedQueryEngine) -> None:
    first = engine.ask("Which papers learn from human preferences?")
    talk = [Turn("user", first.question), Turn("assistant", first.text)]
    answer = engine.ask("Which of them train language models?", talk)
    named = {paper.id for paper in first.papers}
    assert answer.papers
    assert {paper.id for paper in answer.papers} <= named
    assert answer.receipt.searched == answer.receipt.asked_of == len(named)
    assert answer.question == "Which of them train language models?"
    assert answer.standalone_question == "Which papers train language models?"
    assert " of them" not in answer.text
