"""Gathering: read all files, each on its own, before anything is written or while it is.

Papers wait in an unnamed temporary file, not in memory; of a file that turns bad midway those
before are added, and it is said where it ended.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from footnote.index import SourceError
from footnote.index.models import Paper, Problem, from_json, to_json
from footnote.index.readers.formats import (
    FORMATS,
    MOST_UNPACKED,
    NothingUsable,
    list_files,
    read_papers,
)

# Maximum problems stored for a file; the others are only counted.
MOST_PROBLEMS = 10_000
# Records read in one step, between two of which they can be added.
STEP_RECORDS = 1_000
# Of so many records one that is lost is told of again at the end: the file may be misread.
_MUCH = 10


@dataclass(frozen=True, slots=True)
class FileReading:
    """The result of reading one file.

    Attributes:
        name: The caller's name for the file.
        of: The path or name that was given for it: its own, or its folder's.
        papers: Records that can be used.
        refused: Records that cannot.
        problems: The first of those, with reasons.
        error: Why it could not be read, or not to its end, without its name.
    """

    name: str
    of: str
    papers: int = 0
    refused: int = 0
    problems: tuple[Problem, ...] = ()
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it was given by itself and could not be read; in a folder others may stand."""
        return self.error is not None and self.of == self.name

    @property
    def remark(self) -> str:
        """What is to be said of it last: that it ended early, or lost many records; else ""."""
        records = self.papers + self.refused
        lost = f"{self.refused:,} of {records:,} records cannot be used"
        if self.error and self.papers:
            many = f"{self.papers:,} papers" if self.papers > 1 else "one paper"
            return f"{self.name}: only the {many} before the fault can be added"
        if self.refused and self.refused * _MUCH >= records:
            return f"{self.name}: {lost}, {self.refused / records:.0%}; is it what you meant?"
        return ""


class Gathered:
    """Files that were read, and their papers; to be closed.

    Attributes:
        files: In the order that they were given in; those of a folder by name.
    """

    def __init__(
        self,
        *,
        most_unpacked: int = MOST_UNPACKED,
        most_kept: int | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        """Starts empty.

        Args:
            most_unpacked: Maximum bytes of an unpacked file.
            most_kept: Bytes that the papers of all files together may take; None sets no limit.
            columns: See ``read_papers``.
        """
        self.files: list[FileReading] = []
        self._spool = TemporaryFile()  # noqa: SIM115  # closed with this
        self._most_unpacked, self._most_kept = most_unpacked, most_kept
        self._columns = columns
        self._planned = deque[Iterator[object]]()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._spool.close()

    @property
    def papers(self) -> int:
        """Records that can be used, in all files."""
        return sum(file.papers for file in self.files)

    @property
    def failures(self) -> list[FileReading]:
        """The given files and folders that could not be read."""
        return [file for file in self.files if file.failed]

    @property
    def names(self) -> list[str]:
        """The given files and folders that could be read."""
        read = (file.of for file in self.files if file.error is None or file.papers)
        return list(dict.fromkeys(read))

    def take(self, path: Path, name: str | None = None) -> None:
        """Reads a file, or every file of a folder.

        Args:
            path: Its own.
            name: What whoever gave it calls it, if not so.
        """
        for _ in self.read(path, name):
            pass

    def read(self, path: Path, name: str | None = None) -> Iterator[None]:
        """Reads as ``take`` does, in steps of ``STEP_RECORDS``; yields after each.

        Between two steps ``files`` says what was read so far.
        """
        if not path.is_dir():
            given = name or str(path)
            yield from self._read(path, given, given, name or path.name)
            return
        first = len(self.files)
        for file in list_files(path):
            yield from self._read(file, str(file), str(path), str(file.relative_to(path)))
        found = self.files[first:]
        if all(file.error and not file.papers for file in found):
            told = f"none of its {len(found)} files can be read as papers; give {FORMATS}"
            self.files[first:] = [FileReading(str(path), str(path), error=told)]

    def plan(self, steps: Iterator[object]) -> None:
        """Leaves it to ``records`` to read something, as far as it is asked for papers.

        Args:
            steps: Calls ``take`` or ``read`` of this as it is gone through. There must be no limit
                to what is kept, which could take papers back that were given out.
        """
        self._planned.append(steps)

    def read_on(self) -> bool:
        """Reads the next step of what is planned; returns whether there was one."""
        while self._planned:
            for _ in self._planned[0]:
                return True
            self._planned.popleft()
        return False

    def read_first(self) -> None:
        """Reads what is planned up to where there is something to add, or to the end."""
        while not self.papers and self.read_on():
            pass

    def check(self) -> None:
        """Makes sure that there is something to add.

        Raises:
            SourceError: Nothing that was given can be read.
            NothingUsable: No record can be used.
        """
        if self.papers or not self.files:
            return
        if len(self.files) == 1 and self.failures:
            raise SourceError(f"{self.files[0].name}: {self.files[0].error}")
        names = ", ".join(dict.fromkeys(file.of for file in self.files))
        if all(file.error for file in self.files):
            raise SourceError(
                f"{names}: none of these {len(self.files)} can be read; give {FORMATS}"
            )
        count = sum(file.refused for file in self.files)
        raise NothingUsable(
            f"{names}: none of {count} records can be used; correct them, or give {FORMATS}",
            [problem for file in self.files for problem in file.problems],
        )

    def records(self) -> Iterator[tuple[int, Paper]]:
        """Yields every paper, with the place of its file in ``files``; reads what is planned."""
        at = 0
        while at < self._spool.seek(0, SEEK_END) or self.read_on():
            end = self._spool.seek(0, SEEK_END)
            self._spool.seek(at)
            while at < end:
                place, _, text = self._spool.readline().partition(b" ")
                at = self._spool.tell()
                yield int(place), from_json(text.decode())
                # Whoever was given it may have gone through the papers, too.
                self._spool.seek(at)

    def _read(self, path: Path, name: str, of: str, within: str) -> Iterator[None]:
        begin, refused, problems, papers = self._spool.seek(0, SEEK_END), 0, list[Problem](), 0
        place = len(self.files)
        self.files.append(FileReading(name, of))
        try:
            for found in read_papers(
                path, name=within, most_unpacked=self._most_unpacked, columns=self._columns
            ):
                if isinstance(found, Paper):
                    self._keep(path, place, found)
                    papers += 1
                else:
                    refused += 1
                    if refused <= MOST_PROBLEMS:
                        problems.append(found)
                if (papers + refused) % STEP_RECORDS == 0:
                    self.files[place] = FileReading(name, of, papers, refused)
                    yield
                    self._spool.seek(0, SEEK_END)
        except SourceError as error:
            told = str(error).removeprefix(f"{path}: ")
            if self._is_full:
                # There is no room for some of a file and none for the rest.
                self._spool.seek(begin)
                self._spool.truncate()
                papers = 0
            self.files[place] = FileReading(name, of, papers, refused, tuple(problems), told)
        else:
            self.files[place] = FileReading(name, of, papers, refused, tuple(problems))
        yield

    @property
    def _is_full(self) -> bool:
        return self._most_kept is not None and self._spool.tell() > self._most_kept

    def _keep(self, path: Path, place: int, paper: Paper) -> None:
        self._spool.write(b"%d %s\n" % (place, to_json(paper).encode()))
        if self._is_full:
            raise SourceError(
                f"{path}: the papers of all these files take more than {self._most_kept:,} bytes; "
                "add it by itself, or split it"
            )


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that was read from some paths."""

    papers: tuple[Paper, ...]
    problems: tuple[Problem, ...]


def read_sources(paths: Sequence[Path]) -> Sources:
    """Reads every path into memory; a file of a folder that is none of ours is a problem.

    Raises:
        SourceError: A path cannot be read.
        NothingUsable: No record in any of them can be used; where there is no path, none is
            looked for.
    """
    with Gathered() as found:
        for path in paths:
            found.take(path)
        for failed in found.failures:
            raise SourceError(f"{failed.name}: {failed.error}")
        found.check()
        problems = [problem for file in found.files for problem in _problems(file)]
        return Sources(tuple(paper for _, paper in found.records()), tuple(problems))


def _problems(file: FileReading) -> tuple[Problem, ...]:
    if file.error is None:
        return file.problems
    return (Problem(str(Path(file.name).relative_to(file.of)), None, file.error),)
