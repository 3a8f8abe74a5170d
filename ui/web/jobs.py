"""Jobs: work that takes longer than a reader waits for a page, with its progress."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from footnote.index import FootnoteError

log = logging.getLogger(__name__)

CRASHED = "it failed; the log has the details, and nothing else was lost"
# Finished jobs that a page may still ask about.
KEPT = 50
# Maximum running jobs, in all and for one user; an eval may take an hour, so nothing is queued.
AT_ONCE, OF_ONE = 4, 2


@dataclass(slots=True)
class Job:
    """One piece of work.

    Attributes:
        done: Of ``total``, in ``unit``.
        note: What is being done, where that cannot be counted.
        result: The result as text or our own HTML; None until finished.
        error: Why it failed, one line.
        stopping: Whether its user wants no more of it.
        imported: Number of the import that it made; None where it made none.
    """

    label: str
    unit: str
    total: int = 0
    done: int = 0
    note: str = ""
    result: str | None = None
    error: str | None = None
    stopping: bool = False
    user: str = ""
    id: str = ""
    imported: int | None = None
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @property
    def rate(self) -> float:
        """Units a second so far."""
        return self.done / max(0.05, (self.ended or time.monotonic()) - self.began)

    def advance(self, count: int = 1) -> None:
        """Adds to the number of finished items."""
        self.done += count

    def check_wanted(self) -> None:
        """Ends work that may be left half done.

        Raises:
            FootnoteError: Its user stopped it.
        """
        if self.stopping:
            raise FootnoteError("it was stopped")


class Jobs:
    """The jobs of one server; a user sees only their own."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether any job is running."""
        with self._lock:
            return any(job.ended is None for job in self._jobs.values())

    def start(self, user: str, label: str, unit: str, work: Callable[[Job], str]) -> str:
        """Runs ``work`` in a thread of its own; returns the job's id.

        Raises:
            FootnoteError: Too many jobs are running.
        """
        id = secrets.token_urlsafe(16)
        job = Job(label, unit, user=user, id=id)
        with self._lock:
            self._check(user)
            self._jobs[id] = job
            ended = [key for key, other in self._jobs.items() if other.ended]
            for key in ended[:-KEPT]:
                del self._jobs[key]
        threading.Thread(target=_run, args=(job, work), daemon=True, name=label).start()
        return id

    def _check(self, user: str) -> None:
        running = [job.user for job in self._jobs.values() if job.ended is None]
        if running.count(user) >= OF_ONE:
            raise FootnoteError(f"{OF_ONE} of your jobs are running; wait until one ends")
        if len(running) >= AT_ONCE:
            raise FootnoteError("this server is busy with other people's work; try again later")

    def get(self, user: str, id: str) -> Job:
        """Returns a job.

        Raises:
            FootnoteError: The user has no job with this id.
        """
        job = self._jobs.get(id)
        if job is None or job.user != user:
            raise FootnoteError("that work is no longer known; start it again")
        return job


def _run(job: Job, work: Callable[[Job], str]) -> None:
    try:
        job.result = work(job)
    except FootnoteError as error:
        job.error = str(error)
    # Catch everything: an error that escapes a thread is lost.
    except Exception:
        log.exception("%s failed", job.label)
        job.error = CRASHED
    finally:
        job.ended = time.monotonic()
