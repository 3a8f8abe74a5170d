"""The application of the API, mounted under /v1 beside the page."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from footnote.index import FootnoteError
from footnote.ui.api.agents.http import AgentsOverHttp
from footnote.ui.api.agents.server import build_agents
from footnote.ui.api.answering import Answering
from footnote.ui.api.asks import ask_routes
from footnote.ui.api.compatible.chat import chat_routes, embedding_routes
from footnote.ui.api.errors import handle_errors
from footnote.ui.api.papers import changing_routes, checking_routes, reading_routes
from footnote.ui.api.schemas.library import StatusReply
from footnote.ui.maintenance.telemetry.metrics import CONTENT_TYPE, Metrics
from footnote.ui.web.context import AppContext
from footnote.ui.web.security.access.rules import AGENTS, API
from footnote.ui.web.server.idle import ENDING
from footnote.ui.web.server.stack import Service

_TOLD = """Cited answers over a library of paper abstracts. Every sentence of an answer carries a
verbatim quote that was checked. Errors have one shape:
`{"error": {message, type, code, param}}`."""
_TOKEN = "An API token (`footnote token add USER`), where the server has accounts."


def api_routes(desk: AppContext, metrics: Metrics) -> tuple[Sequence[BaseRoute], Service]:
    """Returns the routes of programs, and what is to be open as long as they are.

    They are the API, the tools of agents, figures, and whether the server lives and can answer. To
    be called in the event loop that they run in.
    """
    answering = Answering(desk)
    agents = AgentsOverHttp(build_agents(desk, answering))

    def alive(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def ready(request: Request) -> Response:
        if desk.activity.draining:
            return JSONResponse({"status": "not ready", "reason": ENDING}, 503)
        try:
            return JSONResponse({"status": "ready", "papers": desk.papers.size})
        except FootnoteError as error:
            return JSONResponse({"status": "not ready", "reason": str(error)}, 503)

    def figures(request: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    routes = [
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route("/metrics", figures),
        Route(AGENTS, agents, methods=["POST"]),
        Mount(API, build_api(desk, answering)),
    ]
    return routes, agents.running()


def build_api(desk: AppContext, answering: Answering) -> FastAPI:
    """Returns the application.

    Args:
        desk: The library and who answers, as the page has them.
        answering: Of the event loop that it runs in.
    """
    api = FastAPI(
        title="Footnote", version=version("footnote-papers"), description=_TOLD,
        # Its pages of documentation would load scripts of another site.
        docs_url=None, redoc_url=None,
        # Told here; the gate in front has looked at it.
        dependencies=[Depends(HTTPBearer(auto_error=False, description=_TOKEN))],
    )  # fmt: skip
    handle_errors(api)
    api.include_router(ask_routes(desk, answering))
    for routes in (reading_routes, changing_routes, checking_routes, embedding_routes):
        api.include_router(routes(desk))
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
