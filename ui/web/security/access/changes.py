"""Changes: what users change of their own accounts, and admins of those of others, on the page."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from footnote.ui.storage.accounts.accounts import Accounts
from footnote.ui.storage.accounts.belongings import delete_belongings
from footnote.ui.storage.accounts.models import SCOPES, AccountError, Identity, Role

ROLES = ("reader", "writer", "admin")
_UNKNOWN = "this form is not known; reload the page"
Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class FormResult:
    """What is told of a change.

    Attributes:
        line: What was done, or why it was not.
        wrong: Which form was wrong; "" if none was.
        secret: Shown once: a token, or a password that was made.
        session: The secret of a session that takes the place of the present one.
    """

    line: str = ""
    wrong: str = ""
    secret: str = ""
    session: str = ""


Change = Callable[[Identity, Fields], FormResult]


class Changes:
    """Carries out what the forms of accounts ask for; each is written to the log."""

    def __init__(self, accounts: Accounts, folders: Sequence[Path]) -> None:
        """Takes the accounts, and the libraries' folders, in which users keep things."""
        self._accounts, self._folders = accounts, folders

    def own(self, who: Identity, sent: Fields) -> FormResult:
        """Changes one's own account.

        Raises:
            AccountError: It cannot be done.
        """
        return self._do(
            {"password": self._password, "token": self._token, "revoke": self._revoke}, who, sent
        )

    def of_people(self, who: Identity, sent: Fields) -> FormResult:
        """Changes the account of somebody else.

        Raises:
            AccountError: It cannot be done.
        """
        if sent.get("name", "").strip().lower() == who.name:
            raise AccountError("your own account is changed by another admin, or where it runs")
        return self._do(
            {"add": self._add, "role": self._role, "reset": self._reset, "remove": self._remove},
            who, sent,
        )  # fmt: skip

    def _do(
        self,
        known: Mapping[str, Callable[[Identity, Fields], FormResult]],
        who: Identity,
        sent: Fields,
    ) -> FormResult:
        change = known.get(sent.get("do", ""))
        if change is None:
            raise AccountError(_UNKNOWN)
        return change(who, sent)

    def _password(self, who: Identity, sent: Fields) -> FormResult:
        password = sent.get("password", "")
        if password != sent.get("again", ""):
            raise AccountError("the two new passwords differ")
        user = self._accounts.check(who.name, sent.get("present", ""))
        if user is None:
            return FormResult("The present password is another one.", wrong="present")
        self._accounts.change_password(user, password)
        self._log(who, "password changed")
        return FormResult("Changed.", session=self._accounts.sessions.start(user.id))

    def _token(self, who: Identity, sent: Fields) -> FormResult:
        scope, days = Role.read(sent.get("scope", "")), sent.get("days", "")
        if scope > who.role:
            raise AccountError(f"as {who.role.label} you cannot make a token that may more")
        if not (days.isascii() and days.isdecimal() and len(days) < 6):
            raise AccountError("days is a whole number")
        secret, token = self._accounts.tokens.add(who.id, sent.get("label", ""), scope, int(days))
        self._log(who, "token added", f"{token.id}, {SCOPES[scope]}")
        return FormResult(f"The token “{token.label}”:", secret=secret)

    def _revoke(self, who: Identity, sent: Fields) -> FormResult:
        self._accounts.tokens.revoke(sent.get("id", ""), user=who.id)
        self._log(who, "token revoked", sent.get("id", ""))
        return FormResult("The token no longer works.")

    def _add(self, who: Identity, sent: Fields) -> FormResult:
        password, role = secrets.token_urlsafe(12), _role(sent)
        user = self._accounts.add(sent.get("name", ""), role, password)
        self._log(who, "user added", f"{user.name}, {role.label}")
        return FormResult(f"{user.name} can sign in with this password, and should change it:",
                    secret=password)  # fmt: skip

    def _role(self, who: Identity, sent: Fields) -> FormResult:
        name, role = sent.get("name", ""), _role(sent)
        self._accounts.users.set_role(name, role)
        self._log(who, "role changed", f"{name}, {role.label}")
        return FormResult(f"{name} is {role.label} now.")

    def _reset(self, who: Identity, sent: Fields) -> FormResult:
        user, password = self._accounts.users.get(sent.get("name", "")), secrets.token_urlsafe(12)
        self._accounts.reset_password(user, password)
        self._log(who, "password reset", user.name)
        return FormResult(
            f"{user.name} is signed out everywhere, has no tokens, and has this password:",
            secret=password,
        )

    def _remove(self, who: Identity, sent: Fields) -> FormResult:
        user = self._accounts.users.remove(sent.get("name", ""))
        for folder in self._folders:
            delete_belongings(folder, user)
        self._log(who, "user removed", user.name)
        return FormResult(f"{user.name} and all that they kept are gone.")

    def _log(self, who: Identity, what: str, about: str = "") -> None:
        self._accounts.log.add(who.name, what, about, who.address)


def _role(sent: Fields) -> Role:
    if sent.get("role") not in ROLES:
        raise AccountError(f"a role is one of {', '.join(ROLES)}")
    return Role.read(sent["role"])
