"""Pages: the sign-in, one's own account, and the people of a library; server-rendered forms."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from anyio import sleep
from anyio.to_thread import run_sync
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from footnote.ui.rendering.environment import piece
from footnote.ui.storage.accounts.models import SCOPES, AccountError, Identity
from footnote.ui.storage.accounts.passwords import SHORTEST
from footnote.ui.web.security.access.access import Access
from footnote.ui.web.security.access.changes import ROLES, Changes, FormResult
from footnote.ui.web.security.access.cookies import read_session, session_cookie
from footnote.ui.web.security.access.identity import identity_of
from footnote.ui.web.security.access.sign_in import Entrance
from footnote.ui.web.security.policy import style_policy

_STATIC = Path(__file__).parents[2] / "static"
# Where a sign-in may lead: pages of this server alone, whatever a link says.
_NEXT = re.compile(
    r"(?:/|/account|/people|/(?:c|shared)/[A-Za-z0-9_-]{1,64})(?:\?library=[a-z0-9_-]{1,40})?"
)
_OLD_FORM = "this form was made for another sign-in, or before the server began anew; send it again"
_FIELD_MOST = 1_000


def account_routes(access: Access, folders: Sequence[Path]) -> Sequence[Route]:
    """Returns the routes of accounts.

    Args:
        access: What a server with accounts asks of each request.
        folders: The libraries', in which users keep things.
    """
    pages = AccountPages(access, folders)
    return [
        Route("/sign-in", pages.show_sign_in, methods=["GET"]),
        Route("/sign-in", pages.sign_in, methods=["POST"]),
        Route("/sign-out", pages.sign_out, methods=["POST"]),
        Route("/account", pages.show_account, methods=["GET"]),
        Route("/account", pages.change_account, methods=["POST"]),
        Route("/people", pages.show_people, methods=["GET"]),
        Route("/people", pages.change_people, methods=["POST"]),
    ]


class AccountPages:
    """What these routes answer; the gate has looked at who asks by then."""

    def __init__(self, access: Access, folders: Sequence[Path]) -> None:
        """Takes what knows the users, and the libraries' folders."""
        self._access, self._accounts = access, access.accounts
        self._entrance, self._changes = Entrance(access), Changes(access.accounts, folders)

    async def show_sign_in(self, request: Request) -> Response:
        """Shows the sign-in; leads on whoever is signed in already."""
        after = local_path(request.query_params.get("next", ""))
        if identity_of(request.scope).has_account:
            return _leads_to(after)
        return _page("sign_in", after, "", "")

    async def sign_in(self, request: Request) -> Response:
        """Signs somebody in, or says that name and password do not match."""
        sent = await _fields(request)
        name, after = sent.get("name", "").strip().lower(), local_path(sent.get("next", ""))
        address = identity_of(request.scope).address
        entered = await self._entrance.enter(name, sent.get("password", ""), address)
        if entered.session is None:
            await sleep(entered.slow)
            headers = {"retry-after": str(entered.wait)} if entered.wait else {}
            status = 429 if entered.wait else 401
            return _page("sign_in", after, entered.line, name[:80], status=status, headers=headers)
        # Whatever session this browser had before ends, also one that somebody else put there.
        await self._end(request)
        reply = _leads_to(after)
        reply.headers["set-cookie"] = session_cookie(entered.session, request.scope["scheme"])
        return reply

    async def sign_out(self, request: Request) -> Response:
        """Ends the session of a browser."""
        who = identity_of(request.scope)
        await self._end(request)
        if who.way == "session":
            await run_in_threadpool(self._accounts.log.add, who.name, "signed out", "", who.address)
        reply = _leads_to("/sign-in")
        reply.headers["set-cookie"] = session_cookie("", request.scope["scheme"])
        # What the page kept in the browser is of nobody else's concern.
        reply.headers["clear-site-data"] = '"storage"'
        return reply

    async def show_account(self, request: Request) -> Response:
        """Shows one's own account."""
        return await run_in_threadpool(self._account, identity_of(request.scope), FormResult())

    async def change_account(self, request: Request) -> Response:
        """Changes one's password, or makes or revokes a token."""
        who, sent = identity_of(request.scope), await _fields(request)
        if who.way == "token":
            return Response("a token cannot change its account; sign in on the page\n", 403)
        told = await self._done(self._changes.own, who, sent)
        reply = await run_in_threadpool(self._account, who, told)
        if told.session:
            reply = _leads_to("/account")
            reply.headers["set-cookie"] = session_cookie(told.session, request.scope["scheme"])
        return reply

    async def show_people(self, request: Request) -> Response:
        """Shows who may use the library."""
        return await run_in_threadpool(self._people, identity_of(request.scope), FormResult())

    async def change_people(self, request: Request) -> Response:
        """Adds or removes somebody, or changes what they may do."""
        who, sent = identity_of(request.scope), await _fields(request)
        if who.way == "token":
            return Response("a token cannot change who may; sign in on the page\n", 403)
        if sent.get("do") == "ask-remove":
            return _page("removal", who, self._access.forms.of(who), sent.get("name", "")[:80])
        told = await self._done(self._changes.of_people, who, sent)
        return await run_in_threadpool(self._people, who, told)

    async def _done(
        self,
        change: Callable[[Identity, dict[str, str]], FormResult],
        who: Identity,
        sent: dict[str, str],
    ) -> FormResult:
        if not self._access.forms.matches(who, sent.get("form", "")):
            return FormResult(_sentence(_OLD_FORM), wrong="form")
        compares = "present" in sent and sent.get("password") == sent.get("again")
        wait = self._access.attempts.wait(who.address, who.name) if compares else 0.0
        if wait:
            line = f"Too many wrong passwords; try again in {wait:.0f} seconds."
            return FormResult(line, wrong="password")
        # Counted before it is compared, as a sign-in is.
        slow = self._access.attempts.begin(who.address, who.name) if compares else 0.0
        limiter = self._entrance.hashing if compares else None
        try:
            told = await run_sync(change, who, sent, limiter=limiter)
        except AccountError as error:
            return FormResult(_sentence(str(error)), wrong=sent.get("do", "form"))
        if compares and told.wrong == "present":
            await sleep(slow)
            return FormResult(told.line, wrong="password")
        if compares:
            self._access.attempts.succeed(who.address, who.name)
        return told

    def _account(self, who: Identity, told: FormResult) -> Response:
        user = self._accounts.users.by_id(who.id)
        tokens = self._accounts.tokens.list(who.id)
        shortest = SHORTEST if user and user.has_password else 0
        token, now = self._access.forms.of(who), datetime.now(UTC)
        status = 422 if told.wrong else 200
        return _page(
            "account", who, token, told.line, told.wrong, told.secret, tokens, SCOPES, shortest,
            now, status=status,
        )  # fmt: skip

    def _people(self, who: Identity, told: FormResult) -> Response:
        users, token = self._accounts.users.list(), self._access.forms.of(who)
        return _page(
            "people", who, token, told.line, told.wrong, told.secret, users, ROLES,
            status=422 if told.wrong else 200,
        )  # fmt: skip

    async def _end(self, request: Request) -> None:
        secret = read_session(request.headers, request.scope["scheme"])
        if secret:
            await run_in_threadpool(partial(self._accounts.sessions.end_secret, secret))


def local_path(text: str) -> str:
    """Returns where a sign-in leads to: a page of this server, the first one for anything else."""
    return text if _NEXT.fullmatch(text) else "/"


@lru_cache(1)
def _style() -> Markup:
    sheets = [(_STATIC / name).read_text("utf-8") for name in ("base.css", "account.css")]
    return Markup("\n".join(sheets))


def _page(
    macro: str, *args: Any, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    kept = {"cache-control": "no-store", "content-security-policy": style_policy(_style())}
    return HTMLResponse(
        piece("account", macro, _style(), *args), status, {**kept, **(headers or {})}
    )


def _leads_to(path: str) -> Response:
    # Below the page's own address, whatever proxy is in front of it.
    return RedirectResponse(f".{path}", 303, {"cache-control": "no-store"})


async def _fields(request: Request) -> dict[str, str]:
    """Returns the fields of a form; of a name that is sent twice the first, cut where too long."""
    async with request.form(max_files=0, max_fields=20) as form:
        return {
            name: value[:_FIELD_MOST]
            for name, value in reversed(form.multi_items())
            if isinstance(value, str)
        }


def _sentence(line: str) -> str:
    return f"{line[:1].upper()}{line[1:]}."
