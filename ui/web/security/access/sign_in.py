"""Sign-in: compares a name and a password, slowly where many were wrong."""

import math
from dataclasses import dataclass

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from footnote.ui.storage.accounts.models import User
from footnote.ui.web.security.access.access import Access

# Passwords that are compared at the same time: each takes tens of megabytes.
_AT_ONCE = 2
# Those that may wait for that.
_WAITING = 40
_WRONG = "That name and password do not match."


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of a sign-in.

    Attributes:
        session: The secret of the new session; None where there is none.
        line: Why there is none.
        slow: Seconds that the answer is to wait.
        wait: Seconds until the next sign-in is looked at; 0 for at once.
    """

    session: str | None
    line: str = ""
    slow: float = 0.0
    wait: int = 0


class Entrance:
    """Signs users in; to be used in one event loop.

    Attributes:
        hashing: Lets few passwords be compared at the same time.
    """

    def __init__(self, access: Access) -> None:
        """Takes what knows the users."""
        self._access, self._accounts = access, access.accounts
        self.hashing, self._waiting = CapacityLimiter(_AT_ONCE), 0

    async def enter(self, name: str, password: str, address: str) -> Entered:
        """Returns a new session for a name and its password.

        A wrong password and an unknown name have the same answer after the same time.
        """
        wait = math.ceil(self._access.attempts.wait(address, name))
        if wait:
            minutes = f"{math.ceil(wait / 60)} minutes" if wait > 90 else f"{wait} seconds"
            return Entered(None, f"Too many wrong passwords. Try again in {minutes}.", wait=wait)
        if self._waiting >= _WAITING:
            return Entered(None, "Many people sign in just now. Try again in a moment.", wait=5)
        # Counted before it is compared: of a hundred at the same time all but a few are too many.
        slow = self._access.attempts.begin(address, name)
        self._waiting += 1
        try:
            user = await run_sync(self._accounts.check, name, password, limiter=self.hashing)
        finally:
            self._waiting -= 1
        if user is None:
            await run_sync(self._note_failure, name, address)
            return Entered(None, _WRONG, slow=slow)
        self._access.attempts.succeed(address, name)
        return Entered(await run_sync(self._start, user, address))

    def _start(self, user: User, address: str) -> str:
        self._accounts.users.mark_seen(user.id)
        self._accounts.log.add(user.name, "signed in", "", address)
        return self._accounts.sessions.start(user.id)

    def _note_failure(self, name: str, address: str) -> None:
        # A password is sometimes typed in the place of a name.
        known = self._accounts.users.find(name)
        self._accounts.log.add(known.name if known else "", "sign-in failed", "", address)
