"""Shelf: how a library's readers keep its papers: collections, tags and notes.

They belong to the library, as its topics do, and lie in files of their own in its folder.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from footnote.ui.storage.annotations import Annotation, Annotations
from footnote.ui.storage.collections import CollectionError, Collections
from footnote.ui.storage.topics import LOCAL

# Of a library's folder; it is there once a reader kept something.
ANNOTATIONS = "annotations.sqlite3"


class Naming(Protocol):
    """Knows what papers are called; a library does."""

    def names_of(self, names: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Returns every identifier of the paper that a name finds, its id first, by name."""


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
    """The collections, tags and notes of one user of a library; safe to use from many threads."""

    def __init__(
        self, collections: Collections, annotations: Annotations, owner: str = LOCAL
    ) -> None:
        """Takes both files, opened, and whose rows of them are meant."""
        self.collections = collections
        self.annotations = annotations
        self._owner = owner

    def of(self, owner: str) -> Self:
        """Returns what another user has in the same files."""
        return type(self)(self.collections, self.annotations, owner)

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

    def parts(self, naming: Naming) -> list[LibraryPart]:
        """Returns what can be searched alone: collections by name, then tags.

        Two papers of one that became one are counted once.
        """
        names = {f"c:{one.id}": one.name for one in self.collections.list(self._owner)}
        names |= {f"t:{tag}": f"#{tag}" for tag in self.annotations.tags(self._owner)}
        held = {key: self.papers(key) for key in names}
        known = naming.names_of(name for papers in held.values() for name in papers)
        return [
            LibraryPart(key, name, len({known[paper][0] for paper in held[key]}))
            for key, name in names.items()
        ]

    def papers(self, key: str) -> list[str]:
        """Returns the identifiers of the papers of a part.

        Raises:
            CollectionError: There is no such collection, or the key is none.
        """
        kind, _, name = key.partition(":")
        if kind == "c":
            return list(self.collections.members(self._owner, name))
        if kind == "t":
            return sorted(self.annotations.tagged(self._owner, name))
        raise CollectionError("that is no collection and no tag; choose one in the list")

    def annotations_of(self, papers: Iterable[str], naming: Naming) -> Mapping[str, Annotation]:
        """Returns the tags and the note of each of these papers that has any.

        What was written to a paper that was merged into another since is the other's too.
        """
        known = naming.names_of(papers)
        written = self.annotations.of(
            self._owner, (name for names in known.values() for name in names)
        )
        found = {
            paper: [written[name] for name in names if name in written]
            for paper, names in known.items()
        }
        return {paper: _join(annotations) for paper, annotations in found.items() if annotations}

    def untag(self, papers: Iterable[str], tag: str, naming: Naming) -> None:
        """Takes a tag from papers, under whichever of their names they have it."""
        known = naming.names_of(papers)
        self.annotations.untag(
            self._owner, (name for names in known.values() for name in names), tag
        )

    def write(self, paper: str, note: str, naming: Naming) -> None:
        """Sets the note of a paper, in place of those under its other names.

        Raises:
            AnnotationError: It is too long; nothing is changed.
        """
        own, *others = naming.names_of([paper])[paper]
        self.annotations.write(self._owner, own, note)
        for other in others:
            self.annotations.write(self._owner, other, "")


def _join(annotations: Sequence[Annotation]) -> Annotation:
    """Returns what was written to papers that became one: all tags, and the notes one by one."""
    tags = {tag.casefold(): tag for one in annotations for tag in one.tags}
    notes = dict.fromkeys(one.note for one in annotations if one.note)
    return Annotation(tuple(tags[folded] for folded in sorted(tags)), "\n\n".join(notes))
