"""A file is committed batch by batch while it is read, and the result is that of one batch."""

import json
import random
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from footnote.index.library import CATALOG, Library
from footnote.index.models import Paper, to_json
from footnote.index.readers import gathering
from footnote.index.readers.gathering import Gathered
from footnote.index.storage.database import read_rows
from footnote.index.storage.ingest import pipeline
from tests.command import inside
from tests.conftest import HashedWords, invented


@pytest.fixture
def sevens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of seven records, each of which can be found by its words at once."""
    monkeypatch.setattr(gathering, "STEP_RECORDS", 7)
    monkeypatch.setattr(pipeline, "BATCH_RECORDS", 7)
    monkeypatch.setattr(pipeline, "WRITTEN_RECORDS", 7)


def write(path: Path, records: Sequence[dict[str, Any]], *, end: str = "") -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records) + end)
    return path


def many(count: int) -> list[dict[str, Any]]:
    return [json.loads(to_json(invented(number))) for number in range(1, count + 1)]


def add(folder: Path, records: Iterator[tuple[int, Paper]], found: Gathered) -> int | None:
    with Library.open(folder, embedder=HashedWords(), create=True) as library:
        return library.add_records(records, names=lambda: found.names).number


def texts(folder: Path) -> list[tuple[str, list[str]]]:
    """Returns every paper and the names that lead to it, whatever its number."""
    with Library.open(folder, embedder=HashedWords()) as library:
        names = library._catalog._db.rows("SELECT alias, paper FROM aliases ORDER BY alias")
        numbered = library._catalog._db.rows("SELECT number, record FROM papers")
        return sorted((row, [a for a, of in names if of == number]) for number, row in numbered)


def ids(folder: Path) -> list[tuple[str]]:
    return read_rows(folder / CATALOG, "SELECT id FROM papers")


@pytest.mark.usefixtures("sevens")
def test_papers_are_there_before_their_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "many.jsonl", many(40))
    seen = []
    with Gathered() as found:
        found.plan(found.read(path))

        def watched() -> Iterator[tuple[int, Paper]]:
            for count, record in enumerate(found.records(), 1):
                if count == 30:
                    with Library.open(tmp_path / "library", embedder=HashedWords()) as reader:
                        seen.append(reader.size)
                        seen.append(reader.search("harbour25", k=1, by="bm25")[0].paper.id)
                        seen.append(found.papers)
                yield record

        add(tmp_path / "library", watched(), found)
    # Four batches are committed; of the file five steps are read.
    assert seen == [28, invented(25).id, 35]
    assert found.files[0].papers == 40


@pytest.mark.usefixtures("sevens")
def test_a_killed_import_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "many.jsonl", many(40))

    def killed(records: Iterator[tuple[int, Paper]]) -> Iterator[tuple[int, Paper]]:
        for count, record in enumerate(records):
            if count == 25:
                raise KeyboardInterrupt
            yield record

    with Gathered() as found:
        found.plan(found.read(path))
        with pytest.raises(KeyboardInterrupt):
            add(tmp_path / "library", killed(found.records()), found)
    with Library.open(tmp_path / "library", embedder=HashedWords()) as library:
        assert library.size == 21
        assert [(one.new, one.complete) for one in library.imports()] == [(21, False)]
        assert library.imports()[0].names == (str(path),)
    with Gathered() as found:
        found.plan(found.read(path))
        add(tmp_path / "library", found.records(), found)
    with Gathered() as found:
        found.take(path)
        add(tmp_path / "whole", found.records(), found)
    assert texts(tmp_path / "library") == texts(tmp_path / "whole")


def repeated() -> list[dict[str, Any]]:
    """Returns records of which several are one paper: by identifier, by title, and by a third."""
    records = many(20)
    for number in (2, 5, 9, 13):
        paper = invented(number)
        # A listing without authors, and the preprint under a second identifier.
        records.append({"title": paper.title, "abstract": paper.abstract, "authors": []})
        records.append(
            {
                "title": paper.title,
                "abstract": paper.abstract,
                "authors": ["Ada Quay"],
                "doi": f"10.1000/{number}",
                "year": 2021,
            }
        )
        records.append({"title": f"{paper.title}.", "arxiv_id": f"2105.{number:05d}v3",
                        "abstract": f"{paper.abstract} It fell again.", "year": 2021})  # fmt: skip
    random.Random(4).shuffle(records)
    return records


def test_one_file_in_batches_is_the_same_library_as_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "repeated.jsonl", repeated())
    for size in (7, 1_000):
        for module, name in ((gathering, "STEP_RECORDS"), (pipeline, "BATCH_RECORDS")):
            monkeypatch.setattr(module, name, size)
        with Gathered() as found:
            found.plan(found.read(path))
            add(tmp_path / f"{size}", found.records(), found)
    # Four have a DOI and an author, which those of an arXiv number and none may lack.
    assert len(texts(tmp_path / "7")) == 24
    assert texts(tmp_path / "7") == texts(tmp_path / "1000")


@pytest.mark.usefixtures("sevens")
def test_what_went_in_before_a_file_turned_bad_stays_and_is_undone_whole(tmp_path: Path) -> None:
    path, library = tmp_path / "late.zip", tmp_path / "library"
    with zipfile.ZipFile(path, "w") as archive:
        for name in "ab":
            archive.write(write(tmp_path / f"{name}.jsonl", many(30)), f"{name}.jsonl")
    # The second text is locked.
    locked = bytearray(path.read_bytes())
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(locked)
    done = inside("index", path, "--library", library)
    assert done.status == 1
    assert "b.jsonl has a password" in done.err
    assert done.err.splitlines()[-1].endswith("only the 30 papers before the fault can be added")
    assert len(ids(library)) == 30
    assert inside("undo", "--library", library).status == 0
    assert ids(library) == []


@pytest.mark.usefixtures("sevens")
def test_a_file_without_papers_makes_no_library(tmp_path: Path) -> None:
    path = write(tmp_path / "none.jsonl", [{"title": ""}] * 30)
    assert inside("index", path, "--library", tmp_path / "library").status != 0
    assert not (tmp_path / "library").exists()


@pytest.mark.usefixtures("sevens")
def test_records_are_given_again_from_the_first_whoever_stopped_before(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.jsonl", many(20)[n::2]) for n in (0, 1)]
    with Gathered() as found:
        for path in paths:
            found.plan(found.read(path))
        first = found.records()
        begun = [next(first) for _ in range(3)]
        assert found.files[0].papers == 7
        again = list(found.records())
        assert again[:3] == begun
        assert begun + list(first) == again
        assert [place for place, _ in again] == [0] * 10 + [1] * 10
