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
from footnote.ui.api.answering import Answering
from footnote.ui.api.asks import ask_routes
from footnote.ui.api.compatible.chat import chat_routes, embedding_routes
from footnote.ui.api.errors import handle_errors
from footnote.ui.api.papers import changing_routes, checking_routes, reading_routes
from footnote.ui.api.schemas.library import StatusReply
from footnote.ui.web.context import AppContext

_TOLD = """Cited answers over a library of paper abstracts. Every sentence of an answer carries a
verbatim quote that was checked. Errors have one shape:
`{"error": {message, type, code, param}}`."""
_TOKEN = "An API token (`footnote token add USER`), where the server has accounts."


def api_routes(desk: AppContext) -> Sequence[BaseRoute]:
    """Returns the routes of programs: the API, and whether the server lives and can answer."""

    def alive(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def ready(request: Request) -> Response:
        try:
            return JSONResponse({"status": "ready", "papers": desk.papers.size})
        except FootnoteError as error:
            return JSONResponse({"status": "not ready", "reason": str(error)}, 503)

    return [Route("/healthz", alive), Route("/readyz", ready), Mount("/v1", build_api(desk))]


def build_api(desk: AppContext) -> FastAPI:
    """Returns the application; to be made in the event loop that it runs in.

    Args:
        desk: The library and who answers, as the page has them.
    """
    api = FastAPI(
        title="Footnote", version=version("footnote-papers"), description=_TOLD,
        # Its pages of documentation would load scripts of another site.
        docs_url=None, redoc_url=None,
        # Told here; the gate in front has looked at it.
        dependencies=[Depends(HTTPBearer(auto_error=False, description=_TOKEN))],
    )  # fmt: skip
    answering = Answering(desk)
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
