"""Requests as raw as a socket brings them, to an application in this process."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message

Pairs = Sequence[tuple[str, str]]


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str


def send(
    app: ASGIApp,
    method: str,
    path: str,
    headers: Pairs,
    body: Iterable[bytes] = (),
    *,
    server: tuple[str, int] = ("127.0.0.1", 7860),
    client: tuple[str, int] = ("127.0.0.1", 50000),
    kind: str = "http",
    stalls: bool = False,
) -> Reply:
    """Returns the answer to a request whose headers nothing tidied; it may not come to its end."""
    scope: dict[str, Any] = {
        "type": kind, "method": method, "path": path, "raw_path": path.encode(), "scheme": "http",
        "query_string": b"", "root_path": "", "http_version": "1.1", "server": server,
        "client": client, "asgi": {"version": "3.0"},
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }  # fmt: skip
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in body]
    if not stalls:
        parts.append({"type": "http.request", "body": b"", "more_body": False})
    said: list[Message] = []

    async def receive() -> Message:
        if stalls and not parts:
            await asyncio.sleep(60)
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def answer(message: Message) -> None:
        said.append(message)

    asyncio.run(app(scope, receive, answer))
    start, *bodies = said
    told = {n.decode(): v.decode() for n, v in start.get("headers", ())}
    text = b"".join(message.get("body", b"") for message in bodies).decode()
    return Reply(start.get("status", 0), told, text)
