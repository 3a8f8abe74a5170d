"""Which papers are new since a mark."""

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HashedWords, invented

from footnote.index.library import CATALOG, Library
from footnote.index.storage.catalog import Catalog, EmbeddedPaper


def opened(folder: Path) -> Library:
    return Library.open(folder / "library", embedder=HashedWords(), create=True)


def ids(library: Library, mark: int) -> list[str]:
    return [paper.id for paper in library.since(mark)]


def test_papers_that_came_after_a_mark_are_new_in_order_of_adding(tmp_path: Path) -> None:
    with opened(tmp_path) as library:
        assert (library.newest(), library.since(0)) == (0, [])
        library.add(map(invented, (5, 3)))
        mark = library.newest()
        assert ids(library, 0) == [invented(5).id, invented(3).id]
        assert ids(library, mark) == []
        library.add(map(invented, (9, 1)))
        assert ids(library, mark) == [invented(9).id, invented(1).id]
        assert ids(library, library.newest()) == []


def test_a_paper_that_was_read_again_is_not_new(tmp_path: Path) -> None:
    with opened(tmp_path) as library:
        library.add(map(invented, range(3)))
        mark = library.newest()
        told = replace(invented(1), abstract="Another abstract altogether.", venue="Harbours 2022")
        assert library.add([told, invented(2)]).new == 0
        assert (library.newest(), library.since(mark)) == (mark, [])


def test_a_paper_after_a_removed_one_is_new(tmp_path: Path) -> None:
    with opened(tmp_path) as library:
        library.add(map(invented, range(3)))
        mark = library.newest()
        library.remove([invented(2).id])
        assert library.newest() == mark
        # SQLite alone would give it the number of the removed one, which the mark has passed.
        library.add([invented(7)])
        assert ids(library, mark) == [invented(7).id]


def test_a_paper_that_cannot_be_found_yet_is_not_counted_yet(tmp_path: Path) -> None:
    with opened(tmp_path) as library, opened(tmp_path) as reader:
        library.add([invented(0)])
        mark = reader.newest()
        # An import is committed batch by batch, and published at its end.
        library._catalog.store([EmbeddedPaper(invented(1))])
        assert (reader.newest(), reader.since(0)) == (mark, [invented(0)])
        library.add([invented(2)])
        assert ids(reader, mark) == [invented(1).id, invented(2).id]


@pytest.mark.parametrize("known", [0, 3])
def test_a_library_of_before_counts_what_it_holds_as_published(tmp_path: Path, known: int) -> None:
    with opened(tmp_path) as library:
        library.add(map(invented, range(known)))
    catalog = Catalog(tmp_path / "library" / CATALOG)
    catalog._db.rows("DELETE FROM meta WHERE key = 'newest'")
    assert catalog.papers.newest() == known
    catalog.store([EmbeddedPaper(invented(9))])
    assert catalog.papers.newest() == known
    catalog.close()
    # Opening it publishes what a killed import left.
    with opened(tmp_path) as library:
        assert ids(library, known) == [invented(9).id]
