"""Papers that disagree are shown by side, each in its own words."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import TokenEmbedding
from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.rag.answer import Answer, Side
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.forms import yesno
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.serialization import answer_json
from footnote.rag.verification.alignment import align_pair, read_texts
from footnote.rag.verification.sides.cues import side_cues, winner
from footnote.rag.verification.sides.plainness import fits_always, may_take_side
from footnote.rag.verification.stance import (
    ANSWERS,
    Chances,
    Heard,
    asks_for_sides,
    chances,
    classify_side,
    hear,
    keep_plain,
    plain_chances,
    read_stances,
    trained,
)
from tests.asking import reading
from tests.conftest import invented

QUESTION = "Does data augmentation improve generalization in reinforcement learning?"
YES = (
    "We study data augmentation in reinforcement learning. Data augmentation significantly "
    "improves the generalization of reinforcement learning agents and is effective in all tasks."
)
NO = (
    "We study data augmentation for reinforcement learning again. We find that data augmentation "
    "does not improve generalization in reinforcement learning and fails in most tasks."
)


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "Can plain colour images do as well?",
        "When labels are few, is pre-training worth it?",
        "Where do papers disagree about imitation?",
        "Show both positions on scaling.",
    ],
)
def test_questions_with_sides(question: str) -> None:
    assert asks_for_sides(question)


@pytest.mark.parametrize(
    "question",
    ["What does PPO clip?", "Which papers use attention?", "How is it done?", "attention", ""],
)
def test_questions_without(question: str) -> None:
    assert not asks_for_sides(question)


def test_a_quote_that_denies_says_no(embedder: MiniLM) -> None:
    yes, no = chances(QUESTION, [YES.split(". ")[1], NO.split(". ")[1]], embedder)
    assert yes.yes > 0.5 > yes.no
    assert no.no > 0.5 > no.yes
    assert classify_side([yes]) == "yes"
    assert classify_side([no]) == "no"
    assert classify_side([yes, Chances(0.05, yes.yes, 0.0)]) == "mixed"
    assert classify_side([yes, Chances(0.05, 0.05, 0.9)]) == "yes"


@pytest.mark.parametrize(
    ("question", "quote", "side"),
    [
        ("Do longer nets help kelp counts?", "Longer nets were no better at kelp counts.", "no"),
        ("Do nets help small boats?", "Nets help boats only at a large scale.", "no"),
        ("Do nets help large boats?", "Nets help boats only at a large scale.", None),
        ("Are nets used for kelp?", "Nets were no better at kelp than hooks.", None),
    ],
)
def test_what_denies_a_gain_says_a_plain_no(question: str, quote: str, side: str | None) -> None:
    sentence = Sentence(make_paper("Nets and boats", quote), 0, len(quote), 0.5)
    weighed = keep_plain(question, sentence, Chances(0.3, 0.1, 0.6))
    assert classify_side([weighed]) == side


def test_a_quote_that_says_neither_takes_no_side(embedder: MiniLM) -> None:
    found = chances(QUESTION, ["The sea has tides.", "We study data."], embedder)
    assert [classify_side([one]) for one in found] == [None, None]
    assert chances(QUESTION, [], embedder) == []


@pytest.mark.parametrize(
    ("question", "quote", "side"),
    [
        (
            "Must nets be mended by hand?",
            "We show that a machine can mend nets without any help from people.",
            "no",
        ),
        (
            "Are old charts accurate enough for deep water?",
            "However, most old charts are inaccurate in deep water and lack soundings.",
            "no",
        ),
        (
            "Are divers better than drones at counting kelp?",
            "We find that drones count kelp more accurately than divers.",
            "no",
        ),
        (
            "Is the steel rudder better than the wooden rudder?",
            "We find that the steel rudder significantly outperforms the wooden rudder.",
            "yes",
        ),
    ],
)
def test_a_way_of_asking_meets_a_way_of_saying(
    embedder: MiniLM, question: str, quote: str, side: str
) -> None:
    (said,) = chances(question, [quote], embedder)
    assert side == ("yes" if said.yes > said.no else "no")


def test_the_winner_of_a_comparison_is_seen(embedder: MiniLM) -> None:
    asked, turned, told, silent = read_texts(
        [
            "Is the steel rudder better than the wooden rudder?",
            "Is the wooden rudder better than the steel rudder?",
            "The steel rudder outperforms the wooden rudder.",
            "Rudders steer boats.",
        ],
        embedder,
    )
    assert winner(align_pair(asked, [told])) > 0.2
    assert winner(align_pair(turned, [told])) < -0.2
    assert winner(align_pair(asked, [silent])) == 0
    names = [list(side_cues("Q", "a", align_pair(asked, [text]))) for text in (told, silent)]
    assert names[0] == names[1]


def test_what_is_only_set_out_takes_no_side(embedder: MiniLM) -> None:
    aim = "To examine how far data augmentation improves reinforcement learning, we run tests."
    paper = make_paper("Data augmentation in reinforcement learning", f"{aim} It rains.")
    sentence = Sentence(paper, 0, len(aim), 1.0)
    assert not may_take_side(QUESTION, sentence.text, paper)
    assert plain_chances(QUESTION, [sentence], embedder) == [Chances(0.0, 0.0, 1.0)]
    assert plain_chances(QUESTION, [], embedder) == []


@pytest.fixture
def answer(tmp_path: Path, embedder: MiniLM) -> Answer:
    with Library.open(tmp_path / "two", embedder=embedder, create=True) as library:
        others = [invented(number) for number in range(5)]
        library.add(
            [make_paper("Augmenting helps", YES), make_paper("Augmenting fails", NO), *others]
        )
        return CitedQueryEngine(library).ask(QUESTION)


def test_a_disagreement_is_told_by_side(answer: Answer) -> None:
    sides = {s.citations[0].paper_id: s.side for s in answer.statements}
    titles = {paper.title: sides[paper.id] for paper in answer.papers}
    assert titles == {"Augmenting helps": "yes", "Augmenting fails": "no"}
    assert "- Yes, **Augmenting helps**: " in answer.text
    assert "- No, **Augmenting fails**: " in answer.text
    assert {s["side"] for s in answer_json(answer)["statements"]} == {"yes", "no"}
    for statement in answer.statements:
        (citation,) = statement.citations
        assert statement.text == citation.quote


def test_where_no_quote_takes_a_side_none_is_written() -> None:
    papers = [make_paper(f"Paper {n}", "It works.") for n in range(2)]
    evidence = [Sentence(paper, 0, 9, 1.0) for paper in papers]
    composed = yesno.write(reading(QUESTION, evidence, "yesno"))
    assert composed.text.startswith("Unclear. The nearest sentences:")
    assert {statement.side for statement in composed.statements} == {None}


def test_where_all_agree_one_side_alone_is_counted(tmp_path: Path, embedder: MiniLM) -> None:
    with Library.open(tmp_path / "agreed", embedder=embedder, create=True) as library:
        again = YES.replace("We study", "We look at").replace("is effective", "works")
        others = [invented(number) for number in range(5)]
        library.add(
            [make_paper("Augmenting helps", YES), make_paper("Augmenting works", again), *others]
        )
        answer = CitedQueryEngine(library).ask(QUESTION)
    assert answer.text.startswith("Yes: 2 papers:")
    assert {statement.side for statement in answer.statements} == {"yes"}


@pytest.mark.parametrize(
    ("question", "heard", "alone"),
    [
        # Half of the telling words must be there, or a third where the answer ranker hears.
        ("Do adversarial networks often collapse suddenly?", True, True),
        ("Do adversarial images frighten small children?", False, False),
        ("Do adversarial networks frighten small children?", True, False),
        # An abbreviation that is spelled out is there, one or many.
        ("Does a GAN collapse?", True, False),
        ("Do GANs collapse?", True, False),
        ("Do VAEs collapse?", False, False),
    ],
)
def test_a_quote_must_hold_what_is_asked_about(question: str, heard: bool, alone: bool) -> None:
    quote = "Generative adversarial networks often fail."
    paper = make_paper("How pictures are made", quote)
    assert may_take_side(question, quote, paper, heard=True) is heard
    assert may_take_side(question, quote, paper) is alone


def test_a_side_is_told_from_its_own_bound_on() -> None:
    for heard in (False, True):
        sure = trained(heard=heard).sure
        for side, of in (("yes", lambda p: Chances(p, 0.0, 1 - p)),
                         ("no", lambda p: Chances(0.0, p, 1 - p))):  # fmt: skip
            assert classify_side([of(sure[side] + 0.01)], heard=heard) == side
            assert classify_side([of(sure[side] - 0.01)], heard=heard) is None


@pytest.mark.parametrize(
    ("quote", "side", "fits"),
    [
        ("It helps in all tasks.", "yes", True),
        ("It helps in most tasks.", "yes", False),
        ("It fails in some tasks.", "no", True),
        ("It was tried in some tasks.", "no", False),
    ],
)
def test_what_is_asked_of_every_case_is_answered_for_every_case(
    quote: str, side: Side, fits: bool
) -> None:
    assert fits_always("Does it always help?", quote, side) is fits
    assert fits_always("Does it help?", quote, side)


def test_a_sentence_that_hardly_answers_takes_no_side() -> None:
    quote = YES.split(". ")[1]
    paper = make_paper("Data augmentation in reinforcement learning", quote)
    sentence, said = Sentence(paper, 0, len(paper.abstract), 1.0), Chances(0.9, 0.0, 0.1)
    assert keep_plain(QUESTION, sentence, said, Heard(ANSWERS, 3.0, -3.0)).yes == 0.9
    assert keep_plain(QUESTION, sentence, said, Heard(ANSWERS - 0.1, 3.0, -3.0)).yes == 0.0


def test_stances_are_told_by_the_sentences_of_each_paper(embedder: MiniLM) -> None:
    papers = [make_paper(f"Augmentation {n}", text) for n, text in enumerate((YES, NO, YES))]
    read = [
        [Sentence(paper, *span, 1.0) for span in sentence_spans(paper.abstract)]
        for paper in papers[:2]
    ]
    told = read_stances(QUESTION, [read[0], [], read[1]], embedder)
    assert [one.side for one in told] == ["yes", None, "no"]
    assert [len(one.chances) for one in told] == [2, 0, 2]


def test_only_what_may_take_a_side_is_read_for_one(embedder: MiniLM) -> None:
    quotes = [
        YES.split(". ")[1],
        NO.split(". ")[1],
        "We study whether it does.",
        "Whether it rains is unclear.",
    ]
    paper = make_paper("Data augmentation in reinforcement learning", " ".join(quotes))
    starts = [paper.abstract.index(quote) for quote in quotes]
    sentences = [
        Sentence(paper, at, at + len(quote), 1.0) for at, quote in zip(starts, quotes, strict=True)
    ]
    heard = hear(QUESTION, sentences)
    told = chances(QUESTION, quotes, embedder, heard)
    every = [keep_plain(QUESTION, *of) for of in zip(sentences, told, heard, strict=True)]
    read: list[str] = []

    class Counting(MiniLM):
        def read(self, texts: Sequence[str]) -> list[TokenEmbedding]:
            read.extend(texts)
            return super().read(texts)

    found = plain_chances(QUESTION, sentences, Counting())
    assert np.array(found) == pytest.approx(np.array(every), abs=1e-6)
    assert read == [QUESTION, quotes[0], quotes[1]]
    read.clear()
    assert plain_chances(QUESTION, sentences[2:], Counting()) == [Chances(0.0, 0.0, 1.0)] * 2
    assert read == []
