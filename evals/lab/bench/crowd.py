"""Fifty people for ten minutes on page and API at once, over a model that fails in every way.

    .venv/bin/python -m pip install --group load
    python -m footnote.evals.lab.bench.crowd --library DIR [--people 50] [--minutes 10]

Serves the library by ``footnote serve`` with a scripted model in front of it, which answers most
calls and fails every tenth, in each of the ways below in turn. locust plays the people
(``footnote.evals.lab.bench.crowd_users``): a third each ask on the page, by /v1/ask, and as a chat
client by a stream. Every question has a word of its own, so an answer that is lost or somebody
else's is seen. Prints locust's table, what was lost or mixed, which faults were met, and the memory
and threads of the server before and after.
"""

import argparse
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from footnote.evals.lab.bench import crowd_users
from footnote.evals.lab.bench.memory import Memory
from footnote.evals.lab.bench.over_http import serving, threads

# Every so many calls fail.
EVERY = 10
_MARK = re.compile(r"zqmark[0-9a-f]{8}")
_HANGS, _DRIPS = 20.0, 0.5
Fail = Callable[[BaseHTTPRequestHandler], None]


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def _chunk(text: str = "", finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    told = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "scripted",
            "choices": [choice]}  # fmt: skip
    return f"data: {json.dumps(told)}\n\n".encode()


def _error(status: int, **headers: str) -> Fail:
    body = json.dumps({"error": {"message": "a fault that was wanted", "type": "error"}}).encode()
    return lambda handler: _send(handler, status, body, **headers)


def _cut(handler: BaseHTTPRequestHandler) -> None:
    body = _chunk("It begins and ")
    _send(handler, 200, body, Content_Type="text/event-stream", Content_Length="5000")


def _hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(_HANGS)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    _send(handler, 200, b"", Content_Type="text/event-stream")
    for _ in range(int(_HANGS / _DRIPS)):
        handler.wfile.write(_chunk("slow "))
        time.sleep(_DRIPS)


def _garbage(handler: BaseHTTPRequestHandler) -> None:
    _send(handler, 200, b"data: {not json\n\n", Content_Type="text/event-stream")


def _nothing(handler: BaseHTTPRequestHandler) -> None:
    _send(handler, 200, _chunk(finish="stop") + b"data: [DONE]\n\n",
          Content_Type="text/event-stream")  # fmt: skip


def _close(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


FAULTS: dict[str, Fail] = {
    "500": _error(500),
    "503": _error(503),
    "429 with Retry-After": _error(429, Retry_After="1"),
    "400": _error(400),
    "401": _error(401),
    "cut off": _cut,
    "hangs": _hang,
    "drips": _drip,
    "not JSON": _garbage,
    "says nothing": _nothing,
    "closes at once": _close,
}


class _Endpoint(ThreadingHTTPServer):
    """A model that repeats the mark of a question and cites the first sentence it was given."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self._calls = 0
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of a client that has gone."""

    def next_fault(self) -> str | None:
        """Returns the fault that is this call's turn."""
        with self._lock:
            self._calls += 1
            turn, rest = divmod(self._calls, EVERY)
            if rest:
                return None
            name = list(FAULTS)[turn % len(FAULTS)]
            self.met[name] += 1
            return name


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Writes no line."""

    def do_GET(self) -> None:
        _error(404)(self)

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        assert isinstance(self.server, _Endpoint)
        fault = self.server.next_fault()
        with suppress(OSError):
            if fault:
                FAULTS[fault](self)
            else:
                self._answer(asked)

    def _answer(self, asked: str) -> None:
        marks = _MARK.findall(json.loads(asked)["messages"][-1]["content"])
        text = f"For {marks[-1] if marks else 'nobody'} the papers report a method [1]."
        if not json.loads(asked).get("stream"):
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            whole = {"id": "c", "object": "chat.completion", "created": 0, "model": "scripted",
                     "choices": [choice]}  # fmt: skip
            _send(self, 200, json.dumps(whole).encode())
            return
        words = b"".join(_chunk(f"{word} ") for word in text.split(" "))
        _send(self, 200, words + _chunk(finish="stop") + b"data: [DONE]\n\n",
              Content_Type="text/event-stream")  # fmt: skip


@contextmanager
def endpoint() -> Iterator[_Endpoint]:
    """Yields a scripted model on a free port."""
    with _Endpoint() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def main() -> None:
    """Runs the crowd and prints what it saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10)
    chosen = parser.parse_args()
    with (
        endpoint() as model,
        serving(
            chosen.library,
            OPENAI_BASE_URL=f"http://127.0.0.1:{model.server_port}/v1",
            OPENAI_API_KEY="none",
            FOOTNOTE_MODEL="scripted",
        ) as (address, process),
    ):
        memory = Memory(process)
        memory.note(0)
        print(f"before: {threads(process)} threads, {memory}", flush=True)
        subprocess.run(
            [sys.executable, "-m", crowd_users.__name__, address, str(chosen.people),
             str(60 * chosen.minutes)],
            check=True,
        )  # fmt: skip
        memory.note(1)
        print(f"after: {threads(process)} threads, {memory}")
        print("faults met: " + ", ".join(f"{name} {count}" for name, count in model.met.items()))


if __name__ == "__main__":
    main()
