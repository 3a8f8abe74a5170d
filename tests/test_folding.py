"""What changed since a collection was written is found at once, and folded into a new one later."""

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import chromadb
import pytest
from conftest import HashedWords, invented

from footnote.index import LibraryError, LibraryLocked
from footnote.index.library import SNAPSHOTS, WORDS, Library
from footnote.index.models import Correction, Paper
from footnote.index.search.chroma import COLLECTION
from footnote.index.storage.history.backlog import FEWEST_FOLDED
from footnote.index.storage.ingest.pipeline import add_records

FIRST = [invented(n) for n in range(12)]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    """A closed library whose twelve papers are all folded, to be copied."""
    folder = tmp_path_factory.mktemp("shelf") / "library"
    with Library.open(folder, embedder=HashedWords(), create=True) as library:
        library.add(FIRST)
    return folder


@pytest.fixture
def library(shelf, tmp_path) -> Iterator[Library]:
    path = Path(shutil.copytree(shelf, tmp_path / "library"))
    with Library.open(path, embedder=HashedWords()) as library:
        yield library


def unfolded(library: Library) -> tuple[int, int]:
    """Returns how many passages came, and how many went, since the collection was written."""
    return library._catalog.backlog.count_unfolded()


def assert_holds(library: Library, papers: list[Paper]) -> None:
    """The library finds these papers and no other, by both ways, and its indexes agree."""
    assert library.searcher.agrees()
    for by in ("cosine", "bm25"):
        hits = library.search("tide of the harbour boat", k=1000, by=by)
        assert {hit.paper.id for hit in hits} == {paper.id for paper in papers}
    for paper in papers:
        assert library.search(paper.abstract, k=1)[0].paper.id == paper.id


def test_the_first_papers_are_folded_at_once(library):
    assert (library.status().generation, unfolded(library)) == (1, (0, 0))


def test_one_paper_is_found_at_once_and_writes_no_collection(library):
    library.add([invented(50)])
    assert (library.status().generation, unfolded(library)) == (1, (1, 0))
    assert_holds(library, [*FIRST, invented(50)])


def test_a_removed_paper_is_gone_at_once_and_comes_back_at_once(library):
    library.remove([FIRST[3].id])
    assert unfolded(library) == (0, 1)
    assert_holds(library, [*FIRST[:3], *FIRST[4:]])
    library.restore(1)
    assert (library.status().generation, unfolded(library)) == (1, (0, 0))
    assert_holds(library, FIRST)


def test_what_comes_and_goes_leaves_nothing_to_fold(library):
    library.add([invented(50)])
    library.undo(library.imports()[0].number)
    assert unfolded(library) == (0, 0)
    assert_holds(library, FIRST)


def test_a_fold_is_due_when_so_much_changed_that_it_pays(library):
    new = [invented(n) for n in range(100, 100 + FEWEST_FOLDED)]
    library.add(new)
    assert library.status().generation == 1
    library.add([invented(50)])
    assert (library.status().generation, unfolded(library)) == (2, (0, 0))
    assert_holds(library, [*FIRST, *new, invented(50)])


def test_adding_may_leave_the_fold_to_others(library):
    many = [invented(n) for n in range(100, 101 + FEWEST_FOLDED)]
    library.add(many, fold=False)
    assert library.status().generation == 1
    assert library.fold()
    assert (library.status().generation, unfolded(library)) == (2, (0, 0))


def test_a_fold_that_is_not_due_does_nothing(library):
    library.add([invented(50)])
    assert not library.fold()
    assert library.status().generation == 1


# What changes while a fold is under way.


def add(library: Library) -> None:
    library.add([invented(60)])


def remove_folded(library: Library) -> None:
    library.remove([FIRST[5].id])


def remove_new(library: Library) -> None:
    library.remove([invented(50).id])


def restore_removed(library: Library) -> None:
    library.restore(library.removals()[0].number)


def remove_and_restore(library: Library) -> None:
    remove_folded(library)
    restore_removed(library)


def rewrite_new(library: Library) -> None:
    library.add(
        [
            Paper(
                id=invented(50).id,
                aliases=invented(50).aliases,
                title=invented(50).title,
                abstract=invented(50).abstract + " The tide of its harbour fell. " * 3,
            )
        ]
    )


CHANGES = (add, remove_folded, remove_new, restore_removed, remove_and_restore, rewrite_new)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("late", [False, True], ids=["before writing", "after writing"])
def test_what_changes_during_a_fold_is_neither_lost_nor_found_twice(library, change, late):
    library.add([invented(50)])
    library.remove([FIRST[3].id])
    done: list[Callable[[Library], None]] = []

    def once(*_: int) -> bool:
        if not done:
            done.append(change)
            change(library)
        return False

    assert library.fold(always=True, **({"on_progress": once} if late else {"stopped": once}))
    assert done == [change]
    assert_holds(library, list(library.papers()))
    library.fold(always=True)
    assert unfolded(library) == (0, 0)
    assert_holds(library, list(library.papers()))


def test_a_stopped_fold_goes_on_where_it_was(library, monkeypatch):
    monkeypatch.setattr("footnote.index.search.fold._AT_ONCE", 4)
    library.add([invented(n) for n in range(100, 110)])
    asked: list[int] = []
    assert not library.fold(always=True, stopped=lambda: asked.append(1) or len(asked) > 2)
    assert library.status().generation == 1
    library.add([invented(50)])
    library.remove([invented(101).id])
    steps: list[tuple[int, int]] = []
    assert library.fold(always=True, on_progress=lambda *step: steps.append(step))
    # Eight were written before.
    assert steps[-1] == (3, 3)
    assert unfolded(library) == (0, 0)
    assert_holds(library, list(library.papers()))


def test_a_fold_that_was_killed_before_it_was_named_is_taken_up(library):
    library.add([invented(50)])
    assert not library.fold(always=True, stopped=lambda: True)
    folders = library.path / SNAPSHOTS
    (folders / "2.making").rename(folders / "2")
    assert library.fold(always=True)
    assert (library.status().generation, unfolded(library)) == (2, (0, 0))
    assert_holds(library, [*FIRST, invented(50)])


def test_what_a_killed_fold_left_is_no_collection_of_a_library_embedded_anew(library):
    library.add([invented(50)])
    assert not library.fold(always=True, stopped=lambda: True)
    folders = library.path / SNAPSHOTS
    (folders / "2.making").rename(folders / "2")
    library._catalog.void_collection()
    assert_holds(library, [*FIRST, invented(50)])
    assert library.fold(always=True)
    assert_holds(library, [*FIRST, invented(50)])
    assert unfolded(library) == (0, 0)


def test_a_fold_gives_way_to_a_library_embedded_anew_meanwhile(library):
    library.add([invented(50)])
    voided: list[int] = []

    def void(*_: int) -> None:
        if not voided:
            voided.append(1)
            library._catalog.void_collection()

    assert not library.fold(always=True, on_progress=void)
    assert library.searcher.vectors.base() is None
    assert_holds(library, [*FIRST, invented(50)])
    assert library.fold(always=True)
    assert_holds(library, [*FIRST, invented(50)])


def test_a_rebuild_is_refused_before_anything_while_another_folds(library):
    library.add([invented(50)])
    refused: list[str] = []

    def rebuild(*_: int) -> None:
        with pytest.raises(LibraryLocked, match="is tidying"):
            Library.rebuild(library.path, embedder=HashedWords("other"))
        refused.append("refused")

    assert library.fold(always=True, on_progress=rebuild)
    assert refused
    assert_holds(library, [*FIRST, invented(50)])


def test_indexes_agree_whatever_another_writes_meanwhile(library):
    stop, faults = threading.Event(), []

    def write() -> None:
        with Library.open(library.path, embedder=HashedWords()) as other:
            for number in range(50, 90):
                other.add([invented(number)])
                if number % 3 == 0:
                    other.remove([invented(number).id])
        stop.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not stop.is_set():
        if not library.searcher.vectors.agrees():
            faults.append(1)
    thread.join()
    assert faults == []
    assert_holds(library, list(library.papers()))


def test_a_half_written_fold_that_cannot_be_opened_begins_again(library):
    vectors = library.path / SNAPSHOTS / "2.making" / "vectors"
    vectors.mkdir(parents=True)
    (vectors / "chroma.sqlite3").write_bytes(b"junk" * 4000)
    library.add([invented(50)])
    assert library.fold(always=True)
    assert_holds(library, [*FIRST, invented(50)])


def test_the_collection_says_what_the_catalog_says(library):
    library.add([invented(50)])
    library.remove([FIRST[3].id])
    library.correct(FIRST[4].id, Correction(title="Another name", published="1999"))
    library.fold(always=True)
    generation = str(library.status().generation)
    # A copy: two clients of one folder in a process share their settings.
    copy = shutil.copytree(
        library.path / SNAPSHOTS / generation / "vectors", library.path.parent / "copy"
    )
    opened = chromadb.PersistentClient(str(copy)).get_collection(
        COLLECTION, embedding_function=None
    )
    rows = opened.get(include=["documents", "metadatas"])
    told = {row["title"]: (row.get("year"), text) for row, text in zip(
        rows["metadatas"], rows["documents"], strict=True)}  # fmt: skip
    assert told == {p.title: (p.year, p.abstract) for p in library.papers()}
    assert told["Another name"][0] == 1999


def described(library: Library) -> dict[str, int | None]:
    """Returns the year of each paper as the collection in use says it."""
    library.fold(always=True)
    rows = library.searcher.vectors.base()._collection.get(include=["metadatas"])["metadatas"]
    return {row["paper_id"]: row.get("year") for row in rows}


def test_a_change_that_is_taken_back_and_done_again_reaches_the_collection(library):
    library.correct(FIRST[4].id, Correction(published="1999"))
    assert described(library)[FIRST[4].id] == 1999
    library.undo(library.imports()[0].number)
    assert described(library)[FIRST[4].id] == 2021
    library.restore(library.removals()[0].number)
    assert described(library)[FIRST[4].id] == 1999


def test_a_collection_that_is_gone_is_said_and_not_searched_without(library):
    library.close()
    shutil.rmtree(library.path / SNAPSHOTS)
    with Library.open(library.path, embedder=HashedWords()) as again:
        assert_holds(again, FIRST)
        (folder,) = (library.path / SNAPSHOTS).iterdir()
        shutil.rmtree(folder)
        again.searcher.vectors.close()
        with pytest.raises(LibraryError, match="is gone; open the library again"):
            again.search("tide", k=3)


def test_words_that_a_killed_writer_left_are_written_by_whoever_tidies(library):
    add_records(library._catalog, [(0, invented(50))])
    assert library.search("harbour50", k=1, by="bm25") == []
    assert library.needs_tidying()
    library.tidy()
    assert_holds(library, [*FIRST, invented(50)])


def test_a_tail_is_folded_before_it_grows_without_end(library, monkeypatch):
    monkeypatch.setattr("footnote.index.storage.history.backlog.MOST_TAIL", 100)
    tails: list[int] = []
    many = [invented(n) for n in range(100, 700)]
    library.add(many, on_progress=lambda _: tails.append(unfolded(library)[0]), fold=False)
    # Once past the bound it is folded, and next when it is as long as the collection.
    assert library.status().generation > 2
    assert max(tails) < len(many) / 2 + 200
    assert library.searcher.agrees()
    assert len(library.search("tide", k=1000)) == len(FIRST) + len(many)


def test_others_write_while_what_waits_is_embedded(library):
    many = [invented(n) for n in range(100, 300)]
    add_records(library._catalog, [(0, paper) for paper in many])
    added: list[int] = []

    def write() -> bool:
        if len(added) < 2:
            added.append(library.add([invented(60 + len(added))], fold=False).new)
        return False

    library.tidy(stopped=write)
    assert added == [1, 1]
    assert library.waiting == 0


def test_many_changes_in_any_order_lose_nothing(library):
    chance, number = random.Random(7), 200
    for step in range(40):
        do = chance.choice(["add", "add", "remove", "restore", "undo", "fold", "open"])
        if do == "add":
            number += 3
            library.add([invented(n) for n in range(number - 3, number)], fold=False)
        elif do == "remove" and library.size > 2:
            library.remove([chance.choice(list(library.papers())).id])
        elif do == "restore" and library.removals():
            library.restore(library.removals()[0].number)
        elif do == "undo" and (
            newest := next((i for i in library.imports() if not i.undone), None)
        ):
            library.undo(newest.number)
        elif do == "fold":
            library.fold(always=True)
        if step % 5 == 4:
            assert_holds(library, list(library.papers()))
    library.fold(always=True)
    assert unfolded(library) == (0, 0)
    assert_holds(library, list(library.papers()))


def scores(library: Library) -> dict[str, float]:
    hits = library.search("tide of the harbour3 boat4", k=1000, by="bm25")
    return {hit.paper.id: round(hit.score, 5) for hit in hits}


def test_words_weigh_as_if_what_left_had_never_been_there(library, monkeypatch):
    before = scores(library)
    library.add([invented(50)])
    library.remove([invented(50).id])
    assert scores(library) == before
    # In a large library they do so once it is tidied.
    monkeypatch.setattr("footnote.index.search.word_index.REWRITTEN", 1)
    library.remove([FIRST[3].id])
    library.restore(library.removals()[0].number)
    assert scores(library) != before
    assert library.needs_tidying()
    library.tidy()
    assert scores(library) == before
    assert not library.searcher.words.is_due()


def test_a_reader_goes_on_with_the_words_it_read_while_they_are_replaced(library):
    with Library.open(library.path, embedder=HashedWords()) as reader:
        before = scores(reader)
        shutil.rmtree(library.path / WORDS)
        library._catalog.set_meta(another="state")
        assert scores(reader) == before
        library.add([invented(50)])
        assert invented(50).id in scores(reader)
    # What was written anew holds no trace of what it replaced.
    assert not library.searcher.words.is_due()
    assert library._catalog.meta("stale") == "0"
