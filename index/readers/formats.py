"""Formats: which reader reads a file, chosen by content and never by name.

Each reader module has ``recognises(head) -> bool`` over the first characters of a file,
and ``read(text, name) -> Iterator[Paper | Problem]``, where the text may come in pieces.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from types import ModuleType

from footnote.index import SourceError
from footnote.index.models import Paper, Problem
from footnote.index.readers import (
    acl,
    arxiv_atom,
    bibtex,
    csv_table,
    daily_papers,
    endnote,
    jats,
    jsonl,
    mods,
    nbib,
    pdf,
    pubmed,
    refer,
    ris,
    web_of_science,
)
from footnote.index.readers.decompression import MOST_UNPACKED as MOST_UNPACKED
from footnote.index.readers.decompression import read_texts

READERS: tuple[ModuleType, ...] = (
    daily_papers, bibtex, ris, nbib, web_of_science, refer, pubmed, arxiv_atom, endnote, mods, acl,
    jats, jsonl,
    csv_table,
)  # fmt: skip
FORMATS = (
    "saved Daily Papers pages, BibTeX, RIS, MEDLINE (.nbib), Web of Science's plain text, "
    "EndNote's .enw and XML, PubMed XML, arXiv's Atom, MODS, ACL's XML, JATS, JSON, CSV, PDF"
)
# Characters that a reader is told by; some programs write pages of words before the first record.
HEAD_CHARACTERS, LONG_HEAD = 4096, 65_536


class NothingUsable(SourceError):
    """No record could be used; ``problems`` says of each why."""

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        """Takes the one line, and the problems behind it."""
        super().__init__(message)
        self.problems = tuple(problems)


def read_papers(
    path: Path, *, name: str | None = None, most_unpacked: int = MOST_UNPACKED
) -> Iterator[Paper | Problem]:
    """Yields the papers in a file; a record that cannot be used becomes a Problem.

    Args:
        path: Its own.
        name: What problems call it; its file name, if nothing else.
        most_unpacked: Bytes that it may open to, where it is packed.

    Raises:
        SourceError: It cannot be read, or has no known format.
    """
    name = name or path.name
    if pdf.is_pdf(path):
        yield from pdf.read(path, name)
        return
    empty, unknown = True, 0
    for member, pieces in read_texts(path, most_unpacked=most_unpacked):
        head = _begin(pieces)
        if not head.strip() and not any(piece.strip() for piece in pieces):
            continue
        empty = False
        reader = _choose(head)
        if reader is None:
            # Beside papers an archive may hold anything: a licence, the texts themselves.
            unknown += 1
            if member:
                yield Problem(f"{name}/{member}", None, f"not a known format; give {FORMATS}")
            continue
        yield from reader.read(chain([head], pieces), f"{name}/{member}" if member else name)
    if empty:
        raise SourceError(f"{path}: the file is empty; give {FORMATS}")
    if unknown and not member:
        raise SourceError(f"{path}: not a known format; give {FORMATS}")


def _begin(pieces: Iterator[str]) -> str:
    """Returns the beginning of a text, taken from its pieces."""
    head = ""
    for piece in pieces:
        head += piece
        if len(head) >= LONG_HEAD:
            break
    return head


def _choose(head: str) -> ModuleType | None:
    """Returns the reader that recognises a text, by its beginning, then behind a long header."""
    for size in (HEAD_CHARACTERS, LONG_HEAD):
        for reader in READERS:
            if reader.recognises(head[:size]):
                return reader
        if len(head) <= size:
            break
    return None


def list_files(folder: Path) -> list[Path]:
    """Returns the files of a folder and of those in it, by name; hidden ones are left out."""
    return sorted(
        p
        for p in folder.rglob("*")
        if not p.is_dir() and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )
