"""Passwords: hashed by argon2id, and compared in a time that tells nothing of who exists."""

import secrets
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from footnote.ui.storage.accounts.models import AccountError
from footnote.ui.storage.accounts.settings import AccountSettings

# Characters; more than the most would only cost time.
SHORTEST, LONGEST = 10, 500


class Passwords:
    """Hashes passwords and compares them; safe to use from many threads."""

    def __init__(self, settings: AccountSettings) -> None:
        """Takes what a hash costs."""
        self._hasher = PasswordHasher(
            time_cost=settings.password_rounds,
            memory_cost=settings.password_memory * 1024,
            parallelism=2,
        )

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash(secrets.token_hex(16))

    def prepare(self) -> None:
        """Makes what an unknown name is compared with, so that the first takes no longer."""
        assert self._decoy

    def hash(self, password: str) -> str:
        """Returns the hash of a password, with its salt and its cost.

        Raises:
            AccountError: It is too short or too long.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise AccountError(
                f"a password has {SHORTEST} to {LONGEST} characters, this one {len(password):,}; "
                "choose another, such as four or more random words"
            )
        return self._hasher.hash(_as_stored(password))

    def matches(self, password: str, stored: str | None) -> bool:
        """Returns whether a password is the one that was hashed; without one it is compared too."""
        try:
            right = self._hasher.verify(stored or self._decoy, _as_stored(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None

    def is_dated(self, stored: str) -> bool:
        """Returns whether a hash was made at another cost than is set now."""
        return self._hasher.check_needs_rehash(stored)


def _as_stored(password: str) -> bytes:
    # Keyboards differ in how they write the same letter.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
