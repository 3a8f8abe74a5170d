"""HTTP: the tools at one address, each request by itself, as JSON or as events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from footnote.ui.api.agents.server import AgentServer

_EVENTS = ("text/event-stream", "text/*", "*/*")


class AgentsOverHttp:
    """An ASGI application at one address; whoever goes away ends the work.

    Who may come in is checked before it, as for every other route.
    """

    def __init__(self, server: AgentServer) -> None:
        """Takes the tools."""
        self._json, self._events = _manager(server, True), _manager(server, False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answers requests as long as it is open."""
        async with self._json.run(), self._events.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, in the form that its client takes."""
        accepted = Headers(scope=scope).get("accept", "")
        if not accepted:
            # Who names nothing takes all.
            scope = {**scope, "headers": [*scope["headers"], (b"accept", b"application/json")]}
        chosen = self._events if any(kind in accepted for kind in _EVENTS) else self._json
        body, gone = await _read(receive)
        if gone:
            return
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
            tasks.start_soon(watch)
            await chosen.handle_request(scope, again, send)
            tasks.cancel_scope.cancel()


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


def _manager(server: AgentServer, json: bool) -> StreamableHTTPSessionManager:
    # The server makes its manager with an application of its own; without a host it leaves the
    # check of hosts to us.
    server.streamable_http_app(json_response=json, stateless_http=True, host="")
    return server.session_manager
