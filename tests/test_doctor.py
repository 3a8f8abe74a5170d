"""Doctor: each fault is found and told in one line, and what can be made again is made again."""

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashedWords, invented

from footnote.index import LibraryLocked
from footnote.index.library import CATALOG, LOCK, SNAPSHOTS, WORDS, Library
from footnote.index.storage.ingest.write_lock import WriteLock
from footnote.ui.maintenance.doctor import examine, repair
from footnote.ui.maintenance.findings import Finding, count_wrong
from footnote.ui.maintenance.user_files import examine_room, examine_user_files
from footnote.ui.storage.topics import Topics
from tests.command import inside
from tests.copies import copy_library

PAPERS = [invented(n) for n in range(1, 9)]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "library"
    with Library.open(folder, embedder=HashedWords(), create=True) as library:
        library.add(PAPERS)
        library.fold(always=True)
    return folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "library"))


def change(folder: Path, *statements: str) -> None:
    with sqlite3.connect(folder / CATALOG) as catalog:
        for statement in statements:
            catalog.execute(statement)
    catalog.close()


def look(folder: Path) -> list[Finding]:
    return [one for one in examine(folder, "hashed-words") if one.state != "whole"]


def everything(folder: Path) -> tuple[list[str], set[str], set[str]]:
    with Library.open(folder, embedder=HashedWords()) as library:
        words = {hit.paper.id for hit in library.search("tide", k=99, by="bm25")}
        meaning = {hit.paper.id for hit in library.search("tide", k=99)}
        return [paper.id for paper in library.papers()], words, meaning


def test_a_whole_library_is_said_to_be_whole(folder):
    found = examine(folder, "hashed-words")
    assert [one.state for one in found] == ["whole"] * len(found)
    assert [one.part for one in found] == ["catalog", "words", "collection", "settings", "disk"]
    assert found[0].line == "ok: catalog: 8 papers; every row belongs to one"


def lose_words(folder: Path) -> None:
    shutil.rmtree(folder / WORDS)


def lose_collection(folder: Path) -> None:
    shutil.rmtree(folder / SNAPSHOTS)


def leave_folders(folder: Path) -> None:
    (folder / SNAPSHOTS / "99.copying").mkdir()


FAULTS: dict[str, Callable[[Path], None]] = {
    "passages that belong to no paper": lambda f: change(
        f, "INSERT INTO passages (paper, first, last, vector) VALUES (999, 0, 5, zeroblob(1024))"
    ),
    "tokens that belong to no passage": lambda f: change(
        f, "INSERT INTO tokens VALUES (999, 1, 'reader', x'', x'')"
    ),
    "aliases that belong to no paper": lambda f: change(
        f, "INSERT INTO aliases VALUES ('id:none', 999)"
    ),
    "papers without an identifier": lambda f: change(f, "DELETE FROM aliases WHERE paper = 2"),
    "sentences lie outside": lambda f: change(
        f, "UPDATE papers SET sentences = '[[0, 10], [10, 9999]]' WHERE number = 3"
    ),
    "passages that lie outside": lambda f: change(
        f, "UPDATE passages SET last = 9999 WHERE paper = 4"
    ),
    "vectors of a wrong length": lambda f: change(
        f, "UPDATE passages SET vector = x'0011' WHERE paper = 5"
    ),
    "without a passage": lambda f: change(f, "DELETE FROM passages WHERE paper = 6"),
    "wait to be embedded": lambda f: change(
        f, "DELETE FROM passages WHERE paper = 7",
        "UPDATE papers SET sentences = '' WHERE number = 7",
    ),
    "index does not hold": lose_words,
    "it does not hold": lose_collection,
    "folders that nobody reads (snapshots/99.copying)": leave_folders,
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_what_can_be_made_again_is_found_and_made_again(folder, what):
    before = everything(folder)
    FAULTS[what](folder)
    found = examine(folder, "hashed-words")
    faults = [one for one in found if one.state != "whole"]
    assert any(what in one.found and one.mendable for one in faults), faults
    assert all("\n" not in one.line and one.means and one.todo for one in faults)
    after = repair(folder, found, HashedWords)
    assert count_wrong(after) == 0, after
    assert [one.line for one in after if what in one.found and one.state == "repaired"]
    assert everything(folder) == before
    assert look(folder) == []


def test_what_cannot_be_made_again_is_told_and_left(folder):
    change(folder, "UPDATE papers SET record = '{}' WHERE number = 1")
    (found,) = [one for one in look(folder) if one.part == "catalog"]
    assert found.line == (
        "wrong: catalog: 1 records that are no papers; these papers cannot be read; "
        "restore a backup: footnote restore FILE --library DIR"
    )
    assert not found.mendable


def test_a_damaged_catalog_is_told_in_one_line(folder):
    path = folder / CATALOG
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + bytes(4096) + whole[12288:])
    found = look(folder)
    assert [one.part for one in found] == ["catalog"]
    assert "papers may be lost or wrong; restore a backup" in found[0].line


def test_another_version_is_told_and_an_older_one_brought_up_to_date(folder):
    change(folder, "PRAGMA user_version = 6")
    (older,) = look(folder)
    assert (older.state, older.found[:10]) == ("note", "schema 1.6")
    everything(folder)
    assert look(folder) == []
    change(folder, "PRAGMA user_version = 99")
    (newer,) = look(folder)
    assert "has schema 1.99, this version reads 1." in newer.found
    assert "; update Footnote, or " in newer.found


def test_another_embedder_is_told(folder):
    (found,) = [one for one in examine(folder, "other") if one.state == "wrong"]
    assert found.line.startswith(
        "wrong: embedder: the library was built with hashed-words, the settings ask for other"
    )


def test_readers_files_are_examined(folder):
    with Topics.open(folder / "topics.sqlite3"):
        pass
    shutil.copy(folder / "topics.sqlite3", folder / "conversations.sqlite3")
    (folder / "annotations.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(5000))
    (folder / "feedback.jsonl").write_text('{"thumb": "up"\n')
    (folder / "runs" / "stopped").mkdir(parents=True)
    (folder / "runs" / "bad").mkdir()
    (folder / "runs" / "bad" / "rows.jsonl").write_text("[]\n")
    (folder / "sets" / "empty").mkdir(parents=True)
    told = {one.part: one for one in examine_user_files(folder)}
    states = {part: one.state for part, one in told.items()}
    assert states == {
        "conversations.sqlite3": "wrong",
        "topics.sqlite3": "whole",
        "annotations.sqlite3": "wrong",
        "feedback.jsonl": "wrong",
        "runs/bad": "wrong",
        "sets/empty": "wrong",
    }
    assert told["conversations.sqlite3"].found == "it holds no conversations"
    assert "the first is line 1" in told["feedback.jsonl"].found


def test_a_full_disk_is_told(folder):
    assert examine_room(folder).state == "whole"
    assert examine_room(folder, 1_000).line == (
        "wrong: disk: 0.0 GB are free; a new collection needs 0.1 GB beside the old one; "
        "free disk space"
    )


def test_the_command_repairs_looks_folds_and_tells_by_its_status(demo_library, tmp_path):
    folder = copy_library(demo_library.path, tmp_path / "library")
    shutil.rmtree(folder / WORDS)
    looked = inside("doctor", "--library", folder, "--check", "--json")
    assert looked.status == 1
    assert looked.data["wrong"] == 1
    assert not (folder / WORDS).exists()
    mended = inside("doctor", "--library", folder)
    assert mended.status == 0
    assert "\nrepaired: words: their index does not hold" in f"\n{mended.out}"
    generations = {one.name for one in (folder / SNAPSHOTS).iterdir()}
    assert inside("doctor", "--library", folder, "--fold").status == 0
    assert {one.name for one in (folder / SNAPSHOTS).iterdir()} - generations
    both = inside("doctor", "--library", folder, "--fold", "--check")
    assert (both.status, both.err.count("\n")) == (2, 1)
    assert inside("doctor", "--library", tmp_path / "none").status == 1
    change(folder, "UPDATE papers SET record = '{}' WHERE number = 1")
    assert inside("doctor", "--library", folder).status == 1


def test_a_second_writer_waits_or_is_refused_at_once(folder):
    lock = WriteLock(folder / LOCK)
    with lock.hold():
        began = time.monotonic()
        with (
            Library.open(folder, embedder=HashedWords()) as library,
            pytest.raises(LibraryLocked, match="another process is writing"),
        ):
            library.add([invented(20)])
        with (
            Library.open(folder, embedder=HashedWords(), wait=0.2) as library,
            pytest.raises(LibraryLocked, match=r"is still writing .* after 0.2 s"),
        ):
            library.remove([PAPERS[0].id])
        assert time.monotonic() - began < 5
    holding, entered = threading.Event(), threading.Event()

    def hold() -> None:
        with WriteLock(folder / LOCK).hold():
            entered.set()
            holding.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    entered.wait(10)
    threading.Timer(0.4, holding.set).start()
    with Library.open(folder, embedder=HashedWords(), wait=30) as library:
        assert library.add([invented(20)]).new == 1
    other.join()


@pytest.mark.parametrize("command", ["index", "remove", "undo", "correct", "doctor"])
def test_commands_that_write_can_wait(command):
    assert "--wait" in inside(command, "--help").out


def test_findings_are_json(folder):
    shutil.rmtree(folder / WORDS)
    report = inside("doctor", "--library", folder, "--check", "--json")
    (wrong,) = [one for one in json.loads(report.out)["findings"] if one["part"] == "words"]
    assert wrong["state"] == "wrong"
    assert wrong["mendable"]
