"""From a question to a cited answer, without a model."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from llama_index.core.base.response.schema import Response
from llama_index.core.schema import QueryBundle

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Filters, Library
from footnote.index.models import make_paper
from footnote.rag import QuestionError
from footnote.rag.answer import Answer, Delta, Stage, Turn
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.prompts import REFUSAL
from footnote.rag.query.question import Question

ODD = [
    ("Combining", "E\u0301tude de la me\u0301thode. Le re\u0301sultat est de 12\u00a0%."),
    ("Emoji", "Family 👨\u200d👩\u200d👧 emoji are embedded. 🙂 Results improve by 3 points 🎉!"),
    ("Right to left", "نموذج لغوي جديد. تحسن الدقة بنسبة 5."),
    ("No full stop", "retrieval of tokens without any full stop " * 30),
    ("Line breaks", "We clip\r\nthe ratio.\n\n\tIt helps\x0b a lot.  "),
    ("Ideographs", "我们提出了一种新的检索方法。它提高了准确率。"),
    ("Zero width", "\u200bA zero\u200bwidth\ufeff space is kept. So is\u00ad a soft hyphen."),
    ("Markers", "As shown in [3] and [12], clipping works [1]. See [2]."),
]


@pytest.fixture(scope="module")
def engine(demo_library: Library) -> CitedQueryEngine:
    return CitedQueryEngine(demo_library)


@pytest.fixture(scope="module")
def odd_library(embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("odd") / "library"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add([make_paper(title, abstract) for title, abstract in ODD])
        yield library


def test_an_answer_quotes_the_paper_it_is_about(engine: CitedQueryEngine) -> None:
    answer = engine.ask("What does PPO clip?")
    assert not answer.abstained
    assert answer.papers[0].title == "Proximal Policy Optimization Algorithms"
    assert any("clips the probability ratio" in s.text for s in answer.statements)
    assert answer.standalone_question == answer.question == "What does PPO clip?"


@pytest.mark.parametrize(("title", "abstract"), ODD)
def test_quotes_of_odd_abstracts_are_verbatim(
    title: str, abstract: str, odd_library: Library
) -> None:
    answer = CitedQueryEngine(odd_library).ask(abstract[:200].strip())
    assert answer.statements
    for citation in (c for s in answer.statements for c in s.citations):
        stored = odd_library.paper(citation.paper_id)
        assert stored is not None
        assert citation.quote == stored.abstract[citation.start : citation.end]


@pytest.mark.parametrize(
    "question",
    ["What does PPO clip?", "How do language models learn to use tools?", "asdf qwer zxcv"],
)
def test_stages_come_in_order_and_deltas_make_the_text(
    question: str, engine: CitedQueryEngine
) -> None:
    *events, answer = engine.stream(question)
    assert isinstance(answer, Answer)
    assert [e.name for e in events if isinstance(e, Stage)] == ["search", "read", "write"]
    assert "".join(e.text for e in events if isinstance(e, Delta)) == answer.text


def test_papers_are_numbered_by_first_use(engine: CitedQueryEngine) -> None:
    answer = engine.ask("Which papers train policies for continuous control?")
    first_use = dict.fromkeys(c.paper_id for s in answer.statements for c in s.citations)
    assert len(first_use) > 1
    assert [paper.id for paper in answer.papers] == list(first_use)
    for citation in (c for s in answer.statements for c in s.citations):
        assert answer.papers[citation.marker - 1].id == citation.paper_id


def test_an_answer_reports_20_hits_best_first(engine: CitedQueryEngine) -> None:
    answer = engine.ask("What does PPO clip?")
    assert [hit.rank for hit in answer.hits] == list(range(1, 21))
    assert [h.score for h in answer.hits] == sorted((h.score for h in answer.hits), reverse=True)
    assert len(engine.ask("What does PPO clip?", k=30).hits) == 30


def test_a_small_library_gives_the_hits_it_has(odd_library: Library) -> None:
    assert len(CitedQueryEngine(odd_library).ask("clipping works").hits) == len(ODD)


@pytest.mark.parametrize(
    "asked",
    [
        "How is wine aged in oak barrels?",
        "Who painted the Mona Lisa?",
        "What is the tax rate in Germany?",
        "How many chromosomes does a human cell have?",
    ],
)
def test_a_question_of_another_field_is_refused_in_a_conversation_too(
    engine: CitedQueryEngine, asked: str
) -> None:
    before = "What does PPO clip?"
    talk = [Turn("user", before), Turn("assistant", engine.ask(before).text)]
    answer = engine.ask(asked, talk)
    assert answer.abstained
    assert answer.standalone_question == asked


@pytest.mark.parametrize(
    ("question", "goes_on"),
    [
        ("Do large language models reason?", False),
        ("What data was used?", True),
    ],
)
def test_a_short_question_goes_on_only_where_it_is_not_whole(
    engine: CitedQueryEngine, question: str, goes_on: bool
) -> None:
    talk = [Turn("user", "What does PPO clip?"), Turn("assistant", "The probability ratio. [1]")]
    receipt = engine.ask(question, talk).receipt
    assert receipt is not None
    assert receipt.leaned is goes_on


def test_a_follow_up_is_answered_about_its_topic(engine: CitedQueryEngine) -> None:
    first = engine.ask("What does the deep Q-network see of the screen?")
    talk = [Turn("user", first.question), Turn("assistant", first.text)]
    answer = engine.ask("And how many of the games does it win?", talk)
    assert answer.hits[0].paper.title == "Playing Atari with Deep Reinforcement Learning"
    assert answer.standalone_question.startswith(first.question)


def test_a_new_topic_leaves_the_old_one(engine: CitedQueryEngine) -> None:
    first = engine.ask("What does the deep Q-network see of the screen?")
    talk = [Turn("user", first.question), Turn("assistant", first.text)]
    question = "Which papers show that retrieved passages help a language model to answer?"
    assert engine.ask(question, talk).hits == engine.ask(question).hits


@pytest.mark.parametrize("filters", [Filters(2020, 2021), Filters(since=2023), Filters(until=2016)])
def test_only_the_chosen_years_are_found(filters: Filters, engine: CitedQueryEngine) -> None:
    answer = engine.ask("How are policies trained by reinforcement learning?", filters=filters)
    assert answer.hits
    assert all(filters.admit(hit.paper.year) for hit in answer.hits)


def test_a_range_of_years_without_a_paper_abstains_and_says_why(engine: CitedQueryEngine) -> None:
    answer = engine.ask("What does PPO clip?", filters=Filters(1950, 1960))
    assert (answer.abstained, answer.text, answer.hits) == (True, REFUSAL, ())
    assert "no paper from 1950 to 1960" in str(answer.reason)


@pytest.mark.parametrize("question", ["🙂🙂", "??!", "the of and", "\u200b.", "…"])
def test_a_question_that_names_nothing_is_refused(question: str, engine: CitedQueryEngine) -> None:
    answer = engine.ask(question)
    assert (answer.abstained, answer.statements) == (True, ())
    assert "names nothing to look for" in str(answer.reason)


@pytest.mark.parametrize(
    "question",
    ["asdf qwer zxcv", "qwertyuiop", "how do I cook pasta", "Which tax is due on a house in Rome?"],
)
def test_a_question_from_elsewhere_is_refused_with_the_nearest_papers(
    question: str, engine: CitedQueryEngine
) -> None:
    answer = engine.ask(question)
    assert (answer.abstained, answer.text, answer.papers) == (True, REFUSAL, ())
    assert "close to the question" in str(answer.reason)
    assert len(answer.hits) == 20


@pytest.mark.parametrize(
    "question", ["0", "x", "DROP TABLE papers;", "a" * 4000, "你好", "\x00\x1b[2J"]
)
def test_nonsense_does_not_crash(question: str, engine: CitedQueryEngine) -> None:
    answer = engine.ask(question)
    assert answer.abstained == (not answer.statements)
    assert (answer.reason is None) == (not answer.abstained)


@pytest.mark.parametrize("question", ["", " \n", "x" * 102_400])
def test_what_cannot_be_asked_is_one_line(question: str, engine: CitedQueryEngine) -> None:
    with pytest.raises(QuestionError) as caught:
        engine.ask(question)
    assert "\n" not in str(caught.value)


def test_llamaindex_gets_a_response_with_its_sources(engine: CitedQueryEngine) -> None:
    response = engine.query("What does PPO clip?")
    assert isinstance(response, Response)
    assert str(response) == engine.ask("What does PPO clip?").text
    assert len(response.source_nodes) == len(engine.ask("What does PPO clip?").papers)
    assert response.metadata is not None
    assert response.metadata["answer"]["version"] == 2


def test_llamaindex_may_ask_without_blocking(engine: CitedQueryEngine) -> None:
    response = asyncio.run(engine.aquery(QueryBundle("What does PPO clip?")))
    assert str(response) == str(engine.query("What does PPO clip?"))


def test_the_receipt_times_each_stage_and_costs_nothing(engine: CitedQueryEngine) -> None:
    receipt = engine.ask("What does PPO clip?").receipt
    assert list(receipt.timings_ms) == ["search", "read", "write", "total"]
    *stages, total = receipt.timings_ms.values()
    assert sum(stages) <= total
    assert (receipt.model, receipt.cost_usd, receipt.prompt_tokens) == (None, 0.0, 0)
    assert receipt.searched == 70
    assert 1 <= receipt.read <= 5


def test_the_same_question_has_the_same_answer(engine: CitedQueryEngine) -> None:
    one, two = (engine.ask("How does RAG work?") for _ in range(2))
    assert (one.text, one.statements, one.hits) == (two.text, two.statements, two.hits)


def test_the_receipt_lists_the_papers_whose_sentences_were_candidates(
    engine: CitedQueryEngine,
) -> None:
    question = "What does PPO clip?"
    answer = engine.ask(question)
    read = [one.paper_id for one in answer.receipt.papers_read]
    assert {one.paper_id for s in answer.statements for one in s.citations} <= {*read}
    found = engine.retriever.find(Question(question))
    best = [hit.paper.id for hit in found.hits]
    # The second has no sentence that may be quoted.
    assert [one.paper_id for one in found.read({best[0], *best[2:7]}, 5)] == [best[0], *best[2:6]]
    assert [one.paper_id for one in found.read((), 5)] == best[:5]


def test_an_empty_library_abstains(embedder: MiniLM, tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        answer = CitedQueryEngine(library).ask("What does PPO clip?")
    assert (answer.abstained, answer.hits) == (True, ())
    assert answer.reason


def test_a_chosen_paper_can_be_asked_what_it_found(demo_library: Library) -> None:
    paper = demo_library.paper("Attention Is All You Need")
    assert paper is not None
    chosen = Filters(papers=frozenset([paper.id]))
    answer = CitedQueryEngine(demo_library).ask("What is the main result?", filters=chosen)
    assert [one.id for one in answer.papers] == [paper.id]
    refused = CitedQueryEngine(demo_library).ask("How are sponges grown?", filters=chosen)
    assert refused.abstained


def test_nothing_that_loads_in_the_background_can_be_cut_off_by_the_end(
    demo_library: Library,
) -> None:
    # A daemon that is inside of onnxruntime when the process ends aborts it.
    before = set(threading.enumerate())
    engine = CitedQueryEngine(demo_library)
    engine._reader.prepare("fact")
    engine._reader.prepare("yesno")
    assert not [
        thread for thread in threading.enumerate() if thread.daemon and thread not in before
    ]
