"""Which sentences are quoted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.rag.query.question import Question
from footnote.rag.retrieval.evidence import MOST_OF_ONE, READ_PAPERS, EvidenceFinder, Sentence
from footnote.rag.retrieval.hybrid import HybridRetriever


def find(library: Library, question: str, count: int = 5) -> list[Sentence]:
    found = HybridRetriever(library).find(Question(question), k=20)
    return EvidenceFinder(library).find(question, found.hits, found.matches, count=count)


@pytest.fixture
def twins(embedder: MiniLM, tmp_path: Path) -> Iterator[Library]:
    """Three papers, two of which say the same."""
    said = "The gripper closes at 40 newtons. It was tested on ripe tomatoes."
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        papers = [make_paper(f"Gripper {n}", said) for n in (1, 2)]
        library.add([*papers, make_paper("Sponges", "Glass sponges grow slowly in the deep sea.")])
        yield library


def test_every_sentence_is_a_verbatim_slice_of_a_hit(demo_library: Library) -> None:
    for sentence in find(demo_library, "How does PPO limit its updates?", 12):
        stored = demo_library.paper(sentence.paper.id)
        assert stored is not None
        assert sentence.text == stored.abstract[sentence.start : sentence.end]


def test_the_most_telling_sentence_comes_first(demo_library: Library) -> None:
    best, *others = find(demo_library, "Which interval of the probability ratio does PPO clip?")
    assert best.text.startswith("The main variant of PPO clips the probability ratio")
    assert all(best.score >= other.score for other in others)


def test_no_more_sentences_than_asked_for(demo_library: Library) -> None:
    assert [len(find(demo_library, "human preferences", n)) for n in (0, 1, 7)] == [0, 1, 7]


def test_no_more_papers_are_read_than_promised(demo_library: Library) -> None:
    found = find(demo_library, "How are language models trained?", 12)
    assert len({sentence.paper.id for sentence in found}) <= READ_PAPERS


def test_nothing_is_said_twice(twins: Library) -> None:
    found = find(twins, "How hard does the gripper close on tomatoes?")
    texts = [sentence.text for sentence in found]
    assert len(texts) == len(set(texts))


@pytest.fixture
def released(embedder: MiniLM, tmp_path: Path) -> Iterator[Library]:
    """A paper that ends with where its code is."""
    said = "The gripper closes at 40 newtons. Code for the gripper is available at https://x.org."
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add([make_paper("A gripper", said)])
        yield library


@pytest.mark.parametrize(
    ("question", "leads"),
    [("How is the gripper used?", "The gripper"), ("Is the gripper's code available?", "Code for")],
)
def test_where_the_code_is_leads_only_where_that_is_asked(
    released: Library, question: str, leads: str
) -> None:
    assert find(released, question)[0].text.startswith(leads)


def test_several_papers_are_quoted_where_several_are_asked_for(demo_library: Library) -> None:
    one = find(demo_library, "How is the dense passage retriever DPR trained?")
    many = find(demo_library, "Which papers train the dense passage retriever DPR?")
    assert max(map(len, _by_paper(one))) > MOST_OF_ONE
    assert max(map(len, _by_paper(many))) <= MOST_OF_ONE
    assert len(_by_paper(many)) > 1


def _by_paper(sentences: list[Sentence]) -> list[list[Sentence]]:
    papers = dict.fromkeys(sentence.paper.id for sentence in sentences)
    return [[s for s in sentences if s.paper.id == paper] for paper in papers]


def test_no_hits_give_no_evidence(demo_library: Library) -> None:
    assert EvidenceFinder(demo_library).find("anything", [], {}, count=5) == []


def test_a_paper_that_changed_since_it_was_found_is_not_quoted(
    embedder: MiniLM, tmp_path: Path
) -> None:
    question = Question("How hard does the gripper close?")
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add([make_paper("Gripper", "The gripper closes at 40 newtons.", ["doi:10.1/x"])])
        found = HybridRetriever(library).find(question)
        library.add([make_paper("Gripper", "It is soft. " * 9 + "It closes.", ["doi:10.1/x"])])
        assert EvidenceFinder(library).find("?", found.hits, found.matches, count=5) == []
