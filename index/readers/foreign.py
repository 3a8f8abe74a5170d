"""Foreign formats: what a file is that is none of papers, and what to give in its place."""

import re
from collections.abc import Iterable

_LIST = "give a list of papers as BibTeX, RIS, CSV or JSON"
_OFFICE = "save it as PDF, or give its references as BibTeX or RIS"
_SHEET = "save the sheet as CSV"
_PICTURE = f"a picture; {_LIST}"
_MEDIA = f"a recording; {_LIST}"
_UNPACK = "unpack it first"
_CONVERT = "convert it to CSV or JSON Lines"

# By the bytes that a file has at a place; the signatures are those of the "file" command
# (github.com/file/file, magic/Magdir).
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG", _PICTURE), (0, b"\xff\xd8\xff", _PICTURE), (0, b"GIF8", _PICTURE),
    (0, b"II*\0", _PICTURE), (0, b"MM\0*", _PICTURE), (8, b"WEBP", _PICTURE),
    (4, b"ftypheic", _PICTURE), (4, b"ftypavif", _PICTURE),
    (4, b"ftyp", _MEDIA), (0, b"ID3", _MEDIA), (0, b"OggS", _MEDIA), (8, b"WAVE", _MEDIA),
    (0, b"7z\xbc\xaf\x27\x1c", f"a 7-Zip archive; {_UNPACK}"),
    (0, b"Rar!", f"a RAR archive; {_UNPACK}"), (257, b"ustar", f"a tar archive; {_UNPACK}"),
    (0, b"\x1f\x9d", f"a file of compress; {_UNPACK}"),
    (0, b"\x04\x22\x4d\x18", f"an LZ4 file; {_UNPACK}"),
    (0, b"SQLite format 3\0", "an SQLite database; export its table as CSV"),
    (0, b"PAR1", f"a Parquet file; {_CONVERT}"), (0, b"ARROW1", f"an Arrow file; {_CONVERT}"),
    (0, b"\x89HDF", f"an HDF5 file; {_CONVERT}"), (0, b"\x93NUMPY", f"a NumPy array; {_CONVERT}"),
    (0, b"\x80\x04\x95", f"a pickle of Python, which is not opened; {_CONVERT}"),
    (0, b"\xd0\xcf\x11\xe0", f"an old Office file; {_OFFICE}; {_SHEET} of a table"),
    (0, b"{\\rtf", f"an RTF document; {_OFFICE}"), (60, b"BOOKMOBI", f"a Kindle book; {_OFFICE}"),
    (0, b"AT&TFORM", f"a DjVu file; {_OFFICE}"), (0, b"%!PS", f"a PostScript file; {_OFFICE}"),
    (0, b"\x7fELF", f"a program; {_LIST}"), (0, b"MZ", f"a program; {_LIST}"),
)  # fmt: skip
# Bytes that a signature is looked for in.
SIGNED = 300
# By a member that each archive of its kind has, or begins with.
_MEMBERS = (
    ("META-INF/container.xml", f"an EPUB; {_OFFICE}"), ("word/", f"a Word document; {_OFFICE}"),
    ("xl/", f"an Excel workbook; {_SHEET}"), ("ppt/", f"a PowerPoint file; {_OFFICE}"),
    ("Index/Document.iwa", f"a document of Apple's; {_OFFICE}"),
)  # fmt: skip
_OPEN_DOCUMENTS = {
    "spreadsheet": f"an OpenDocument spreadsheet; {_SHEET}",
    "text": f"an OpenDocument text; {_OFFICE}",
    "presentation": f"an OpenDocument presentation; {_OFFICE}",
}
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\s{0,99}(?:<\?xml[^<>]{0,200}\?>\s{0,99})?(?:<!--[^<>]{0,999}-->\s{0,99})?"
                r"<(?:!doctype\s{1,9}html|html)\b", re.I),
     "a web page, and none of Daily Papers; give the DOI or arXiv number of its paper, or export "
     "BibTeX or RIS there"),
    (re.compile(r"From \S{1,200} [^\n]{10,60}\n(?:>?[\w-]{1,40}:|\s)"),
     f"a mailbox (mbox); {_LIST}"),
    (re.compile(r"(?:(?:From|To|Date|Subject|Received|Return-Path|Message-ID|MIME-Version):"
                r"[^\n]{0,500}\n(?:[ \t][^\n]{0,500}\n){0,20}){3}", re.I), f"an e-mail; {_LIST}"),
    (re.compile(r"(?:%[^\n]{0,500}\n|\s){0,50}\\(?:documentclass|documentstyle|begin\{document)"),
     "a LaTeX document; give its .bib file, or the document to footnote check"),
    (re.compile(r"\s{0,99}\\begin\{thebibliography"), "a list of LaTeX's; give BibTeX"),
    (re.compile(r"<rdf:RDF|<\?xml[^<>]{0,99}\?>\s{0,99}<rdf:RDF"), "RDF; export BibTeX or CSV"),
    (re.compile(r"[^<]{0,20}(?:<\?xml[^<>]{0,200}\?>\s{0,99})?<(?:rss|rdf|channel)\b"),
     "an RSS feed; give Atom, as arXiv's API answers"),
    (re.compile(r"[^<]{0,20}(?:<\?xml[^<>]{0,200}\?>\s{0,99})?<(?:[\w.-]{1,40}:)?OAI-PMH\b"),
     "an answer of OAI-PMH; give arXiv's Atom or its snapshot as JSON"),
    (re.compile(r"[^<]{0,20}(?:<\?xml[^<>]{0,200}\?>\s{0,99})?<(?:[\w.-]{1,40}:)?(?:TEI|dblp|marc)"),
     "XML of another kind; export BibTeX, MODS or JATS"),
    (re.compile(r"(?:---\s{0,9}\n)?(?:[\w-]{1,40}:[^\n]{0,300}\n|- [\w-]{1,40}:[^\n]{0,300}\n"
                r"|[ \t]{1,20}[\w-]{1,40}:[^\n]{0,300}\n){3}"), "YAML; convert it to CSL-JSON"),
    (re.compile(r"<1>[\s.]{0,9}\n(?:Unique Identifier|Accession Number|VN)"),
     "a listing of Ovid's; export RIS there"),
    (re.compile(r"\s{0,99}<"), "XML of another kind; export BibTeX, MODS or JATS"),
)  # fmt: skip


def name_bytes(head: bytes) -> str:
    """Returns what a file is that begins so, with what to give; "" where that is not known."""
    return next((what for at, mark, what in _SIGNATURES if head[at:].startswith(mark)), "")


def name_archive(members: Iterable[str], kind: str) -> str:
    """Returns what document an archive is; "" for one of several files.

    Args:
        members: Names of its files.
        kind: What its member "mimetype" says, "" where it has none.
    """
    names = list(members)
    if "opendocument" in kind:
        return next((what for word, what in _OPEN_DOCUMENTS.items() if word in kind), "")
    for mark, what in _MEMBERS:
        if any(name.startswith(mark) for name in names):
            return what
    return _OPEN_DOCUMENTS["text"] if "content.xml" in names else ""


def name_text(head: str) -> str:
    """Returns what a text is that begins so, with what to give; "" where that is not known."""
    start = head.lstrip("\ufeff \t\r\n")[:8_000]
    return next((what for pattern, what in _TEXTS if pattern.match(start)), "")
