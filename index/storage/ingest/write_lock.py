"""The locks of a library: one process at a time writes or folds, and one thread of it."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import filelock

from footnote.index import LibraryError, LibraryLocked


class WriteLock:
    """A lock file for other processes, and a lock for this one's other threads."""

    def __init__(self, path: Path, work: str = "writing") -> None:
        """Takes the path of the lock file, which stands in the library's folder, and its work."""
        self._path = path
        self._work = work
        self._file = filelock.FileLock(path, thread_local=False)
        self._threads = threading.Lock()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Holds both locks; does not wait for them.

        Raises:
            LibraryLocked: Somebody else is writing.
            LibraryError: The folder cannot be written.
        """
        with ExitStack() as stack:
            self._acquire(stack)
            yield

    def _acquire(self, stack: ExitStack) -> None:
        folder = self._path.parent
        try:
            if not self._threads.acquire(blocking=False):
                raise filelock.Timeout(str(self._path))
            stack.callback(self._threads.release)
            stack.enter_context(self._file.acquire(timeout=0))
        except filelock.Timeout as error:
            raise LibraryLocked(
                f"another process is {self._work} {folder}; wait for it to end, then try again"
            ) from error
        except OSError as error:
            raise LibraryError(f"{folder} cannot be written ({error.strerror})") from error
