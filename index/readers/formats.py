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
    bibtex,
    daily_papers,
    jsonl,
    nbib,
    pubmed,
    refer,
    ris,
    web_of_science,
)
from footnote.index.readers.decompression import MOST_UNPACKED as MOST_UNPACKED
from footnote.index.readers.decompression import read_text

READERS: tuple[ModuleType, ...] = (
    daily_papers,
    bibtex,
    ris,
    nbib,
    web_of_science,
    refer,
    pubmed,
    jsonl,
)
FORMATS = (
    "saved Daily Papers pages, BibTeX, RIS, MEDLINE (.nbib), Web of Science's plain text, "
    "EndNote's .enw, PubMed XML, JSONL"
)
HEAD_CHARACTERS = 4096


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
    pieces = read_text(path, most_unpacked=most_unpacked)
    head = ""
    for piece in pieces:
        head += piece
        if len(head) >= HEAD_CHARACTERS:
            break
    if not head.strip() and not any(piece.strip() for piece in pieces):
        raise SourceError(f"{path}: the file is empty; give {FORMATS}")
    for reader in READERS:
        if reader.recognises(head[:HEAD_CHARACTERS]):
            yield from reader.read(chain([head], pieces), name)
            return
    raise SourceError(f"{path}: not a known format; give {FORMATS}")


def list_files(folder: Path) -> list[Path]:
    """Returns the files of a folder and of those in it, by name; hidden ones are left out."""
    return sorted(
        p
        for p in folder.rglob("*")
        if not p.is_dir() and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )
