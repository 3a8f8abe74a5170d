"""Several questions at once against a model's endpoint: the rows are those of one at a time."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from footnote.evals.dataset.cases import Case
from footnote.evals.runs.run_folder import ROWS
from footnote.evals.runs.runner import RunConfig, run_cases
from footnote.index.library import Library
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.llm import LLMComposer, LLMSettings
from tests.endpoint import Reply, cites, refuses, serve

TOPICS = {
    "ppo": "What does PPO clip?",
    "dqn": "What does DQN learn from?",
    "vla": "What was OpenVLA trained on?",
    "dpr": "What is dense passage retrieval trained on?",
    "trpo": "What does TRPO bound?",
    "resnet": "How deep are residual networks?",
}
CASES = [Case(name, question) for name, question in TOPICS.items()]
CITES = cites("[1]", "The first sentence says so [N].")


def question_of(handler: Any) -> str:
    """Returns the name of the case that a prompt asks."""
    prompt = handler.asked["messages"][-1]["content"]
    return next(name for name, question in TOPICS.items() if question in prompt)


def asked(library: Library, folder: Path, reply: Reply, workers: int) -> tuple[list[Any], int]:
    """Returns the rows of a run without their times, and how many requests it took."""
    with serve(reply) as endpoint:
        model = LLMSettings("scripted", endpoint.url, timeout=20.0, repair=False)
        engine = CitedQueryEngine(library, LLMComposer(model, embedder=library.embedder))
        run_cases(
            CASES,
            lambda case: engine.ask(case.question),
            folder,
            RunConfig("s", "c", "l", "v", "llm", "scripted", 20),
            find=lambda name: None,
            embedder=library.embedder,
            supports=lambda statement, quotes: True,
            expected_mode="llm",
            workers=workers,
        )
        count = len(endpoint.requests)
    rows = [json.loads(line) for line in (folder / ROWS).read_text("utf-8").splitlines()]
    for row in rows:
        row.pop("seconds")
        (row["answer"] or {}).pop("timings_ms", None)
        # The endpoint's port is another one in each run.
        row["error"] = row["error"] and row["error"].replace(endpoint.url, "URL")
        reason = (row["answer"] or {}).get("reason")
        row["answer"] = row["answer"] and {**row["answer"], "reason": reason and
                                           reason.replace(endpoint.url, "URL")}  # fmt: skip
    return rows, count


class Crowd:
    """Answers out of order, the first questions last, and counts who waits at once."""

    def __init__(self) -> None:
        self.most = 0
        self._waiting = 0
        self._lock = threading.Lock()

    def __call__(self, handler: Any) -> None:
        with self._lock:
            self._waiting += 1
            self.most = max(self.most, self._waiting)
        time.sleep(0.05 * (len(TOPICS) - list(TOPICS).index(question_of(handler))))
        with self._lock:
            self._waiting -= 1
        CITES(handler)


def test_many_workers_give_the_rows_of_one_in_the_order_of_the_set(
    demo_library: Library, tmp_path: Path
) -> None:
    one, many = Crowd(), Crowd()
    alone, _ = asked(demo_library, tmp_path / "one", one, 1)
    together, _ = asked(demo_library, tmp_path / "many", many, 4)
    assert (one.most, many.most > 1) == (1, True)
    assert [row["id"] for row in together] == list(TOPICS)
    assert together == alone
    assert all(row["error"] is None for row in together)


def test_a_question_that_fails_is_its_own_row_whoever_is_asked_beside_it(
    demo_library: Library, tmp_path: Path
) -> None:
    def reply(handler: Any) -> None:
        (refuses(400, "no") if question_of(handler) == "dqn" else CITES)(handler)

    alone, _ = asked(demo_library, tmp_path / "one", reply, 1)
    together, _ = asked(demo_library, tmp_path / "many", reply, 4)
    assert together == alone
    assert [row["id"] for row in together if row["error"]] == ["dqn"]
    assert "did not take the request (status 400)" in together[1]["error"]


def limited(seconds: str) -> tuple[Callable[[Any], None], list[float]]:
    """Returns a reply that refuses each question once with a wait, and when dqn was asked."""
    seen: set[str] = set()
    times: list[float] = []

    def reply(handler: Any) -> None:
        name = question_of(handler)
        if name == "dqn":
            times.append(time.monotonic())
        first = name not in seen
        seen.add(name)
        (refuses(429, "slow down", Retry_After=seconds) if first else CITES)(handler)

    return reply, times


@pytest.mark.parametrize("workers", [1, 4])
def test_retry_after_is_waited_for(demo_library: Library, tmp_path: Path, workers: int) -> None:
    reply, times = limited("1")
    rows, requests = asked(demo_library, tmp_path, reply, workers)
    assert all(row["error"] is None for row in rows)
    assert requests == 2 * len(CASES)
    assert times[1] - times[0] >= 1.0
