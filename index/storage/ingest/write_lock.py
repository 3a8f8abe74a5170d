"""The locks of a library: one process at a time writes or folds, and one thread of it."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import filelock

from footnote.index import LibraryError, LibraryLocked


class WriteLock:
    """A lock file for other processes, and a lock for this one's other threads."""

    def __init__(self, path: Path, work: str = "writing", *, wait: float = 0.0) -> None:
        """Takes the path of the lock file, which stands in the library's folder, and its work.

        Args:
            path: Of the file.
            work: What is done under the lock, as an error tells it.
            wait: Seconds that ``hold`` waits for whoever holds it.
        """
        self._path = path
        self._work = work
        self._wait = wait
        self._file = filelock.FileLock(path, thread_local=False)
        self._threads = threading.Lock()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Holds both locks.

        Raises:
            LibraryLocked: Somebody else is writing, and still was after the wait.
            LibraryError: The folder cannot be written.
        """
        with ExitStack() as stack:
            self._acquire(stack)
            yield

    def _acquire(self, stack: ExitStack) -> None:
        folder = self._path.parent
        try:
            until = time.monotonic() + self._wait
            if not self._threads.acquire(timeout=self._wait):
                raise filelock.Timeout(str(self._path))
            stack.callback(self._threads.release)
            left = max(0.0, until - time.monotonic())
            stack.enter_context(self._file.acquire(timeout=left))
        except filelock.Timeout as error:
            still = f"still {self._work} {folder} after {self._wait:g} s"
            what = still if self._wait else f"{self._work} {folder}"
            raise LibraryLocked(
                f"another process is {what}; wait for it to end, then try again"
            ) from error
        except OSError as error:
            raise LibraryError(f"{folder} cannot be written ({error.strerror})") from error
