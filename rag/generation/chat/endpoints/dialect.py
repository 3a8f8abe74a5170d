"""Dialect: what a request looks like at an endpoint, and what a refusal of one teaches.

OpenAI has two interfaces, Chat Completions and Responses, and no two servers take the same fields.
A request starts with everything that we want; what is refused by name is left out, renamed or
written in another way, and the endpoint's profile remembers it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from footnote.rag.generation.chat.endpoints.profile import EndpointProfile
from footnote.rag.generation.chat.wire.streaming import Chunk

EFFORT = "low"
# Fields that a request can do without, the longer names first: one begins with another.
_OPTIONAL = (
    "response_format",
    "reasoning_effort",
    "stream_options",
    "temperature",
    "stream",
)
# What the Responses interface calls them.
_ALIASES = {"reasoning": "reasoning_effort", "text": "response_format"}
# A refusal that names no field is blamed on these, in this order.
_BLAMED = ("reasoning_effort", "response_format")
_NO_SYSTEM = re.compile(
    r"system[ _]role|role[^.]{0,60}\bsystem\b|\bsystem\b[^.]{0,60}\brole|system message"
    r"|developer instruction|roles must alternate|system instruction",
    re.IGNORECASE,
)
_ANOTHER_API = re.compile(r"v1/responses|responses api|not a chat model", re.IGNORECASE)
_ROOM = re.compile(
    r"maximum context length is ([\d,]{1,16})|context size[^.]{0,20}?\((\d{1,12}) tokens\)"
    r'|"n_ctx"\s{0,4}:\s{0,4}(\d{1,12})'
    r"|exceeds?(?: the)? context window (?:of|\() ?([\d,]{1,16})"
    r"|(?:prompt|input) is too long: [\d,]{1,16} tokens > ([\d,]{1,16})",
    re.IGNORECASE,
)
_NOT_TAKEN = re.compile(
    r"support|permitted|allowed|unknown|unrecogni[sz]ed|unexpected (?:field|param|keyword|arg)"
    r"|invalid (?:field|param|value)|deprecated|additional propert|extra (?:field|input)",
    re.IGNORECASE,
)
# Statuses of a request that cannot be taken as it is; a template that fails is a 500 at llama.cpp.
_REFUSALS, _FAILING = (400, 404, 422), 500


def write_request(
    profile: EndpointProfile,
    messages: Sequence[Mapping[str, str]],
    *,
    tokens: int,
    options: Mapping[str, Any],
    schema: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Returns the fields of a request, besides the model, that an endpoint takes.

    Args:
        profile: What is known of the endpoint.
        messages: The prompt, each with role and content.
        tokens: Maximum length of what the model writes.
        options: Further fields of Chat Completions, such as ``stream``.
        schema: JSON Schema of the answer.
    """
    body: dict[str, Any] = {"temperature": 0.0, "max_tokens": tokens, **options}
    if schema is not None:
        held = {"name": "reply", "schema": schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": held}
    if profile.thinks or "max_tokens" in profile.refused or profile.api == "responses":
        body["reasoning_effort"] = EFFORT
    for name in _OPTIONAL:
        if name in profile.refused:
            body.pop(name, None)
    if "stream" not in body:
        body.pop("stream_options", None)
    if "max_tokens" in profile.refused:
        body["max_completion_tokens"] = body.pop("max_tokens")
    body["messages"] = _fold(messages) if "system" in profile.refused else list(messages)
    return _as_responses(body) if profile.api == "responses" else body


def _fold(messages: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Returns messages with what the system says at the head of the first question."""
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    others = [m for m in messages if m["role"] != "system"]
    head = [{**m, "content": f"{system}\n\n{m['content']}"} for m in others[:1]]
    return [*head, *others[1:]]


def _as_responses(body: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the same request for the Responses interface.

    Source: openai.types.responses of the package openai 2.54.
    """
    length = body.get("max_tokens") or body.get("max_completion_tokens")
    written = {"input": body["messages"], "max_output_tokens": length, "store": False}
    written |= {name: body[name] for name in ("temperature", "stream") if name in body}
    if "reasoning_effort" in body:
        written["reasoning"] = {"effort": body["reasoning_effort"]}
    held = body.get("response_format", {})
    if held:
        written["text"] = {"format": {"type": held["type"], **held.get("json_schema", {})}}
    return written


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a refusal teaches about an endpoint.

    Attributes:
        profile: What is known now.
        is_plain: Whether the refusal says it; else it is a guess.
    """

    profile: EndpointProfile
    is_plain: bool


def learn_from_refusal(
    profile: EndpointProfile, sent: Mapping[str, Any], status: int, said: str
) -> Lesson | None:
    """Returns what a refusal teaches about an endpoint; None if it does not help.

    Args:
        profile: What was known when the request was sent.
        sent: The request.
        status: HTTP status of the refusal.
        said: The body of the refusal.
    """
    asked = sent.get("messages") or sent.get("input") or ()
    has_system = any(message["role"] == "system" for message in asked)
    if status >= _FAILING and not (has_system and _NO_SYSTEM.search(said)):
        return None
    if (status < _FAILING and status not in _REFUSALS) or find_room(said):
        return None
    if profile.api == "chat" and _ANOTHER_API.search(said):
        return Lesson(replace(profile, api="responses"), is_plain=True)
    name, plain = _named_field(sent, said)
    if not name and has_system and _NO_SYSTEM.search(said):
        name, plain = "system", True
    if not name and status == 400:
        fields = {_ALIASES.get(field, field) for field in sent}
        name = next((field for field in _BLAMED if field in fields), "")
    return Lesson(replace(profile, refused=profile.refused | {name}), plain) if name else None


def _named_field(sent: Mapping[str, Any], said: str) -> tuple[str, bool]:
    """Returns the field that a refusal names, empty if none that was sent, and if it is plain."""
    if "max_tokens" in sent and "max_completion_tokens" in said:
        return "max_tokens", True
    param = _param(said)
    named = _ALIASES.get(param, param)
    fields = {_ALIASES.get(field, field) for field in sent}
    if named in fields and named in _OPTIONAL:
        return named, True
    for name in _OPTIONAL:
        if name in fields and re.search(rf"\b{name}\b", said):
            # "The stream was closed" is about no field.
            meant = (
                "_" in name or _NOT_TAKEN.search(said) or re.search(rf"['\"`]{name}['\"`]", said)
            )
            return name, bool(meant)
    return "", False


def _param(said: str) -> str:
    """Returns the head of the field that OpenAI's form of an error names."""
    try:
        error = json.loads(said)["error"]
        return re.split(r"[.\[]", str(error.get("param") or ""), maxsplit=1)[0]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""


def find_room(said: str) -> int | None:
    """Returns the window that a refusal of a long prompt names; None if it names none."""
    found = _ROOM.search(said)
    digits = next(filter(None, found.groups())).replace(",", "") if found else ""
    return int(digits) or None if digits else None


def read_reply(profile: EndpointProfile, data: str) -> Chunk:
    """Returns a whole reply, or one event of a stream, in the form of Chat Completions.

    Raises:
        ValueError: It is not of that form.
    """
    if profile.api == "chat":
        return Chunk.model_validate_json(data)
    try:
        return Chunk.model_validate(_from_responses(json.loads(data)))
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("it is no event of the Responses interface") from error


_DELTAS = {"response.output_text.delta": "content", "response.refusal.delta": "refusal"}
_ENDS = ("response.completed", "response.incomplete", "response.failed")


def _from_responses(event: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an event of the Responses interface as a chunk of Chat Completions.

    Source: openai.types.responses of the package openai 2.54.
    """
    kind = str(event.get("type", ""))
    if kind in _DELTAS:
        return {"choices": [{"delta": {_DELTAS[kind]: event.get("delta")}}]}
    if kind == "error":
        return {"error": event.get("message") or "error"}
    if "output" in event:
        return _from_whole(event, said=True)
    response = event.get("response")
    if kind in _ENDS and isinstance(response, dict):
        return _from_whole(response, said=False)
    return {}


def _from_whole(response: Mapping[str, Any], *, said: bool) -> dict[str, Any]:
    """Returns a response; with ``said`` its text too, which a stream has sent before."""
    if response.get("error"):
        return {"error": response["error"]}
    why = response.get("incomplete_details")
    cut = isinstance(why, dict) and why.get("reason") == "max_output_tokens"
    choice: dict[str, Any] = {"finish_reason": "length" if cut else "stop"}
    if said:
        items = [item for item in response["output"] if item.get("type") == "message"]
        parts = [part for item in items for part in item.get("content") or ()]
        content = "".join(str(part.get("text") or "") for part in parts)
        refusal = "".join(str(part.get("refusal") or "") for part in parts)
        choice["message"] = {"content": content, "refusal": refusal}
    usage = response.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    details = counts.get("output_tokens_details")
    return {
        "choices": [choice],
        "usage": {
            "prompt_tokens": counts.get("input_tokens"),
            "completion_tokens": counts.get("output_tokens"),
            "completion_tokens_details": details,
        },
    }
