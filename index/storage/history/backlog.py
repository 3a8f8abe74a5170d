"""Backlog: what changed in a catalog since the indexes made from it were last written.

Triggers keep it in the transaction of each change, whoever makes it, so that it cannot be forgotten
and survives a kill. What was added and removed in between leaves nothing here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from footnote.index.storage.database import Database, in_parts

CAME, WENT = 1, -1
# A tail that is shorter, or a smaller share of the collection, is compared in less time than a
# fold saves; of this length it takes 4 ms.
FEWEST_FOLDED, SHARE_FOLDED, MOST_UNFOLDED = 100, 0.05, 20_000
# While more is added a tail may grow to this, or to the length of the collection: its vectors take
# 150 MB of every reader's memory then, and folding costs no more than what it is folded into.
MOST_TAIL = 100_000


@dataclass(frozen=True, slots=True)
class CollectionState:
    """Which collection is in use and what it lacks, as read in one state of the catalog.

    Attributes:
        embedder: Whose vectors these are; None in an empty catalog.
        base: Number of the collection; None where all passages are to be folded.
        came: Passages that the collection lacks, ascending.
        went: How many passages it has too many.
        passages: How many there are.
        place: Where the collection is, as ``fold`` was told; None or "" for the folder.
    """

    embedder: str | None
    base: int | None
    came: Sequence[int]
    went: int
    passages: int
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Unfolded:
    """What a collection of vectors lacks, as read in one state of the catalog.

    Attributes:
        generation: Number of the collection.
        revision: Of the catalog.
        came: Passages that the collection lacks, ascending.
        went: Passages that it has and the catalog has not.
        described: Papers whose record changed: their passages need other metadata.
    """

    generation: int
    revision: int
    came: Sequence[int]
    went: Sequence[int]
    described: Sequence[int]


class Backlog:
    """The rows that triggers wrote; what changes them runs in the caller's transaction."""

    def __init__(self, db: Database) -> None:
        """Takes the database that holds the tables."""
        self._db = db

    # Of the collection of vectors.

    def unfolded(self) -> Unfolded:
        """Returns what the collection lacks."""
        changes = self._changes()
        described = self._db.rows("SELECT paper FROM undescribed ORDER BY paper")
        return Unfolded(
            int(self._db.meta("generation") or 0),
            int(self._db.meta("revision") or 0),
            sorted(n for n, change in changes.items() if change == CAME),
            sorted(n for n, change in changes.items() if change == WENT),
            [int(row[0]) for row in described],
        )

    def base(self) -> int | None:
        """Returns the number of the collection in use; None where there is none.

        A folder of the number may be there all the same, left by a killed fold.
        """
        generation = self._db.meta("generation") or "0"
        # Libraries of before do not say.
        base = self._db.meta("base") or generation
        return int(base) if base == generation and base != "0" else None

    def came(self) -> list[int]:
        """Returns the passages that the collection lacks, ascending."""
        rows = self._db.rows("SELECT passage FROM unfolded WHERE change = 1 ORDER BY passage")
        return [int(row[0]) for row in rows]

    def count_unfolded(self) -> tuple[int, int]:
        """Returns how many passages the collection lacks, and how many it has too many."""
        rows = self._db.rows(
            "SELECT coalesce(sum(change = 1), 0), coalesce(sum(change = -1), 0) FROM unfolded"
        )
        return int(rows[0][0]), int(rows[0][1])

    def pays_to_fold(self, passages: int) -> bool:
        """Returns whether so much changed that a new collection pays.

        Args:
            passages: How many the catalog holds.
        """
        came, went = self.count_unfolded()
        held = passages - came + went
        if not held:
            return came > 0
        return came + went > min(max(FEWEST_FOLDED, SHARE_FOLDED * held), MOST_UNFOLDED)

    def is_long(self, passages: int) -> bool:
        """Returns whether so much came that it should be folded before more comes.

        Args:
            passages: How many the catalog holds.
        """
        came, went = self.count_unfolded()
        return came > max(MOST_TAIL, passages - came + went)

    def fold(self, done: Unfolded, generation: int, place: str = "") -> bool:
        """Takes a new collection into use.

        Args:
            done: What it was made of; what changed since then stays here.
            generation: Its number.
            place: Where it is, which is kept as it is given; "" for the folder.

        Returns:
            Whether it is in use: false where another collection was taken meanwhile.
        """
        if int(self._db.meta("generation") or 0) != done.generation:
            return False
        now = self._changes()
        self._settle(done.came, now, CAME)
        self._settle(done.went, now, WENT)
        self._db.execute("DELETE FROM undescribed WHERE at <= ?", (done.revision,))
        number = str(generation)
        folded = str(done.revision)
        self._db.set_meta(generation=number, base=number, base_place=place, folded=folded)
        return True

    def void(self) -> None:
        """Gives the collection up: all passages are to be folded into a new one."""
        generation = int(self._db.meta("generation") or 0) + 1
        self._db.execute("DELETE FROM unfolded")
        self._db.execute("INSERT INTO unfolded SELECT number, 1 FROM passages")
        self._db.execute("DELETE FROM undescribed")
        self._db.set_meta(generation=str(generation), base="none", folded="0")

    def _settle(self, numbers: Sequence[int], now: Mapping[int, int], change: int) -> None:
        """Deletes what was folded in, and turns round what changed back meanwhile."""
        for part in in_parts([n for n in numbers if now.get(n) == change]):
            self._db.execute(f"DELETE FROM unfolded WHERE passage IN ({part})")
        self._db.execute_many(
            "INSERT INTO unfolded VALUES (?, ?)", [(n, -change) for n in numbers if n not in now]
        )

    def _changes(self) -> dict[int, int]:
        return {int(n): int(c) for n, c in self._db.rows("SELECT passage, change FROM unfolded")}

    # Of the index of words.

    def unwritten(self, most: int) -> list[int]:
        """Returns up to ``most`` papers that the index of words may hold otherwise, or not."""
        rows = self._db.rows("SELECT paper FROM unwritten ORDER BY paper LIMIT ?", (most,))
        return [int(row[0]) for row in rows]

    def mark_written(self, papers: Iterable[int]) -> None:
        """Takes note that the index of words holds these papers as they are."""
        for part in in_parts(list(papers)):
            self._db.execute(f"DELETE FROM unwritten WHERE paper IN ({part})")

    def mark_unwritten(self) -> None:
        """Takes note that the index of words is to be written anew."""
        self._db.execute("INSERT OR IGNORE INTO unwritten SELECT number FROM papers")
