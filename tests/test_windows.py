"""What a model reads and costs: asked of the server, kept in a file, and never in the way."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from llama_index.core.llms import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    CompletionResponseGen,
    CustomLLM,
    LLMMetadata,
    MockLLM,
)
from openai import OpenAIError

from footnote.index.library import Library
from footnote.rag.build import build_engine, engine_with
from footnote.rag.generation.chat.endpoints.connection import connect, list_models, root_of
from footnote.rag.generation.chat.endpoints.dialect import find_room, learn_from_refusal
from footnote.rag.generation.chat.endpoints.known import KnownModel
from footnote.rag.generation.chat.endpoints.names import DEFAULT_WINDOW
from footnote.rag.generation.chat.endpoints.prices import find_prices
from footnote.rag.generation.chat.endpoints.profile import (
    ASSUMED_FOR,
    DAYS,
    TOLD_FOR,
    EndpointMemory,
    EndpointProfile,
    ModelWindow,
    open_memory,
)
from footnote.rag.generation.chat.endpoints.window import (
    LONGEST_ASKING,
    find_model_window,
    window_of,
)
from footnote.rag.generation.chat.llm_adapter import LLMChat
from footnote.rag.generation.llm import LLMComposer, LLMSettings, Prices
from footnote.rag.serialization import answer_json, make_record, parse_answer
from tests.asking import CHECKED, CLIPS, GOOD, KEY, QUESTION, engine
from tests.endpoint import Reply, cites, hangs, refuses, says, sends, serve, tells

MODEL = "some-model"
# What each server tells, in the form of its documentation (see test_providers), and what of it
# counts.
SHOW = {"model_info": {"general.architecture": "llama", "llama.context_length": 131072}}
SERVERS: dict[str, tuple[dict[str, Any], int, str]] = {
    "llama.cpp": (
        {
            "/props": {"default_generation_settings": {"n_ctx": 2048}, "model_path": "/m/a.gguf"},
            "/v1/models": {"data": [{"id": MODEL, "meta": {"n_ctx_train": 131072}}]},
        },
        2048,
        "llama.cpp says so",
    ),
    "Ollama, loaded": (
        {
            "/api/show": SHOW,
            "/api/ps": {"models": [{"name": f"{MODEL}:latest", "context_length": 32768}]},
        },
        32768,
        "Ollama says so",
    ),
    "Ollama, num_ctx": (
        {"/api/show": {**SHOW, "parameters": 'stop "<|x|>"\nnum_ctx    16384'}},
        16384,
        "Ollama says so (num_ctx)",
    ),
    # The model could read 131,072, but no more than this is set aside for it.
    "Ollama, not loaded": ({"/api/show": SHOW, "/api/ps": {"models": []}}, 4096, "Ollama's"),
    "Ollama, a small model": (
        {"/api/show": {"model_info": {"bert.context_length": 512}}},
        512,
        "Ollama's default",
    ),
    "vLLM": ({"/v1/models": {"data": [{"id": MODEL, "max_model_len": 6000}]}}, 6000, "endpoint"),
    "LM Studio, loaded": (
        {
            "/v1/models": {"data": [{"id": MODEL}]},
            "/api/v0/models": {
                "data": [
                    {"id": MODEL, "max_context_length": 131072, "loaded_context_length": 9000}
                ]
            },
        },
        9000,
        "LM Studio says so",
    ),
    "LM Studio, not loaded": (
        {"/api/v0/models": {"data": [{"id": MODEL, "max_context_length": 131072}]}},
        4096,
        "LM Studio's default",
    ),
    "OpenRouter": (
        {"/v1/models": {"data": [{"id": "x", "context_length": 1}, {"id": MODEL,
                                                                    "context_length": 40960}]}},
        40960,
        "the endpoint says so",
    ),
    "a list without a shape": ({"/v1/models": [{"id": MODEL, "context_window": 8000}]}, 8000, "so"),
    "nothing": ({}, DEFAULT_WINDOW, "careful default"),
}  # fmt: skip


def beside(told: Mapping[str, Any]) -> dict[str, Reply]:
    return {path: tells(value) for path, value in told.items()}


def settings(url: str, model: str = MODEL, **more: Any) -> LLMSettings:
    return LLMSettings(model, url, KEY, **more)


@pytest.mark.parametrize("server", SERVERS)
def test_the_server_says_how_much_a_model_reads(server: str) -> None:
    told, tokens, source = SERVERS[server]
    with serve(says(GOOD)) as endpoint:
        endpoint.beside |= beside(told)
        window, _ = find_model_window(settings(endpoint.url))
    assert window.tokens == tokens
    assert source in window.source
    assert endpoint.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        refuses(500, "boom"),
        sends("<html>", "text/html"),
        tells(None),
        tells([7, None]),
        tells({"data": [None, 7, {"id": 7}, {"id": MODEL, "context_length": "many"}]}),
        tells({"data": {"id": MODEL}, "models": 7, "model_info": 7}),
        tells({"model_info": {"x.context_length": -1}, "parameters": 7}),
        tells({"default_generation_settings": {"n_ctx": 0}}),
        tells({"default_generation_settings": {"n_ctx": float("1e300")}}),
        tells({"default_generation_settings": {"n_ctx": float("nan")}}),
        tells({"default_generation_settings": {"n_ctx": True}}),
        sends("[" * 100_000, "application/json"),
    ],
)
def test_a_server_that_tells_nonsense_gets_the_careful_default(reply: Reply) -> None:
    with serve(says(GOOD)) as endpoint:
        for path in ("/v1/models", "/props", "/api/show", "/api/ps", "/api/v0/models"):
            endpoint.beside[path] = reply
        window, served = find_model_window(settings(endpoint.url))
    assert (window.tokens, window.told, served) == (DEFAULT_WINDOW, False, "")


def test_a_server_that_hangs_delays_an_answer_by_a_second() -> None:
    with serve(says(GOOD)) as endpoint:
        for path in ("/v1/models", "/props", "/api/show", "/api/ps", "/api/v0/models"):
            endpoint.beside[path] = hangs(3.0)
        start = time.monotonic()
        window, _ = find_model_window(settings(endpoint.url))
        assert time.monotonic() - start < LONGEST_ASKING + 0.5
        # The name decides then.
        assert window.tokens == DEFAULT_WINDOW
        window, _ = find_model_window(settings(endpoint.url, "gpt-4o"))
        assert window.tokens == 128_000


def test_nobody_listening_raises_nothing() -> None:
    window, _ = find_model_window(settings("http://127.0.0.1:9/v1"))
    assert window.tokens == DEFAULT_WINDOW


def test_a_window_that_is_set_wins_and_asks_nobody() -> None:
    with serve(says(GOOD)) as endpoint:
        endpoint.beside |= beside(SERVERS["llama.cpp"][0])
        known = KnownModel(settings(endpoint.url, window=5000))
        assert known.window == 5000
    assert endpoint.looked == []


def test_the_key_goes_only_to_the_endpoint_itself() -> None:
    # A redirect is not followed with it.
    with serve(says(GOOD)) as endpoint, serve(says(GOOD)) as other:

        def onwards(handler: Any) -> None:
            handler.send_response(307)
            handler.send_header("Location", f"{other.url}/models")
            handler.end_headers()

        endpoint.beside["/v1/models"] = endpoint.beside["/props"] = onwards
        find_model_window(settings(endpoint.url))
    assert other.looked == []


def test_the_prompt_fits_what_the_server_says(demo_library: Library) -> None:
    sizes = []
    for n_ctx in (2048, 4096):
        with serve(cites(CLIPS, CHECKED)) as endpoint:
            endpoint.beside["/props"] = tells({"default_generation_settings": {"n_ctx": n_ctx}})
            answer = engine(demo_library, endpoint.url).ask(QUESTION)
        assert (answer.mode, answer.reason) == ("llm", None)
        assert answer.receipt.prompt_tokens < n_ctx
        # Half of a small window stays free for the prompt.
        assert endpoint.requests[0]["max_tokens"] == min(1500, n_ctx // 2)
        sizes.append(len(endpoint.prompt["user"]))
    assert sizes[0] < sizes[1]


# OpenAI and vLLM; the newer vLLM also names both fields of the length.
TOO_LONG = (
    "'max_tokens' or 'max_completion_tokens' is too large: 1500. This model's maximum context "
    "length is {} tokens and your request has 7000 input tokens."
)


def test_a_refusal_that_names_the_window_is_learned_and_asked_again(
    demo_library: Library, tmp_path: Path
) -> None:
    with serve(refuses(400, TOO_LONG.format("3,000")), cites(CLIPS, CHECKED)) as endpoint:
        memory = EndpointMemory(tmp_path, endpoint.url, "scripted")
        config = LLMSettings("scripted", endpoint.url, KEY, plan=False)
        composer = LLMComposer(config, embedder=demo_library.embedder, memory=memory)
        answers = engine(demo_library, endpoint.url)
        answers.composer = composer
        answer = answers.ask(QUESTION)
    assert (answer.mode, answer.reason) == ("llm", None)
    first, second = endpoint.requests
    assert len(first["messages"][1]["content"]) > len(second["messages"][1]["content"])
    assert memory.profile.window is not None
    assert (memory.profile.window.tokens, memory.profile.refused) == (3000, frozenset())


@pytest.mark.parametrize(
    ("said", "room"),
    [
        (TOO_LONG.format(4096), 4096),
        ('{"error": {"n_ctx": 1024, "message": "the request exceeds"}}', 1024),
        ("the request exceeds the available context size (2048 tokens), try increasing it", 2048),
        ("Requested tokens (5000) exceed context window of 4096", 4096),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200_000),
        ("maximum context length is 16,777,216 tokens", 16_777_216),
        ("maximum context length is ,,", None),
        ("temperature is not supported", None),
    ],
)
def test_what_a_refusal_says_of_the_window(said: str, room: int | None) -> None:
    assert find_room(said) == room
    if room:
        sent = {"max_tokens": 1, "response_format": {}}
        assert learn_from_refusal(EndpointProfile(), sent, 400, said) is None


@pytest.mark.parametrize("told", [10_485_760, 16_777_216])
def test_a_window_that_is_longer_than_any_prompt_is_one(told: int) -> None:
    known = KnownModel(settings("http://127.0.0.1:9/v1"))
    known.learn_window(told)
    assert known.window == 10_000_000
    assert window_of({"context_length": told}) == 10_000_000
    assert KnownModel(settings("http://127.0.0.1:9/v1", window=told)).window == 10_000_000


def test_the_key_of_anthropic_is_sent_to_anthropic_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for url, own in [
        ("https://api.anthropic.com/v1", True),
        ("https://anthropic.com.example.org/v1", False),
        ("https://myanthropic.com/v1", False),
    ]:
        sent: list[httpx.Request] = []
        with connect(settings(url), most=1000) as client:
            hooks = client._client.event_hooks["request"]
            client._client.event_hooks = {"request": [*hooks, sent.append]}
            client._client._transport = httpx.MockTransport(lambda _: httpx.Response(401))
            client._client._mounts = {}
            with pytest.raises(OpenAIError):
                list_models(client, seconds=1)
        assert [request.headers.get("x-api-key") == KEY for request in sent] == [own]
    assert KEY not in caplog.text


# What is kept, and for how long.


def test_what_was_learned_is_there_in_the_next_process(tmp_path: Path) -> None:
    url = f"https://ada:{KEY}@models.example.org/v1?api-version=1&key={KEY}"
    memory = EndpointMemory(tmp_path, url, MODEL)
    window = ModelWindow(9000, "the endpoint says so", told=True, at=time.time())
    kept = memory.update(refused=frozenset({"temperature"}), api="responses", window=window)
    assert EndpointMemory(tmp_path, url, MODEL).profile == kept
    # Another key or query is the same endpoint; another model or path is not.
    assert EndpointMemory(tmp_path, "https://models.example.org/v1/", MODEL).profile == kept
    assert EndpointMemory(tmp_path, url, "other").profile == EndpointProfile()
    assert EndpointMemory(tmp_path, "https://models.example.org/v2", MODEL).profile.since == 0
    (file,) = tmp_path.iterdir()
    assert KEY not in file.read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"endpoint": "http://h/v1", "model": "m", "profile": {"api": "telnet"}}',
        '{"endpoint": "http://h/v1", "model": "m", "profile": {"window": {"tokens": 0}}}',
        '{"endpoint": "http://other/v1", "model": "m", "profile": {"thinks": true}}',
        "\x00\udcff",
    ],
)
def test_a_damaged_file_counts_as_none(text: str, tmp_path: Path) -> None:
    memory = EndpointMemory(tmp_path, "http://h/v1", "m")
    memory.update(thinks=True)
    (file,) = tmp_path.iterdir()
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert EndpointMemory(tmp_path, "http://h/v1", "m").profile == EndpointProfile()


def test_a_folder_that_cannot_be_written_loses_only_the_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    memory = EndpointMemory(blocked, "http://h/v1", "m")
    assert memory.update(thinks=True).thinks
    assert memory.profile.thinks


def test_everything_is_found_out_again_after_a_month(tmp_path: Path) -> None:
    memory = EndpointMemory(tmp_path, "http://h/v1", "m")
    memory.update(thinks=True, since=time.time() - DAYS * 86_400 - 1)
    assert EndpointMemory(tmp_path, "http://h/v1", "m").profile == EndpointProfile()


def test_a_window_is_asked_again_when_it_is_old() -> None:
    now = 1_000_000.0
    for told, lasts in ((True, TOLD_FOR), (False, ASSUMED_FOR)):
        window = ModelWindow(1, "so", told=told, at=now)
        assert window.is_fresh(now + lasts - 1)
        assert not window.is_fresh(now + lasts + 1)
        # A clock that was set back.
        assert not window.is_fresh(now - 5)


def test_another_model_under_the_same_name_is_found_out_anew(tmp_path: Path) -> None:
    with serve(says(GOOD)) as endpoint:
        known = KnownModel(settings(endpoint.url), EndpointMemory(tmp_path, endpoint.url, MODEL))
        for path, kept in (("/m/a.gguf", True), ("/m/a.gguf", True), ("/m/b.gguf", False)):
            told = {"default_generation_settings": {"n_ctx": 2048}, "model_path": path}
            endpoint.beside["/props"] = tells(told)
            if not known.memory.profile.served:
                known.find_window(afresh=True)
                known.memory.update(trusted=("v", True))
            known.find_window(afresh=True)
            assert (known.memory.profile.trusted == ("v", True)) is kept


# Prices.


def test_a_price_is_from_the_table_for_the_providers_own_address() -> None:
    found = find_prices("https://api.openai.com/v1", "gpt-4o-mini")
    # USD per million tokens, since July 2024.
    assert found is not None
    assert (found.prompt, found.completion) == (0.15, 0.6)
    assert found.source.startswith("list prices of genai-prices ")
    azure = "https://me.openai.azure.com/openai/v1"
    gemini = "https://generativelanguage.googleapis.com/v1beta/openai/"
    assert find_prices(azure, "gpt-4o-mini") is not None
    assert find_prices(gemini, "gemini-2.5-flash") == find_prices(gemini, "models/gemini-2.5-flash")


@pytest.mark.parametrize(
    ("url", "model"),
    [
        # What is served here under that name, and for how much, nobody knows.
        ("http://127.0.0.1:8080/v1", "gpt-4o-mini"),
        ("https://gateway.example.org/v1", "gpt-4o-mini"),
        ("https://api.openai.com/v1", "no-such-model"),
        ("https://api.openai.com/v1", ""),
    ],
)
def test_a_price_that_nobody_knows_is_unknown(url: str, model: str) -> None:
    assert find_prices(url, model) is None


def test_a_price_is_looked_up_once(tmp_path: Path) -> None:
    config = LLMSettings("gpt-4o-mini", api_key=KEY)
    memory = EndpointMemory(tmp_path, config.base_url, config.model)
    first = KnownModel(config, memory).prices
    again = EndpointMemory(tmp_path, config.base_url, config.model)
    assert again.profile.prices is not None
    assert again.profile.prices[1] == (0.15, 0.6)
    assert KnownModel(config, again).prices == first
    # What is set wins.
    assert KnownModel(replace(config, prices=Prices(1, 2)), again).prices == Prices(1, 2)


def test_the_receipt_says_that_a_price_is_from_the_table(
    demo_library: Library, tmp_path: Path
) -> None:
    with serve(cites(CLIPS, CHECKED)) as endpoint:
        memory = EndpointMemory(tmp_path, endpoint.url, "scripted")
        answers = engine(demo_library, endpoint.url)
        composer = LLMComposer(
            LLMSettings("scripted", endpoint.url, KEY),
            embedder=demo_library.embedder,
            memory=memory,
        )
        assert composer._chat.known.prices is None
        kept = memory.profile.prices
        assert kept is not None
        memory.update(prices=(kept[0], (1.0, 2.0)))
        answers.composer = composer
        answer = answers.ask(QUESTION)
    receipt = answer.receipt
    cost = (receipt.prompt_tokens * 1.0 + receipt.completion_tokens * 2.0) / 1e6
    assert receipt.cost_usd == pytest.approx(cost)
    assert receipt.price_source.startswith("list prices of genai-prices ")
    assert answer_json(answer)["receipt"]["price_source"] == receipt.price_source
    assert parse_answer(json.loads(json.dumps(make_record(answer)))).receipt == receipt


# Azure, and the addresses.


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080"),
        ("http://h/ollama/v1?x=1", "http://h/ollama"),
        ("http://h", "http://h"),
    ],
)
def test_the_server_is_above_its_version(url: str, root: str) -> None:
    assert root_of(url) == root


def test_an_azure_key_has_its_own_header_and_follows_no_redirect() -> None:
    with serve(says(GOOD)) as endpoint, serve(says(GOOD)) as other:
        seen: list[Any] = []

        def onwards(handler: Any) -> None:
            seen.append(dict(handler.headers))
            handler.send_response(307)
            handler.send_header("Location", f"{other.url}/chat/completions")
            handler.end_headers()

        endpoint.script[:] = [onwards]
        config = settings(f"{endpoint.url}?api-version=2024-10-21")
        with connect(config, most=1000) as client, pytest.raises(Exception, match="307"):
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
    assert other.requests == []
    assert seen[0]["api-key"] == KEY
    assert "Authorization" not in seen[0]


# Any LlamaIndex LLM.


class Whole(CustomLLM):
    """An integration that does not stream."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(context_window=6000, model_name="whole")

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        raise NotImplementedError

    def stream_complete(
        self, prompt: str, formatted: bool = False, **_: Any
    ) -> CompletionResponseGen:
        raise NotImplementedError

    def stream_chat(self, messages: Any, **_: Any) -> Any:
        raise NotImplementedError

    def chat(self, messages: Any, **_: Any) -> ChatResponse:
        return ChatResponse(message=ChatMessage(role="assistant", content=GOOD))


def test_an_integration_that_does_not_stream_answers(demo_library: Library) -> None:
    answer = engine_with(demo_library, Whole()).ask(QUESTION)
    assert (answer.mode, answer.receipt.model) == ("llm", "whole")
    assert answer.text.startswith("PPO clips")


def test_an_integration_states_its_window() -> None:
    assert LLMChat(Whole()).known.window == 6000
    assert LLMChat(Whole(), LLMSettings(window=999)).known.window == 999
    # LlamaIndex's default says nothing of a model that we know.
    named = MockLLM()
    assert LLMChat(named).known.window == named.metadata.context_window


@pytest.mark.parametrize("remember", [True, False])
def test_an_engine_keeps_what_it_learns_in_the_cache_folder(
    remember: bool, demo_library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_CACHE", str(tmp_path))
    with serve(refuses(404)) as endpoint:
        endpoint.plan = says("nothing")
        config = LLMSettings("scripted", endpoint.url, KEY, remember=remember)
        composer = build_engine(demo_library, model=config).composer
        assert isinstance(composer, LLMComposer)
        composer.plan(QUESTION)
        kept = open_memory(config).profile.window
    assert [path.name for path in tmp_path.iterdir()] == (["endpoints"] if remember else [])
    assert (kept is not None) is remember


def test_what_two_calls_learn_at_once_is_kept_of_both(tmp_path: Path) -> None:
    memory = EndpointMemory(tmp_path, "http://h/v1", "m")
    memory.accept(EndpointProfile(frozenset({"temperature"}), api="responses"))
    memory.accept(EndpointProfile(frozenset({"stream"})))
    memory.accept(EndpointProfile())
    for kept in (memory.profile, EndpointMemory(tmp_path, "http://h/v1", "m").profile):
        assert (kept.refused, kept.api) == ({"temperature", "stream"}, "responses")
