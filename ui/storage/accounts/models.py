"""Models: roles, whoever sends a request, and the rows of the file of accounts."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Literal

from footnote.index import FootnoteError


class AccountError(FootnoteError):
    """There is no such account, or it cannot be changed in this way."""


class BudgetSpent(AccountError):
    """A user has taken of models what a day allows."""


class Role(IntEnum):
    """What somebody may do; a higher one may do all that a lower one may."""

    NOBODY = 0
    READER = 1
    WRITER = 2
    ADMIN = 3

    @property
    def label(self) -> str:
        """The role as people write it."""
        return self.name.lower()

    @classmethod
    def read(cls, text: str) -> "Role":
        """Returns the role, or the scope of a token, that a word names.

        Raises:
            AccountError: It names none.
        """
        found = _WORDS.get(text.strip().lower())
        if found is None:
            raise AccountError(f"{text[:40]!r} is no role; give reader, writer or admin")
        return cls[found]


_WORDS = {
    "reader": "READER", "read": "READER", "writer": "WRITER", "write": "WRITER", "admin": "ADMIN",
}  # fmt: skip
# What a token may do at most, as people write it.
SCOPES = {Role.READER: "read", Role.WRITER: "write", Role.ADMIN: "admin"}

Way = Literal["local", "nobody", "session", "token", "proxy"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whoever sends a request.

    Attributes:
        id: Whose rows they see; "" for nobody.
        name: As people write it.
        role: What they may do now, in every library without a role of its own.
        way: How they are known: "local" where there are no accounts.
        key: Of the session or the token that they showed; "" without one.
        address: Where the request came from; "" if that is not known.
        most: What they may do at most, as the token that they showed says.
        roles: Libraries of a server with several in which they have another role.
        elsewhere: Their role where they have no other, if ``role`` is that in one library.
    """

    id: str
    name: str
    role: Role
    way: Way
    key: str = ""
    address: str = ""
    most: Role = Role.ADMIN
    roles: tuple[tuple[str, Role], ...] = ()
    elsewhere: Role | None = None

    def within(self, library: str) -> "Identity":
        """Returns the same with what they may do in one library."""
        elsewhere = self.role if self.elsewhere is None else self.elsewhere
        role = min(dict(self.roles).get(library, elsewhere), self.most)
        return replace(self, role=role, elsewhere=elsewhere)

    def at_best(self) -> "Identity":
        """Returns the same with the most that they may do in any library."""
        roles = [role for _, role in self.roles]
        best = min(max(self.role, *roles), self.most) if roles else self.role
        return replace(
            self, role=best, elsewhere=self.role if self.elsewhere is None else self.elsewhere
        )

    @property
    def has_account(self) -> bool:
        """Whether this is somebody with an account of their own."""
        return self.way in ("session", "token", "proxy")


# Whoever uses a server that has no accounts: only this machine reaches it.
LOCAL_USER = Identity("", "", Role.ADMIN, "local")
NOBODY = Identity("", "", Role.NOBODY, "nobody")


@dataclass(frozen=True, slots=True)
class User:
    """A user as the list shows them.

    Attributes:
        id: 32 random digits; what they keep is stored under it.
        created: In UTC.
        seen: When they last signed in or used a token, in UTC; None before that.
        has_password: Whether they can sign in on the page.
    """

    id: str
    name: str
    role: Role
    created: datetime
    seen: datetime | None
    has_password: bool


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as the list shows it; the secret is stored nowhere.

    Attributes:
        id: Short; names it when it is to be revoked.
        user: Name of its owner.
        label: What it is for.
        expires: In UTC, as ``created`` and ``used``.
        used: When it was last used, to the hour; None before that.
    """

    id: str
    user: str
    label: str
    scope: Role
    created: datetime
    expires: datetime
    used: datetime | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Who did what.

    Attributes:
        when: In UTC.
        who: Name of the user; "" for nobody, "command line" for whoever has the machine.
        address: Where the request came from; "" from the command line.
        what: Such as "sign-in" or "paper removed".
        about: What it was done to; never a question.
    """

    when: datetime
    who: str
    address: str
    what: str
    about: str
