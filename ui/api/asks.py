"""Asking over HTTP: one JSON reply, or server-sent events that name their stages."""

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from footnote.index import FootnoteError
from footnote.index.search.filters import Filters
from footnote.rag.answer import (
    Answer,
    Delta,
    Event,
    JudgedSentence,
    PapersToRead,
    Stage,
    Standing,
)
from footnote.rag.serialization import answer_json
from footnote.ui.api.answering import Answering
from footnote.ui.api.errors import FAULTS, ApiError, error_json, message_of, status_of
from footnote.ui.api.schemas.asking import AnswerReply, AskedScope, AskRequest
from footnote.ui.maintenance.telemetry.request_ids import request_id
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import QuestionRequest
from footnote.ui.web.security.access.identity import identity_of

log = logging.getLogger(__name__)

# Whose conversations those are that programs begin, where there are no accounts.
PROGRAMS = "programs-over-http"
EVENT_STREAM = {"cache-control": "no-store, no-transform", "x-accel-buffering": "no"}


def ask_routes(desk: AppContext, answering: Answering) -> APIRouter:
    """Returns the route that answers questions."""
    routes = APIRouter(tags=["ask"])

    @routes.post(
        "/ask",
        response_model=AnswerReply,
        responses={
            200: {
                "content": {"text/event-stream": {}},
                "description": "The answer; with `stream`, events: search, read, write, check, "
                "sources, text, verdict, standing, done, error.",
            },
            **FAULTS,
        },
    )
    async def ask(body: AskRequest, request: Request) -> Any:
        """Answers a question with sentences that each carry a checked, verbatim quote."""
        filters = await answering.run(partial(filters_of, desk, body.filters))
        asked = answering.choose(
            QuestionRequest(user_of(request), _conversation(body), filters=filters), body.mode
        )

        def follow() -> tuple[QuestionRequest, Sequence[tuple[str, str]]]:
            own = desk.begin(asked) if body.conversation else asked
            return own, desk.said(own) if own.conversation else pairs_of(body)

        asked, before = await answering.run(follow)
        events = await answering.begin(body.question, asked, before)
        keep = partial(_kept, desk, asked)
        if body.stream:
            frames = _frames(answering, keep, events)
            return StreamingResponse(frames, media_type="text/event-stream", headers=EVENT_STREAM)
        return await answering.run(partial(keep, await last_answer(events, request)))

    return routes


def user_of(request: Request) -> str:
    """Returns whose conversations a request works with."""
    who = identity_of(request.scope)
    return who.id if who.has_account else PROGRAMS


User = Annotated[str, Depends(user_of)]
"""Whose conversations, imports and votes a request works with."""


def filters_of(desk: AppContext, scope: AskedScope) -> Filters:
    """Returns the filters that a request asks for.

    Raises:
        ApiError: It names papers that the library does not have.
    """
    papers = None
    if scope.papers is not None:
        found = desk.papers.find(scope.papers)
        missing = [name for name in scope.papers if name not in found]
        if missing:
            raise ApiError(
                404, f"the library has no paper {missing[0][:100]!r}", param="filters.papers"
            )
        papers = frozenset(paper.id for paper in found.values())
    return Filters(
        since=scope.since, until=scope.until, venue=scope.venue, author=scope.author,
        source=scope.source, papers=papers,
    )  # fmt: skip


def _conversation(body: AskRequest) -> str | None:
    return None if body.conversation in (None, "", "new") else body.conversation


def pairs_of(body: AskRequest) -> list[tuple[str, str]]:
    """Returns the questions so far with their answers; a question without one has an empty one."""
    pairs: list[tuple[str, str]] = []
    for message in body.history:
        if message.role == "user":
            pairs.append((message.content, ""))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}\n{message.content}".strip())
    return pairs


async def last_answer(events: AsyncGenerator[Event, None], request: Request) -> Answer:
    """Returns the answer at the end of its events; ends them where nobody waits any more."""
    async with aclosing(events) as told:
        async for event in told:
            if isinstance(event, Answer):
                return event
            if await request.is_disconnected():
                break
    raise ApiError(499, "nobody waits for this answer any more")


def _kept(desk: AppContext, asked: QuestionRequest, answer: Answer) -> dict[str, Any]:
    kept = desk.keep(asked, answer) if asked.conversation else None
    return {**answer_json(answer), "conversation": kept, "request_id": request_id()}


async def _frames(
    answering: Answering,
    keep: Callable[[Answer], dict[str, Any]],
    events: AsyncGenerator[Event, None],
) -> AsyncIterator[str]:
    try:
        async with aclosing(events) as told:
            async for event in told:
                if isinstance(event, Answer):
                    yield server_event("done", await answering.run(partial(keep, event)))
                else:
                    yield server_event(*_named(event))
    except Exception as error:
        if not isinstance(error, FootnoteError):
            log.exception("an answer failed")
        yield server_event("error", error_json(status_of(error), message_of(error)))


def _named(event: Event) -> tuple[str, dict[str, Any]]:
    """Returns an event's name, and what it tells."""
    if isinstance(event, Stage):
        return event.name, {"detail": event.detail}
    if isinstance(event, PapersToRead):
        return "sources", {
            "papers": [{"paper_id": paper.id, "title": paper.title} for paper in event.papers]
        }
    if isinstance(event, Delta):
        return "text", {"text": event.text}
    if isinstance(event, JudgedSentence):
        told = event.statement
        return "verdict", {"text": told.text, "verdict": told.verdict, "notes": list(told.notes)}
    assert isinstance(event, Standing)
    return "standing", answer_json(event.answer)


def server_event(name: str, data: Any) -> str:
    """Returns a server-sent event; characters beyond ASCII are escaped, so no text can end one."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
