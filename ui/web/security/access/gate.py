"""Gate: the one check of who may, before every route of the page, of programs, and what is mounted.

The guard (``footnote.ui.web.security.middleware``) has looked at the host, the origin and the size
by then. Here each request needs the role that the table of rules has for its route; a route without
a rule is refused, whoever asks.
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footnote.ui.api.errors import refuse
from footnote.ui.storage.accounts.libraries import NAME
from footnote.ui.storage.accounts.models import LOCAL_USER, NOBODY, Identity, Role
from footnote.ui.web.security.access.access import Access, AccessRefused
from footnote.ui.web.security.access.identity import identified
from footnote.ui.web.security.access.rates import network_of
from footnote.ui.web.security.access.rules import (
    FEED,
    SIGN_IN,
    Rule,
    Rules,
    plain_path,
    split_library,
)

_SAFE = ("GET", "HEAD", "OPTIONS")
_SAME_FOR_ALL = ("/assets/", "/static/", "/fonts/")
# Threads that look up who asks: none waits for an answer or a password.
_THREADS = 8
T = TypeVar("T")


class Gate:
    """ASGI middleware that lets each request pass that its sender may send."""

    def __init__(
        self, app: ASGIApp, *, rules: Rules, access: Access | None, first: str = ""
    ) -> None:
        """Takes what handles requests, and who may.

        Args:
            app: Handles them.
            rules: By route.
            access: The accounts, if there are any.
            first: Of several libraries the one that programs ask which name none.
        """
        self._app, self._rules, self._access, self._first = app, rules, access, first
        self._threads = CapacityLimiter(_THREADS)
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # No rule is about any other kind.
            await send({"type": "websocket.close", "code": 1008})
            return
        rule = self._rules.find(plain_path(scope["path"]))
        needed = self._rules.needed(scope["method"], plain_path(scope["path"]))
        if rule is None or needed is None:
            refused = self._refuse(scope, *_unknown(rule))
            if rule is not None:
                refused.headers["allow"] = ", ".join(sorted(rule.needs))
            await refused(scope, receive, send)
        elif self._access is None:
            await self._app(identified(scope, LOCAL_USER), receive, send)
        else:
            await self._check(self._access, rule, needed, scope, receive, send)

    async def _check(
        self, access: Access, rule: Rule, needed: Role, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            who = await self._run(partial(access.identify, scope))
            if rule.part == "programs" and not rule.within:
                here = who.within(split_library(plain_path(scope["path"]))[0] or self._first)
            else:
                # What is sent names its library within, where this is looked at again.
                here = who.at_best()
            refused = self._limited(access, rule, scope, who) or self._refused(scope, here, needed)
        except AccessRefused as error:
            # What is open to anybody is so to them, too.
            who = replace(NOBODY, address=access.address(scope))
            refused = self._limited(access, rule, scope, who)
            if refused is None and needed > Role.NOBODY:
                refused = self._refuse(scope, 401, str(error))
        if refused is not None:
            await refused(scope, receive, send)
            return
        key = who.id if rule.asks and scope["method"] == "POST" else ""
        self._open[key] += 1
        try:
            await self._pass(access, rule, identified(scope, who), who, receive, send)
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    def _limited(self, access: Access, rule: Rule, scope: Scope, who: Identity) -> Response | None:
        """Returns why somebody has to wait; None if they need not."""
        settings = access.accounts.settings
        key = who.id or f"address {network_of(who.address)}"
        wait = access.rates.take(key, settings.user_requests)
        asks = rule.asks and scope["method"] == "POST"
        if not wait and asks:
            wait = access.rates.take(f"{key} asks", settings.user_questions)
        if not wait and asks and self._open[who.id] >= settings.user_open:
            wait = 2.0
        if not wait:
            return None
        seconds = math.ceil(wait)
        line = f"too many requests for now; try again in {seconds} seconds"
        headers = {"retry-after": str(seconds)}
        if rule.part == "programs":
            return refuse(429, line, headers=headers)
        return PlainTextResponse(f"{line}\n", 429, headers)

    def _refused(self, scope: Scope, who: Identity, needed: Role) -> Response | None:
        """Returns why somebody may not send a request; None if they may."""
        headers = Headers(scope=scope)
        if who.role < needed:
            if who.has_account:
                return self._refuse(
                    scope, 403,
                    f"this needs the role {needed.label}, {who.name} "
                    f"{'asks' if who.way == 'token' else 'is signed in'} as {who.role.label}; "
                    "ask an admin",
                )  # fmt: skip
            if scope["method"] in ("GET", "HEAD") and _is_visit(scope, headers, self._rules):
                return _to_sign_in(scope)
            if self._rules.is_api(plain_path(scope["path"])):
                return self._refuse(scope, 401, "sign in first, or send an API token")
            return self._refuse(scope, 401, "you are signed out; reload the page to sign in")
        # A sign-in, too: nobody shall be signed in as somebody else without knowing.
        by_browser = who.way in ("session", "proxy") or scope["path"] == SIGN_IN
        said = "origin" in headers or "sec-fetch-site" in headers
        if by_browser and scope["method"] not in _SAFE and not said:
            # What they say was checked by the guard.
            return self._refuse(
                scope, 403, "a browser says where a request comes from; programs send an API token"
            )
        return None

    async def _pass(
        self, access: Access, rule: Rule, scope: Scope, who: Identity, receive: Receive, send: Send
    ) -> None:
        status = 500

        async def answering(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if who.has_account and not scope["path"].startswith(_SAME_FOR_ALL):
                    # Neither a proxy nor the way back shows it to the next one who signs in.
                    MutableHeaders(scope=message).setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, answering)
        if rule.logged and scope["method"] not in _SAFE and status < 400:
            about = scope["path"] if rule.log_path else ""
            add = partial(access.accounts.log.add, who.name, rule.logged, about, who.address)
            await self._run(add)

    def _refuse(self, scope: Scope, status: int, line: str) -> Response:
        scheme = "Basic" if scope["path"] == FEED else "Bearer"
        headers = {"www-authenticate": f'{scheme} realm="footnote"'} if status == 401 else {}
        if self._rules.is_api(plain_path(scope["path"])):
            return refuse(status, line, headers=headers)
        return PlainTextResponse(f"{line}\n", status, headers)

    async def _run(self, work: Callable[[], T]) -> T:
        return await run_sync(work, limiter=self._threads)


def _unknown(rule: Rule | None) -> tuple[int, str]:
    # As the application itself would say it.
    return (404, "Not Found") if rule is None else (405, "Method Not Allowed")


def _is_visit(scope: Scope, headers: Headers, rules: Rules) -> bool:
    """Returns whether somebody opens a page, and not a page its parts."""
    opens = headers.get("sec-fetch-dest", "document") == "document"
    return opens and not rules.is_api(scope["path"]) and "text/html" in headers.get("accept", "")


def _to_sign_in(scope: Scope) -> Response:
    # Below the page's own address, whatever proxy is in front of it.
    named = QueryParams(scope["query_string"]).get("library", "")
    query = f"?library={named}" if NAME.fullmatch(named) else ""
    leads = scope["path"] + query
    after = "" if leads == "/" else "?" + urlencode({"next": leads})
    depth = "../" * (scope["path"].count("/") - 1)
    return RedirectResponse(f"{depth or './'}sign-in{after}", 303, {"cache-control": "no-store"})
