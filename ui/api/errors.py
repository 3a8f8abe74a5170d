"""Errors: one shape for all that goes wrong, the one that OpenAI's clients read."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from footnote.index import FootnoteError, LibraryLocked
from footnote.ui.storage.accounts.models import BudgetSpent

log = logging.getLogger(__name__)

CRASHED = "the server failed; its log has the details, and nothing was lost"
_CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "conflict",
    413: "too_long",
    415: "wrong_type",
    421: "wrong_host",
    422: "invalid_request",
    429: "too_many_requests",
    500: "server_error",
    503: "busy",
}


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str = Field(description="One line: what, what was given, what to do next.")
    type: str = Field(description="invalid_request_error, or server_error.")
    code: str = Field(description="A word for programs.", examples=["not_found"])
    param: str | None = Field(None, description="The field that is at fault, if one is.")


class ErrorReply(BaseModel):
    """The body of every reply that is an error."""

    error: ErrorDetail


# What any route may answer.
FAULTS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorReply}
    for status in (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)
}


class ApiError(FootnoteError):
    """A request that is refused with a status of its own."""

    def __init__(self, status: int, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.param = status, param


def error_json(status: int, message: str, param: str | None = None) -> dict[str, Any]:
    """Returns the body of an error."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    code = _CODES.get(status, "error")
    return {"error": {"message": message, "type": kind, "code": code, "param": param}}


def refuse(
    status: int, message: str, param: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Returns the reply of an error."""
    return JSONResponse(error_json(status, message, param), status, headers)


def status_of(error: Exception) -> int:
    """Returns the status that tells of an error."""
    if isinstance(error, ApiError):
        return error.status
    if isinstance(error, LibraryLocked):
        return 503
    if isinstance(error, BudgetSpent):
        return 429
    return 400 if isinstance(error, FootnoteError) else 500


def message_of(error: Exception) -> str:
    """Returns what an error tells whoever asked; what crashed is told to the log alone."""
    return str(error) if isinstance(error, FootnoteError) else CRASHED


def _methods(request: Request) -> list[str]:
    """Returns what an address takes; each of its routes knows only its own."""
    found: set[str] = set()
    for route in request.app.router.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)


def handle_errors(app: FastAPI) -> None:
    """Makes an application answer every error in one shape."""

    async def known(_: Request, error: Exception) -> JSONResponse:
        param = error.param if isinstance(error, ApiError) else None
        return refuse(status_of(error), str(error), param)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "body")
        return refuse(422, f"{place or 'the body'}: {first['msg']}; see /v1/openapi.json", place)

    async def by_status(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        headers = error.headers
        if error.status_code == 405:
            headers = {"allow": ", ".join(_methods(request))}
        return refuse(error.status_code, str(error.detail), headers=headers)

    async def crashed(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return refuse(500, CRASHED)

    app.add_exception_handler(FootnoteError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(Exception, crashed)
