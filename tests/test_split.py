"""A paper that was merged wrongly is split: it stays so, and an undo takes it back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote.index import LibraryError
from footnote.index.library import Library
from footnote.index.models import Correction, Paper, make_paper
from tests.command import inside
from tests.conftest import HashedWords, holds

TITLE = "Kelp shelters young crabs from cold water"
TEXT = "We counted crabs under kelp. Twice as many lived there as on bare rock."
PREPRINT = make_paper(TITLE, TEXT, ["arxiv:2101.00001"], authors=("Ada Lund",), published="2021")
PRINTED = make_paper(TITLE, f"{TEXT} Again.", ["doi:10.1000/kelp"], venue="Tides")
LISTED = make_paper(TITLE, "Crabs like kelp.", source="A page")
RECORDS = [PREPRINT, PRINTED, LISTED]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path, embedder=HashedWords("words", 8), create=True) as library:
        library.add([PREPRINT], names=["a.bib"])
        library.add([PRINTED], names=["b.bib"])
        yield library


def by_title(papers: Iterator[Paper]) -> dict[str, str | None]:
    return {paper.id: paper.venue for paper in papers}


def test_a_split_paper_is_the_two_that_came_and_stays_so(library: Library) -> None:
    assert library.size == 1
    assert [part.id for part in library.parts(TITLE)] == ["arxiv:2101.00001", "doi:10.1000/kelp"]
    assert library.split(TITLE, [1]) == "doi:10.1000/kelp"
    wanted = {"arxiv:2101.00001": None, "doi:10.1000/kelp": "Tides"}
    assert by_title(library.papers()) == wanted
    assert library.known("doi:10.1000/kelp").authors == ()
    assert [h.paper.id for h in library.search("again", k=1, by="bm25")] == ["doi:10.1000/kelp"]
    for again in ([PREPRINT], [PRINTED], RECORDS[:2], RECORDS[1::-1]):
        assert library.add(again).new == 0
        assert by_title(library.papers()) == wanted
    assert library.parts("doi:10.1000/kelp") == []


def test_an_undo_takes_a_split_back(library: Library) -> None:
    before = holds(library._catalog)
    library.split(TITLE, [1])
    after = holds(library._catalog)
    newest = library.imports()[0]
    assert (newest.names, newest.new, newest.changed) == (("a split by hand",), 1, 1)
    library.undo(newest.number)
    assert holds(library._catalog) == before
    assert len(library.parts(TITLE)) == 2
    library.restore(library.removals()[0].number)
    assert holds(library._catalog) == after
    library.undo(newest.number)
    library.undo(2)
    assert library.parts(TITLE) == []


def test_a_record_that_gave_nothing_can_be_split_off_too(library: Library) -> None:
    assert library.add([LISTED]).changed == 1
    assert library.add([LISTED]).unchanged == 1
    new = library.split(TITLE, [2])
    assert library.known(new).source == "A page"
    assert library.size == 2
    added = library.add(RECORDS)
    assert (added.new, added.changed, library.size) == (0, 0, 2)


def test_papers_that_a_third_record_joined_are_split_with_all_their_records(
    library: Library,
) -> None:
    moss = make_paper("Moss keeps roofs cool", "Roofs stay cool.", ["pmid:7"])
    both = make_paper("Moss and kelp", "Both.", ["arxiv:2101.00001", "pmid:7"])
    library.add([moss])
    library.add([both])
    assert library.size == 1
    ids = [part.id for part in library.parts(TITLE)]
    new = library.split(TITLE, [ids.index("pmid:7")])
    # Its number stays with the record that claims it for both.
    assert (new, library.known(new).title) == ("title:moss-keeps-roofs-cool", moss.title)
    library.add([moss, both, PREPRINT, PRINTED])
    assert library.size == 2


def test_what_was_corrected_stays_with_the_paper(library: Library) -> None:
    library.correct(TITLE, Correction(venue="Waves"))
    library.split(TITLE, [1])
    assert by_title(library.papers()) == {"arxiv:2101.00001": "Waves", "doi:10.1000/kelp": "Tides"}


def test_nothing_to_split_is_one_line(library: Library) -> None:
    for leaving in ([], [0, 1], [7]):
        with pytest.raises(LibraryError, match="at least one record on each side"):
            library.split(TITLE, leaving)
    assert library.size == 1


def test_records_that_repeat_what_a_paper_is_called_are_not_kept(tmp_path: Path) -> None:
    with Library.open(tmp_path, embedder=HashedWords("words", 8), create=True) as library:
        library.add([PREPRINT])
        library.add([make_paper(TITLE, f"{TEXT} More.", ["arxiv:2101.00001"], venue="Tides")])
        assert library.parts(TITLE) == []
        assert library._catalog._db.rows("SELECT count(*) FROM parts") == [(0,)]


def test_the_command_says_what_it_did_and_what_to_give(tmp_path: Path) -> None:
    folder, path = tmp_path / "library", tmp_path / "some.jsonl"
    common = {"title": TITLE, "abstract": TEXT}
    rows = [{**common, "arxiv_id": "2101.00001"}, {**common, "doi": "10.1000/kelp"}]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert inside("index", path, "--library", folder).status == 0
    ran = inside("split", "2101.00001", "--library", folder, "--json")
    assert ran.data == {"paper": "arxiv:2101.00001", "new": "doi:10.1000/kelp", "title": TITLE}
    assert inside("index", path, "--library", folder, "--json").data["papers"] == 2
    alone = inside("split", "2101.00001", "--library", folder)
    assert alone.status == 1
    assert "was made of one record; there is nothing to split" in alone.err
    assert inside("undo", "--library", folder, "--json").data["papers"] == 1
    wrong = inside("split", TITLE, "--library", folder, "--record", "3")
    assert (wrong.status, "give a number from 1 to 2" in wrong.err) == (1, True)
