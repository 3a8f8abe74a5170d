"""Stream: read a chat answer from an untrusted endpoint, with limits on time and size."""

import time
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from pydantic import BaseModel, Field, ValidationError

# Bytes of one line of a stream, which holds a token or two.
LONGEST_LINE = 1_000_000
_MOST_TOKENS = 1_000_000_000
# Maximum bytes of an answer that is not streamed.
MOST_BYTES = 4_000_000


class Late(Exception):
    """The deadline passed during the answer.

    Attributes:
        seconds: What the call had.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds


class Broken(Exception):
    """The answer broke off; the message is the endpoint's."""


class ErrorSent(Broken):
    """The endpoint sent an error in place of an answer.

    Attributes:
        status: The HTTP status that the error has for it; 0 if it names none.
    """

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status


class Closed(Broken):
    """The connection was closed before the end."""


class TooLong(Broken):
    """A line is longer than any answer needs."""


class WireText(BaseModel):
    """An answer or a refusal, or the next piece of it; servers name thoughts in two ways."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: Any = None
    reasoning: Any = None


class Choice(BaseModel):
    """One of the requested answers."""

    delta: WireText | None = None
    message: WireText | None = None
    finish_reason: str | None = None


class WireUsage(BaseModel):
    """Usage of a call as the endpoint counts it."""

    prompt_tokens: int = Field(ge=0, le=_MOST_TOKENS)
    completion_tokens: int = Field(ge=0, le=_MOST_TOKENS)
    completion_tokens_details: Any = None

    @property
    def thought(self) -> bool:
        """Returns whether some of the tokens were thoughts."""
        details = self.completion_tokens_details
        return isinstance(details, dict) and bool(details.get("reasoning_tokens"))


class Chunk(BaseModel):
    """A whole answer or a piece: untrusted, and local endpoints omit most fields."""

    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None

    @property
    def said_of_error(self) -> str:
        """Returns what the endpoint says about an error."""
        return str(self.error.get("message") if isinstance(self.error, dict) else self.error)

    @property
    def status_of_error(self) -> int:
        """Returns the HTTP status that an error names; 0 if it names none."""
        code = self.error.get("code") if isinstance(self.error, dict) else None
        return code if isinstance(code, int) and 400 <= code < 600 else 0

    @property
    def counts(self) -> WireUsage | None:
        """Returns the usage if it is valid."""
        try:
            return WireUsage.model_validate(self.usage)
        except ValidationError:
            return None


def replies(
    received: Iterator[bytes], deadline: float, *, streams: bool
) -> Iterator[tuple[str, bool]]:
    """Yields what an endpoint sends, and whether it is a whole answer rather than an event.

    Some servers ignore that an answer is to be streamed. No line of a stream begins with a brace.

    Args:
        received: The bytes as they arrive.
        deadline: By ``time.monotonic``.
        streams: Whether that was asked for.

    Raises:
        Late: The deadline passed.
        TooLong: There is more than an answer needs.
    """
    begun = bytearray()
    for block in received:
        if time.monotonic() >= deadline:
            raise Late
        begun += block
        if streams and begun.strip() and not begun.lstrip().startswith(b"{"):
            yield from ((data, False) for data in events(chain([bytes(begun)], received), deadline))
            return
        if len(begun) > MOST_BYTES:
            raise TooLong
    if begun.strip() or not streams:
        yield begun.decode("utf-8", "replace"), True


def events(received: Iterator[bytes], deadline: float) -> Iterator[str]:
    """Yields the data of each server-sent event, one line each, until the deadline.

    The openai client's stream limits neither line length nor time, does not check required fields,
    and cannot tell an end from a connection that is closed early.

    Args:
        received: The bytes as they arrive.
        deadline: By ``time.monotonic``.

    Raises:
        Late: The deadline passed.
        TooLong: A line has more than ``LONGEST_LINE`` bytes.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    begun = bytearray()
    for block in received:
        if time.monotonic() >= deadline:
            raise Late
        begun += block
        # Search only the new bytes for a line's end, so that a slow line is not scanned again.
        if b"\n" in block:
            *lines, rest = bytes(begun).split(b"\n")
            begun = bytearray(rest)
            yield from _data(lines)
        if len(begun) > LONGEST_LINE:
            raise TooLong
    yield from _data([bytes(begun)])


def _data(lines: Sequence[bytes]) -> Iterator[str]:
    for line in lines:
        if line.startswith(b"data:") and (data := line[5:].strip()):
            yield data.decode("utf-8", "replace")
