"""Connection: the openai client for an address and a key, and small questions beside the chat."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx
from openai import DefaultHttpxClient, OpenAI, OpenAIError

from footnote.index.embeddings.endpoints import bounded_client_options
from footnote.rag.generation.settings import LLMSettings

# Maximum bytes of a list of models: the longest, of OpenRouter, has about one million.
MOST_LISTED = 8_000_000
# Names of hosts that take a key as "api-key", without "Bearer".
# Source: https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle (November 2026).
_AZURE = (".azure.com", ".azure-api.net", ".azure.us", ".azure.cn")
# Its list of models wants headers of its own.
# Source: https://platform.claude.com/docs/en/api/models (November 2026).
_ANTHROPIC, _ANTHROPIC_VERSION = "anthropic.com", "2023-06-01"


def connect(
    config: LLMSettings,
    *,
    most: int,
    streams: bool = False,
    watch: Callable[[httpx.Request], None] | None = None,
) -> OpenAI:
    """Returns a client for the configured address, which connects when it is used.

    Args:
        config: Address and key. A query in the address, such as Azure's ``api-version``, is sent
            with each request.
        most: Maximum bytes of an answer.
        streams: Leave a successful answer to the caller, who reads it piece by piece.
        watch: Is told of each request before it leaves.
    """
    url = httpx.URL(config.base_url)
    options = bounded_client_options(most, streams=streams)
    hooks = [watch] if watch else []
    if is_azure(config.base_url) or _is_anthropic(url):
        # A redirect would take the key's header to another host; httpx only withholds
        # "Authorization".
        options |= {"follow_redirects": False}
        # Set as late as here, the key is in no log of the client.
        hooks.append(_key_setter(config.api_key, azure=is_azure(config.base_url)))
    if config.foreign:
        hooks.append(_strip)
    options["event_hooks"]["request"] = hooks
    # We retry ourselves: the client's own retries ignore the deadline, retry when an account is
    # empty, and do not log the failure.
    return OpenAI(
        api_key=config.api_key,
        base_url=str(url.copy_with(query=None)),
        default_query=dict(parse_qsl(url.query.decode())),
        max_retries=0,
        http_client=DefaultHttpxClient(**options),
    )


# What a request to any server has. The client adds what its own variables say, such as an
# organisation, or the headers of a gateway, which may be keys.
# Source: openai/_client.py (2.54): OPENAI_ORG_ID, OPENAI_PROJECT_ID, OPENAI_CUSTOM_HEADERS.
_PLAIN = frozenset(
    "host accept accept-encoding connection content-length content-type user-agent".split()
)


def _strip(request: httpx.Request) -> None:
    """Leaves only plain headers, so that nothing goes along that is meant for another server."""
    for name in list(request.headers):
        # The client itself reads those of its maker.
        if name not in _PLAIN and not name.startswith("x-stainless-"):
            del request.headers[name]


def _key_setter(key: str, *, azure: bool) -> Callable[[httpx.Request], None]:
    """Returns what writes a key into a request as Azure or Anthropic wants it."""

    def set_key(request: httpx.Request) -> None:
        if azure:
            request.headers["api-key"] = key
            request.headers.pop("Authorization", None)
        elif _is_anthropic(request.url) and request.url.path.endswith("/models"):
            request.headers.update({"x-api-key": key, "anthropic-version": _ANTHROPIC_VERSION})

    return set_key


def _is_anthropic(url: httpx.URL) -> bool:
    return f".{url.host}".endswith(f".{_ANTHROPIC}")


def is_azure(base_url: str) -> bool:
    """Returns whether an address is Azure's, by its host or its ``api-version``."""
    url = httpx.URL(base_url)
    return "api-version" in url.params or url.host.endswith(_AZURE)


def address_of(base_url: str) -> str:
    """Returns an address as it may be shown: without user name, password and query."""
    url = httpx.URL(base_url)
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))


def root_of(base_url: str) -> str:
    """Returns the address of the server itself, as far as the path before ``/v1``."""
    url = httpx.URL(base_url)
    path = url.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return str(url.copy_with(path=path or "/", query=None)).rstrip("/")


def fetch(
    client: OpenAI,
    path: str,
    *,
    seconds: float,
    body: Mapping[str, Any] | None = None,
) -> Any:
    """Returns the JSON that an endpoint replies with.

    Args:
        client: Has the address and the key.
        path: Below the address, or a whole URL.
        seconds: Maximum time to wait for it.
        body: What is posted; None gets.

    Raises:
        OpenAIError: It cannot be reached, or refuses.
        ValueError: It replies with what is no JSON.
    """
    options: Any = {"timeout": seconds, "follow_redirects": False}
    if body is None:
        reply = client.get(path, cast_to=httpx.Response, options=options)
    else:
        reply = client.post(path, cast_to=httpx.Response, body=dict(body), options=options)
    return reply.json()


def fetch_or_none(
    client: OpenAI, path: str, *, seconds: float, body: Mapping[str, Any] | None = None
) -> Any:
    """Returns the JSON that an endpoint replies with; None where it gives none."""
    try:
        return fetch(client, path, seconds=seconds, body=body)
    except (OpenAIError, httpx.HTTPError, ValueError, RecursionError):
        return None


def list_models(client: OpenAI, *, seconds: float) -> list[dict[str, Any]]:
    """Returns what an endpoint says of each of its models, at least its ``id``.

    Raises:
        OpenAIError: It cannot be reached, or refuses.
        ValueError: Its reply is no list of models.
    """
    found = fetch(client, "/models", seconds=seconds)
    rows = found.get("data") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise ValueError("it is no list of models")
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
