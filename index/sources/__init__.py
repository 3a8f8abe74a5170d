"""Readers of paper records, one a format, chosen by content and never by name.

Each reader module has ``recognises(head) -> bool`` over the first characters of a file,
and ``read(text, name) -> Iterator[Paper | Problem]``.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from index import SourceError
from index.files import irregular, read_bytes
from index.papers import Paper, Problem
from index.sources import bibtex, daily_papers, pubmed, ris, tables

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


def read_papers(path: Path) -> Iterator[Paper | Problem]:
    """Yields the papers in a file, or in every file of a folder, in order of name.

    A record that cannot be used becomes a Problem, and so does a file of a folder in
    which other files are usable.

    Raises:
        SourceError: The path cannot be read, or nothing in it has a known format.
    """
    if path.is_dir():
        yield from _read_folder(path)
    else:
        yield from _read_file(path, path.name)


def _read_folder(folder: Path) -> Iterator[Paper | Problem]:
    files = sorted(
        p
        for p in folder.rglob("*")
        if not p.is_dir() and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )
    problems = []
    known = 0
    for file in files:
        name = str(file.relative_to(folder))
        if kind := irregular(file):
            problems.append(Problem(name, None, f"is {kind}, not a file; passed over"))
            continue
        try:
            yield from _read_file(file, name)
            known += 1
        except SourceError as error:
            problems.append(Problem(name, None, str(error).removeprefix(f"{file}: ")))
    if not known:
        raise SourceError(
            f"{folder}: none of its {len(files)} files can be read as papers; give {FORMATS}"
        )
    yield from problems


def _read_file(path: Path, name: str) -> Iterator[Paper | Problem]:
    text = _decode(path)
    for reader in READERS:
        if reader.recognises(text[:HEAD_CHARACTERS]):
            yield from reader.read(text, name)
            return
    raise SourceError(f"{path}: not a known format; give {FORMATS}")


def _decode(path: Path) -> str:
    raw = read_bytes(path)
    try:
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SourceError(f"{path}: cannot be read ({reason}); check the path") from error
    raw = raw.removeprefix(codecs.BOM_UTF8)
    if not raw.strip():
        raise SourceError(f"{path}: the file is empty; give {FORMATS}")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        # A file cut off inside its last character is cut off, not in another encoding.
        if error.reason == "unexpected end of data":
            return raw[: error.start].decode()
        raise SourceError(
            f"{path}: byte 0x{raw[error.start]:02x} at offset {error.start} is not UTF-8; "
            "save the file as UTF-8"
        ) from error
