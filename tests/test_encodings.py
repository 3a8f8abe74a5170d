"""Files of any encoding, packed in any usual way, read as the same text."""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index import SourceError
from footnote.index.models import Paper, Problem
from footnote.index.readers.decompression import PIECE_BYTES, read_text, read_texts, zstd
from footnote.index.readers.encodings import decode
from footnote.index.readers.formats import read_papers
from footnote.index.readers.gathering import Gathered

TEXT = "Marées à Brest — Jörg Müller: 10 µm “tides”\nÉté\n"
EELS = '{"title": "Eels", "abstract": "They swim."}\n'
SAILS = "@article{a, title = {Sails}, abstract = {They tear.}}\n"


def zipped(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            # Its time would differ between the processes that collect the tests.
            archive.writestr(zipfile.ZipInfo(name.replace("__", ".")), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def read(path: Path, data: bytes) -> list[Paper | Problem]:
    path.write_bytes(data)
    return list(read_papers(path))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_a_text_is_the_same_in_every_encoding(encoding: str) -> None:
    assert "".join(decode([TEXT.encode(encoding)])) == TEXT


def test_latin_1_and_a_bad_byte_among_utf_8_are_read() -> None:
    assert "".join(decode(["Jörg à Brest".encode("latin-1")])) == "Jörg à Brest"
    assert "".join(decode(["Jörg à ".encode() + b"Brest\xe9!"])) == "Jörg à Bresté!"
    # A byte that is nothing in Windows-1252, and one of them at the very end.
    assert "".join(decode([b"a\x81b"])) == "a\x81b"


def test_marks_and_zeros_within_a_text_and_ends_of_lines_mean_nothing() -> None:
    joined = codecs.BOM_UTF8 + b"one\r\ntwo\r" + codecs.BOM_UTF8 + b"th\0ree\n"
    assert "".join(decode([joined])) == "one\ntwo\nthree\n"


@given(
    st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), min_size=4),
    st.sampled_from(["utf-8", "utf-16", "utf-32"]),
    st.lists(st.integers(1, 7), max_size=9),
)
def test_a_text_in_pieces_is_the_whole(text: str, encoding: str, sizes: list[int]) -> None:
    data, pieces, at = text.encode(encoding), [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    assert "".join(decode([*pieces, data[at:]])) == "".join(decode([data]))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_a_file_packed_in_any_way_is_read(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (paper,) = read(tmp_path / "x", pack(EELS.encode("utf-16")))
    assert isinstance(paper, Paper)
    assert paper.title == "Eels"


def test_an_archive_is_read_member_by_member(tmp_path: Path) -> None:
    members = {"a__jsonl": EELS + "{\n", "in/b__bib": SAILS, "LICENSE": "Free.", "__hidden": EELS}
    found = read(tmp_path / "all.zip", zipped(**members))
    assert [one.title for one in found if isinstance(one, Paper)] == ["Eels", "Sails"]
    problems = [str(one) for one in found if isinstance(one, Problem)]
    assert problems[0].startswith("all.zip/a.jsonl:2: not JSON")
    assert problems[1].startswith("all.zip/LICENSE: not a known format")


def test_members_of_an_archive_may_be_packed_or_none_of_papers(tmp_path: Path) -> None:
    members = {
        "a.jsonl.gz": gzip.compress(EELS.encode()), "b.bib.zst": zstd.compress(SAILS.encode()),
        "c.png": b"\x89PNG", "d.pdf": b"%PDF-1.4", "e.zip": zipped(a="x"), "f.gz": b"\x1f\x8b\x08x",
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    found = read(tmp_path / "all.zip", out.getvalue())
    assert [one.title for one in found if isinstance(one, Paper)] == ["Eels", "Sails"]
    told = {one.path: one.message for one in found if isinstance(one, Problem)}
    assert told["all.zip/c.png"].startswith("this is a picture")
    assert told["all.zip/d.pdf"] == "this is a PDF within an archive; unpack it first"
    assert told["all.zip/e.zip"] == "this is a ZIP archive within an archive; unpack it first"
    assert "cannot be read" in told["all.zip/f.gz"]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_what_stands_before_the_fault_of_a_packed_file_is_read(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    # Long texts that hardly pack, so that few records fill several blocks.
    noise = Random(1).randbytes(2_000_000).hex()
    parts = (noise[at : at + 500] for at in range(0, len(noise), 500))
    lines = (f'{{"title": "{n}", "abstract": "Eels {part}."}}\n' for n, part in enumerate(parts))
    (tmp_path / "cut").write_bytes(pack("".join(lines).encode())[:-2000])
    with Gathered() as found:
        found.take(tmp_path / "cut")
        (file,) = found.files
        titles = [paper.title for _, paper in found.records()]
    assert "cannot be read" in (file.error or "")
    assert titles[:2] == ["0", "1"]
    assert file.papers == len(titles) > 4_000


def test_an_archive_that_opens_to_too_much_in_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped(a=EELS * 4000, b=EELS * 4000))
    assert path.stat().st_size < 5000
    for most in (5000, 4500 * len(EELS)):
        with pytest.raises(SourceError, match="unpacks to more than"):
            list(read_papers(path, most_unpacked=most))
    assert len(list(read_papers(path, most_unpacked=9000 * len(EELS)))) == 8000


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x89PNG\r\n", "this is a picture"),
        (b"\x28\xb5\x2f\xfd", "cannot be read"),
        (b"SQLite format 3\0", "this is an SQLite database"),
        (zipped(**{"META-INF/container__xml": "x"}), "this is an EPUB; save it as PDF, or give"),
        (zipped(**{"xl/workbook__xml": "x"}), "this is an Excel workbook; save the sheet as CSV"),
        (zipped(a="")[:30], "cannot be read"),
        (gzip.compress(EELS.encode())[:-4], "cannot be read"),
        (zipped(), "the file is empty"),
    ],
    ids="png zstd-cut sqlite epub xlsx zip-cut gzip-cut zip-empty".split(),
)
def test_what_holds_no_papers_is_named_in_one_line(data: bytes, told: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=told) as error:
        read(tmp_path / "file", data)
    assert "\n" not in str(error.value)


def test_a_record_behind_a_long_header_is_found(tmp_path: Path) -> None:
    (paper,) = read(tmp_path / "x.bib", ("About this file. " * 900 + "\n" + SAILS).encode())
    assert isinstance(paper, Paper)


def test_a_long_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(("é" * PIECE_BYTES).encode() + b"\xe9x")
    ((_, text),) = [(name, list(pieces)) for name, pieces in read_texts(path)]
    assert len(text) > 1
    assert "".join(text) == "é" * (PIECE_BYTES + 1) + "x"
    # Of our own files nothing is guessed.
    with pytest.raises(SourceError, match=f"byte 0xe9 at offset {2 * PIECE_BYTES} is not UTF-8"):
        list(read_text(path))
