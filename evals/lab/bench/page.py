"""Many people on one chat page: seconds to the first words and to the answer, errors, memory.

    python -m footnote.evals.lab.bench.page DIR [--people 50] [--messages 2000] [--reading 0]
    [--visit 20] python -m footnote.evals.lab.bench.page DIR --minutes 10

Starts ``footnote chat`` over the library in DIR and talks to it as a browser does: each of the
people has a conversation of its own, asks, reads the stream to its end and asks
again, after some seconds of reading on average (``--reading``; with 0 all of them always wait for
the server, which is then at its limit). After some questions (``--visit``) they leave without a
word and come again as somebody new. Questions are about titles of the library.

Memory is that of the server. How it grows is the slope of a line through it by least squares,
from 1,000 messages on: what is loaded with the first of them is no growth.
"""

import argparse
import asyncio
import json
import os
import random
import re
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from footnote.evals.lab.bench.growth import draw
from footnote.evals.lab.bench.memory import Memory
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library

SEED = 7
# A message may take so many seconds before it counts as an error.
PATIENCE = 60.0
# Messages from one line of figures to the next, and from one look at the memory to the next.
STEP, LOOK = 1000, 50


@dataclass(slots=True)
class Seen:
    """What the people saw; times in seconds from a question's leaving."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    mixed: int = 0
    began: float = field(default_factory=time.perf_counter)

    @property
    def count(self) -> int:
        """Messages that came to an end, good or bad."""
        return len(self.whole) + len(self.errors)

    def __str__(self) -> str:
        rate = len(self.whole) / (time.perf_counter() - self.began)
        return (
            f"errors {len(self.errors)}, in another's conversation {self.mixed}; "
            f"first words {_quantiles(self.first)}; whole {_quantiles(self.whole)}; "
            f"{rate:.1f} messages a second"
        )


def _quantiles(times: Sequence[float]) -> str:
    p50, p99 = np.percentile(times or [float("nan")], (50, 99))
    return f"{p50:.2f} s p50, {p99:.2f} s p99"


class Report:
    """Prints what people saw, a line every ``STEP`` messages."""

    def __init__(self, memory: Memory) -> None:
        """Prints the memory before the first message."""
        self.mark_visit, self._memory, self._before = Seen(), memory, 0
        self._memory.note(0)
        print(f"memory {self._memory}", flush=True)

    def tell(self) -> None:
        """Is called after each message."""
        if self.mark_visit.count % LOOK == 0:
            self._memory.note(self._before + self.mark_visit.count)
        if self.mark_visit.count >= STEP:
            self._line()

    def close(self) -> None:
        """Prints what is left, and how memory grew."""
        if self.mark_visit.count:
            self._memory.note(self._before + self.mark_visit.count)
            self._line()
        growth = self._memory.growth(STEP)
        print(f"memory grew by {growth:.1f} MB per 1,000 messages after the first {STEP:,}")

    def _line(self) -> None:
        seen, self.mark_visit = self.mark_visit, Seen()
        self._before += seen.count
        print(f"{self._before} messages: {seen}; memory {self._memory}", flush=True)
        for error in list(dict.fromkeys(seen.errors))[:5]:
            print(f"  {error}", flush=True)


@asynccontextmanager
async def served(library: Path) -> AsyncIterator[tuple[str, int]]:
    """Serves the page in a process of its own; yields its address and process number."""
    command = [
        sys.executable,
        "-m",
        "footnote.ui.cli.main",
        "chat",
        "--library",
        str(library),
        "--port",
        "0",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = await asyncio.to_thread(process.stdout.readline)
        found = re.search(r"http://\S+", line)
        if not found:
            raise SystemExit(f"the page did not start: {line.strip() or 'see above'}")
        yield found[0].rstrip("/"), process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


async def ask(
    client: httpx.AsyncClient, sent: Mapping[str, Any], text: str
) -> AsyncIterator[dict[str, Any]]:
    """Yields each frame of an answer, as the page gets it."""
    async with client.stream("POST", "/ask", json={**sent, "question": text}) as stream:
        if stream.is_error:
            raise RuntimeError((await stream.aread()).decode()[:200])
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


@dataclass(frozen=True, slots=True)
class Person:
    """One of the crowd.

    Attributes:
        questions: Of everybody together; whoever is free takes the next.
        reading: Seconds between an answer and the next question, on average.
        visit: Questions until somebody new takes this one's place.
    """

    url: str
    questions: Iterator[str]
    report: Report
    reading: float
    visit: int
    pause: random.Random

    async def live(self) -> None:
        """Visits the page until no question is left."""
        await asyncio.sleep(self.pause.random())
        async with httpx.AsyncClient(base_url=self.url, timeout=PATIENCE) as client:
            for text in self.questions:
                await self._visit(client, text)

    async def _visit(self, client: httpx.AsyncClient, text: str) -> None:
        """Asks questions one after the other in one conversation, and notes what came of each."""
        user, conversation, turn = secrets.token_urlsafe(16), "", 1
        for asked in chain([text], islice(self.questions, self.visit - 1)):
            if self.reading:
                await asyncio.sleep(self.pause.expovariate(1 / self.reading))
            sent = {"user": user, "conversation": conversation, "turn": turn, "scope": {}}
            try:
                conversation = await self._ask(client, sent, asked)
                turn += 1
            except (httpx.HTTPError, RuntimeError, KeyError, TypeError) as error:
                self.report.mark_visit.errors.append(f"{type(error).__name__}: {error}"[:200])
            self.report.tell()

    async def _ask(self, client: httpx.AsyncClient, sent: dict[str, Any], text: str) -> str:
        """Reads one answer to its end; returns the conversation that it is in."""
        began, first, last = time.perf_counter(), None, None
        async for shown in ask(client, sent, text):
            last = shown
            if first is None and shown["words"]:
                first = time.perf_counter() - began
        if not last or last["state"] != "done":
            raise RuntimeError(f"ended as {last and last['state']}")
        seen, whole = self.report.mark_visit, time.perf_counter() - began
        seen.first.append(whole if first is None else first)
        seen.whole.append(whole)
        seen.mixed += last["place"] != sent["turn"] or last["turn"] != sent["turn"]
        return last["conversation"] or ""


async def crowd(
    library: Path, people: int, questions: Iterator[str], reading: float, visit: int
) -> None:
    """Prints what a crowd sees that asks such questions."""
    async with served(library) as (url, process):
        report, pause = Report(Memory(process)), random.Random(SEED)
        person = Person(url, questions, report, reading, visit, pause)
        await asyncio.gather(*(person.live() for _ in range(people)))
        report.close()


def supply(drawn: Sequence[str], messages: int, minutes: float) -> Iterator[str]:
    """Yields so many of the drawn questions, by chance, or as many as are asked in a time."""
    chance, ends = random.Random(SEED), time.monotonic() + 60 * minutes
    while time.monotonic() < ends if minutes else messages > 0:
        messages -= 1
        yield chance.choice(drawn)


def main() -> None:
    """Runs the crowd."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=0.0, help="in place of --messages")
    parser.add_argument("--reading", type=float, default=0.0, help="seconds, on average")
    parser.add_argument("--visit", type=int, default=20, help="questions of one session")
    options = parser.parse_args()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    with Library.open(options.library, embedder=MiniLM()) as opened:
        drawn = draw(opened.papers())
    questions = supply(drawn, options.messages, options.minutes)
    print(f"{options.people} people at once, {options.reading:g} s of reading between")
    asyncio.run(crowd(options.library, options.people, questions, options.reading, options.visit))


if __name__ == "__main__":
    main()
