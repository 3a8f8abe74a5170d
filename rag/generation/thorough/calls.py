"""Calls: what a thorough answer may spend, and its calls, within that and until it is stopped."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from llama_index.core.base.llms.types import ChatMessage

from footnote.index.chunking import count_tokens
from footnote.rag import ComposerError
from footnote.rag.answer import Stage, Usage
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.settings import Prices
from footnote.rag.generation.thorough.settings import ThoroughSettings

T = TypeVar("T")
# Calls side by side: endpoints allow few at once.
SIDE_BY_SIDE = 4
# Seconds between two signs of life while calls are under way: only then can a reader stop them.
PULSE = 0.4


class Spending:
    """Counts calls, tokens and cost down from their bounds; thread-safe.

    What a call may take at most is set aside before it is made, so calls made side by side cannot
    go beyond a bound together.
    """

    def __init__(self, allowed: ThoroughSettings, *, reply: int, prices: Prices | None) -> None:
        """Takes the bounds.

        Args:
            allowed: What may be taken.
            reply: Tokens that a call may write.
            prices: None where they are unknown; then cost bounds nothing.
        """
        self.allowed = allowed
        self.usage = Usage(cost_usd=0.0 if prices else None)
        self.calls = 0
        self._reply, self._prices = reply, prices
        self._aside = Usage()
        self._lock = threading.Lock()

    def reserve(self, prompt: int) -> Usage | None:
        """Returns what a call takes at most, now set aside; None where that is not left.

        Args:
            prompt: Tokens of its prompt.
        """
        most = self._priced(prompt, self._reply)
        with self._lock:
            tokens = self._tokens_used() + prompt + self._reply
            cost = self._cost_used() + (most.cost_usd or 0.0)
            allowed = self.allowed
            if self.calls >= allowed.calls or tokens > allowed.tokens or cost > allowed.cost:
                return None
            self.calls += 1
            self._aside = _sum(self._aside, most)
        return most

    def settle(self, most: Usage, took: Usage) -> None:
        """Counts what a call took in place of what was set aside for it."""
        with self._lock:
            self._aside = _sum(self._aside, most, sign=-1)
            self.usage = self.usage.add(took)

    def announce(self) -> str:
        """Returns what may be spent, told before any of it is."""
        allowed = self.allowed
        rounds = f"{allowed.rounds} round{'s' * (allowed.rounds != 1)}"
        told = f"Up to {rounds}, {allowed.calls} calls and {allowed.tokens:,} tokens"
        if self._prices is None:
            return f"{told}; the price is unknown"
        written = min(allowed.tokens, allowed.calls * self._reply)
        dearest = self._prices.cost(allowed.tokens - written, written)
        dearest = max(dearest, self._prices.cost(allowed.tokens, 0))
        return f"{told}, at most ${_rounded_up(min(allowed.cost, dearest))}"

    @property
    def calls_left(self) -> int:
        """How many calls may still be made."""
        return self.allowed.calls - self.calls

    def say_left(self) -> str:
        """Returns what is left: "9 calls, 41,200 tokens and $0.03 left"."""
        with self._lock:
            tokens = max(0, self.allowed.tokens - self._tokens_used())
            cost = max(0.0, self.allowed.cost - self._cost_used())
        calls = f"{self.calls_left} call{'s' * (self.calls_left != 1)}"
        if self._prices is None:
            return f"{calls} and {tokens:,} tokens left"
        return f"{calls}, {tokens:,} tokens and ${cost:.2f} left"

    def _priced(self, prompt: int, completion: int) -> Usage:
        cost = self._prices.cost(prompt, completion) if self._prices else None
        return Usage(prompt, completion, cost)

    def _tokens_used(self) -> int:
        both = (self.usage, self._aside)
        return sum(used.prompt_tokens + used.completion_tokens for used in both)

    def _cost_used(self) -> float:
        return (self.usage.cost_usd or 0.0) + (self._aside.cost_usd or 0.0)


class SpentError(ComposerError):
    """What may be spent leaves no room for a call."""


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

    def reserve(self, messages: Sequence[ChatMessage]) -> Usage:
        """Returns what a call takes at most, now set aside for it.

        Raises:
            SpentError: That is not left.
        """
        most = self.spending.reserve(sum(count_tokens(str(m.content)) for m in messages))
        if most is None:
            raise SpentError(
                "what it may spend is spent; raise FOOTNOTE_THOROUGH_CALLS, _TOKENS or _COST"
            )
        return most

    def ask(
        self,
        messages: Sequence[ChatMessage],
        *,
        most: Usage | None = None,
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
            self.spending.settle(most, call.usage if call.charged else Usage())
        if call.finish == "length":
            fault = f"the model was cut off at {self.chat.config.max_tokens} tokens"
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


def _sum(aside: Usage, most: Usage, *, sign: int = 1) -> Usage:
    return Usage(
        aside.prompt_tokens + sign * most.prompt_tokens,
        aside.completion_tokens + sign * most.completion_tokens,
        (aside.cost_usd or 0.0) + sign * (most.cost_usd or 0.0),
    )


def _rounded_up(cost: float) -> str:
    """Returns a cost that is never told too low."""
    return f"{cost:.4f}" if cost < 0.01 else f"{int(cost * 100 + 0.999999) / 100:.2f}"
