"""Routes besides the page: answers, what is shared, the feed of topics, and uploads."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from footnote.index import FootnoteError
from footnote.ui.digests.atom import write_feed
from footnote.ui.digests.build import make_digests
from footnote.ui.export.paper_list import shared_papers_html
from footnote.ui.export.transcripts import transcript_html
from footnote.ui.rendering.cards import text_html
from footnote.ui.storage.accounts.belongings import feed_path
from footnote.ui.storage.accounts.models import Identity, Role
from footnote.ui.storage.collections import CollectionError
from footnote.ui.storage.models import ConversationError
from footnote.ui.storage.shares import SignInNeeded
from footnote.ui.web.context import AppContext
from footnote.ui.web.security.access.access import Access
from footnote.ui.web.security.access.identity import identity_of
from footnote.ui.web.security.access.pages import account_routes
from footnote.ui.web.security.access.rules import ASK, UPLOAD
from footnote.ui.web.security.limits import Limits
from footnote.ui.web.security.policy import NOTHING
from footnote.ui.web.security.uploads import upload_route
from footnote.ui.web.server.answers import answers_route
from footnote.ui.web.server.stack import Service

if TYPE_CHECKING:
    from footnote.ui.maintenance.telemetry.metrics import Metrics

FONTS = Path(__file__).parent / "static" / "fonts"
# A shared page may show only its own content and load nothing.
_POLICY = f"{NOTHING}; style-src 'unsafe-inline'; img-src data:; font-src data:"


def add_links(
    app: Starlette,
    desk: AppContext,
    limits: Limits,
    ending: Callable[[], bool],
    *,
    metrics: "Metrics | None" = None,
    access: Access | None = None,
) -> Sequence[Service]:
    """Adds these routes to a server, before those of the page; returns what they need open.

    Args:
        app: The server's.
        desk: What they work with.
        limits: Maximum sizes of uploads.
        ending: Returns whether the server ends.
        metrics: What counts for programs; None where none are served.
        access: Who may; None where there are no accounts.
    """

    def shared(request: Request) -> Response:
        return _shared(desk, request.path_params["token"], identity_of(request.scope))

    def feed(request: Request) -> Response:
        name = request.query_params.get("library", "")[:40]
        return _feed(desk, name, identity_of(request.scope))

    def font(request: Request) -> Response:
        return _font(request.path_params["name"])

    app.router.routes[:0] = [
        answers_route(ASK, desk, ending),
        Route("/fonts/{name}", font, methods=["GET"]),
        Route("/shared/{token}", shared, methods=["GET"]),
        Route("/feed.atom", feed, methods=["GET"]),
    ]
    if access is not None:
        app.router.routes[:0] = account_routes(access, [own.papers.path for own in desk.all])
    services: list[Service] = []
    if metrics is not None:
        from footnote.ui.api.app import api_routes

        routes, more = api_routes(desk, metrics)
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


def _shared(desk: AppContext, token: str, who: Identity) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    try:
        # Where there are no accounts, whoever is here may read.
        html = _shared_html(desk, token, who)
    except SignInNeeded:
        after = urlencode({"next": f"/shared/{token}"})
        return RedirectResponse(f"../sign-in?{after}", 303, {"cache-control": "no-store"})
    except FootnoteError as error:
        page = f"<!doctype html><title>Footnote</title><p>{text_html(str(error))}</p>"
        return HTMLResponse(page, 404, headers)
    return HTMLResponse(html, headers=headers)


def _shared_html(desk: AppContext, token: str, who: Identity) -> str:
    """Returns what is shared at a link, in whichever library it was made.

    Raises:
        FootnoteError: Nothing is.
    """
    fault: FootnoteError = CollectionError("nothing is shared at this link; ask for a new one")
    for own in desk.all:
        try:
            return _shared_in(own, token, signed_in=who.within(own.name).role > Role.NOBODY)
        except (CollectionError, ConversationError) as error:
            fault = error
    raise fault


def _shared_in(desk: AppContext, token: str, *, signed_in: bool) -> str:
    if desk.conversations is None and desk.shelf is None:
        raise ConversationError("this server shares no conversations")
    if desk.shelf is not None:
        with suppress(CollectionError):
            shared = desk.shelf.collections.shared(token, signed_in=signed_in)
            found = [desk.papers.paper(name) for name in shared.papers]
            return shared_papers_html(shared, found)
    if desk.conversations is None:
        raise ConversationError("nothing is shared at this link; ask for a new one")
    transcript = desk.conversations.shared(token, signed_in=signed_in)
    return transcript_html(desk.refreshed(transcript))


def _feed(first: AppContext, library: str, who: Identity) -> Response:
    """Returns the feed of somebody's topics in a library, with its earlier entries."""
    try:
        desk = first.find(library, who)
    except FootnoteError as error:
        return Response(f"{error}\n", 404, media_type="text/plain")
    if desk.topics is None or not desk.engines:
        return HTMLResponse(
            "<!doctype html><title>Footnote</title><p>This server has no topics.", 404
        )
    digests = make_digests(desk.telling, desk.topics.list(desk.owner))
    path = feed_path(desk.papers.path, desk.owner)
    path.parent.mkdir(exist_ok=True)
    write_feed(path, digests)
    return Response(path.read_bytes(), media_type="application/atom+xml")
