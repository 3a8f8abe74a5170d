"""Model: which language model writes, where it is, what it costs, and how long it may take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from footnote.rag import ComposerError

DEFAULT_MODEL = "gpt-4o-mini"
DEFAULT_BASE_URL = "https://api.openai.com/v1"

# USD for a million tokens; no model is as dear.
DEAREST = 1_000_000
Policy = Literal["mark", "drop"]


@dataclass(frozen=True, slots=True)
class Prices:
    """USD for a million tokens."""

    prompt: float
    completion: float

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Returns what these tokens cost, in USD."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6

    @classmethod
    def parse(cls, text: str) -> "Prices":
        """Returns the prices that ``PROMPT,COMPLETION`` gives.

        Raises:
            ValueError: It is not two numbers from 0 to ``DEAREST``.
        """
        prompt, completion = (float(part) for part in text.split(","))
        if not (0 <= prompt <= DEAREST and 0 <= completion <= DEAREST):
            raise ValueError(f"prices are from 0 to {DEAREST:,}")
        return cls(prompt, completion)


@dataclass(frozen=True, slots=True)
class LLMSettings:
    """Which model writes, and where it is.

    Attributes:
        timeout: Seconds without an answer before the endpoint counts as failed.
        prompt_tokens: Budget of a prompt; small models have 2,048 tokens in all.
        max_tokens: Of the answer.
        deadline: Seconds for a whole answer, its retries and its repair among them.
        repair: Whether the model may correct once what its quotes do not carry.
        unsupported: What becomes of a sentence that its quotes do not carry.
        prices: None where they are not known.
    """

    model: str = DEFAULT_MODEL
    base_url: str = DEFAULT_BASE_URL
    # A key is shown nowhere: not in a log, not in an error.
    api_key: str = field(default="none", repr=False)
    timeout: float = 60.0
    prompt_tokens: int = 3000
    max_tokens: int = 500
    deadline: float = 120.0
    repair: bool = True
    unsupported: Policy = "mark"
    prices: Prices | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "LLMSettings | None":
        """Returns the configured model, or None when nothing is configured.

        A key alone means OpenAI's endpoint; a base URL needs the name of a model with it.

        Raises:
            ComposerError: A base URL is set without a model, or a variable makes no sense.
        """
        key = environ.get("OPENAI_API_KEY", "").strip()
        base_url = environ.get("OPENAI_BASE_URL", "").strip()
        model = environ.get("FOOTNOTE_MODEL", "").strip()
        if base_url and not model:
            raise ComposerError("OPENAI_BASE_URL is set without a model; set FOOTNOTE_MODEL too")
        if base_url and not _is_address(base_url):
            raise ComposerError("OPENAI_BASE_URL is no address; give one like http://HOST:PORT/v1")
        if not (key.isascii() and key.isprintable()):
            raise ComposerError(
                "OPENAI_API_KEY has characters that no header can hold; copy it again"
            )
        if not key and not base_url:
            return None
        return cls(
            model=model or DEFAULT_MODEL,
            base_url=base_url or DEFAULT_BASE_URL,
            api_key=key or "none",
            **_settings(environ),
        )


# The longest that anybody waits, in seconds, and the longest prompt of any model, in tokens.
_A_DAY = 86_400
_MOST_TOKENS = 10_000_000


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= _A_DAY:
        raise ValueError(text)
    return value


def _tokens(text: str) -> int:
    value = float(text)
    if not 1 <= value <= _MOST_TOKENS:
        raise ValueError(text)
    return int(value)


# Each setting of the environment: its field, how it is read, and an example of what is right.
_SETTINGS: Mapping[str, tuple[str, Any, str]] = {
    "FOOTNOTE_PRICES": ("prices", Prices.parse, "PROMPT,COMPLETION in USD a million tokens"),
    "FOOTNOTE_UNSUPPORTED": ("unsupported", {"mark": "mark", "drop": "drop"}.__getitem__,
                             "mark or drop"),
    "FOOTNOTE_REPAIR": ("repair", {"0": False, "1": True}.__getitem__, "0 or 1"),
    "FOOTNOTE_TIMEOUT": ("timeout", _seconds, "seconds up to a day, such as 60"),
    "FOOTNOTE_DEADLINE": ("deadline", _seconds, "seconds up to a day, such as 120"),
    "FOOTNOTE_PROMPT_TOKENS": ("prompt_tokens", _tokens, f"tokens, 1 to {_MOST_TOKENS:,}"),
    "FOOTNOTE_MAX_TOKENS": ("max_tokens", _tokens, f"tokens, 1 to {_MOST_TOKENS:,}"),
}  # fmt: skip


def _settings(environ: Mapping[str, str]) -> dict[str, Any]:
    """Returns the fields that the environment sets."""
    settings: dict[str, Any] = {}
    for name, (attribute, read, right) in _SETTINGS.items():
        text = environ.get(name, "").strip()
        if not text:
            continue
        try:
            settings[attribute] = read(text)
        except (ValueError, KeyError) as error:
            raise ComposerError(f"{name} is {text!r}; give {right}") from error
    return settings


def _is_address(base_url: str) -> bool:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host)
