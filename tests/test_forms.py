"""Forms: each kind of question has an answer of its own shape, over a small library of our own."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import HashedWords

from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import Hit, Passage, make_paper
from footnote.rag.answer import Answer, Side, Turn
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.forms import (
    FORMS,
    WITHOUT_SEARCH,
    compare,
    fact,
    listing,
    metadata,
    number,
    overview,
)
from footnote.rag.generation.forms.concepts import Shown
from footnote.rag.generation.forms.define import find_definition
from footnote.rag.generation.forms.form import Reading
from footnote.rag.generation.forms.group_names import OTHERS, group_papers
from footnote.rag.generation.forms.measures import name_quantity
from footnote.rag.generation.forms.relations import Relation, RelationName
from footnote.rag.generation.forms.uses import is_used
from footnote.rag.query.kinds.rules import KINDS
from footnote.rag.query.question import Question
from footnote.rag.query.topic import name_asked, split_question
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.hybrid import RetrievalResult
from footnote.rag.retrieval.late_interaction import QueryTokens
from footnote.rag.retrieval.wording import begins_with_name
from footnote.rag.verification.sides.plainness import is_plain
from tests.asking import reading

PAPERS = (
    ("KelpNet: Counting Kelp from Drones", 2021,
     "Kelp forests are shrinking, and counting them by boat is slow. We introduce KelpNet, a "
     "network that counts kelp plants in drone images. KelpNet was trained on 4,200 drone images "
     "from 12 bays. It counts kelp with an error rate of 7 % and runs at 30 Hz."),
    ("Sonar Maps of Kelp Forests", 2019,
     "Recent work has shown that cameras fail in murky water. We map kelp forests with sonar. "
     "Our sonar maps of kelp agree with diver surveys in 9 of 10 bays."),
    ("Do Urchins Decide the Fate of Kelp?", 2020,
     "Whether urchins decide the fate of kelp is debated. We removed urchins from six bays for "
     "two years. Removing urchins brought the kelp back in all six bays."),
    ("Warm Water and Kelp Loss", 2022,
     "Kelp declines in many seas. We compare thirty years of kelp surveys with water temperature. "
     "Warm summers explain most of the loss of kelp, and urchins explain little of it."),
    ("Tide Height Forecasting (THF) with Gradient Trees", 2018,
     "Tide height forecasting (THF) predicts the water level of a harbour from wind and moon. "
     "Gradient trees lower the error of harbour forecasts by 18 percent against harmonic tables."),
    ("Neural Tide Height Forecasting", 2023,
     "We study tide height forecasting (THF) with recurrent networks. The networks beat harmonic "
     "tables in storms, while harmonic tables stay better in calm weather."),
    ("Harmonic Tables Revisited", None,
     "Harmonic tables give the tide of a harbour from the moon alone. We show how a table of "
     "sixty terms is fitted in a day. The tables need no weather data."),
    ("Gull Song and Harbour Noise", 2021,
     "Harbour noise has grown. We recorded gulls in quiet and in loud harbours. Gulls sing higher "
     "in loud harbours, by about 300 Hz."),
    ("Crab Walking Robots", 2022,
     "Legged robots slip on wet rock. We built a six-legged crab robot with rubber feet. The crab "
     "robot climbs wet rocks of 20 degrees without a fall."),
    ("Buoy Batteries That Last", None,
     "Buoys run out of power in winter. A duty cycle set by the waves doubles the life of the "
     "battery. Code is available at https://example.org/buoy."),
)  # fmt: skip


BEFORE = "How do you count kelp from drones?"


@pytest.fixture(scope="module")
def engine(
    embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CitedQueryEngine]:
    folder = tmp_path_factory.mktemp("forms") / "library"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add(
            make_paper(title, abstract, published=str(year) if year else None, source="Notebook")
            for title, year, abstract in PAPERS
        )
        yield CitedQueryEngine(library)


def titles(answer: Answer) -> list[str]:
    return [paper.title for paper in answer.papers]


def test_every_kind_has_a_form() -> None:
    assert set(FORMS) == set(KINDS)


def test_each_statement_is_its_quote_and_stands_in_the_text_with_its_marker(
    engine: CitedQueryEngine,
) -> None:
    for question in (
        "How does removing urchins change kelp?", "Which papers are about kelp?",
        "What do the papers say about tides?", "How many images was KelpNet trained on?",
        "What is the difference between harmonic tables and recurrent networks?", "What is THF?",
        "Do urchins decide the fate of kelp?",
    ):  # fmt: skip
        answer = engine.ask(question)
        at = 0
        for statement in answer.statements:
            (citation,) = statement.citations
            paper = answer.papers[citation.marker - 1]
            assert paper.abstract[citation.start : citation.end] == citation.quote
            at = answer.text.index(f"{statement.text} [{citation.marker}]", at)


def test_a_fact_is_the_sentence_that_answers_and_little_else(engine: CitedQueryEngine) -> None:
    answer = engine.ask("At what pitch do gulls sing in loud harbours?")
    assert answer.kind == "fact"
    assert answer.statements[0].text == "Gulls sing higher in loud harbours, by about 300 Hz."
    assert len(answer.text.split()) <= 60


def answering(title: str, text: str, score: float, answers: float | None = None) -> Sentence:
    """Returns the only sentence of a paper, as the answer ranker read it."""
    return Sentence(make_paper(title, text), 0, len(text), score, answers=answers)


def several(question: str, *sentences: Sentence, chance: float = 0.9) -> Reading:
    """Returns sentences of several papers, as near to the question as their score says."""
    hits = [
        Hit(s.paper, Passage(s.paper.id, 0, 1), s.score, rank, "fused")
        for rank, s in enumerate(sentences, 1)
    ]
    none = QueryTokens(np.empty((0, 8), np.float32), np.empty(0, np.float32), ())
    found = RetrievalResult(Question(question), hits, 0.9, none, {})
    return replace(reading(question, sentences), found=found, chance=chance)


WHY = "Why do kelp forests shrink?"
REASONS = (
    answering("Urchins", "Urchins graze young kelp.", 1.05, 4.0),
    answering("Heat", "Warm summers kill kelp.", 0.82, 3.5),
    answering("Boats", "We count kelp by boat.", 0.82, 1.5),
    answering("Silt", "Silt keeps the light from kelp.", 0.8, 3.2),
    answering("Gulls", "Gulls eat crabs.", 0.3, 5.0),
)


def test_reasons_are_told_by_each_paper_that_gives_one() -> None:
    composed = fact.write(several(WHY, *REASONS))
    assert [paper.title for paper in composed.papers] == ["Urchins", "Heat", "Silt"]
    assert composed.text.count("\n- **") == 2


def test_a_way_is_not_told_by_what_only_sets_the_problem_out() -> None:
    problem = answering("Loss", "However, kelp is lost in many bays.", 0.8, 7.0)
    first, second, *_ = REASONS
    asked = "How can kelp forests be kept?"
    composed = fact.write(several(asked, first, problem, second))
    assert [paper.title for paper in composed.papers] == ["Urchins", "Heat"]


@pytest.mark.parametrize(
    ("question", "chance"),
    [
        ("Why do kelp forests shrink?", 0.1),
        ("Where do kelp forests shrink?", 0.9),
        ("Why does KelpNet fail?", 0.9),
    ],
)
def test_one_answer_is_enough_where_one_paper_is_asked_or_the_match_is_weak(
    question: str, chance: float
) -> None:
    composed = fact.write(several(question, *REASONS, chance=chance))
    assert [paper.title for paper in composed.papers] == ["Urchins"]


def test_what_is_asked_of_each_paper_is_told_of_each() -> None:
    asked = "Who lost kelp, and what does each blame?"
    composed = fact.write(several(asked, *REASONS))
    assert [p.title for p in composed.papers] == ["Urchins", "Heat", "Boats", "Silt"]


def test_a_number_stands_first_with_its_unit(engine: CitedQueryEngine) -> None:
    answer = engine.ask("How many drone images was KelpNet trained on?")
    assert answer.kind == "number"
    assert answer.text.startswith("**4,200 drone images**: KelpNet was trained on")
    assert answer.missing is None


def test_a_number_may_be_counted_under_another_name(engine: CitedQueryEngine) -> None:
    answer = engine.ask("How many drone pictures was KelpNet trained on?")
    assert answer.text.startswith("**4,200 drone images**: ")


def test_a_number_that_no_abstract_states_is_said_to_be_missing_first(
    engine: CitedQueryEngine,
) -> None:
    answer = engine.ask("How many euros does a crab robot cost?")
    assert answer.missing is not None
    assert answer.missing.startswith("No abstract states")
    assert answer.text.startswith(answer.missing)
    assert "**" not in answer.text.partition("\n")[0]


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("How large is the data set of KelpNet?", "**4,200 drone images**: "),
        ("How deep is the network of KelpNet?", "No abstract states the depth."),
    ],
)
def test_a_size_is_no_other_figure(engine: CitedQueryEngine, question: str, begins: str) -> None:
    assert engine.ask(question).text.startswith(begins)


@pytest.mark.parametrize(
    ("question", "text", "begins"),
    [
        ("What error rate does KelpNet have?",
         "In the Count Challenge 2, this net reaches an error rate of 16.2 %.", "**16.2 %"),
        ("What error rate does KelpNet have?",
         "On Bay 256^2, it reaches an error rate of 2.85 %.", "**2.85 %"),
    ],
)  # fmt: skip
def test_a_number_in_a_name_is_no_figure(question: str, text: str, begins: str) -> None:
    told = number.write(reading(question, [answering("KelpNet", text, 1.0)], "number"))
    assert told.text.startswith(begins)


def test_a_figure_stands_before_the_sentence_that_has_it() -> None:
    asked = "How much faster is KelpNet, and on which images was it trained?"
    paper = make_paper("KelpNet", "KelpNet was trained on drone images. It is 4.9x faster.")
    trained, faster = Sentence(paper, 0, 36, 1.5), Sentence(paper, 37, len(paper.abstract), 0.6)
    told = number.write(reading(asked, [trained, faster], "number"))
    assert told.text == (
        "**4.9x faster**: It is 4.9x faster. [1] KelpNet was trained on drone images. [1]"
    )


def test_each_size_that_is_asked_about_has_its_figure() -> None:
    asked = "What accuracy do the 7B and 32B models of KelpNet reach?"
    text = "KelpNet-32B reaches an accuracy of 95.0 %. KelpNet-7B reaches 94.0 %. It has 3 authors."
    paper = make_paper("KelpNet", text)
    sentences = [Sentence(paper, a, b, 1.0 - a / 100) for a, b in sentence_spans(text)]
    told = number.write(reading(asked, sentences, "number"))
    assert told.text.endswith("accuracy of 95.0 %. [1] KelpNet-7B reaches 94.0 %. [1]")


def test_a_name_that_no_abstract_has_is_said_to_be_missing(engine: CitedQueryEngine) -> None:
    answer = engine.ask("How does KelpFormer9 count kelp plants in drone images?")
    assert answer.missing == "No abstract states anything about KelpFormer9."


def test_both_sides_are_counted_and_only_plain_quotes_take_one(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Do urchins decide the fate of kelp?")
    assert answer.kind == "yesno"
    for statement in answer.statements:
        # What a paper sets out to settle is no answer.
        assert not (statement.side and statement.text.startswith("Whether"))


def test_what_holds_once_does_not_hold_always(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Does removing urchins always bring the kelp back?")
    assert answer.kind == "yesno"
    for statement in answer.statements:
        assert statement.side != "yes" or "all" in statement.text


def test_an_abbreviation_is_spelled_out_by_agreement_before_it_is_defined(
    engine: CitedQueryEngine,
) -> None:
    answer = engine.ask("What does THF stand for?")
    assert answer.kind == "define"
    first, second = answer.text.split("\n\n")
    assert re.fullmatch(r"THF stands for Tide height forecasting \[1\], as 2 papers spell it out\.",
                        first, re.IGNORECASE)  # fmt: skip
    assert second.startswith("Tide height forecasting (THF) predicts the water level")


def test_a_definition_is_read_in_the_paper_named_after_the_term() -> None:
    ours = make_paper(
        "Seal Herd Mapping: Seals from Above",
        "We fly. The method, which we call Seal Herd Mapping (SHM), needs one flight.",
    )
    other = make_paper("Seals at Night", "Seal Herd Mapping (SHM) is a way to count.")
    read = [Sentence(p, *span, 0.5) for p in (other, ours) for span in sentence_spans(p.abstract)]
    defining = find_definition(["SHM", "seal herd mapping"], read)
    assert defining is not None
    assert defining.text.startswith("The method, which we call Seal Herd Mapping")


def test_one_of_a_kind_does_not_define_the_kind() -> None:
    paper = make_paper("Dreams", "The tide model is a recurrent network that predicts water.")
    read = [Sentence(paper, *sentence_spans(paper.abstract)[0], 0.5)]
    assert find_definition(["tide model"], read, any_of_kind=True) is None
    assert find_definition(["tide model"], read) is not None


def test_the_nearest_to_a_missing_number_is_of_what_is_named() -> None:
    said = "The cost of nets is high.", "KelpNet sees kelp.", "KelpNet saw more in drone images."
    papers = [make_paper(title, text) for title, text in zip("ABC", said, strict=True)]
    read = [Sentence(p, 0, len(p.abstract), 0.9 - n / 9) for n, p in enumerate(papers)]
    written = number.write(reading("What did KelpNet cost?", read, "number"))
    assert written.text.endswith("Nearest: KelpNet sees kelp. [1]")
    unnamed = number.write(reading("What do nets cost?", read, "number"))
    assert unnamed.text.endswith("Nearest: The cost of nets is high. [1]")


def test_a_number_that_no_paper_is_named_for_is_looked_for_in_all(
    embedder: MiniLM, tmp_path: Path
) -> None:
    papers = [make_paper(f"Reef surveys {n}", "Dives are needed for reef surveys. It is cold.")
              for n in range(8)]  # fmt: skip
    papers.append(make_paper("Sponges", "We mapped sponges of the deep sea with 12 short dives."))
    papers += [make_paper(f"Corals {n}", f"It took {n} dives.") for n in range(20, 25)]
    papers.append(make_paper("Snails", "Few dives showed snails."))
    with Library.open(tmp_path / "reefs", embedder=embedder, create=True) as library:
        library.add(papers)
        answer = CitedQueryEngine(library).ask("How many dives are needed for reef surveys?")
    assert answer.text.startswith(
        "6 abstracts state how many dives, each for its own case; 4 of them:\n\n- **Corals 2"
    )
    assert answer.text.count("\n- **") == 4
    assert len(answer.more) == 2
    assert {*answer.more} <= {hit.paper.id for hit in answer.hits}
    assert answer.missing is None


def test_who_asks_what_is_needed_is_told_first_what_was_enough(
    embedder: MiniLM, tmp_path: Path
) -> None:
    told = {
        "Reefs": "We collected 900 dives. It is cold.",
        "Sponges": "In total there are more than 800 dives. Sponges are mapped with just 12 dives.",
        "Corals": "It took 40 dives.",
        **{f"Reef surveys {n}": "Dives are needed for reef surveys." for n in range(8)},
    }
    with Library.open(tmp_path / "reefs", embedder=embedder, create=True) as library:
        library.add([make_paper(title, text) for title, text in told.items()])
        engine = CitedQueryEngine(library)
        needed = engine.ask("How many dives are needed for reef surveys?")
        there = engine.ask("How many dives are there in reef surveys?")
    figures = re.compile(r"\*\*(\d+ dives)\*\*")
    assert figures.findall(needed.text) == ["12 dives", "40 dives", "900 dives"]
    assert "12 dives" not in figures.findall(there.text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("The method needs no more than 12 demonstrations.", 0),
        ("It requires a total of 12 demonstrations.", 0),
        ("Training on the dataset needs only 12 demonstrations.", 0),
        ("Over all tasks, just 12 demonstrations are needed.", 0),
        ("Here 12 demonstrations are enough.", 0),
        ("Then 12 demonstrations were shown.", 1),
        ("We collect more than 12 demonstrations.", 2),
        ("The corpus has 12 demonstrations.", 2),
        ("It was tried in a study with over 12 demonstrations.", 2),
    ],
)
def test_what_is_needed_is_told_from_what_is_there(text: str, place: int) -> None:
    at = text.index("12")
    assert number._rank_for_need(text, at, at + 2) == place


def test_a_number_is_looked_for_in_all_in_a_conversation_too(engine: CitedQueryEngine) -> None:
    before = [Turn("user", BEFORE), Turn("assistant", "KelpNet counts kelp plants.")]
    asked = engine.ask("How many terms are needed?", before)
    assert "**sixty terms**: We show how a table of sixty terms" in asked.text
    of_it = engine.ask("How many terms does it need?", before)
    assert "sixty terms" not in of_it.text


def test_papers_that_spell_an_abbreviation_out_are_counted_over_the_library(
    embedder: MiniLM, tmp_path: Path
) -> None:
    papers = [make_paper(f"Wave {n}", f"Ocean wave height (OWH) is {n} m.") for n in range(30)]
    with Library.open(tmp_path / "waves", embedder=embedder, create=True) as library:
        library.add(papers)
        answer = CitedQueryEngine(library).ask("What does OWH stand for?")
    assert answer.text.startswith(
        "OWH stands for Ocean wave height [1], as 30 papers spell it out."
    )


def test_an_overview_says_how_many_more_papers_name_its_topic(
    embedder: MiniLM, tmp_path: Path
) -> None:
    papers = [make_paper(f"Buoy motion {n}", f"We measure buoy motion in bay {n}.")
              for n in range(30)]  # fmt: skip
    with Library.open(tmp_path / "buoys", embedder=embedder, create=True) as library:
        library.add(papers)
        answer = CitedQueryEngine(library).ask("Give me an overview of buoy motion")
    assert answer.text.startswith(
        f"At least 30 papers on buoy motion; {len(answer.papers)} of them"
    )


def test_a_list_has_one_row_a_paper_and_never_a_paragraph(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Which papers are about kelp?")
    assert answer.kind == "list"
    head, rows = answer.text.split("\n\n")
    assert re.fullmatch(r"\d+ papers on kelp:", head)
    assert all(row.startswith("- **") for row in rows.split("\n"))
    assert len(rows.split("\n")) == len(answer.papers) == len(answer.statements)
    assert {title for title, _, text in PAPERS if "kelp" in text} == set(titles(answer))


def test_a_list_by_name_has_only_papers_with_that_name(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Which papers use KelpNet?")
    assert titles(answer) == ["KelpNet: Counting Kelp from Drones"]
    assert all("KelpNet" in statement.text for statement in answer.statements)


def test_a_full_form_that_is_spelled_out_is_no_weak_match(
    engine: CitedQueryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("footnote.rag.engine.result.WEAK", 1.1)
    assert engine.ask("What does THF stand for?").match == "strong"
    assert engine.ask("How many dives are needed for reef surveys?").match == "weak"


def test_a_list_by_name_is_never_called_weak(
    engine: CitedQueryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WEAK", 2.0)
    assert "weak" in engine.ask("Which papers are about kelp?").text
    assert "weak" not in engine.ask("Which papers mention KelpNet?").text


def test_a_list_says_where_no_paper_has_all_of_it(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Which papers count gulls with sonar?")
    assert answer.missing == "No abstract names both “count gulls” and “sonar”; nearest:"
    assert answer.text.startswith(answer.missing)


@pytest.mark.parametrize(
    ("question", "head", "quote"),
    [
        (
            "Which papers introduce a network for kelp?",
            "1 paper that introduces a network for kelp:",
            "We introduce",
        ),
        ("Which papers study urchins?", "1 paper that studies urchins:", "urchins"),
    ],
)
def test_a_list_wants_what_is_done_with_it(
    engine: CitedQueryEngine, question: str, head: str, quote: str
) -> None:
    answer = engine.ask(question)
    assert answer.text.split("\n")[0] == head
    assert quote in answer.statements[0].text


@pytest.mark.parametrize(
    ("question", "count", "named"),
    [
        ("Which planners are used for driving?", 2, "on planners used for driving"),
        ("Which models are open source?", 2, "on models that are open source"),
        ("Which datasets contain video?", 2, "on datasets that contain video"),
        ("Which papers classify kelp?", 1, "that classifies kelp"),
        ("Which papers classify kelp?", 2, "that classify kelp"),
        ("What is the state of research on humanoid gaits?", 2, "on humanoid gaits"),
        ("How are tides used in these papers?", 2, "on how tides are used"),
        ("What have people tried to make buoys last?", 2, "on how to make buoys last"),
        ("Are there papers about kelp?", 2, "on kelp"),
        ("What do papers say about kelp?", 2, "on kelp"),
        ("In which papers do robots cut kelp?", 2, "in which robots cut kelp"),
        ("Do any of these papers count kelp?", 1, "that counts kelp"),
        (
            "Which papers count kelp, i.e. number plants, and how?",
            1,
            "that counts kelp, i.e. number plants",
        ),
        ("What does the library hold on kelp?", 4, "on kelp"),
        ("Overview of recent work on kelp", 4, "on kelp"),
        ("How do papers count kelp?", 4, "on how to count kelp"),
    ],
)
def test_what_is_asked_is_named_as_a_person_would(question: str, count: int, named: str) -> None:
    assert name_asked(question, count) == named


@pytest.mark.parametrize(
    ("name", "sentence", "told"),
    [
        ("propose", "We introduce a large and diverse benchmark for tides.", True),
        ("propose", "We propose a network that leads on the benchmark.", False),
        ("propose", "Our method wins on every benchmark.", False),
        ("open", "Our models and weights are open-sourced.", True),
        ("open", "It outperforms many open-source models.", False),
        ("alone", "It was trained on the benchmark only.", True),
        ("alone", "It was trained on the benchmark and in harbours.", False),
    ],
)
def test_a_relation_is_told_of_the_papers_own_work(
    name: RelationName, sentence: str, told: bool
) -> None:
    nothing = np.empty(0, np.float32)
    relation = Relation(name, Shown((), (), nothing, nothing), "benchmark")
    assert relation.told_in(sentence) is told


@pytest.mark.parametrize(
    ("title", "told"),
    [("Kelp: A Benchmark for Divers", True), ("Benchmark Choice in Kelp Counts", False),
     ("Training on a Benchmark", False)],
)  # fmt: skip
def test_a_title_names_what_a_paper_made(title: str, told: bool) -> None:
    nothing = np.empty(0, np.float32)
    relation = Relation("propose", Shown((), (), nothing, nothing), "benchmark")
    assert relation.told_in(title, title=True) is told


@pytest.mark.parametrize(
    ("sentence", "used"),
    [
        ("We train the crab with PPO.", True),
        ("Our crab outperforms PPO.", False),
        ("Our crab surpasses SAC, TD3 and PPO on wet rock.", False),
        ("The crab is better than PPO.", False),
        ("The crab is better than before by training with PPO.", True),
        ("Compared with PPO, our crab falls less.", False),
        ("Compared with DQN, our crab falls less; we train it by PPO.", True),
        ("Unlike PPO, our crab needs no critic.", False),
        ("We beat strong baselines such as PPO.", False),
        ("We train with methods such as PPO.", True),
        ("It improves over the PPO baseline by 3 points.", False),
        ("We replace PPO with a plain loss, so PPO is not needed.", False),
        ("The crab, a PPO-based robot, climbs.", True),
        ("Gulls sing.", False),
    ],
)
def test_who_only_compares_with_a_thing_does_not_use_it(sentence: str, used: bool) -> None:
    assert is_used(sentence, [" ppo "]) is used


def test_papers_that_only_compare_are_told_apart_from_users(
    embedder: MiniLM, tmp_path: Path
) -> None:
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add(
            make_paper(title, text)
            for title, text in (
                ("Crab Robots", "We train a crab robot with PPO. It climbs wet rock."),
                ("Gull Robots", "We train a gull robot with PPO on hardware. It lands well."),
                ("Eel Robots", "We propose a new learner. Our eel robot outperforms PPO in water."),
            )
        )
        answer = CitedQueryEngine(library).ask("Which papers use PPO?")
    assert answer.text.startswith("2 papers that use PPO:")
    apart = answer.text.split("1 more mentions it only to compare:")[1]
    assert "**Eel Robots**" in apart
    assert "**Crab Robots**" not in apart


def test_what_is_asked_of_each_paper_does_not_choose_the_papers(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Which papers map kelp, and with what does each agree?")
    assert answer.text.startswith("1 paper that maps kelp:")
    assert {s.text for s in answer.statements} == {
        "We map kelp forests with sonar.",
        "Our sonar maps of kelp agree with diver surveys in 9 of 10 bays.",
    }


def test_the_sentence_that_answers_stands_behind_the_one_that_qualifies(
    engine: CitedQueryEngine,
) -> None:
    answer = engine.ask("Which papers map kelp, and where do cameras fail?")
    assert answer.statements[1].text == "Recent work has shown that cameras fail in murky water."


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Which papers count kelp, and how?", "Which papers count kelp"),
        ("Which papers count kelp and what do they find?", "Which papers count kelp"),
        ("Which papers show when and how kelp grows?", ""),
        ("Kelp can be seen from above, and how. Who saw it?", ""),
    ],
)
def test_what_is_asked_beside_is_a_question_of_its_own(question: str, first: str) -> None:
    assert split_question(question)[0] == (first or question)


def test_an_explanation_need_not_be_shown(engine: CitedQueryEngine) -> None:
    asked = "Which papers map kelp forests, for instance reefs of coral (not meadows of seagrass)?"
    assert engine.ask(asked).text.startswith("1 paper that maps kelp forests")


def test_what_comes_near_is_told_beside_a_list_and_not_in_it(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Which papers are about kelp?")
    cited = {paper.id for paper in answer.papers}
    assert not cited & set(answer.more)
    assert set(answer.more) <= {hit.paper.id for hit in answer.hits}


def test_an_overview_groups_its_papers_under_their_own_words(engine: CitedQueryEngine) -> None:
    answer = engine.ask("What do the papers say about kelp and tides?")
    assert answer.kind == "overview"
    assert len(answer.papers) >= 3
    assert answer.text.startswith(f"{len(answer.papers)} papers on ")


def test_a_comparison_is_a_table_after_what_names_both(engine: CitedQueryEngine) -> None:
    answer = engine.ask("What is the difference between harmonic tables and recurrent networks?")
    assert answer.kind == "compare"
    assert answer.missing is None
    assert answer.text.startswith("The networks beat harmonic tables in storms")
    assert "| harmonic tables | recurrent networks |\n| --- | --- |" in answer.text


def test_beside_a_sentence_that_compares_half_a_table_is_left_out(
    engine: CitedQueryEngine,
) -> None:
    answer = engine.ask("What is the difference between harmonic tables and gradient trees?")
    assert answer.missing is None
    assert answer.text.startswith("Gradient trees lower the error of harbour forecasts by 18")
    assert "|" not in answer.text


def test_a_variant_with_a_name_of_its_own_is_not_the_thing_compared() -> None:
    side = compare.Side("PPO", ("ppo",))
    assert not side.stands_alone_in("We show the effect of T-PPO and PPO-clip.")
    act = compare.Side("ACT", ("act",))
    assert not act.named_in("A policy learns to act as a judge.")
    assert act.named_in("We compare with ACT on six tasks.")
    assert side.stands_alone_in("T-PPO extends PPO.")
    assert compare.Side("offline RL", ("offlin", "rl")).stands_alone_in(
        "Offline learning helps RL."
    )


@pytest.mark.parametrize(
    ("question", "names"),
    [
        (
            "Which reacts faster when boats appear or vanish, a net or a net with two floats?",
            ["net", "net with two floats"],
        ),
        ("Are nets that need a lamp better or worse than those that do not?", None),
        ("How does sorting crabs by hand compare in accuracy with a net's own word?", None),
    ],
)
def test_a_part_of_a_question_is_no_thing_to_compare(
    question: str, names: list[str] | None
) -> None:
    sides = compare.find_sides(question)
    assert (sides and [side.name for side in sides]) == names


def test_a_sentence_that_names_both_is_shown_where_none_compares_them(
    embedder: MiniLM, tmp_path: Path
) -> None:
    papers = [
        make_paper("Lonar: Long Sonar", "Lonar is a sonar with a long wave. It was built in 1990."),
        make_paper("QLonar: Quiet Sonar", "QLonar is a quiet sonar that feeds a Lonar receiver."),
    ]
    with Library.open(tmp_path / "sonar", embedder=embedder, create=True) as library:
        library.add(papers)
        answer = CitedQueryEngine(library).ask("What is the difference between Lonar and QLonar?")
    first, second, *_ = answer.text.split("\n\n")
    assert first == "No abstract compares Lonar with QLonar directly."
    assert second == (
        "One sentence names both: QLonar is a quiet sonar that feeds a Lonar receiver. [1]"
    )


def test_an_overview_is_filled_up_with_papers_that_name_its_topic_alone(
    engine: CitedQueryEngine,
) -> None:
    [named, near, far] = engine.library.search("kelp", k=3)
    candidates = [
        overview.Candidate(replace(hit, score=0.9 - 0.1 * n), met=True, named=n != 2)
        for n, hit in enumerate((named, near, far))
    ]
    assert [hit.paper.id for hit in overview.choose_papers(candidates, above=1)] == [
        named.paper.id, near.paper.id
    ]  # fmt: skip
    assert len(overview.choose_papers(candidates, above=3)) == 3


def test_a_row_quotes_what_was_done_and_not_why(engine: CitedQueryEngine) -> None:
    abstract = "Kelp grows in cold bays. We count kelp from above."
    paper = make_paper("Kelp from Above", abstract)
    read = [Sentence(paper, *span, 0.5) for span in sentence_spans(abstract)]
    nothing = np.empty(0, np.float32)
    [hit] = engine.library.search("kelp", k=1)
    row = listing.ListRow(replace(hit, paper=paper), read)
    told = listing.put_telling_first(row, Relation("any", Shown((), (), nothing, nothing)))
    assert told.sentences[0].text == "We count kelp from above."


def test_what_no_abstract_compares_is_said_first(engine: CitedQueryEngine) -> None:
    answer = engine.ask("What is the difference between sonar and rubber feet?")
    assert answer.missing == "No abstract compares sonar with rubber feet directly."
    assert answer.text.startswith(answer.missing)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How many papers do you hold?", "The library holds 10 papers. Years: 2018 to 2023; 2 of"),
        ('How many titles have the word "kelp" in them?', "4 papers have “kelp” in the title"),
        ("How many papers came out in 2021?", "2 papers from 2021. 2 of 10 have no year."),
        ("How many papers have appeared since 2022?", "3 papers from 2022 to 2023."),
        ("Which is your newest paper?", "The newest of the 8 papers with a year; the other 2 have"),
        ("Who wrote the KelpNet paper?",
         "The library does not record who wrote **KelpNet: Counting Kelp from Drones (2021)**; "
         "it has no authors for any paper."),
        ("Do you have anything by Ada Lovelace?", "The library records no paper by Ada Lovelace."),
        ("Where did you get these abstracts from?", "The records are from Notebook (10 papers)."),
        ("How many papers mention urchins?", "2 papers mention “urchins” in title or abstract"),
        ("How many papers mention robots?", "1 paper mentions “robots” in title or abstract:"),
        ("How many papers mention robotics?",
         "0 papers mention “robotics” in title or abstract; 1 has it or a word of the same stem:"),
    ],
)  # fmt: skip
def test_the_catalog_answers_exactly_and_says_what_it_lacks(
    engine: CitedQueryEngine, question: str, told: str
) -> None:
    answer = engine.ask(question)
    assert answer.kind == "metadata"
    assert answer.text.startswith(told)
    assert not answer.abstained


def test_papers_of_a_year_are_listed_where_they_are_asked_for(tmp_path: Path) -> None:
    papers = [make_paper(f"Wave {n}", f"Bay {n}.", published="2021-05-04") for n in range(15)]
    with Library.open(tmp_path / "waves", embedder=HashedWords(), create=True) as library:
        library.add(papers)
        engine = CitedQueryEngine(library)
        listed = engine.ask("Which papers are from 2021?").text
        counted = engine.ask("How many papers are from 2021?").text
    assert listed.count("\n- ") == 15
    assert counted.count("\n- ") == 10
    assert counted.endswith("And 5 more.")


def test_a_count_that_is_cut_off_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "COUNTED", 12)
    papers = [make_paper(f"Wave {n}", f"Tides of bay {n}.") for n in range(15)]
    with Library.open(tmp_path / "waves", embedder=HashedWords(), create=True) as library:
        library.add(papers)
        answer = CitedQueryEngine(library).ask("How many papers mention tides?")
    assert answer.text.startswith("At least 12 papers mention “tides” in title or abstract:")


@pytest.mark.parametrize(
    "question", ["hi there", "Thanks, very helpful!", "ok bye", "what can you do?"]
)
def test_talk_is_answered_without_a_search_or_a_refusal(
    engine: CitedQueryEngine, question: str
) -> None:
    answer = engine.ask(question)
    assert answer.kind == "talk"
    assert (answer.abstained, answer.hits, answer.receipt.searched) == (False, (), 0)


@pytest.mark.parametrize("question", ["why?", "tell me more", "and the second one?", "what is it?"])
def test_a_follow_up_without_anything_before_it_asks_back(
    engine: CitedQueryEngine, question: str
) -> None:
    answer = engine.ask(question)
    assert answer.kind == "vague"
    assert "?" in answer.text
    assert not answer.abstained


def test_the_same_words_after_a_question_go_on_from_it(engine: CitedQueryEngine) -> None:
    history = [
        Turn("user", "How do you count kelp from drones?"),
        Turn("assistant", "With KelpNet."),
    ]
    answer = engine.ask("And how fast does it run?", history)
    assert answer.kind not in WITHOUT_SEARCH
    assert titles(answer)[0] == "KelpNet: Counting Kelp from Drones"


def test_a_language_that_is_not_read_is_told_so(engine: CitedQueryEngine) -> None:
    answer = engine.ask("ロボットはどのように岩を登りますか？")
    assert answer.abstained
    assert answer.reason is not None
    assert answer.reason.startswith("questions in Japanese are not read; ask in English")


def test_gibberish_in_a_conversation_is_not_answered_with_its_topic(
    engine: CitedQueryEngine,
) -> None:
    history = [
        Turn("user", "How do you count kelp from drones?"),
        Turn("assistant", "With KelpNet."),
    ]
    assert engine.ask("qwzx plof brrt", history).abstained


def test_where_the_code_is_does_not_lead(engine: CitedQueryEngine) -> None:
    answer = engine.ask("How do buoys save their battery in winter?")
    assert "example.org" not in answer.statements[0].text


def test_a_heading_stands_in_every_paper_below_it() -> None:
    texts = [
        ("Counting Kelp from Drones", "We count plants in aerial images."),
        ("Aerial Images of Kelp", "A drone takes pictures."),
        ("Kelp and Water Temperature", "Kelp dies in warm summers."),
        ("Warm Summers", "We measure the water temperature of bays."),
        ("Diverse Kelp", "Kelp grows in diverse places."),
    ]
    groups = group_papers(texts, "kelp")
    assert {name for name, _ in groups} == {"Aerial images", "Water temperature", OTHERS}
    assert sorted(n for _, group in groups for n in group) == [0, 1, 2, 3, 4]
    for name, group in groups:
        held = [" ".join(texts[n]).lower() for n in group]
        assert name == OTHERS or all(name.lower() in text for text in held)


def test_one_word_or_the_topic_again_makes_no_heading() -> None:
    texts = [("Online Kelp Control", "We use deep kelp control."),
             ("Deep Kelp Control", "It is online.")] * 2  # fmt: skip
    names = {name for name, _ in group_papers(texts, "kelp control")}
    assert not names & {"Online", "Deep kelp control", "Control"}


def test_a_part_of_titles_makes_a_heading_where_three_papers_have_it() -> None:
    texts = [("Kelp Growth Curves", "It is cold."), ("A Kelp Growth Model", "It is old."),
             ("Kelp Growth Charts", "We dive."),
             ("Urchin Barrens", "They spread."), ("More Urchin Barrens", "They stay."),
             *[(f"Reef {n}", "Fish.") for n in range(3)]]  # fmt: skip
    named = dict(group_papers(texts, "sea"))
    assert named["Urchin barrens"] == [3, 4]
    assert named["Kelp growth"] == [0, 1, 2]


def test_a_verb_torn_from_its_object_makes_no_heading() -> None:
    texts = [(f"Aligning Kelp Models {n}", "We grow urchin barrens.") for n in range(3)]
    texts += [(f"Mapping Reef Fish {n}", "They swim.") for n in range(3)]
    assert not any(name.startswith("Aligning") for name, _ in group_papers(texts, "sea"))


def test_one_word_in_two_spellings_is_one_word() -> None:
    texts = [("Diving Behaviour", "Seals."), ("Seals", "Their diving behavior."),
             ("Urchin Barrens", "They spread."), ("Barrens", "Urchin barrens.")]  # fmt: skip
    assert dict(group_papers(texts, "sea"))["Diving behaviour"] == [0, 1]


def test_half_a_noun_phrase_makes_no_heading() -> None:
    texts = [("Diverse Skills", "We learn."), ("Diverse Behaviors", "We act.")] * 2
    assert "Diverse" not in {name for name, _ in group_papers(texts, "robots")}


def test_one_group_of_three_stands_beside_the_others() -> None:
    texts = [("Kelp Growth", "It is cold."), ("On Kelp Growth", "It is old."),
             ("More Kelp Growth", "We dive."),
             *[(f"Reef {n}", "Fish.") for n in range(3)]]  # fmt: skip
    assert group_papers(texts, "sea") == [("Kelp growth", [0, 1, 2]), (OTHERS, [3, 4, 5])]
    assert group_papers(texts[1:], "sea") == [("", [0, 1, 2, 3, 4])]


def test_a_paper_alone_under_its_phrase_is_joined_by_one_that_is_to_spare() -> None:
    texts = [("Urchin Barrens", "They spread."), ("Barrens", "Urchin barrens."),
             ("Kelp Growth", "It is cold.")]  # fmt: skip
    texts += [(f"Reef {n}", "Fish.") for n in range(3)]
    others = [("Seals", "They swim."), ("Cold Water", "Kelp growth is slow.")]
    assert group_papers(texts, "sea", others, spare=2) == [
        ("Urchin barrens", [0, 1]), ("Kelp growth", [2, 7]), (OTHERS, [3, 4, 5])
    ]  # fmt: skip
    assert ("Kelp growth", [2, 7]) not in group_papers(texts, "sea", others, spare=1)


def test_papers_without_a_common_phrase_are_one_group_without_a_name() -> None:
    texts = [(f"Kelp {n}", f"Bay{n} has kelp.") for n in range(6)]
    assert group_papers(texts, "kelp") == [("", [0, 1, 2, 3, 4, 5])]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("How much memory does KelpNet need?", "how much memory KelpNet needs"),
        ("How many bays does it cover?", "how many bays"),
        ("How many GPUs does it take to train KelpNet?", "how many GPUs"),
    ],
)
def test_what_no_abstract_states_is_named_with_whose_it_is(asked: str, named: str) -> None:
    assert name_quantity(asked) == named


def test_a_list_of_what_has_a_name_is_whole_and_no_weak_match(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Which papers test on KelpNet?")
    assert [paper.title for paper in answer.papers] == ["KelpNet: Counting Kelp from Drones"]
    assert answer.match == "strong"
    assert answer.more == ()


@pytest.mark.parametrize(
    ("question", "quote", "side", "plain"),
    [
        ("Do longer contexts help?", "Longer contexts were no better.", "yes", False),
        ("Does it help small models?", "It helps only at sufficient scale.", "yes", False),
        ("Does RL beat SFT?", "RL beats SFT by 9 points.", "yes", True),
        ("Do longer contexts help?", "Longer contexts were no better.", "no", True),
        ("Does RL beat SFT?", "RL beats SFT by 9 points.", "no", False),
        ("Is RL always better?", "RL is better on two tasks.", "yes", False),
        ("Does quantization hurt?", "Quantization shows no loss.", "no", True),
        ("Can models plan?", "They model not just words, but also plans.", "yes", True),
    ],
)
def test_a_yes_that_denies_is_not_plain(question: str, quote: str, side: Side, plain: bool) -> None:
    assert is_plain(question, quote, side) is plain


def test_a_sentence_that_begins_with_what_its_paper_made_tells_of_it() -> None:
    title = "KelpNet: Counting Kelp"
    assert begins_with_name("KelpNet reads drone images.", title)
    assert not begins_with_name("Divers read KelpNet.", title)
    assert not begins_with_name("Counting kelp is slow.", "Counting kelp")
    assert not begins_with_name("How kelp grows in bays is open.", "How kelp grows in bays: A Map")
