"""Thorough answers on the command line: stages on stderr, and what stands after Ctrl-C."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from footnote.rag.answer import STOPPED, Answer, Event, Stage, Standing
from footnote.rag.engine import CitedQueryEngine


def ask_thoroughly(engine: CitedQueryEngine, *asked: Any, **asking: Any) -> Answer:
    """Returns the answer; after Ctrl-C what stands by then, with ``STOPPED`` as its reason.

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
    try:
        for event in _tell_stages(events):
            if isinstance(event, Answer):
                return event
            standing = event.answer
    except KeyboardInterrupt:
        if standing is None:
            raise
        return replace(standing, reason=STOPPED)
    raise TypeError("the stream ended without an Answer")


def _tell_stages(events: Iterator[Event]) -> Iterator[Answer | Standing]:
    """Yields what stands, and the answer; prints each stage once."""
    told = ""
    for event in events:
        if isinstance(event, Stage) and event.detail != told:
            told = event.detail
            print(f"{told} ...", file=sys.stderr, flush=True)
        elif isinstance(event, Answer | Standing):
            yield event
