"""Which sentences are quoted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.embedders import MiniLM
from index.library import Library
from index.papers import make_paper
from rag.evidence import READ_PAPERS, EvidenceFinder, Sentence
from rag.retrieve import HybridRetriever


def find(library: Library, question: str, count: int = 5) -> list[Sentence]:
    hits = HybridRetriever(library).search(question, k=20)
    return EvidenceFinder(library).find(question, hits, count=count)


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


def test_no_hits_give_no_evidence(demo_library: Library) -> None:
    finder = EvidenceFinder(demo_library)
    assert finder.find("anything", [], count=5) == []
    assert finder.nearness("anything", []) == 0.0


def test_nearness_tells_the_librarys_field_from_another(demo_library: Library) -> None:
    def nearness(question: str) -> float:
        hits = HybridRetriever(demo_library).search(question, k=20)
        return EvidenceFinder(demo_library).nearness(question, hits)

    assert nearness("How does PPO limit its updates?") > 0.5
    assert nearness("Which tax is due on a house in Rome?") < 0.26
