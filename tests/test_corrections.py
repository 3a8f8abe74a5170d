"""Records corrected by hand: kept when their sources are read again, and taken back by an undo."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote.index import LibraryError
from footnote.index.library import Library
from footnote.index.models import Correction, make_paper
from footnote.index.readers.record import parse_correction
from tests.command import inside
from tests.conftest import HashedWords

KELP = make_paper(
    "Kelp shelters yuong crabs",
    "We counted crabs under kelp. Twice as many lived there as on bare rock.",
    ["arxiv:2101.00001"],
    authors=("A. Lund",),
    author_count=4,
    published="2012",
)
RIGHT = Correction("Kelp shelters young crabs", ("Ada Lund", "Bo Vik"), "2021-01-05", "Tides")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path, embedder=HashedWords("words", 8), create=True) as library:
        library.add([KELP], names=["kelp.bib"])
        yield library


def test_a_corrected_record_stands_before_its_sources(library: Library) -> None:
    assert library.correct("arxiv:2101.00001", RIGHT)
    found = library.known("arxiv:2101.00001")
    assert (found.title, found.authors) == ("Kelp shelters young crabs", ("Ada Lund", "Bo Vik"))
    assert (found.year, found.venue, found.author_count) == (2021, "Tides", None)
    assert library.search("young", k=1, by="bm25")[0].paper == found
    assert library.add([KELP]).unchanged == 1
    assert library.known("arxiv:2101.00001") == found
    # A second file may fill what nobody corrected.
    other = make_paper(KELP.title, KELP.abstract, ["arxiv:2101.00001", "doi:10.1000/kelp"])
    assert library.add([other]).changed == 1
    assert library.known("doi:10.1000/kelp").authors == found.authors


def test_a_paper_is_still_found_by_the_title_it_had(library: Library) -> None:
    library.correct("Kelp shelters yuong crabs", Correction(title="Kelp shelters young crabs"))
    assert library.paper("Kelp shelters yuong crabs") == library.paper("kelp shelters young crabs")


def test_an_undo_takes_a_correction_back(library: Library) -> None:
    library.correct(KELP.id, RIGHT)
    newest = library.imports()[0]
    assert (newest.names, newest.changed) == (("a correction by hand",), 1)
    library.undo(newest.number)
    assert library.known(KELP.id) == KELP
    library.restore(library.removals()[0].number)
    assert library.known(KELP.id).authors == ("Ada Lund", "Bo Vik")


def test_what_changes_nothing_is_no_import(library: Library) -> None:
    assert not library.correct(KELP.id, Correction())
    assert not library.correct(KELP.id, Correction(KELP.title, KELP.authors, "2012", ""))
    assert len(library.imports()) == 1


def test_a_title_that_is_another_papers_name_is_refused(library: Library) -> None:
    other = make_paper("Moss keeps roofs cool", "Roofs with moss stayed cool.")
    typo = make_paper("Moss keeps rooves cool", "Roofs with moss stayed cooler at noon.")
    library.add([other, typo])
    with pytest.raises(LibraryError, match="is the name of another paper, title:moss-keeps-roofs"):
        library.correct(typo.id, Correction(title=other.title))
    assert library.known(typo.id) == typo


def test_authors_that_were_corrected_are_not_counted_by_a_listing_again(library: Library) -> None:
    library.correct(KELP.id, Correction(authors=("Ada Lund",)))
    assert library.add([KELP]).unchanged == 1
    assert library.known(KELP.id).author_count is None


def test_a_field_can_be_emptied_and_stays_empty(library: Library) -> None:
    library.correct(KELP.id, Correction(authors=(), published=""))
    library.add([KELP])
    found = library.known(KELP.id)
    assert (found.authors, found.published, found.year) == ((), None, None)


@pytest.mark.parametrize("title", ["", " ", "…", "x" * 1_001])
def test_a_title_that_is_none_is_refused(library: Library, title: str) -> None:
    with pytest.raises(LibraryError, match='the paper stays as it was: "title"'):
        library.correct(KELP.id, Correction(title=title))
    assert library.known(KELP.id) == KELP


def test_a_merge_keeps_what_was_corrected_in_either(library: Library) -> None:
    twin = make_paper("Crabs of kelp", "Crabs live under kelp.", ["doi:10.1000/kelp"])
    library.add([twin])
    library.correct(twin.id, Correction(venue="Tides"))
    library.correct(KELP.id, Correction(published="2021"))
    both = make_paper(KELP.title, KELP.abstract, ["arxiv:2101.00001", "doi:10.1000/kelp"])
    library.add([both])
    found = library.known("doi:10.1000/kelp")
    assert (found.id, found.venue, found.year) == (KELP.id, "Tides", 2021)
    assert found.corrected == ("published", "venue")


def test_a_record_is_corrected_on_the_command_line(tmp_path: Path) -> None:
    papers = tmp_path / "kelp.jsonl"
    papers.write_text(json.dumps({"title": KELP.title, "abstract": KELP.abstract}), "utf-8")
    at = ("--library", tmp_path / "lib")
    names = ("--author", "Ada Lund", "--author", "Bo Vik")
    assert inside("index", papers, *at).status == 0
    refused = inside("correct", KELP.title, *at)
    assert (refused.status, refused.err) == (
        1,
        "footnote: nothing to correct; give --title, --author, --published, --venue or --status\n",
    )
    refused = inside("correct", KELP.title, "--published", "soon", *at)
    assert refused.status == 1
    assert "the paper stays as it was" in refused.err
    assert "Take it back with: footnote undo" in inside("correct", KELP.title, *names, *at).out
    assert "Nothing changed" in inside("correct", KELP.title, *names, *at).out
    again = inside("correct", KELP.title, "--published", "2021", "--json", *at).data
    assert again["corrected"] == ["author_count", "authors", "published"]


def test_fields_of_a_form_are_read_as_those_of_a_file() -> None:
    read = parse_correction(
        {"title": " A \n title ", "authors": ["Lund, Ada", ""], "published": ""}
    )
    assert read == Correction("A title", ("Lund, Ada",), "")
    with pytest.raises(ValueError, match="31 June"):
        parse_correction({"published": "31 June"})
