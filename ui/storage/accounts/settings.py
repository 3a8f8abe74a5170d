"""Settings: what a password costs, how long a sign-in lasts, and how much one user may ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from footnote.index.settings import SettingInfo, read_fields
from footnote.ui.storage.accounts.models import Role


def _up_to(most: int) -> Callable[[str], int]:
    """Returns what reads a whole number from 1 to a bound."""

    def read(text: str) -> int:
        number = int(text) if text.strip().isascii() and text.strip().isdecimal() else 0
        if not 0 < number <= most:
            raise ValueError(text)
        return number

    return read


_count, _rounds, _memory, _days, _tokens = map(_up_to, (1_000_000, 100, 4096, 3650, 10**12))


def _header(text: str) -> str:
    name = text.strip().lower()
    if not name.replace("-", "").isalnum() or not name.isascii() or len(name) > 100:
        raise ValueError(text)
    return name


def _new_role(text: str) -> str:
    if text.strip().lower() not in ("none", "reader", "writer"):
        raise ValueError(text)
    return text.strip().lower()


def _usd(text: str) -> float:
    cost = float(text)
    if not 0 < cost <= 1_000_000:
        raise ValueError(text)
    return cost


_WHOLE = "give a whole number above zero"
_DAYS = "give a whole number of days, at most 3650"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Accounts of a served library."""

    SECTION: ClassVar[str] = "accounts"

    password_memory: Annotated[
        int,
        SettingInfo("FOOTNOTE_PASSWORD_MEMORY", "Memory that hashing a password takes.",
                    "MiB", _memory, "give a whole number of MiB, at most 4096"),
    ] = 64  # fmt: skip
    password_rounds: Annotated[
        int,
        SettingInfo("FOOTNOTE_PASSWORD_ROUNDS", "Passes over that memory.",
                    "passes", _rounds, "give a whole number, at most 100"),
    ] = 3  # fmt: skip
    session_days: Annotated[
        int,
        SettingInfo("FOOTNOTE_SESSION_DAYS", "Days without use after which a sign-in ends; after "
                    "90 it ends in any case.", "days", _days, _DAYS),
    ] = 14  # fmt: skip
    share_days: Annotated[
        int,
        SettingInfo("FOOTNOTE_SHARE_DAYS", "Days that a shared link works, where there are "
                    "accounts.", "days", _days, _DAYS),
    ] = 30  # fmt: skip
    user_requests: Annotated[
        int,
        SettingInfo("FOOTNOTE_USER_REQUESTS", "Requests a minute of one user, and of one address "
                    "that has not signed in.", "requests", _count, _WHOLE),
    ] = 600  # fmt: skip
    user_questions: Annotated[
        int,
        SettingInfo("FOOTNOTE_USER_QUESTIONS", "Questions a minute of one user.",
                    "questions", _count, _WHOLE),
    ] = 30  # fmt: skip
    user_open: Annotated[
        int,
        SettingInfo("FOOTNOTE_USER_OPEN", "Answers that are made for one user at the same time.",
                    "answers", _count, _WHOLE),
    ] = 8  # fmt: skip
    user_day_tokens: Annotated[
        int | None,
        SettingInfo("FOOTNOTE_USER_DAY_TOKENS", "What models may read and write for one user in a "
                    "day; then it is refused, and quotes still come.", "tokens", _tokens, _WHOLE,
                    default="no limit"),
    ] = None  # fmt: skip
    user_day_cost: Annotated[
        float | None,
        SettingInfo("FOOTNOTE_USER_DAY_COST", "What models may cost for one user in a day; then "
                    "it is refused, and quotes still come.", "USD", _usd, "give USD, such as 0.5",
                    default="no limit"),
    ] = None  # fmt: skip
    proxy_header: Annotated[
        str,
        SettingInfo("FOOTNOTE_PROXY_USER_HEADER", "Header in which a trusted proxy names whom it "
                    "has signed in, such as X-Remote-User.", "", _header,
                    "give the name of a header, such as X-Remote-User", default="none"),
    ] = ""  # fmt: skip
    proxy_new_users: Annotated[
        str,
        SettingInfo("FOOTNOTE_PROXY_NEW_USERS", "Role that somebody gets whom the proxy names for "
                    "the first time; none refuses them.", "reader, writer or none", _new_role,
                    "give reader, writer or none"),
    ] = "none"  # fmt: skip

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "AccountSettings":
        """Returns what is configured.

        Raises:
            FootnoteError: A value is wrong.
        """
        return cls(**read_fields(cls, environ))

    @property
    def new_role(self) -> Role | None:
        """The role of somebody whom the proxy names for the first time; None refuses them."""
        return None if self.proxy_new_users == "none" else Role.read(self.proxy_new_users)
