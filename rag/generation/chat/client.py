"""Client: calls a chat model with one set of settings.

The composer streams answers from it, and the judge takes whole ones. What an endpoint says about a
failure goes only to the log.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage

from footnote.index.chunking import count_tokens
from footnote.index.embeddings.endpoints import find_secrets, mask_keys, mask_secrets
from footnote.rag.generation.chat.daily import DailyBudget, daily_budget
from footnote.rag.generation.chat.endpoints.connection import address_of, connect
from footnote.rag.generation.chat.endpoints.known import KnownModel
from footnote.rag.generation.chat.endpoints.profile import EndpointMemory
from footnote.rag.generation.chat.retries import RETRIES, RetryPolicy, said_by
from footnote.rag.generation.chat.wire.call import ChatCall
from footnote.rag.generation.chat.wire.sockets import OpenSockets
from footnote.rag.generation.chat.wire.streaming import MOST_BYTES
from footnote.rag.generation.settings import LLMSettings

_log = logging.getLogger(__name__)

# Maximum characters of an answer, and of it with the model's thoughts; more if more tokens are
# requested. The five short sentences that we ask for have about 1,000.
MOST_CHARACTERS = 10_000
MOST_WRITTEN = 100_000
CHARACTERS_OF_A_TOKEN = 8
STREAMED: Mapping[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}


def count_prompt(messages: Sequence[ChatMessage]) -> int:
    """Returns the tokens of a prompt."""
    return sum(count_tokens(str(message.content)) for message in messages)


class ChatClient:
    """Calls one model; thread-safe.

    Attributes:
        day: Counts what a day takes; None where nothing is counted.
    """

    day: DailyBudget | None = None

    def __init__(
        self,
        config: LLMSettings,
        *,
        sleep: Callable[[float], object] = time.sleep,
        retries: RetryPolicy = RETRIES,
        options: Mapping[str, Any] = STREAMED,
        memory: EndpointMemory | None = None,
        grows: bool = True,
    ) -> None:
        """Stores the configuration without connecting.

        Args:
            config: Which model, and where.
            sleep: Waits so many seconds before a retry.
            retries: How often a call is made.
            options: Request fields besides the messages; "stream" streams the answer.
            memory: What is known of the endpoint; this process alone remembers it when not given.
            grows: Whether the room for an answer follows the model's thoughts and its window.
        """
        self.config = config
        self.sleep = sleep
        self.retries = retries
        self.options = options
        self.known = KnownModel(config, memory, grows=grows)
        self.day = daily_budget(config, self.known)
        self._sockets, self._ended = OpenSockets(), False
        self.client = connect(
            config,
            most=MOST_BYTES,
            streams=bool(options.get("stream")),
            watch=self._sockets.watch,
        )
        self.secrets = find_secrets(config.base_url, config.api_key)

    def separate(self, sleep: Callable[[float], object]) -> "ChatClient":
        """Returns a client of the same model whose calls can be ended without ending others.

        Args:
            sleep: Waits so many seconds before a retry; may raise to end the call.
        """
        own = ChatClient(self.config, sleep=sleep, retries=self.retries, options=self.options)
        own.known, own.day = self.known, self.day
        return own

    def end_calls(self) -> None:
        """Ends the calls that are under way, which meet an error; no further one can be made."""
        self._ended = True
        self._sockets.shut()
        self.client.close()

    @property
    def where(self) -> str:
        """The model and its address, without secrets."""
        return f"{self.config.model} at {address_of(self.config.base_url)}"

    @property
    def most_characters(self) -> int:
        """Maximum characters of an answer."""
        return max(MOST_CHARACTERS, CHARACTERS_OF_A_TOKEN * self.config.max_tokens)

    @property
    def most_written(self) -> int:
        """Maximum characters of an answer and of the thoughts before it."""
        return max(MOST_WRITTEN, 2 * CHARACTERS_OF_A_TOKEN * self.config.max_tokens)

    def call(
        self,
        messages: Sequence[ChatMessage],
        *,
        deadline: float,
        schema: Mapping[str, Any] | None = None,
    ) -> ChatCall:
        """Returns a call, which is made when you iterate over it.

        Args:
            messages: The prompt.
            deadline: When the call must end, by ``time.monotonic``.
            schema: JSON Schema of the answer, for endpoints that can be held to one.
        """
        call = ChatCall(self, messages, deadline, schema)
        if self.day is not None:
            call.day = self.day.meter(count_prompt(messages))
        return call

    def without_secrets(self, text: str) -> str:
        """Returns the model's text with the API key removed, if the model repeats it."""
        return mask_keys(text, [self.config.api_key])

    def tell(self, error: BaseException, level: int) -> None:
        """Logs what an endpoint or a library said about a failure, without secrets."""
        if said := mask_secrets(said_by(error), self.secrets):
            # What was ended on purpose is no failure of the endpoint.
            level = logging.DEBUG if self._ended else level
            _log.log(level, "%s: %s: %s", self.where, type(error).__name__, said)
