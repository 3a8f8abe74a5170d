"""The application of the API, mounted under /v1 beside the page."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from footnote.index import FootnoteError
from footnote.ui.api.agents.http import AgentsOverHttp
from footnote.ui.api.agents.server import build_agents
from footnote.ui.api.answering import Answering
from footnote.ui.api.asks import ask_routes
from footnote.ui.api.compatible.chat import chat_routes, embedding_routes
from footnote.ui.api.compatible.responses import response_routes
from footnote.ui.api.errors import handle_errors
from footnote.ui.api.imports.importer import Importer
from footnote.ui.api.imports.routes import import_routes
from footnote.ui.api.keeping import conversation_routes, feedback_routes
from footnote.ui.api.papers import changing_routes, checking_routes, export_routes, reading_routes
from footnote.ui.api.schemas.library import StatusReply
from footnote.ui.web.context import AppContext
from footnote.ui.web.security.middleware import AGENTS, API
from footnote.ui.web.server.stack import Service

_TOLD = """Cited answers over a library of paper abstracts. Every sentence of an answer carries a
verbatim quote that was checked. Errors have one shape:
`{"error": {message, type, code, param}}`."""


def api_routes(desk: AppContext) -> tuple[Sequence[BaseRoute], Sequence[Service]]:
    """Returns the routes of programs, and what is to be open as long as they are.

    They are the API, the tools of agents, and whether the server lives and can answer. To be
    called in the event loop that they run in.
    """
    answering, importer = Answering(desk), Importer(desk)
    agents = AgentsOverHttp(build_agents(desk, answering))

    def alive(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def ready(request: Request) -> Response:
        try:
            return JSONResponse({"status": "ready", "papers": desk.papers.size})
        except FootnoteError as error:
            return JSONResponse({"status": "not ready", "reason": str(error)}, 503)

    routes = [
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route(AGENTS, agents, methods=["POST"]),
        Mount(API, build_api(desk, answering, importer)),
    ]
    return routes, [agents.running(), importer.running()]


def build_api(desk: AppContext, answering: Answering, importer: Importer) -> FastAPI:
    """Returns the application.

    Args:
        desk: The library and who answers, as the page has them.
        answering: Of the event loop that it runs in.
        importer: Runs its import jobs.
    """
    api = FastAPI(
        title="Footnote", version=version("footnote-papers"), description=_TOLD,
        # Its pages of documentation would load scripts of another site.
        docs_url=None, redoc_url=None,
    )  # fmt: skip
    handle_errors(api)
    api.include_router(ask_routes(desk, answering))
    for routes in (
        reading_routes, export_routes, changing_routes, checking_routes, embedding_routes,
        conversation_routes, feedback_routes,
    ):  # fmt: skip
        api.include_router(routes(desk))
    api.include_router(import_routes(importer))
    api.include_router(response_routes(answering))
    api.include_router(chat_routes(desk, answering))

    @api.get("/status", response_model=StatusReply, tags=["status"])
    def status() -> Any:
        """Tells what the library holds, and who can answer."""
        return {
            "version": version("footnote-papers"),
            "papers": desk.papers.size,
            "waiting": desk.papers.waiting,
            "modes": answering.modes(),
            "models": list(dict(desk.engines.items())),
        }

    return api
