"""Composers: from what was read to an answer. The default quotes; the other writes (``llm``)."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from footnote.rag.answer import Delta, JudgedSentence, Mode, PapersToRead, Stage, Turn, Usage
from footnote.rag.generation.chat.plan import SearchPlan
from footnote.rag.generation.forms import FORMS
from footnote.rag.generation.forms.form import Composed, Reading

if TYPE_CHECKING:
    from footnote.rag.generation.thorough.review import Review

ComposerEvent = Delta | Stage | PapersToRead | JudgedSentence
"""What a composer yields on the way."""


@runtime_checkable
class Planner(Protocol):
    """A composer that plans the search."""

    def plan(self, question: str, history: Sequence[Turn] = ()) -> tuple[SearchPlan | None, Usage]:
        """Returns the plan and what it took; None leaves the search to the rules."""


@runtime_checkable
class Reviewer(Protocol):
    """A composer that writes thorough answers."""

    def review(self) -> "Review":
        """Returns a new one, within what may be spent; nothing is called yet."""


class Composer(Protocol):
    """Writes an answer from what was read."""

    @property
    def mode(self) -> Mode:
        """How it writes."""

    @property
    def model(self) -> str | None:
        """The language model's name, None without one."""

    def compose(self, reading: Reading) -> Iterator[ComposerEvent | Composed]:
        """Yields text as it comes, what else there is on the way, and at last the whole.

        Raises:
            ComposerError: The model did not answer.
        """


def compose(composer: Composer, reading: Reading) -> Generator[ComposerEvent, None, Composed]:
    """Yields a composer's text as it comes, and anew where the whole differs; returns the whole."""
    shown, read = "", None
    for part in composer.compose(reading):
        if isinstance(part, PapersToRead):
            read = len(part.papers)
        if isinstance(part, Delta):
            shown += part.text
            yield part
            continue
        if not isinstance(part, Composed):
            yield part
            continue
        if part.text != shown:
            yield Stage("write", "Writing")
            yield Delta(part.text)
        return part if read is None else replace(part, read=read)
    raise TypeError(f"{type(composer).__name__} ended without a Composed")


class ExtractiveComposer:
    """Answers in the papers' own words, in the form that the kind of the question has."""

    mode: Mode = "extractive"
    model = None

    def __init__(self, *, sentences: int | None = None) -> None:
        """Takes how many sentences the answer to a fact has at most; as shipped when not given."""
        self._sentences = sentences

    def compose(self, reading: Reading) -> Iterator[Delta | Composed]:
        """Yields the text, which takes a few milliseconds, then the whole."""
        composed = FORMS[reading.kind](replace(reading, most=self._sentences))
        for n, block in enumerate(composed.text.split("\n\n")):
            yield Delta(f"\n\n{block}" if n else block)
        yield composed
