"""Routes besides the page: answers, what is shared, the feed of topics, and uploads."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from footnote.index import FootnoteError
from footnote.ui.digests.atom import write_feed
from footnote.ui.digests.build import make_digests
from footnote.ui.export.paper_list import shared_papers_html
from footnote.ui.export.transcripts import transcript_html
from footnote.ui.rendering.cards import text_html
from footnote.ui.storage.collections import CollectionError
from footnote.ui.storage.topics import LOCAL
from footnote.ui.web.context import AppContext
from footnote.ui.web.security.limits import Limits
from footnote.ui.web.security.middleware import ASK, UPLOAD
from footnote.ui.web.security.policy import NOTHING
from footnote.ui.web.security.uploads import upload_route
from footnote.ui.web.server.answers import answers_route
from footnote.ui.web.server.stack import Service

FONTS = Path(__file__).parent / "static" / "fonts"
# A shared page may show only its own content and load nothing.
_POLICY = f"{NOTHING}; style-src 'unsafe-inline'; img-src data:; font-src data:"


def add_links(
    app: Starlette,
    desk: AppContext,
    limits: Limits,
    ending: Callable[[], bool],
    *,
    api: bool = False,
) -> Sequence[Service]:
    """Adds these routes to a server, before those of the page; returns what they need open.

    Args:
        app: The server's.
        desk: What they work with.
        limits: Maximum sizes of uploads.
        ending: Returns whether the server ends.
        api: Whether programs are served too.
    """

    def shared(request: Request) -> Response:
        return _shared(desk, request.path_params["token"])

    def feed(request: Request) -> Response:
        return _feed(desk)

    def font(request: Request) -> Response:
        return _font(request.path_params["name"])

    app.router.routes[:0] = [
        answers_route(ASK, desk, ending),
        Route("/fonts/{name}", font, methods=["GET"]),
        Route("/shared/{token}", shared, methods=["GET"]),
        Route("/feed.atom", feed, methods=["GET"]),
    ]
    services: list[Service] = []
    if api:
        from footnote.ui.api.app import api_routes

        routes, more = api_routes(desk)
        app.router.routes[:0] = routes
        services.extend(more)
    if desk.uploads is not None:
        app.router.routes.insert(0, upload_route(UPLOAD, desk.uploads, limits))
    return services


def _font(name: str) -> Response:
    path = FONTS / name
    # A name and not a path: one route has no other slash.
    if path.suffix != ".woff2" or path.name != name or not path.is_file():
        return Response("there is no such font\n", 404, media_type="text/plain")
    kept = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(path.read_bytes(), headers=kept, media_type="font/woff2")


def _shared(desk: AppContext, token: str) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    try:
        html = _shared_html(desk, token)
    except FootnoteError as error:
        page = f"<!doctype html><title>Footnote</title><p>{text_html(str(error))}</p>"
        return HTMLResponse(page, 404, headers)
    return HTMLResponse(html, headers=headers)


def _shared_html(desk: AppContext, token: str) -> str:
    if desk.conversations is None and desk.shelf is None:
        raise FootnoteError("this server shares no conversations")
    if desk.shelf is not None:
        with suppress(CollectionError):
            shared = desk.shelf.collections.shared(token)
            found = [desk.papers.paper(name) for name in shared.papers]
            return shared_papers_html(shared, found)
    if desk.conversations is None:
        raise FootnoteError("nothing is shared at this link; ask for a new one")
    return transcript_html(desk.refreshed(desk.conversations.shared(token)))


def _feed(desk: AppContext) -> Response:
    """Returns the feed of the library's topics, with its earlier entries."""
    if desk.topics is None or not desk.engines:
        return HTMLResponse(
            "<!doctype html><title>Footnote</title><p>This server has no topics.", 404
        )
    digests = make_digests(desk.engine, desk.topics.list(LOCAL))
    path = desk.papers.path / "feed.atom"
    write_feed(path, digests)
    return Response(path.read_bytes(), media_type="application/atom+xml")
