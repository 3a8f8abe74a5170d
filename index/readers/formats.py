"""Formats: which reader reads a file, chosen by content and never by name.

Each reader module has ``recognises(head) -> bool`` over the first characters of a file,
and ``read(text, name) -> Iterator[Paper | Problem]``, where the text may come in pieces.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
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
    daily_html,
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
    zotero,
)
from footnote.index.readers.decompression import MOST_UNPACKED as MOST_UNPACKED
from footnote.index.readers.decompression import Text, read_texts
from footnote.index.readers.foreign import name_text

READERS: tuple[ModuleType, ...] = (
    daily_html, daily_papers, bibtex, ris, nbib, web_of_science, refer, pubmed, arxiv_atom, endnote,
    mods, acl, jats, jsonl,
    csv_table,
)  # fmt: skip
FORMATS = (
    "saved Daily Papers pages, BibTeX, RIS, MEDLINE (.nbib), Web of Science's plain text, "
    "EndNote's .enw and XML, PubMed XML, arXiv's Atom, MODS, ACL's XML, JATS, JSON, CSV, "
    "Zotero's database, PDF"
)
# Characters that a reader is told by; some programs write pages of words before the first record.
HEAD_CHARACTERS, LONG_HEAD = 4096, 65_536


_Read = Callable[[Text, str], Iterator[Paper | Problem]]


class NothingUsable(SourceError):
    """No record could be used; ``problems`` says of each why."""

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        """Takes the one line, and the problems behind it."""
        super().__init__(message)
        self.problems = tuple(problems)


def read_papers(
    path: Path,
    *,
    name: str | None = None,
    most_unpacked: int = MOST_UNPACKED,
    columns: Mapping[str, str] | None = None,
) -> Iterator[Paper | Problem]:
    """Yields the papers in a file; a record that cannot be used becomes a Problem.

    Args:
        path: Its own.
        name: What problems call it; its file name, if nothing else.
        most_unpacked: Bytes that it may open to, where it is packed.
        columns: Our field of each column of a table whose name does not tell it.

    Raises:
        SourceError: It cannot be read, or has no known format. What was yielded before stands.
    """
    name = name or path.name
    if pdf.is_pdf(path):
        yield from pdf.read(path, name)
        return
    if zotero.is_database(path):
        yield from zotero.read(path, name)
        return
    empty, unknown = True, ""
    for member, pieces in read_texts(path, most_unpacked=most_unpacked):
        within = f"{name}/{member}" if member else name
        try:
            head = _begin(pieces)
        except SourceError as error:
            # Beside papers an archive may hold anything: a licence, pictures, the texts themselves.
            head, unknown = "", str(error)
            if not member:
                raise
        if not unknown and not head.strip() and not any(piece.strip() for piece in pieces):
            continue
        empty = False
        read = None if unknown else _reader(head, columns)
        if read is not None:
            yield from read(chain([head], pieces), within)
            continue
        unknown = unknown or _name(head)
        if not member:
            raise SourceError(f"{path}: {unknown}")
        yield Problem(within, None, unknown)
        unknown = ""
    if empty:
        raise SourceError(f"{path}: the file is empty; give {FORMATS}")


def _name(head: str) -> str:
    """Returns what a text is that no reader recognises, with what to give."""
    what = name_text(head)
    return f"this is {what}" if what else f"not a known format; give {FORMATS}"


def _reader(head: str, columns: Mapping[str, str] | None) -> _Read | None:
    """Returns what reads a text that begins so; a table is told by its columns first."""
    if columns and csv_table.recognises(head, columns):
        return partial(csv_table.read, columns=columns)
    found = _choose(head)
    return found.read if found else None


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
    """Returns the files of a folder and of those in it, by name; hidden ones are left out.

    Of Zotero's folder it is the database alone, which tells of the files beside it.
    """
    if (database := folder / zotero.DATABASE).is_file():
        return [database]
    return sorted(
        p
        for p in folder.rglob("*")
        if not p.is_dir() and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )
