"""Budget: track a model's spending, and make no call that could exceed the limit."""

import threading
from dataclasses import dataclass

from footnote.evals.judge.judgement import JudgeError, LimitReached
from footnote.rag.generation.settings import Prices


@dataclass(frozen=True, slots=True)
class SpendingLimit:
    """What one Judge may spend: USD where prices are known, else tokens; or both."""

    usd: float | None = None
    tokens: int | None = None
    prices: Prices | None = None

    def __post_init__(self) -> None:
        """Refuses a limit that limits nothing.

        Raises:
            JudgeError: No limit, a limit in USD without prices, or a negative number.
        """
        if self.usd is None and self.tokens is None:
            raise JudgeError("the judge has no spending limit; give one in USD or in tokens")
        if self.usd is not None and self.prices is None:
            raise JudgeError("a limit in USD needs prices; give them, or a limit in tokens")
        prices = (self.prices.prompt, self.prices.completion) if self.prices else ()
        if not all(0 <= n < float("inf") for n in (self.usd or 0, self.tokens or 0, *prices)):
            raise JudgeError("prices and limits of the judge must be finite and not negative")


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens of a prompt and of what was written."""

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: "TokenCounts") -> "TokenCounts":
        return TokenCounts(self.prompt + other.prompt, self.completion + other.completion)

    def __sub__(self, other: "TokenCounts") -> "TokenCounts":
        return TokenCounts(self.prompt - other.prompt, self.completion - other.completion)


class Budget:
    """What was spent, and the most that calls under way may yet spend; safe among threads."""

    def __init__(
        self, limit: SpendingLimit, *, whose: str = "judge", call: str = "judgement"
    ) -> None:
        """Takes the limit; ``whose`` it is, and what one ``call`` gives, stand in its errors."""
        self.limit = limit
        self._whose, self._call = whose, call
        self.used = TokenCounts()
        self._lock = threading.Lock()

    def reserve(self, most: TokenCounts) -> None:
        """Sets aside the most that a call can take.

        Raises:
            LimitReached: That is more than is left.
        """
        with self._lock:
            after = self.used + most
            self._check("tokens", after.prompt + after.completion, self.limit.tokens)
            self._check("USD", self.cost(after) or 0.0, self.limit.usd)
            self.used = after

    def settle(self, most: TokenCounts, spent: TokenCounts) -> None:
        """Replaces a call's reservation by its actual usage."""
        with self._lock:
            self.used = self.used - most + spent

    def cost(self, tokens: TokenCounts) -> float | None:
        """Returns the USD for some tokens; None where no price is known."""
        prices = self.limit.prices
        return prices.cost(tokens.prompt, tokens.completion) if prices else None

    def _check(self, unit: str, after: float, most: float | None) -> None:
        if most is not None and after > most:
            raise LimitReached(
                f"the next {self._call} could raise the {self._whose}'s total to {after:,.6g} "
                f"{unit}, the limit is {most:,.6g}; raise the limit and run again: existing "
                f"{self._call}s are kept"
            )
