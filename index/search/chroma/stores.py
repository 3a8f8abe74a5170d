"""Stores: where the collections of a library are, the one in use and the one being made.

A collection is written under a name of its own and never changes once a row of the catalog names
it. So a reader sees a whole old or new one, and a killed writer leaves only one that nobody reads.
"""

import json
import os
import re
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from footnote.index import LibraryError
from footnote.index.search.chroma import (
    DATABASE,
    ChromaIndex,
    DamagedCollection,
    brief_reason,
)
from footnote.index.search.chroma.address import ServerPlace, read_place
from footnote.index.search.chroma.server import ChromaServer, UnusableServer
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.database import pays_to_vacuum, vacuum

MAKING = ".making"
_SERVED = re.compile(r"footnote-[0-9a-f]{32}-[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class BaseName:
    """Which collection is meant.

    Attributes:
        number: The generation of the library that it is.
        server: Where it is; None for the library's folder.
        name: On the server.
    """

    number: int
    server: ServerPlace | None = None
    name: str = ""

    @classmethod
    def read(cls, number: int, kept: str | None) -> "BaseName":
        """Returns the collection of a generation, as ``write`` had it kept.

        Raises:
            LibraryError: What is kept is no place.
        """
        if not kept:
            return cls(number)
        server = read_place(kept)
        told = json.loads(kept)
        # A version that knows no servers leaves the row of an earlier collection.
        if told.get("base") != number or not isinstance(server, ServerPlace):
            return cls(number)
        name = str(told.get("name"))
        if not _SERVED.fullmatch(name):
            raise LibraryError("the library names no collection of its own; run: footnote doctor")
        return cls(number, server, name)

    def write(self) -> str:
        """Returns the row of the catalog; "" for the folder."""
        if self.server is None:
            return ""
        place = {key: getattr(self.server, key) for key in ("url", "tenant", "database")}
        return json.dumps({**place, "name": self.name, "base": self.number})


@dataclass(frozen=True, slots=True)
class NewCollection:
    """A collection that is being made.

    Attributes:
        base: What it is called once it is in use.
        index: Writes it.
        resumed: Whether a stopped or killed fold began it.
        copied: Whether it began as a copy of the one in use.
    """

    base: BaseName
    index: ChromaIndex
    resumed: bool
    copied: bool


class CollectionStore(Protocol):
    """A place of collections; who makes one holds the fold lock."""

    def begin(self, number: int, copied: int | None) -> NewCollection:
        """Returns the collection of a generation, to be written.

        Args:
            number: Of the generation.
            copied: Number of the one that it begins as a copy of, where the store can do that.
        """

    def shrink(self, made: NewCollection) -> None:
        """Frees room that writing a collection took, which is closed."""

    def take(self, made: NewCollection) -> None:
        """Puts a written collection where it is looked for, as the catalog names it."""

    def discard(self, made: NewCollection) -> None:
        """Deletes a collection that is not taken."""


class FolderStore:
    """Collections in the library's folder, each a folder whose name is its number.

    Attributes:
        root: The folder of them all.
    """

    def __init__(self, root: Path) -> None:
        """Takes the folder, which need not be there."""
        self.root = root

    def open(self, number: int) -> ChromaIndex:
        """Returns a collection.

        Raises:
            DamagedCollection: It is gone, or cannot be opened.
        """
        folder = self.root / str(number)
        if not (folder / "vectors").is_dir():
            raise DamagedCollection(f"{folder} is gone; open the library again to rebuild it")
        try:
            return ChromaIndex(folder / "vectors")
        # Chroma's errors share no base class.
        except Exception as error:
            told = (
                f"{folder} is damaged ({brief_reason(error)}); open the library again to rebuild it"
            )
            raise DamagedCollection(told) from error

    def begin(self, number: int, copied: int | None) -> NewCollection:
        """Returns the collection of a generation, or of the next one, to be written."""
        source = None if copied is None else self.root / str(copied) / "vectors"
        source = source if source and source.is_dir() else None
        making = self._making(number)
        resumed = self._prepare(making, source)
        index = _reopen(making)
        if index is None:
            # What a kill left is unusable, and Chroma opens no path anew that it failed to open.
            shutil.rmtree(making)
            number += 1
            making = self._making(number)
            resumed = self._prepare(making, source)
            index = ChromaIndex(making / "vectors")
        return NewCollection(BaseName(number), index, resumed, source is not None)

    def shrink(self, made: NewCollection) -> None:
        """Frees what Chroma's log of writes took, two fifths of a small collection's file."""
        file = self._making(made.base.number) / "vectors" / DATABASE
        # A disk without room for a second file keeps the larger one.
        with suppress(LibraryError):
            if pays_to_vacuum(file):
                vacuum(file)

    def take(self, made: NewCollection) -> None:
        """Gives the folder its number."""
        taken = self.root / str(made.base.number)
        # A killed fold may have left one that was never in use.
        shutil.rmtree(taken, ignore_errors=True)
        os.replace(self._making(made.base.number), taken)

    def discard(self, made: NewCollection) -> None:
        """Deletes the folder."""
        shutil.rmtree(self._making(made.base.number), ignore_errors=True)

    def leftovers(self, generation: int) -> list[str]:
        """Returns the names of the folders that nobody reads nor fills."""
        # The previous one stays: a reader may be opening it now.
        kept = {str(generation), str(generation - 1)}
        # The second stands in for a first that could not be opened.
        kept |= {self._making(generation + step).name for step in (1, 2)}
        if not self.root.is_dir():
            return []
        return [folder.name for folder in self.root.iterdir() if folder.name not in kept]

    def sweep(self, generation: int) -> None:
        """Deletes what nobody reads."""
        for name in self.leftovers(generation):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def _making(self, number: int) -> Path:
        return self.root / f"{number}{MAKING}"

    def _prepare(self, making: Path, base: Path | None) -> bool:
        """Makes the folder that a collection is written into; returns whether there was one."""
        published = making.with_suffix("")
        if published.is_dir() and not making.exists():
            # Written, and killed before the catalog named it.
            os.replace(published, making)
        if making.is_dir():
            return True
        copying = making.with_suffix(".copying")
        shutil.rmtree(copying, ignore_errors=True)
        copying.mkdir(parents=True)
        if base:
            shutil.copytree(base, copying / "vectors")
        os.replace(copying, making)
        return False


def _reopen(making: Path) -> ChromaIndex | None:
    """Returns the collection of a folder, empty where it is new; None where it is unusable."""
    try:
        index = ChromaIndex(making / "vectors")
        index.count()
        return index
    # Chroma's errors share no base class.
    except Exception:
        return None


class ServerStore:
    """Collections on a Chroma server, named after their library and their number.

    A copy of a library is another library: each folds by itself, and deletes what it made alone.
    """

    def __init__(self, server: ChromaServer, catalog: Catalog, file: Path) -> None:
        """Takes the server, the catalog, and the file of the catalog."""
        self._server = server
        self._catalog = catalog
        self._file = file

    def begin(self, number: int, copied: int | None) -> NewCollection:
        """Returns the collection of a generation, to be written; it begins as no copy."""
        name = f"{self._prefix()}{number}"
        index = self._server.make(name)
        base = BaseName(number, self._server.place, name)
        return NewCollection(base, index, index.count() > 0, copied=False)

    def shrink(self, made: NewCollection) -> None:
        """Does nothing: the server sees to its own room."""

    def take(self, made: NewCollection) -> None:
        """Does nothing: the row of the catalog is all."""

    def discard(self, made: NewCollection) -> None:
        """Deletes the collection."""
        with suppress(UnusableServer):
            self._server.delete(made.base.name)

    def leftovers(self, kept: BaseName | None, *, making: bool) -> list[str]:
        """Returns the names of this library's collections that nobody reads.

        Args:
            kept: The one in use.
            making: Whether the one that a stopped fold began is left over, too.
        """
        generation = int(self._catalog.meta("generation") or 0)
        prefix = self._prefix(make=False)
        if not prefix:
            return []
        used = {kept.name} if kept else set[str]()
        used |= set() if making else {f"{prefix}{generation + 1}"}
        return [name for name in self._server.names(prefix) if name not in used]

    def sweep(self, kept: BaseName | None, *, making: bool) -> None:
        """Deletes what nobody reads, as far as the server does that."""
        with suppress(UnusableServer):
            for name in self.leftovers(kept, making=making):
                self._server.delete(name)

    def _prefix(self, *, make: bool = True) -> str:
        """Returns how this library's collections are called; "" for one that never had any.

        A library that was copied, or restored, has another file and gets another name.
        """
        file = str(self._file.stat().st_ino)
        known, _, of = (self._catalog.meta("served") or "").partition(":")
        if (not known or of != file) and make:
            known = uuid.uuid4().hex
            self._catalog.set_meta(served=f"{known}:{file}")
        elif of != file:
            return ""
        return f"footnote-{known}-"
