"""Context: what one server of the page works with, and how it answers a question.

Conversations are stored by the server for each user, or only by each reader's browser
(``FOOTNOTE_CONVERSATIONS=browser``).
"""

import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.index.models import Paper
from footnote.index.readers.files import MOST_UNPACKED
from footnote.index.search.filters import Filters
from footnote.index.storage.health.status import Status
from footnote.rag.answer import Answer, ConstraintKind, Event, Turn
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.extractive import Reviewer
from footnote.rag.generation.forms.suggestions import find_topics, offer_questions
from footnote.ui.storage.accounts.accounts import Accounts
from footnote.ui.storage.accounts.models import LOCAL_USER, Identity, Role
from footnote.ui.storage.annotations import Annotation
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.models import Transcript
from footnote.ui.storage.refresh import refresh
from footnote.ui.storage.shares import ENDLESS, ShareTerms
from footnote.ui.storage.shelf import LibraryPart, Shelf
from footnote.ui.storage.topics import LOCAL, Topics
from footnote.ui.web.jobs import Jobs
from footnote.ui.web.requests import Args, QuestionRequest, parse_filters
from footnote.ui.web.server.idle import Activity
from footnote.ui.web.server.writers import Writers


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
        """Yields stages, text, and finally the answer."""


class ShownLibrary(Protocol):
    """The minimum that the page needs from a library."""

    def status(self) -> Status:
        """Returns what the library holds."""


@dataclass(slots=True)
class Offers:
    """Topics of a library and questions that it answers, kept until its map is drawn anew.

    Attributes:
        revision: Of the library that they were made for; None before the first were.
    """

    revision: str | None = None
    topics: Sequence[tuple[str, int]] = ()
    questions: Sequence[str] = ()
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def renew(self, library: Library, ask: Callable[[str], Answer]) -> bool:
        """Makes them if papers changed; returns False at once where another thread is at it.

        Drawing a map and trying questions take seconds: nobody else waits for that.
        """
        revision = library.revision
        if revision == self.revision:
            return True
        if not self._guard.acquire(blocking=False):
            return False
        try:
            self.topics, self.questions = find_topics(library), offer_questions(library, ask)
            self.revision = revision
        finally:
            self._guard.release()
        return True


@dataclass(frozen=True, slots=True)
class AppContext:
    """Everything that the page uses.

    Attributes:
        asks: Engines by the name shown to readers; the first is the default.
        conversations: None if each browser stores its own.
        topics: Saved topics; None if there is no file for them.
        feedback: File with a line of JSON for each vote; None if votes are not stored.
        runs: Folder with eval runs; None if there is none.
        engines: Engines for evals, by the same names as ``asks``.
        sets: Folders of evaluation sets that can be run, by name.
        made_sets: Folder for sets that are made of the library; None if none can be made.
        uploads: Folder that dropped files are put in, deleted with the page; it makes its own
            where none is given.
        unpacked: Bytes that a packed file that was dropped may open to.
        offers: What an empty conversation offers, as long as the papers stay as they are.
        services: Addresses that papers are looked up at, by kind of identifier; the services' own
            when not given.
        shelf: Collections, tags and notes; None if there is no file for them.
        activity: What is being answered now.
        writers: Makes the engines, and makes others when they are chosen on the page; None if
            whoever made the page chose them.
        accounts: Of the server; None where there are none.
        name: Of the library, where the server has several; "" where it has one.
        libraries: The desks of all libraries of the server by name, this one among them; empty
            where it has one.
        who: Whose desk it is; see ``of``.
    """

    library: ShownLibrary
    asks: Mapping[str, Ask]
    conversations: Conversations | None = None
    topics: Topics | None = None
    feedback: Path | None = None
    runs: Path | None = None
    engines: Mapping[str, CitedQueryEngine] = field(default_factory=dict)
    sets: Mapping[str, Path] = field(default_factory=dict)
    made_sets: Path | None = None
    uploads: Path | None = None
    unpacked: int = MOST_UNPACKED
    jobs: Jobs = field(default_factory=Jobs)
    offers: Offers = field(default_factory=Offers)
    services: Mapping[str, str] | None = None
    shelf: Shelf | None = None
    writers: Writers | None = None
    activity: Activity = field(default_factory=Activity)
    accounts: Accounts | None = None
    who: Identity = LOCAL_USER
    name: str = ""
    libraries: "Mapping[str, AppContext]" = field(default_factory=dict, repr=False, compare=False)

    def of(self, who: Identity) -> "AppContext":
        """Returns the desk as one user has it: with what is theirs, and nobody else's."""
        shelf = self.shelf.of(_owner(who)) if self.shelf is not None else None
        return replace(self, who=who.within(self.name), shelf=shelf)

    def find(self, name: str, who: Identity) -> "AppContext":
        """Returns the desk of a library as somebody has it; for "" the first that they may read.

        Raises:
            FootnoteError: There is no such library, or they may not read it.
        """
        found = self.choose(name).of(who)
        if found.who.role >= Role.READER or not self.libraries:
            return found
        mine = self.open_to(who)
        if name or not mine:
            raise FootnoteError("you may not read this library; ask an admin")
        return self.choose(mine[0]).of(who)

    def choose(self, name: str) -> "AppContext":
        """Returns the desk of a library of this server; this one for "".

        Raises:
            FootnoteError: It has no such library.
        """
        if name in ("", self.name):
            return self
        if name not in self.libraries:
            raise FootnoteError(f"this server has no library {name[:40]!r}; choose another one")
        return self.libraries[name]

    @property
    def all(self) -> "Sequence[AppContext]":
        """The desks of all libraries, this one first."""
        return [self, *(desk for name, desk in self.libraries.items() if name != self.name)]

    def open_to(self, who: Identity) -> Sequence[str]:
        """Returns the libraries that somebody may read; none where the server has one."""
        return [name for name in self.libraries if who.within(name).role >= Role.READER]

    @property
    def owner(self) -> str:
        """Whose topics and collections these are."""
        return _owner(self.who)

    def share_terms(self, args: Args) -> ShareTerms:
        """Returns how long a link that is made now works, and for whom."""
        if self.accounts is None:
            return ENDLESS
        return ShareTerms(self.accounts.settings.share_days, args.flag("members"))

    @property
    def may_choose(self) -> bool:
        """Whether who writes may be chosen here, by this user."""
        changeable = self.writers is not None and self.writers.changeable
        return changeable and self.who.role >= Role.ADMIN

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer or for other work."""
        return self.activity.busy or self.jobs.running

    @property
    def papers(self) -> Library:
        """The full library.

        Raises:
            FootnoteError: The page has only a status.
        """
        if not isinstance(self.library, Library):
            raise FootnoteError("this page has no library; serve one with: footnote chat")
        return self.library

    def refresh(self, answer: Answer) -> Answer:
        """Returns a stored answer that tells what became of its sources since."""
        return refresh(answer, self.library) if isinstance(self.library, Library) else answer

    def refreshed(self, transcript: Transcript) -> Transcript:
        """Returns a stored conversation that tells what became of its sources since."""
        return replace(transcript, answers=tuple(map(self.refresh, transcript.answers)))

    @property
    def parts(self) -> Sequence[LibraryPart]:
        """The parts of the library that can be searched alone."""
        return self.shelf.parts(self.papers) if self.shelf else ()

    @property
    def own_shelf(self) -> Shelf:
        """The collections, tags and notes.

        Raises:
            FootnoteError: The server keeps none.
        """
        if self.shelf is None:
            raise FootnoteError("this server keeps no collections; reload the page")
        return self.shelf

    def annotations_of(self, papers: Iterable[Paper]) -> Mapping[str, Annotation]:
        """Returns the tags and the note of each paper that has any, by its id."""
        if self.shelf is None:
            return {}
        return self.shelf.annotations_of((paper.id for paper in papers), self.papers)

    @property
    def engine(self) -> CitedQueryEngine:
        """The engine of the default composer.

        Raises:
            FootnoteError: The page has no engine.
        """
        if not self.engines:
            raise FootnoteError("this page has no engine; serve one with: footnote chat")
        return next(iter(self.engines.values()))

    @property
    def telling(self) -> CitedQueryEngine:
        """The engine that tells what is new, by quotes if it can: it is asked often, by feeds.

        Raises:
            FootnoteError: The page has no engine.
        """
        return self.quoting or self.engine

    @property
    def quoting(self) -> CitedQueryEngine | None:
        """The engine that answers without a model; None if the page has none."""
        found = (one for one in self.engines.values() if one.composer.mode == "extractive")
        return next(found, None)

    @property
    def known_sets(self) -> Mapping[str, Path]:
        """The sets that can be run now, by name: those that were given, then those made here."""
        folder = self.made_sets
        made = sorted(folder.glob("*/questions.jsonl")) if folder is not None else []
        return {**self.sets, **{path.parent.name: path.parent for path in made}}

    def filters(self, scope: Args) -> Filters:
        """Returns the filters of a scope as a browser sent it.

        Raises:
            FootnoteError: It is not one that the page sends, or names a collection that is gone.
        """
        return self.narrow(parse_filters(scope), scope.text("within", "", most=200))

    def narrow(self, filters: Filters, within: str) -> Filters:
        """Returns filters that also hold a collection's or a tag's papers alone.

        Args:
            filters: In force beside it.
            within: The key of the part of the library; "" is all of it.

        Raises:
            FootnoteError: It is gone.
        """
        if not within or self.shelf is None:
            return filters
        papers = frozenset(self.shelf.papers(within))
        return replace(filters, papers=papers & (filters.papers or papers))

    def answers(self, asked: QuestionRequest) -> tuple[Answer, ...]:
        """Returns the answers that a question follows.

        Raises:
            ConversationError: The user has no such conversation.
        """
        found = asked.records
        if self.conversations is not None and asked.conversation:
            found = self.conversations.load(asked.user, asked.conversation).answers
        return found[: asked.kept]

    def said(self, asked: QuestionRequest) -> Sequence[tuple[str, str]]:
        """Returns the earlier questions of a conversation, with the texts of their answers.

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
        """Yields the parts of an answer; ``before`` is what ``said`` returns.

        Raises:
            AccountError: A model would write, and the user's budget of the day is spent.
        """
        # As they are now: others may be chosen at any time.
        asks, engines = dict(self.asks.items()), dict(self.engines.items())
        name = asked.composer if asked.composer in asks else next(iter(asks))
        if self.accounts is not None and self.waits(asked):
            self.accounts.spending.check(asked.user)
        turns = [
            turn
            for earlier, text in before
            for turn in (Turn("user", earlier), Turn("assistant", text))
        ]
        filters = self.narrow(asked.filters, asked.within)
        engine = engines.get(name)
        if asked.thorough and engine is not None and isinstance(engine.composer, Reviewer):
            parts: Iterator[Event] = engine.stream(
                question, turns, filters, ignored=asked.ignored, thorough=True
            )
        else:
            parts = asks[name](question, turns, filters, ignored=asked.ignored)
        return self._counted(asked.user, self.activity.watch(parts))

    def _counted(self, user: str, parts: Generator[Event, None, None]) -> Iterator[Event]:
        """Yields the parts of an answer; what it took of a model is its user's."""
        if self.accounts is None:
            yield from parts
            return
        with closing(parts):
            for part in parts:
                if isinstance(part, Answer) and part.receipt.model:
                    took = part.receipt
                    tokens = took.prompt_tokens + took.completion_tokens
                    self.accounts.spending.add(user, tokens, took.cost_usd or 0.0)
                yield part

    def waits(self, asked: QuestionRequest) -> bool:
        """Returns whether an answer mostly waits, for a model, and does not compute."""
        engines = dict(self.engines.items())
        name = asked.composer if asked.composer in engines else next(iter(self.asks))
        engine = engines.get(name)
        return engine is None or engine.composer.mode != "extractive"

    @property
    def reviewing(self) -> Collection[str]:
        """The names of those that write thorough answers."""
        return [n for n, engine in self.engines.items() if isinstance(engine.composer, Reviewer)]

    def begin(self, asked: QuestionRequest) -> QuestionRequest:
        """Returns a request whose conversation has begun: what is stopped can stay in it."""
        if self.conversations is None or asked.conversation:
            return asked
        return replace(asked, conversation=self.conversations.start(asked.user))

    def keep(self, asked: QuestionRequest, answer: Answer) -> str | None:
        """Adds an answer to its conversation, begun if need be; returns the conversation's id.

        For an edited question, deletes the old version and everything after it.
        """
        store = self.conversations
        if store is None:
            return None
        id = asked.conversation or store.start(asked.user)
        if asked.conversation and asked.kept is not None:
            store.truncate(asked.user, id, asked.kept)
        store.append(asked.user, id, answer)
        return id


def _owner(who: Identity) -> str:
    return LOCAL if who.way == "local" else who.id
