"""Slots: how many pieces of work are done at a time, and which of those that wait comes next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count


class Slots:
    """A number of slots for work; a free one goes to whoever is due first.

    To be used in one event loop only.
    """

    def __init__(self, number: int) -> None:
        """Takes how many pieces of work are done at a time."""
        self._free = number
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        # Of two that are due at once, the one that came first.
        self._order = count()

    @property
    def waiting(self) -> int:
        """How many pieces of work wait for a slot."""
        return sum(not given.done() for _, _, given in list(self._waiting))

    @asynccontextmanager
    async def turn(self, due: float) -> AsyncIterator[None]:
        """Waits for a slot and holds it.

        Args:
            due: Any scale; the lowest of those that wait comes next.
        """
        await self._take(due)
        try:
            yield
        finally:
            self._give()

    async def _take(self, due: float) -> None:
        if self._free:
            self._free -= 1
            return
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (due, next(self._order), given))
        try:
            await given
        except asyncio.CancelledError:
            # It may have been given in the moment in which nobody waited for it any more.
            if given.done() and not given.cancelled():
                self._give()
            raise

    def _give(self) -> None:
        while self._waiting:
            *_, given = heappop(self._waiting)
            if not given.done():
                given.set_result(None)
                return
        self._free += 1
