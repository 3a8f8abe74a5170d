"""Shelf: how a library's readers keep its papers: collections, tags and notes.

They belong to the library, as its topics do, and lie in files of their own in its folder.
"""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from footnote.ui.storage.annotations import Annotation, Annotations
from footnote.ui.storage.collections import CollectionError, Collections
from footnote.ui.storage.topics import LOCAL

# Of a library's folder; it is there once a reader kept something.
ANNOTATIONS = "annotations.sqlite3"


@dataclass(frozen=True, slots=True)
class LibraryPart:
    """A part of a library that can be searched alone.

    Attributes:
        key: What names it on the page: "c:ID" of a collection, "t:TAG" of a tag.
        name: As readers see it: "Reading list", "#robots".
        papers: How many are in it.
    """

    key: str
    name: str
    papers: int


class Shelf:
    """The collections, tags and notes of one library; safe to use from many threads."""

    def __init__(self, collections: Collections, annotations: Annotations) -> None:
        """Takes both files, opened."""
        self.collections = collections
        self.annotations = annotations

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Opens the files in a library's folder, made if they are not there.

        Raises:
            LibraryError: A file is of another kind or version, or cannot be used.
        """
        with ExitStack() as stack:
            opened = cls(
                stack.enter_context(Collections.open(folder / "collections.sqlite3")),
                stack.enter_context(Annotations.open(folder / ANNOTATIONS)),
            )
            stack.pop_all()
            return opened

    def close(self) -> None:
        """Closes the files."""
        self.collections.close()
        self.annotations.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def parts(self) -> list[LibraryPart]:
        """Returns what can be searched alone: collections by name, then tags."""
        collections = self.collections.list(LOCAL)
        tags = self.annotations.tags(LOCAL)
        return [
            *(LibraryPart(f"c:{one.id}", one.name, one.papers) for one in collections),
            *(LibraryPart(f"t:{tag}", f"#{tag}", count) for tag, count in tags.items()),
        ]

    def papers(self, key: str) -> list[str]:
        """Returns the identifiers of the papers of a part.

        Raises:
            CollectionError: There is no such collection, or the key is none.
        """
        kind, _, name = key.partition(":")
        if kind == "c":
            return list(self.collections.members(LOCAL, name))
        if kind == "t":
            return sorted(self.annotations.tagged(LOCAL, name))
        raise CollectionError("that is no collection and no tag; choose one in the list")

    def annotations_of(self, papers: Iterable[str]) -> Mapping[str, Annotation]:
        """Returns the tags and the note of each of these papers that has any."""
        return self.annotations.of(LOCAL, papers)
