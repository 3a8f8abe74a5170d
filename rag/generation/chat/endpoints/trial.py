"""Trial: what models an endpoint offers, and how the configured one does in two short calls."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import httpx
from llama_index.core.base.llms.types import ChatMessage
from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

from footnote.rag import ComposerError
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.chat.endpoints.connection import (
    MOST_LISTED,
    address_of,
    connect,
    list_models,
)
from footnote.rag.generation.chat.endpoints.prices import find_prices
from footnote.rag.generation.chat.endpoints.profile import EndpointMemory, ModelWindow
from footnote.rag.generation.chat.endpoints.window import is_same_model, window_of
from footnote.rag.generation.chat.retries import (
    ChatError,
    RetryPolicy,
    explain_failure,
    refuses_key,
)
from footnote.rag.generation.chat.wire.call import ChatCall
from footnote.rag.generation.settings import LLMSettings, Prices

_log = logging.getLogger(__name__)

# Seconds that the list of models may take, and the two calls together.
LONGEST_LISTING, LONGEST_TRIAL = 5.0, 15.0
# Models that are listed at most, and the longest name of one.
MOST_MODELS, _LONGEST_NAME = 1_000, 200
# Names that an unknown model's error proposes.
_NEAREST = 3
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"capital": {"type": "string"}},
    "required": ["capital"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that an endpoint offers.

    Attributes:
        name: As the endpoint writes it.
        configured: Whether it is the configured one.
        window: In tokens; None where the list does not state it.
        prices: None where the table does not have it.
    """

    name: str
    configured: bool
    window: int | None = None
    prices: Prices | None = None


@dataclass(frozen=True, slots=True)
class ModelTrial:
    """How the configured model did.

    Attributes:
        streams: Whether its answers can be read while it writes; None where that was not tried.
        takes_schema: Whether the endpoint takes a JSON Schema of an answer; None as well.
        gives_json: Whether it replied with JSON of that form; None as well.
        first_word: Seconds until the first word; None without one.
        window: What it reads and writes in one call, and who says so.
        prices: None where nobody knows.
        refused: Fields of a request that the endpoint does not take.
        api: "chat" or "responses".
        fault: Why it gave no answer; None if it did.
    """

    streams: bool | None
    takes_schema: bool | None
    gives_json: bool | None
    first_word: float | None
    window: ModelWindow
    prices: Prices | None
    refused: tuple[str, ...]
    api: str
    fault: str | None = None


def describe_trial(trial: ModelTrial) -> list[tuple[str, str]]:
    """Returns what a trial found out, as names and values in words."""
    rows = [("window", f"{trial.window.tokens:,} tokens ({trial.window.source})")]
    if not trial.fault:
        word = (
            "no word" if trial.first_word is None else f"first word after {trial.first_word:.2f} s"
        )
        reads = "yes" if trial.gives_json else "no"
        held = "" if trial.takes_schema else ", not held to a schema"
        rows = [
            ("streams", f"{'yes' if trial.streams else 'no'}, {word}"),
            ("JSON", f"{reads}{held}"),
            *rows,
        ]
    price = trial.prices
    told = f"${price.prompt:g} in, ${price.completion:g} out" if price else "unknown"
    source = f" ({price.source or 'set by FOOTNOTE_PRICES'})" if price else ""
    rows.append(("price", f"{told}{' per million tokens' if price else ''}{source}"))
    if trial.refused:
        rows.append(("left out", f"{', '.join(trial.refused)}: the endpoint does not take them"))
    if trial.api == "responses":
        rows.append(("interface", "Responses"))
    return rows


def find_models(config: LLMSettings) -> list[ListedModel] | None:
    """Returns the models that an endpoint offers; None where it has no such list.

    Raises:
        ChatError: It cannot be reached, refuses the key, or is failing.
    """
    where = f"the endpoint at {address_of(config.base_url)}"
    try:
        with connect(config, most=MOST_LISTED) as client:
            rows = list_models(client, seconds=LONGEST_LISTING)
    except (APIConnectionError, APITimeoutError) as error:
        raise explain_failure(error, where, config) from error
    except APIStatusError as error:
        if refuses_key(error) or error.status_code == 402 or error.status_code >= 500:
            raise explain_failure(error, where, config) from error
        _log.info("%s lists no models (status %d)", where, error.status_code)
        return None
    except (OpenAIError, httpx.HTTPError, ValueError, RecursionError) as error:
        _log.info("%s lists no models (%s)", where, type(error).__name__)
        return None
    rows.sort(key=lambda row: str(row["id"]))
    return [_listed(row, config) for row in rows[:MOST_MODELS]]


def _listed(row: Mapping[str, Any], config: LLMSettings) -> ListedModel:
    name = "".join(c for c in str(row["id"])[:_LONGEST_NAME] if c.isprintable())
    chosen = is_same_model(name, config.model)
    return ListedModel(name, chosen, window_of(row), find_prices(config.base_url, name))


def try_model(
    config: LLMSettings,
    *,
    memory: EndpointMemory | None = None,
    offered: list[ListedModel] | None = None,
    seconds: float = LONGEST_TRIAL,
) -> ModelTrial:
    """Returns how the configured model does in two short calls: one streams, one gives JSON.

    Args:
        config: Which model, and where.
        memory: Keeps what is found out.
        offered: What the endpoint offers, for the error of a model that it does not know.
        seconds: Maximum time of both calls.
    """
    chat = ChatClient(config, memory=memory, retries=RetryPolicy(attempts=1))
    deadline = time.monotonic() + seconds
    first, fault, gives_json, streams = None, None, None, None
    try:
        first, streams = _time_first_word(chat, deadline)
        gives_json = _try_json(chat, deadline)
    except ComposerError as error:
        fault = _explain(error, config, offered)
    known = chat.known
    refused = known.memory.profile.refused
    held = None if gives_json is None else True
    return ModelTrial(
        streams=False if "stream" in refused else streams,
        takes_schema=False if "response_format" in refused else held,
        gives_json=gives_json,
        first_word=first,
        window=known.find_window(afresh=True),
        prices=known.prices,
        refused=tuple(sorted(refused)),
        api=known.memory.profile.api,
        fault=fault,
    )


def _time_first_word(chat: ChatClient, deadline: float) -> tuple[float | None, bool]:
    """Returns the seconds until the first word of an answer, None without one; if it streams."""
    prompt = "Name three colours, one on each line."
    start, first = time.monotonic(), None
    call = _call(chat, prompt, deadline)
    for _ in call:
        first = time.monotonic() - start if first is None else first
    return first, not call.whole


def _try_json(chat: ChatClient, deadline: float) -> bool:
    """Returns whether the model replies with JSON of a form."""
    prompt = 'What is the capital of France? Reply with JSON: {"capital": "..."}'
    call = _call(chat, prompt, deadline, schema=_SCHEMA)
    for _ in call:
        pass
    text = call.text
    try:
        said = json.loads(text[text.find("{") : text.rfind("}") + 1])
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and isinstance(said.get("capital"), str)


def _call(
    chat: ChatClient, prompt: str, deadline: float, schema: Mapping[str, Any] | None = None
) -> ChatCall:
    messages = [
        ChatMessage(role="system", content="Answer briefly."),
        ChatMessage(role="user", content=prompt),
    ]
    return chat.call(messages, deadline=deadline, schema=schema)


def _explain(error: ComposerError, config: LLMSettings, offered: list[ListedModel] | None) -> str:
    """Returns why there was no answer; names that are near where the model is not offered."""
    status = getattr(error.error, "status_code", 0) if isinstance(error, ChatError) else 0
    if status not in (400, 404, 422) or not offered or any(m.configured for m in offered):
        return str(error)
    return f"{error}; {name_nearest(config.model, offered)}"


def name_nearest(model: str, offered: list[ListedModel]) -> str:
    """Returns which of the offered models has a name near to one that is not offered."""
    names = list(dict.fromkeys(listed.name.removeprefix("models/") for listed in offered))
    near = get_close_matches(model, names, _NEAREST, 0.4) or names[:_NEAREST]
    return f"the endpoint offers {', '.join(near)}" if near else "the endpoint offers no model"
