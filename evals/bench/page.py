"""Many people on one chat page: seconds to the first words and to the answer, errors, memory.

    python -m evals.bench.page DIR [--people 50] [--messages 2000] [--reading 0]

Starts ``footnote chat`` over the library in DIR and talks to it as a browser does: each of the
people has a session and a conversation of its own, asks, reads the stream to its end and asks
again, after some seconds of reading on average (``--reading``; with 0 all of them always wait for
the server, which is then at its limit). Questions are about titles of the library. Memory is that
of the server, before the first message, half way and after the last.
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
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from evals.bench.growth import draw
from index.embedders import MiniLM
from index.library import Library

SEED = 7
# A message may take so many seconds before it counts as an error.
PATIENCE = 60.0


@dataclass(slots=True)
class Seen:
    """What the people saw; times in seconds from a question's leaving."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    mixed: int = 0


@asynccontextmanager
async def served(library: Path) -> AsyncIterator[tuple[str, int]]:
    """Serves the page in a process of its own; yields its address and process number."""
    command = [sys.executable, "-m", "ui.cli", "chat", "--library", str(library), "--port", "0"]
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


async def question_function(client: httpx.AsyncClient) -> int:
    """Returns the number by which the page calls what answers a question."""
    config = (await client.get("/config")).json()
    return next(int(d["id"]) for d in config["dependencies"] if "surroundings" in str(d.get("js")))


async def ask(
    client: httpx.AsyncClient, function: int, session: str, sent: dict[str, Any], text: str
) -> AsyncIterator[dict[str, Any]]:
    """Yields each frame of an answer, as the page gets it."""
    joined = {"data": [text, sent], "fn_index": function, "session_hash": session}
    (await client.post("/gradio_api/queue/join", json=joined)).raise_for_status()
    url = f"/gradio_api/queue/data?session_hash={session}"
    value: Any = None
    async with client.stream("GET", url) as stream:
        async for line in stream.aiter_lines():
            event = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            kind = event.get("msg")
            if kind == "process_generating":
                value = _patched(value, event["output"]["data"][0])
                yield value
            elif kind == "process_completed":
                if not event.get("success", True):
                    raise RuntimeError(str(event["output"])[:200])
            elif kind == "close_stream":
                return


def _patched(value: Any, sent: Any) -> Any:
    """Returns a value after Gradio's differences: lists of operation, path and content."""
    if not isinstance(sent, list):
        return sent
    for operation, path, content in sent:
        value = _changed(value, operation, path, content)
    return value


def _changed(value: Any, operation: str, path: Sequence[Any], content: Any) -> Any:
    if not path:
        return content if operation == "replace" else value + content
    key, *rest = path
    if operation in ("add", "delete") and not rest:
        value = {name: other for name, other in value.items() if name != key}
        return value if operation == "delete" else {**value, key: content}
    return {**value, key: _changed(value[key], operation, rest, content)}


async def person(
    url: str,
    function: int,
    questions: Sequence[str],
    seen: Seen,
    pause: random.Random,
    reading: float,
) -> None:
    """Asks questions one after the other in one conversation, and notes what came of each."""
    user, session = secrets.token_urlsafe(16), secrets.token_hex(6)
    conversation = ""
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as client:
        await asyncio.sleep(pause.random())
        for turn, text in enumerate(questions, 1):
            if reading:
                await asyncio.sleep(pause.expovariate(1 / reading))
            sent = {"user": user, "conversation": conversation, "turn": turn, "scope": {}}
            began, first, last = time.perf_counter(), None, None
            try:
                async for shown in ask(client, function, session, sent, text):
                    last = shown
                    if first is None and "fn-prose" in shown["html"]:
                        first = time.perf_counter() - began
                if not last or last["state"] != "done":
                    raise RuntimeError(f"ended as {last and last['state']}")
                seen.first.append(first if first is not None else time.perf_counter() - began)
                seen.whole.append(time.perf_counter() - began)
                seen.mixed += last["place"] != turn or last["turn"] != turn
                conversation = last["conversation"] or ""
            except (httpx.HTTPError, RuntimeError, KeyError, TypeError) as error:
                seen.errors.append(f"{type(error).__name__}: {error}"[:200])


def memory(process: int) -> float:
    """Returns the resident memory of a process in MB; Linux only."""
    text = Path(f"/proc/{process}/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else float("nan")


async def crowd(library: Path, people: int, messages: int, reading: float) -> None:
    """Prints what the people saw, in two halves, so that memory can be compared."""
    with Library.open(library, embedder=MiniLM()) as opened:
        drawn = draw(opened.papers())
    async with served(library) as (url, process):
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as client:
            function = await question_function(client)
        chance = random.Random(SEED)
        print(f"{people} people at once, {messages} messages, {reading:g} s of reading between")
        print(f"memory {memory(process):.0f} MB")
        for half in ("first", "second"):
            seen, each = Seen(), max(1, messages // 2 // people)
            began = time.perf_counter()
            await asyncio.gather(
                *(
                    person(url, function, chance.choices(drawn, k=each), seen, chance, reading)
                    for _ in range(people)
                )
            )
            rate = len(seen.whole) / (time.perf_counter() - began)
            _print(half, seen, rate, memory(process))


def _print(half: str, seen: Seen, rate: float, resident: float) -> None:
    def quantiles(times: Sequence[float]) -> str:
        p50, p99 = np.percentile(times or [float("nan")], (50, 99))
        return f"{p50:.2f} s p50, {p99:.2f} s p99"

    print(
        f"{half} half: n={len(seen.whole)}, errors {len(seen.errors)}, in another's conversation "
        f"{seen.mixed}; first words {quantiles(seen.first)}; whole {quantiles(seen.whole)}; "
        f"{rate:.1f} messages a second; memory {resident:.0f} MB",
        flush=True,
    )
    for error in dict.fromkeys(seen.errors[:5]):
        print(f"  {error}")


def main() -> None:
    """Runs the crowd."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--reading", type=float, default=0.0, help="seconds, on average")
    options = parser.parse_args()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    asyncio.run(crowd(options.library, options.people, options.messages, options.reading))


if __name__ == "__main__":
    main()
