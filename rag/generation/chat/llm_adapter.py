"""LLM adapter: any LlamaIndex language model in place of our own client."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.constants import DEFAULT_CONTEXT_WINDOW
from llama_index.core.llms import LLM

from footnote.rag import ComposerError
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.chat.endpoints.known import KnownModel
from footnote.rag.generation.chat.endpoints.names import find_window, is_known
from footnote.rag.generation.chat.wire.call import ChatCall
from footnote.rag.generation.settings import LLMSettings


class LLMChat(ChatClient):
    """Calls a LlamaIndex ``LLM``, which keeps its own address, key and retries."""

    def __init__(self, llm: LLM, settings: LLMSettings | None = None) -> None:
        """Takes the model, and the deadline and maximum length of an answer."""
        self.llm = llm
        settings = settings or LLMSettings()
        window = settings.window or _window_of(llm)
        self.config = replace(settings, model=llm.metadata.model_name, window=window)
        self.known = KnownModel(self.config)
        self.secrets, self._ended = (), False

    @property
    def where(self) -> str:
        """The model and its provider."""
        return f"{self.config.model} ({self.llm.class_name()})"

    def separate(self, sleep: Callable[[float], object]) -> ChatClient:
        """Returns itself: a LlamaIndex model's calls end with their next piece."""
        return self

    def end_calls(self) -> None:
        """Does nothing."""

    def call(
        self,
        messages: Sequence[ChatMessage],
        *,
        deadline: float,
        schema: Mapping[str, Any] | None = None,
    ) -> ChatCall:
        """Returns a call, which is made when you iterate over it."""
        return _LLMCall(self, messages, deadline)


class _LLMCall(ChatCall):
    def __init__(self, chat: LLMChat, messages: Sequence[ChatMessage], deadline: float) -> None:
        super().__init__(chat, messages, deadline)
        self._llm, self._sent, self._where = chat.llm, list(messages), chat.where

    def _tried(self) -> Generator[str, None, None]:
        try:
            for piece in self._pieces():
                if time.monotonic() >= self._deadline:
                    raise ComposerError(f"{self._where} did not end its answer in time")
                self._written += piece
                yield piece
        except ComposerError:
            raise
        # Each integration has its own errors, which may quote secrets.
        except Exception as error:
            raise ComposerError(f"{self._where} failed ({type(error).__name__})") from error

    def _pieces(self) -> Iterator[str]:
        """Yields the answer as it comes, or whole from an integration that does not stream."""
        try:
            for piece in self._llm.stream_chat(self._sent):
                yield piece.delta or ""
        except NotImplementedError:
            if self._written:
                raise
            yield str(self._llm.chat(self._sent).message.content or "")


def _window_of(llm: LLM) -> int:
    """Returns the window that an integration states, or that its model's name tells."""
    model, stated = llm.metadata.model_name, llm.metadata.context_window
    # Many integrations state LlamaIndex's default where they know nothing.
    return find_window(model) if stated == DEFAULT_CONTEXT_WINDOW and is_known(model) else stated
