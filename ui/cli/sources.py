"""Sources: what stands in a path's place on the command line, as files of papers.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

import glob
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from footnote.index import LibraryError, SourceError
from footnote.index.storage.place import CATALOG
from footnote.ui.cli.options import Misuse, chosen_limits

if TYPE_CHECKING:
    from footnote.index.readers.gathering import Gathered
    from footnote.index.storage.history.origins import OriginLog

STANDARD_INPUT = "-"
_PIECE = 1 << 20


def expand_sources(given: Sequence[str]) -> list[str]:
    """Returns what was given, each pattern as the files that it matches.

    A shell does this by itself; where it does not, as on Windows, or in quotes, patterns come here.

    Raises:
        Misuse: Something is neither a path, nor a pattern that matches, nor anything else known.
    """
    found: list[str] = []
    for one in given:
        if one == STANDARD_INPUT or Path(one).exists() or is_named(one):
            found.append(one)
        elif glob.has_magic(one):
            matched = sorted(glob.glob(one, recursive=True))  # noqa: PTH207  # of any folder
            if not matched:
                raise Misuse(f"no file matches {one!r}; give files or folders of papers")
            found += matched
        else:
            raise Misuse(f"{one} does not exist; give files or folders of papers")
    if found.count(STANDARD_INPUT) > 1:
        raise Misuse("standard input can be read once; give - once")
    return list(dict.fromkeys(found))


def is_named(source: str) -> bool:
    """Returns whether a source is a paper's identifier or an address of the web, and no path."""
    from footnote.index.readers.downloads import is_address

    return bool(identifiers(source)) or is_address(source)


def is_feed(source: str) -> bool:
    """Returns whether a source is the name of a daily listing."""
    from footnote.index.readers.feeds import parse_feed

    return parse_feed(source) is not None


def identifiers(source: str) -> list[str]:
    """Returns the paper that a source names where it is no file: "doi:10.1000/x"."""
    from footnote.index.readers.lookup import parse_identifiers

    # A bare number may be a mistyped file; a PMID says what it is.
    if source.isdecimal() or Path(source).exists():
        return []
    return parse_identifiers(source)


def lasting_name(given: str) -> str | None:
    """Returns what names a source from any folder and on any day; None of standard input."""
    if given == STANDARD_INPUT:
        return None
    if (is_named(given) or is_feed(given)) and not Path(given).exists():
        return given
    return str(Path(given).absolute())


def gather_sources(
    found: "Gathered", sources: Sequence[str], *, allow_private: bool = False
) -> None:
    """Reads files and folders, standard input and addresses, and looks up papers by identifier."""
    for _ in read_in_steps(found, sources, allow_private=allow_private):
        pass


def read_in_steps(
    found: "Gathered", sources: Sequence[str], *, allow_private: bool = False
) -> Iterator[None]:
    """Reads as ``gather_sources`` does; yields where what was read so far can be added."""
    from footnote.index.readers.downloads import gather_address, is_address
    from footnote.index.readers.lookup import gather

    most = chosen_limits().unpacked
    names: list[str] = []
    for source in sources:
        if source == STANDARD_INPUT:
            with _standard_input(most) as path:
                yield from found.read(path, "standard input")
        elif named := identifiers(source):
            names += named
        elif is_address(source) and not Path(source).exists():
            gather_address(found, source, most_bytes=most, allow_private=allow_private)
            yield
        else:
            yield from found.read(Path(source))
    if names:
        # All at once: arXiv and PubMed answer for many in one call.
        gather(found, names)
        yield


@dataclass(frozen=True, slots=True)
class ReadOrigins:
    """The sources that a command read, to be recorded so that they can be read again.

    Attributes:
        names: The lasting name of each, by the name that it was read by.
        columns: As ``--columns`` was given.
    """

    found: "Gathered"
    names: Mapping[str, str]
    columns: str

    def record(self, log: "OriginLog", *, of: int | None) -> None:
        """Records them, and what each gave; ``of`` is the number of their import."""
        from footnote.ui.maintenance.sync import record

        files = self.found.files
        papers = ((files[place].of, paper) for place, paper in self.found.records())
        record(log, self.names, papers, columns=self.columns, of=of)

    def record_new(self, folder: Path) -> None:
        """Records those that a library does not know, where nothing had to be added."""
        from footnote.index.storage.catalog import Catalog

        # A library that may only be read goes without.
        with suppress(LibraryError), closing(Catalog(folder / CATALOG)) as catalog:
            known = {origin.name for origin in catalog.origins.list()}
            new = {by: name for by, name in self.names.items() if name not in known}
            if new:
                ReadOrigins(self.found, new, self.columns).record(catalog.origins, of=None)


def read_origins(found: "Gathered", given: Sequence[str], columns: str) -> ReadOrigins:
    """Returns the sources among those given that were read."""
    read, names = {*found.names}, dict[str, str]()
    for one in given:
        lasting = lasting_name(one)
        if lasting is None:
            continue
        if identifiers(one):
            names[one] = lasting
        for source in expand_sources([one]):
            by = str(Path(source)) if Path(source).exists() else source
            if by in read:
                names[by] = lasting
    return ReadOrigins(found, names, columns)


@contextmanager
def _standard_input(most: int) -> Iterator[Path]:
    """Gives a file with what comes in, whose format is told by its beginning as any other's."""
    with TemporaryDirectory() as folder:
        path, size = Path(folder) / "standard-input", 0
        with path.open("wb") as file:
            while piece := sys.stdin.buffer.read(_PIECE):
                size += len(piece)
                if size > most:
                    raise SourceError(
                        f"standard input: more than {most:,} bytes; split it into smaller files"
                    )
                file.write(piece)
        yield path
