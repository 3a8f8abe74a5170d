"""Zotero's own folder is read without touching it; the tables are as its schema makes them."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from footnote.index import SourceError
from footnote.index.models import Paper, Problem
from footnote.index.readers import zotero
from footnote.index.readers.formats import read_papers
from footnote.index.readers.gathering import Gathered
from tests.command import inside

# What is read of github.com/zotero/zotero, resource/schema/userdata.sql and system.sql.
SCHEMA = """
    CREATE TABLE itemTypes (itemTypeID INTEGER PRIMARY KEY, typeName TEXT);
    CREATE TABLE items (itemID INTEGER PRIMARY KEY, itemTypeID INT NOT NULL, key TEXT NOT NULL);
    CREATE TABLE deletedItems (itemID INTEGER PRIMARY KEY);
    CREATE TABLE fields (fieldID INTEGER PRIMARY KEY, fieldName TEXT);
    CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value UNIQUE);
    CREATE TABLE itemData (itemID INT, fieldID INT, valueID, PRIMARY KEY (itemID, fieldID));
    CREATE TABLE creatorTypes (creatorTypeID INTEGER PRIMARY KEY, creatorType TEXT);
    CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT,
                           fieldMode INT);
    CREATE TABLE itemCreators (itemID INT NOT NULL, creatorID INT NOT NULL,
                               creatorTypeID INT NOT NULL, orderIndex INT NOT NULL);
"""
TIDES = {
    "title": "Tides of <i>two</i> harbours", "abstractNote": "We measured.\n\nIt rose.",
    "date": "2019-05-00 May 2019", "publicationTitle": "Journal of Tides", "DOI": "10.1000/tides",
    "url": "https://a.example/tides", "extra": "PMID: 77\nCitation Key: marsh",
}  # fmt: skip
PEOPLE = [("Ada", "Marsh", "author"), ("Ed", "Itor", "editor"), ("", "Tide Group", "author")]


def number(made: sqlite3.Connection, table: str, column: str, value: str) -> int:
    made.execute(
        f"INSERT INTO {table} ({column}) SELECT ? WHERE NOT EXISTS "
        f"(SELECT 1 FROM {table} WHERE {column} = ?)",
        (value, value),
    )
    row = made.execute(f"SELECT rowid FROM {table} WHERE {column} = ?", (value,)).fetchone()
    return int(row[0])


def add(
    made: sqlite3.Connection,
    item: int,
    fields: Mapping[str, str],
    people: Sequence[tuple[str, str, str]] = (),
    kind: str = "journalArticle",
) -> None:
    of = number(made, "itemTypes", "typeName", kind)
    made.execute("INSERT INTO items VALUES (?, ?, ?)", (item, of, f"KEY{item}"))
    for name, value in fields.items():
        pair = (
            number(made, "fields", "fieldName", name),
            number(made, "itemDataValues", "value", value),
        )
        made.execute("INSERT INTO itemData VALUES (?, ?, ?)", (item, *pair))
    for at, (first, last, role) in enumerate(people):
        person = made.execute("INSERT INTO creators VALUES (NULL, ?, ?, 0)", (first, last))
        of = number(made, "creatorTypes", "creatorType", role)
        made.execute(
            "INSERT INTO itemCreators VALUES (?, ?, ?, ?)", (item, person.lastrowid, of, at)
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "Zotero"
    (folder / "storage" / "ABCD").mkdir(parents=True)
    (folder / "storage" / "ABCD" / "notes.txt").write_text("Not a list.")
    with closing(sqlite3.connect(folder / zotero.DATABASE)) as made:
        made.executescript(SCHEMA)
        add(made, 1, TIDES, PEOPLE)
        add(made, 2, {"title": "Without words"})
        add(made, 3, {"title": "A file"}, kind="attachment")
        add(made, 4, {"title": "Thrown away", "abstractNote": "Gone."})
        made.execute("INSERT INTO deletedItems VALUES (4)")
        preprint = {"title": "Gulls", "abstractNote": "They circle.", "date": "2021-03-04 2021",
                    "repository": "arXiv", "archiveID": "arXiv:2103.00001"}  # fmt: skip
        add(made, 5, preprint, kind="preprint")
        made.commit()
    return folder


def test_each_item_is_a_paper_with_what_zotero_knows(folder: Path) -> None:
    tides, without, gulls = read_papers(folder / zotero.DATABASE)
    assert isinstance(tides, Paper)
    assert (tides.title, tides.abstract) == ("Tides of two harbours", "We measured. It rose.")
    assert tides.authors == ("Ada Marsh", "Tide Group")
    assert (tides.published, tides.venue) == ("2019-05", "Journal of Tides")
    assert {"doi:10.1000/tides", "pmid:77"} <= set(tides.aliases)
    assert tides.url == "https://a.example/tides"
    assert isinstance(without, Problem)
    assert str(without) == 'zotero.sqlite: item KEY2: missing "abstract"'
    assert isinstance(gulls, Paper)
    assert (gulls.id, gulls.published, gulls.venue) == ("arxiv:2103.00001", "2021-03-04", "arXiv")


def test_the_folder_is_its_database_and_nothing_in_it_changes(folder: Path) -> None:
    before = (folder / zotero.DATABASE).read_bytes()
    with Gathered() as found:
        found.take(folder)
        assert [(file.papers, file.refused, file.error) for file in found.files] == [(2, 1, None)]
    assert (folder / zotero.DATABASE).read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["storage", zotero.DATABASE]


def test_a_database_that_zotero_holds_locked_is_read(folder: Path) -> None:
    with closing(sqlite3.connect(folder / zotero.DATABASE, isolation_level=None)) as held:
        held.execute("PRAGMA locking_mode = EXCLUSIVE")
        held.execute("BEGIN EXCLUSIVE")
        assert sum(isinstance(one, Paper) for one in read_papers(folder / zotero.DATABASE)) == 2
        held.execute("ROLLBACK")


def test_what_waits_in_the_log_beside_it_is_read_too(folder: Path) -> None:
    with closing(sqlite3.connect(folder / zotero.DATABASE)) as held:
        held.execute("PRAGMA journal_mode = WAL")
        add(held, 9, {"title": "New", "abstractNote": "Just now."})
        held.commit()
        titles = {
            one.title for one in read_papers(folder / zotero.DATABASE) if isinstance(one, Paper)
        }
    assert "New" in titles


def test_another_database_of_that_name_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / zotero.DATABASE
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE papers (title)")
    with pytest.raises(SourceError, match="cannot be read as Zotero's database") as error:
        list(read_papers(path))
    assert "\n" not in str(error.value)


def test_the_command_takes_the_folder(folder: Path, tmp_path: Path) -> None:
    ran = inside("index", folder, "--library", tmp_path / "library", "--json")
    assert (ran.status, ran.data["new"], ran.data["problems"]) == (0, 2, 1)
