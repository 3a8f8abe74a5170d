"""The application of the API, mounted under /v1 beside the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from footnote.ui.api.answering import Answering, SharedRoom
from footnote.ui.api.asks import ask_routes
from footnote.ui.api.compatible.chat import chat_routes, embedding_routes
from footnote.ui.api.compatible.responses import response_routes
from footnote.ui.api.errors import handle_errors
from footnote.ui.api.imports.importer import Importer
from footnote.ui.api.imports.routes import import_routes
from footnote.ui.api.keeping import conversation_routes, feedback_routes
from footnote.ui.api.papers import changing_routes, checking_routes, export_routes, reading_routes
from footnote.ui.api.schemas.library import StatusReply
from footnote.ui.maintenance.telemetry.metrics import CONTENT_TYPE, Metrics
from footnote.ui.web.context import AppContext
from footnote.ui.web.security.access.rules import AGENTS, API, LIBRARIES
from footnote.ui.web.server.idle import ENDING
from footnote.ui.web.server.stack import Service

_TOLD = """Cited answers over a library of paper abstracts. Every sentence of an answer carries a
verbatim quote that was checked. Errors have one shape:
`{"error": {message, type, code, param}}`."""
_TOKEN = "An API token (`footnote token add USER`), where the server has accounts."


def api_routes(desk: AppContext, metrics: Metrics) -> tuple[Sequence[BaseRoute], Sequence[Service]]:
    """Returns the routes of programs, and what is to be open as long as they are.

    They are the API, the tools of agents, figures, and whether the server lives and can answer. To
    be called in the event loop that they run in.
    """
    room = SharedRoom(desk)
    served = {own.name: LibraryService.of(own, room) for own in desk.all}
    first = served[desk.name]

    # In the loop, and in the threads of answers: those of the API may all be at work.
    async def alive(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        if desk.activity.draining:
            return JSONResponse({"status": "not ready", "reason": ENDING}, 503)
        try:
            papers = await first.answering.run(lambda: sum(own.papers.size for own in desk.all))
            return JSONResponse({"status": "ready", "papers": papers})
        except FootnoteError as error:
            return JSONResponse({"status": "not ready", "reason": str(error)}, 503)

    def figures(request: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    routes = [
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route("/metrics", figures),
        *(Route(f"{AGENTS}/{name}", one.agents, methods=["POST"])
          for name, one in served.items() if name),
        Route(AGENTS, first.agents, methods=["POST"]),
        *(Mount(f"{LIBRARIES}/{name}", build_api(one, {name: one}))
          for name, one in served.items() if name),
        Mount(API, build_api(first, served)),
    ]  # fmt: skip
    return routes, [service for one in served.values() for service in one.services()]


@dataclass(frozen=True, slots=True)
class LibraryService:
    """What serves one library to programs.

    Attributes:
        desk: The library and who answers, as the page has them.
        answering: Of the event loop that it runs in.
        importer: Runs its import jobs.
        agents: Its tools.
    """

    desk: AppContext
    answering: Answering
    importer: Importer
    agents: AgentsOverHttp

    @classmethod
    def of(cls, desk: AppContext, room: SharedRoom) -> "LibraryService":
        """Returns what serves a library, in the room that all of them share."""
        answering = Answering(desk, room)
        return cls(desk, answering, Importer(desk), AgentsOverHttp(build_agents(desk, answering)))

    def services(self) -> Sequence[Service]:
        """Returns what is to be open meanwhile."""
        return [self.agents.running(), self.importer.running()]


def build_api(one: LibraryService, served: Mapping[str, LibraryService]) -> FastAPI:
    """Returns the application over one library.

    Args:
        one: What serves it.
        served: What the names of models may mean, by the name of the library.
    """
    desk, answering = one.desk, one.answering
    api = FastAPI(
        title="Footnote", version=version("footnote-papers"), description=_TOLD,
        # Its pages of documentation would load scripts of another site.
        docs_url=None, redoc_url=None,
        # Told here; the gate in front has looked at it.
        dependencies=[Depends(HTTPBearer(auto_error=False, description=_TOKEN))]
        if one.desk.accounts is not None
        else None,
    )  # fmt: skip
    handle_errors(api)
    api.include_router(ask_routes(desk, answering))
    for computing in (reading_routes, checking_routes, embedding_routes):
        api.include_router(computing(desk, answering))
    for routes in (export_routes, changing_routes, conversation_routes, feedback_routes):
        api.include_router(routes(desk))
    answered_by = {name: own.answering for name, own in served.items()}
    api.include_router(import_routes(one.importer))
    api.include_router(response_routes(desk, answered_by))
    api.include_router(chat_routes(desk, answered_by))

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
