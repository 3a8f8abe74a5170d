"""Importer: reads what came into the library, one job after another, and tells how far it is."""

import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

from anyio.to_thread import run_sync

from footnote.index import FootnoteError, LibraryLocked
from footnote.index.readers.gathering import Gathered
from footnote.index.readers.lookup import gather
from footnote.index.storage.ingest.tallies import Added
from footnote.ui.api.errors import ApiError
from footnote.ui.api.imports.jobs import CUT, UNDER_WAY, ImportJob, ImportJobs
from footnote.ui.web.context import AppContext
from footnote.ui.web.jobs import CRASHED
from footnote.ui.web.security.uploads import make_place, take_upload
from footnote.ui.web.server.idle import ENDING

log = logging.getLogger(__name__)

FILE = "jobs.sqlite3"
MOST_WAITING = 20
MOST_PROBLEMS = 200
# Seconds between two times that progress is stored.
_STORED = 1.0
STOPPED = "it was cancelled; what was stored by then stays, and `footnote undo` takes it back"
Take = Callable[[Gathered], None]
"""Reads what one job was given."""


class Cancelled(FootnoteError):
    """Nobody wants a job any more."""


class Importer:
    """Runs import jobs; open as long as ``running`` is."""

    def __init__(self, desk: AppContext) -> None:
        """Takes the library."""
        self._desk = desk
        self._lock = threading.Lock()
        self._current: dict[str, ImportJob] = {}
        self._unwanted: set[str] = set()
        self._ending = False
        self._jobs: ImportJobs | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="import")
        self._place = Path()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Takes jobs as long as it is open; at the end stops the one under way."""
        self._place, tidy = make_place()
        with ImportJobs.open(self._desk.papers.path / FILE) as self._jobs:
            self._jobs.cut_off()
            try:
                yield
            finally:
                with self._lock:
                    self._ending = True
                    self._unwanted.update(self._current)
                await run_sync(partial(self._worker.shutdown, cancel_futures=True))
                tidy()

    def place(self) -> Path:
        """Returns a folder of its own for a file that comes in."""
        folder = self._place / token_hex(16)
        folder.mkdir(parents=True)
        return folder

    def check_room(self) -> None:
        """Makes sure that another job can wait.

        Raises:
            ApiError: Too many do, or the server ends.
        """
        if self._desk.activity.draining:
            raise ApiError(503, ENDING)
        if len(self._current) >= MOST_WAITING:
            raise ApiError(503, f"{MOST_WAITING} imports are waiting; send it when one has ended")

    def add_files(self, user: str, files: Sequence[tuple[Path, str]]) -> ImportJob:
        """Returns a job that reads files, which it deletes; each with the name its giver has."""

        def take(found: Gathered) -> None:
            for path, name in files:
                self._check_wanted(job.id)
                found.take(path, name)

        job = self._start(user, [name for _, name in files])
        self._submit(job, take, [path for path, _ in files])
        return job

    def add_identifiers(self, user: str, names: Sequence[str]) -> ImportJob:
        """Returns a job that looks papers up by their identifiers."""

        def take(found: Gathered) -> None:
            gather(found, names, services=self._desk.services)

        job = self._start(user, names)
        self._submit(job, take, [])
        return job

    def load(self, user: str, id: str) -> ImportJob:
        """Returns a job as it is now.

        Raises:
            ImportJobError: The user has no such job.
        """
        stored = self._store.load(user, id)
        with self._lock:
            return self._current.get(stored.id, stored)

    def list(self, user: str) -> "Sequence[ImportJob]":
        """Returns the latest jobs of a user, the newest first."""
        stored = self._store.list(user)
        with self._lock:
            return [self._current.get(job.id, job) for job in stored]

    def cancel(self, user: str, id: str) -> ImportJob:
        """Returns a job that ends as soon as it can; one that has ended stays as it is.

        Raises:
            ImportJobError: The user has no such job.
        """
        job = self.load(user, id)
        if job.state in UNDER_WAY:
            with self._lock:
                self._unwanted.add(job.id)
        return job

    @property
    def _store(self) -> ImportJobs:
        if self._jobs is None:
            raise FootnoteError("the server does not take imports yet; send it in a moment")
        return self._jobs

    def _start(self, user: str, names: Sequence[str]) -> ImportJob:
        if not names:
            raise ApiError(422, "nothing was given; send files or identifiers")
        job = self._store.start(user, names)
        with self._lock:
            self._current[job.id] = job
        return job

    def _submit(self, job: ImportJob, take: Take, paths: Sequence[Path]) -> None:
        self._worker.submit(self._run, job.id, take, paths)

    def _run(self, id: str, take: Take, paths: Sequence[Path]) -> None:
        with take_upload(paths):
            try:
                self._check_wanted(id)
                self._read(id, take)
                told: dict[str, Any] = {"state": "done"}
            except Cancelled as error:
                told = {"state": "cancelled", "error": str(error)}
                if self._ending:
                    told = {"state": "cut", "error": CUT}
            except FootnoteError as error:
                told = {"state": "failed", "error": str(error)}
            # Catch everything: an error that escapes a thread is lost.
            except Exception:
                log.exception("an import failed")
                told = {"state": "failed", "error": CRASHED}
        with suppress(FootnoteError):
            self._tell(id, stored=True, **told)
        with self._lock:
            del self._current[id]
            self._unwanted.discard(id)

    def _read(self, id: str, take: Take) -> None:
        """Reads everything first, then adds it."""
        self._tell(id, stored=True, state="reading")
        limit, due = self._desk.unpacked, time.monotonic()
        with Gathered(most_unpacked=limit, most_kept=limit) as found:
            take(found)
            problems = tuple(_problems(found))[:MOST_PROBLEMS]
            self._tell(id, problems=problems, total=found.papers)
            found.check()
            self._tell(id, stored=True, state="adding")

            def advance(count: int = 1) -> None:
                nonlocal due
                self._check_wanted(id)
                late = time.monotonic() >= due
                due = time.monotonic() + _STORED if late else due
                self._tell(id, stored=late, done=self._current[id].done + count)

            added = self._add(id, found, advance)
        self._tell(
            id, done=found.papers, new=added.new, changed=added.changed, unchanged=added.unchanged
        )

    def _add(self, id: str, found: Gathered, advance: Callable[[int], None]) -> Added:
        while True:
            try:
                # The server folds when nobody waits.
                return self._desk.papers.add_records(
                    found.records(), names=found.names, on_progress=advance, fold=False
                )
            except LibraryLocked:
                # One writer at a time: a reader of the page, or another process, comes first.
                self._check_wanted(id)
                time.sleep(_STORED)

    def _check_wanted(self, id: str) -> None:
        with self._lock:
            if id in self._unwanted:
                raise Cancelled(STOPPED)

    def _tell(self, id: str, *, stored: bool = False, **changed: Any) -> None:
        with self._lock:
            job = self._current[id] = replace(self._current[id], **changed)
        if stored:
            job = self._store.save(job)
            with self._lock:
                self._current[id] = job


def _problems(found: Gathered) -> Iterator[str]:
    """Yields what could not be used, a line each."""
    for file in found.files:
        if file.error:
            yield f"{file.name}: {file.error}"
        yield from map(str, file.problems)
