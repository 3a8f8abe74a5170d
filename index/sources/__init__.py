"""Readers of paper records, one a format, chosen by content and never by name.

Each reader module has ``recognises(head) -> bool`` over the first characters of a file,
and ``read(text, name) -> Iterator[Paper | Problem]``, where the text may come in pieces.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import ModuleType

from index import SourceError
from index.files import irregular
from index.papers import Paper, Problem
from index.sources import bibtex, daily_papers, pubmed, ris, tables
from index.sources.unpacking import MOST_UNPACKED as MOST_UNPACKED
from index.sources.unpacking import text_of

READERS: tuple[ModuleType, ...] = (daily_papers, bibtex, ris, pubmed, tables)
FORMATS = "saved Daily Papers pages, BibTeX, RIS, PubMed XML, JSONL"
HEAD_CHARACTERS = 4096


class NothingUsable(SourceError):
    """No record could be used; ``problems`` says of each why."""

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        """Takes the one line, and the problems behind it."""
        super().__init__(message)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that was read from some paths."""

    papers: tuple[Paper, ...]
    problems: tuple[Problem, ...]


def read_sources(paths: Sequence[Path]) -> Sources:
    """Reads every path, so that nothing is written before all could be read.

    Raises:
        SourceError: A path cannot be read.
        NothingUsable: No record in any of them can be used; where there is no path, none is
            looked for.
    """
    papers: list[Paper] = []
    problems: list[Problem] = []
    for path in paths:
        kind = irregular(path)
        if kind and not path.is_dir():
            problems.append(Problem(str(path), None, f"is {kind}, not a file; passed over"))
            continue
        for found in read_papers(path):
            if isinstance(found, Paper):
                papers.append(found)
            else:
                problems.append(found)
    if paths and not papers:
        names = ", ".join(map(str, paths))
        raise NothingUsable(
            f"{names}: none of {len(problems)} records can be used; mend them, or give {FORMATS}",
            problems,
        )
    return Sources(tuple(papers), tuple(problems))


def read_papers(
    path: Path, *, name: str | None = None, most_unpacked: int = MOST_UNPACKED
) -> Iterator[Paper | Problem]:
    """Yields the papers in a file, or in every file of a folder, in order of name.

    A record that cannot be used becomes a Problem, and so does a file of a folder in
    which other files are usable.

    Args:
        path: Its own.
        name: What problems call a file; its file name, if nothing else.
        most_unpacked: Bytes that a packed file may open to.

    Raises:
        SourceError: The path cannot be read, or nothing in it has a known format.
    """
    if path.is_dir():
        yield from _read_folder(path, most_unpacked)
    else:
        yield from _read_file(path, name or path.name, most_unpacked)


def files_of(folder: Path) -> list[Path]:
    """Returns the files of a folder and of those in it, by name; hidden ones are left out."""
    return sorted(
        p
        for p in folder.rglob("*")
        if not p.is_dir() and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )


def _read_folder(folder: Path, most_unpacked: int) -> Iterator[Paper | Problem]:
    files = files_of(folder)
    problems = []
    known = 0
    for file in files:
        name = str(file.relative_to(folder))
        if kind := irregular(file):
            problems.append(Problem(name, None, f"is {kind}, not a file; passed over"))
            continue
        try:
            yield from _read_file(file, name, most_unpacked)
            known += 1
        except SourceError as error:
            problems.append(Problem(name, None, str(error).removeprefix(f"{file}: ")))
    if not known:
        raise SourceError(
            f"{folder}: none of its {len(files)} files can be read as papers; give {FORMATS}"
        )
    yield from problems


def _read_file(path: Path, name: str, most_unpacked: int) -> Iterator[Paper | Problem]:
    pieces = text_of(path, most_unpacked=most_unpacked)
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
