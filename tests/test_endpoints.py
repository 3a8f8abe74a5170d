"""Readers get our words of a failure, the log gets the endpoint's, and nobody gets a secret."""

import json
import logging
import time
import tracemalloc
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from llama_index.core.base.llms.types import ChatMessage

from footnote.evals.judge.budget import SpendingLimit
from footnote.evals.judge.judge import Judge
from footnote.index import ModelError
from footnote.index.embeddings.base import EndpointEmbedder
from footnote.index.embeddings.endpoints import (
    MOST_REFUSED,
    SHORTEST_PART,
    bounded_client_options,
    find_secrets,
    mask_keys,
    mask_secrets,
    masked,
)
from footnote.index.library import Library
from footnote.rag import ComposerError, RerankError
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.settings import LLMSettings
from footnote.rag.retrieval.rerank import EndpointReranker
from footnote.rag.serialization import answer_json
from tests.asking import QUESTION, engine
from tests.command import footnote
from tests.endpoint import Reply, declines, drips, refuses, says, sends, serve

KEY = "sk-Qz7Rt2XkVw94-Bn6"
PASSWORD = "p@ss w0rd/9x8Y7z"
ADDRESS = f"https://ada:{quote(PASSWORD, safe='')}@models.example.org/v1?token=tok-55Hh66Jj"
SECRETS = find_secrets(ADDRESS, KEY)
# What no reader may see, and no log: any part that tells more than a guess.
PARTS = [s[at : at + SHORTEST_PART] for s in SECRETS for at in range(len(s) - SHORTEST_PART + 1)]
CANARY = "zebrafinch quota plan"

LEAKS = {
    "whole": f"Incorrect API key provided: {KEY}.",
    "first and last": f"Incorrect API key provided: {KEY[:6]}***{KEY[-4:]}.",
    "dots": f"key {KEY[:5]}...{KEY[-4:]} is not known",
    "ellipsis": f"key {KEY[:7]}…{KEY[-5:]}",
    "last four": f"the key that ends in {KEY[-4:]}",
    "first four": f"the key that begins with {KEY[:4]}",
    "other case": f"no key {KEY.upper()}",
    "in an address": f"GET https://models.example.org/v1?key={quote(KEY)}&x=1 failed",
    "user and password": f"cannot resolve {ADDRESS}",
    "password": f"wrong password {PASSWORD}",
    "header": f"Authorization: Bearer {KEY}",
    "basic header": f"Authorization: Basic {b64encode(f'ada:{PASSWORD}'.encode()).decode()}",
    "base64": f"x-key: {b64encode(KEY.encode()).decode()}",
    "JSON within text": json.dumps({"sent": {"headers": {"authorization": f"Bearer {KEY}"}}}),
    "twice": f"{KEY}{KEY}, {KEY}",
    "cut by the length": "x" * 290 + KEY,
    "lines": f"a\n{KEY}\r\n\x1b[2J\u2028footnote: all is well",
}


@pytest.mark.parametrize("leak", LEAKS)
def test_no_part_of_a_secret_is_in_what_the_log_gets(leak: str) -> None:
    line = mask_secrets(LEAKS[leak], SECRETS)
    assert [part for part in PARTS if part.lower() in line.lower()] == []
    assert "*" in line or leak == "cut by the length"
    assert line.isprintable()
    assert len(line) < 400


@pytest.mark.parametrize(
    "stranger",
    [
        "upstream refused sk-proj-AbCdEfGh12345678IjKl",
        "upstream refused hf_AbCdEfGhIjKlMnOp",
        "Authorization: Bearer eyJhbGciOi.eyJzdWIi.c2ln",
        "postgres://root:hunter2@db/x is down",
        "POST /v1?api_key=abc123&x=2",
        "Incorrect key: ab**********yz",
    ],
)
def test_a_secret_of_somebody_else_is_masked_too(stranger: str) -> None:
    line = mask_secrets(stranger, ())
    assert "***" in line
    for secret in ("AbCd", "eyJ", "hunter2", "abc123", "yz"):
        assert secret not in line


@pytest.mark.parametrize(
    "said",
    ["model 'llama3' not found, try: ollama pull llama3", "context of 4096 tokens exceeded", ""],
)
def test_what_is_no_secret_stays_as_it_was_said(said: str) -> None:
    assert mask_secrets(said, find_secrets("http://127.0.0.1:11434/v1", "ollama")) == said
    assert masked(said, SECRETS) == said


# Every endpoint: what its readers get, and what the log gets.


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def ours(log: pytest.LogCaptureFixture) -> str:
    """Returns what our own modules said, one line each."""
    lines = [record.getMessage() for record in log.records if record.name.split(".")[0] in HOUSES]
    assert all(line.isprintable() for line in lines)
    return "\n".join(lines)


HOUSES = {"footnote"}
SAYS = f"{CANARY} for {KEY}, that is {KEY[:6]}***{KEY[-4:]}"
REPLIES: dict[str, Reply] = {
    **{str(status): refuses(status, SAYS) for status in (400, 401, 402, 403, 404, 413, 422, 451)},
    **{f"busy {status}": refuses(status, SAYS, Retry_After="9999") for status in (429, 500, 503)},
    "a page": sends(f"<h1>{SAYS}</h1>", "text/html", 502),
    "another form": sends(json.dumps({"detail": [{"msg": SAYS}]}), "application/json", 418),
    "nonsense": sends(f'data: {{"choices": ["{SAYS}"]}}\n\n'),
}


def hidden(shown: str, log: pytest.LogCaptureFixture, *, said: bool = True) -> None:
    """Checks that readers see nothing of what was said, and the log all but the secrets."""
    told = ours(log)
    assert CANARY not in shown
    assert said is False or CANARY in told
    assert [part for part in PARTS if part in shown + told] == []


@pytest.mark.parametrize("reply", REPLIES)
def test_an_answer_says_in_our_words_what_failed(
    reply: str, demo_library: Library, log: pytest.LogCaptureFixture
) -> None:
    with serve(REPLIES[reply]) as endpoint:
        url = endpoint.url.replace("://", f"://ada:{quote(PASSWORD, safe='')}@")
        answers = engine(demo_library, url, api_key=KEY)
        answer = answers.ask(QUESTION)
    assert (answer.mode, bool(answer.statements)) == ("extractive", True)
    assert ";" in str(answer.reason)
    hidden(f"{answer!r}{answer_json(answer)}", log)


@pytest.mark.parametrize(
    "reply",
    [
        sends(json.dumps({"error": {"message": SAYS}}).join(["data: ", "\n\n"])),
        sends(json.dumps({"error": SAYS}).join(["data: ", "\n\n"])),
    ],
)
def test_an_error_within_a_stream_is_for_the_log(
    reply: Reply, demo_library: Library, log: pytest.LogCaptureFixture
) -> None:
    with serve(reply) as endpoint:
        answer = engine(demo_library, endpoint.url, api_key=KEY).ask(QUESTION)
    hidden(f"{answer!r}{answer_json(answer)}", log)


@pytest.mark.parametrize("pieces", [[f"Your key is {KEY}, PPO [1]."], [*f"Key {KEY} [1]. It is."]])
def test_a_model_that_repeats_the_key_says_it_to_nobody(
    pieces: list[str], demo_library: Library, log: pytest.LogCaptureFixture
) -> None:
    for reply in (says(*pieces), declines("".join(pieces))):
        with serve(reply) as endpoint:
            events = list(engine(demo_library, endpoint.url, api_key=KEY).stream(QUESTION))
        assert "***" in repr(events)
        assert KEY[:8] not in repr(events) + ours(log)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("sk-no-key-required", "Training required 8 GPUs."),
        ("sk-no-key-required", "No key is required: sk-no-key-required will do."),
        ("test", "On the test set it is best."),
        ("local-model", "Local attention is local; a local modelling choice."),
        ("llama", "The llama model is small."),
    ],
)
def test_a_key_that_is_a_word_masks_no_word_of_an_answer(key: str, said: str) -> None:
    assert mask_keys(said, [key]) == said


def test_a_long_part_of_a_key_is_masked_in_an_answer() -> None:
    key = "sk-proj-abcdefghijklmnopqrstuvwxyz012345"
    assert mask_keys(f"It begins with {key[:20]} and so on.", [key]) == (
        "It begins with *** and so on."
    )
    assert mask_keys("Of proj-abc nothing is hidden.", [key]) == "Of proj-abc nothing is hidden."


@pytest.mark.parametrize("reply", [name for name in REPLIES if name != "nonsense"])
def test_an_embedding_endpoint_is_no_voice_of_ours(
    reply: str, log: pytest.LogCaptureFixture
) -> None:
    with serve(REPLIES[reply]) as endpoint, pytest.raises(ModelError) as caught:
        EndpointEmbedder("m", base_url=f"{endpoint.url}?key={KEY}", api_key=KEY)
    assert "check OPENAI_BASE_URL" in str(caught.value)
    hidden(str(caught.value), log)


@pytest.mark.parametrize("reply", REPLIES)
def test_a_reranker_is_no_voice_of_ours(reply: str, log: pytest.LogCaptureFixture) -> None:
    with serve(REPLIES[reply]) as endpoint, pytest.raises(RerankError) as caught:
        EndpointReranker(endpoint.url, api_key=KEY).score("Why?", ["One.", "Two."])
    hidden(str(caught.value), log, said=reply != "nonsense")


@pytest.mark.parametrize("reply", REPLIES)
def test_a_judge_that_fails_is_no_voice_of_ours(
    reply: str, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    with serve(REPLIES[reply]) as endpoint:
        config = LLMSettings("j", endpoint.url, KEY, timeout=5.0)
        limit = SpendingLimit(tokens=100_000)
        with Judge(config, cache=tmp_path, limit=limit, sleep=lambda _: None, attempts=1) as judge:
            found = judge.support("PPO clips.", ["PPO clips the ratio."])
    assert found.failed
    hidden(repr(found), log, said=reply != "nonsense")


def test_the_command_line_keeps_them_apart(demo_library: Library) -> None:
    settings = {"OPENAI_API_KEY": KEY, "FOOTNOTE_MODEL": "m"}
    asks = ["ask", QUESTION, "--library", demo_library.path, "--json"]
    with serve(refuses(401, SAYS)) as endpoint:
        ran = footnote(*asks, OPENAI_BASE_URL=endpoint.url, **settings)
    assert "refused the key (status 401); check OPENAI_API_KEY" in ran.data["reason"]
    assert CANARY not in ran.out
    assert CANARY in ran.err
    assert [part for part in PARTS if part in ran.out + ran.err] == []


# Bounds: what an endpoint may send.


def stream(*blocks: bytes) -> httpx.Client:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=iter(blocks))

    return httpx.Client(transport=httpx.MockTransport(answer), **bounded_client_options(1000))


def test_an_answer_that_does_not_end_is_read_no_further_than_its_bound() -> None:
    read = 0

    def blocks() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 100

    with stream() as client:
        client._transport = httpx.MockTransport(lambda _: httpx.Response(200, content=blocks()))
        with pytest.raises(httpx.ReadError, match="more than 1,000 bytes"):
            client.get("http://models.example.org")
    assert read == 11


def test_a_refusal_that_does_not_end_ends_the_question(
    demo_library: Library, log: pytest.LogCaptureFixture
) -> None:
    def never_ends(handler: object) -> None:
        drips(*[b"x" * 100] * 1000, seconds=0.05)(handler)  # type: ignore[arg-type]

    with serve(never_ends) as endpoint:
        answer = engine(demo_library, endpoint.url, deadline=0.5).ask(QUESTION)
    assert answer.statements


# Compressed answers: a small one opens to any size.


def bomb(status: int, kind: str, megabytes: int = 100) -> tuple[Reply, list[str]]:
    """Returns a reply that opens to so many megabytes, and what each request said it accepts."""
    packing, accepted = zlib.compressobj(wbits=31), list[str]()
    body = b"".join(packing.compress(b" " * 1_000_000) for _ in range(megabytes)) + packing.flush()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        accepted.append(handler.headers["Accept-Encoding"])
        handler.send_response(status)
        for name, value in {
            "Content-Type": kind, "Content-Encoding": "gzip", "Location": handler.path,
            "Content-Length": str(len(body)),
        }.items():  # fmt: skip
            handler.send_header(name, value)
        handler.end_headers()
        with suppress(OSError):
            handler.wfile.write(body)

    return reply, accepted


def chats(url: str, folder: Path) -> str:
    chat = ChatClient(LLMSettings("m", url, KEY, timeout=5.0), sleep=lambda _: None)
    with pytest.raises(ComposerError) as caught:
        list(chat.call([ChatMessage(content="Why?")], deadline=time.monotonic() + 60))
    return str(caught.value)


def embeds(url: str, folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        EndpointEmbedder("m", base_url=url)
    return str(caught.value)


def reranks(url: str, folder: Path) -> str:
    with pytest.raises(RerankError) as caught:
        EndpointReranker(url).score("Why?", ["One.", "Two."])
    return str(caught.value)


def judges(url: str, folder: Path) -> str:
    config = LLMSettings("j", url, KEY, timeout=5.0)
    with Judge(
        config, cache=folder, limit=SpendingLimit(tokens=9999), sleep=lambda _: None, attempts=1
    ) as judge:
        return str(judge.support("PPO clips.", ["PPO clips the ratio."]).reason)


@pytest.mark.parametrize("status", [200, 307, 400])
@pytest.mark.parametrize("asks", [chats, embeds, reranks, judges])
def test_a_compressed_answer_is_refused_before_it_is_opened(
    asks: Callable[[str, Path], str], status: int, tmp_path: Path
) -> None:
    reply, accepted = bomb(status, "text/event-stream" if asks is chats else "application/json")
    with serve(reply) as endpoint:
        tracemalloc.start()
        told = asks(endpoint.url, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert set(accepted) == {"identity"}
    assert "sent a compressed answer, which was not requested" in told
    assert peak < 30_000_000


def test_redirects_keep_no_long_bodies() -> None:
    block = b"x" * 2 * MOST_REFUSED

    def onwards(request: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"Location": "/"}, content=iter([block, block]))

    with httpx.Client(
        transport=httpx.MockTransport(onwards),
        follow_redirects=True,
        **bounded_client_options(10**8),
    ) as client:
        tracemalloc.start()
        with pytest.raises(httpx.TooManyRedirects):
            client.get("http://models.example.org")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 25 * MOST_REFUSED


def test_a_refusal_that_is_too_long_is_told_as_the_refusal_that_it_is() -> None:
    long = refuses(401, "x" * 2 * MOST_REFUSED)
    with serve(long) as endpoint:
        told = [asks(endpoint.url, Path()) for asks in (chats, embeds, reranks)]
    assert all("status 401" in line for line in told)
