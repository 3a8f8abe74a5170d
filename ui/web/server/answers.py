"""Answers: stream an answer to the page, by a route of our own beside Gradio's queue.

The page asks with one request, and its reply is a stream of server-sent events, a frame
(``footnote.ui.web.streaming``) in each. Gradio's queue took two requests, sent each frame as a
difference to the last one, and dropped a question that was asked while it still closed a stream.

An answer is made step by step, each in a thread of this route. A slow reader holds none: the next
step is taken when the last frame has been sent. Whoever stops, or goes away, closes the request,
and the answer ends with the step that is under way.
"""

import json
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from footnote.index import FootnoteError
from footnote.ui.storage.accounts.models import Identity
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import Args, BadRequest, QuestionRequest
from footnote.ui.web.security.access.identity import identity_of
from footnote.ui.web.server.idle import ENDING
from footnote.ui.web.server.slots import Slots
from footnote.ui.web.streaming import Frame, answer_frames, failed_frame

# Steps at the same time: of answers that mostly wait for a model, and of those that compute.
CONCURRENT_ANSWERS, COMPUTING = 40, 4
# Open answers, of which most wait; beyond them a question is refused.
MOST_OPEN = 400
# Seconds that the rest of an answer may wait, once its words are shown, for others' first words.
LATER = 3.0
# Seconds between signs of life: proxies close a connection that is silent for a minute.
PULSE = 15.0
# Seconds in which a reader takes no byte before it counts as gone.
PATIENCE = 60.0
# Seconds between looks at whether the server ends.
LOOK = 0.5

_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    # nginx would hold the frames back.
    "x-accel-buffering": "no",
}
BUSY = "this server is busy with other people's questions; ask again in a moment"
_NO_JSON = "the request is not JSON; reload the page"

T = TypeVar("T")
Show = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as a browser sent it."""

    text: str
    turn: int
    request: QuestionRequest
    desk: AppContext


@dataclass(slots=True, eq=False)
class _Open:
    """An answer whose request is open, or whose work has not ended yet.

    Attributes:
        conversation: The one that it is in; "" before it has one.
        gone: Whether its reader has stopped it, or went away.
        stuck: Whether its reader takes no byte any more.
        ended: Is set when nothing of it is under way any more.
    """

    user: str
    conversation: str
    gone: bool = False
    stuck: bool = False
    ended: anyio.Event = field(default_factory=anyio.Event)


def answers_route(path: str, desk: AppContext, ending: Callable[[], bool]) -> Route:
    """Returns the route that answers questions.

    Args:
        path: Its address.
        desk: What answers them.
        ending: Returns whether the server ends; open answers end with it.
    """
    return Route(path, AnswerStreams(desk, ending), methods=["POST"])


class AnswerStreams:
    """ASGI application that answers each request with the stream of an answer."""

    def __init__(self, desk: AppContext, ending: Callable[[], bool]) -> None:
        """Takes what answers, and what tells that the server ends."""
        self._desk, self._ending = desk, ending
        self._computing, self._waiting = Slots(COMPUTING), Slots(CONCURRENT_ANSWERS)
        desk.activity.slots += [self._computing, self._waiting]
        # More than there are steps: a request to read, or an answer to close, waits for none.
        self._threads = anyio.CapacityLimiter(2 * CONCURRENT_ANSWERS)
        self._open: set[_Open] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a question, or refuses it in one line."""
        try:
            asked = await self._read(Request(scope, receive))
        except ClientDisconnect:
            # It was cut off, or the guard has refused it.
            return
        except BadRequest as error:
            await _refuse(422, str(error), scope, receive, send)
            return
        if not isinstance(asked, _Asked):
            # Told in the conversation, where the question stands.
            await Response(_event(asked), headers=_HEADERS)(scope, receive, send)
            return
        ending = self._desk.activity.draining
        if ending or len(self._open) >= MOST_OPEN:
            await _refuse(503, ENDING if ending else BUSY, scope, receive, send)
            return
        stream = _Open(asked.request.user, asked.request.conversation or "")
        self._open.add(stream)
        try:
            await self._answer(asked, stream, receive, send)
        finally:
            self._open.discard(stream)
            stream.ended.set()

    async def _read(self, request: Request) -> _Asked | Frame:
        """Returns the question of a request, or why it cannot be answered.

        Raises:
            BadRequest: It has no question.
            ClientDisconnect: There is nobody to answer.
        """
        body = await request.body()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise BadRequest(_NO_JSON)
        # In a thread: a conversation that the browser keeps may have megabytes.
        return await self._run(partial(_parse, body, self._desk, identity_of(request.scope)))

    async def _answer(self, asked: _Asked, stream: _Open, receive: Receive, send: Send) -> None:
        headers = Headers(_HEADERS).raw
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with anyio.create_task_group() as tasks:

            def leave() -> None:
                stream.gone = True
                tasks.cancel_scope.cancel()

            async def show(event: bytes) -> None:
                with anyio.move_on_after(PATIENCE) as patience:
                    await send({"type": "http.response.body", "body": event, "more_body": True})
                if patience.cancelled_caught:
                    stream.stuck = True
                    leave()

            tasks.start_soon(_notice_end, receive, leave)
            tasks.start_soon(self._keep_alive, show, leave)
            await self._stream(asked, stream, show)
            tasks.cancel_scope.cancel()
        if not stream.stuck:
            await send({"type": "http.response.body", "body": b""})

    async def _stream(self, asked: _Asked, stream: _Open, show: Show) -> None:
        """Shows each frame of an answer, and ends its work in any case."""
        due = anyio.current_time()
        slots = self._waiting if asked.desk.waits(asked.request) else self._computing
        frames = answer_frames(asked.desk, asked.text, asked.turn, asked.request)
        try:
            # The first frame takes no work: it shows the question.
            step = await self._run(partial(_step, frames))
            words = False
            while step:
                frame, event = step
                await show(event)
                if frame["words"] and not words:
                    due, words = anyio.current_time() + LATER, True
                stream.conversation = frame["conversation"] or stream.conversation
                await self._wait_for_stopped(stream)
                async with slots.turn(due):
                    step = await self._run(partial(_step, frames))
        finally:
            with anyio.CancelScope(shield=True):
                await self._run(frames.close)

    async def _wait_for_stopped(self, stream: _Open) -> None:
        """Waits for stopped answers of the same conversation, which may still enter it."""
        own = stream.user, stream.conversation
        for other in [one for one in self._open if one.gone and one is not stream]:
            if stream.conversation and own == (other.user, other.conversation):
                await other.ended.wait()

    async def _keep_alive(self, show: Show, leave: Callable[[], None]) -> None:
        """Shows signs of life until the server ends."""
        while True:
            until = anyio.current_time() + PULSE
            while anyio.current_time() < until:
                await anyio.sleep(LOOK)
                if self._ending():
                    leave()
            await show(b":\n\n")

    async def _run(self, work: Callable[[], T]) -> T:
        """Runs work to its end in a thread of this route, also where nobody waits any more."""
        return await run_sync(work, limiter=self._threads)


def _parse(body: bytes, desk: AppContext, who: Identity) -> _Asked | Frame:
    try:
        sent = Args.read(json.loads(body)).of(who)
    except (ValueError, RecursionError):
        raise BadRequest(_NO_JSON) from None
    text = sent.values.get("question")
    if not isinstance(text, str):
        raise BadRequest("the page sent no question; reload it")
    # Half a character, which JSON can spell, cannot be written anywhere.
    text = text.encode("utf-8", "replace").decode()
    turn = 1
    try:
        turn = sent.number("turn") or 1
        desk = desk.find(sent.text("library", "", most=40), who)
        return _Asked(text, turn, QuestionRequest.read(sent.values), desk)
    except FootnoteError as error:
        return failed_frame(text, str(error), turn)


def _step(frames: Generator[Frame, None, None]) -> tuple[Frame, bytes] | None:
    """Returns the next frame, and the event that sends it; None after the last."""
    frame = next(frames, None)
    return frame and (frame, _event(frame))


def _event(frame: Frame) -> bytes:
    # Characters beyond ASCII are escaped, so that no text can end an event.
    return f"data: {json.dumps(frame)}\n\n".encode()


async def _notice_end(receive: Receive, leave: Callable[[], None]) -> None:
    """Waits until the request is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass
    leave()


async def _refuse(status: int, line: str, scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(f"{line}\n", status)(scope, receive, send)
