"""Recorded: replies from files in place of a model, and the prompts that still need one.

A prompt is named by the hash of its messages. ``DIR/prompts/NAME.md`` is a prompt for whoever
writes the reply, ``DIR/replies/NAME.txt`` the reply, used byte for byte. Replies are also read from
one file of JSON Lines, ``{"id", "by", "reply"}``, compressed or not.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from llama_index.core.base.llms.types import ChatMessage

from footnote.index import FootnoteError
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.chat.endpoints.known import KnownModel
from footnote.rag.generation.chat.wire.call import ChatCall
from footnote.rag.generation.settings import LLMSettings

PROMPTS, REPLIES = "prompts", "replies"
# As much room as the models of today have, whatever the environment says.
SETTINGS = LLMSettings(model="recorded", window=128_000)
_DIGITS = 20


class MissingReply(FootnoteError):
    """No reply to a prompt was recorded; whoever asks gets no answer, not even a quoted one."""


class RecordedChat(ChatClient):
    """Replies from files; with a folder to record into, it writes the prompts without a reply.

    Attributes:
        asked: The names of the prompts so far, and whether each had a reply.
    """

    def __init__(self, replies: Path, *, record: bool = False) -> None:
        """Reads the replies.

        Args:
            replies: A folder, or a file of JSON Lines.
            record: Whether prompts without a reply are written into the folder.

        Raises:
            FootnoteError: The replies cannot be read.
        """
        self.config = SETTINGS
        self.known = KnownModel(SETTINGS)
        self.secrets, self._ended = (), False
        self.asked: dict[str, bool] = {}
        self.replies = dict(read_replies(replies))
        self._prompts = replies / PROMPTS if record else None
        if self._prompts:
            self._prompts.mkdir(parents=True, exist_ok=True)
            (replies / REPLIES).mkdir(exist_ok=True)

    @property
    def where(self) -> str:
        """What stands in for a model."""
        return "the recorded replies"

    @property
    def stale(self) -> list[str]:
        """The names of replies whose prompts were not asked for."""
        return sorted(self.replies.keys() - self.asked.keys())

    @property
    def missing(self) -> list[str]:
        """The names of prompts that had no reply."""
        return sorted(name for name, replied in self.asked.items() if not replied)

    def separate(self, sleep: Callable[[float], object]) -> ChatClient:
        """Returns itself: a recorded reply takes no time."""
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
        """Returns a call, which is made when you iterate over it.

        Raises:
            MissingReply: Nothing was recorded; raised while you iterate.
        """
        return _RecordedCall(self, messages, deadline)

    def reply(self, messages: Sequence[ChatMessage]) -> str:
        """Returns the reply to a prompt.

        Raises:
            MissingReply: Nothing was recorded.
        """
        name, text = name_prompt(messages), show_prompt(messages)
        self.asked[name] = name in self.replies
        if name not in self.replies:
            if self._prompts:
                (self._prompts / f"{name}.md").write_text(text, "utf-8")
            raise MissingReply(f"no reply to prompt {name} was recorded")
        return self.replies[name]


class _RecordedCall(ChatCall):
    def __init__(
        self, chat: RecordedChat, messages: Sequence[ChatMessage], deadline: float
    ) -> None:
        super().__init__(chat, messages, deadline)
        self._recorded, self._sent = chat, list(messages)

    def _tried(self) -> Generator[str, None, None]:
        reply = self._recorded.reply(self._sent)
        self.finish, self.charged = "stop", True
        self._written += reply
        yield reply


def name_prompt(messages: Sequence[ChatMessage]) -> str:
    """Returns the name of a prompt: hexadecimal digits of a hash of its messages."""
    said = json.dumps([[m.role.value, str(m.content)] for m in messages])
    return hashlib.sha256(said.encode()).hexdigest()[:_DIGITS]


def show_prompt(messages: Sequence[ChatMessage]) -> str:
    """Returns a prompt as one text for whoever writes the reply."""
    return "\n\n".join(f"<{m.role.value}>\n{m.content}\n</{m.role.value}>" for m in messages) + "\n"


def read_replies(path: Path) -> Iterator[tuple[str, str]]:
    """Yields names of prompts and their replies, from a folder or a file of JSON Lines.

    Raises:
        FootnoteError: The file cannot be read; the folder may have none.
    """
    if path.is_dir() or not path.suffix:
        for file in sorted((path / REPLIES).glob("*.txt")):
            yield file.stem, file.read_bytes().decode("utf-8", "replace")
        return
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
        for line in text.splitlines():
            row = json.loads(line)
            yield str(row["id"]), str(row["reply"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise FootnoteError(
            f"{path}: no recorded replies ({type(error).__name__}); give a folder, or JSON Lines "
            'of {"id", "by", "reply"}'
        ) from error


def pack_replies(folder: Path, out: Path, *, by: str) -> int:
    """Writes the replies of a folder into one compressed file, alike each time; returns how many.

    Raises:
        FootnoteError: There is none.
    """
    rows = [{"id": name, "by": by, "reply": reply} for name, reply in read_replies(folder)]
    if not rows:
        raise FootnoteError(f"{folder / REPLIES} has no replies; run: footnote eval record")
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    out.write_bytes(gzip.compress(text.encode(), mtime=0))
    return len(rows)
