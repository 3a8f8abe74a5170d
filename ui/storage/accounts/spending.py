"""Spending: what each user's answers took of models, by day, and the budget that stops them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from footnote.index.storage.database import Database
from footnote.ui.storage.accounts.models import BudgetSpent
from footnote.ui.storage.accounts.settings import AccountSettings

_SPENT = "ask with quotes, which cost nothing, or tomorrow; an admin may raise it"


@dataclass(frozen=True, slots=True)
class UserDay:
    """What one user took in a day.

    Attributes:
        day: In UTC, as "2026-01-31".
        tokens: That models read and wrote.
        cost: In US dollars, as far as prices are known.
    """

    day: str
    user: str
    answers: int
    tokens: int
    cost: float


class SpendingTable:
    """Counts answers by models, by user and day."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime], settings: AccountSettings
    ) -> None:
        """Takes the opened file, and how much one user may take in a day."""
        self._db, self._clock, self._settings = db, clock, settings

    def add(self, user: str, tokens: int, cost: float) -> None:
        """Counts an answer of a user, on the day on which it ended."""
        self._db.rows(
            "INSERT INTO spending VALUES (?, ?, 1, ?, ?) ON CONFLICT (user, day) DO UPDATE SET "
            "answers = answers + 1, tokens = tokens + excluded.tokens, cost = cost + excluded.cost",
            (user.encode(), self._today(), tokens, cost),
        )

    def check(self, user: str) -> None:
        """Makes sure that a user may take more today.

        Answers under way are not counted yet, so those that are made side by side may pass it.

        Raises:
            BudgetSpent: Their budget is spent.
        """
        tokens, cost = self._settings.user_day_tokens, self._settings.user_day_cost
        if tokens is None and cost is None:
            return
        rows = self._db.rows(
            "SELECT tokens, cost FROM spending WHERE user = ? AND day = ?",
            (user.encode(), self._today()),
        )
        took, cost_so_far = rows[0] if rows else (0, 0.0)
        if tokens is not None and took >= tokens:
            raise BudgetSpent(f"your {tokens:,} tokens of today are used; {_SPENT}")
        if cost is not None and cost_so_far >= cost:
            raise BudgetSpent(f"your ${cost:.2f} of today are spent; {_SPENT}")

    def list(self, days: int) -> list[UserDay]:
        """Returns what users took on the latest days on which anybody did, the last first."""
        rows = self._db.rows(
            "SELECT day, name, answers, tokens, cost FROM spending "
            "JOIN users ON users.id = spending.user WHERE day IN "
            "(SELECT DISTINCT day FROM spending ORDER BY day DESC LIMIT ?) "
            "ORDER BY day DESC, cost DESC, tokens DESC, name",
            (days,),
        )
        return [UserDay(*row) for row in rows]

    def _today(self) -> str:
        return f"{self._clock():%Y-%m-%d}"
