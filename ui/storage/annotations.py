"""Annotations: what a reader writes to a paper, tags and a note, in one SQLite file.

They are kept beside the library, so that they outlive a paper's removal and its coming back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from footnote.index import FootnoteError
from footnote.index.storage.database import MANY
from footnote.ui.storage.user_database import UserDatabase, as_bytes

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tags (
    user BLOB NOT NULL, paper BLOB NOT NULL, folded TEXT NOT NULL, tag TEXT NOT NULL,
    PRIMARY KEY (user, paper, folded)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS papers_by_tag ON tags (user, folded);
CREATE TABLE IF NOT EXISTS notes (
    user BLOB NOT NULL, paper BLOB NOT NULL, note TEXT NOT NULL, updated REAL NOT NULL,
    PRIMARY KEY (user, paper)) WITHOUT ROWID;
"""

# Characters of a tag and of a note, and tags of one paper.
TAG_MOST, NOTE_MOST, TAGS_MOST = 40, 10_000, 50


class AnnotationError(FootnoteError):
    """The text cannot be a tag or a note."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a reader wrote to one paper.

    Attributes:
        tags: In alphabetical order.
        note: "" where there is none.
    """

    tags: tuple[str, ...] = ()
    note: str = ""


class Annotations(UserDatabase):
    """The tags and notes of every user; safe to use from the threads of one server."""

    holds: ClassVar[str] = "file of tags and notes"
    what: ClassVar[str] = "annotations"
    schema: ClassVar[str] = _SCHEMA
    owned: ClassVar[Mapping[str, tuple[str, Sequence[str]]]] = {"tags": ("", ()), "notes": ("", ())}
    fault: ClassVar[type[FootnoteError]] = AnnotationError

    def tag(self, user: str, papers: Iterable[str], tag: str) -> str:
        """Gives papers a tag; returns it as it is written, one that is there already as before.

        Args:
            user: Whose.
            papers: Identifiers.
            tag: A word or a few, with or without a "#" before it.

        Raises:
            AnnotationError: It has no letter, is too long, or a paper has too many.
        """
        kept = " ".join(tag.replace("\0", " ").strip().lstrip("#").split())
        folded = kept.casefold()
        if not any(sign.isalnum() for sign in kept):
            raise AnnotationError("a tag needs a letter; type a word")
        if len(kept) > TAG_MOST:
            raise AnnotationError(
                f"a tag has at most {TAG_MOST} characters, this one {len(kept):,}; shorten it"
            )
        owner = self._user(user)
        with self._db.transaction():
            known = self._db.rows(
                "SELECT tag FROM tags WHERE user = ? AND folded = ? LIMIT 1", (owner, folded)
            )
            kept = str(known[0][0]) if known else kept
            for paper in papers:
                self._db.rows(
                    "INSERT OR IGNORE INTO tags VALUES (?, ?, ?, ?)",
                    (owner, as_bytes(paper), folded, kept),
                )
                if len(self._tags(owner, as_bytes(paper))) > TAGS_MOST:
                    raise AnnotationError(
                        f"a paper has at most {TAGS_MOST} tags; take one away first"
                    )
        return kept

    def untag(self, user: str, papers: Iterable[str], tag: str) -> None:
        """Takes a tag from papers."""
        owner, folded = self._user(user), tag.casefold()
        with self._db.transaction():
            self._db.execute_many(
                "DELETE FROM tags WHERE user = ? AND paper = ? AND folded = ?",
                [(owner, as_bytes(paper), folded) for paper in papers],
            )

    def tags(self, user: str) -> dict[str, int]:
        """Returns the user's tags in alphabetical order, with the papers of each."""
        rows = self._db.rows(
            "SELECT min(tag), count(*) FROM tags WHERE user = ? GROUP BY folded ORDER BY folded",
            (self._user(user),),
        )
        return {str(tag): int(count) for tag, count in rows}

    def tagged(self, user: str, tag: str) -> frozenset[str]:
        """Returns the identifiers of the papers with a tag."""
        rows = self._db.rows(
            "SELECT paper FROM tags WHERE user = ? AND folded = ?",
            (self._user(user), tag.casefold()),
        )
        return frozenset(bytes(row[0]).decode() for row in rows)

    def write(self, user: str, paper: str, note: str) -> None:
        """Sets the note of a paper; an empty one takes it away.

        Raises:
            AnnotationError: It is too long.
        """
        kept = note.replace("\0", " ").strip()
        if len(kept) > NOTE_MOST:
            raise AnnotationError(
                f"a note has at most {NOTE_MOST:,} characters, this one {len(kept):,}; shorten it"
            )
        key = (self._user(user), as_bytes(paper))
        if not kept:
            self._db.rows("DELETE FROM notes WHERE user = ? AND paper = ?", key)
            return
        now = self._clock().timestamp()
        self._db.rows("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?)", (*key, kept, now))

    def of(self, user: str, papers: Iterable[str]) -> Mapping[str, Annotation]:
        """Returns what is written to each of these papers; those without anything are left out."""
        owner, found = self._user(user), dict[str, Annotation]()
        names = list(dict.fromkeys(papers))
        for at in range(0, len(names), MANY):
            part = [as_bytes(name) for name in names[at : at + MANY]]
            asked = ", ".join("?" * len(part))
            told = {
                bytes(paper).decode(): str(note)
                for paper, note in self._db.rows(
                    f"SELECT paper, note FROM notes WHERE user = ? AND paper IN ({asked})",
                    (owner, *part),
                )
            }
            tags: dict[str, list[str]] = {}
            for paper, tag in self._db.rows(
                f"SELECT paper, tag FROM tags WHERE user = ? AND paper IN ({asked}) "
                "ORDER BY folded",
                (owner, *part),
            ):
                tags.setdefault(bytes(paper).decode(), []).append(str(tag))
            for name in {**told, **tags}:
                found[name] = Annotation(tuple(tags.get(name, ())), told.get(name, ""))
        return found

    def _tags(self, owner: bytes, paper: bytes) -> list[str]:
        rows = self._db.rows("SELECT tag FROM tags WHERE user = ? AND paper = ?", (owner, paper))
        return [str(row[0]) for row in rows]
