"""Request log: names each request, and tells of it when its reply has ended."""

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footnote.ui.maintenance.telemetry.logs import REQUESTS
from footnote.ui.maintenance.telemetry.request_ids import name_request

if TYPE_CHECKING:
    from footnote.ui.maintenance.telemetry.traces import Traces

HEADER = "x-request-id"
# Of addresses that no route of the server has.
OTHER = "other"
# What a client is told that went before it was told anything (nginx's word for it).
GONE = 499

_log = logging.getLogger(REQUESTS)


@dataclass(frozen=True, slots=True)
class RequestDone:
    """A request that has ended.

    Attributes:
        route: The pattern of its address, without what readers put in: no id, no question.
        status: Of its reply; 499 if the client left before it.
        seconds: Until the end of its reply.
        sent: Bytes of its reply's body.
    """

    method: str
    route: str
    status: int
    seconds: float
    sent: int


class RequestLog:
    """ASGI middleware that stands before everything else, so that refusals are told, too."""

    def __init__(
        self,
        app: ASGIApp,
        routes: Sequence[BaseRoute],
        tell: Callable[[RequestDone], None] | None = None,
        traces: "Traces | None" = None,
    ) -> None:
        """Takes what answers, its routes, who else is told of each request, and what traces it."""
        self.app = app
        self._patterns = list(route_patterns(routes))
        self._tell, self._traces = tell, traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on; its reply gets the request's name."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, route = Headers(scope=scope), self._route(scope)
        name = name_request(headers.get(HEADER))
        begun = time.perf_counter()
        status, sent = GONE, 0
        span = self._traces and self._traces.request(scope["method"], route, headers)

        async def named(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = name
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        try:
            with span or nullcontext():
                await self.app(scope, receive, named)
        except Exception:
            status = 500
            raise
        finally:
            seconds = time.perf_counter() - begun
            self._end(RequestDone(scope["method"], route, status, seconds, sent))

    def _end(self, done: RequestDone) -> None:
        if self._tell is not None:
            self._tell(done)
        told = {"method": done.method, "route": done.route, "status": done.status,
                "ms": round(done.seconds * 1000), "bytes": done.sent}  # fmt: skip
        _log.info("%s %s %d %d ms %d bytes", *told.values(), extra=told)

    def _route(self, scope: Scope) -> str:
        path = scope["path"]
        return next((known.told for known in self._patterns if known.fits(path)), OTHER)


@dataclass(frozen=True, slots=True)
class RoutePattern:
    """What the addresses of a route look like.

    Attributes:
        above: What stands before the rest.
        rest: Of the address; None if anything may stand there.
        told: The pattern as it is told: /v1/papers/{paper}.
    """

    above: str
    rest: re.Pattern[str] | None
    told: str

    def fits(self, path: str) -> bool:
        """Returns whether an address is one of the route's."""
        if not path.startswith(self.above):
            return False
        return self.rest is None or self.rest.match(path[len(self.above) :]) is not None


def route_patterns(routes: Sequence[BaseRoute], above: str = "") -> Iterator[RoutePattern]:
    """Yields the patterns of the routes of an application, in its order; the first counts.

    Args:
        routes: Of the application.
        above: What stands before their addresses.
    """
    for found in iter_route_contexts(routes):
        route = found.original_route
        if isinstance(route, Mount):
            at = above + route.path
            yield from route_patterns(route.routes, at)
            # What stands there answers by itself, or says that there is nothing.
            yield RoutePattern(f"{at}/", None, f"{at}/*")
        elif isinstance(route, Route):
            yield RoutePattern(above, found.path_regex, above + (found.path_format or ""))
