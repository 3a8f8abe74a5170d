"""Requests: validate what a browser sends with a question or an action.

The server has no sessions: every call brings its user, conversation and scope, so a reload, a
second tab or a restart loses nothing and mixes nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

from footnote.index import FootnoteError
from footnote.index.models import LAST_YEAR
from footnote.index.search.filters import EVERYTHING, Filters
from footnote.rag.answer import Answer, ConstraintKind
from footnote.rag.serialization import parse_answer
from footnote.ui.storage.accounts.models import Identity

# A browser makes it once from 128 random bits; whoever knows it can read the conversations.
_USER = re.compile(r"[A-Za-z0-9_-]{16,64}")
# A number as a form sends it; int() would also accept "１２" and "1_2".
_NUMBER = re.compile(r"-?[0-9]{1,15}")
# No count of a page, an import or a paper is larger.
MOST_COUNTED = 1_000_000_000
# No score, span, count of tokens or milliseconds of an answer is larger.
MOST_STORED = 10**12
MOST_PINNED = 5_000
# Minutes that a clock is before or behind UTC, and the last second of the year 9998: a day more
# can still be shown.
FARTHEST_ZONE = 24 * 60 - 1
LAST_SECOND = 253_370_764_799
MOST_TURNS = 200
KINDS: tuple[ConstraintKind, ...] = get_args(ConstraintKind)


class BadRequest(FootnoteError):
    """The request is not one that the page sends."""


def is_text(value: str) -> bool:
    """Returns whether a string can be encoded: JSON may contain lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


@dataclass(frozen=True, slots=True)
class Args:
    """The arguments of an action by name; each method checks the type of a value."""

    values: Mapping[str, Any]

    @classmethod
    def read(cls, data: object) -> "Args":
        """Returns what a browser sent.

        Raises:
            BadRequest: It is not an object.
        """
        if not isinstance(data, Mapping):
            raise BadRequest(f"the page sent a {type(data).__name__}, not an object; reload it")
        return cls(data)

    def of(self, who: Identity) -> "Args":
        """Returns what was sent as coming from its user, whoever the browser says it is."""
        return Args({**self.values, "user": who.id}) if who.has_account else self

    def text(self, name: str, default: str | None = None, *, most: int = 10_000) -> str:
        """Returns a text; required if there is no default.

        Raises:
            BadRequest: It is missing, not a text, or too long.
        """
        value = self.values.get(name, default)
        if value is None and default is None:
            raise BadRequest(f"the page sent no {name}; reload it")
        if not isinstance(value, str) or len(value) > most or not is_text(value):
            raise BadRequest(f"{name} must be a text of at most {most:,} characters; reload")
        return value

    def number(self, name: str, *, least: int = 0, most: int = MOST_COUNTED) -> int | None:
        """Returns a whole number within bounds, None where there is none.

        Raises:
            BadRequest: It is something else, or out of bounds.
        """
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            value = int(value)
        # type() and not isinstance(): true is an int to Python.
        if type(value) is not int or not least <= value <= most:
            bounds = f"from {least:,} to {most:,}"
            raise BadRequest(
                f"{name} must be a whole number {bounds}, got {_describe_error(value)}; reload"
            )
        return value

    def texts(self, name: str, *, most: int = MOST_PINNED) -> tuple[str, ...]:
        """Returns a list of texts, empty where there is none.

        Raises:
            BadRequest: It is something else, or too long.
        """
        value = self.values.get(name) or ()
        if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > most:
            raise BadRequest(f"{name} must be a list of at most {most:,} texts; reload the page")
        if not all(isinstance(item, str) and is_text(item) for item in value):
            raise BadRequest(f"{name} must hold texts only; reload the page")
        return tuple(value)

    def flag(self, name: str) -> bool:
        """Returns whether something was ticked or chosen."""
        return self.values.get(name) in (True, "1", 1)

    def part(self, name: str) -> "Args":
        """Returns an object within, empty where there is none."""
        return Args.read(self.values.get(name) or {})

    @property
    def user(self) -> str:
        """Who asks.

        Raises:
            BadRequest: The name is not one that a browser made.
        """
        user = self.text("user", most=64)
        if not _USER.fullmatch(user):
            raise BadRequest("the page did not identify its reader; reload it")
        return user

    @property
    def now(self) -> datetime:
        """The time by the reader's clock and time zone; by the server's, in UTC, if none is sent.

        Raises:
            BadRequest: It is not a time.
        """
        seconds = self.number("now", most=LAST_SECOND)
        if seconds is None:
            return datetime.now(UTC)
        behind = self.number("zone", least=-FARTHEST_ZONE, most=FARTHEST_ZONE) or 0
        return datetime.fromtimestamp(seconds, timezone(timedelta(minutes=-behind)))


@dataclass(frozen=True, slots=True)
class QuestionRequest:
    """One question with its conversation and scope.

    Attributes:
        conversation: Its id; None begins a new one.
        kept: Number of earlier answers to keep; None keeps all.
        ignored: Kinds of filters that are not read from the question.
        composer: Name of the composer; "" is the default one.
        records: The answers so far, if the browser stores them.
        thorough: Whether a literature review is asked for.
        within: Key of the collection or tag that alone is searched; "" searches all.
    """

    user: str
    conversation: str | None = None
    kept: int | None = None
    filters: Filters = EVERYTHING
    ignored: frozenset[ConstraintKind] = frozenset()
    composer: str = ""
    records: tuple[Answer, ...] = field(default=())
    thorough: bool = False
    within: str = ""

    @classmethod
    def read(cls, data: object) -> "QuestionRequest":
        """Returns the request from a browser's values.

        Raises:
            BadRequest: The page does not send such values.
        """
        args = Args.read(data)
        return cls(
            args.user,
            args.text("conversation", "", most=100) or None,
            args.number("kept"),
            parse_filters(args.part("scope")),
            frozenset(kind for kind in KINDS if kind in args.texts("ignored", most=20)),
            args.text("composer", "", most=200),
            _answers(args),
            args.values.get("thorough") is True,
            args.part("scope").text("within", "", most=200),
        )


def _within_bounds(value: object) -> bool:
    """Returns whether every number in JSON values is in bounds and every text can be encoded."""
    left = [value]
    while left:
        inner = left.pop()
        if isinstance(inner, Mapping):
            left += inner.values()
        elif isinstance(inner, list | tuple):
            left += inner
        # Written so, NaN is out of bounds.
        elif (isinstance(inner, str) and not is_text(inner)) or (
            isinstance(inner, int | float) and not -MOST_STORED <= inner <= MOST_STORED
        ):
            return False
    return True


def _describe_error(value: object) -> str:
    """Returns the beginning of a value, without formatting a huge number first."""
    if isinstance(value, int) and abs(value) > MOST_COUNTED:
        return f"one of {value.bit_length():,} bits"
    if isinstance(value, str):
        return repr(value[:40])
    return repr(value) if isinstance(value, int | float) else f"a {type(value).__name__}"


def parse_filters(scope: Args) -> Filters:
    """Returns the filters of a scope; swaps years in the wrong order."""
    years = [scope.number(name, least=1, most=LAST_YEAR) for name in ("since", "until")]
    since, until = years
    if since is not None and until is not None and since > until:
        since, until = until, since
    names = {name: scope.text(name, "", most=200) or None for name in ("venue", "author", "source")}
    papers = scope.texts("papers")
    return Filters(since, until, **names, papers=frozenset(papers) if papers else None)


def _answers(args: Args) -> tuple[Answer, ...]:
    records = args.values.get("records") or ()
    if not isinstance(records, Sequence) or len(records) > MOST_TURNS:
        raise BadRequest(f"records must be a list of at most {MOST_TURNS} answers; reload the page")
    if not _within_bounds(records):
        raise BadRequest(
            f"records hold half a character or a number beyond {MOST_STORED:,}; reload the page"
        )
    try:
        answers = tuple(parse_answer(record) for record in records)
    except ValueError as error:
        raise BadRequest(str(error)) from error
    for answer in answers:
        for citation in (c for statement in answer.statements for c in statement.citations):
            if not 1 <= citation.marker <= len(answer.papers):
                raise BadRequest(f"a record cites source {citation.marker}, which it does not have")
    return answers
