"""What the chat page shows while an answer is made, as a stream of frames; no gradio here."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypedDict

from index import FootnoteError
from rag.answer import Answer, Delta, Event, Stage, Turn
from ui.render import (
    answer_html,
    draft_html,
    error_html,
    source_cards_html,
    stage_html,
    turn_html,
)

log = logging.getLogger(__name__)

# Text is sent at most this often: the eye takes anything under 100 ms for a steady flow,
# and Gradio carries 13-19 messages a second.
UPDATE_SECONDS = 0.07

CRASHED = "Something went wrong while answering; the log has it. You can ask again."

Ask = Callable[[str, Sequence[Turn]], Iterator[Event]]

State = Literal["busy", "done", "hint", "stopped", "cleared"]


class Frame(TypedDict):
    """One update of the page, which ``assets/chat.js`` carries out.

    ``busy`` and ``done`` show a turn, ``hint`` asks for a question, ``stopped`` leaves the
    turn in the making as it stands, ``cleared`` empties the conversation.
    """

    state: State
    turn: int
    html: str
    cards: str


@dataclass(frozen=True, slots=True)
class Talk:
    """One session's conversation, as ``ask`` needs it, and how many questions it had."""

    turns: tuple[Turn, ...] = ()
    asked: int = 0


def frame(state: State, turn: int = 0, html: str = "", cards: str = "") -> Frame:
    """Returns a frame; without ``html`` it changes the state of the page only."""
    return {"state": state, "turn": turn, "html": html, "cards": cards}


def answer_frames(ask: Ask, text: str, talk: Talk) -> Iterator[tuple[Frame, Talk]]:
    """Yields each frame of one answer, the last with the answer or the error.

    With each comes the conversation as it then stands. Only a whole answer enters it: the
    next question is not read in the light of an error or of half a sentence.
    """
    asked = text.strip()
    if not asked:
        yield frame("hint"), talk
        return
    talk = replace(talk, asked=talk.asked + 1)
    yield _busy(talk, asked, stage_html("searching")), talk
    try:
        for shown in _steady(ask(asked, talk.turns)):
            if isinstance(shown, Answer):
                yield _done(talk, asked, shown), _remember(talk, shown)
                return
            yield _busy(talk, asked, shown), talk
        raise RuntimeError("the stream ended without an answer")
    except FootnoteError as error:
        message = str(error)
    except Exception:
        # The one place of the page that catches broadly: a crash becomes a line.
        log.exception("answering failed: %s", asked)
        message = CRASHED
    yield frame("done", talk.asked, turn_html(asked, error_html(message))), talk


def _steady(events: Iterator[Event]) -> Iterator[str | Answer]:
    """Yields what to show under the question, text no more often than the page can take."""
    text, sent = "", 0.0
    for event in events:
        if isinstance(event, Answer):
            yield event
        elif isinstance(event, Stage):
            # Each write stage begins the text anew.
            text = "" if event.name == "write" else text
            yield draft_html(text) + stage_html(event.detail)
        # Text that comes says better than a stage that something is being done.
        elif isinstance(event, Delta):
            text += event.text
            if time.monotonic() - sent >= UPDATE_SECONDS:
                sent = time.monotonic()
                yield draft_html(text)


def _remember(talk: Talk, answer: Answer) -> Talk:
    said = (Turn("user", answer.question), Turn("assistant", answer.text))
    return replace(talk, turns=talk.turns + said)


def _busy(talk: Talk, asked: str, body: str) -> Frame:
    return frame("busy", talk.asked, turn_html(asked, body))


def _done(talk: Talk, asked: str, answer: Answer) -> Frame:
    html = turn_html(asked, answer_html(answer, talk.asked))
    return frame("done", talk.asked, html, source_cards_html(answer, talk.asked))
