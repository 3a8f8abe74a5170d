"""Which papers may be found, by venue, author and source, or one by one."""

from collections.abc import Iterator

import pytest
from conftest import HashedWords, invented

from footnote.index.library import Library
from footnote.index.models import DAILY_PAPERS, Listing, make_paper
from footnote.index.search.filters import Filters, names_of

RECORDS = [
    {"venue": "NeurIPS 2013 Deep Learning Workshop", "authors": ("Geoffrey E. Hinton",)},
    {"venue": "NeurIPS 2020", "authors": ("Aäron van den Oord", "Yann LeCun")},
    {"venue": "Nature 2020", "authors": ("LeCun, Yann",), "source": "PubMed"},
    {"source": "arXiv", "authors": ("Yi Ma",)},
    {"source": "arXiv", "listings": (Listing("2024-05-01.html", 3),)},
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Five papers of harbours, and three hundred without a name."""
    folder = tmp_path_factory.mktemp("named") / "library"
    papers = [
        make_paper(
            f"Harbour {number}", f"The tide of the harbour {number} rose.",
            [f"id:h{number}"], published=str(2018 + number), **record,
        )
        for number, record in enumerate(RECORDS)
    ]  # fmt: skip
    with Library.open(folder, embedder=HashedWords(), create=True) as opened:
        opened.add([*papers, *map(invented, range(300))])
        yield opened


FILTERS = [
    (Filters(venue="neurips"), "h0 h1"),
    (Filters(venue="NeurIPS 2020"), "h1"),
    (Filters(venue="Nature"), "h2"),
    (Filters(venue="Nat"), ""),
    (Filters(venue="ICLR"), ""),
    (Filters(author="hinton"), "h0"),
    (Filters(author="Geoffrey Hinton"), "h0"),
    (Filters(author="Geoff Hinton"), ""),
    (Filters(author="aaron VAN DEN OORD"), "h1"),
    (Filters(author="van den Oord"), "h1"),
    (Filters(author="Oord"), "h1"),
    (Filters(author="Yann LeCun"), "h1 h2"),
    (Filters(author="Yann"), ""),
    (Filters(source="arxiv"), "h3 h4"),
    (Filters(source=DAILY_PAPERS.lower()), "h4"),
    (Filters(author="LeCun", source="PubMed"), "h2"),
    (Filters(author="LeCun", venue="neurips", until=2018), ""),
    (Filters(since=2019, venue="neurips"), "h1"),
    (Filters(papers=frozenset({"id:h4", "id:h1"})), "h1 h4"),
    (Filters(papers=frozenset({"id:h4", "id:none", "' OR 1 --"})), "h4"),
    (Filters(papers=frozenset()), ""),
    (Filters(papers=frozenset({"id:h0", "id:h1", "id:h2"}), author="LeCun", until=2019), "h1"),
]


@pytest.mark.parametrize(("filters", "named"), FILTERS, ids=lambda value: str(value))
@pytest.mark.parametrize("by", ["cosine", "bm25"])
def test_only_papers_of_the_name_are_found(library, filters, named, by):
    hits = library.search("tide gull crab quay", k=10, filters=filters, by=by)
    assert sorted(hit.paper.id for hit in hits) == [f"id:{name}" for name in named.split()]
    assert library.count(filters) == len(named.split())


def test_a_name_leaves_the_scores_of_words_as_they_are(library):
    free = {h.paper.id: h.score for h in library.search("harbour tide", k=10, by="bm25")}
    only = library.search("harbour tide", k=10, by="bm25", filters=Filters(author="Hinton"))
    assert only[0].score == pytest.approx(free["id:h0"])


def test_a_name_that_was_added_later_is_found(tmp_path):
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        library.add([invented(1)])
        assert not library.count(Filters(author="Noether"))
        library.add([make_paper("Rings", "Ideals ascend.", authors=("Emmy Noether",))])
        assert library.count(Filters(author="Noether")) == 1


def test_a_name_of_nothing_names_nothing():
    assert names_of("author", "  ") == names_of("venue", "?") == set()


def test_hundreds_of_papers_can_be_chosen(library):
    papers = frozenset(paper.id for paper in library.papers() if paper.id != "id:h3")
    chosen = Filters(papers=papers)
    assert library.count(chosen) == len(papers) == 304
    for by in ("cosine", "bm25"):
        hits = library.search("tide", k=305, filters=chosen, by=by)
        assert {hit.paper.id for hit in hits} == papers


def test_more_papers_can_be_chosen_than_a_statement_has_parameters(library):
    papers = frozenset({"id:h1", *(f"id:none{number}" for number in range(40_000))})
    assert library.count(Filters(papers=papers)) == 1


def test_a_chosen_paper_that_became_another_is_that_other(tmp_path):
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        library.add([make_paper("Rings", "Ideals ascend.", ["id:r1"]), invented(1)])
        chosen = Filters(papers=frozenset({"id:r1"}))
        library.add([make_paper("Rings", "Ideals ascend.", ["doi:10.5555/rings"])])
        for by in ("cosine", "bm25"):
            (hit,) = library.search("ideals", k=9, filters=chosen, by=by)
            assert hit.paper.id == "doi:10.5555/rings"


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(), ""),
        (Filters(2024, 2024), "of 2024"),
        (Filters(2019, 2021), "from 2019 to 2021"),
        (Filters(until=2018, author="Hinton"), "until 2018 by Hinton"),
        (Filters(since=2020, venue="ICLR", source="arXiv"), "since 2020 at ICLR from arXiv"),
        (Filters(papers=frozenset({"id:1"})), "among the 1 chosen"),
        (
            Filters(since=2020, papers=frozenset(map(str, range(1200)))),
            "since 2020 among the 1,200 chosen",
        ),
    ],
)
def test_filters_are_told_in_words(filters, words):
    assert str(filters) == words
