"""Arrivals: papers are numbered as they come, so that a number tells which came after it."""

from footnote.index.storage.database import Database


class Arrivals(Database):
    """The numbers of a catalog's papers; none is given twice, even where papers were removed."""

    def newest(self) -> int:
        """Returns the highest number of a paper that was published; 0 where none was.

        What is being added has higher ones: it cannot be found before it is published, so a mark
        taken now must not cover it.
        """
        kept = self.meta("newest")
        return self._highest() if kept is None else int(kept)

    def all_published(self) -> str:
        """Returns what ``newest`` shall be once every paper of the catalog is published."""
        return str(max(self.newest(), self._highest()))

    def _arrive(self) -> None:
        """Is called in a transaction before papers are added."""
        if self.meta("newest") is None:
            # A library of before: what it holds, it has published.
            self.set_meta(newest=str(self._highest()))

    def _highest(self) -> int:
        return int(self._rows("SELECT ifnull(max(number), 0) FROM papers")[0][0])
