"""Thorough answers on the command line: stages on stderr, and what stands after Ctrl-C."""

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

from footnote.index import FootnoteError
from footnote.rag.answer import STOPPED, Answer, Event, Stage, Standing, break_off
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.chat.recorded import MissingReply

_log = logging.getLogger(__name__)


def ask_thoroughly(engine: CitedQueryEngine, *asked: Any, **asking: Any) -> Answer:
    """Returns the answer; after Ctrl-C what stands by then, with ``STOPPED`` as its reason.

    After a fault what stands is the answer, too, with the fault as its reason.

    What may be spent is told on stderr before any of it is, and counted down.

    Args:
        engine: Answers.
        asked: As ``CitedQueryEngine.stream`` takes it.
        asking: As well.

    Raises:
        KeyboardInterrupt: It was stopped before anything stood.
    """
    events = engine.stream(*asked, **asking, thorough=True)
    standing: Answer | None = None
    with _noted_interrupts() as interrupted, closing(events):
        try:
            for event in _tell_stages(events):
                if isinstance(event, Answer):
                    return event
                standing = event.answer if isinstance(event, Standing) else standing
                if interrupted.is_set():
                    break
            else:
                raise TypeError("the stream ended without an Answer")
        except MissingReply:
            raise
        except Exception as error:
            if standing is None:
                raise
            if not isinstance(error, FootnoteError):
                _log.exception("a thorough answer is not whole")
            return break_off(standing, error)
    if standing is None:
        raise KeyboardInterrupt
    return replace(standing, reason=STOPPED)


@contextmanager
def _noted_interrupts() -> Iterator[threading.Event]:
    """Yields an event that the first Ctrl-C sets; the second interrupts at once.

    An interrupt raised wherever the program happens to be may end in code that passes over it.
    """
    noted = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if noted.is_set():
            raise KeyboardInterrupt
        noted.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def _tell_stages(events: Iterator[Event]) -> Iterator[Event]:
    """Yields every event; prints each stage once."""
    told = ""
    for event in events:
        if isinstance(event, Stage) and event.detail != told:
            told = event.detail
            print(f"{told} ...", file=sys.stderr, flush=True)
        yield event
