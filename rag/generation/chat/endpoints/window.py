"""Window: how much a model reads and writes in one call, asked of the server that knows it.

A prompt that is longer than the window is refused or, by Ollama, cut off without a word. So what
the server has set aside counts, not what the model could read.

Sources, looked up in November 2026:
    llama.cpp: a real server, xllamacpp 2026.10 (GET /props)
    Ollama: https://docs.ollama.com/api (POST /api/show, GET /api/ps; not looked up again) and
        docs/context-length.mdx in ollama/ollama: 4,096 tokens unless something else is set or
        there are 24 GiB of video memory
    LM Studio: 1_developer/2_rest/endpoints.mdx in lmstudio-ai/docs (GET /api/v0/models)
    OpenRouter: https://openrouter.ai/docs/models (context_length)
    vLLM: max_model_len in its list of models (not looked up again)
"""

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx
from openai import OpenAIError

from footnote.rag.generation.chat.endpoints.connection import (
    MOST_LISTED,
    connect,
    fetch_or_none,
    is_azure,
    list_models,
    root_of,
)
from footnote.rag.generation.chat.endpoints.names import find_window, is_known
from footnote.rag.generation.chat.endpoints.profile import ModelWindow, within_window
from footnote.rag.generation.settings import LLMSettings

# Seconds that an answer may wait for it; a server that is slower is asked again later.
LONGEST_ASKING = 1.0
# What Ollama and LM Studio set aside for a model that is not loaded, if nothing else is set.
_LOADED_LATER = 4_096
# What a list of models calls it, the running server's own limit first.
_NAMES = (
    "max_model_len",
    "loaded_context_length",
    "context_window",
    "context_length",
    "max_context_length",
    "max_input_tokens",
)
_NUM_CTX = re.compile(r"^\s{0,20}num_ctx\s{1,40}(\d{1,8})", re.MULTILINE)
# More than this is no number of tokens.
_NONSENSE = 1_000_000_000


def find_model_window(config: LLMSettings) -> tuple[ModelWindow, str]:
    """Returns the window of the configured model, and what the server says that it serves.

    Asks a server that may tell it, for up to ``LONGEST_ASKING`` seconds; otherwise the model's name
    decides, and otherwise a careful default. Raises nothing.
    """
    now = time.time()
    known = is_known(config.model)
    told, served = None, ""
    # What reads far more than any prompt of ours need not be asked for.
    if not (known and config.base_url.startswith("https:")):
        told, served = _ask(config)
    if told is not None:
        return ModelWindow(told[0], told[1], told=told[2], at=now), served
    source = "by the model's name" if known else "a careful default; FOOTNOTE_WINDOW sets it"
    return ModelWindow(find_window(config.model), source, at=now), served


_Told = tuple[int, str, bool]


def _ask(config: LLMSettings) -> tuple[_Told | None, str]:
    """Returns what the server tells, and what it serves, within the time."""
    with connect(config, most=MOST_LISTED) as client:
        found: dict[str, Any] = {}

        def ask(name: str, question: Callable[[], Any]) -> threading.Thread:
            def answer() -> None:
                try:
                    found[name] = question()
                # The server may send anything, and an answer must not fail for want of a window.
                except (OpenAIError, httpx.HTTPError, ValueError, RuntimeError, RecursionError):
                    found[name] = None

            thread = threading.Thread(target=answer, name=f"window-{name}", daemon=True)
            thread.start()
            return thread

        wait, root = LONGEST_ASKING, root_of(config.base_url)
        questions: dict[str, Callable[[], Any]] = {
            "list": lambda: list_models(client, seconds=wait)
        }
        if _may_be_own(config.base_url):
            show = {"model": config.model}
            questions |= {
                "props": lambda: fetch_or_none(client, f"{root}/props", seconds=wait),
                "show": lambda: fetch_or_none(client, f"{root}/api/show", seconds=wait, body=show),
                "ps": lambda: fetch_or_none(client, f"{root}/api/ps", seconds=wait),
                "studio": lambda: fetch_or_none(client, f"{root}/api/v0/models", seconds=wait),
            }
        until = time.monotonic() + wait
        threads = [ask(*question) for question in questions.items()]
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        return _read(dict(found), config.model)


def _may_be_own(base_url: str) -> bool:
    """Returns whether a server may be somebody's own, rather than a provider's."""
    url = httpx.URL(base_url)
    return (url.scheme == "http" or url.port is not None) and not is_azure(base_url)


def _read(found: Mapping[str, Any], model: str) -> tuple[_Told | None, str]:
    """Returns what the replies say of a model's window, the most certain first."""
    props = _object(found.get("props"))
    settings = _object(props.get("default_generation_settings"))
    if size := _tokens(settings.get("n_ctx")):
        served = str(props.get("model_path") or props.get("model_alias") or "")[-200:]
        return (size, "llama.cpp says so", True), served
    ollama = _of_ollama(_object(found.get("show")), found.get("ps"), model)
    if ollama:
        return ollama, ""
    rows = _object(found.get("studio")).get("data")
    if row := find_row(rows if isinstance(rows, list) else [], model):
        if size := _tokens(row.get("loaded_context_length")):
            return (size, "LM Studio says so", True), ""
        if size := _tokens(row.get("max_context_length")):
            return (min(size, _LOADED_LATER), "LM Studio's default", False), ""
    if row := find_row(found.get("list") or [], model):
        size = window_of(row)
        return ((size, "the endpoint says so", True) if size else None), ""
    return None, ""


def _of_ollama(show: Mapping[str, Any], running: Any, model: str) -> _Told | None:
    """Returns the window of a model at Ollama: of the loaded one, of its file, or the default."""
    largest = [
        size
        for name, value in _object(show.get("model_info")).items()
        if name.endswith(".context_length") and (size := _tokens(value))
    ]
    if not largest:
        return None
    rows = _object(running).get("models")
    named = [{**_object(row), "id": _object(row).get("name")} for row in _list(rows)]
    row = find_row(named, model)
    if row and (size := _tokens(row.get("context_length"))):
        return size, "Ollama says so", True
    set_ = _NUM_CTX.search(str(show.get("parameters") or "")[:20_000])
    if set_ and (size := _tokens(int(set_[1]))):
        return min(size, largest[0]), "Ollama says so (num_ctx)", True
    return min(largest[0], _LOADED_LATER), "Ollama's default; OLLAMA_CONTEXT_LENGTH sets it", False


def find_row(rows: Iterable[Any], model: str) -> dict[str, Any] | None:
    """Returns what a list of models says of one; endpoints write some names in two ways."""
    for row in rows:
        name = row.get("id") if isinstance(row, dict) else None
        if name and is_same_model(str(name), model):
            return dict(row)
    return None


def is_same_model(listed: str, model: str) -> bool:
    """Returns whether two names are of one model, as Gemini and Ollama write them."""
    return _bare(listed) == _bare(model)


def _bare(name: str) -> str:
    return name.strip().removeprefix("models/").removesuffix(":latest").casefold()


def window_of(row: Mapping[str, Any]) -> int | None:
    """Returns the window that a list of models states for one; None if it states none."""
    meta = _object(row.get("meta"))
    return next((n for name in _NAMES if (n := _tokens(row.get(name)))), None) or _tokens(
        meta.get("n_ctx")
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _tokens(value: Any) -> int | None:
    """Returns a number of tokens that can be one."""
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value
    return within_window(int(value)) if whole and 1 <= value <= _NONSENSE else None
