"""Idle: what a server does for its library while nobody waits for it."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.ui.web.server.slots import Slots

log = logging.getLogger(__name__)

# Seconds that answers under way get where a server is told to end, and those after the last one, in
# which what was made is still sent.
PATIENCE, SENDING = 30.0, 0.5
ENDING = "this server is ending; ask again in a moment"

# Seconds between two looks at whether there is anything to do; after a fault twice as many each
# time, up to the second.
EVERY, MOST_EVERY = 5.0, 600.0

Part = TypeVar("Part")


class Activity:
    """How many answers are being made, and who else hears of them.

    Attributes:
        listeners: Called with each part of every answer, in the thread that makes it.
        slots: Where steps of answers wait for their turn.
    """

    def __init__(self) -> None:
        """Nothing is under way."""
        self.listeners: list[Callable[[Any], None]] = []
        self.slots: list[Slots] = []
        self._count, self._last_ended = 0, 0.0
        self._drained_from: float | None = None
        self._lock = threading.Lock()

    def drain(self) -> None:
        """Lets answers under way end, and no other begin."""
        self._drained_from = time.monotonic()

    @property
    def draining(self) -> bool:
        """Whether no other answer may begin."""
        return self._drained_from is not None

    @property
    def drained(self) -> bool:
        """Whether answers may not begin, and none is under way or worth waiting for."""
        begun = self._drained_from
        if begun is None:
            return False
        now = time.monotonic()
        if self.busy:
            return now - begun >= PATIENCE
        return now - max(begun, self._last_ended) >= SENDING

    @property
    def count(self) -> int:
        """How many answers are being made."""
        return self._count

    @property
    def busy(self) -> bool:
        """Whether any answer is being made."""
        return self._count > 0

    def watch(self, parts: Iterator[Part]) -> Generator[Part, None, None]:
        """Yields the parts of an answer, which is under way from the first to the last."""
        self._add(1)
        try:
            for part in parts:
                for listen in self.listeners:
                    listen(part)
                yield part
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
            self._add(-1)

    def _add(self, count: int) -> None:
        with self._lock:
            self._count += count
            self._last_ended = time.monotonic() if count < 0 else self._last_ended


class IdleWork:
    """Tidies a library in a thread of its own while it is open and nobody is waiting."""

    def __init__(self, library: Library, busy: Callable[[], bool], *, every: float = EVERY) -> None:
        """Takes the library, whether somebody waits, and the seconds between two looks."""
        self._library = library
        self._busy = busy
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="Idle work", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ended.set()
        # It stops at its next thousand passages; what it made goes on another time.
        self._thread.join()

    def _stopped(self) -> bool:
        return self._ended.is_set() or self._busy()

    def _run(self) -> None:
        wait = self._every
        while not self._ended.wait(wait):
            wait = min(2 * wait, MOST_EVERY)
            try:
                if not self._busy() and self._library.needs_tidying():
                    self._library.tidy(stopped=self._stopped)
                wait = self._every
            except FootnoteError as error:
                # A library that may only be read, or that another process tidies.
                log.info("not tidied: %s", error)
            # Catch everything: an error would end the thread, and with it all tidying.
            except Exception:
                log.exception("tidying failed")
