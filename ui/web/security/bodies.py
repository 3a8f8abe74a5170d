"""Bodies of requests as they come in: counted, timed, and refused in one line."""

import asyncio
import time
from dataclasses import dataclass

from starlette.types import Message, Receive

# Seconds without a byte after which a body is given up, and those that a whole one may take:
# 100 MB at half a megabit a second.
PAUSE, WHOLE = 30.0, 1800.0
_GONE: Message = {"type": "http.disconnect"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered, on one line."""

    status: int
    line: str


def over(limit: int) -> Refusal:
    """Returns the refusal of a body of more than so many bytes."""
    return Refusal(413, f"the request is too large; the limit is {limit:,} bytes")


class Body:
    """The body of one request; to be called in place of the ``receive`` that it takes.

    Attributes:
        refusal: Why no more of it is read. To the application the client is gone by then,
            whatever it goes on sending.
    """

    def __init__(
        self, receive: Receive, limit: int, *, pause: float = PAUSE, whole: float = WHOLE
    ) -> None:
        """Reads nothing yet.

        Args:
            receive: Of the server.
            limit: Bytes.
            pause: Seconds for which nothing may come.
            whole: Seconds until all has come.
        """
        self.refusal: Refusal | None = None
        self._receive, self._limit = receive, limit
        self._pause, self._until = pause, time.monotonic() + whole
        self._read, self._ended = 0, False

    async def __call__(self) -> Message:
        """Returns the next part; after the last one, what the client does."""
        if self.refusal:
            return _GONE
        if self._ended:
            return await self._receive()
        try:
            async with asyncio.timeout(min(self._pause, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            self.refusal = Refusal(408, "the request came too slowly or was cut off; send it again")
            return _GONE
        self._read += len(message.get("body", b""))
        self._ended = not message.get("more_body")
        if self._read > self._limit:
            self.refusal = over(self._limit)
            return _GONE
        return message
