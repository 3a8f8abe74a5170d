"""Stream: a chat answer as it comes over the wire, read with suspicion and within bounds."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, Field, ValidationError

# Bytes of one line of a stream, which holds a token or two.
LONGEST_LINE = 1_000_000
_MOST_TOKENS = 1_000_000_000


class Late(Exception):
    """The deadline passed while the answer came."""


class Broken(Exception):
    """The answer broke off; the message is the endpoint's."""


class Closed(Broken):
    """The connection was closed before the end."""


class TooLong(Broken):
    """A line came that no answer has."""


class WireText(BaseModel):
    """An answer or a refusal, or more of it."""

    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    """One answer of those that were asked for."""

    delta: WireText | None = None
    message: WireText | None = None
    finish_reason: str | None = None


class WireUsage(BaseModel):
    """What a call took, as the endpoint counts."""

    prompt_tokens: int = Field(ge=0, le=_MOST_TOKENS)
    completion_tokens: int = Field(ge=0, le=_MOST_TOKENS)


class Chunk(BaseModel):
    """A whole answer, or more of it: untrusted, and a local endpoint leaves nearly all out."""

    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None

    @property
    def said_of_error(self) -> str:
        """What the endpoint says of an error."""
        return str(self.error.get("message") if isinstance(self.error, dict) else self.error)

    @property
    def counts(self) -> WireUsage | None:
        """The usage, where it is one."""
        try:
            return WireUsage.model_validate(self.usage)
        except ValidationError:
            return None


def events(received: Iterator[bytes], deadline: float) -> Iterator[str]:
    """Yields the data of each server-sent event, one line each, while there is time.

    The openai client's own stream bounds neither a line nor the time, takes an event without its
    required fields unchecked, and does not tell an end from a connection that is closed early.

    Args:
        received: As it comes.
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
        # Only what is new may hold a line's end: a line that drips is read once.
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
