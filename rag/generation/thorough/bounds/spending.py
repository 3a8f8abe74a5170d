"""Spending: calls, tokens and cost, counted down from what one thorough answer may take."""

import threading

from footnote.rag import ComposerError
from footnote.rag.answer import Usage
from footnote.rag.generation.chat.endpoints.known import KnownModel
from footnote.rag.generation.settings import SPARE
from footnote.rag.generation.thorough.settings import ThoroughSettings

_NOTHING = Usage()
_SPENT = "what it may spend is spent; raise FOOTNOTE_THOROUGH_CALLS, _TOKENS or _COST"


class SpentError(ComposerError):
    """What may be spent leaves no room for a call."""


class Spending:
    """Counts calls, tokens and cost down from their bounds; thread-safe.

    What an attempt at a call may take at most is set aside before it is made, so calls made side by
    side cannot go beyond a bound together.

    Attributes:
        allowed: What may be taken.
        usage: What was taken, as far as it is known.
        calls: How many were made.
    """

    def __init__(self, allowed: ThoroughSettings, known: KnownModel, told: str = _SPENT) -> None:
        """Takes the bounds.

        Args:
            allowed: The bounds.
            known: What is known of the model: its price and how much it may write.
            told: What is said where nothing is left.
        """
        self.allowed, self._known, self._told = allowed, known, told
        self._prices = known.prices
        self.usage = Usage(cost_usd=0.0 if self._prices else None)
        self.calls = self._expected = self._longest = 0
        # Set aside for what is under way, and lost to calls that were charged, nobody knows how.
        self._aside = self._lost = _NOTHING
        self._most_cost = self._dearest(thinks=True)
        self._lock = threading.Lock()

    def expect(self, prompt: int) -> "CallAllowance":
        """Returns what a call may take, set aside by now.

        Args:
            prompt: Tokens of its prompt.

        Raises:
            SpentError: That is not left.
        """
        allowance = self.allow(prompt)
        allowance.set_aside(self._known.answer_tokens)
        return allowance

    def allow(self, prompt: int) -> "CallAllowance":
        """Returns what a call may take, set aside as it is made.

        Args:
            prompt: Tokens of its prompt.
        """
        return CallAllowance(self, int(prompt * (1 + SPARE)))

    def set_aside(self, held: Usage, prompt: int, reply: int, *, calls: int) -> Usage:
        """Returns what an attempt may take at most, now set aside.

        Args:
            held: What is set aside for it already.
            prompt: Tokens of its prompt.
            reply: Tokens that it may write.
            calls: 1 for the first attempt of a call, else 0.

        Raises:
            SpentError: That is not left.
        """
        with self._lock:
            # Some servers let a model write more than it was asked for: what one did, all may do.
            more = _beyond(self._priced(prompt, max(reply, self._longest)), held)
            counted = self.calls + self._expected + calls
            if counted > self.allowed.calls or not self._fits(more):
                raise SpentError(self._told)
            self._expected += calls
            self._aside = self._aside.add(more)
            return held.add(more)

    def count_call(self) -> None:
        """Counts a call that was set aside as made."""
        with self._lock:
            self._expected -= 1
            self.calls += 1

    def settle(self, held: Usage, took: Usage, *, known: bool) -> None:
        """Counts what an attempt took in place of what was set aside for it.

        Args:
            held: What was set aside.
            took: As far as it is known.
            known: Whether it took no more than that.
        """
        with self._lock:
            self._longest = max(self._longest, took.completion_tokens)
            if _tokens(took):
                self.usage = self.usage.add(took)
            self._aside = _beyond(self._aside, held)
            self._lost = self._lost if known else self._lost.add(_beyond(held, took))

    def release(self, held: Usage, *, calls: int) -> None:
        """Puts back what was set aside for calls that are not made."""
        with self._lock:
            self._aside = _beyond(self._aside, held)
            self._expected -= calls

    def announce(self) -> str:
        """Returns what may be spent, told before any of it is."""
        allowed = self.allowed
        rounds = f"{allowed.rounds} round{'s' * (allowed.rounds != 1)}"
        told = f"Up to {rounds}, {allowed.calls} calls and {allowed.tokens:,} tokens"
        if self._prices is None:
            return f"{told}; the price is unknown"
        least, most = self._dearest(thinks=self._known.memory.profile.thinks), self._most_cost
        told = f"{told}, at most ${_rounded_up(least)}"
        if _rounded_up(least) == _rounded_up(most):
            return told
        return f"{told}, or ${_rounded_up(most)} if the model thinks before it writes"

    def leaves(self, calls: int) -> bool:
        """Returns whether so many calls may still be made, at least with short prompts."""
        with self._lock:
            written = self._priced(0, calls * max(self._known.answer_tokens, self._longest))
            return self.calls + self._expected + calls <= self.allowed.calls and self._fits(written)

    def _fits(self, more: Usage) -> bool:
        """Returns whether as much may be taken beside what was taken and set aside."""
        used = (self.usage, self._aside, self._lost, more)
        tokens, cost = sum(map(_tokens, used)), sum(map(_cost, used))
        return tokens <= self.allowed.tokens and cost <= self._most_cost

    def say_left(self) -> str:
        """Returns what is left: "9 calls, 41,200 tokens and $0.03 left".

        It only falls: what is set aside for a call counts when the call has taken it.
        """
        with self._lock:
            tokens = max(0, self.allowed.tokens - _tokens(self.usage) - _tokens(self._lost))
            cost = max(0.0, self._most_cost - _cost(self.usage) - _cost(self._lost))
            left = self.allowed.calls - self.calls
        calls = f"{left} call{'s' * (left != 1)}"
        if self._prices is None:
            return f"{calls} and {tokens:,} tokens left"
        return f"{calls}, {tokens:,} tokens and ${cost:.2f} left"

    def _dearest(self, *, thinks: bool) -> float:
        """Returns what the calls of a model cost at most that thinks before it writes, or not."""
        if self._prices is None:
            return self.allowed.cost
        tokens = self.allowed.tokens
        written = min(tokens, self.allowed.calls * self._known.room(thinks=thinks))
        mixed = self._prices.cost(tokens - written, written)
        return min(self.allowed.cost, max(mixed, self._prices.cost(tokens, 0)))

    def _priced(self, prompt: int, completion: int) -> Usage:
        cost = self._prices.cost(prompt, completion) if self._prices else 0.0
        return Usage(prompt, completion, cost)


class CallAllowance:
    """What one call may take: grants its attempts, and counts what they took (``CallMeter``).

    Attributes:
        reply: Tokens that the latest attempt could write.
    """

    def __init__(self, spending: Spending, prompt: int) -> None:
        """Sets nothing aside yet."""
        self.reply = 0
        self._spending, self._prompt = spending, prompt
        self._held: Usage | None = None
        self._made = False

    def set_aside(self, reply: int) -> None:
        """Sets aside what an attempt may take that writes so many tokens.

        Raises:
            SpentError: That is not left.
        """
        held, new = self._held or _NOTHING, self._held is None
        self._held = self._spending.set_aside(held, self._prompt, reply, calls=int(new))
        self.reply = reply

    def grant(self, tokens: int) -> None:
        """Lets an attempt be made that may write so many tokens.

        Raises:
            SpentError: What it may take is not left.
        """
        self.set_aside(tokens)
        if not self._made:
            self._spending.count_call()
            self._made = True

    def settle(self, took: Usage, *, known: bool) -> None:
        """Counts what an attempt took; after one that took nothing another may be made.

        Args:
            took: As far as it is known.
            known: Whether it took no more than that.
        """
        if self._held is None or (known and not _tokens(took)):
            return
        self._spending.settle(self._held, took, known=known)
        self._held, self._made = None, False

    def release(self) -> None:
        """Puts back what is still set aside: no further attempt is made."""
        if self._held is not None:
            self._spending.release(self._held, calls=int(not self._made))
            self._held, self._made = None, False


def _tokens(usage: Usage) -> int:
    return usage.prompt_tokens + usage.completion_tokens


def _cost(usage: Usage) -> float:
    return usage.cost_usd or 0.0


def _beyond(most: Usage, other: Usage) -> Usage:
    """Returns what one usage has beyond another."""
    return Usage(
        max(0, most.prompt_tokens - other.prompt_tokens),
        max(0, most.completion_tokens - other.completion_tokens),
        max(0.0, _cost(most) - _cost(other)),
    )


def _rounded_up(cost: float) -> str:
    """Returns a cost that is never told too low."""
    return f"{cost:.4f}" if cost < 0.01 else f"{int(cost * 100 + 0.999999) / 100:.2f}"
