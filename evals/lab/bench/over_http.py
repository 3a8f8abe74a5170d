"""What serving costs: an answer over HTTP beside the same in Python, and streams that are left.

    python -m footnote.evals.lab.bench.over_http QUESTIONS.jsonl --library DIR [--rounds 2]
    [--left 200]

Serves the library by ``footnote serve`` in a process of its own, and asks each question here and
there in turn, so that other work on the machine slows both alike. Prints p50 and p95 of both, in
milliseconds, and the ratio of the p50. The first round is not counted.

Then so many clients open a stream at once, read its first bytes and vanish without a word. Prints
the server's threads and memory before, at the height of it and after, and does that a second time:
what is made once, and kept, grows only in the first.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np

from footnote.evals.lab.bench.memory import Memory
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.rag.engine import CitedQueryEngine

# Seconds in which the last of the streams that were left must have ended.
PATIENCE = 60.0
# Seconds after which a thread without work may end, and a little more.
IDLE = 11.0


@contextmanager
def serving(library: Path, **environ: str) -> Iterator[tuple[str, int]]:
    """Serves a library to programs; yields its address and the process's number.

    Args:
        library: Its folder.
        environ: Beside the environment of this process.
    """
    command = [sys.executable, "-m", "footnote.ui.cli.main", "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--library", str(library)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, **environ},
    )  # fmt: skip
    try:
        assert process.stdout
        found = re.search(r"http://\S+", process.stdout.readline())
        if not found:
            raise SystemExit("the server did not start; see above")
        yield found[0].rstrip("/"), process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def compare(
    engine: CitedQueryEngine, client: httpx.Client, questions: Sequence[str], rounds: int
) -> tuple[list[float], list[float]]:
    """Returns the milliseconds of each answer in Python and over HTTP."""
    here: list[float] = []
    there: list[float] = []
    for nth in range(rounds + 1):
        for question in questions:
            begun = time.perf_counter()
            own = engine.ask(question)
            between = time.perf_counter()
            reply = client.post("/v1/ask", json={"question": question, "mode": "quotes"}).json()
            ended = time.perf_counter()
            if reply["text"] != own.text:
                raise SystemExit(f"another answer over HTTP to: {question}")
            if nth:
                here.append(1000 * (between - begun))
                there.append(1000 * (ended - between))
    return here, there


def leave(address: str, question: str, count: int) -> None:
    """Opens streams of answers, reads the first bytes of each, and vanishes."""
    at = urlsplit(address)
    body = json.dumps({"question": question, "stream": True, "mode": "quotes"})
    request = (
        f"POST /v1/ask HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    opened = [socket.create_connection((at.hostname or "", at.port or 80)) for _ in range(count)]
    for one in opened:
        one.sendall(request)
    for one in opened:
        one.recv(1)
        one.close()


def threads(process: int) -> int:
    """Returns how many threads a process has; Linux only."""
    return len(list(Path(f"/proc/{process}/task").iterdir()))


def report_left(address: str, process: int, question: str, count: int) -> None:
    """Prints a server's threads and memory before and after streams that were left, twice."""
    memory = Memory(process)
    memory.note(0)
    print(f"before: {threads(process)} threads, {memory}")
    for nth in (1, 2):
        leave(address, question, count)
        height, deadline = threads(process), time.monotonic() + PATIENCE
        # What is open is among the server's own figures.
        while "footnote_answers_open 0.0" not in httpx.get(f"{address}/metrics").text:
            height = max(height, threads(process))
            if time.monotonic() > deadline:
                raise SystemExit(f"answers are still open after {PATIENCE:.0f} s")
            time.sleep(0.05)
        # Its threads end when they were idle for ten seconds and another question comes.
        time.sleep(IDLE)
        httpx.post(f"{address}/v1/ask", json={"question": question}, timeout=PATIENCE)
        memory.note(nth)
        print(f"{count} left: {threads(process)} threads ({height} at most), {memory}")


def main() -> None:
    """Prints what serving costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path, help="lines of JSON with a question each")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=2, help="that are counted")
    parser.add_argument("--left", type=int, default=200, help="streams that are left at once")
    chosen = parser.parse_args()
    lines = chosen.questions.read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    with (
        Library.open(chosen.library, embedder=MiniLM()) as library,
        serving(chosen.library) as (address, process),
        httpx.Client(base_url=address, timeout=PATIENCE) as client,
    ):
        here, there = compare(CitedQueryEngine(library), client, questions, chosen.rounds)
        print(f"{len(here)} answers: p50, p95 in ms")
        for name, times in (("in Python", here), ("over HTTP", there)):
            print(f"{name:12} {np.percentile(times, 50):7.1f} {np.percentile(times, 95):7.1f}")
        print(f"ratio of the p50: {np.percentile(there, 50) / np.percentile(here, 50):.2f}")
        report_left(address, process, questions[0], chosen.left)


if __name__ == "__main__":
    main()
