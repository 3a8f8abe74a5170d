"""Shares: how long a shared link works, and for whom."""

from dataclasses import dataclass

from footnote.index import FootnoteError

# What brings a table of shares of the first version up to date; those links never end.
SHARES_END = """
ALTER TABLE shares ADD COLUMN expires REAL;
ALTER TABLE shares ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
"""
# The condition of a link that works; takes the present second.
WORKS = "(expires IS NULL OR expires > ?)"
DAY = 86_400.0


class SignInNeeded(FootnoteError):
    """What is shared was shared with the users of the server alone."""


@dataclass(frozen=True, slots=True)
class ShareTerms:
    """How long a link works, and for whom.

    Attributes:
        days: After which it ends; None for never.
        members: Whether only those may read who have signed in.
    """

    days: int | None = None
    members: bool = False

    def row(self, now: float) -> tuple[float | None, int]:
        """Returns what is stored: the second at which it ends, and for whom it is."""
        return (None if self.days is None else now + self.days * DAY), int(self.members)


# As where there are no accounts: for whoever has the link, until it is withdrawn.
ENDLESS = ShareTerms()


def check_reader(members: int, *, signed_in: bool) -> None:
    """Raises if a link is not for whoever opens it.

    Raises:
        SignInNeeded: It is for those alone who have signed in.
    """
    if members and not signed_in:
        raise SignInNeeded("this was shared with the people of this server; sign in to read it")
