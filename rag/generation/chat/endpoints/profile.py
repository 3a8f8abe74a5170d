"""Profile: what is known of a model at an endpoint, kept in a file so that it is found out once.

What an endpoint refuses, how much a model reads, whether it judges well, and its price. A file is
small JSON without any secret; one that is damaged, or older than ``DAYS``, counts as none.
"""

import hashlib
import json
import logging
import os
import tempfile
import threading
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from footnote.index.embeddings.minilm_export import cache_folder
from footnote.rag.generation.chat.endpoints.connection import address_of
from footnote.rag.generation.settings import LLMSettings

_log = logging.getLogger(__name__)

# Days after which everything is found out again: endpoints learn, and models change under a name.
DAYS = 30
# Seconds for which a window holds that the server told, one that we assumed, and the verdict that a
# model is no judge: a bad hour of its server may have made it one.
TOLD_FOR, ASSUMED_FOR, DISTRUSTED_FOR = 86_400, 600, 3_600
MOST_TOKENS = 10_000_000
_MOST_USD = 1_000_000
_Text = Annotated[str, Field(max_length=300)]
_Price = Annotated[float, Field(ge=0, le=_MOST_USD)]


def within_window(tokens: int) -> int:
    """Returns a number of tokens as a window can have it: servers name any."""
    return max(1, min(tokens, MOST_TOKENS))


@dataclass(frozen=True, slots=True)
class ModelWindow:
    """What a model reads and writes in one call.

    Attributes:
        tokens: How many tokens.
        source: Who says so, in words.
        told: Whether the server said it; otherwise it is assumed.
        at: When, in seconds since 1970.
    """

    tokens: Annotated[int, Field(ge=1, le=MOST_TOKENS)]
    source: _Text
    told: bool = False
    at: float = 0.0

    def is_fresh(self, now: float) -> bool:
        """Returns whether it can still be relied upon."""
        return 0 <= now - self.at < (TOLD_FOR if self.told else ASSUMED_FOR)


@dataclass(frozen=True, slots=True)
class EndpointProfile:
    """What is known of one model at one endpoint.

    Attributes:
        refused: Fields of a request that it does not take; "system" stands for that role.
        api: Which of OpenAI's two interfaces it speaks.
        thinks: Whether its thoughts need more room than an answer has.
        window: What it reads and writes; None before it was asked.
        served: What the server says that it serves under the model's name.
        trusted: Whether it judges known sentences rightly, by the version of that test.
        tested: When that was found out, in seconds since 1970.
        prices: USD for a million tokens of prompt and of answer, by the version of the table; None
            for a model that is not in it.
        since: When the first of these was learned, in seconds since 1970.
    """

    refused: frozenset[_Text] = frozenset()
    api: Literal["chat", "responses"] = "chat"
    thinks: bool = False
    window: ModelWindow | None = None
    served: _Text = ""
    trusted: tuple[_Text, bool] | None = None
    tested: float = 0.0
    prices: tuple[_Text, tuple[_Price, _Price] | None] | None = None
    since: float = 0.0


_READER = TypeAdapter(EndpointProfile)


class EndpointMemory:
    """Keeps the profile of one model at one endpoint; may be used from many threads at once.

    Attributes:
        profile: What is known so far.
        lock: Hold it while something is found out that needs to be found out once.
    """

    def __init__(self, folder: Path | None = None, base_url: str = "", model: str = "") -> None:
        """Reads what is kept.

        Args:
            folder: Where profiles are kept; None keeps them in this process alone.
            base_url: Address of the endpoint; user name, password and query are left out.
            model: Name of the model.
        """
        self._endpoint = address_of(base_url).rstrip("/")
        self._model = model
        named = json.dumps([self._endpoint, model]).encode()
        name = hashlib.sha256(named).hexdigest()[:20]
        self._path = folder / f"{name}.json" if folder else None
        self._changing = threading.Lock()
        self.lock = threading.Lock()
        self.profile = self._read()

    def accept(self, profile: EndpointProfile) -> None:
        """Keeps how a request was written that the endpoint has taken.

        Another call may have learned something else meanwhile, which stays.
        """
        known = self.profile
        if profile.refused <= known.refused and profile.api in (known.api, "chat"):
            return
        api = profile.api if known.api == "chat" else known.api
        self.update(refused=known.refused | profile.refused, api=api)

    def update(self, **changes: Any) -> EndpointProfile:
        """Returns the profile with these fields changed, and keeps it."""
        with self._changing:
            now = {field.name: getattr(self.profile, field.name) for field in fields(self.profile)}
            changed = EndpointProfile(**{**now, "since": now["since"] or time.time(), **changes})
            same = changed == self.profile
            self.profile = changed
            if not same:
                self._write()
            return changed

    def forget(self) -> None:
        """Forgets everything, because another model is served under the name."""
        with self._changing:
            self.profile = EndpointProfile()

    def _read(self) -> EndpointProfile:
        if self._path is None:
            return EndpointProfile()
        try:
            kept = json.loads(self._path.read_bytes())
            if [kept["endpoint"], kept["model"]] != [self._endpoint, self._model]:
                return EndpointProfile()
            found = _READER.validate_python(kept["profile"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError, ValidationError) as error:
            if not isinstance(error, FileNotFoundError):
                _log.debug("%s is not read: %s", self._path, error)
            return EndpointProfile()
        return found if 0 <= time.time() - found.since < DAYS * 86_400 else EndpointProfile()

    def _write(self) -> None:
        """Writes the file so that it appears whole or not at all; it may as well not be kept."""
        if self._path is None:
            return
        row = asdict(self.profile) | {"refused": sorted(self.profile.refused)}
        text = json.dumps({"endpoint": self._endpoint, "model": self._model, "profile": row})
        partial: Path | None = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False) as file:
                partial = Path(file.name)
                file.write(text)
            os.replace(partial, self._path)
        except OSError as error:
            _log.debug("%s is not kept: %s", self._path, error)
            if partial is not None:
                partial.unlink(missing_ok=True)


def open_memory(model: LLMSettings) -> EndpointMemory:
    """Returns what is kept of a model's endpoint in the cache folder, if it may be kept there."""
    folder = cache_folder() / "endpoints" if model.remember else None
    return EndpointMemory(folder, model.base_url, model.model)
