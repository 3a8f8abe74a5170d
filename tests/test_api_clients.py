"""The API as its description promises it, and as clients that are heavy to install read it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from footnote.index.library import Library
from footnote.ui.storage.conversations import Conversations
from tests.conftest import HashedWords, invented
from tests.pages import LOOPS, PPO, desk_of, served

if find_spec("schemathesis") is None:
    if os.environ.get("CI"):
        pytest.fail("schemathesis is not installed; run: make live")
    pytest.skip("schemathesis is not installed; run: make live", allow_module_level=True)

pytestmark = LOOPS

# Where papers are looked up by identifier: nothing listens there.
NOWHERE = dict.fromkeys(("doi", "arxiv", "pmid"), "http://127.0.0.1:9")
# What a description cannot say: that a text cites, that a word is an identifier, whose turn it is.
CONFIG = """
[[operations]]
include-name = [
    "POST /ask", "POST /check", "POST /search", "POST /feedback", "POST /imports/identifiers",
    "POST /chat/completions", "POST /responses", "PATCH /conversations/{id}",
]
checks.positive_data_acceptance.enabled = false
"""


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[str]:
    """The API of a library that may be changed."""
    with (
        Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library,
        Conversations.open(tmp_path / "kept.sqlite3") as kept,
    ):
        library.add([invented(n) for n in range(4)])
        votes = tmp_path / "votes"
        desk = desk_of(library, conversations=kept, feedback=votes, services=NOWHERE)
        with served(desk, api=True) as address:
            yield f"{address}v1"


def test_the_api_does_what_its_description_says(changing: str, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG, "utf-8")
    ran = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run",
            f"{changing}/openapi.json", "--max-examples", "3", "--seed", "1",
            "--generation-deterministic", "--no-color", "--warnings", "off",
            # As our own page: else a POST without a body's type is taken for another site's.
            "-H", f"Origin: {changing.removesuffix('/v1')}",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-8_000:] + ran.stderr
    assert "Tested: " in ran.stdout


# Clients that people have, over a real port: no shape loses a citation.


@pytest.fixture(scope="module")
def address(demo_library: Library) -> Iterator[str]:
    with served(desk_of(demo_library), api=True) as address:
        yield f"{address}v1"


def count(answer: dict[str, Any]) -> int:
    """Returns the citations of an answer as /v1/ask gives it."""
    return len({c["marker"] for s in answer["statements"] for c in s["citations"]})


def test_llamaindex_gets_the_text_and_every_citation(address: str) -> None:
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    llm = OpenAILike(
        model="quotes", api_base=address, api_key="none", is_chat_model=True, max_retries=0
    )
    said = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content=PPO)]
    reply = llm.chat(said)
    whole = reply.raw.footnote  # type: ignore[union-attr]
    assert reply.message.content == whole["text"]
    assert len(reply.raw.citations) == count(whole) > 0  # type: ignore[union-attr]
    assert len(reply.raw.choices[0].message.annotations) >= count(whole)  # type: ignore[union-attr]
    chunks = list(llm.stream_chat(said))
    assert chunks[-1].message.content == whole["text"]
    assert len(chunks[-1].raw.citations) == count(whole)  # type: ignore[union-attr]
    assert llm.complete(PPO).text == whole["text"]


def ask_litellm(address: str, environ: dict[str, str]) -> Any:
    script = """
import json, sys, litellm
said = [{"role": "user", "content": sys.argv[2]}]
how = {"model": "openai/quotes", "api_base": sys.argv[1], "api_key": "none", "num_retries": 0}
whole = litellm.completion(messages=said, **how)
chunks = list(litellm.completion(messages=said, stream=True, **how))
built = litellm.stream_chunk_builder(chunks, messages=said)
response = litellm.responses(input=sys.argv[2], **how)
embedded = litellm.embedding(input=["tides"], **how)
dump = lambda one: one.model_dump(mode="json")
json.dump([dump(whole), dump(built), [dump(c) for c in chunks], dump(response), dump(embedded)],
          sys.stdout)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script, address, PPO],
        env={**environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3_000:]
    # It may print a remark of its own before.
    return json.loads(ran.stdout.splitlines()[-1])


def test_litellm_gets_the_text_and_every_citation(address: str) -> None:
    # In a process of its own: it takes seconds to import, and warns of itself.
    whole, built, chunks, response, embedded = ask_litellm(address, dict(os.environ))
    answer = whole["footnote"]
    message = whole["choices"][0]["message"]
    assert message["content"] == answer["text"]
    assert len({note["url_citation"]["url"] for note in message["annotations"]}) == count(answer)
    assert len(whole["citations"]) == count(answer) > 0
    assert built["choices"][0]["message"]["content"] == answer["text"]
    assert any(len(chunk.get("citations") or ()) == count(answer) for chunk in chunks)
    (part,) = response["output"][0]["content"]
    assert part["text"] == answer["text"]
    assert len({note["url"] for note in part["annotations"]}) == count(answer)
    assert len(embedded["data"][0]["embedding"]) == 384
