"""Backup and restore: all comes back without embedding, and nothing but a whole backup is taken."""

import hashlib
import json
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import HashedWords, holds, invented
from test_earlier_library import TokenWords
from test_earlier_library import restore as make_earlier

from footnote.index import FootnoteError
from footnote.index.library import CATALOG, SNAPSHOTS, WORDS, Library
from footnote.index.models import Paper
from footnote.ui.maintenance.archive import MANIFEST, is_member
from footnote.ui.maintenance.backup import back_up
from footnote.ui.maintenance.doctor import examine
from footnote.ui.maintenance.restore import restore
from footnote.ui.storage.topics import LOCAL, Topics
from tests.command import inside
from tests.copies import copy_library

PAPERS = [invented(n) for n in range(1, 9)]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "library"
    with Library.open(folder, embedder=HashedWords(), create=True) as library:
        library.add(PAPERS[:6], names=["one.jsonl"])
        library.add(PAPERS[6:], names=["two.jsonl"])
        library.remove([PAPERS[0].id])
    with Topics.open(folder / "topics.sqlite3") as topics:
        topics.add(LOCAL, "tides")
    (folder / "feedback.jsonl").write_text('{"whole": 1}\n{"half')
    (folder / "runs" / "one").mkdir(parents=True)
    (folder / "runs" / "one" / "rows.jsonl").write_text('{"id": "a"}\n')
    (folder / "sets" / "made-1").mkdir(parents=True)
    (folder / "sets" / "made-1" / "questions.jsonl").write_text('{"id": "q"}\n')
    (folder / "runs" / "link").symlink_to("/etc/hostname")
    return folder


@pytest.fixture(scope="module")
def packed(made, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("packed") / "backup.zip"
    back_up(made, file)
    return file


def left(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_what_is_restored_is_all_that_was_there_and_nothing_is_embedded(made, packed, tmp_path):
    place = tmp_path / "deep" / "library"
    manifest, aside = restore(packed, place)
    assert (manifest.papers, aside) == (7, None)
    embedder = HashedWords()
    with (
        Library.open(made, embedder=HashedWords()) as before,
        Library.open(place, embedder=embedder) as after,
    ):
        assert embedder.texts == []
        assert holds(after._catalog) == holds(before._catalog)
        assert after.imports() == before.imports()
        assert after.removals() == before.removals()
        assert after.searcher.agrees()
        assert after.search("harbour7 tide", k=1)[0].paper == PAPERS[6]
        assert after.search("harbour7", k=9, by="bm25")[0].paper == PAPERS[6]
        after.restore(after.removals()[0].number)
        assert after.paper(PAPERS[0].id) == PAPERS[0]
    with Topics.open(place / "topics.sqlite3") as topics:
        assert [topic.text for topic in topics.list(LOCAL)] == ["tides"]
    assert (place / "topics.sqlite3").stat().st_mode & 0o077 == 0
    assert (place / "feedback.jsonl").read_text() == '{"whole": 1}\n'
    assert (place / "runs" / "one" / "rows.jsonl").read_text() == '{"id": "a"}\n'
    assert (place / "sets" / "made-1" / "questions.jsonl").is_file()
    assert not (place / "runs" / "link").exists()
    assert left(place.parent) == ["library"]


def test_a_backup_while_papers_are_added_is_of_one_moment(tmp_path):
    folder, stop, added = tmp_path / "library", threading.Event(), list[Paper]()
    with Library.open(folder, embedder=HashedWords(), create=True) as library:
        library.add(PAPERS)

        def write() -> None:
            while not stop.is_set():
                added.append(invented(100 + len(added)))
                library.add([added[-1]])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            manifests = []
            for n in range(3):
                while len(added) <= n:
                    time.sleep(0.01)
                manifests.append(back_up(folder, tmp_path / f"{n}.zip"))
        finally:
            stop.set()
            writer.join()
    for n, manifest in enumerate(manifests):
        restore(tmp_path / f"{n}.zip", tmp_path / f"restored{n}")
        with Library.open(tmp_path / f"restored{n}", embedder=HashedWords()) as again:
            # Those in the order of adding, as far as they had come, and no hole among them.
            expected = [*PAPERS, *added][: manifest.papers]
            assert list(again.papers()) == expected
        found = examine(tmp_path / f"restored{n}", "hashed-words")
        assert {one.part for one in found if one.state != "whole"} <= {"embedding"}


def test_a_folder_that_is_not_empty_is_refused_or_moved_aside(made, packed, tmp_path):
    place = tmp_path / "library"
    place.mkdir()
    (place / "mine.txt").write_text("mine")
    with pytest.raises(FootnoteError, match="is not empty; give another folder, or --force"):
        restore(packed, place)
    assert left(place) == ["mine.txt"]
    _, aside = restore(packed, place, force=True)
    assert aside is not None
    assert (aside / "mine.txt").read_text() == "mine"
    assert {CATALOG, WORDS, SNAPSHOTS} <= set(left(place))
    empty = tmp_path / "empty"
    empty.mkdir()
    restore(packed, empty)
    assert (empty / CATALOG).is_file()


def test_a_file_that_is_no_backup_is_never_overwritten(made, packed, tmp_path):
    mine = tmp_path / "mine.zip"
    mine.write_text("my thesis")
    with pytest.raises(FootnoteError, match="is there, and no backup"):
        back_up(made, mine)
    assert mine.read_text() == "my thesis"
    with pytest.raises(FootnoteError, match="within the library"):
        back_up(made, made / "runs" / "backup.zip")
    older = shutil.copy(packed, tmp_path / "older.zip")
    back_up(made, Path(older))
    assert left(tmp_path) == ["mine.zip", "older.zip"]


def refusal(file: Path, place: Path) -> str | None:
    try:
        restore(file, place)
    except FootnoteError as error:
        return str(error)
    return None


def repack(
    packed: Path, file: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]
) -> Path:
    """Writes a backup again with its members and its manifest changed."""
    with zipfile.ZipFile(packed) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(MANIFEST))
    change(members, manifest)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return file


def name_it(name: str) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    """Adds a member of this name, which the manifest names as it should be."""

    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        members[name] = b"x"
        digest = hashlib.sha256(b"x").hexdigest()
        manifest["members"].append({"name": name, "bytes": 1, "sha256": digest})

    return change


def flip(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    content = members["feedback.jsonl"]
    members["feedback.jsonl"] = bytes([content[0] ^ 1]) + content[1:]


def swap(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["topics.sqlite3"] = members[CATALOG]
    for one in manifest["members"]:
        if one["name"] == "topics.sqlite3":
            one["bytes"] = len(members[CATALOG])
            one["sha256"] = hashlib.sha256(members[CATALOG]).hexdigest()


def without_catalog(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del members[CATALOG]
    manifest["members"] = [one for one in manifest["members"] if one["name"] != CATALOG]


CHANGES: dict[str, tuple[Callable[[dict[str, bytes], dict[str, Any]], None], str]] = {
    "up": (name_it("../evil"), "as no backup does"),
    "up within": (name_it("runs/../../evil"), "as no backup does"),
    "absolute": (name_it("/tmp/evil"), "as no backup does"),
    "drive": (name_it("runs/C:evil"), "as no backup does"),
    "backslash": (name_it("runs\\..\\evil"), "as no backup does"),
    "unknown": (name_it("write.lock"), "as no backup does"),
    "a folder": (name_it("runs/one/"), "as no backup does"),
    "changed": (flip, "feedback.jsonl was changed since"),
    "another kind": (swap, "topics.sqlite3: it holds no topics"),
    "gone": (lambda m, _: m.pop("feedback.jsonl") and None, "does not hold what its manifest"),
    "no catalog": (without_catalog, "holds no catalog"),
    "longer": (lambda m, _: m.update({"feedback.jsonl": b"x" * 99}), "manifest that does not fit"),
    "miscounted": (lambda _, of: of.update(papers=99), "does not hold what its manifest counts"),
    "newer format": (lambda _, of: of.update(format=2), "has format 2, this version reads 1; upd"),
    "newer schema": (lambda _, of: of.update(migrations=99), "of schema 1.99, this version reads"),
    "no manifest": (lambda _, of: of.clear(), "has no manifest of a backup"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHANGES)
def test_a_changed_backup_is_refused_in_one_line_and_leaves_nothing(packed, tmp_path, kind):
    change, told = CHANGES[kind]
    file = repack(packed, tmp_path / "changed.zip", change)
    with pytest.raises(FootnoteError) as caught:
        restore(file, tmp_path / "library")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert left(tmp_path) == ["changed.zip"]


def test_a_link_in_a_backup_is_refused(packed, tmp_path):
    file = repack(packed, tmp_path / "link.zip", name_it("runs/x"))
    with zipfile.ZipFile(file) as archive:
        entries = [(entry, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(file, "w") as archive:
        for entry, content in entries:
            if entry.filename == "runs/x":
                entry.external_attr = 0o120777 << 16
            archive.writestr(entry, content)
    with pytest.raises(FootnoteError, match="'runs/x', as no backup does"):
        restore(file, tmp_path / "library")


def test_a_cut_or_foreign_file_is_refused_in_one_line(packed, tmp_path):
    whole = packed.read_bytes()
    place = tmp_path / "library"
    for share in range(0, len(whole), max(1, len(whole) // 12)):
        (tmp_path / "cut.zip").write_bytes(whole[:share])
        with pytest.raises(FootnoteError, match="is no whole backup"):
            restore(tmp_path / "cut.zip", place)
    for at in range(0, len(whole), max(1, len(whole) // 40)):
        (tmp_path / "cut.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        told = refusal(tmp_path / "cut.zip", tmp_path / f"library{at}")
        assert "\n" not in (told or "")
        # Taken only where the byte means nothing, such as a time.
        assert (tmp_path / f"library{at}").exists() == (told is None)
    with zipfile.ZipFile(tmp_path / "foreign.zip", "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(FootnoteError, match="is no backup of Footnote"):
        restore(tmp_path / "foreign.zip", place)
    assert not place.exists()


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("catalog.sqlite3", True), ("runs/a/rows.jsonl", True), ("sets/x/..y", False),
        ("runs/.", False), ("runs//x", False), ("runs/x ", False), ("other/x", False),
        ("runs", False), ("runs/a\x00b", False),
    ],
)  # fmt: skip
def test_a_backup_may_hold_few_names(name: str, may: bool) -> None:
    assert is_member(name) == may


def test_a_library_of_an_earlier_version_is_brought_up_to_date(tmp_path):
    earlier = make_earlier(tmp_path / "earlier")
    assert back_up(earlier, tmp_path / "earlier.zip").migrations == 0
    restore(tmp_path / "earlier.zip", tmp_path / "library")
    embedder = TokenWords()
    with Library.open(tmp_path / "library", embedder=embedder) as library:
        assert library.search("bells out of tune", k=1, by="bm25")[0].paper.title.startswith("Bell")
        assert library.size == 2


def test_the_commands_back_up_and_restore(demo_library, tmp_path):
    folder = copy_library(demo_library.path, tmp_path / "library")
    made = inside("backup", tmp_path / "b.zip", "--library", folder, "--json")
    assert made.data["papers"] == demo_library.size
    told = inside("backup", tmp_path / "b.zip", "--library", folder)
    assert "without embedding" in told.out
    again = inside("restore", tmp_path / "b.zip", "--library", tmp_path / "again", "--json")
    assert (again.status, again.data["papers"]) == (0, demo_library.size)
    refused = inside("restore", tmp_path / "b.zip", "--library", folder)
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    forced = inside("restore", tmp_path / "b.zip", "--library", folder, "--force")
    assert "What was there is in " in forced.out
    assert inside("doctor", "--library", folder, "--check").status == 0
