"""Call: one request to a chat model, its text, its end, and its usage.

It is retried within its deadline until its first token arrives. After that a failure is final: text
that a reader has seen is not replaced. An endless answer is cut off.
"""

import logging
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import httpx
from llama_index.core.base.llms.types import ChatMessage
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError

from footnote.index.chunking import count_tokens
from footnote.rag.answer import Usage
from footnote.rag.generation.chat.endpoints.dialect import (
    find_room,
    learn_from_refusal,
    read_reply,
    write_request,
)
from footnote.rag.generation.chat.endpoints.profile import EndpointProfile
from footnote.rag.generation.chat.reasoning import Thoughts
from footnote.rag.generation.chat.retries import explain_failure
from footnote.rag.generation.chat.wire.caller import Caller, CallMeter
from footnote.rag.generation.chat.wire.streaming import (
    LONGEST_LINE,
    Broken,
    Chunk,
    Closed,
    ErrorSent,
    Late,
    TooLong,
    WireText,
    WireUsage,
    replies,
)

# Characters without a space after which we stop waiting for the end of a word.
_LONGEST_WORD = 200


class ChatCall:
    """One call: iterate over the answer's pieces, then read its attributes.

    Attributes:
        text: All pieces, without the model's thoughts.
        refusal: What the model said instead of an answer.
        finish: Why the model stopped; None if the endpoint does not say.
        thinking: Whether the model stopped before its thoughts ended.
        cut: How many characters were read before the answer was cut off.
        whole: Whether the answer came in one piece.
        charged: Whether the endpoint may charge for the call: it answered or might have.
        meter: Grants each attempt; None grants all.
        day: The meter of the day, which also has to grant it.
    """

    def __init__(
        self,
        chat: Caller,
        messages: Sequence[ChatMessage],
        deadline: float,
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        self.text = ""
        self.refusal = ""
        self.finish: str | None = None
        self.thinking = False
        self.cut: int | None = None
        self.whole = False
        self.charged = False
        self.meter: CallMeter | None = None
        self.day: CallMeter | None = None
        self._chat = chat
        self._messages = [{"role": m.role.value, "content": str(m.content)} for m in messages]
        self._deadline = deadline
        self._schema = schema
        self._written = self._word = ""
        self._tokens: WireUsage | None = None
        self._thought = self._silent = False
        self._earlier, self._room = Usage(), 0
        self._begun = time.monotonic()
        self._puzzled = False

    @property
    def counted(self) -> bool:
        """Whether the endpoint reported the usage."""
        return self._tokens is not None

    @property
    def usage(self) -> Usage:
        """The call's usage: the endpoint's count, otherwise our estimate."""
        return self._earlier.add(self._took)

    @property
    def _took(self) -> Usage:
        """The usage of the latest attempt."""
        if self._tokens is not None:
            prompt, completion = self._tokens.prompt_tokens, self._tokens.completion_tokens
        elif self._written:
            prompt = sum(count_tokens(message["content"]) for message in self._messages)
            completion = count_tokens(self._written)
        else:
            prompt = completion = 0
        prices = self._chat.known.prices if prompt or completion else None
        cost = prices.cost(prompt, completion) if prices else None
        return Usage(prompt, completion, cost, prices.source if prices else "")

    def __iter__(self) -> Iterator[str]:
        """Yields the answer as it arrives; cuts off one that is too long.

        A model that has written nothing but thoughts is called once more, with more room.

        Raises:
            ChatError: The endpoint failed or broke off.
            ComposerError: The meter did not grant an attempt.
        """
        self._begun = time.monotonic()
        try:
            yield from self._once()
            if self._needs_room():
                # Another call may have learned meanwhile that the model thinks.
                known = self._chat.known
                more = not self.text.strip() and self._room < known.room(thinks=True)
                known.memory.update(thinks=True)
                if more and time.monotonic() < self._deadline:
                    self._earlier, self.text, self._written = self.usage, "", ""
                    self.finish, self._tokens, self.thinking = None, None, False
                    yield from self._once()
        finally:
            for meter in self._meters:
                meter.release()

    @property
    def _meters(self) -> list[CallMeter]:
        return [meter for meter in (self.day, self.meter) if meter is not None]

    def _needs_room(self) -> bool:
        """Returns whether the answer was cut off because of the model's thoughts."""
        thought = self.thinking or self._thought or not self.text.strip()
        if self.finish != "length" or not thought or self.cut:
            return False
        known = self._chat.known
        return known.room(thinks=True) > known.room(thinks=False)

    def _once(self) -> Iterator[str]:
        thoughts = Thoughts()
        self._begin_attempt()
        try:
            with closing(self._tried()) as pieces:
                for piece in pieces:
                    ready, restarted = thoughts.feed(piece)
                    if restarted:
                        self.text = self._word = ""
                    yield from self._within(ready)
                    if self.cut:
                        break
        finally:
            self._end_attempt()
        self.thinking = thoughts.thinking
        yield from self._within(thoughts.flush(), last=True)

    def _begin_attempt(self) -> None:
        """Asks the meter for an attempt with as much room as there is now."""
        self._room, self._silent = self._chat.known.answer_tokens, False
        for meter in self._meters:
            meter.grant(self._room)

    def _end_attempt(self) -> None:
        """Tells the meter what the attempt took."""
        # What a model thinks is only known from the endpoint's own count.
        known = not self._silent and (self.counted or not self._thought)
        for meter in self._meters:
            meter.settle(self._took, known=known)

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
        profile, failed = self._chat.known.memory.profile, 0
        while True:
            request = self._write(profile)
            try:
                yield from self._attempt(profile, request)
                return
            except _FAULTS as error:
                self.charged |= isinstance(error, _TIMEOUTS)
                self._silent = isinstance(error, (*_TIMEOUTS, Late)) and not self.counted
                if isinstance(error, TooLong) and self._written:
                    self.cut = len(self._written)
                    return
                learned = None if self._written else self._learn(profile, request, error)
                failed += learned is None
                wait = 0.0 if learned else self._wait_before(error, failed)
                if wait is None:
                    self._chat.tell(error, logging.WARNING)
                    known = self._known(error)
                    raise explain_failure(known, self._chat.where, self._chat.config) from error
                self._chat.tell(error, logging.INFO)
            if learned:
                profile = learned
            else:
                self._chat.sleep(wait)
            self._end_attempt()
            self._begin_attempt()

    def _write(self, profile: EndpointProfile) -> dict[str, Any]:
        """Returns the request in the way that the endpoint takes it, as far as is known."""
        chat = self._chat
        return write_request(
            profile,
            self._messages,
            tokens=self._room,
            options=chat.options,
            schema=self._schema,
        )

    def _learn(
        self, profile: EndpointProfile, request: Mapping[str, Any], error: Exception
    ) -> EndpointProfile | None:
        """Returns how to write the request next; None if there is no other way.

        What a refusal does not name is only blamed after the same request was refused twice.
        """
        if not isinstance(error, APIStatusError):
            return None
        said = error.response.text
        if room := find_room(said):
            self._chat.known.learn_window(room)
        lesson = learn_from_refusal(profile, request, error.status_code, said)
        if lesson is None or lesson.is_plain or self._puzzled:
            return lesson.profile if lesson else None
        # A server that stumbled once takes the same request the second time.
        self._puzzled = True
        return profile

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
        if late or isinstance(error, Late):
            return Late(max(0.01, self._deadline - self._begun))
        return error

    def _attempt(self, profile: EndpointProfile, request: Mapping[str, Any]) -> Iterator[str]:
        left = max(0.01, self._deadline - time.monotonic())
        client, ended = self._chat.client, False
        api: Any = client.responses if profile.api == "responses" else client.chat.completions
        with api.with_streaming_response.create(
            model=self._chat.config.model,
            timeout=min(self._chat.config.timeout, left),
            **request,
        ) as response:
            self._chat.known.memory.accept(profile)
            sent = replies(response.iter_bytes(), self._deadline, streams="stream" in request)
            for data, self.whole in sent:
                self.charged = True
                ended = ended or self.whole
                if data == "[DONE]":
                    ended = True
                    break
                yield from self._read(read_reply(profile, data))
                if self.cut:
                    return
        # A connection that is closed early looks finished; only a real end is marked as one.
        if self._written and self.finish is None and not ended:
            raise Closed

    def _read(self, chunk: Chunk) -> Iterator[str]:
        if chunk.error:
            fault = chunk.said_of_error[:LONGEST_LINE]
            raise ErrorSent(fault, chunk.status_of_error) if self.whole else Broken(fault)
        if chunk.usage and (counts := chunk.counts):
            self._tokens = counts
            self._thought |= counts.thought
        for choice in chunk.choices or ():
            self.finish = choice.finish_reason or self.finish
            said = choice.delta or choice.message or WireText()
            self._thought |= bool(said.reasoning_content or said.reasoning)
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
