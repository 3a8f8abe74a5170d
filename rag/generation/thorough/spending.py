"""Spending: what a thorough answer may take, what it has taken, and what is left."""

import threading

from footnote.rag.answer import Usage
from footnote.rag.generation.settings import Prices
from footnote.rag.generation.thorough.settings import ThoroughSettings


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


def _sum(aside: Usage, most: Usage, *, sign: int = 1) -> Usage:
    return Usage(
        aside.prompt_tokens + sign * most.prompt_tokens,
        aside.completion_tokens + sign * most.completion_tokens,
        (aside.cost_usd or 0.0) + sign * (most.cost_usd or 0.0),
    )


def _rounded_up(cost: float) -> str:
    """Returns a cost that is never told too low."""
    return f"{cost:.4f}" if cost < 0.01 else f"{int(cost * 100 + 0.999999) / 100:.2f}"
