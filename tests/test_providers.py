"""Endpoints of today, each scripted after its public documentation; none was tried live.

Each must answer with nothing set but address, key and model, and what it refuses is found out
once.

Looked up in November 2026, in stored copies of these pages:
    Azure: learn.microsoft.com/azure/foundry/openai/api-version-lifecycle (v1: no api-version);
        deployments with api-version and an api-key header: the README of Azure's providers
    OpenRouter: openrouter.ai/docs/models (context_length), .../use-cases/reasoning-tokens
    Gemini: ai.google.dev/gemini-api/docs/openai
    Anthropic: platform.claude.com/docs/en/cli-sdks-libraries/libraries/openai-sdk (what is
        ignored), platform.claude.com/docs/en/api/models (the list)
    Ollama: docs.ollama.com/api/openai-compatibility; ollama/ollama, docs/context-length.mdx
    LM Studio: lmstudio-ai/docs, 1_developer/2_rest/endpoints.mdx
    GitHub, what servers say: Responses alone (docker/docker-agent 313, alvinunreal/tmuxai 82), may
        not stream (BeehiveInnovations/pal-mcp-server 134), templates without a system role
        (sgl-project/sglang 892, OoriData/Toolio 1), windows (containers/podman-desktop-extension-
        ai-lab 1074)
Read in what is installed:
    OpenAI, Responses: the types of the package openai 2.54
    llama.cpp: a real server, xllamacpp 2026.10; tests/test_live_model.py runs it
Known, but not looked up again: the words in which OpenAI's reasoning models refuse max_tokens,
temperature and a system role, Google's of a key and of Gemma, and vLLM's max_model_len.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from footnote.index.library import Library
from footnote.rag.answer import Answer
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.chat.endpoints.profile import EndpointMemory
from footnote.rag.generation.llm import LLMComposer, LLMSettings
from footnote.rag.generation.prompts import JUDGE, PLAN
from tests.asking import CHECKED, CLIPS, GOOD, KEY, QUESTION
from tests.endpoint import (
    USAGE,
    Endpoint,
    Reply,
    cites,
    completes,
    refuses,
    says,
    sends,
    serve,
    tells,
)

Fields = Mapping[str, str]
ANSWER = cites(CLIPS, CHECKED)


def openai_error(message: str, param: str | None, status: int = 400) -> Reply:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": None}
    return sends(json.dumps({"error": error}), "application/json", status)


def unsupported(field: str, message: str = "") -> Reply:
    said = message or f"Unsupported parameter: '{field}' is not supported with this model."
    return openai_error(said, field)


def without(refusals: Mapping[str, Reply], reply: Reply = ANSWER) -> Reply:
    """Refuses requests that have one of these fields, in this order; "system" is that role."""

    def answer(handler: Any) -> None:
        asked = handler.asked
        roles = {message["role"] for message in asked.get("messages", asked.get("input", ()))}
        for name, refusal in refusals.items():
            if name in asked or name in roles:
                refusal(handler)
                return
        reply(handler)

    return answer


def streams_response(*events: Mapping[str, Any]) -> Reply:
    """Streams events of the Responses interface, which ends without [DONE]."""
    lines = (f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events)
    return sends("".join(lines))


def responds(text: str, *, cut: bool = False) -> Reply:
    """Streams an answer through the Responses interface, thoughts first."""
    half = len(text) // 2
    counts = {"input_tokens": 300, "output_tokens": 20}
    details = {"output_tokens_details": {"reasoning_tokens": 12}}
    done = {"status": "completed", "usage": counts | details, "output": [{"type": "reasoning"}]}
    if cut:
        done |= {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    return streams_response(
        {"type": "response.created", "response": {"status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "item": {"type": "reasoning", "summary": []}},
        {"type": "response.reasoning_summary_text.delta", "delta": "Let me think."},
        {"type": "response.output_text.delta", "delta": text[:half]},
        {"type": "response.output_text.delta", "delta": text[half:]},
        {"type": f"response.{done['status']}", "response": done},
    )


def responses_only(handler: Any) -> None:
    """A model of the Responses interface alone, such as gpt-5-codex."""
    if handler.path.endswith("/chat/completions"):
        said = "This model is only supported in v1/responses and not in v1/chat/completions."
        openai_error(said, "model", 404)(handler)
    elif "temperature" in handler.asked:
        unsupported("temperature")(handler)
    elif not {"input", "max_output_tokens"} <= handler.asked.keys():
        openai_error("Missing required parameter: 'input'.", "input")(handler)
    else:
        planned = PLAN[:40] in str(handler.asked["input"])
        responds("nothing" if planned else GOOD)(handler)


def azure_deployment(handler: Any) -> None:
    """A deployment of Azure before its v1 interface."""
    path, _, query = handler.path.partition("?")
    right = (
        path == "/openai/deployments/mine/chat/completions" and query == "api-version=2024-10-21"
    )
    if not right:
        refuses(404, "Resource not found")(handler)
    elif handler.headers["api-key"] != KEY or handler.headers["Authorization"]:
        refuses(401, "Access denied due to invalid subscription key")(handler)
    else:
        ANSWER(handler)


def gemini_error(message: str, status: int = 400) -> Reply:
    """Google sends a list of errors, and names no field."""
    error = {"code": status, "message": message, "status": "INVALID_ARGUMENT"}
    return sends(json.dumps([{"error": error}]), "application/json", status)


NO_TOKENS = unsupported(
    "max_tokens",
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
    "'max_completion_tokens' instead.",
)
NO_TEMPERATURE = unsupported(
    "temperature",
    "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) "
    "value is supported.",
)
NOT_VERIFIED = unsupported("stream", "Your organization must be verified to stream this model.")
TEMPLATE = "Conversation roles must alternate user/assistant/user/assistant/..."


@dataclass(frozen=True)
class Provider:
    """A scripted endpoint.

    Attributes:
        reply: To every request.
        path: Behind the host, as its documentation has it.
        model: A name as it is there.
        beside: Replies about the server and its models.
        refused: What has to be found out.
        calls: Requests for the first answer.
    """

    reply: Reply
    path: str = "/v1"
    model: str = "m"
    beside: Mapping[str, Reply] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    calls: int = 1


PROVIDERS = {
    "OpenAI": Provider(ANSWER, model="gpt-4.1-mini"),
    "OpenAI, a reasoning model": Provider(
        without({"max_tokens": NO_TOKENS, "temperature": NO_TEMPERATURE}),
        model="gpt-5-mini",
        refused=frozenset({"max_tokens", "temperature"}),
        calls=3,
    ),
    "OpenAI, a reasoning model with one effort": Provider(
        without(
            {
                "max_tokens": NO_TOKENS,
                "reasoning_effort": unsupported(
                    "reasoning_effort", "Unsupported value: 'low' is not supported; use 'high'."
                ),
            }
        ),
        refused=frozenset({"max_tokens", "reasoning_effort"}),
        calls=3,
    ),
    "OpenAI, the first reasoning models": Provider(
        without(
            {
                "system": openai_error(
                    "Unsupported value: 'messages[0].role' does not support 'system' with this "
                    "model.",
                    "messages[0].role",
                ),
                "max_tokens": NO_TOKENS,
                "reasoning_effort": unsupported("reasoning_effort"),
                "temperature": NO_TEMPERATURE,
            }
        ),
        model="o1-mini",
        refused=frozenset({"system", "max_tokens", "temperature", "reasoning_effort"}),
        calls=5,
    ),
    "OpenAI, an organization that may not stream": Provider(
        without({"stream": NOT_VERIFIED}, completes(GOOD)),
        model="o3",
        refused=frozenset({"stream"}),
        calls=2,
    ),
    "OpenAI, Responses alone": Provider(
        # The plan goes there as well: refused, learned, and then both are accepted.
        responses_only,
        model="gpt-5-codex",
        refused=frozenset({"temperature"}),
        calls=4,
    ),
    "Azure, v1": Provider(ANSWER, path="/openai/v1", model="my-deployment"),
    "Azure, deployments": Provider(
        azure_deployment, path="/openai/deployments/mine?api-version=2024-10-21"
    ),
    "OpenRouter": Provider(
        # Comments keep the connection alive, and the usage comes with an empty choice.
        lambda handler: sends(
            ": OPENROUTER PROCESSING\n\n"
            + "".join(
                f"data: {json.dumps(chunk)}\n\n"
                for chunk in (
                    {"choices": [{"delta": {"reasoning": "Hm.", "content": ""}}]},
                    {"choices": [{"delta": {"content": GOOD}, "finish_reason": "stop"}]},
                    {"choices": [{"delta": {"content": ""}}], "usage": USAGE},
                )
            )
            + "data: [DONE]\n\n"
        )(handler),
        path="/api/v1",
        model="some/model",
        beside={"/api/v1/models": tells({"data": [{"id": "some/model", "context_length": 32768}]})},
    ),
    "Gemini": Provider(ANSWER, path="/v1beta/openai", model="gemini-2.5-flash"),
    "Gemini, Gemma": Provider(
        without(
            {"system": gemini_error("Developer instruction is not enabled for models/gemma-3-27b")}
        ),
        path="/v1beta/openai",
        model="gemma-3-27b-it",
        refused=frozenset({"system"}),
        calls=2,
    ),
    "Anthropic": Provider(ANSWER, model="claude-sonnet-4-5"),
    "Anthropic, without a temperature": Provider(
        without({"temperature": refuses(400, "`temperature` is deprecated for this model.")}),
        model="claude-opus-5-5",
        refused=frozenset({"temperature"}),
        calls=2,
    ),
    "Ollama": Provider(ANSWER, model="llama3.2"),
    "llama.cpp, a template without a system role": Provider(
        without({"system": refuses(500, "Jinja Exception: System role not supported")}),
        refused=frozenset({"system"}),
        calls=2,
    ),
    "vLLM, a template of turns": Provider(
        without({"system": refuses(400, TEMPLATE)}), refused=frozenset({"system"}), calls=2
    ),
    "vLLM, a thinking model": Provider(
        sends(
            "".join(
                f"data: {json.dumps({'choices': [choice]})}\n\n"
                for choice in (
                    {"delta": {"role": "assistant", "reasoning_content": "It clips. "}},
                    {"delta": {"content": GOOD}},
                    {"delta": {}, "finish_reason": "stop"},
                )
            )
            + "data: [DONE]\n\n"
        )
    ),
    "LM Studio, thoughts in the text": Provider(says("<think>Hm, PPO</think>\n", GOOD)),
    "an old server": Provider(
        without({"stream_options": refuses(422, "stream_options: extra fields not permitted")}),
        refused=frozenset({"stream_options"}),
        calls=2,
    ),
}


def ask(
    library: Library,
    endpoint: Endpoint,
    provider: Provider,
    *,
    folder: Path | None = None,
    **settings: Any,
) -> tuple[Answer, EndpointMemory]:
    """Returns the answer of a new process, as far as it remembers anything, and its memory."""
    host = endpoint.url.removesuffix("/v1")
    endpoint.beside |= provider.beside
    config = LLMSettings(provider.model, f"{host}{provider.path}", KEY, **settings)
    memory = EndpointMemory(folder, config.base_url, config.model)
    composer = LLMComposer(config, embedder=library.embedder, memory=memory, sleep=lambda _: None)
    return CitedQueryEngine(library, composer).ask(QUESTION), memory


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_endpoint_answers_and_is_asked_rightly_the_second_time(
    name: str, demo_library: Library, tmp_path: Path
) -> None:
    provider = PROVIDERS[name]
    with serve(provider.reply) as endpoint:
        # A refusal is found out wherever it comes first; here the plan is never refused.
        answer, memory = ask(demo_library, endpoint, provider, folder=tmp_path)
        first = len(endpoint.requests)
        again, _ = ask(demo_library, endpoint, provider, folder=tmp_path)
    for one in (answer, again):
        assert (one.mode, one.reason) == ("llm", None)
        assert one.text.startswith("PPO clips the probability ratio")
        assert "think" not in one.text
    assert memory.profile.refused == provider.refused
    assert first == provider.calls
    # The second process pays for no refusal.
    # Of the Responses interface the plan and the test of the judge are among them.
    asides = (PLAN[:40], JUDGE[:40])
    planned = sum(
        any(aside in str(request.get("input")) for aside in asides)
        for request in endpoint.requests[first:]
    )
    assert len(endpoint.requests) - first == 1 + planned


def test_a_reasoning_model_is_asked_for_little_thought(demo_library: Library) -> None:
    provider = PROVIDERS["OpenAI, a reasoning model"]
    with serve(provider.reply) as endpoint:
        ask(demo_library, endpoint, provider)
    last = endpoint.requests[-1]
    assert (last["max_completion_tokens"], last["reasoning_effort"]) == (1500, "low")


def test_the_system_text_is_folded_into_the_question(demo_library: Library) -> None:
    provider = PROVIDERS["Gemini, Gemma"]
    with serve(provider.reply) as endpoint:
        ask(demo_library, endpoint, provider)
    refused, taken = endpoint.requests
    system, user = (message["content"] for message in refused["messages"])
    assert taken["messages"] == [{"role": "user", "content": f"{system}\n\n{user}"}]


def test_a_model_that_thinks_up_its_room_is_given_more_once(
    demo_library: Library, tmp_path: Path
) -> None:
    usage = {"prompt_tokens": 300, "completion_tokens": 1500}
    starved = says("", finish="length", usage=usage)
    provider = Provider(starved, model="gemini-2.5-pro")
    with serve(starved, ANSWER) as endpoint:
        answer, memory = ask(demo_library, endpoint, provider, folder=tmp_path, judge=False)
        again, _ = ask(demo_library, endpoint, provider, folder=tmp_path)
    assert (answer.mode, again.mode) == ("llm", "llm")
    assert memory.profile.thinks
    # 1,500 tokens and 8,000 for thoughts, which the next process knows at once.
    assert [request["max_tokens"] for request in endpoint.requests] == [1500, 9500, 9500]
    # Both calls are paid for.
    assert answer.receipt.completion_tokens >= 1500
    assert answer.text.count("PPO") == 1


def test_an_answer_cut_off_by_thoughts_is_kept_and_the_next_has_room(
    demo_library: Library, tmp_path: Path
) -> None:
    details = {"reasoning_tokens": 1400}
    usage = {"prompt_tokens": 9, "completion_tokens": 1500, "completion_tokens_details": details}
    provider = Provider(ANSWER, model="gpt-5-mini")
    with serve(says(GOOD, " And", finish="length", usage=usage), ANSWER) as endpoint:
        answer, _ = ask(demo_library, endpoint, provider, folder=tmp_path)
        ask(demo_library, endpoint, provider, folder=tmp_path)
    assert "cut off" in answer.statements[-1].notes[-1]
    assert [request["max_tokens"] for request in endpoint.requests] == [1500, 9500]


def test_the_responses_interface_says_why_it_ends(demo_library: Library) -> None:
    cut = PROVIDERS["OpenAI, Responses alone"]

    def reply(handler: Any) -> None:
        if "input" in handler.asked and "temperature" not in handler.asked:
            responds(GOOD, cut=True)(handler)
        else:
            responses_only(handler)

    with serve(reply) as endpoint:
        answer, memory = ask(demo_library, endpoint, cut, plan=False, judge=False)
    assert "cut off" in answer.statements[-1].notes[-1]
    assert memory.profile.api == "responses"
    last = endpoint.requests[-1]
    assert endpoint.paths[-1] == "/v1/responses"
    assert last["reasoning"] == {"effort": "low"}
    assert last["store"] is False
    assert (answer.receipt.prompt_tokens, answer.receipt.completion_tokens) == (300, 20)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"type": "error", "message": f"overloaded {KEY}"}, "broke off"),
        ({"type": "response.failed", "response": {"error": {"message": "no"}}}, "broke off"),
        ({"type": "response.completed", "response": {"output": [7]}}, "answered with nothing"),
        ({"type": "response.output_text.delta", "delta": 7}, "sent what is no chat answer"),
        ({"type": "response.output_text.delta", "delta": "PPO"}, "closed early"),
    ],
)
def test_a_response_that_fails_gives_quotes(
    event: Mapping[str, Any], reason: str, demo_library: Library
) -> None:
    def reply(handler: Any) -> None:
        if handler.path.endswith("/responses"):
            streams_response(event)(handler)
        else:
            responses_only(handler)

    provider = PROVIDERS["OpenAI, Responses alone"]
    with serve(reply) as endpoint:
        answer, _ = ask(demo_library, endpoint, provider, plan=False)
    assert (answer.mode, bool(answer.statements)) == ("extractive", True)
    assert reason in str(answer.reason)
    assert KEY not in repr(answer)


def test_a_whole_response_is_read(demo_library: Library) -> None:
    parts = [{"type": "output_text", "text": GOOD}]
    said = {"output": [{"type": "reasoning"}, {"type": "message", "content": parts}]}

    def reply(handler: Any) -> None:
        stream = "stream" in handler.asked and handler.path.endswith("/responses")
        whole = tells({**said, "status": "completed", "usage": None})
        (NOT_VERIFIED if stream else whole if "input" in handler.asked else responses_only)(handler)

    provider = PROVIDERS["OpenAI, Responses alone"]
    with serve(reply) as endpoint:
        answer, memory = ask(demo_library, endpoint, provider, plan=False, judge=False)
    assert (answer.mode, answer.reason) == ("llm", None)
    assert memory.profile.refused == {"stream"}


# A schema: the plan is held to one where the endpoint takes it.


@pytest.mark.parametrize(
    ("refusal", "times"),
    [
        (refuses(400, "response_format: json_schema is not supported"), 1),
        # DeepSeek and old servers: another type, and no name at all, which may be a bad moment.
        (refuses(400, "This response_format type is unavailable now"), 1),
        (gemini_error("Request contains an invalid argument."), 2),
    ],
)
def test_a_schema_that_is_refused_is_asked_for_once(
    refusal: Reply, times: int, demo_library: Library, tmp_path: Path
) -> None:
    plan = json.dumps({"question": QUESTION, "kind": "fact", "queries": ["PPO clipping"]})
    provider = Provider(ANSWER)
    with serve(ANSWER) as endpoint:
        endpoint.plan = without({"response_format": refusal}, says(plan))
        for _ in range(2):
            answer, _ = ask(demo_library, endpoint, provider, folder=tmp_path)
            assert answer.mode == "llm"
    held = ["response_format" in request for request in endpoint.plans]
    assert held == [True] * times + [False, False]


def test_a_refusal_that_names_nothing_teaches_nothing_once(demo_library: Library) -> None:
    with serve(refuses(400, "upstream closed the stream"), ANSWER) as endpoint:
        answer, memory = ask(demo_library, endpoint, Provider(ANSWER), plan=False)
    assert (answer.mode, memory.profile.refused) == ("llm", frozenset())
    assert "stream" in endpoint.requests[1]


# The judge is tried once a model.


def test_a_model_is_tried_as_judge_once_for_all_processes(
    demo_library: Library, tmp_path: Path, judges: Callable[[Any], None]
) -> None:
    provider = Provider(says("PPO is a policy method that clips something [1]."))
    with serve(provider.reply) as endpoint:
        endpoint.judge = judges
        ask(demo_library, endpoint, provider, folder=tmp_path)
        tried = len(endpoint.judged)
        ask(demo_library, endpoint, provider, folder=tmp_path)
    # The known sentences and the open one; then the open one alone.
    assert (tried, len(endpoint.judged)) == (2, 3)


@pytest.fixture
def judges() -> Callable[[Any], None]:
    """Judges the sixteen known sentences rightly, and everything else as unsettled."""
    from footnote.rag.generation.chat.judging import known_claims

    honest = list(known_claims().values())

    def reply(handler: Any) -> None:
        count = handler.asked["messages"][-1]["content"].count("Its quotes:")
        known = count == len(honest)
        said = [
            {
                "id": f"S{n}",
                "verdict": ("supported" if honest[n - 1] else "contradicted")
                if known
                else "unsettled",
                "why": "so",
            }
            for n in range(1, count + 1)
        ]
        says(json.dumps({"verdicts": said}))(handler)

    return reply
