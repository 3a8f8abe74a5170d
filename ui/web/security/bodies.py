"""Bodies: limit the size and time of request bodies."""

import asyncio
import time
from dataclasses import dataclass

from starlette.types import Message, Receive

# Maximum seconds without a byte, and for a whole body: 100 MB at half a megabit a second.
PAUSE, WHOLE = 30.0, 1800.0
_GONE: Message = {"type": "http.disconnect"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered, on one line."""

    status: int
    line: str


def over(limit: int) -> Refusal:
    """Returns the refusal of a body that is larger than a limit."""
    return Refusal(413, f"the request is too large; the limit is {limit:,} bytes")


class Body:
    """The body of one request; replaces the ASGI ``receive`` that it wraps.

    Attributes:
        refusal: Why reading stopped. The application then sees a disconnected client.
    """

    def __init__(
        self, receive: Receive, limit: int, *, pause: float = PAUSE, whole: float = WHOLE
    ) -> None:
        """Wraps ``receive`` without reading.

        Args:
            receive: The server's ``receive``.
            limit: Maximum bytes.
            pause: Maximum seconds without data.
            whole: Maximum seconds for the whole body.
        """
        self.refusal: Refusal | None = None
        self._receive, self._limit = receive, limit
        self._pause, self._until = pause, time.monotonic() + whole
        self._read, self._ended = 0, False

    async def __call__(self) -> Message:
        """Returns the next part; after the last one, the server's next message."""
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
