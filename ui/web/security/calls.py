"""Calls: check calls to Gradio before Gradio handles them.

Gradio does not check numbers and names in a request: an unknown component or function causes a
KeyError, a status 500 and a traceback in the log. Here each is compared with those of the page.
"""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footnote.ui.web.security.bodies import Refusal

_Name = Annotated[str, Field(min_length=1, max_length=100)]


class _Sent(BaseModel):
    model_config = ConfigDict(strict=True)


class _Action(_Sent):
    session_hash: _Name
    component_id: int
    fn_name: _Name
    data: Any


class _Event(_Sent):
    session_hash: _Name
    fn_index: int
    data: list[Any]
    event_id: _Name | None = None
    trigger_id: int | None = None
    # Batched calls and API calls; the page makes neither.
    batched: Literal[False] | None = False
    simple_format: Literal[False] = False


_KINDS: Mapping[str, type[_Sent]] = {
    "/gradio_api/component_server": _Action,
    "/gradio_api/queue/join": _Event,
}


class Calls:
    """ASGI middleware that passes only valid calls to Gradio."""

    def __init__(
        self, app: ASGIApp, *, served: Mapping[int, frozenset[str]], functions: Mapping[int, int]
    ) -> None:
        """Takes the application and the functions that may be called.

        Args:
            app: Handles the accepted calls.
            served: Names of the functions that each component has for the page.
            functions: How many inputs each event's function has.
        """
        self._app = app
        self._served, self._functions = served, functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a call, or refuses it."""
        kind = _KINDS.get(scope.get("path", "").rstrip("/"))
        if scope["type"] != "http" or scope["method"] != "POST" or kind is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        if refusal := self._refusal(kind, request, body):
            answer = PlainTextResponse(f"{refusal.line}\n", refusal.status)
            await answer(scope, receive, send)
        else:
            await self._app(scope, _again(body, receive), send)

    def _refusal(self, kind: type[_Sent], request: Request, body: bytes) -> Refusal | None:
        form = request.headers.get("content-type", "").partition("/")[0].strip().lower()
        if form == "multipart":
            return Refusal(415, "send application/json; files have their own address")
        try:
            sent = kind.model_validate(json.loads(body))
        except ValidationError as error:
            return Refusal(422, _line(error))
        except (ValueError, RecursionError):
            return Refusal(422, "the request is not JSON; reload the page")
        if isinstance(sent, _Action):
            known = sent.fn_name in self._served.get(sent.component_id, ())
            return None if known else Refusal(404, "the page has no such component; reload it")
        if isinstance(sent, _Event):
            inputs = self._functions.get(sent.fn_index)
            if inputs is None:
                return Refusal(404, "the page has no such function; reload it")
            if inputs != len(sent.data):
                return Refusal(422, f'"data" has {len(sent.data)} values, {inputs} are expected')
        return None


def list_calls(page: Any) -> Callable[[ASGIApp], Calls]:
    """Returns a function that wraps the server of a page (``gr.Blocks``) in this check."""
    served = {
        id: frozenset(fn.__name__ for fn in getattr(block, "server_fns", ()))
        for id, block in page.blocks.items()
    }
    # Those without a function are carried out in the browser.
    functions = {number: len(fn.inputs) for number, fn in page.fns.items() if fn.fn}
    return lambda app: Calls(app, served=served, functions=functions)


def _line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "call"
    return f'"{place}": {" ".join(first["msg"].split())}; reload the page'


def _again(body: bytes, receive: Receive) -> Receive:
    """Returns a ``receive`` that repeats a body that was already read, then continues."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again
