"""A file that is none of papers is named, with what to give in its place, on one line."""

import gzip
import io
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pytest

from footnote.index import SourceError
from footnote.index.readers.foreign import name_archive, name_text
from footnote.index.readers.formats import read_papers


def zipped(*names: str, kind: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            # Its time would differ between the processes that collect the tests.
            archive.writestr(zipfile.ZipInfo(name), kind if name == "mimetype" else "x")
    return out.getvalue()


def database() -> bytes:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE papers (title)")
    data = made.serialize()
    made.close()
    return data


def archived() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.bib"))
    return out.getvalue()


ODF = "application/vnd.oasis.opendocument."
FILES = {
    "epub": (zipped("mimetype", "META-INF/container.xml"), "an EPUB; save it as PDF"),
    "docx": (zipped("word/document.xml"), "a Word document; save it as PDF"),
    "xlsx": (zipped("xl/workbook.xml"), "an Excel workbook; save the sheet as CSV"),
    "ods": (
        zipped("mimetype", "content.xml", kind=ODF + "spreadsheet"),
        "an OpenDocument spreadsheet; save the sheet as CSV",
    ),
    "odt": (zipped("mimetype", "content.xml", kind=ODF + "text"), "an OpenDocument text; save it"),
    "pptx": (zipped("ppt/presentation.xml"), "a PowerPoint file; save it as PDF"),
    "sqlite": (database(), "an SQLite database; export its table as CSV"),
    "parquet": (b"PAR1\x15\x04PAR1", "a Parquet file; convert it to CSV or JSON Lines"),
    "png": (b"\x89PNG\r\n\x1a\n", "a picture; give a list of papers"),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
    "webp": (b"RIFF\x24\0\0\0WEBPVP8 ", "a picture"),
    "rtf": (b"{\\rtf1\\ansi Tides}", "an RTF document; save it as PDF"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "a 7-Zip archive; unpack it first"),
    "rar": (b"Rar!\x1a\x07\x01\0", "a RAR archive; unpack it first"),
    "tar": (archived(), "a tar archive; unpack it first"),
    "tar.gz": (gzip.compress(archived(), mtime=0), "a tar archive; unpack it first"),
    "doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file; save it as PDF"),
    "mobi": (b"Tides".ljust(60, b"\0") + b"BOOKMOBI", "a Kindle book; save it as PDF"),
    "pickle": (b"\x80\x04\x95\x05\0", "a pickle of Python, which is not opened"),
    "html": (
        b"<!DOCTYPE html>\n<html><head><title>Tides</title></head><body>Tides</body></html>",
        "a web page, and none of Daily Papers; give the DOI or arXiv number",
    ),
    "mbox": (
        b"From ada@example.org Fri May  3 10:00:00 2019\nFrom: Ada\nSubject: Tides\n\nHello.\n",
        "a mailbox (mbox); give a list of papers",
    ),
    "eml": (b"From: Ada\nTo: Bo\nSubject: Tides\n\nHello.\n", "an e-mail; give a list of papers"),
    "tex": (b"% mine\n\\documentclass{article}\nTides", "a LaTeX document; give its .bib file"),
    "rdf": (b"<rdf:RDF xmlns:rdf='x'><bib:Article/></rdf:RDF>", "RDF; export BibTeX or CSV"),
    "rss": (b"<?xml version='1.0'?><rss><channel/></rss>", "an RSS feed; give Atom"),
    "oai": (b"<?xml version='1.0'?>\n<OAI-PMH xmlns='x'/>", "an answer of OAI-PMH; give arXiv's"),
    "xml": (b"<?xml version='1.0'?>\n<tides><tide/></tides>", "XML of another kind; export BibTeX"),
    "yaml": (b"---\nreferences:\n- id: a\n  title: Tides\n", "YAML; convert it to CSL-JSON"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_foreign_file_is_named_with_what_to_give(kind: str, tmp_path: Path) -> None:
    data, told = FILES[kind]
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(SourceError) as error:
        list(read_papers(path))
    assert str(error.value).startswith(f"{path}: this is {told}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["The tide rose by two metres, and nobody had expected it.\n" * 9, "Tides; harbours\n"]
)
def test_plain_text_is_told_which_formats_are_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(text)
    with pytest.raises(SourceError, match="not a known format; give saved Daily Papers pages"):
        list(read_papers(tmp_path / "notes.txt"))


def test_nothing_is_named_that_has_nothing() -> None:
    assert name_text("") == ""
    assert name_archive([], "") == ""
