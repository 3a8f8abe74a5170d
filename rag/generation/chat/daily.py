"""Daily: what the model takes of a day, counted in one file for all processes of a user.

What an attempt at a call may take at most is counted before it is made, and put right after it, so
that calls made side by side pass no limit together. Of a process that was killed meanwhile the
most stays counted: it may have been charged. Without a limit it is counted, too, so that one which
is set at noon knows the morning.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from footnote.index import FootnoteError
from footnote.index.storage.database import Database, Schema
from footnote.rag import ComposerError
from footnote.rag.answer import Usage
from footnote.rag.generation.chat.endpoints.known import KnownModel
from footnote.rag.generation.settings import SPARE, LLMSettings
from footnote.rag.generation.thorough.settings import ThoroughSettings

_log = logging.getLogger(__name__)

_SCHEMA = Schema(
    holds="file of what was spent",
    migrations=(
        """CREATE TABLE IF NOT EXISTS days (
        day TEXT PRIMARY KEY, tokens INTEGER NOT NULL, cost REAL NOT NULL) WITHOUT ROWID""",
    ),
    renewal="move the file away to count anew",
    rescue="move it away to count anew",
    settings={"holds": "spending"},
)
SPENT_TODAY = (
    "what today may still take is spent; raise the limit (FOOTNOTE_DAY_TOKENS, FOOTNOTE_DAY_COST) "
    "or ask tomorrow"
)
# Decimals of USD that a limit is told with.
_CENTS, _FINE = 2, 4


class DayLimitError(ComposerError):
    """What may be taken in a day leaves no room for a call."""


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What a day has taken, or what a call takes of it: tokens, and USD where they are known."""

    tokens: int = 0
    cost: float = 0.0

    def __sub__(self, other: "DayTotal") -> "DayTotal":
        return DayTotal(self.tokens - other.tokens, self.cost - other.cost)


class DailyBudget:
    """Counts what one model takes of a day; may be used from many threads and processes at once."""

    def __init__(
        self,
        config: LLMSettings,
        known: KnownModel,
        path: Path,
        *,
        today: Callable[[], date] = date.today,
    ) -> None:
        """Counts nothing yet.

        Args:
            config: The limits of a day.
            known: The price of the model.
            path: File that all processes count in.
            today: The local date.
        """
        self._config, self._known, self._path, self._today = config, known, path, today

    @property
    def is_limited(self) -> bool:
        """Whether a day may take only so much."""
        return self._config.day_tokens is not None or self._config.day_cost is not None

    def meter(self, prompt: int) -> "DayMeter":
        """Returns the meter of a call whose prompt has so many tokens."""
        return DayMeter(self, int(prompt * (1 + SPARE)))

    def spent(self) -> DayTotal:
        """Returns what today has taken, with the most that calls under way may take.

        Raises:
            DayLimitError: The file cannot be used.
        """
        with self._opened() as db:
            return _total(db, self._today().isoformat())

    def leaves(self, prompt: int, reply: int) -> bool:
        """Returns whether a call may still be made that reads and writes so many tokens."""
        if not self.is_limited:
            return True
        try:
            return self._fault(self.spent(), self.most(prompt, reply)) is None
        except DayLimitError:
            return False

    def cap(self, allowed: ThoroughSettings) -> ThoroughSettings:
        """Returns the bounds of a thorough answer, lowered to what is left of the day."""
        config = self._config
        if not self.is_limited:
            return allowed
        try:
            spent = self.spent()
        except DayLimitError:
            return replace(allowed, tokens=0)
        if config.day_tokens is not None:
            tokens = max(0, config.day_tokens - spent.tokens)
            allowed = replace(allowed, tokens=min(allowed.tokens, tokens))
        if config.day_cost is not None:
            cost = max(0.0, config.day_cost - spent.cost)
            allowed = replace(allowed, cost=min(allowed.cost, cost))
        return allowed

    def most(self, prompt: int, reply: int) -> DayTotal:
        """Returns what a call may take that reads and writes so many tokens.

        Raises:
            DayLimitError: USD are limited, and the price is unknown.
        """
        prices = self._known.prices
        if prices is None and self._config.day_cost is not None:
            raise DayLimitError(
                f"the price of {self._config.model} is unknown, so no limit in USD can be kept; "
                "set FOOTNOTE_PRICES, or limit the tokens of a day"
            )
        return DayTotal(prompt + reply, prices.cost(prompt, reply) if prices else 0.0)

    def take(self, most: DayTotal) -> str:
        """Counts what an attempt may take; returns the day that it is counted on.

        Raises:
            DayLimitError: That is not left, or a limit is set and the file cannot be used.
        """
        day, fault = self._today().isoformat(), None
        try:
            with self._opened() as db, db.transaction():
                fault = self._fault(_total(db, day), most)
                if fault is None:
                    _add(db, day, most)
        except DayLimitError as error:
            # Nothing is kept to a limit, so nobody waits for a file that cannot be written.
            if self.is_limited:
                raise
            _log.warning("%s", error)
        if fault is not None:
            raise DayLimitError(fault)
        return day

    def correct(self, day: str, by: DayTotal) -> None:
        """Changes what a day has taken; where that fails, the most stays counted."""
        try:
            with self._opened() as db, db.transaction():
                _add(db, day, by)
        except DayLimitError as error:
            _log.warning("%s", error)

    def _fault(self, spent: DayTotal, more: DayTotal) -> str | None:
        """Returns why a call may not be made; None if it may."""
        config = self._config
        if config.day_tokens is not None and spent.tokens + more.tokens > config.day_tokens:
            left = max(0, config.day_tokens - spent.tokens)
            return (
                f"the limit of {config.day_tokens:,} tokens a day leaves {left:,}, and this may "
                f"take {more.tokens:,}; raise it (FOOTNOTE_DAY_TOKENS) or ask tomorrow"
            )
        if config.day_cost is not None and spent.cost + more.cost > config.day_cost:
            rest = max(0.0, config.day_cost - spent.cost)
            return (
                f"the limit of ${_usd(config.day_cost)} a day leaves ${_usd(rest)}, and this may "
                f"cost ${_usd(more.cost)}; raise it (FOOTNOTE_DAY_COST) or ask tomorrow"
            )
        return None

    @contextmanager
    def _opened(self) -> Iterator[Database]:
        """Opens the file for a moment: a call takes seconds, and nothing stays open behind it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(Database(self._path, _SCHEMA)) as db:
                yield db
        except (OSError, FootnoteError) as error:
            raise DayLimitError(f"what today has taken cannot be counted ({error})") from error


class DayMeter:
    """What one call takes of the day (``CallMeter``)."""

    def __init__(self, budget: DailyBudget, prompt: int) -> None:
        """Counts nothing before an attempt is made."""
        self._budget, self._prompt = budget, prompt
        self._held: tuple[str, DayTotal] | None = None

    def grant(self, tokens: int) -> None:
        """Lets an attempt be made that may write so many tokens.

        Raises:
            DayLimitError: What it may take is not left.
        """
        self.release()
        most = self._budget.most(self._prompt, tokens)
        self._held = self._budget.take(most), most

    def settle(self, took: Usage, *, known: bool) -> None:
        """Counts what an attempt took in place of what it could take.

        Args:
            took: As far as it is known.
            known: Whether it took no more than that.
        """
        if self._held is None:
            return
        (day, held), self._held = self._held, None
        real = DayTotal(took.prompt_tokens + took.completion_tokens, took.cost_usd or 0.0)
        if not known:
            real = DayTotal(max(real.tokens, held.tokens), max(real.cost, held.cost))
        self._budget.correct(day, real - held)

    def release(self) -> None:
        """Puts back what is still held: no further attempt is made."""
        if self._held is not None:
            (day, held), self._held = self._held, None
            self._budget.correct(day, DayTotal() - held)


def daily_budget(config: LLMSettings, known: KnownModel) -> DailyBudget | None:
    """Returns what counts a model's spending; None where there is no file to count in."""
    return DailyBudget(config, known, config.ledger) if config.ledger else None


def _total(db: Database, day: str) -> DayTotal:
    rows = db.rows("SELECT tokens, cost FROM days WHERE day = ?", (day,))
    return DayTotal(int(rows[0][0]), float(rows[0][1])) if rows else DayTotal()


def _add(db: Database, day: str, more: DayTotal) -> None:
    db.execute(
        "INSERT INTO days VALUES (?, max(0, ?), max(0, ?)) ON CONFLICT (day) DO UPDATE SET "
        "tokens = max(0, tokens + ?), cost = max(0, cost + ?)",
        (day, more.tokens, more.cost, more.tokens, more.cost),
    )


def _usd(cost: float) -> str:
    return f"{cost:.{_FINE if 0 < cost < 0.1 else _CENTS}f}"
