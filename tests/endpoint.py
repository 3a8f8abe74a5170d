"""A scripted model endpoint: OpenAI chat completions over real HTTP, without a model."""

import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from footnote.rag.generation.prompts import JUDGE, PLAN
from tests.local_server import listen

Reply = Callable[[BaseHTTPRequestHandler], None]
USAGE = {"prompt_tokens": 300, "completion_tokens": 20}


@dataclass
class Endpoint:
    """Answers each request with the next reply of the script, the last one again and again.

    Requests for a plan of the search and for verdicts are no part of the script: ``plan`` and
    ``judge`` answer them, and where these are None the rules plan and judge. Nor are questions
    about the server and its models: ``beside`` has their replies by path, else they are not found.
    """

    url: str
    script: list[Reply]
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    plan: Reply | None = None
    plans: list[dict[str, Any]] = field(default_factory=list)
    judge: Reply | None = None
    judged: list[dict[str, Any]] = field(default_factory=list)
    beside: dict[str, Reply] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def prompt(self) -> dict[str, str]:
        """The last request's messages by role."""
        return {m["role"]: m["content"] for m in self.requests[-1]["messages"]}


@contextmanager
def serve(*script: Reply) -> Iterator[Endpoint]:
    """Yields an endpoint on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            endpoint.looked.append(path)
            endpoint.beside.get(path, refuses(404, "not found"))(self)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.asked = json.loads(body)
            if self.path.endswith("/api/show"):
                self.do_GET()
                return
            apart = {
                PLAN: (endpoint.plans, endpoint.plan),
                JUDGE: (endpoint.judged, endpoint.judge),
            }
            for prompt, (asked, reply) in apart.items():
                if str(self.asked.get("messages", "")).count(prompt[:40]):
                    asked.append(self.asked)
                    (reply or says("nothing"))(self)
                    return
            endpoint.requests.append(self.asked)
            endpoint.keys.append(self.headers["Authorization"])
            endpoint.paths.append(self.path)
            endpoint.headers.append({name.lower(): text for name, text in self.headers.items()})
            at = min(len(endpoint.requests), len(endpoint.script)) - 1
            endpoint.script[at](self)

    with listen(Handler) as port:
        endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", list(script))
        yield endpoint


def _chunk(**choice: Any) -> dict[str, Any]:
    choices = [{"index": 0, "finish_reason": None, **choice}] if choice else []
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    return {**head, "choices": choices}


def _event(data: object) -> bytes:
    return f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    kind: str = "application/json",
    headers: dict[str, str] | None = None,
) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": kind, **(headers or {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def says(
    *pieces: str, finish: str | None = "stop", done: bool = True, usage: object = None
) -> Reply:
    """Streams an answer piece by piece; with ``finish=None`` it does not say why it ends."""
    events = [_event(_chunk(delta={"role": "assistant", "content": ""}))]
    events += [_event(_chunk(delta={"content": piece})) for piece in pieces]
    events += [_event(_chunk(delta={}, finish_reason=finish))] if finish else []
    events += [_event({**_chunk(), "usage": usage})] if usage else []
    events += [_event("[DONE]")] if done else []
    return lambda handler: _send(handler, 200, b"".join(events), "text/event-stream")


def cites(fragment: str, *pieces: str) -> Reply:
    """Streams pieces in which ``N`` is the number of the sentence that holds a fragment."""

    def reply(handler: Any) -> None:
        lines = handler.asked["messages"][-1]["content"].splitlines()
        number = next(line[1 : line.index("]")] for line in lines if fragment in line)
        says(*(piece.replace("N", number) for piece in pieces))(handler)

    return reply


def paced(fragment: str, *steps: str | threading.Event) -> Reply:
    """Streams pieces as ``cites`` does, and waits for each event that stands among them."""

    def reply(handler: Any) -> None:
        lines = handler.asked["messages"][-1]["content"].splitlines()
        number = next(line[1 : line.index("]")] for line in lines if fragment in line)
        _send(handler, 200, b"", "text/event-stream")
        with suppress(OSError):
            for step in steps:
                if isinstance(step, threading.Event):
                    step.wait(20)
                else:
                    content = step.replace("N", number)
                    handler.wfile.write(_event(_chunk(delta={"content": content})))
            handler.wfile.write(_event(_chunk(delta={}, finish_reason="stop")) + _event("[DONE]"))

    return reply


def refuses(status: int, message: str = "no", *, code: str | None = None, **headers: str) -> Reply:
    """Answers with an HTTP error in OpenAI's form."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": code}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: _send(handler, status, body, headers=named)


def sends(body: str, kind: str = "text/event-stream", status: int = 200) -> Reply:
    """Sends any body."""
    return lambda handler: _send(handler, status, body.encode(), kind)


def breaks_off(*pieces: str) -> Reply:
    """Streams, and closes the connection in the middle of a chunk."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        events = b"".join(_event(_chunk(delta={"content": piece})) for piece in pieces)
        headers = {"Content-Length": str(len(events) + 100)}
        _send(handler, 200, events, "text/event-stream", headers)

    return reply


def drips(*events: bytes, seconds: float) -> Reply:
    """Sends bytes, some seconds before each of them, until nobody listens any more."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        _send(handler, 200, b"", "text/event-stream")
        with suppress(OSError):
            for event in events:
                time.sleep(seconds)
                handler.wfile.write(event)

    return reply


def declines(reason: str) -> Reply:
    """Streams a refusal in the field that OpenAI has for it."""
    events = [_event(_chunk(delta={"refusal": part})) for part in (reason[:5], reason[5:])]
    events += [_event(_chunk(delta={}, finish_reason="stop")), _event("[DONE]")]
    return sends(b"".join(events).decode())


def hangs(seconds: float) -> Reply:
    """Says nothing for a while."""
    return lambda handler: time.sleep(seconds)


def completes(
    content: str | None, usage: dict[str, int] | None = USAGE, finish: str = "stop"
) -> Reply:
    """Replies with a whole chat completion."""
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish}
    return sends(json.dumps({"choices": [choice], "usage": usage}), "application/json")


def tells(value: object) -> Reply:
    """Replies with JSON."""
    return sends(json.dumps(value), "application/json")


def embeds(dimensions: int = 8) -> Reply:
    """Replies with a vector for each text; with an error for none, as real servers do."""

    def reply(handler: Any) -> None:
        texts = handler.asked["input"]
        if not texts:
            refuses(400, "'$.input' is invalid")(handler)
            return
        rows = [
            {"object": "embedding", "index": n, "embedding": _counted(text, dimensions)}
            for n, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        found = {"object": "list", "data": rows, "model": "scripted", "usage": usage}
        _send(handler, 200, json.dumps(found).encode())

    return reply


def _counted(text: str, dimensions: int) -> list[float]:
    counts = [0.01] * dimensions
    for word in text.lower().split():
        counts[zlib.crc32(word.encode()) % dimensions] += 1
    return counts


def judges(**said: Any) -> Reply:
    """Replies with a judgement."""
    return completes(json.dumps(said))


def reranks(
    *fragments: str, tei: bool = False, sent: Callable[[list[Any]], Any] | None = None
) -> Reply:
    """Replies with scores by which the texts that hold the fragments come first, in this order.

    Args:
        fragments: Each of one text.
        tei: In the form of text-embeddings-inference, which knows no ``documents``.
        sent: Changes the list of scores before it is sent.
    """

    def reply(handler: Any) -> None:
        texts = handler.asked.get("texts" if tei else "documents")
        if texts is None:
            said = "Failed to deserialize the JSON body: missing field `texts`"
            _send(handler, 422, said.encode(), "text/plain")
            return
        scores = [
            next((9.0 - 2 * n for n, part in enumerate(fragments) if part in text), -7.5)
            for text in texts
        ]
        name = "score" if tei else "relevance_score"
        rows: Any = [{"index": n, name: score} for n, score in enumerate(scores)]
        # Servers send the best first.
        rows.sort(key=lambda row: -row[name])
        rows = sent(rows) if sent else rows
        _send(handler, 200, json.dumps(rows if tei else {"results": rows}).encode())

    return reply


NO_CHOICES = sends("".join(_event(_chunk()).decode() for _ in range(3)) + "data: [DONE]\n\n")
BAD_CHUNK = sends('data: {"id": "c1", "choices": [{"delta": \n\n')
WRONG_SHAPE = sends('data: {"choices": [7]}\n\ndata: [DONE]\n\n')
A_PAGE = sends("<!doctype html><html><body>Sign in</body></html>", "text/html")
KEEP_ALIVE = b": keep-alive\n\n"
A_WORD = _event(_chunk(delta={"content": "PPO "}))
