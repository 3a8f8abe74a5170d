"""Sessions: free what Gradio stores of a session when nobody waits for it any more.

The page stores nothing in a session: every call brings its user, conversation and scope. Gradio
still makes one for each visitor who loads the page, and never ends it without a heartbeat, which
this page does not send: of each the page's settings, 42 KB. Messages that nobody fetched stay in
its queue. Answers have a route of their own (``footnote.ui.web.server.answers``) and no session.

Gradio's settings limit the first (``SESSIONS``) and the queue's statistics; ``Sweeper`` removes the
rest through Gradio's internals, only here.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import count
from typing import Any

from footnote.ui.web.server.allocator import give_back

# Read by Gradio as it makes a queue. Its statistics, which nobody reads, keep 10,000 events, and
# sum all of them up with pandas after each one: 4 MB, and at last 13 ms an answer.
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(2**62)

# Sessions whose settings are stored; a dropped one is rebuilt in 9 ms when needed.
SESSIONS = 100
# Seconds between sweeps, and seconds in which an idle session may still fetch its messages.
EVERY, PATIENCE = 5.0, 60.0
# Sweeps between returning free memory to the system: answers fragment it.
TRIMMED = 4
# Maximum idle sessions; beyond it the oldest are removed sooner.
IDLE = 500
# Events of one session that are not done, or that nobody has read; the page makes one.
EVENTS = 32

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


class Sweeper:
    """Removes unused sessions from one Gradio queue."""

    def __init__(self, queue: Any, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes the queue of a page (``page._queue``)."""
        self._queue, self._clock = queue, clock
        self._idle: dict[str, float] = {}

    @property
    def held(self) -> set[str]:
        """The sessions with anything in the queue."""
        queue = self._queue
        return {*queue.pending_messages_per_session, *queue.pending_event_ids_session}

    async def sweep(self) -> None:
        """Removes what nobody waits for; call it in the server's event loop."""
        now, events = self._clock(), self._queue.event_ids_to_events
        busy = {event.session_hash for event in events.values()}
        idle = {session: self._idle.get(session, now) for session in self.held - busy}
        oldest_first = sorted(idle, key=idle.__getitem__)
        surplus = set(oldest_first[: max(0, len(idle) - IDLE)])
        for session, since in idle.items():
            # A session that has just become idle may still be fetching messages.
            if now - since >= PATIENCE or (session in surplus and since < now):
                self._forget(session)
        self._idle = {session: since for session, since in idle.items() if session in self.held}
        pending = self._queue.pending_event_ids_session
        for session in [session for session, ids in pending.items() if len(ids) > EVENTS]:
            self._forget(session)
            # What Gradio does itself when a browser leaves in the middle of an answer.
            await self._queue.clean_events(session_hash=session)

    def _forget(self, session: str) -> None:
        self._queue.pending_messages_per_session.pop(session, None)
        self._queue.pending_event_ids_session.pop(session, None)


def releasing(page: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns application options (``app_kwargs``) that also run the sweeps."""
    before: Lifespan | None = options.get("lifespan")

    @asynccontextmanager
    async def opened(app: Any) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(_sweep(Sweeper(page._queue)))
        try:
            if before is None:
                yield
            else:
                async with before(app):
                    yield
        finally:
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping

    return {**options, "lifespan": opened}


async def _sweep(sweeper: Sweeper) -> None:
    for swept in count(1):
        await asyncio.sleep(EVERY)
        await sweeper.sweep()
        if swept % TRIMMED == 0:
            # In a thread: it may take some milliseconds, and no answer shall wait for it.
            await asyncio.to_thread(give_back)
