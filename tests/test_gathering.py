"""Gathering: each file stands for itself, and what a small one opens to is bounded."""

import gzip
import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from conftest import HashedWords, holds, invented
from hypothesis import given
from hypothesis import strategies as st

from footnote.index import SourceError
from footnote.index.library import Library
from footnote.index.models import Paper, to_json
from footnote.index.readers import bibtex, jsonl, pubmed
from footnote.index.readers.decompression import PIECE_BYTES
from footnote.index.readers.formats import NothingUsable, read_papers
from footnote.index.readers.gathering import FileReading, Gathered
from footnote.index.storage.ingest.pipeline import Added
from footnote.ui.rendering.import_report import report_html
from tests.command import inside

EELS = '{"title": "Eels", "abstract": "Eels swim."}\n'
SAILS = "@article{a, title = {Sails}, abstract = {Sails tear.}}\n"


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """A file that can be read, one that cannot, and one that can, with a bad line."""
    paths = [tmp_path / name for name in ("a.bib", "broken.bin", "c.jsonl")]
    paths[0].write_text(SAILS)
    paths[1].write_bytes(b"\x89PNG" * 99)
    paths[2].write_text(EELS + "{\n" + json.dumps({"title": "Sails", "abstract": "They do."}))
    return paths


def gathered(*paths: Path, **limits: int) -> tuple[list[FileReading], list[tuple[int, Paper]]]:
    with Gathered(**limits) as found:
        for path in paths:
            found.take(path)
        return found.files, list(found.records())


# Each for itself.


def test_an_unreadable_file_is_named_and_the_others_are_read(three: list[Path]) -> None:
    files, records = gathered(*three)
    assert [file.error for file in files] == [
        None, "this is a picture; give a list of papers as BibTeX, RIS, CSV or JSON", None
    ]  # fmt: skip
    assert [(file.papers, file.refused) for file in files] == [(1, 0), (0, 0), (2, 1)]
    assert [(place, paper.title) for place, paper in records] == [
        (0, "Sails"), (2, "Eels"), (2, "Sails"),
    ]  # fmt: skip


def test_a_file_that_breaks_off_gives_the_papers_before_the_fault(tmp_path: Path) -> None:
    # Its first texts are read before it is seen that one has a password.
    late = tmp_path / "late.zip"
    with zipfile.ZipFile(late, "w") as archive:
        archive.writestr("a.jsonl", EELS)
        archive.writestr("b.jsonl", EELS)
    locked = bytearray(late.read_bytes())
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    late.write_bytes(locked)
    (tmp_path / "good.jsonl").write_text(EELS)
    (broken, good), records = gathered(late, tmp_path / "good.jsonl")
    assert broken.error is not None
    assert "b.jsonl has a password; unpack it first" in broken.error
    assert (broken.papers, good.papers, len(records)) == (1, 1, 2)
    assert broken.remark == f"{late}: only the one paper before the fault can be added"
    ran = inside("index", late, "--library", tmp_path / "library")
    assert ran.status == 1
    assert "1 new" in ran.out
    assert ran.err.splitlines()[-1] == broken.remark
    assert "password" in ran.err
    assert "Not read" not in ran.out
    shown = report_html([broken], Added(1, files={0: Added(1)}))
    assert f"{late}: only the one paper before the fault can be added." in shown
    assert "it breaks off: " in shown
    assert "could not be read" not in shown


def test_a_file_that_loses_a_tenth_of_its_records_says_so_last(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    for lost, told in ((1, f"{path}: 1 of 10 records cannot be used, 10%; is it what you meant?"),
                       (0, "")):  # fmt: skip
        path.write_text(EELS * (10 - lost) + '{"title": "No more"}\n' * lost)
        ((reading,), _) = gathered(path)
        assert reading.remark == told
        ran = inside("index", path, "--library", tmp_path / "library")
        assert [*ran.err.splitlines(), ""][-1 if not lost else -2] == told
    path.write_text(EELS * 11 + '{"title": "No more"}\n')
    assert gathered(path)[0][0].remark == ""


def test_of_each_file_is_said_what_became_of_its_papers(tmp_path: Path) -> None:
    old, other = invented(1), invented(2)
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        library.add([old])
        before = holds(library._catalog)
        records = [(0, old), (0, other), (0, other), (1, other), (1, invented(3)), (4, old)]
        added = library.add_records(records, names=["a", "b", "c"])
        assert added == Added(new=2, unchanged=1)
        assert dict(added.files) == {
            0: Added(new=1, unchanged=1), 1: Added(new=1, unchanged=1), 4: Added(unchanged=1)
        }  # fmt: skip
        library.undo(2)
        assert holds(library._catalog) == before


def test_nothing_readable_is_refused_before_anything_is_written(three: list[Path]) -> None:
    with Gathered() as found:
        found.take(three[1])
        with pytest.raises(SourceError, match=r"broken\.bin: this is a picture"):
            found.check()
        found.take(three[1].parent / "none")
        with pytest.raises(SourceError, match="none of these 2 can be read"):
            found.check()
    with Gathered() as found:
        three[2].write_text("{\n")
        found.take(three[2])
        with pytest.raises(NothingUsable, match="none of 1 records can be used"):
            found.check()


def test_the_command_names_what_it_cannot_read_adds_the_rest_and_fails(
    three: list[Path], tmp_path: Path
) -> None:
    ran = inside("index", *three, "--library", tmp_path / "library", "--json")
    assert ran.status == 1
    assert f"{three[1]}: this is a picture" in ran.err
    assert [file["error"] is None for file in ran.data["files"]] == [True, False, True]
    assert (ran.data["new"], ran.data["problems"]) == (2, 1)
    undone = inside("undo", "--library", tmp_path / "library", "--json")
    assert undone.data["removed"] == 2
    assert undone.data["names"] == [str(three[0]), str(three[2])]
    alone = inside("index", three[1], "--library", tmp_path / "other")
    assert (alone.status, len(alone.err.splitlines())) == (1, 1)
    assert not (tmp_path / "other").exists()


# What opens to more than it seems.


def test_a_packed_file_that_opens_to_too_much_is_refused_and_little_of_it_is_held(
    tmp_path: Path,
) -> None:
    bomb, good = tmp_path / "bomb.jsonl.gz", tmp_path / "good.jsonl.gz"
    with gzip.open(bomb, "wb") as file:
        for _ in range(40):
            file.write(b"\n" * PIECE_BYTES)
    good.write_bytes(gzip.compress(EELS.encode()))
    tracemalloc.start()
    (refused, taken), records = gathered(bomb, good, most_unpacked=20 * PIECE_BYTES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.error == "unpacks to more than 20,971,520 bytes; split it into smaller files"
    assert (taken.papers, len(records)) == (1, 1)
    assert peak < 8 * PIECE_BYTES


def test_papers_of_a_long_file_wait_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl.gz"
    line = json.dumps({"title": "Eels", "abstract": "They swim far. " * 3000}) + "\n"
    path.write_bytes(gzip.compress(line.encode() * 500))
    tracemalloc.start()
    with Gathered() as found:
        found.take(path)
        assert sum(1 for _ in found.records()) == 500
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(line) * 500 / 2


def test_the_papers_of_all_files_are_bounded_together(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.jsonl" for n in range(3)]
    for path in paths:
        path.write_text(EELS * 4)
    line = len(to_json(next(p for p in read_papers(paths[0]) if isinstance(p, Paper)))) + 1
    files, records = gathered(*paths, most_kept=9 * line)
    assert [file.papers for file in files] == [4, 4, 0]
    assert files[2].error is not None
    assert files[2].error.startswith("the papers of all these files take more than")
    assert len(records) == 8


def test_the_limit_is_set_by_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "eels.jsonl.gz"
    path.write_bytes(gzip.compress(EELS.encode() * 100))
    at = ("index", path, "--library", tmp_path / "library")
    ran = inside(*at, FOOTNOTE_MAX_UNPACKED="1k")
    assert (ran.status, ran.err) == (
        1, f"footnote: {path}: unpacks to more than 1,000 bytes; split it into smaller files\n"
    )  # fmt: skip
    assert "FOOTNOTE_MAX_UNPACKED is 'lots'; give" in inside(*at, FOOTNOTE_MAX_UNPACKED="lots").err


def test_abbreviations_cannot_make_a_small_file_large() -> None:
    doubling = '@string{b0 = "' + "x" * 40000 + '"}\n'
    many = "".join(f"@string{{c{n} = b0 # b0}}\n" for n in range(2000))
    entries = "".join(
        f"@article{{k{n}, title={{T{n}}}, abstract = b0 # b0}}\n" for n in range(2000)
    )
    tracemalloc.start()
    found = list(bibtex.read(doubling + many + entries, "bomb.bib"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    papers = [one for one in found if isinstance(one, Paper)]
    written = len(doubling + many + entries)
    assert sum(len(paper.abstract) for paper in papers) < 1_000_000 + 10 * written
    assert peak < 25_000_000
    assert any("grow beyond 10 times its length" in str(one) for one in found)


def test_entities_of_xml_stay_unopened() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = (
        f'<!DOCTYPE PubmedArticleSet [<!ENTITY l0 "ha">{laughs}]><PubmedArticleSet>'
        "<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>T</ArticleTitle>"
        "<Abstract><AbstractText>&l9;</AbstractText></Abstract></Article></MedlineCitation>"
        "</PubmedArticle></PubmedArticleSet>"
    )
    assert len(str(list(pubmed.read(text, "my.xml")))) < 500


def test_a_line_that_nests_or_never_ends_costs_no_other() -> None:
    text = "[" * 100_000 + "\n" + " " * 9 + "[" * jsonl.LONGEST + "\n" + EELS
    deep, long, paper = jsonl.read(text, "my.jsonl")
    assert "my.jsonl:1: " in str(deep)
    assert str(long).startswith("my.jsonl:2: line of 10,000,010 characters, the limit is")
    assert isinstance(paper, Paper)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="it is a pipe"):
        list(read_papers(tmp_path / "pipe"))


# Pieces.

RIS = "TY  - JOUR\r\nTI  - Tide\r\nAB  - It rose.\r\nER  -\r\n\r\nTY  - JOUR\r\nTI  - T\r\n"


@given(st.lists(st.integers(0, 60), max_size=40), st.sampled_from([SAILS * 3, RIS * 2, EELS * 4]))
def test_a_text_in_pieces_reads_as_the_whole(sizes: list[int], text: str) -> None:
    from footnote.index.readers.formats import READERS

    reader = next(one for one in READERS if one.recognises(text))
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    pieces.append(text[at:])
    assert list(reader.read(iter(pieces), "x")) == list(reader.read(text, "x"))
