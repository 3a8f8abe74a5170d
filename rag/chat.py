"""Chat: one call of a language model over the wire; its pieces, its end, what it took.

A call is tried again while nothing of it has come, within its deadline. After the first
token a failure is final: what a reader has seen is not taken back for a second draw.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx
from llama_index.core.base.llms.types import ChatMessage
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, OpenAI
from pydantic import BaseModel, Field, ValidationError

from index.passages import count_tokens
from rag import ComposerError
from rag.answer import Usage
from rag.model import ModelConfig
from rag.retries import fewer_options, message_of, wait_before
from rag.thoughts import Thoughts

_SHORTEST_SECRET = 8
# What to do about a refusal, by HTTP status.
_NEXT = {
    401: "check OPENAI_API_KEY",
    403: "check OPENAI_API_KEY",
    404: "check FOOTNOTE_MODEL and OPENAI_BASE_URL",
    429: "wait, or check your quota",
}


class _Late(Exception):
    """The deadline passed while the answer came."""


class _Broken(Exception):
    """The answer broke off; the message is the endpoint's."""


class _Delta(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Tokens(BaseModel):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class _Chunk(BaseModel):
    """The untrusted JSON of an endpoint; a local one may leave nearly all of it out."""

    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


class Chat:
    """Calls one model; may be used from many threads at once."""

    def __init__(self, config: ModelConfig, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Connects nothing yet; ``sleep`` waits so many seconds before a retry."""
        self.config = config
        self.sleep = sleep
        self.client = OpenAI(api_key=config.api_key, base_url=config.base_url, max_retries=0)
        # What an endpoint turns out not to take is left out of later calls.
        self.options: Mapping[str, Any] = {
            "temperature": 0.0,
            "max_tokens": config.max_tokens,
            "stream_options": {"include_usage": True},
        }

    @property
    def where(self) -> str:
        """The model and its address, without what may be secret in it."""
        url = httpx.URL(self.config.base_url)
        return f"{self.config.model} at {url.copy_with(userinfo=b'')}"

    def call(self, messages: Sequence[ChatMessage], *, deadline: float) -> "Call":
        """Returns a call that is made when it is iterated over.

        Args:
            messages: The prompt.
            deadline: When it must have ended, by ``time.monotonic``.
        """
        return Call(self, messages, deadline)

    def reason(self, error: Exception) -> str:
        """Returns why there is no answer, on one line and without the key."""
        if isinstance(error, APITimeoutError | httpx.TimeoutException):
            reason = f"gave no answer within {self.config.timeout:g} s"
        elif isinstance(error, _Late):
            reason = f"did not end its answer within {self.config.deadline:g} s"
        elif isinstance(error, APIStatusError):
            advice = _NEXT.get(error.status_code, "try again later")
            reason = f"refused with status {error.status_code}{self._said(error)}; {advice}"
        elif isinstance(error, APIConnectionError):
            reason = "cannot be reached; check OPENAI_BASE_URL"
        elif isinstance(error, _Broken | httpx.HTTPError):
            reason = f"broke off{self._said(error)}"
        else:
            reason = f"sent what is no chat answer ({type(error).__name__})"
        return f"{self.where} {reason}"

    def _said(self, error: Exception) -> str:
        """Returns the endpoint's own words, in brackets; nothing where it sent a page."""
        said = message_of(error) if isinstance(error, APIStatusError) else str(error)
        words = " ".join(said.split())
        # Some endpoints repeat the key that they refuse; a short one is no secret but a word.
        if len(self.config.api_key) >= _SHORTEST_SECRET:
            words = words.replace(self.config.api_key, "***")
        return f" ({words[:120]})" if words else ""


class Call:
    """One answer on its way: iterate over its pieces, then read what it was.

    Attributes:
        text: All pieces, without the model's thoughts.
        refusal: What the model said instead of an answer.
        finish: Why the model stopped; None where the endpoint does not tell.
        thinking: Whether it stopped before its thoughts ended.
    """

    def __init__(self, chat: Chat, messages: Sequence[ChatMessage], deadline: float) -> None:
        self.text = ""
        self.refusal = ""
        self.finish: str | None = None
        self.thinking = False
        self._chat = chat
        self._messages = [{"role": m.role.value, "content": str(m.content)} for m in messages]
        self._deadline = deadline
        self._written = ""
        self._tokens: _Tokens | None = None

    @property
    def usage(self) -> Usage:
        """What the call took: as the endpoint counts, else as we do."""
        if self._tokens is not None:
            prompt, completion = self._tokens.prompt_tokens, self._tokens.completion_tokens
        elif self._written:
            prompt = sum(count_tokens(message["content"]) for message in self._messages)
            completion = count_tokens(self._written)
        else:
            prompt = completion = 0
        prices = self._chat.config.prices
        return Usage(prompt, completion, prices.cost(prompt, completion) if prices else None)

    def __iter__(self) -> Iterator[str]:
        """Yields the answer as it comes.

        Raises:
            ComposerError: The endpoint failed or broke off.
        """
        thoughts = Thoughts()
        for piece in self._tried():
            ready, restarted = thoughts.feed(piece)
            self.text = ready if restarted else self.text + ready
            if ready:
                yield ready
        self.thinking = thoughts.thinking
        if last := thoughts.flush():
            self.text += last
            yield last

    def _tried(self) -> Iterator[str]:
        failed = 0
        while True:
            options = self._chat.options
            try:
                yield from self._attempt(options)
                return
            except _FAULTS as error:
                fewer = None if self._written else fewer_options(options, error)
                failed += fewer is None
                wait = 0.0 if fewer else wait_before(error, failed)
                if self._written or wait is None or time.monotonic() + wait >= self._deadline:
                    raise ComposerError(self._chat.reason(self._known(error))) from error
            if fewer:
                self._chat.options = fewer
            else:
                self._chat.sleep(wait)

    def _known(self, error: Exception) -> Exception:
        """Returns the error, as the deadline's where that ended an attempt early."""
        timeout = isinstance(error, APITimeoutError | httpx.TimeoutException)
        return _Late() if timeout and time.monotonic() >= self._deadline else error

    def _attempt(self, options: Mapping[str, Any]) -> Iterator[str]:
        left = max(0.01, self._deadline - time.monotonic())
        messages: Any = self._messages
        ended = False
        with self._chat.client.chat.completions.with_streaming_response.create(
            model=self._chat.config.model,
            messages=messages,
            stream=True,
            timeout=min(self._chat.config.timeout, left),
            **options,
        ) as response:
            for data in self._events(response.iter_bytes()):
                if data == "[DONE]":
                    ended = True
                    break
                yield from self._read(_Chunk.model_validate_json(data))
        # A connection that is closed early looks like an end; only an end says so.
        if self._written and self.finish is None and not ended:
            raise _Broken("the connection was closed early")

    def _events(self, received: Iterator[bytes]) -> Iterator[str]:
        """Yields the data of each server-sent event, one line each, while there is time.

        Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
        """
        rest = b""
        for block in received:
            if time.monotonic() >= self._deadline:
                raise _Late
            *lines, rest = (rest + block).split(b"\n")
            yield from _data(lines)
        yield from _data([rest])

    def _read(self, chunk: _Chunk) -> Iterator[str]:
        if chunk.error:
            said = chunk.error.get("message") if isinstance(chunk.error, dict) else chunk.error
            raise _Broken(str(said))
        if chunk.usage:
            try:
                self._tokens = _Tokens.model_validate(chunk.usage)
            except ValidationError:
                self._tokens = None
        for choice in chunk.choices or ():
            self.finish = choice.finish_reason or self.finish
            delta = choice.delta or _Delta()
            self.refusal += delta.refusal or ""
            self._written += (delta.content or "") + (delta.refusal or "")
            if delta.content:
                yield delta.content


# What a call may fail with, by the endpoint's fault.
_FAULTS = (APIError, httpx.HTTPError, ValueError, _Late, _Broken)


def _data(lines: Sequence[bytes]) -> Iterator[str]:
    for line in lines:
        if line.startswith(b"data:") and (data := line[5:].strip()):
            yield data.decode("utf-8", "replace")
