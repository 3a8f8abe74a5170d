"""Stream: a chat answer as it comes over the wire, read with suspicion and within bounds."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, Field

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


class WireDelta(BaseModel):
    """More of an answer, or of a refusal."""

    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    """One answer of those that were asked for."""

    delta: WireDelta | None = None
    finish_reason: str | None = None


class WireUsage(BaseModel):
    """What a call took, as the endpoint counts."""

    prompt_tokens: int = Field(ge=0, le=_MOST_TOKENS)
    completion_tokens: int = Field(ge=0, le=_MOST_TOKENS)


class Chunk(BaseModel):
    """The untrusted JSON of an endpoint; a local one may leave nearly all of it out."""

    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None


def events(received: Iterator[bytes], deadline: float) -> Iterator[str]:
    """Yields the data of each server-sent event, one line each, while there is time.

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
