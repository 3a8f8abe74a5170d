"""The index of words as it stands beside a catalog, and is written in place when papers change.

Tantivy's commits are atomic and its readers reload, so it need not be copied. It lacks what the
catalog's backlog names; a killed writer leaves the rest there, and writing a paper again does no
harm.
"""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from footnote.index.models import Paper
from footnote.index.search.fulltext import FullTextIndex
from footnote.index.storage.catalog import Catalog

# Papers written in one commit, which takes 50 ms however few they are.
_AT_ONCE = 20_000
# Up to here the whole index is written again when a paper changes or goes, in .1 s, so that scores
# are those of an index that never held it. Above, that is done when so large a share went.
REWRITTEN, SHARE_STALE = 2_000, 0.05


class WordIndex:
    """The full-text index of a library, opened when it is first asked for."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        """Opens nothing yet."""
        self._folder = folder
        self._catalog = catalog
        self._guard = threading.RLock()
        self._index: FullTextIndex | None = None
        self._seen: tuple[int, int] | None = None

    def close(self) -> None:
        """Closes the index."""
        with self._guard:
            if self._index:
                self._index.close()
            self._index = None

    def current(self) -> FullTextIndex | None:
        """Returns the index as it was last written; None where there is none yet."""
        with self._guard:
            state = self._catalog.state()
            if self._index is None and (self._folder / "meta.json").is_file():
                self._index, self._seen = FullTextIndex(self._folder), state
            elif self._index and state != self._seen:
                # A writer may be replacing a damaged index: until it is there, what was read before
                # serves, and the next search looks again. Tantivy's errors share no base class.
                with suppress(Exception):
                    self._index.reload()
                    self._seen = state
            return self._index

    def agrees(self) -> bool:
        """Returns whether the index holds the papers that the catalog holds."""
        try:
            words = self.current()
            if self._catalog.backlog.unwritten(1):
                return False
            return (words.count() if words else 0) == self._catalog.papers.count()
        # Tantivy's errors share no base class; after any, it can be written anew.
        except Exception:
            self.close()
            return False

    def write(self) -> None:
        """Writes what the index lacks; the caller holds the library's write lock."""
        while numbers := self._catalog.backlog.unwritten(_AT_ONCE):
            index = self._open()
            stale = index.count_among(numbers)
            if stale and self._catalog.papers.count() <= REWRITTEN:
                self.rewrite()
            else:
                index.write(self._rows(numbers), without=numbers)
                stale += self._count_stale()
                self._catalog.set_meta(stale=str(stale))
            self._catalog.mark_written(numbers)

    def is_due(self) -> bool:
        """Returns whether so many papers changed or went that it should be written again."""
        return self._count_stale() > SHARE_STALE * max(REWRITTEN, self._catalog.papers.count())

    def rewrite(self) -> None:
        """Writes the whole index again in one commit; the caller holds the write lock."""
        numbers = self._catalog.papers.numbers_between(None, None)
        self._open().write(self._rows(numbers), without=None)
        self._catalog.set_meta(stale="0")

    def write_anew(self) -> None:
        """Writes the whole index again, in place of one that is damaged."""
        with self._guard:
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        self._catalog.set_meta(stale="0")
        self._catalog.mark_unwritten()
        self.write()

    def _count_stale(self) -> int:
        return int(self._catalog.meta("stale") or 0)

    def _open(self) -> FullTextIndex:
        with self._guard:
            if self._index is None:
                self._index = FullTextIndex(self._folder)
            return self._index

    def _rows(self, numbers: Sequence[int]) -> Iterator[tuple[int, str, int | None]]:
        papers = self._catalog.papers.read(numbers)
        return ((n, indexed_text(p), p.year) for n, p in papers)


def indexed_text(paper: Paper) -> str:
    """Returns the text whose words a paper is found by."""
    return f"{paper.title}\n{paper.abstract}"
