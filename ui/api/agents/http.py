"""HTTP: the tools at one address, each request by itself, as JSON or as events."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_urlsafe

import anyio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from footnote.ui.api.agents.server import AgentServer

_SESSION, _CANCELLED = "mcp-session-id", "notifications/cancelled"
_EVENTS = ("text/event-stream", "text/*", "*/*")


class AgentsOverHttp:
    """An ASGI application at one address; whoever goes away or cancels ends the work.

    Who may come in is checked before it, as for every other route. Nothing is kept between
    requests: a session is a name alone, by which a client cancels a call of its own and no other's.
    """

    def __init__(self, server: AgentServer) -> None:
        """Takes the tools."""
        self._json, self._events = _manager(server, True), _manager(server, False)
        self._calls: dict[tuple[str, str], anyio.CancelScope] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answers requests as long as it is open."""
        async with self._json.run(), self._events.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, in the form that its client takes."""
        headers = Headers(scope=scope)
        accepted, session = headers.get("accept", ""), headers.get(_SESSION, "")
        if not accepted:
            # Who names nothing takes all.
            scope = {**scope, "headers": [*scope["headers"], (b"accept", b"application/json")]}
        chosen = self._events if any(kind in accepted for kind in _EVENTS) else self._json
        body, gone = await _read(receive)
        if gone:
            return
        method, id = _named(body)
        if method == _CANCELLED and (call := self._calls.get((session, id))):
            call.cancel()
        reply = _Reply(send, token_urlsafe(24) if method == "initialize" else None)
        key = (session, id) if session and id and method != _CANCELLED else None
        await self._answer(chosen, scope, body, receive, reply, key)
        await reply.end()

    async def _answer(
        self, chosen: StreamableHTTPSessionManager, scope: Scope, body: bytes, receive: Receive,
        reply: "_Reply", key: tuple[str, str] | None,
    ) -> None:  # fmt: skip
        told = False

        async def again() -> Message:
            nonlocal told
            if not told:
                told = True
                return {"type": "http.request", "body": body, "more_body": False}
            return await receive()

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            if key:
                self._calls[key] = tasks.cancel_scope
            try:
                tasks.start_soon(watch)
                await chosen.handle_request(scope, again, reply)
                tasks.cancel_scope.cancel()
            finally:
                if key:
                    self._calls.pop(key, None)


class _Reply:
    """An ASGI ``send`` that names a new session, and ends what was cancelled half said."""

    def __init__(self, send: Send, session: str | None) -> None:
        self._send, self._session = send, session
        self._begun = self._ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            if self._session:
                MutableHeaders(scope=message)[_SESSION] = self._session
        elif message["type"] == "http.response.body":
            self._ended = not message.get("more_body")
        await self._send(message)

    async def end(self) -> None:
        """Ends the reply if nobody did."""
        if not self._begun:
            await self({"type": "http.response.start", "status": 202, "headers": []})
        if not self._ended:
            await self({"type": "http.response.body", "body": b"", "more_body": False})


def _named(body: bytes) -> tuple[str, str]:
    """Returns the method of a message, and the id of the call that it is, or is about; or ""."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(message, dict):
        return "", ""
    method, params = message.get("method"), message.get("params")
    about = params.get("requestId") if isinstance(params, dict) else None
    id = about if method == _CANCELLED else message.get("id")
    # The number 1 and the text "1" are two ids.
    return str(method), "" if id is None else repr(id)


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """Returns a request's body, whose size is bounded before, and whether its client has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", True
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body), False


def _manager(server: AgentServer, whole: bool) -> StreamableHTTPSessionManager:
    # The server makes its manager with an application of its own; without a host it leaves the
    # check of hosts to us.
    server.streamable_http_app(json_response=whole, stateless_http=True, host="")
    return server.session_manager
