"""Papers by meaning and by words, fused."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.library import Filters, Library, Ranked
from footnote.rag.retrieval.hybrid import Fusion, HybridRetriever

RANKINGS = st.dictionaries(st.integers(1, 9), st.floats(0.01, 1.0), max_size=8).map(
    lambda found: sorted(
        (Ranked(paper, None, score) for paper, score in found.items()), key=lambda r: -r.score
    )
)


@given(RANKINGS, RANKINGS, st.sampled_from([0.0, 0.5, 0.85, 1.0]))
def test_fusing_loses_no_paper_and_doubles_none(
    dense: list[Ranked], words: list[Ranked], weight: float
) -> None:
    fused = Fusion(weight).fuse(dense, words)
    assert sorted(r.paper for r in fused) == sorted({r.paper for r in (*dense, *words)})
    assert all(-1e-9 <= r.score <= 1 + 1e-9 for r in fused)
    assert [r.score for r in fused] == sorted((r.score for r in fused), reverse=True)


@given(RANKINGS, st.sampled_from([0.5, 0.85]))
def test_a_paper_that_leads_both_rankings_leads_the_fusion(
    ranking: list[Ranked], weight: float
) -> None:
    fused = Fusion(weight).fuse(ranking, ranking)
    assert [r.score for r in fused[:1]] == pytest.approx([1.0] if ranking else [])


def test_one_side_alone_decides_where_it_has_all_the_weight() -> None:
    dense = [Ranked(1, None, 0.9), Ranked(2, None, 0.1)]
    words = [Ranked(2, None, 7.0), Ranked(1, None, 1.0)]
    assert Fusion(1.0).fuse(dense, words)[0].paper == 1
    assert Fusion(0.0).fuse(dense, words)[0].paper == 2


def test_hits_are_ranked_from_one_without_gaps(demo_library: Library) -> None:
    hits = HybridRetriever(demo_library).search("policy gradient", k=30)
    assert [hit.rank for hit in hits] == list(range(1, 31))
    assert {hit.scale for hit in hits} == {"fused"}
    assert len({hit.paper.id for hit in hits}) == 30


def test_k_beyond_the_library_gives_all_of_it(demo_library: Library) -> None:
    hits = HybridRetriever(demo_library).search("policy gradient", k=1000)
    assert len(hits) == demo_library.size


def test_a_paper_is_found_by_its_rare_word_and_by_its_meaning(demo_library: Library) -> None:
    retriever = HybridRetriever(demo_library)
    assert "OpenVLA" in retriever.search("OpenVLA")[0].paper.title
    meant = retriever.search("learning a reward from what people prefer")[:5]
    assert any("human preferences" in hit.paper.title for hit in meant)


def test_filters_hold_for_both_sides(demo_library: Library) -> None:
    hits = HybridRetriever(demo_library).search("learning", k=50, filters=Filters(2019, 2020))
    assert hits
    assert {hit.paper.year for hit in hits} <= {2019, 2020}


@pytest.mark.parametrize("query", ['title:"', "a AND (", "*", "[1 TO 2]", "\\", "^~+-", "🙂"])
def test_query_syntax_in_a_question_is_only_text(query: str, demo_library: Library) -> None:
    assert len(HybridRetriever(demo_library).search(query)) == 20


def test_llamaindex_gets_nodes_that_carry_the_record(demo_library: Library) -> None:
    best = HybridRetriever(demo_library).retrieve("What does PPO clip?")[0]
    paper = demo_library.paper(best.node.metadata["paper_id"])
    assert paper is not None
    assert best.node.metadata["title"] == paper.title
    assert best.node.get_content() in paper.abstract
    assert best.score is not None


@given(RANKINGS, st.randoms())
def test_papers_of_equal_score_stand_in_one_order_however_they_came(
    dense: list[Ranked], random: Random
) -> None:
    tied = [Ranked(r.paper, None, round(r.score, 1)) for r in dense]
    shuffled = random.sample(tied, len(tied))
    assert Fusion(0.5).fuse(shuffled, []) == Fusion(0.5).fuse(tied, [])
