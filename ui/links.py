"""Addresses beside the page: a shared conversation to read, a feed of a reader's topics."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from index import FootnoteError
from ui.cards import text_html
from ui.desk import Desk
from ui.transcripts import transcript_html

# Only what stands in the page itself may be shown: a shared page asks nobody for anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def add_links(app: Any, desk: Desk) -> None:
    """Lets a server answer these addresses, before those of the page itself."""
    if not isinstance(app, Starlette):
        raise TypeError(f"links need a Starlette application, got {type(app).__name__}")

    def shared(request: Request) -> Response:
        return _shared(desk, request.path_params["token"])

    def feed(request: Request) -> Response:
        return _feed(desk, request.path_params["user"])

    app.router.routes[:0] = [
        Route("/shared/{token}", shared, methods=["GET"]),
        Route("/feed/{user}.atom", feed, methods=["GET"]),
    ]


def _shared(desk: Desk, token: str) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    try:
        if desk.conversations is None:
            raise FootnoteError("this server shares no conversations")
        html = transcript_html(desk.conversations.shared(token))
    except FootnoteError as error:
        page = f"<!doctype html><title>Footnote</title><p>{text_html(str(error))}</p>"
        return HTMLResponse(page, 404, headers)
    return HTMLResponse(html, headers=headers)


def _feed(desk: Desk, user: str) -> Response:
    return Response("no feed here", 404)
