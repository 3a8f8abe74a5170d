"""Client: one HTTP call of a chat model: its text, its end, and its usage.

The composer uses it to stream answers, and the judge to get whole ones.

A call is retried within its deadline until its first token arrives. After that a failure is final:
text that a reader has seen is not replaced. An endless answer is cut off. What an endpoint says
about a failure goes only to the log.
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

from footnote.index.chunking import count_tokens
from footnote.index.embeddings.endpoints import (
    bounded_client_options,
    find_secrets,
    mask_keys,
    mask_secrets,
)
from footnote.rag.answer import Usage
from footnote.rag.generation.chat.reasoning import Thoughts
from footnote.rag.generation.chat.retries import (
    RETRIES,
    RetryPolicy,
    explain_failure,
    fewer_options,
    said_by,
)
from footnote.rag.generation.chat.sockets import OpenSockets
from footnote.rag.generation.chat.streaming import (
    LONGEST_LINE,
    Broken,
    Chunk,
    Closed,
    Late,
    TooLong,
    WireText,
    WireUsage,
    events,
)
from footnote.rag.generation.settings import LLMSettings

_log = logging.getLogger(__name__)

# Maximum characters of an answer, and of it with the model's thoughts; more if more tokens are
# requested. The five short sentences that we ask for have about 1,000.
MOST_CHARACTERS = 10_000
MOST_WRITTEN = 100_000
CHARACTERS_OF_A_TOKEN = 8
# Characters without a space after which we stop waiting for the end of a word.
_LONGEST_WORD = 200


# Maximum bytes of an answer that is not streamed.
MOST_BYTES = 4_000_000
STREAMED: Mapping[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}


class ChatClient:
    """Calls one model; thread-safe."""

    def __init__(
        self,
        config: LLMSettings,
        *,
        sleep: Callable[[float], object] = time.sleep,
        retries: RetryPolicy = RETRIES,
        options: Mapping[str, Any] = STREAMED,
    ) -> None:
        """Stores the configuration without connecting.

        Args:
            config: Which model, and where.
            sleep: Waits so many seconds before a retry.
            retries: How often a call is made.
            options: Request fields besides the messages; "stream" streams the answer.
        """
        self.config = config
        self.sleep = sleep
        self.retries = retries
        streams = bool(options.get("stream"))
        # We retry ourselves: the client's own retries ignore the deadline, retry when an account is
        # empty, and do not log the failure.
        self._sockets, self._ended = OpenSockets(), False
        http = bounded_client_options(MOST_BYTES, streams=streams)
        http["event_hooks"]["request"] = [self._sockets.watch]
        self.client = OpenAI(
            api_key=config.api_key,
            base_url=config.base_url,
            max_retries=0,
            http_client=DefaultHttpxClient(**http),
        )
        self.secrets = find_secrets(config.base_url, config.api_key)
        # Options that the endpoint rejects are left out of later calls.
        self.options = {"temperature": 0.0, "max_tokens": config.max_tokens, **options}
        # Whether the endpoint takes a schema of its answer, as far as is known.
        self.takes_schema = True

    def separate(self, sleep: Callable[[float], object]) -> "ChatClient":
        """Returns a client of the same model whose calls can be ended without ending others.

        Args:
            sleep: Waits so many seconds before a retry; may raise to end the call.
        """
        own = ChatClient(self.config, sleep=sleep, retries=self.retries, options=self.options)
        own.options, own.takes_schema = dict(self.options), self.takes_schema
        return own

    def end_calls(self) -> None:
        """Ends the calls that are under way, which meet an error; no further one can be made."""
        self._ended = True
        self._sockets.shut()
        self.client.close()

    @property
    def where(self) -> str:
        """The model and its address, without secrets."""
        url = httpx.URL(self.config.base_url)
        return f"{self.config.model} at {url.copy_with(userinfo=b'', query=None, fragment=None)}"

    @property
    def most_characters(self) -> int:
        """Maximum characters of an answer."""
        return max(MOST_CHARACTERS, CHARACTERS_OF_A_TOKEN * self.config.max_tokens)

    @property
    def most_written(self) -> int:
        """Maximum characters of an answer and of the thoughts before it."""
        return max(MOST_WRITTEN, 2 * CHARACTERS_OF_A_TOKEN * self.config.max_tokens)

    def call(
        self,
        messages: Sequence[ChatMessage],
        *,
        deadline: float,
        schema: Mapping[str, Any] | None = None,
    ) -> "ChatCall":
        """Returns a call, which is made when you iterate over it.

        Args:
            messages: The prompt.
            deadline: When the call must end, by ``time.monotonic``.
            schema: JSON Schema of the answer, for endpoints that can be held to one.
        """
        return ChatCall(self, messages, deadline, schema)

    def without_secrets(self, text: str) -> str:
        """Returns the model's text with the API key removed, if the model repeats it."""
        return mask_keys(text, [self.config.api_key])

    def tell(self, error: BaseException, level: int) -> None:
        """Logs what an endpoint or a library said about a failure, without secrets."""
        if said := mask_secrets(said_by(error), self.secrets):
            # What was ended on purpose is no failure of the endpoint.
            level = logging.DEBUG if self._ended else level
            _log.log(level, "%s: %s: %s", self.where, type(error).__name__, said)


class ChatCall:
    """One call: iterate over the answer's pieces, then read its attributes.

    Attributes:
        text: All pieces, without the model's thoughts.
        refusal: What the model said instead of an answer.
        finish: Why the model stopped; None if the endpoint does not say.
        thinking: Whether the model stopped before its thoughts ended.
        cut: How many characters were read before the answer was cut off.
        charged: Whether the endpoint may charge for the call: it answered or might have.
    """

    def __init__(
        self,
        chat: ChatClient,
        messages: Sequence[ChatMessage],
        deadline: float,
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        self.text = ""
        self.refusal = ""
        self.finish: str | None = None
        self.thinking = False
        self.cut: int | None = None
        self.charged = False
        self._chat = chat
        self._messages = [{"role": m.role.value, "content": str(m.content)} for m in messages]
        self._deadline = deadline
        self._schema = schema
        self._written = self._word = ""
        self._tokens: WireUsage | None = None

    @property
    def counted(self) -> bool:
        """Whether the endpoint reported the usage."""
        return self._tokens is not None

    @property
    def usage(self) -> Usage:
        """The call's usage: the endpoint's count, otherwise our estimate."""
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
        """Yields the answer as it arrives; cuts off one that is too long.

        Raises:
            ChatError: The endpoint failed or broke off.
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
        """Yields the answer word by word, up to the maximum length."""
        # Yield whole words, so that a repeated key is recognised even if it is streamed in pieces.
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
        options, failed = {**self._chat.options, **self._format()}, 0
        while True:
            try:
                yield from self._attempt(options)
                return
            except _FAULTS as error:
                self.charged |= isinstance(error, _TIMEOUTS)
                if isinstance(error, TooLong) and self._written:
                    self.cut = len(self._written)
                    return
                fewer = None if self._written else fewer_options(options, error)
                failed += fewer is None
                wait = 0.0 if fewer else self._wait_before(error, failed)
                if wait is None:
                    self._chat.tell(error, logging.WARNING)
                    known = self._known(error)
                    raise explain_failure(known, self._chat.where, self._chat.config) from error
                self._chat.tell(error, logging.INFO)
            if fewer:
                options = fewer
            else:
                self._chat.sleep(wait)

    def _format(self) -> dict[str, Any]:
        """Returns the request field that holds the answer to its schema, if there is one."""
        if self._schema is None or not self._chat.takes_schema:
            return {}
        schema = {"name": "reply", "schema": self._schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}

    def _remember(self, options: dict[str, Any]) -> None:
        """Keeps what the endpoint took for later calls."""
        if self._schema is not None and self._chat.takes_schema:
            self._chat.takes_schema = "response_format" in options
            options = {name: v for name, v in options.items() if name != "response_format"}
        self._chat.options = options

    def _wait_before(self, error: Exception, failed: int) -> float | None:
        """Returns the seconds to wait before the next attempt; None if there is none."""
        if self._written or not isinstance(error, _PASSING):
            return None
        wait = self._chat.retries.wait_before(error, failed)
        late = wait is not None and time.monotonic() + wait >= self._deadline
        return None if late else wait

    def _known(self, error: Exception) -> Exception:
        """Returns the error, or a deadline error if the deadline ended the attempt."""
        late = isinstance(error, _TIMEOUTS) and time.monotonic() >= self._deadline
        return Late() if late else error

    def _attempt(self, options: dict[str, Any]) -> Iterator[str]:
        left = max(0.01, self._deadline - time.monotonic())
        messages: Any = self._messages
        streams = "stream" in options
        ended = not streams
        with self._chat.client.chat.completions.with_streaming_response.create(
            model=self._chat.config.model,
            messages=messages,
            timeout=min(self._chat.config.timeout, left),
            **options,
        ) as response:
            self._remember(options)
            whole = None if streams else [response.read()]
            for data in whole or events(response.iter_bytes(), self._deadline):
                self.charged = True
                if data == "[DONE]":
                    ended = True
                    break
                yield from self._read(Chunk.model_validate_json(data))
                if self.cut:
                    return
        # A connection that is closed early looks finished; only a real end is marked as one.
        if self._written and self.finish is None and not ended:
            raise Closed

    def _read(self, chunk: Chunk) -> Iterator[str]:
        if chunk.error:
            raise Broken(chunk.said_of_error[:LONGEST_LINE])
        if chunk.usage:
            self._tokens = chunk.counts
        for choice in chunk.choices or ():
            self.finish = choice.finish_reason or self.finish
            said = choice.delta or choice.message or WireText()
            room = self._chat.most_written - len(self._written)
            self.refusal += (said.refusal or "")[:room]
            written = (said.content or "") + (said.refusal or "")
            if len(written) > room:
                self.cut = self._chat.most_written
            self._written += written[:room]
            if said.content:
                yield said.content[:room]
            if self.cut:
                return


# Errors caused by the endpoint.
_FAULTS = (APIError, httpx.HTTPError, ValueError, Late, Broken)
_TIMEOUTS = (APITimeoutError, httpx.TimeoutException)
# Errors that a retry may fix.
_PASSING = (APIConnectionError, APIStatusError, httpx.TimeoutException)
