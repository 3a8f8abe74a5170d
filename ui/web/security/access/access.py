"""Access: finds out who sends a request, by session, API token or the header of a proxy."""

import base64
import binascii
import ipaddress
from dataclasses import replace
from datetime import UTC, datetime

from starlette.datastructures import Headers
from starlette.types import Scope

from footnote.ui.storage.accounts.accounts import Accounts
from footnote.ui.storage.accounts.models import NOBODY, AccountError, Identity, Role, User
from footnote.ui.storage.accounts.sessions import NOTED, PREFIX
from footnote.ui.web.security.access.cookies import FormTokens, read_session
from footnote.ui.web.security.access.rates import Attempts, Rates


class AccessRefused(AccountError):
    """Who sends a request is said in a way that is not taken."""


class Access:
    """What a server with accounts asks of each request.

    Attributes:
        accounts: The users of its library.
        rates: How often each asks.
        attempts: How often passwords were wrong.
        forms: Tokens of its forms.
    """

    def __init__(self, accounts: Accounts, *, proxies: frozenset[str] = frozenset()) -> None:
        """Takes the accounts, and the addresses of the proxies that are believed."""
        self.accounts, self._proxies = accounts, proxies
        self.rates, self.attempts, self.forms = Rates(), Attempts(), FormTokens()
        accounts.passwords.prepare()

    def identify(self, scope: Scope) -> Identity:
        """Returns who sends a request, with what they may do; nobody if it does not say.

        A token is looked at first, and a wrong one is never passed over for a cookie: a program
        shall learn that its token has ended.

        Raises:
            AccessRefused: The token is none, or the proxy names somebody whom nobody knows.
        """
        headers, address = Headers(scope=scope), self.address(scope)
        token = _token(headers)
        if token is not None:
            who = self.accounts.tokens.find(token)
            if who is None:
                raise AccessRefused("this API token is unknown, revoked or has ended; make another")
            return self._placed(who, address)
        # Before a session, which may be another user's of the same browser.
        who = self._named_by_proxy(scope, headers)
        if who is None and (secret := read_session(headers, scope["scheme"])):
            who = self.accounts.sessions.find(secret)
        return self._placed(who or NOBODY, address)

    def _placed(self, who: Identity, address: str) -> Identity:
        """Returns the same with where they are, and what they may do in single libraries."""
        roles = self.accounts.libraries.roles(who.id) if who.has_account else ()
        return replace(who, address=address, roles=roles)

    def address(self, scope: Scope) -> str:
        """Returns where a request comes from: before any proxy that is believed, else the client.

        The last address that such a proxy did not write itself is the one that it saw.
        """
        client = _plain((scope.get("client") or ("", 0))[0])
        if client not in self._proxies:
            return client
        told = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        for text in reversed(told[-20:]):
            seen = _plain(text.strip())
            if seen not in self._proxies:
                return seen or client
        return client

    def _named_by_proxy(self, scope: Scope, headers: Headers) -> Identity | None:
        header = self.accounts.settings.proxy_header
        if not header or _plain((scope.get("client") or ("", 0))[0]) not in self._proxies:
            return None
        named = headers.getlist(header)
        if not named or not named[0].strip():
            return None
        if len(named) > 1:
            raise AccessRefused(f"the proxy names several users in {header}; it has to send one")
        user = self.accounts.users.find(named[0])
        if user is None:
            role = self.accounts.settings.new_role
            if role is None:
                raise AccessRefused(
                    f"the proxy signs in {ascii(named[0].strip())[:80]}, whom nobody added here; "
                    "ask an admin: footnote user add NAME --no-password"
                )
            user = self._add(named[0], role)
        if user.seen is None or (datetime.now(UTC) - user.seen).total_seconds() > NOTED:
            self.accounts.users.mark_seen(user.id)
        return Identity(user.id, user.name, user.role, "proxy")

    def _add(self, name: str, role: Role) -> User:
        try:
            user = self.accounts.add(name, role, None)
        except AccountError as error:
            # Another request may have come first.
            found = self.accounts.users.find(name)
            if found is None:
                raise AccessRefused(str(error)) from error
            return found
        self.accounts.log.add(user.name, "user added", f"by the proxy, {role.label}")
        return user


def _token(headers: Headers) -> str | None:
    """Returns the API token of a request; None without one.

    Programs that know passwords alone, such as readers of feeds, give it in the place of one.
    """
    sent = headers.getlist("authorization")
    if not sent:
        return None
    scheme, _, rest = sent[0].partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            password = base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return None
        # Any other is meant for a proxy in front.
        return password if password.startswith(PREFIX) else None
    return None


def _plain(text: str) -> str:
    """Returns an address as it is compared, "" for what is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
