"""Known: the window, the room for an answer and the price of a model, looked up when needed."""

import time

from footnote.rag.generation.chat.endpoints.prices import find_prices, table_version
from footnote.rag.generation.chat.endpoints.profile import (
    EndpointMemory,
    ModelWindow,
    within_window,
)
from footnote.rag.generation.chat.endpoints.window import find_model_window
from footnote.rag.generation.settings import LLMSettings, Prices

# Tokens for thoughts beside those of an answer: a guess that was measured with no paid model. With
# low effort thoughts are short.
THOUGHTS = 8_000


class KnownModel:
    """What is known of the configured model; may be used from many threads at once.

    Attributes:
        memory: Keeps what was found out.
    """

    def __init__(
        self, config: LLMSettings, memory: EndpointMemory | None = None, *, grows: bool = True
    ) -> None:
        """Looks up nothing yet.

        Args:
            config: Which model, and where.
            memory: Keeps what is found out; this process alone when not given.
            grows: Whether the room for an answer follows the model's thoughts and its window.
        """
        self.config = config
        self.memory = memory or EndpointMemory()
        self._grows = grows

    @property
    def window(self) -> int:
        """What the model reads and writes in one call, in tokens."""
        return self.find_window().tokens

    def find_window(self, *, afresh: bool = False) -> ModelWindow:
        """Returns what the model reads and writes in one call, and who says so.

        Where nothing is set, and it was not asked lately, the server is asked; an answer waits for
        that up to a second.

        Args:
            afresh: Ask even if it was asked lately.
        """
        if self.config.window is not None:
            tokens = within_window(self.config.window)
            return ModelWindow(tokens, "set by FOOTNOTE_WINDOW", told=True)
        with self.memory.lock:
            found = self.memory.profile.window
            if afresh or found is None or not found.is_fresh(time.time()):
                found, served = find_model_window(self.config)
                if served and self.memory.profile.served not in ("", served):
                    self.memory.forget()
                self.memory.update(window=found, served=served or self.memory.profile.served)
            return found

    def learn_window(self, tokens: int) -> None:
        """Keeps the window that a refusal of a long prompt named."""
        tokens = within_window(tokens)
        told = ModelWindow(tokens, "the endpoint says so", told=True, at=time.time())
        self.memory.update(window=told)

    @property
    def answer_tokens(self) -> int:
        """Maximum tokens that the model may write, with its thoughts where they need room."""
        return self.room(thinks=self.memory.profile.thinks)

    def room(self, *, thinks: bool) -> int:
        """Returns the tokens of an answer of a model that needs room for its thoughts, or not.

        Half of the window stays free for the prompt.
        """
        most = self.config.max_tokens
        if not self._grows:
            return most
        return min(most + THOUGHTS if thinks else most, max(1, self.window // 2))

    @property
    def prices(self) -> Prices | None:
        """What the model costs: as set, else by the table; None if nobody knows."""
        if self.config.prices is not None:
            return self.config.prices
        kept, version = self.memory.profile.prices, table_version()
        if kept is None or kept[0] != version:
            found = find_prices(self.config.base_url, self.config.model)
            kept = (version, (found.prompt, found.completion) if found else None)
            self.memory.update(prices=kept)
        return Prices(*kept[1], source=f"list prices of {version}") if kept[1] else None
