"""The people of ``footnote.evals.lab.bench.crowd``, run by locust in a process of their own.

    python -m footnote.evals.lab.bench.crowd_users ADDRESS PEOPLE SECONDS

locust changes how the whole process waits as soon as it is imported, so ``run`` alone imports it.
"""

import json
import random
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from typing import Any

# A word of its own in each question: the scripted model says it again, so that an answer that
# belongs to somebody else is seen.
MARK = "zqmark"
_MARKS = re.compile(MARK + "[0-9a-f]{8}")
_FIGURES = {"lost": 0, "mixed": 0, "by a model": 0, "by quotes": 0}


def marked(topics: tuple[str, ...]) -> tuple[str, str]:
    """Returns a mark that nobody else has, and a question with it."""
    mark = f"{MARK}{secrets.token_hex(4)}"
    return mark, f"What do the papers say about {random.choice(topics)} for {mark}?"


TOPICS = ("reward models", "robot policies", "tool use", "video generation", "long contexts")


class CrowdReader:
    """Somebody who asks by the page, by the API, or by a chat client, and reads what comes."""

    client: Any

    def on_start(self) -> None:
        """Opens the page as somebody new."""
        self.user = secrets.token_urlsafe(16)
        self.conversation, self.turn = "", 1

    def ask(self) -> None:
        """Asks for one JSON reply."""
        mark, question = marked(TOPICS)
        sent = {"question": question, "mode": random.choice(("quotes", "quick"))}
        with self.client.post("/v1/ask", json=sent, catch_response=True) as reply:
            _judge(reply, mark, lambda: reply.json())

    def chat(self) -> None:
        """Asks as a chat client does, by a stream."""
        mark, question = marked(TOPICS)
        sent = {"model": self.model(), "stream": True,
                "messages": [{"role": "user", "content": question}]}  # fmt: skip
        with self.client.post(
            "/v1/chat/completions", json=sent, stream=True, catch_response=True
        ) as reply:
            _judge(reply, mark, lambda: _last_whole(reply))

    def read(self) -> None:
        """Asks on the page, in a conversation."""
        mark, question = marked(TOPICS)
        sent = {"user": self.user, "conversation": self.conversation, "turn": self.turn,
                "scope": {}, "question": question}  # fmt: skip
        with self.client.post("/ask", json=sent, stream=True, catch_response=True) as reply:
            frames = [json.loads(line) for line in _data(reply)] if reply.ok else []
            last = frames[-1] if frames else {}
            if last.get("state") != "done":
                _lose(reply, f"ended as {last.get('state')}, status {reply.status_code}")
            elif last["turn"] != self.turn or set(_MARKS.findall(json.dumps(frames))) != {mark}:
                _mix(reply)
            else:
                self.conversation, self.turn = last["conversation"], self.turn + 1
                if self.turn > 8:
                    self.on_start()

    def model(self) -> str:
        """Returns one of the names that the server says it answers to."""
        if not hasattr(self, "_models"):
            self._models = [one["id"] for one in self.client.get("/v1/models").json()["data"]]
        return str(random.choice([name for name in self._models if "thorough" not in name]))


def _data(reply: Any) -> Iterator[str]:
    for line in reply.iter_lines():
        text = line.decode() if isinstance(line, bytes) else line
        if text.startswith("data: ") and text != "data: [DONE]":
            yield text.removeprefix("data: ")


def _last_whole(reply: Any) -> dict[str, Any]:
    """Returns the whole answer that stands under its own key in a stream."""
    found = [json.loads(line) for line in _data(reply)]
    return next(one["footnote"] for one in reversed(found) if "footnote" in one)


def _judge(reply: Any, mark: str, read: Callable[[], dict[str, Any]]) -> None:
    """Counts a reply, which must be an answer to its own question."""
    if not reply.ok:
        _lose(reply, f"status {reply.status_code}: {reply.text[:100]}")
        return
    try:
        answer = read()
    except (ValueError, StopIteration) as error:
        _lose(reply, f"no answer ({type(error).__name__})")
        return
    if set(_MARKS.findall(json.dumps(answer))) != {mark}:
        _mix(reply)
        return
    _FIGURES["by a model" if answer["mode"] == "llm" else "by quotes"] += 1


def _lose(reply: Any, why: str) -> None:
    _FIGURES["lost"] += 1
    reply.failure(f"lost: {why}")


def _mix(reply: Any) -> None:
    _FIGURES["mixed"] += 1
    reply.failure("mixed: an answer to somebody else's question")


def run(address: str, people: int, seconds: float) -> None:
    """Lets people ask for so long, and prints what they saw."""
    from locust import HttpUser, between
    from locust.env import Environment
    from locust.log import setup_logging
    from locust.stats import print_error_report, print_percentile_stats, print_stats

    setup_logging("INFO")
    reader = type(
        "Reader", (CrowdReader, HttpUser),
        {
            "wait_time": between(0.5, 3.0),
            "tasks": {CrowdReader.ask: 3, CrowdReader.chat: 2, CrowdReader.read: 3},
        },
    )  # fmt: skip
    environment = Environment(user_classes=[reader], host=address, stop_timeout=60)
    runner = environment.create_local_runner()
    runner.start(people, spawn_rate=10)
    runner.greenlet.join(timeout=seconds)
    runner.quit()
    print_stats(environment.stats)
    print_percentile_stats(environment.stats)
    print_error_report(environment.stats)
    print("answers: " + ", ".join(f"{name} {count}" for name, count in _FIGURES.items()))


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
