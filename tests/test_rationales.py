"""The bench of quoted sentences against marked rationales counts what it says."""

from pathlib import Path

import pytest
from conftest import HashedWords, invented

from footnote.evals.dataset.cases import Case, Gold
from footnote.evals.lab.bench.rationales import Overlap, given, overlaps, table
from footnote.index.library import Library
from footnote.rag.query.question import Question
from footnote.rag.retrieval.hybrid import HybridRetriever
from footnote.rag.retrieval.late_interaction import Matcher

CUT = ("a", "the gripper closes at forty newtons")


def test_precision_recall_and_f1_are_pooled_over_claims() -> None:
    overlap = Overlap()
    # One of two quoted is gold, the one gold is quoted; then nothing of one and of two.
    overlap.add([CUT, ("a", "sponges grow slowly")], [CUT])
    overlap.add([("a", "rain fell")], [CUT, ("a", "sponges grow slowly")])
    found = [m.mean for m in overlap.measures() if m]
    # Precision 1/3, recall 1/3, F1 (1 + 1) / (3 + 3).
    assert found == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    assert [m.n for m in overlap.measures() if m] == [3, 3, 6]


def test_a_sentence_of_another_paper_is_not_the_gold_one() -> None:
    overlap = Overlap()
    overlap.add([("b", CUT[1])], [CUT])
    assert overlap.gold == overlap.quoted == [[0.0]]


@pytest.mark.parametrize(("quoted", "counts"), [("gripper closes forty", 1.0), ("gripper", 0.0)])
def test_three_fifths_of_the_gold_words_are_enough(quoted: str, counts: float) -> None:
    overlap = Overlap()
    # Five words: gripper closes at forty newtons.
    overlap.add([("a", quoted)], [CUT])
    assert overlap.gold == [[counts]]


def test_nothing_quoted_leaves_the_gold_unfound() -> None:
    overlap = Overlap()
    overlap.add([], [CUT])
    precision, recall, f1 = overlap.measures()
    assert precision is None
    assert recall is not None
    assert f1 is not None
    assert (recall.mean, f1.mean) == (0.0, 0.0)


def test_given_papers_alone_are_ranked(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        library.add([invented(number) for number in range(1, 9)])
        found = HybridRetriever(library).find(Question("How high is the tide of harbour3?"))
        other = found.hits[4].paper
        seen = given(found, [other], Matcher(library))
        assert [hit.score for hit in seen.hits] == [1.0, *[0.0] * 7]
        assert set(seen.matches) == {other.id}
        gold = other.abstract.partition(". ")[2]
        case = Case("1", "How high is the tide of harbour3?", evidence=(Gold(other.id, gold),))
        overlap = overlaps([case], library, counts=(2,))
    assert overlap["given", "footnote", 2].gold == [[1.0]]
    assert sorted(overlap["given", "cosine", 2].quoted[0]) == [0.0, 1.0]
    assert overlap["found", "first", 2].gold == [[0.0]]
    assert len(table(overlap).splitlines()) == 7
