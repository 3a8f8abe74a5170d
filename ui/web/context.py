"""The desk: what one server of the page works with, and how it answers a question.

Conversations are kept by the server, by user, or by each reader's browser alone
(``FOOTNOTE_CONVERSATIONS=browser``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.index.readers.files import MOST_UNPACKED
from footnote.index.search.filters import Filters
from footnote.index.storage.status import Status
from footnote.rag.answer import Answer, ConstraintKind, Event, Turn
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.topics import Topics
from footnote.ui.web.jobs import Jobs
from footnote.ui.web.requests import QuestionRequest


class Ask(Protocol):
    """Answers a question; ``CitedQueryEngine.stream`` does."""

    def __call__(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters = ...,
        *,
        ignored: frozenset[ConstraintKind] = ...,
    ) -> Iterator[Event]:
        """Yields stages, text, at last the answer."""


class ShownLibrary(Protocol):
    """The part of a library that the page cannot do without."""

    def status(self) -> Status:
        """Returns what the library holds."""


@dataclass(frozen=True, slots=True)
class AppContext:
    """What the page is made over.

    Attributes:
        asks: Who answers, by the name that readers choose by; the first is the default.
        conversations: None where each browser keeps its own.
        topics: Saved topics; None where no file for them was given.
        feedback: A line of JSON for each thumb; None where none is kept.
        runs: Folder with runs of evals; None where there is none.
        engines: What evals ask, by the same names as ``asks``.
        sets: Folders of questions that a run can be started of, by name.
        uploads: Folder that dropped files are put in, deleted with the page; it makes its own
            where none is given.
        unpacked: Bytes that a packed file that was dropped may open to.
    """

    library: ShownLibrary
    asks: Mapping[str, Ask]
    conversations: Conversations | None = None
    topics: Topics | None = None
    feedback: Path | None = None
    runs: Path | None = None
    engines: Mapping[str, CitedQueryEngine] = field(default_factory=dict)
    sets: Mapping[str, Path] = field(default_factory=dict)
    uploads: Path | None = None
    unpacked: int = MOST_UNPACKED
    jobs: Jobs = field(default_factory=Jobs)

    @property
    def papers(self) -> Library:
        """The library, where it is more than a status.

        Raises:
            FootnoteError: It is not.
        """
        if not isinstance(self.library, Library):
            raise FootnoteError("this page has no library; serve one with: footnote chat")
        return self.library

    @property
    def engine(self) -> CitedQueryEngine:
        """The engine of the default composer.

        Raises:
            FootnoteError: The page has none behind it.
        """
        if not self.engines:
            raise FootnoteError("this page has no engine; serve one with: footnote chat")
        return next(iter(self.engines.values()))

    def answers(self, asked: QuestionRequest) -> tuple[Answer, ...]:
        """Returns the answers that a question goes on from.

        Raises:
            ConversationError: The user has no such conversation.
        """
        found = asked.records
        if self.conversations is not None and asked.conversation:
            found = self.conversations.load(asked.user, asked.conversation).answers
        return found[: asked.kept]

    def said(self, asked: QuestionRequest) -> Sequence[tuple[str, str]]:
        """Returns each question that a question goes on from, with the text of its answer.

        Raises:
            ConversationError: The user has no such conversation.
        """
        found: Sequence[tuple[str, str]] = [(a.question, a.text) for a in asked.records]
        if self.conversations is not None and asked.conversation:
            found = self.conversations.said(asked.user, asked.conversation)
        return found[: asked.kept]

    def stream(
        self, question: str, asked: QuestionRequest, before: Sequence[tuple[str, str]]
    ) -> Iterator[Event]:
        """Yields an answer in the making; ``before`` is what ``said`` returns."""
        name = asked.composer if asked.composer in self.asks else next(iter(self.asks))
        turns = [
            turn
            for earlier, text in before
            for turn in (Turn("user", earlier), Turn("assistant", text))
        ]
        return self.asks[name](question, turns, asked.filters, ignored=asked.ignored)

    def keep(self, asked: QuestionRequest, answer: Answer) -> str | None:
        """Adds an answer to its conversation, begun if need be; returns the conversation's id.

        Of an edited question everything from it on is forgotten, now that there is another.
        """
        store = self.conversations
        if store is None:
            return None
        id = asked.conversation or store.start(asked.user)
        if asked.conversation and asked.kept is not None:
            store.truncate(asked.user, id, asked.kept)
        store.append(asked.user, id, answer)
        return id
