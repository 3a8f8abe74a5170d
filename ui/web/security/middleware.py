"""Guard: checks every request to the server, to Gradio's routes and to ours.

Another web site that a reader has open can send requests here, and can point its own host name here
(DNS rebinding). So the guard checks every request first: whether its Host is a name of this server,
whether it comes from this server's own page, how long it is, and whether that route is used at all.
Who may use it is asked next (``footnote.ui.web.security.access.gate``).

Starlette's TrustedHostMiddleware does only the first, and less strictly: it ignores the port and a
final dot, and answers 400, not 421 (misdirected request). Its other middleware does not help with
the rest (CORS must be off).
"""

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footnote.ui.api.errors import refuse
from footnote.ui.web.security.access.rules import (
    API,
    IMPORTS,
    UPLOAD,
    Rules,
    plain_path,
    split_library,
)
from footnote.ui.web.security.bodies import PAUSE, Body, Refusal, over
from footnote.ui.web.security.hosts import bracketed
from footnote.ui.web.security.limits import Limits
from footnote.ui.web.security.policy import NOTHING
from footnote.ui.web.security.uploads import AROUND

_SAFE = ("GET", "HEAD", "OPTIONS")
_BEHIND_TLS = (
    "this came over https, which this server does not speak; if a proxy with TLS stands in front, "
    "start it with --trusted-proxy ADDRESS of that proxy"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    # Not "no-referrer": with that, a browser sends "Origin: null" in our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": NOTHING,
}


class Guard:
    """ASGI middleware that accepts only requests that the page sends."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str],
        proxies: frozenset[str] = frozenset(),
        limits: Limits,
        pause: float = PAUSE,
        rules: Rules | None = None,
        names_user: str = "",
    ) -> None:
        """Takes the application, its host names and its limits.

        Args:
            app: Handles the accepted requests.
            hosts: Accepted Host headers, in lower case, with port.
            proxies: Addresses whose X-Forwarded headers are trusted.
            limits: Maximum sizes of requests.
            pause: Seconds without a byte after which a body is given up.
            rules: Which routes there are; those of the page alone when not given.
            names_user: Header, in small letters, in which a trusted proxy alone may name a user.
        """
        self._app = app
        self._hosts = hosts
        self._proxies = proxies
        self._limits = limits
        self._pause = pause
        self._rules = rules or Rules()
        self._names_user = names_user.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # The page has none.
            await send({"type": "websocket.close", "code": 1008})
        else:
            scope = self._believed(scope)
            refusal = self._refusal(scope)
            send = _dressed(send)
            if refusal:
                await _refuse(refusal, scope, receive, send)
            else:
                await self._counted(scope, receive, send)

    def _believed(self, scope: Scope) -> Scope:
        """Returns a request without the headers that only a trusted proxy may send."""
        trusted = _address((scope.get("client") or ("",))[0]) in self._proxies
        headers = Headers(scope=scope)
        scheme = headers.get("x-forwarded-proto") if trusted else "http"
        kept = [
            (name, value)
            for name, value in scope["headers"]
            if trusted
            or (
                not name.startswith((b"x-forwarded", b"forwarded", b"x-real-ip"))
                and name != self._names_user
            )
            # Gradio takes its own address from this one.
            if name != b"x-gradio-server"
        ]
        return {**scope, "headers": kept, "scheme": "https" if scheme == "https" else "http"}

    def _refusal(self, scope: Scope) -> Refusal | None:
        """Returns why a request is refused; None if it is accepted."""
        headers, method, path = Headers(scope=scope), scope["method"], plain_path(scope["path"])
        host = self._host(scope, headers)
        if host is None:
            return Refusal(421, "this is not a name of this server; --allow-host adds a name")
        own = f"{scope['scheme']}://{host}"
        if method not in _SAFE and (refusal := _foreign(method, headers, own)):
            return refusal
        if method in _SAFE and _pulled_in(headers):
            return Refusal(403, "another site may link to this page but not read from it")
        if refusal := _too_long(headers, self._limit(path)):
            return refusal
        if self._rules.is_api(path):
            # Refused in the shape that programs read, by what asks who may.
            return None
        if method not in ("GET", "HEAD", "POST"):
            return Refusal(405, f"{method[:20]} is not supported by this page")
        if self._rules.needed(method, path) is None:
            return Refusal(404, "there is nothing at this address")
        return None

    def _host(self, scope: Scope, headers: Headers) -> str | None:
        """Returns the request's host name; None if it is not one of ours.

        Names are compared whole, ignoring only case, so anything odd (a user before an @, a final
        dot, no port) makes a different name.
        """
        sent = [value.lower() for value in headers.getlist("host")]
        forwarded = [value.lower() for value in headers.getlist("x-forwarded-host")]
        names = self._hosts.union(_reached(scope))
        if len(sent) != 1 or len(forwarded) > 1 or not names.issuperset([*sent, *forwarded]):
            return None
        return [*sent, *forwarded][-1]

    def _limit(self, path: str) -> int:
        takes_files = split_library(path)[1] in (UPLOAD, IMPORTS)
        return self._limits.upload + AROUND if takes_files else self._limits.body

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; refuses it if its body is too long or too slow."""
        body = Body(receive, self._limit(plain_path(scope["path"])), pause=self._pause)
        begun = refused = False

        async def counting() -> Message:
            nonlocal refused
            message = await body()
            if body.refusal and not refused:
                refused = True
                if not begun:
                    await _refuse(body.refusal, scope, receive, send)
            return message

        async def answering(message: Message) -> None:
            nonlocal begun
            begun = True
            if not refused:
                await send(message)

        try:
            await self._app(scope, counting, answering)
        except Exception:
            if not refused:
                raise


def _foreign(method: str, headers: Headers, own: str) -> Refusal | None:
    """Returns why a request that changes something is not from the page; None if it is."""
    origin, site = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    if any(value != own for value in origin) or not {"same-origin", "none"}.issuperset(site):
        # The right name over https: only a reader behind TLS sends this, no other site.
        if origin == [own.replace("http://", "https://", 1)] != [own]:
            return Refusal(403, _BEHIND_TLS)
        return Refusal(
            403, "this request came from another site; only the page itself may change things"
        )
    if origin or site or method != "POST":
        # No form of another site sends these: a browser asks first, and sends its origin.
        return None
    # Every browser of this decade sends one of them. In older browsers, another site's form cannot
    # send JSON, only files, which are read as papers and nothing more.
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/json", "multipart/form-data"):
        return None
    return Refusal(415, "send application/json, or files as multipart/form-data")


def _pulled_in(headers: Headers) -> bool:
    """Returns whether another site embeds this, rather than linking to it."""
    foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    followed = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
    return foreign and followed != ("navigate", "document")


def _too_long(headers: Headers, limit: int) -> Refusal | None:
    for text in headers.getlist("content-length"):
        if not (text.isascii() and text.isdecimal()):
            return Refusal(400, "Content-Length is not a number")
        # Without its zeros a longer text is a larger number; int() gives up on long ones.
        if len(text.lstrip("0")) > 18 or int(text) > limit:
            return over(limit)
    return None


def _reached(scope: Scope) -> Sequence[str]:
    """Returns the address that a request was sent to: no other page has that origin."""
    host, port = scope.get("server") or ("", None)
    if not _address(host):
        return []
    return [f"{bracketed(host)}:{port}", *([bracketed(host)] if port == 80 else [])]


def _address(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _dressed(send: Send) -> Send:
    """Returns a ``send`` that adds our security headers and removes CORS headers."""

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.startswith("access-control-")]:
                del headers[name]
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return dressed


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    # The rest of the body is not read: the connection closes after the answer.
    headers = {"connection": "close"}
    answer: Response = PlainTextResponse(f"{refusal.line}\n", refusal.status, headers)
    if plain_path(scope["path"]).startswith(f"{API}/"):
        answer = refuse(refusal.status, refusal.line, headers=headers)
    await answer(scope, receive, send)
