"""What Gradio keeps of sessions, let go when nobody waits for it any more.

The page keeps nothing in a session: who asks, in which conversation and scope, comes with every
call. Gradio keeps one all the same, of whoever comes, and ends none that sent no heartbeat, as
this page sends none. Measured with 50 people of one question each
(``python -m footnote.evals.lab.bench.page DIR --visit 1``), 185 MB of memory for 1,000 sessions:
of each the page's settings, 42 KB, and the last answer, 121 KB. What was said to nobody stays in
its queue.

Settings of Gradio's own bound the first (``SESSIONS``) and the queue's statistics; the rest is
swept away from inside, here only, by ``Sweeper``.
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

# Sessions whose settings are kept; one that is asked for again is made anew, in 9 ms.
SESSIONS = 100
# Seconds from one sweep to the next, and those for which a session that nothing is done for may
# still fetch what was said to it.
EVERY, PATIENCE = 5.0, 60.0
# Sweeps after which free memory is given back: answers leave it in pieces that fit no other.
TRIMMED = 4
# Sessions that nothing is done for, beyond which the oldest go sooner.
IDLE = 500
# Events of one session that are not done, or that nobody has read; the page makes three at most.
EVENTS = 32

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


class Sweeper:
    """Lets go of the sessions of one queue of Gradio's that nobody needs."""

    def __init__(self, queue: Any, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes the queue of a page (``page._queue``)."""
        self._queue, self._clock = queue, clock
        self._idle: dict[str, float] = {}

    @property
    def held(self) -> set[str]:
        """The sessions that the queue keeps anything of."""
        queue = self._queue
        return {*queue.pending_messages_per_session, *queue.pending_event_ids_session}

    async def sweep(self) -> None:
        """Lets go of what nobody waits for; to be called in the loop of the server."""
        now, events = self._clock(), self._queue.event_ids_to_events
        busy = {event.session_hash for event in events.values()}
        idle = {session: self._idle.get(session, now) for session in self.held - busy}
        oldest_first = sorted(idle, key=idle.__getitem__)
        surplus = set(oldest_first[: max(0, len(idle) - IDLE)])
        for session, since in idle.items():
            # One that has only just become idle may be at its last words.
            if now - since >= PATIENCE or (session in surplus and since < now):
                self._forget(session)
        self._idle = {session: since for session, since in idle.items() if session in self.held}
        if self._queue.server_app is not None:
            # An answer that was stopped is noted for a next step that never comes.
            self._queue.server_app.iterators_to_reset.intersection_update(events)
        pending = self._queue.pending_event_ids_session
        for session in [session for session, ids in pending.items() if len(ids) > EVENTS]:
            self._forget(session)
            # What Gradio does itself when a browser leaves in the middle of an answer.
            await self._queue.clean_events(session_hash=session)

    def _forget(self, session: str) -> None:
        self._queue.pending_messages_per_session.pop(session, None)
        self._queue.pending_event_ids_session.pop(session, None)


def releasing(page: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options of an application (``app_kwargs``), by which its server sweeps, too."""
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
