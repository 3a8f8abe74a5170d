"""Writers: the engines of a page by the names shown to readers, made anew when others are chosen.

What the environment or the user's file sets is fixed; the rest may be chosen on the page, is kept
beside that file, and holds from the next question on.
"""

import threading
from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from footnote.index.library import Library
from footnote.index.settings import (
    CHOSEN,
    EndpointSettings,
    Section,
    SettingInfo,
    SettingSources,
    read_fields,
)
from footnote.rag.build import build_engine
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.chat.daily import DayTotal, daily_budget
from footnote.rag.generation.chat.endpoints.chosen import choosable, read_chosen, write_chosen
from footnote.rag.generation.chat.endpoints.known import KnownModel
from footnote.rag.generation.settings import LLMSettings
from footnote.rag.query.question import MAX_CHARACTERS
from footnote.rag.retrieval.reranking.rerank import Reranker
from footnote.ui.settings import ServerSettings

QUOTES = "quotes"
SECTIONS: tuple[type[Section], ...] = (EndpointSettings, LLMSettings, ServerSettings)

T = TypeVar("T")


class LiveMapping(Mapping[str, T]):
    """Shows a mapping that may be another one the next time."""

    def __init__(self, now: Callable[[], Mapping[str, T]]) -> None:
        """Takes what returns the mapping."""
        self._now = now

    def __getitem__(self, name: str) -> T:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def items(self) -> ItemsView[str, T]:
        """Returns the pairs of one moment: looked up one by one, a name may be gone."""
        return self._now().items()

    def values(self) -> ValuesView[T]:
        """Returns the values of one moment."""
        return self._now().values()

    def __len__(self) -> int:
        return len(self._now())


@dataclass(frozen=True, slots=True)
class _InForce:
    """What holds together: settings, and the engines made from them."""

    sources: SettingSources
    model: LLMSettings | None
    engines: Mapping[str, CitedQueryEngine]
    thorough: bool


class Writers:
    """Who can write on a page; safe to use from many threads.

    Attributes:
        quotes_only: Whether the command that serves the page wants no model.
        changeable: Whether readers may choose; false until the server knows who reaches it.
    """

    def __init__(
        self,
        library: Library,
        configured: SettingSources,
        *,
        path: Path,
        quotes_only: bool = False,
        reranker: Reranker | None = None,
        longest: int = MAX_CHARACTERS,
    ) -> None:
        """Makes the engines.

        Args:
            library: The papers to answer from.
            configured: What the environment and the user's file say.
            path: File of what was chosen.
            quotes_only: Whether no model is wanted.
            reranker: Reorders the best hits.
            longest: Maximum characters of a question.

        Raises:
            FootnoteError: A setting is wrong.
        """
        self.quotes_only, self.changeable = quotes_only, False
        self._library, self._reranker, self._longest = library, reranker, longest
        self._configured, self._path = configured, path
        self._saving = threading.Lock()
        self._quoting = build_engine(library, reranker=reranker, longest=longest)
        self._now = self._make(configured.choosing(read_chosen(path, SECTIONS)))
        self.engines = LiveMapping(lambda: self._now.engines)
        self.asks = LiveMapping(
            lambda: {name: engine.stream for name, engine in self._now.engines.items()}
        )

    @property
    def sources(self) -> SettingSources:
        """The settings in force."""
        return self._now.sources

    @property
    def model(self) -> LLMSettings | None:
        """The model that writes unless a reader chooses another; None without one."""
        return self._now.model

    @property
    def thorough(self) -> bool:
        """Whether thorough answers are asked for at first."""
        return self._now.thorough

    def spent(self, model: LLMSettings) -> DayTotal | None:
        """Returns what today has taken; None where nothing is counted.

        Raises:
            DayLimitError: It cannot be counted.
        """
        day = daily_budget(model, KnownModel(model))
        return day.spent() if day else None

    def is_fixed(self, variable: str) -> bool:
        """Returns whether the environment or the user's file sets something."""
        return self._configured.source(variable) != "default"

    def try_out(
        self, chosen: Mapping[str, str], called: Mapping[str, str] | None = None
    ) -> LLMSettings | None:
        """Returns the model that a choice would make, without keeping it.

        Its name is empty where only an address is chosen, and it is None without an endpoint. The
        key is what this address would get.

        Args:
            chosen: As text by environment variable.
            called: What its errors call the settings, by the same; their variables if not given.

        Raises:
            FootnoteError: A value is wrong.
        """
        sources = self._configured.choosing(self._allowed(chosen), called)
        if sources.get("FOOTNOTE_MODEL", "").strip():
            return LLMSettings.from_environment(sources)
        unnamed = LLMSettings.from_environment(sources.using(FOOTNOTE_MODEL="none"))
        if unnamed is None or not sources.get("OPENAI_BASE_URL", "").strip():
            return LLMSettings.from_environment(sources)
        return replace(unnamed, model="")

    def choose(self, chosen: Mapping[str, str], called: Mapping[str, str] | None = None) -> None:
        """Keeps a choice, as text by environment variable, and answers with it from now on.

        What is fixed keeps what was chosen for it before, if it is ever to hold again.

        Args:
            chosen: As text by environment variable.
            called: What an error calls the settings, by the same; their variables if not given.

        Raises:
            FootnoteError: A value is wrong, or cannot be kept; nothing is changed then.
        """
        with self._saving:
            before = read_chosen(self._path, SECTIONS)
            fixed = {name: text for name, text in before.items() if self.is_fixed(name)}
            kept = {**fixed, **self._allowed(chosen)}
            if not self.quotes_only:
                LLMSettings.from_environment(self._configured.choosing(kept, called))
            made = self._make(self._configured.choosing(kept))
            write_chosen(self._path, kept)
            self._now = made

    def renew(self) -> None:
        """Takes up what was chosen for another library of the same server."""
        with self._saving:
            self._now = self._make(self._configured.choosing(read_chosen(self._path, SECTIONS)))

    def _allowed(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """Returns of a choice what may be chosen and nothing else sets."""
        known = choosable(SECTIONS)
        return {
            name: text.strip()
            for name, text in chosen.items()
            if name in known and text.strip() and not self.is_fixed(name)
        }

    def _make(self, sources: SettingSources) -> _InForce:
        thorough = ServerSettings(**read_fields(ServerSettings, sources)).thorough
        model = None if self.quotes_only else LLMSettings.from_environment(sources)
        if model is None:
            return _InForce(sources, None, {QUOTES: self._quoting}, thorough)
        names = [model.model, *sources.get("FOOTNOTE_MODELS", "").split(",")]
        written = {
            name: build_engine(
                self._library,
                model=replace(model, model=name),
                reranker=self._reranker,
                longest=self._longest,
            )
            for name in dict.fromkeys(name.strip() for name in names)
            if name
        }
        return _InForce(sources, model, {**written, QUOTES: self._quoting}, thorough)


def setting_of(variable: str) -> SettingInfo:
    """Returns a setting that can be chosen on the page."""
    return choosable(SECTIONS)[variable]


def source_line(sources: SettingSources, variable: str) -> str:
    """Returns in words what fixes a setting: its variable, or a line of the file; "" if nothing."""
    match sources.source(variable):
        case "environment":
            return f"Set by {variable}, where the server runs."
        case place if place in (CHOSEN, "default"):
            return ""
        case place:
            return f"Set in {place}, where the server runs."
