"""Answering: the steps of an answer, each in a thread, ended where nobody waits any more."""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync

from footnote.rag.answer import Answer, Event
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.extractive import Reviewer
from footnote.ui.api.errors import ApiError
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import QuestionRequest
from footnote.ui.web.server.idle import ENDING
from footnote.ui.web.server.slots import Slots

# Steps at the same time: of answers that mostly wait for a model, and of those that compute.
WAITING, COMPUTING = 40, 4
# Open answers, of which most wait; beyond them a question is refused.
MOST_OPEN = 400
QUOTES, QUICK, THOROUGH = "quotes", "quick", "thorough"
MODES = (QUOTES, QUICK, THOROUGH)
BUSY = "this server is busy with other people's questions; ask again in a moment"

T = TypeVar("T")
Said = Sequence[tuple[str, str]]


class SharedRoom:
    """How much is answered at the same time, whichever library it is asked of."""

    def __init__(self, desk: AppContext) -> None:
        """Takes whose activity its slots belong to."""
        self.computing, self.waiting = Slots(COMPUTING), Slots(WAITING)
        desk.activity.slots += [self.computing, self.waiting]
        self.threads = anyio.CapacityLimiter(2 * WAITING)
        self.open = 0


class Answering:
    """Answers the questions of an API; to be used in one event loop."""

    def __init__(self, desk: AppContext, room: "SharedRoom | None" = None) -> None:
        """Takes what answers them, and the room that it shares with other libraries."""
        self._desk, self._room = desk, room or SharedRoom(desk)

    def modes(self) -> list[str]:
        """Returns the ways to answer that this server has."""
        engines = dict(self._desk.engines.items())
        found = [QUOTES] if any(map(_quotes, engines.values())) else []
        if any(not _quotes(engine) for engine in engines.values()):
            found.append(QUICK)
        if any(isinstance(engine.composer, Reviewer) for engine in engines.values()):
            found.append(THOROUGH)
        return found

    def choose(self, asked: QuestionRequest, mode: str | None) -> QuestionRequest:
        """Returns a request that is answered in a way; as the server does by default without one.

        Raises:
            ApiError: The server has no such way.
        """
        if mode is None:
            return asked
        return replace(asked, composer=self._name_of(mode), thorough=mode == THOROUGH)

    def _name_of(self, mode: str) -> str:
        engines = dict(self._desk.engines.items())
        wanted: Callable[[CitedQueryEngine], bool] = {
            QUOTES: _quotes,
            QUICK: lambda engine: not _quotes(engine),
            THOROUGH: lambda engine: isinstance(engine.composer, Reviewer),
        }.get(mode, lambda engine: False)
        for name, engine in engines.items():
            if wanted(engine):
                return name
        if mode not in MODES:
            raise ApiError(
                422, f"mode is one of {', '.join(MODES)}, not {mode[:40]!r}", param="mode"
            )
        raise ApiError(
            409,
            f"this server has no model for {mode!r}; ask with quotes, or start it with a model",
            param="mode",
        )

    async def events(
        self, question: str, asked: QuestionRequest, before: Said
    ) -> AsyncGenerator[Event, None]:
        """Yields the events of an answer, and ends its work in any case.

        Args:
            question: What is asked.
            asked: With what.
            before: Earlier questions, with the texts of their answers.

        Raises:
            ApiError: Too many questions are open, or the server ends.
            QuestionError: The question is empty, too long, or not text.
        """
        if self._desk.activity.draining:
            raise ApiError(503, ENDING)
        if self._room.open >= MOST_OPEN:
            raise ApiError(503, BUSY)
        slots = self._room.waiting if self._desk.waits(asked) else self._room.computing
        # In a thread: what a user may still take of a day is looked up in a file.
        parts = iter(await self.run(partial(self._desk.stream, question, asked, before)))
        self._room.open += 1
        try:
            due = anyio.current_time()
            while True:
                async with slots.turn(due):
                    event = await self.run(partial(next, parts, None))
                if event is None:
                    return
                yield event
        finally:
            self._room.open -= 1
            with anyio.CancelScope(shield=True):
                await self.run(partial(_close, parts))

    async def begin(
        self, question: str, asked: QuestionRequest, before: Said
    ) -> AsyncGenerator[Event, None]:
        """Returns the events of an answer whose first is there: what refuses it is raised here."""
        events = self.events(question, asked, before)
        first = await anext(events)

        async def rest() -> AsyncGenerator[Event, None]:
            async with aclosing(events) as told:
                yield first
                async for event in told:
                    yield event

        return rest()

    async def answer(self, question: str, asked: QuestionRequest, before: Said) -> Answer:
        """Returns a whole answer; see ``events``."""
        answer = None
        async for event in self.events(question, asked, before):
            if isinstance(event, Answer):
                answer = event
        if answer is None:
            raise RuntimeError("the stream ended without an answer")
        return answer

    async def compute(self, work: Callable[[], T]) -> T:
        """Runs one step that computes, when one of few slots is free."""
        async with self._room.computing.turn(anyio.current_time()):
            return await self.run(work)

    async def run(self, work: Callable[[], T]) -> T:
        """Runs work to its end in a thread, also where nobody waits any more."""
        return await run_sync(work, limiter=self._room.threads)


def _quotes(engine: CitedQueryEngine) -> bool:
    return engine.composer.mode == "extractive"


def _close(parts: Iterator[Event]) -> None:
    close = getattr(parts, "close", None)
    if close is not None:
        close()
