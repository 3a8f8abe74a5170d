"""Caller: whose call it is, and who grants it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from openai import OpenAI

from footnote.rag.answer import Usage
from footnote.rag.generation.chat.endpoints.known import KnownModel
from footnote.rag.generation.chat.retries import RetryPolicy
from footnote.rag.generation.settings import LLMSettings


class Caller(Protocol):
    """Whose call it is: one model, how it is reached, and what bounds its answers."""

    config: LLMSettings
    known: KnownModel
    options: Mapping[str, Any]
    retries: RetryPolicy
    client: OpenAI
    sleep: Callable[[float], object]

    @property
    def where(self) -> str:
        """The model and its address, without secrets."""

    @property
    def most_characters(self) -> int:
        """Maximum characters of an answer."""

    @property
    def most_written(self) -> int:
        """Maximum characters of an answer and of the thoughts before it."""

    def without_secrets(self, text: str) -> str:
        """Returns the model's text with the API key removed, if the model repeats it."""

    def tell(self, error: BaseException, level: int) -> None:
        """Logs what an endpoint or a library said about a failure, without secrets."""


class CallMeter(Protocol):
    """Grants each attempt of a call before it is made, and is told what it took."""

    def grant(self, tokens: int) -> None:
        """Lets an attempt be made that may write so many tokens.

        Raises:
            ComposerError: It may not be made.
        """

    def settle(self, took: Usage, *, known: bool) -> None:
        """Takes what an attempt took, as far as it is known; it may be more if not ``known``."""

    def release(self) -> None:
        """Hears that no further attempt is made."""
