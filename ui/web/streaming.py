"""Streaming: the frames that the chat page shows while an answer is made; no gradio here."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, TypedDict

from markupsafe import Markup

from footnote.index import FootnoteError
from footnote.rag.answer import STOPPED, Answer, Delta, Event, Stage, Standing
from footnote.rag.serialization import make_record
from footnote.ui.rendering.answer import (
    answer_html,
    draft_html,
    error_html,
    retry_html,
    source_cards_html,
    stage_html,
    turn_html,
)
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import QuestionRequest

log = logging.getLogger(__name__)

# Text is sent at most this often: under 100 ms looks like a steady flow, and Gradio handles 13-19
# messages a second.
UPDATE_SECONDS = 0.07

CRASHED = "Something went wrong while answering; see the log. You can ask again."

State = Literal["busy", "done", "failed", "hint", "stopped"]


class Frame(TypedDict):
    """One update of the page, which ``static/chat.js`` carries out.

    ``busy`` and ``done`` show a turn, ``failed`` one without an answer, ``hint`` asks for a
    question, ``stopped`` leaves the turn in the making as it stands. ``turn`` counts the
    questions of the page, ``place`` the answers of the conversation. ``stage`` is what is being
    done below what stands of a thorough answer, which then is in ``html``.
    """

    state: State
    turn: int
    html: str
    cards: str
    conversation: str | None
    place: int
    record: dict[str, Any] | None
    stage: str


def frame(
    state: State,
    turn: int = 0,
    html: str = "",
    cards: str = "",
    *,
    conversation: str | None = None,
    place: int = 0,
    record: dict[str, Any] | None = None,
    stage: str = "",
) -> Frame:
    """Returns a frame; without ``html`` it changes the state of the page only."""
    return {
        "state": state, "turn": turn, "html": html, "cards": cards,
        "conversation": conversation, "place": place, "record": record, "stage": stage,
    }  # fmt: skip


def answer_frames(
    desk: AppContext, text: str, turn: int, asked: QuestionRequest
) -> Iterator[Frame]:
    """Yields each frame of one answer, the last with the answer or the error.

    Only a complete answer enters the conversation, so that a follow-up never builds on an error or
    half a sentence.
    """
    question = text.strip()
    if not question:
        yield frame("hint")
        return
    yield frame("busy", turn, turn_html(question, stage_html("searching")))
    standing: Standing | None = None
    try:
        before = desk.said(asked)
        for shown in _steady(desk.stream(question, asked, before)):
            if isinstance(shown, Answer):
                conversation = desk.keep(asked, shown)
                yield done_frame(desk, shown, turn, len(before) + 1, conversation)
                return
            if isinstance(shown, Standing):
                asked, standing = desk.begin(asked), shown
                stands = standing_frame(desk, shown.answer, turn, len(before) + 1, asked)
                yield stands
            elif standing is None:
                yield frame("busy", turn, turn_html(question, shown))
            else:
                yield {**stands, "stage": shown}
        raise RuntimeError("the stream ended without an answer")
    except GeneratorExit:
        # Whoever stops a thorough answer keeps what stands of it.
        if standing is not None:
            desk.keep(asked, replace(standing.answer, reason=STOPPED))
        raise
    except FootnoteError as error:
        message = str(error)
    except Exception:
        # A crash becomes a line of the conversation.
        log.exception("answering failed: %s", question)
        message = CRASHED
    yield failed_frame(question, message, turn)


def failed_frame(question: str, message: str, turn: int = 1) -> Frame:
    """Returns the frame of a question without an answer."""
    return frame("failed", turn, turn_html(question, error_html(message) + retry_html()))


def standing_frame(
    desk: AppContext, answer: Answer, turn: int, place: int, asked: QuestionRequest
) -> Frame:
    """Returns the frame of what stands of a thorough answer, as it is kept if it is stopped."""
    stopped = replace(answer, reason=STOPPED)
    return frame(
        "busy", turn, turn_html(answer.question, answer_html(answer, turn, whole=False)),
        source_cards_html(answer, turn), conversation=asked.conversation, place=place,
        record=make_record(stopped) if desk.conversations is None else None,
    )  # fmt: skip


def done_frame(
    desk: AppContext, answer: Answer, turn: int, place: int, conversation: str | None
) -> Frame:
    """Returns the frame of a complete answer, now or when its conversation is reopened."""
    return frame(
        "done", turn, turn_html(answer.question, answer_html(answer, turn)),
        source_cards_html(answer, turn), conversation=conversation, place=place,
        record=make_record(answer) if desk.conversations is None else None,
    )  # fmt: skip


def _steady(events: Iterator[Event]) -> Iterator[Markup | Standing | Answer]:
    """Yields what to show under the question, no faster than the page can handle.

    Below what stands of a thorough answer only the stages are shown, again and again: a reader can
    stop it only between two of them.
    """
    text, sent, stands = "", 0.0, False
    for event in events:
        if isinstance(event, Answer | Standing):
            stands = True
            yield event
        elif isinstance(event, Stage):
            # Each write stage starts the text again.
            text = "" if event.name == "write" else text
            yield (
                stage_html(event.detail) if stands else draft_html(text) + stage_html(event.detail)
            )
        # Arriving text shows progress better than a stage.
        elif isinstance(event, Delta) and not stands:
            text += event.text
            if time.monotonic() - sent >= UPDATE_SECONDS:
                sent = time.monotonic()
                yield draft_html(text)
