"""Recorded: replies from files in place of a model, and the prompts that still need one.

A prompt is named by the hash of its messages. ``DIR/prompts/NAME.md`` is a prompt for whoever
writes the reply, ``DIR/replies/NAME.txt`` the reply, used byte for byte. Replies are also read from
one file of JSON Lines, ``{"id", "by", "reply"}``, compressed or not.

Which papers a prompt holds depends a little on the processor: vectors are rounded differently, and
near the end of the ranking another paper may come in. A packed reply therefore keeps what its
prompt asked, without the evidence (``about``), the papers that it gave (``papers``), and the
sentences that the reply cites (``cites``). It answers another prompt that asks the same, gives most
of these papers and all of these sentences, with their numbers in that one.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
# What a prompt gives to read: numbered sentences, and the titles above them.
_GIVEN = re.compile(r"^(?:\[([0-9]{1,6})\] (.*)|Paper: (.*))$", re.MULTILINE)
_NUMBERS = re.compile(r"\[([0-9]{1,6}(?:, ?[0-9]{1,6})*)\]")
# Share of the papers that must be the same: what a reply leaves unsaid rests on all of them.
SAME_PAPERS = 0.8
# A range would have to be taken apart to be renumbered.
_RANGE = re.compile(r"\[[0-9]+ ?[-–] ?[0-9]+")


@dataclass(frozen=True, slots=True)
class RecordedReply:
    """What was replied to a prompt.

    Attributes:
        text: The reply.
        about: Names what the prompt asked, whatever evidence it gave; empty if that is not known.
        papers: The digests of the papers that it gave.
        cites: The digest of each sentence that the reply cites, by its number; no sentence itself,
            so that a file of replies holds nobody's abstracts.
    """

    text: str
    about: str = ""
    papers: tuple[str, ...] = ()
    cites: Mapping[str, str] = field(default_factory=dict)


class MissingReply(FootnoteError):
    """No reply to a prompt was recorded; whoever asks gets no answer, not even a quoted one."""


class RecordedChat(ChatClient):
    """Replies from files; with a folder to record into, it writes the prompts without a reply.

    Attributes:
        asked: The names of the prompts so far, and whether each had a reply.
        renumbered: Prompts that got the reply to another, with that one's name.
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
        self.renumbered: dict[str, str] = {}
        self._alike: dict[str, list[str]] = {}
        for name, reply in self.replies.items():
            if reply.about:
                self._alike.setdefault(reply.about, []).append(name)
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
        """The names of replies that no prompt of this run got."""
        return sorted(self.replies.keys() - self.asked.keys() - set(self.renumbered.values()))

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
        reply = self.replies[name].text if name in self.replies else self._take_alike(name, text)
        self.asked[name] = reply is not None
        if reply is None:
            if self._prompts:
                (self._prompts / f"{name}.md").write_text(text, "utf-8")
            raise MissingReply(f"no reply to prompt {name} was recorded")
        return reply

    def _take_alike(self, name: str, prompt: str) -> str | None:
        """Returns the reply to a prompt that asked the same, with the numbers of this one.

        None unless this one gives most of the same papers, and all that the reply cites.
        """
        numbers = {sentence: number for number, sentence in _read_sentences(prompt).items()}
        papers = set(_read_papers(prompt))
        for other in self._alike.get(_name_asked(prompt), ()):
            reply = self.replies[other]
            same = len(papers & set(reply.papers))
            if same >= SAME_PAPERS * max(len(papers), len(reply.papers)) and (
                numbers.keys() >= set(reply.cites.values())
            ):
                self.renumbered[name] = other
                return _renumber(reply.text, {n: numbers[said] for n, said in reply.cites.items()})
        return None


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
    return _digest(said)


def show_prompt(messages: Sequence[ChatMessage]) -> str:
    """Returns a prompt as one text for whoever writes the reply."""
    return "\n\n".join(f"<{m.role.value}>\n{m.content}\n</{m.role.value}>" for m in messages) + "\n"


def _read_sentences(prompt: str) -> dict[str, str]:
    """Returns the digest of each sentence that a prompt gives, by its number."""
    return {row[1]: _digest(row[2]) for row in _GIVEN.finditer(prompt) if row[1]}


def _read_papers(prompt: str) -> tuple[str, ...]:
    """Returns the digest of each paper that a prompt gives."""
    return tuple(_digest(row[3]) for row in _GIVEN.finditer(prompt) if row[3])


def _name_asked(prompt: str) -> str:
    """Returns a name of what a prompt asks, whatever it gives to read."""
    asked = _NUMBERS.sub("[]", _GIVEN.sub("", prompt))
    return _digest(" ".join(asked.split()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _read_cited(reply: str, prompt: str) -> dict[str, str] | None:
    """Returns the sentences that a reply cites, by number; None if it cannot be renumbered."""
    given = _read_sentences(prompt)
    numbers = [n for run in _NUMBERS.findall(reply) for n in run.replace(" ", "").split(",")]
    if _RANGE.search(reply) or not all(number in given for number in numbers):
        return None
    return {number: given[number] for number in numbers}


def _renumber(text: str, new: Mapping[str, str]) -> str:
    def replace(run: re.Match[str]) -> str:
        numbers = run[1].replace(" ", "").split(",")
        return "".join(f"[{new[number]}]" for number in numbers)

    return _NUMBERS.sub(replace, text)


def read_replies(path: Path) -> Iterator[tuple[str, RecordedReply]]:
    """Yields names of prompts and their replies, from a folder or a file of JSON Lines.

    Raises:
        FootnoteError: The file cannot be read; the folder may have none.
    """
    if path.is_dir() or not path.suffix:
        for file in sorted((path / REPLIES).glob("*.txt")):
            text = file.read_bytes().decode("utf-8", "replace")
            yield file.stem, _with_prompt(text, path / PROMPTS / f"{file.stem}.md")
        return
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
        for line in text.splitlines():
            row = json.loads(line)
            cites = {str(n): str(said) for n, said in row.get("cites", {}).items()}
            papers, about = row.get("papers", ()), str(row.get("about", ""))
            yield str(row["id"]), RecordedReply(str(row["reply"]), about, tuple(papers), cites)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FootnoteError(
            f"{path}: no recorded replies ({type(error).__name__}); give a folder, or JSON Lines "
            'of {"id", "by", "reply"}'
        ) from error


def _with_prompt(text: str, prompt: Path) -> RecordedReply:
    """Returns a reply with what its prompt asked, if the prompt was kept."""
    if not prompt.is_file():
        return RecordedReply(text)
    asked = prompt.read_text("utf-8")
    cites = _read_cited(text, asked)
    if cites is None:
        return RecordedReply(text)
    return RecordedReply(text, _name_asked(asked), _read_papers(asked), cites)


def pack_replies(folder: Path, out: Path, *, by: str) -> int:
    """Writes the replies of a folder into one compressed file, alike each time; returns how many.

    Raises:
        FootnoteError: There is none.
    """
    rows = [_as_row(name, reply, by) for name, reply in read_replies(folder)]
    if not rows:
        raise FootnoteError(f"{folder / REPLIES} has no replies; run: footnote eval record")
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    out.write_bytes(gzip.compress(text.encode(), mtime=0))
    return len(rows)


def _as_row(name: str, reply: RecordedReply, by: str) -> dict[str, Any]:
    """Returns the line of a reply, without what is not known."""
    kept = {key: value for key, value in asdict(reply).items() if value and key != "text"}
    return {"id": name, "by": by, "reply": reply.text, **kept}
