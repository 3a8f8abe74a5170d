"""Calls: those of a thorough answer, within what it may spend and until it is stopped."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from llama_index.core.base.llms.types import ChatMessage

from footnote.rag import ComposerError
from footnote.rag.answer import Stage
from footnote.rag.generation.chat.client import ChatClient, count_prompt
from footnote.rag.generation.chat.wire.call import ChatCall
from footnote.rag.generation.thorough.bounds.spending import CallAllowance, Spending

T = TypeVar("T")
# Calls side by side: endpoints allow few at once.
SIDE_BY_SIDE = 4
# Seconds between two signs of life while calls are under way: only then can a reader stop them.
PULSE = 0.4


class StoppedError(ComposerError):
    """The reader stopped the answer, or its time was up."""


@dataclass(frozen=True, slots=True)
class CallReply:
    """What a model said.

    Attributes:
        text: As far as it came.
        cut: Why it ended early, in our words; None if it is whole.
    """

    text: str
    cut: str | None = None


class BoundedCalls:
    """Makes the calls of one answer; thread-safe.

    Attributes:
        chat: A client of its own, so that ending its calls ends no others.
        spending: What the calls may take.
        deadline: When the last one must end, by ``time.monotonic``.
    """

    def __init__(self, chat: ChatClient, spending: Spending) -> None:
        """Takes what to call and what it may take; the time begins now."""
        self.spending = spending
        self.deadline = time.monotonic() + spending.allowed.seconds
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, "thorough")
        self._retry = chat.sleep if hasattr(chat, "sleep") else time.sleep
        self.chat = chat.separate(self._wait)

    def reserve(self, messages: Sequence[ChatMessage]) -> CallAllowance:
        """Returns what a call may take at most, now set aside for it.

        Raises:
            SpentError: That is not left.
        """
        return self.spending.expect(count_prompt(messages))

    def ask(
        self,
        messages: Sequence[ChatMessage],
        *,
        most: CallAllowance | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> CallReply:
        """Returns the reply to one prompt, also one that broke off.

        Args:
            messages: The prompt.
            most: What ``reserve`` set aside for it; set aside now when not given.
            schema: JSON Schema of the reply.

        Raises:
            ComposerError: The call gave nothing, or may not be made.
        """
        most = most or self.reserve(messages)
        longest = time.monotonic() + self.chat.config.deadline
        call = self.chat.call(messages, deadline=min(self.deadline, longest), schema=schema)
        call.meter = most
        fault = None
        try:
            self._check()
            for _ in call:
                if self._stopped.is_set():
                    break
        except ComposerError as error:
            if isinstance(error, StoppedError) or not call.text.strip():
                raise
            fault = str(error)
        finally:
            most.release()
        if call.finish == "length":
            fault = f"the model was cut off at {most.reply:,} tokens"
        if call.cut:
            fault = f"the model was cut off at {call.cut:,} characters"
        if not call.text.strip():
            said = self.chat.without_secrets(" ".join(call.refusal.split()))[:200].rstrip(".")
            did = f"declined: {said}" if said else "answered with nothing"
            raise ComposerError(f"{self.chat.where} {did}")
        return CallReply(call.text, fault)

    def begin(self, work: Callable[[], T]) -> "Future[T]":
        """Begins work beside what is under way."""
        return self._pool.submit(work)

    def follow(self, future: "Future[Any]", doing: str) -> Iterator[Stage]:
        """Yields what is being done and what is left, again and again until some work has ended."""
        while True:
            yield Stage("check", f"{doing}; {self.spending.say_left()}")
            if wait([future], timeout=PULSE).done:
                return

    def ask_telling(
        self, doing: str, messages: Sequence[ChatMessage], schema: Mapping[str, Any]
    ) -> Generator[Stage, None, CallReply]:
        """Yields what is being done while a small call is under way; returns its reply.

        Raises:
            ComposerError: The call gave nothing, or may not be made.
        """
        future = self.begin(lambda: self.ask(messages, schema=schema))
        yield from self.follow(future, doing)
        return future.result()

    def stop(self) -> None:
        """Ends the calls under way; no further one is made."""
        self._stopped.set()
        self.chat.end_calls()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _check(self) -> None:
        if self._stopped.is_set():
            raise StoppedError("the answer was stopped")
        if time.monotonic() >= self.deadline:
            raise StoppedError(
                f"the time of {self.spending.allowed.seconds:,} s was up; "
                "raise FOOTNOTE_THOROUGH_SECONDS"
            )

    def _wait(self, seconds: float) -> None:
        """Waits before a retry, but not after a stop."""
        self._check()
        if self._retry is time.sleep:
            self._stopped.wait(seconds)
        else:
            self._retry(seconds)
        self._check()


class BoundedChat(ChatClient):
    """A client for whoever makes calls of its own: each takes what is left, or is not made."""

    def __init__(self, calls: BoundedCalls) -> None:
        """Takes what its calls count with."""
        self.config, self.known = calls.chat.config, calls.chat.known
        self._calls = calls

    @property
    def where(self) -> str:
        """The model and its address, without secrets."""
        return self._calls.chat.where

    def call(
        self,
        messages: Sequence[ChatMessage],
        *,
        deadline: float,
        schema: Mapping[str, Any] | None = None,
    ) -> ChatCall:
        """Returns a call, which is made when you iterate over it, if it may be."""
        deadline = min(deadline, self._calls.deadline)
        call = self._calls.chat.call(messages, deadline=deadline, schema=schema)
        call.meter = self._calls.spending.allow(count_prompt(messages))
        return call
