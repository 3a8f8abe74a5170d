"""Storing: how papers come into the catalog and leave it, each time in one transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footnote.index.embeddings.base import Matrix
from footnote.index.embeddings.token_vectors import Tokens
from footnote.index.models import Paper, Passage, Span, to_json
from footnote.index.storage.import_log import Import, Imports
from footnote.index.storage.removals import Taking
from footnote.index.storage.vectors import in_parts

# The next number after every one that a paper ever had: indexes may still name one that left.
_NEXT_NUMBER = (
    "SELECT 1 + max((SELECT coalesce(max(number), 0) FROM papers), "
    "(SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM meta WHERE key = 'retired'))"
)


@dataclass(frozen=True, slots=True)
class EmbeddedPaper:
    """A paper ready to be stored.

    Attributes:
        number: Of the stored paper that it replaces.
        vectors: Of ``passages``; None means that what is stored of the text still holds.
        tokens: Of ``passages``; none where the embedder does not read tokens.
        absorbs: Numbers of other stored papers that turned out to be this one.
    """

    paper: Paper
    number: int | None = None
    sentences: Sequence[Span] = ()
    passages: Sequence[Passage] = ()
    vectors: Matrix | None = None
    tokens: Sequence[Tokens] = ()
    absorbs: Sequence[int] = ()


class Stored(Imports):
    """The papers of a catalog, as they are written."""

    def store(self, entries: Sequence[EmbeddedPaper], of: Import | None = None) -> list[int]:
        """Writes papers, their passages and vectors in one transaction; returns their numbers.

        Args:
            entries: The papers.
            of: The import that they are of, which takes note of what it changes.
        """
        if not entries:
            return []
        with self.transaction():
            self._arrive()
            self._revise()
            self._forget_takings()
            if of:
                self._begin(of)
            return [self._store(entry, of) for entry in entries]

    def remove(self, numbers: Sequence[int]) -> None:
        """Takes papers out, in one transaction; ``put_back`` undoes it."""
        with self.transaction():
            self._revise()
            self._make_imports()
            self._take(numbers, gone=len(numbers))
            freed = self._free_aliases(numbers)
            for number in numbers:
                self._drop(number)
                self._forget(number)
            self._hand_on(freed)

    def revert(self, number: int, entries: Sequence[EmbeddedPaper]) -> int:
        """Takes back an import in one transaction; returns how many papers it removes.

        Args:
            number: Of the import.
            entries: What the papers that it changed were before, under their numbers.
        """
        with self.transaction():
            self._revise()
            changed = [entry.number for entry in entries if entry.number is not None]
            rows = self._rows("SELECT paper FROM changes WHERE import = ?", (number,))
            touched = [int(row[0]) for row in rows]
            added = sorted(set(touched) - set(changed))
            self._take(touched, gone=len(added), undone=number, changed=len(changed))
            freed = self._free_aliases(touched)
            for paper in added:
                self._drop(paper)
            # Two papers that had become one may each want the name that the other has now.
            self._db.executemany(
                "UPDATE papers SET id = 'undone:' || number WHERE number = ?",
                [(paper,) for paper in changed],
            )
            self._restore_aliases(number, changed)
            for entry in entries:
                self._store(entry, None)
            self._hand_on(freed)
            self._db.execute("DELETE FROM changes WHERE import = ?", (number,))
            self._db.execute("UPDATE imports SET undone = 1 WHERE number = ?", (number,))
            return len(added)

    def put_back(self, taking: Taking) -> None:
        """Puts back what was taken last, as it was, in one transaction."""
        with self.transaction():
            self._revise()
            self._give_back(taking)

    # Inside of a transaction.

    def _revise(self) -> None:
        self._make_tokens()
        self.set_meta(revision=str(int(self.meta("revision") or 0) + 1))

    def _store(self, entry: EmbeddedPaper, of: Import | None) -> int:
        paper, known = entry.paper, entry.number
        number: int = self._db.execute(_NEXT_NUMBER).fetchone()[0] if known is None else known
        for other in entry.absorbs:
            if of:
                self._note_absorbed(of, other, number)
            self._free_aliases([other])
            self._drop(other)
        if of and known is None:
            self._note_new(of, number)
        elif of:
            self._note_change(of, number)
        self._db.execute(
            "INSERT INTO papers (number, id, year, record) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (number) DO UPDATE SET id = excluded.id, year = excluded.year, "
            "record = excluded.record",
            (number, paper.id, paper.year, to_json(paper)),
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO aliases VALUES (?, ?)", [(a, number) for a in paper.aliases]
        )
        if entry.vectors is not None:
            self._store_text(entry, number, entry.vectors)
        return number

    def _store_text(self, entry: EmbeddedPaper, number: int, vectors: Matrix) -> None:
        """Writes what embedders made of a paper's text, in place of what they made of another."""
        sentences = json.dumps(entry.sentences)
        self._db.execute("UPDATE papers SET sentences = ? WHERE number = ?", (sentences, number))
        self._drop_text(number)
        passages = [
            self._db.execute(
                "INSERT INTO passages (paper, first, last, vector) VALUES (?, ?, ?, ?) "
                "RETURNING number",
                (number, p.start, p.end, row.astype(np.float32).tobytes()),
            ).fetchone()[0]
            for p, row in zip(entry.passages, vectors, strict=True)
        ]
        self._keep_tokens(
            (passage, number, tokens)
            for passage, tokens in zip(passages, entry.tokens, strict=False)
        )

    def _drop_text(self, number: int) -> None:
        self._db.execute("DELETE FROM tokens WHERE paper = ?", (number,))
        self._db.execute("DELETE FROM passages WHERE paper = ?", (number,))

    def _drop(self, number: int) -> None:
        """Deletes a paper whose identifiers are free."""
        self._drop_text(number)
        self._db.execute("DELETE FROM papers WHERE number = ?", (number,))
        if number > int(self.meta("retired") or 0):
            self.set_meta(retired=str(number))

    def _free_aliases(self, numbers: Sequence[int]) -> list[str]:
        """Takes their identifiers from papers, and returns them."""
        freed: list[str] = []
        for part in in_parts(numbers):
            rows = self._db.execute(
                f"DELETE FROM aliases WHERE paper IN ({part}) RETURNING alias"
            ).fetchall()
            freed += [str(row[0]) for row in rows]
        return freed

    def _hand_on(self, freed: Sequence[str]) -> None:
        """Gives each identifier that is free to the first paper that has it too."""
        self._db.execute(
            "INSERT OR IGNORE INTO aliases SELECT each.value, papers.number FROM papers, "
            "json_each(papers.record, '$.aliases') AS each "
            "WHERE each.value IN (SELECT value FROM json_each(?)) ORDER BY papers.number",
            (json.dumps(freed),),
        )
