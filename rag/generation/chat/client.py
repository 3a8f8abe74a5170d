"""Chat: one call of a language model over the wire; its pieces, its end, what it took.

A call is tried again while nothing of it has come, within its deadline. After the first
token a failure is final: what a reader has seen is not taken back for a second draw. An answer
that does not end is cut off; what an endpoint says of a failure is told to the log alone.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import httpx
from llama_index.core.base.llms.types import ChatMessage
from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    DefaultHttpxClient,
    OpenAI,
)
from pydantic import ValidationError

from footnote.index.chunking import count_tokens
from footnote.index.embeddings.endpoints import (
    bounded_client_options,
    describe_connection_error,
    describe_status,
    find_secrets,
    mask_keys,
    mask_secrets,
)
from footnote.rag import ComposerError
from footnote.rag.answer import Usage
from footnote.rag.generation.chat.reasoning import Thoughts
from footnote.rag.generation.chat.retries import fewer_options, said_by, wait_before
from footnote.rag.generation.chat.streaming import (
    LONGEST_LINE,
    Broken,
    Chunk,
    Closed,
    Late,
    TooLong,
    WireDelta,
    WireUsage,
    events,
)
from footnote.rag.generation.settings import LLMSettings

_log = logging.getLogger(__name__)

# What to do about a refusal, by HTTP status.
_NEXT = {
    400: "check FOOTNOTE_MODEL; the log has the endpoint's words",
    401: "check OPENAI_API_KEY",
    403: "check OPENAI_API_KEY",
    404: "check FOOTNOTE_MODEL and OPENAI_BASE_URL",
    413: "lower FOOTNOTE_PROMPT_TOKENS",
    422: "check FOOTNOTE_MODEL; the log has the endpoint's words",
    429: "wait, or check your quota",
}
# Characters of an answer that are read, and of it with the model's thoughts; more where more
# tokens are asked for. Five short sentences, as asked for, have about 1,000.
MOST_CHARACTERS = 10_000
MOST_WRITTEN = 100_000
CHARACTERS_OF_A_TOKEN = 8
# Characters without a space after which no end of a word is waited for.
_LONGEST_WORD = 200


class Chat:
    """Calls one model; may be used from many threads at once."""

    def __init__(self, config: LLMSettings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Connects nothing yet; ``sleep`` waits so many seconds before a retry."""
        self.config = config
        self.sleep = sleep
        self.client = OpenAI(
            api_key=config.api_key,
            base_url=config.base_url,
            max_retries=0,
            http_client=DefaultHttpxClient(**bounded_client_options(LONGEST_LINE, streams=True)),
        )
        self.secrets = find_secrets(config.base_url, config.api_key)
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
        return f"{self.config.model} at {url.copy_with(userinfo=b'', query=None, fragment=None)}"

    @property
    def most_characters(self) -> int:
        """Characters of an answer that are read."""
        return max(MOST_CHARACTERS, CHARACTERS_OF_A_TOKEN * self.config.max_tokens)

    @property
    def most_written(self) -> int:
        """Characters of an answer and of the thoughts before it that are read."""
        return max(MOST_WRITTEN, 2 * CHARACTERS_OF_A_TOKEN * self.config.max_tokens)

    def call(self, messages: Sequence[ChatMessage], *, deadline: float) -> "Call":
        """Returns a call that is made when it is iterated over.

        Args:
            messages: The prompt.
            deadline: When it must have ended, by ``time.monotonic``.
        """
        return Call(self, messages, deadline)

    def reason(self, error: Exception) -> str:
        """Returns why there is no answer, in our words, on one line."""
        if isinstance(error, APITimeoutError | httpx.TimeoutException):
            reason = f"gave no answer within {self.config.timeout:g} s"
        elif isinstance(error, Late):
            reason = f"did not end its answer within {self.config.deadline:g} s"
        elif isinstance(error, APIStatusError):
            advice = _NEXT.get(error.status_code, "try again later")
            reason = f"{describe_status(error.status_code)}; {advice}"
        elif isinstance(error, APIConnectionError):
            reason = f"{describe_connection_error(error)}; check OPENAI_BASE_URL"
        elif isinstance(error, TooLong):
            reason = f"sent a line of more than {LONGEST_LINE:,} bytes; check OPENAI_BASE_URL"
        elif isinstance(error, Closed):
            reason = "broke off: the connection was closed early; try again"
        elif isinstance(error, Broken | httpx.HTTPError):
            reason = "broke off; try again, and see the log if it stays so"
        else:
            reason = f"sent what is no chat answer ({type(error).__name__}); check OPENAI_BASE_URL"
        return f"{self.where} {reason}"

    def without_secrets(self, text: str) -> str:
        """Returns what the model says, should it repeat the key, without it."""
        return mask_keys(text, [self.config.api_key])

    def tell(self, error: Exception, level: int) -> None:
        """Lets the log have what an endpoint or a library said of a failure, without secrets."""
        if said := mask_secrets(said_by(error), self.secrets):
            _log.log(level, "%s: %s: %s", self.where, type(error).__name__, said)


class Call:
    """One answer on its way: iterate over its pieces, then read what it was.

    Attributes:
        text: All pieces, without the model's thoughts.
        refusal: What the model said instead of an answer.
        finish: Why the model stopped; None where the endpoint does not tell.
        thinking: Whether it stopped before its thoughts ended.
        cut: How many characters were read, where there would have been more.
    """

    def __init__(self, chat: Chat, messages: Sequence[ChatMessage], deadline: float) -> None:
        self.text = ""
        self.refusal = ""
        self.finish: str | None = None
        self.thinking = False
        self.cut: int | None = None
        self._chat = chat
        self._messages = [{"role": m.role.value, "content": str(m.content)} for m in messages]
        self._deadline = deadline
        self._written = self._word = ""
        self._tokens: WireUsage | None = None

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
        """Yields the answer as it comes; one that is too long ends with what was read.

        Raises:
            ComposerError: The endpoint failed or broke off.
        """
        thoughts = Thoughts()
        with closing(self._tried()) as pieces:
            for piece in pieces:
                ready, restarted = thoughts.feed(piece)
                if restarted:
                    self.text = self._word = ""
                yield from self._within(ready)
                if self.cut:
                    break
        self.thinking = thoughts.thinking
        yield from self._within(thoughts.flush(), last=True)

    def _within(self, ready: str, *, last: bool = False) -> Iterator[str]:
        """Yields more of the answer, word by word, as long as it is not too long."""
        # Whole words, so that a key which the model repeats is seen whatever its pieces.
        ready, self._word = self._word + ready, ""
        end = max(map(ready.rfind, " \n")) + 1
        if not last and len(ready) - end < _LONGEST_WORD:
            ready, self._word = ready[:end], ready[end:]
        ready = self._chat.without_secrets(ready)
        most = self._chat.most_characters
        if len(self.text) + len(ready) > most:
            ready, self.cut = ready[: most - len(self.text)], most
        self.text += ready
        if ready:
            yield ready

    def _tried(self) -> Generator[str, None, None]:
        failed = 0
        while True:
            options = self._chat.options
            try:
                yield from self._attempt(options)
                return
            except _FAULTS as error:
                if isinstance(error, TooLong) and self._written:
                    self.cut = len(self._written)
                    return
                fewer = None if self._written else fewer_options(options, error)
                failed += fewer is None
                wait = 0.0 if fewer else wait_before(error, failed)
                if self._written or wait is None or time.monotonic() + wait >= self._deadline:
                    self._chat.tell(error, logging.WARNING)
                    raise ComposerError(self._chat.reason(self._known(error))) from error
                self._chat.tell(error, logging.INFO)
            if fewer:
                self._chat.options = fewer
            else:
                self._chat.sleep(wait)

    def _known(self, error: Exception) -> Exception:
        """Returns the error, as the deadline's where that ended an attempt early."""
        timeout = isinstance(error, APITimeoutError | httpx.TimeoutException)
        return Late() if timeout and time.monotonic() >= self._deadline else error

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
            for data in events(response.iter_bytes(), self._deadline):
                if data == "[DONE]":
                    ended = True
                    break
                yield from self._read(Chunk.model_validate_json(data))
                if self.cut:
                    return
        # A connection that is closed early looks like an end; only an end says so.
        if self._written and self.finish is None and not ended:
            raise Closed

    def _read(self, chunk: Chunk) -> Iterator[str]:
        if chunk.error:
            said = chunk.error.get("message") if isinstance(chunk.error, dict) else chunk.error
            raise Broken(str(said)[:LONGEST_LINE])
        if chunk.usage:
            try:
                self._tokens = WireUsage.model_validate(chunk.usage)
            except ValidationError:
                self._tokens = None
        for choice in chunk.choices or ():
            self.finish = choice.finish_reason or self.finish
            delta = choice.delta or WireDelta()
            room = self._chat.most_written - len(self._written)
            self.refusal += (delta.refusal or "")[:room]
            written = (delta.content or "") + (delta.refusal or "")
            if len(written) > room:
                self.cut = self._chat.most_written
            self._written += written[:room]
            if delta.content:
                yield delta.content[:room]
            if self.cut:
                return


# What a call may fail with, by the endpoint's fault.
_FAULTS = (APIError, httpx.HTTPError, ValueError, Late, Broken)
