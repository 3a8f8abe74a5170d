"""Models: a conversation as a line of a list, or with its answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from footnote.index import FootnoteError
from footnote.rag.answer import Answer
from footnote.rag.serialization import parse_answer

UNTITLED = "New conversation"
# Characters: one line of a list, and the most that a person may give.
TITLE_SHOWN = 60
TITLE_MOST = 200


class ConversationError(FootnoteError):
    """The user has no such conversation, or it cannot be changed in this way."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A line of a user's list.

    Attributes:
        created: In UTC, as ``updated``.
        updated: When the last answer, or the title, was changed.
        messages: Questions with their answers.
        shared: Whether there is a working link to it.
    """

    id: str
    title: str
    created: datetime
    updated: datetime
    messages: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation to be read: its answers, each with its question, in order.

    Attributes:
        created: In UTC.
    """

    title: str
    created: datetime
    answers: tuple[Answer, ...]


def shorten(text: str, most: int = TITLE_SHOWN) -> str:
    """Returns the text on one line, cut at a word to ``most`` characters with its ellipsis."""
    line = " ".join(text.encode("utf-8", "replace").decode().replace("\0", " ").split())
    if len(line) <= most:
        return line
    head = line[: most - 1]
    cut = head.rfind(" ")
    # A long word is cut within.
    return f"{head[: cut if cut >= most // 2 else None].rstrip(' ,.;:')}…"


def make_transcript(title: str, created: float, answers: Sequence[str]) -> Transcript:
    """Returns a conversation from its stored answers, each a record as JSON.

    Raises:
        ConversationError: A record is damaged.
    """
    try:
        restored = tuple(parse_answer(json.loads(answer)) for answer in answers)
    except ValueError as error:
        raise ConversationError(f"conversation {title!r}: {error}") from error
    return Transcript(title, parse_time(created), restored)


def parse_time(seconds: float) -> datetime:
    """Returns a time given in seconds since 1970, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
