"""Undo: what an import added goes, what it changed is as it was, one that was killed too."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from conftest import HashedWords, holds, invented, processes

from footnote.index import LibraryError
from footnote.index.library import CATALOG, Library
from footnote.index.models import Paper, make_paper
from footnote.index.storage.ingest import pipeline
from footnote.index.storage.ingest.pipeline import BATCH_RECORDS, Added, Undone
from tests.command import inside

FIRST = [invented(n) for n in range(4)]
LONGER = replace(FIRST[3], abstract="Nothing on the water. " * 9)
MANY = [invented(n) for n in range(256)]


@pytest.fixture
def words() -> HashedWords:
    return HashedWords()


@pytest.fixture
def library(tmp_path, words) -> Iterator[Library]:
    """Four papers, added by the first import."""
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add(FIRST, names=["first.bib"])
        words.texts.clear()
        yield library


def found(library: Library) -> set[str]:
    by_words = {hit.paper.id for hit in library.search("tide harbour water", k=999, by="bm25")}
    by_meaning = {hit.paper.id for hit in library.search("tide", k=999)}
    assert by_words == by_meaning == {paper.id for paper in library.papers()}
    return by_words


# What is noted.


def test_an_import_says_when_from_what_and_how_many(library):
    library.add([*FIRST, LONGER, invented(9)], names=["a.bib", "b.ris"])
    second, first = library.imports()
    assert (first.number, first.names, first.new, first.changed) == (1, ("first.bib",), 4, 0)
    assert (second.number, second.names, second.new, second.changed) == (
        2,
        ("a.bib", "b.ris"),
        1,
        1,
    )
    assert first.complete
    assert not first.undone
    began = datetime.fromisoformat(second.when)
    assert timedelta(0) <= datetime.now(UTC) - began < timedelta(minutes=5)


def test_an_import_that_changes_nothing_is_none(library):
    library.add(FIRST)
    assert [one.number for one in library.imports()] == [1]


# What is taken back.


def test_what_an_import_added_is_gone_and_the_rest_is_found(library, words):
    before = holds(library._catalog)
    library.add([invented(n) for n in range(10, 100)])
    words.texts.clear()
    assert library.undo(2) == Undone(removed=90)
    assert words.texts == []
    assert holds(library._catalog) == before
    assert found(library) == {paper.id for paper in FIRST}
    assert [(one.number, one.undone) for one in library.imports()] == [(2, True), (1, False)]


def test_a_changed_abstract_is_as_it_was_and_found_by_its_old_words(library, words):
    before = holds(library._catalog)
    library.add([LONGER])
    words.texts.clear()
    assert library.undo(2) == Undone(restored=1)
    assert words.texts == [f"{FIRST[3].title}. {FIRST[3].abstract}"]
    assert holds(library._catalog) == before
    assert library.search("gull3 and crab3", k=1)[0].paper == FIRST[3]
    assert library.search("nothing water", k=9, by="bm25") == []


def test_a_changed_fact_is_as_it_was_and_nothing_is_embedded(library, words):
    before = holds(library._catalog)
    library.add([replace(FIRST[3], venue="Tides")])
    assert library.undo(2) == Undone(restored=1)
    assert words.texts == []
    assert holds(library._catalog) == before


def test_two_papers_that_an_import_made_one_are_two_again(library):
    library.add([make_paper("A tide table", "Longer than the other. " * 9, ["doi:10.1000/twin"])])
    before = holds(library._catalog)
    both = [FIRST[3].id, "doi:10.1000/twin"]
    assert library.add([make_paper(FIRST[3].title, "Short.", both)]) == Added(changed=1)
    assert library.size == 4
    assert library.imports()[0].changed == 1
    assert library.undo(3) == Undone(restored=2)
    assert holds(library._catalog) == before
    assert library.paper("10.1000/twin").title == "A tide table"


def test_a_paper_that_took_anothers_name_gives_it_back(library):
    one = make_paper("One", "It is.", ["arxiv:2401.00001", "pmid:7"])
    two = make_paper("Two", "It is too.", ["doi:10.1000/two"])
    library.add([one, two])
    before = holds(library._catalog)
    library.add([make_paper("Both", "Short.", ["doi:10.1000/two", "pmid:7"])])
    assert library.size == 5
    assert library.undo(3) == Undone(restored=2)
    assert holds(library._catalog) == before


def test_a_title_that_two_papers_have_stays_with_the_one_that_had_it(library):
    library.add([make_paper(FIRST[3].title, "Short.", [FIRST[0].id])])
    assert library.paper(FIRST[3].title) == FIRST[3]
    before = holds(library._catalog)
    library.add([replace(FIRST[0], venue="Wind"), replace(FIRST[3], venue="Wind")])
    library.undo(3)
    assert holds(library._catalog) == before


def test_a_paper_that_changed_in_two_batches_is_what_it_was_before_both(library):
    before = holds(library._catalog)
    filler = [invented(n) for n in range(10, 10 + BATCH_RECORDS)]
    library.add([replace(FIRST[0], venue="One"), *filler, LONGER, FIRST[1]])
    library.add([replace(FIRST[0], note="x", abstract=FIRST[0].abstract + " More.")])
    assert [library.undo(3), library.undo(2)] == [
        Undone(restored=1),
        Undone(removed=BATCH_RECORDS, restored=2),
    ]
    assert holds(library._catalog) == before


def test_a_text_that_an_import_brought_goes_with_all_its_passages(tmp_path, words):
    bare = make_paper("On lighthouses", "")
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add([bare])
        library.add([replace(bare, abstract="They shine.")])
        library.undo(2)
        assert (list(library.papers()), library.status().passages) == ([bare], 0)


def test_every_import_is_undone_in_turn_down_to_nothing(library):
    library.add([LONGER])
    library.add([invented(50)])
    for number in (3, 2, 1):
        library.undo(number)
    assert (library.size, found(library)) == (0, set())
    assert library.add(FIRST) == Added(new=4)
    assert library.imports()[0].number == 4


def test_tokens_are_as_they_were(tmp_path, embedder):
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add(FIRST)
        before = library.searcher.tokens(FIRST)
        library.add([LONGER, replace(FIRST[0], venue="Tides")])
        library.undo(2)
        assert library.searcher.has_token_vectors
        after = library.searcher.tokens(FIRST)
        assert set(after) == set(before)
        assert after[FIRST[3].id].vectors.shape == before[FIRST[3].id].vectors.shape


def test_what_was_undone_stays_so_after_opening_again(library, words):
    library.add([LONGER, invented(50)])
    library.undo(2)
    library.close()
    with Library.open(library.path, embedder=words) as again:
        assert list(again.papers()) == FIRST
        assert len(found(again)) == 4


# What cannot be undone.


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "import 1 of .* is not the newest; undo 2 first"),
        (3, "import 3 of .* is undone already; undo 2 first"),
        (9, "has no import 9; undo 2 first"),
    ],
)
def test_only_the_newest_that_stands_can_be_undone(library, number, said):
    library.add([LONGER])
    library.add([invented(50)])
    library.undo(3)
    before = holds(library._catalog), library.imports()
    with pytest.raises(LibraryError, match=said) as caught:
        library.undo(number)
    assert len(str(caught.value).splitlines()) == 1
    assert (holds(library._catalog), library.imports()) == before


def test_with_no_import_there_is_nothing_to_undo(tmp_path, words):
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        assert library.imports() == []
        with pytest.raises(LibraryError, match=r"nothing to undo in .*: it has no import"):
            library.undo(1)


def test_a_library_made_before_imports_were_noted_opens_and_notes_the_next(library, words):
    library.close()
    with sqlite3.connect(library.path / CATALOG) as catalog:
        catalog.executescript("DROP TABLE changes; DROP TABLE imports; PRAGMA user_version = 0;")
    catalog.close()
    with Library.open(library.path, embedder=words) as old:
        assert old.imports() == []
        assert old.remove([FIRST[0].id]) == 1
        old.add([invented(50)])
        assert old.undo(1) == Undone(removed=1)
        assert found(old) == {paper.id for paper in FIRST[1:]}


# What is put back.


def test_an_undone_import_is_put_back_found_and_can_be_undone_again(library, words):
    library.add([LONGER, *(invented(n) for n in range(10, 100))], names=["b.bib"])
    before = holds(library._catalog), library.imports(), found(library)
    library.undo(2)
    (taken,) = library.removals()
    assert (taken.undone, taken.names, taken.papers, taken.changed) == (2, ("b.bib",), 90, 1)
    words.texts.clear()
    assert library.restore(taken.number) == taken
    assert words.texts == []
    assert (holds(library._catalog), library.imports(), found(library)) == before
    assert library.removals() == []
    assert library.undo(2) == Undone(removed=90, restored=1)


def test_removed_papers_are_put_back_with_their_import(library, words):
    library.add([LONGER])
    before = holds(library._catalog), library.imports()
    library.remove([FIRST[3].id, FIRST[0].id])
    library.remove([FIRST[1].id])
    last, first = library.removals()
    assert (first.undone, set(first.names)) == (None, {FIRST[0].title, FIRST[3].title})
    words.texts.clear()
    for taken in (last, first):
        library.restore(taken.number)
    assert words.texts == []
    assert (holds(library._catalog), library.imports()) == before
    assert library.undo(2) == Undone(restored=1)
    assert len(found(library)) == 4


def test_tokens_are_put_back_and_read(tmp_path, embedder):
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add(FIRST)
        before = holds(library._catalog)
        library.undo(1)
        library.restore(library.removals()[0].number)
        assert library.searcher.has_token_vectors
        assert holds(library._catalog) == before


def test_only_what_was_taken_last_goes_back_and_nothing_once_papers_were_added(library):
    library.remove([FIRST[0].id])
    library.remove([FIRST[1].id])
    library.add(FIRST[2:])  # known papers change nothing
    last, first = library.removals()
    for number in (first.number, 99):
        with pytest.raises(LibraryError, match=r"cannot put back removal .*: papers were added"):
            library.restore(number)
    assert library.size == 2
    library.add([invented(50)])
    assert library.removals() == []
    with pytest.raises(LibraryError, match="cannot put back removal"):
        library.restore(last.number)
    assert {"taken_papers", "taken_passages", "takings"} <= kept_empty(library)


def kept_empty(library: Library) -> set[str]:
    """Returns the tables of what was taken that hold nothing."""
    names = library._catalog._db.rows(
        "SELECT name FROM sqlite_master WHERE name GLOB 'taken_*' OR name = 'takings'"
    )
    rows = library._catalog._db.rows
    return {n for (n,) in names if not rows(f"SELECT count(*) FROM {n}")[0][0]}


def put(path: Path, said: Connection) -> None:
    """Puts back what was taken, in a process of its own, and says when it begins."""
    with Library.open(path, embedder=HashedWords()) as library:
        said.send("begins")
        library.restore(library.removals()[0].number)


@pytest.mark.parametrize(
    "delay", [0.02, *(pytest.param(delay, marks=pytest.mark.long) for delay in (0.0, 0.2))]
)
def test_a_killed_redo_leaves_all_or_nothing_and_is_done_again(library, words, delay):
    library.add([LONGER, *MANY])
    before = holds(library._catalog)
    library.undo(2)
    without = holds(library._catalog)
    library.close()
    ours, theirs = processes.Pipe()
    child = processes.Process(target=put, args=(library.path, theirs))
    child.start()
    assert ours.recv() == "begins"
    child.join(delay)
    child.kill()
    child.join()
    with Library.open(library.path, embedder=words) as again:
        if again.removals():
            assert holds(again._catalog) == without
            again.restore(again.removals()[0].number)
        assert holds(again._catalog) == before
        assert found(again) == {paper.id for paper in again.papers()}


# Imports that broke off.


STORED = 64


def write(path: Path, said: Connection) -> None:
    """Adds papers in a process of its own, in small batches, and says so after each."""
    pipeline.BATCH_RECORDS = STORED

    def papers() -> Iterator[Paper]:
        for number, paper in enumerate([LONGER, *MANY]):
            # The batch before is stored when the next is asked for.
            if number and number % STORED == 0:
                said.send("batch")
            yield paper

    with Library.open(path, embedder=HashedWords()) as library:
        library.add(papers())


@pytest.mark.parametrize("batches", [1, pytest.param(3, marks=pytest.mark.long)])
def test_a_killed_import_is_told_as_cut_off_and_undone_as_far_as_it_came(library, words, batches):
    before = holds(library._catalog)
    library.close()
    ours, theirs = processes.Pipe()
    child = processes.Process(target=write, args=(library.path, theirs))
    child.start()
    for _ in range(batches):
        assert ours.recv() == "batch"
    child.kill()
    child.join()
    with Library.open(library.path, embedder=words) as again:
        newest = again.imports()[0]
        assert not newest.complete
        assert newest.new == again.size - len(FIRST) >= batches * STORED - 5
        assert again.undo(newest.number) == Undone(removed=newest.new, restored=1)
        assert holds(again._catalog) == before
        assert found(again) == {paper.id for paper in FIRST}


def test_an_undo_that_fails_changes_nothing(library):
    class Gone(HashedWords):
        def embed(self, texts):
            raise ConnectionError("the endpoint is gone")

    library.add([LONGER, invented(50)])
    before = holds(library._catalog), library.imports()
    library.close()
    with Library.open(library.path, embedder=Gone()) as again:
        with pytest.raises(ConnectionError):
            again.undo(2)
        assert (holds(again._catalog), again.imports()) == before


# The command.


def test_the_command_undoes_the_latest_import_and_says_what_it_did(tmp_path, embedder):
    folder, file = tmp_path / "library", tmp_path / "more.bib"
    file.write_text("@article{a, title = {Sails}, abstract = {Sails tear.}}")
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add(FIRST)
    for _ in range(2):
        assert inside("index", file, "--library", folder).status == 0
    ran = inside("undo", "--library", folder, "--json")
    assert ran.data.pop("when") > "2020"
    assert ran.data | {"when": None} == {
        "import": 2, "when": None, "names": [str(file)], "complete": True,
        "removed": 1, "restored": 0, "papers": 4,
    }  # fmt: skip
    inside("index", file, "--library", folder)
    ran = inside("undo", "--library", folder)
    assert ran.out.startswith(f"Import 3 of {file} (20")
    assert ran.out.endswith(" is undone: 1 removed, 0 restored, 4 papers in the library\n")


def test_the_command_puts_back_what_was_undone_or_removed_last(tmp_path, embedder):
    folder, file = tmp_path / "library", tmp_path / "more.bib"
    file.write_text("@article{a, title = {Sails}, abstract = {Sails tear.}}")
    at = ("--library", folder)
    inside("index", file, *at)
    inside("remove", "Sails", *at)
    ran = inside("undo", "--redo", *at)
    assert ran.out == (
        "What was removed is put back: 1 again, 0 changed again, 1 papers in the library\n"
    )
    inside("undo", *at)
    assert inside("undo", "--redo", *at, "--json").data == {
        "import": 1, "names": [str(file)], "papers": 1, "restored": 1, "changed": 0
    }  # fmt: skip
    ran = inside("undo", "--redo", *at)
    assert (ran.status, ran.err.count("nothing to redo")) == (1, 1)
