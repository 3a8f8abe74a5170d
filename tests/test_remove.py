"""Removing: a paper that is removed is found by nobody, and nothing else is touched."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HashedWords, invented

from footnote.index import LibraryError
from footnote.index.library import CATALOG, SNAPSHOTS, Library
from footnote.index.models import Paper, make_paper
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.pipeline import Undone
from tests.command import inside

PAPERS = [invented(n) for n in range(8)]
TABLES = ("papers", "aliases", "passages", "tokens", "changes")


@pytest.fixture
def words() -> HashedWords:
    return HashedWords()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shelf") / "library"
    with Library.open(folder, embedder=HashedWords(), create=True) as library:
        library.add(PAPERS)
    return folder


@pytest.fixture
def library(shelf, tmp_path, words) -> Iterator[Library]:
    shutil.copytree(shelf, tmp_path / "library")
    with Library.open(tmp_path / "library", embedder=words) as library:
        yield library


def found(library: Library) -> set[str]:
    by_words = {hit.paper.id for hit in library.search("tide", k=999, by="bm25")}
    by_meaning = {hit.paper.id for hit in library.search("tide", k=999)}
    assert by_words == by_meaning == {paper.id for paper in library.papers()}
    return by_words


def ids(papers: list[Paper]) -> set[str]:
    return {paper.id for paper in papers}


def rows(library: Library) -> dict[str, int]:
    """Returns how many rows each table of the catalog has."""
    catalog = Catalog(library.path / CATALOG)
    counts = {t: catalog._db.rows(f"SELECT count(*) FROM {t}")[0][0] for t in TABLES}
    catalog.close()
    return counts


def test_a_removed_paper_is_found_by_nobody_and_the_others_stay(library, words):
    before = rows(library)
    assert library.remove([PAPERS[3].id]) == 1
    assert library.paper(PAPERS[3].id) is library.paper(PAPERS[3].title) is None
    assert found(library) == ids(PAPERS) - {PAPERS[3].id}
    assert words.texts == ["tide"]
    assert library.status().passages == library.size == 7
    after = rows(library)
    assert {table: before[table] - after[table] for table in TABLES} == {
        "papers": 1, "aliases": 2, "passages": 1, "tokens": 0, "changes": 1
    }  # fmt: skip


def test_tokens_go_with_their_paper(tmp_path, embedder):
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add(PAPERS[:2])
        assert rows(library)["tokens"] == 2
        library.remove([PAPERS[0].id])
        assert rows(library)["tokens"] == 1
        assert library.searcher.has_token_vectors
        assert set(
            library.searcher.tokens(
                PAPERS,
            )
        ) == {PAPERS[1].id}


def test_a_removed_paper_is_gone_after_opening_again_and_for_others_who_have_it_open(
    library, words
):
    with Library.open(library.path, embedder=words) as reader:
        assert len(found(reader)) == 8
        library.remove([PAPERS[0].id, PAPERS[1].id])
        assert len(found(reader)) == 6
    library.close()
    with Library.open(library.path, embedder=words) as again:
        assert len(found(again)) == 6


@pytest.mark.parametrize(
    "name",
    ["arxiv:2105.00003", "2105.00003v2", "https://arxiv.org/abs/2105.00003",
     "Tides of harbour3", "tides of HARBOUR3!"],
)  # fmt: skip
def test_a_paper_is_removed_by_every_name_that_it_is_known_by(library, name):
    assert library.remove([name]) == 1
    assert library.paper("2105.00003") is None


def test_one_paper_named_twice_is_removed_once(library):
    assert library.remove([PAPERS[3].id, PAPERS[3].title]) == 1
    assert library.size == 7


def test_an_unknown_name_is_one_line_and_nothing_is_removed(library):
    before = rows(library), library.status()
    with pytest.raises(LibraryError, match=r"no paper 'nope' in .*; find its id with") as caught:
        library.remove([PAPERS[0].id, "nope", PAPERS[1].id])
    assert len(str(caught.value).splitlines()) == 1
    assert (rows(library), library.status()) == before


def test_nothing_to_remove_publishes_nothing(library):
    before = library.status()
    assert library.remove([]) == 0
    assert library.status() == before


def test_every_paper_can_be_removed_and_the_library_filled_again(library):
    assert library.remove([paper.id for paper in PAPERS]) == 8
    assert library.search("tide", k=5) == library.search("tide", k=5, by="bm25") == []
    assert library.add(PAPERS).new == 8
    assert found(library) == ids(PAPERS)


def test_a_removed_paper_can_be_added_again_and_never_gets_anothers_number(library):
    last = PAPERS[-1]
    library.remove([last.id])
    library.add([invented(50)])
    library.add([last])
    assert library.search(last.title, k=1, by="bm25")[0].paper == last
    assert max(number for number, _ in library._catalog.papers.all()) == 10


def test_a_title_that_two_papers_have_goes_to_the_one_that_stays(library):
    twin = make_paper(PAPERS[3].title, "Another harbour3.", ["arxiv:2105.00060"])
    library.add([twin])
    assert library.paper(twin.title) == PAPERS[3]
    library.remove([PAPERS[3].id])
    assert library.paper(twin.title) == twin


def test_many_papers_are_removed_at_once(tmp_path, words):
    papers = [invented(n) for n in range(300)]
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add(papers)
        assert library.remove(paper.id for paper in papers[:200]) == 200
        assert found(library) == ids(papers[200:])


def test_a_kill_between_removing_and_publishing_is_mended_on_opening(library, words):
    library._catalog.remove(library._catalog.papers.numbers([PAPERS[3].id]))
    library.close()
    with Library.open(library.path, embedder=words) as again:
        assert found(again) == ids(PAPERS) - {PAPERS[3].id}


def test_the_collection_in_use_stays_beside_the_next(library):
    generation = library.status().generation
    library.remove([PAPERS[3].id])
    library.fold(always=True)
    kept = {path.name for path in (library.path / SNAPSHOTS).iterdir()}
    assert kept == {str(generation), str(generation + 1)}


# Together with undoing.


def test_what_was_removed_since_stays_away(library):
    library.add([replace(PAPERS[3], venue="Wind"), invented(50), invented(51)])
    library.remove([PAPERS[3].id, invented(50).id])
    assert library.undo(2) == Undone(removed=1)
    assert found(library) == ids(PAPERS) - {PAPERS[3].id}


def test_a_paper_removed_after_it_absorbed_another_brings_neither_back(library):
    twin = make_paper("A tide table", "Short.", ["doi:10.1000/twin"])
    library.add([twin])
    library.add([make_paper("x", "y", [PAPERS[3].id, "doi:10.1000/twin"])])
    library.remove([PAPERS[3].id])
    for number in (3, 2):
        assert library.undo(number) == Undone()
    assert found(library) == ids(PAPERS) - {PAPERS[3].id}


# The command.


def test_the_command_removes_and_counts(shelf, tmp_path, embedder):
    folder = tmp_path / "library"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add(PAPERS[:4])
    ran = inside("remove", "2105.00000", PAPERS[1].title, "--library", folder, "--json")
    assert (ran.status, ran.data) == (0, {"removed": 2, "papers": 2})
    ran = inside("remove", "2105.00000", "2105.00003", "--library", folder)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("footnote: no paper '2105.00000' in ")
    ran = inside("remove", "2105.00003", "--library", folder)
    assert ran.out == "1 removed, 1 papers in the library\n"
