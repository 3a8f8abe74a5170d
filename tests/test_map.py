"""The map of a library: all papers on it, like ones together, kept until papers change."""

import math
from pathlib import Path

import numpy as np
import pytest
from conftest import HashedWords, invented

import footnote.index.clusters.layout
from footnote.index.clusters.drawer import NO_ABSTRACT
from footnote.index.clusters.labels import label_clusters
from footnote.index.clusters.layout import LibraryMap, draw_map, sample_rows
from footnote.index.library import Library
from footnote.index.models import Paper, make_paper
from footnote.index.storage.ingest.pipeline import add_records, embed_rest

TOPICS = {
    "whale": "whale song ocean migration pod calf humpback sonar",
    "bread": "bread yeast dough oven flour gluten crust baker",
    "orbit": "orbit satellite rocket thrust lunar probe booster launch",
}


def topical(count: int) -> list[Paper]:
    """Returns ``count`` papers on each of three topics."""
    rng = np.random.default_rng(1)
    return [
        make_paper(
            f"{topic} {number}",
            " ".join(rng.permutation(words.split() * 3)) + f" note{number}.",
            [f"id:{topic}{number}"],
            published=str(2000 + number),
        )
        for topic, words in TOPICS.items()
        for number in range(count)
    ]


def library_of(folder: Path, papers: list[Paper]) -> Library:
    library = Library.open(folder, embedder=HashedWords(), create=True)
    library.add(papers)
    return library


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> LibraryMap:
    """The map of three topics."""
    with library_of(tmp_path_factory.mktemp("three") / "library", topical(15)) as library:
        return library.map()


def test_every_paper_stands_on_the_map_with_its_title_and_year(three: LibraryMap) -> None:
    assert set(three.ids) == {paper.id for paper in topical(15)}
    at = three.ids.index("id:bread7")
    assert (three.titles[at], three.years[at]) == ("bread 7", 2007)
    assert three.positions.shape == (45, 2)
    assert three.positions.dtype == np.float32
    assert three.positions.min() >= 0
    assert three.positions.max() <= 1
    assert set(three.clusters.tolist()) == set(range(len(three.labels)))


def test_like_papers_stand_together(three: LibraryMap) -> None:
    topics = np.array([paper.split(":")[1].rstrip("0123456789") for paper in three.ids])
    off = np.linalg.norm(three.positions[:, None] - three.positions[None], axis=2)
    np.fill_diagonal(off, np.inf)
    assert (topics[off.argmin(axis=1)] == topics).mean() > 0.95


def test_a_cluster_is_named_by_its_own_words(three: LibraryMap) -> None:
    for number, label in enumerate(three.labels):
        own = {three.ids[at].split(":")[1].rstrip("0123456789")
               for at in np.flatnonzero(three.clusters == number)}  # fmt: skip
        assert len(own) == 1
        assert set(label.text.split(", ")) <= set(TOPICS[own.pop()].split())
        assert 2 <= len(label.text.split(", ")) <= 3


def test_a_paper_alone_is_no_cluster() -> None:
    groups = [(x + near / 1000, y) for x, y in ((0, 0), (0, 1), (1, 1)) for near in range(8)]
    placed = np.array([*groups, (1, 0)], np.float32)
    centres = footnote.index.clusters.layout._centres(placed)
    assert np.allclose(centres[np.lexsort(centres.T)].round(1), [(0, 0), (0, 1), (1, 1)])


def test_class_based_tf_idf_by_hand() -> None:
    # tf in clusters: alpha 2, 0; beta 1, 1; gamma 0, 2. Sum 6, mean of two clusters 3.
    # alpha: sqrt(2) * ln(1 + 3/2) = 1.30; beta: 1 * ln(1 + 3/2) = 0.92, and stands there once.
    texts = ["alpha beta", "alpha the", "gamma beta", "gamma results"]
    assert label_clusters(texts, np.array([0, 0, 1, 1]), 2) == ["alpha", "gamma"]
    assert math.sqrt(2) * math.log(2.5) > math.log(2.5)


def test_stop_words_name_nothing() -> None:
    assert label_clusters(["the of and", "results show that we"], np.array([0, 0]), 1) == [
        "other papers"
    ]


def test_the_same_library_gives_the_same_map(tmp_path: Path, three: LibraryMap) -> None:
    with library_of(tmp_path / "again", topical(15)) as library:
        assert np.array_equal(library.map().positions, three.positions)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number for each map that is drawn from here on."""
    calls: list[int] = []
    real = footnote.index.clusters.drawer.draw_map
    monkeypatch.setattr(
        footnote.index.clusters.drawer, "draw_map", lambda *a: calls.append(1) or real(*a)
    )
    return calls


def test_a_map_is_kept(tmp_path: Path, drawn: list[int]) -> None:
    with library_of(tmp_path / "library", topical(4)) as library:
        first = library.map()
        assert library.map() is first
    with Library.open(tmp_path / "library", embedder=HashedWords()) as library:
        kept = library.map()
        assert kept.ids == first.ids
        assert kept.labels == first.labels
        assert np.array_equal(kept.positions, first.positions)
        assert np.array_equal(kept.clusters, first.clusters)
        assert len(drawn) == 1


def test_new_papers_are_placed_beside_their_like_and_nothing_else_moves(
    tmp_path: Path, drawn: list[int]
) -> None:
    papers = topical(15)
    new = [papers[0], papers[-1], make_paper("Nothing known", "")]
    rest = [paper for paper in papers if paper not in new]
    with library_of(tmp_path / "library", rest) as library:
        before = library.map()
        library.add(new)
        after = library.map()
        assert after.ids[: len(rest)] == before.ids
        assert np.array_equal(after.positions[: len(rest)], before.positions)
        assert set(after.ids) == {paper.id for paper in [*rest, *new]}
        for paper, like in zip(new, [papers[1], papers[-2]], strict=False):
            at, beside = after.ids.index(paper.id), after.ids.index(like.id)
            assert after.clusters[at] == after.clusters[beside]
        assert after.labels[after.clusters[after.ids.index(new[2].id)]].text == NO_ABSTRACT
        assert after.labels[after.clusters[0]].text != NO_ABSTRACT
    # What was placed is kept, and what is removed goes.
    with Library.open(tmp_path / "library", embedder=HashedWords()) as library:
        assert np.array_equal(library.map().positions, after.positions)
        library.remove([new[0].id])
        assert new[0].id not in library.map().ids
    assert len(drawn) == 1


def test_a_paper_that_waits_to_be_embedded_is_placed_once_it_is(
    tmp_path: Path, drawn: list[int]
) -> None:
    papers = topical(15)
    with library_of(tmp_path / "library", papers[1:]) as library:
        library.map()
        add_records(library._catalog, [(0, papers[0]), (0, make_paper("Nothing known", ""))])
        assert papers[0].id not in library.map().ids
        embed_rest(library._catalog, library.embedder)
        shown = library.map()
        at = shown.ids.index(papers[0].id)
        assert shown.clusters[at] == shown.clusters[shown.ids.index(papers[1].id)]
        # One that had no abstract goes to its like when it has one.
        library.add([make_paper("Nothing known", papers[-1].abstract)])
        shown = library.map()
        at = shown.ids.index("title:nothing-known")
        assert shown.clusters[at] == shown.clusters[shown.ids.index(papers[-1].id)]
    assert len(drawn) == 1


def test_a_map_is_drawn_anew_where_there_is_time_and_a_tenth_is_new(
    tmp_path: Path, drawn: list[int]
) -> None:
    papers = topical(15)
    with library_of(tmp_path / "library", papers) as library:
        library.map()
        library.add([invented(n) for n in range(2)])
        library.tidy()
        assert len(drawn) == 1
        library.add([invented(n) for n in range(2, 9)])
        library.map()
        assert len(drawn) == 1
        library.tidy()
        assert len(drawn) == 2
        assert set(library.map().ids) == {paper.id for paper in library.papers()}
        assert len(drawn) == 2


def test_a_map_is_drawn_anew_at_once_where_half_of_it_is_new(
    tmp_path: Path, drawn: list[int]
) -> None:
    with library_of(tmp_path / "library", topical(4)) as library:
        library.map()
        library.add([invented(n) for n in range(40)])
        assert len(library.map().ids) == library.size
        assert len(drawn) == 2


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 6, 9])
def test_a_small_library_has_a_map(tmp_path: Path, count: int) -> None:
    with library_of(tmp_path / "library", [invented(n) for n in range(count)]) as library:
        found = library.map()
    assert len(found.ids) == count
    assert found.positions.shape == (count, 2)
    assert np.isfinite(found.positions).all()
    assert len(np.unique(found.positions, axis=0)) == count
    assert len(found.labels) == min(count, max(1, count // 4))


def test_papers_that_are_alike_stand_beside_one_another(tmp_path: Path) -> None:
    papers = [make_paper(f"Tides {n}", "The tide rose.", [f"id:{n}"]) for n in range(12)]
    same = [make_paper("Tides", "The tide rose.", [f"id:same{n}"]) for n in range(12)]
    with library_of(tmp_path / "library", papers) as library:
        assert len(np.unique(library.map().positions, axis=0)) == 12
    vectors = np.ones((len(same), 8), np.float32)
    positions, clusters, labels = draw_map(vectors, range(12), [p.abstract for p in same])
    assert len(np.unique(positions, axis=0)) == 12
    assert len(labels) == len(set(clusters.tolist()))


def test_papers_without_an_abstract_stand_apart(tmp_path: Path) -> None:
    bare = [make_paper(f"Bare {n}", "", [f"id:bare{n}"]) for n in range(3)]
    with library_of(tmp_path / "mixed", topical(4) + bare) as library:
        found = library.map()
    apart = [found.ids.index(paper.id) for paper in bare]
    assert {found.labels[found.clusters[at]].text for at in apart} == {NO_ABSTRACT}
    others = np.delete(found.positions, apart, axis=0)
    assert others[:, 1].max() < found.positions[apart, 1].min()
    with library_of(tmp_path / "bare", bare) as library:
        assert len(library.map().ids) == 3


def test_above_the_sample_each_paper_stands_beside_its_nearest() -> None:
    rng = np.random.default_rng(3)
    middles = rng.normal(size=(6, 32)).astype(np.float32) * 8
    topic = np.arange(2400) % 6
    vectors = middles[topic] + rng.normal(size=(2400, 32)).astype(np.float32)
    sample = sample_rows(2400)
    assert len(sample) == 2000
    positions, clusters, _ = draw_map(vectors, sample, ["word"] * 2000)
    rest = np.setdiff1d(np.arange(2400), sample)
    off = np.linalg.norm(positions[rest][:, None] - positions[sample][None], axis=2)
    assert (topic[np.array(sample)][off.argmin(axis=1)] == topic[rest]).mean() > 0.99
    assert len(clusters) == 2400


def test_a_library_that_cannot_be_written_is_drawn_all_the_same(tmp_path: Path) -> None:
    with library_of(tmp_path / "library", topical(3)) as library:
        library._catalog._db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON map BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
        assert len(library.map().ids) == 9
        # It is drawn once by whoever tidies, and not again and again.
        library.tidy()
        assert not library.needs_tidying()
