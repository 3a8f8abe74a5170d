"""The Chroma collection: what it finds is a matter of what it holds, not of who opens it."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
import pytest
from conftest import HashedWords, invented

from footnote.index.chunking import passages
from footnote.index.library import CATALOG, SNAPSHOTS, Library
from footnote.index.models import make_paper
from footnote.index.search.chroma import (
    COLLECTION,
    DATABASE,
    ChromaIndex,
    DamagedCollection,
    find_damage,
    passage_metadata,
)
from tests.command import ROOT, inside
from tests.copies import replace_file

# Fewer than Chroma would write a graph for on its own; the last ones come by themselves.
FIRST, LATER, WIDTH = 880, 15, 384
FIND = f"""
import sys
import numpy as np
from pathlib import Path
from footnote.index.search.chroma import ChromaIndex

index = ChromaIndex(Path(sys.argv[1]))
for vector in np.random.default_rng(8).standard_normal((60, {WIDTH})).astype(np.float32):
    print(sorted(number for number, _ in index.nearest(vector, 400)))
"""


def test_each_process_that_opens_an_index_finds_the_same(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    # Nearly alike within each of some topics, where a graph loses sight of a few.
    topics = random.standard_normal((20, WIDTH))[random.integers(20, size=FIRST + LATER)]
    vectors = (topics + 0.3 * random.standard_normal(topics.shape)).astype(np.float32)
    index = ChromaIndex(tmp_path)
    index.upsert(list(range(FIRST)), vectors[:FIRST])
    index.upsert(list(range(FIRST, FIRST + LATER)), vectors[FIRST:])
    index.close()
    command = [sys.executable, "-c", FIND, str(tmp_path)]
    found = {subprocess.check_output(command, cwd=ROOT) for _ in range(2)}
    assert len(found) == 1


# What stands in the collection of a library, as Chroma alone sees it.


def collection(library: Library) -> dict[str, tuple[str | None, dict[str, Any] | None]]:
    """Returns the document and the metadata of each passage, as a plain client reads them."""
    newest = max(int(folder.name) for folder in (library.path / SNAPSHOTS).iterdir())
    # A copy: a second client on one folder shares the first one's cache.
    with tempfile.TemporaryDirectory() as folder:
        copied = shutil.copytree(library.path / SNAPSHOTS / str(newest) / "vectors", f"{folder}/c")
        client: Any = chromadb.PersistentClient(str(copied))
        rows = client.get_collection("passages").get(include=["documents", "metadatas"])
        client.close()
    nothing = [None] * len(rows["ids"])
    pairs = zip(rows["documents"] or nothing, rows["metadatas"] or nothing, strict=True)
    return dict(zip(rows["ids"], pairs, strict=True))


def expected(library: Library) -> list[tuple[str, dict[str, Any]]]:
    """Returns the documents and metadata that the papers of a library ask for."""
    rows = []
    for paper in library.papers():
        for passage in passages(paper, library.sentences(paper)):
            dated = {} if paper.year is None else {"year": paper.year}
            places = {"start": passage.start, "end": passage.end}
            text = paper.abstract[passage.start : passage.end]
            rows.append((text, {"paper_id": paper.id, "title": paper.title, **dated, **places}))
    return rows


def assert_describes(library: Library) -> None:
    """The next collection says of each passage what the papers of its library say."""
    library.fold(always=True)
    found = collection(library)
    assert [found[i] for i in sorted(found, key=int)] == expected(library)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    papers = [invented(1), invented(2, None), make_paper("Long", "A tide came in. " * 200)]
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as opened:
        opened.add(papers)
        yield opened


def test_a_collection_holds_texts_and_metadata(library: Library) -> None:
    assert_describes(library)
    assert len(expected(library)) > library.size


def test_what_becomes_of_a_paper_reaches_its_metadata(library: Library) -> None:
    first = invented(1)
    library.add([replace(first, published="2022-01-02"), invented(2, "2020-02-02"), invented(4)])
    assert_describes(library)
    library.add([replace(first, title="Tides anew", published="2022-01-02")])
    library.remove([invented(4).id])
    assert_describes(library)
    library.undo(library.imports()[0].number)
    library.undo(library.imports()[1].number)
    assert_describes(library)
    library.restore(library.removals()[0].number)
    assert_describes(library)


def test_a_year_that_is_taken_back_leaves_the_metadata(tmp_path: Path) -> None:
    index = ChromaIndex(tmp_path)
    dated, undated = (passage_metadata("a:1", "Tides", year, 0, 5) for year in (2020, None))
    index.upsert([1], np.ones((1, 8), np.float32), ["Tides"], [dated])
    assert index._collection.get()["metadatas"] == [dated]
    index.describe({1: undated})
    assert index._collection.get()["metadatas"] == [undated]


def test_a_library_without_documents_stays_so_and_finds_the_same(tmp_path: Path) -> None:
    papers = [invented(n) for n in range(5)]
    found = []
    for kind in (True, False):
        folder = tmp_path / str(kind)
        with Library.open(folder, embedder=HashedWords(), create=True, documents=kind) as library:
            library.add(papers[:3])
        with Library.open(folder, embedder=HashedWords()) as library:
            library.add(papers[3:])
            assert {text is not None for text, _ in collection(library).values()} == {kind}
            found.append(library.search("harbour3", k=5))
    assert found[0] == found[1]


def test_a_library_of_before_gets_its_documents_with_the_next_paper(tmp_path: Path) -> None:
    embedder, folder = HashedWords(), tmp_path / "library"
    with Library.open(folder, embedder=embedder, create=True, documents=False) as library:
        library.add([invented(1), invented(2)])
    # Libraries of before say nothing of documents.
    database = sqlite3.connect(folder / CATALOG)
    with database:
        database.execute("DELETE FROM meta WHERE key = 'documents'")
    database.close()
    embedder.texts.clear()
    with Library.open(folder, embedder=embedder) as library:
        assert {text for text, _ in collection(library).values()} == {None}
        library.add([invented(3)])
        assert None not in {text for text, _ in collection(library).values()}
        assert_describes(library)
    assert len(embedder.texts) == 1


@pytest.mark.parametrize("documents", [True, False])
def test_a_rebuild_changes_whether_there_are_documents(tmp_path: Path, documents: bool) -> None:
    embedder, folder = HashedWords(), tmp_path / "library"
    with Library.open(folder, embedder=embedder, create=True, documents=not documents) as library:
        library.add([invented(1), invented(2)])
    Library.rebuild(folder, embedder=embedder, documents=documents).close()
    with Library.open(folder, embedder=embedder) as library:
        assert {text is not None for text, _ in collection(library).values()} == {documents}


def test_the_command_line_makes_and_changes_a_library_without_documents(tmp_path: Path) -> None:
    source, folder = tmp_path / "papers.jsonl", tmp_path / "library"
    source.write_text('{"title": "Tides", "abstract": "Tides rise.", "year": 2020}\n', "utf-8")
    index = ["index", str(source), "--library", str(folder), "--json"]
    assert inside(*index, "--no-documents").status == 0
    assert inside(*index).status == 0
    refused = inside(*index, "--documents")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.count("\n") == 1
    assert "created without documents; add --rebuild" in refused.err
    assert inside(*index, "--rebuild").status == 0
    assert inside(*index, "--no-documents").status == 0
    assert inside(*index, "--documents", "--rebuild").status == 0
    assert "created with documents" in inside(*index, "--no-documents").err


def test_a_cut_database_is_told_of_before_chroma_opens_it(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        library.add([invented(number) for number in range(30)])
    (folder,) = (tmp_path / "library" / SNAPSHOTS).iterdir()
    file = folder / "vectors" / DATABASE
    whole = file.read_bytes()
    assert find_damage(file) is None
    assert find_damage(file.with_name("new")) is None
    for size in (0, 50, 100, 5_000, len(whole) // 2, len(whole) - 1):
        replace_file(file, whole[:size])
        with pytest.raises(DamagedCollection, match=r"empty|cut"):
            ChromaIndex(file.parent)
    # One that a kill left in the midst of a change is SQLite's to mend.
    journal = file.with_name(f"{DATABASE}-journal")
    journal.write_bytes(b"begun")
    assert find_damage(file) is None
    journal.unlink()
    replace_file(file, b"junk" * 4_000)
    with pytest.raises(DamagedCollection, match="no database"):
        ChromaIndex(file.parent)
    replace_file(file, whole)
    assert ChromaIndex(file.parent).count() == library_passages(tmp_path)


def library_passages(folder: Path) -> int:
    with Library.open(folder / "library", embedder=HashedWords()) as library:
        return library.status().passages


def test_a_collection_that_goes_while_it_is_open_is_told_of_as_damaged(tmp_path: Path) -> None:
    index = ChromaIndex(tmp_path)
    index._client.delete_collection(COLLECTION)
    with pytest.raises(DamagedCollection, match="cannot be read"):
        index.has_documents()
    index.close()
