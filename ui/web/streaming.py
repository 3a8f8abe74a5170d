"""Streaming: the frames that the chat page shows while an answer is made; no gradio here."""

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypedDict

from markupsafe import Markup

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.index.models import Paper
from footnote.rag.answer import (
    STOPPED,
    Answer,
    Delta,
    Event,
    JudgedSentence,
    PapersToRead,
    Stage,
    Standing,
    Statement,
    break_off,
)
from footnote.rag.serialization import make_record
from footnote.ui.rendering.answer import (
    answer_html,
    draft_html,
    error_html,
    read_card_html,
    reads_html,
    retry_html,
    source_cards_html,
    stage_html,
    turn_html,
)
from footnote.ui.rendering.cards import Span
from footnote.ui.rendering.charts.offers import offered_charts
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import QuestionRequest

log = logging.getLogger(__name__)

# Text is sent at most this often: under 100 ms looks like a steady flow, and each time all of it
# is drawn anew.
UPDATE_SECONDS = 0.07

CRASHED = "Something went wrong while answering; see the log. You can ask again."

State = Literal["busy", "done", "failed", "hint"]


class Frame(TypedDict):
    """One update of the page, which ``static/chat.js`` carries out.

    ``busy`` and ``done`` show a turn, ``failed`` one without an answer, ``hint`` asks for a
    question. ``words`` says whether words of the answer are shown. ``turn`` counts the
    questions of the page, ``place`` the answers of the conversation. ``cards`` and ``reads``, the
    list of papers that are read, of a busy turn come only where they have changed. ``stage`` is
    what is being done below what stands of a thorough answer, which then is in ``html``.
    """

    state: State
    turn: int
    html: str
    cards: str
    reads: str
    conversation: str | None
    place: int
    record: dict[str, Any] | None
    stage: str
    words: bool


def frame(
    state: State,
    turn: int = 0,
    html: str = "",
    cards: str = "",
    *,
    reads: str = "",
    conversation: str | None = None,
    place: int = 0,
    record: dict[str, Any] | None = None,
    stage: str = "",
    words: bool = False,
) -> Frame:
    """Returns a frame; without ``html`` it changes the state of the page only."""
    return {
        "state": state, "turn": turn, "html": html, "cards": cards, "reads": reads, "stage": stage,
        "conversation": conversation, "place": place, "record": record,
        "words": words,
    }  # fmt: skip


def answer_frames(
    desk: AppContext, text: str, turn: int, asked: QuestionRequest
) -> Generator[Frame, None, None]:
    """Yields each frame of one answer, the last with the answer or the error.

    Only a complete answer enters the conversation, so that a follow-up never builds on an error or
    half a sentence; of a thorough one that was stopped, or that failed, what stands.
    """
    question = text.strip()
    if not question:
        yield frame("hint")
        return
    yield frame("busy", turn, turn_html(question, stage_html("searching")))
    standing: Standing | None = None
    try:
        before = desk.said(asked)
        for shown in _steady(desk.stream(question, asked, before), question, turn):
            if isinstance(shown, Answer):
                standing = None
                yield _keep(desk, asked, shown, turn, len(before))
                return
            if isinstance(shown, Standing):
                asked, standing = desk.begin(asked), shown
                yield (stands := standing_frame(desk, shown.answer, turn, len(before) + 1, asked))
            elif isinstance(shown, Markup):
                yield {**stands, "stage": shown}
            else:
                yield shown
        raise RuntimeError("the stream ended without an answer")
    except GeneratorExit:
        # Whoever stops a thorough answer keeps what stands of it.
        if standing is not None:
            # Unless its conversation was deleted meanwhile.
            with suppress(FootnoteError):
                desk.keep(asked, replace(standing.answer, reason=STOPPED))
        raise
    except Exception as error:
        # A crash becomes a line of the conversation.
        if not isinstance(error, FootnoteError):
            log.exception("answering failed: %s", question)
        if standing is None:
            message = str(error) if isinstance(error, FootnoteError) else CRASHED
            yield failed_frame(question, message, turn)
            return
        ended = break_off(standing.answer, error)
    try:
        yield _keep(desk, asked, ended, turn, len(before))
    except FootnoteError as error:
        # Its conversation was deleted meanwhile.
        yield failed_frame(question, str(error), turn)


def _keep(
    desk: AppContext, asked: QuestionRequest, answer: Answer, turn: int, before: int
) -> Frame:
    """Adds an answer to its conversation; returns its frame."""
    conversation = desk.keep(asked, answer)
    return done_frame(desk, answer, turn, before + 1, conversation)


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
        record=make_record(stopped) if desk.conversations is None else None, words=True,
    )  # fmt: skip


def done_frame(
    desk: AppContext,
    answer: Answer,
    turn: int,
    place: int,
    conversation: str | None,
    *,
    reopened: bool = False,
) -> Frame:
    """Returns the frame of a complete answer, now or when its conversation is reopened.

    What a model wrote is read for sides once, as it is given: to reopen a long conversation must
    not wait for the embedder, answer by answer.
    """
    library = desk.library
    embedder = library.embedder if isinstance(library, Library) and not reopened else None
    shown = desk.refresh(answer) if reopened else answer
    body = answer_html(shown, turn, charts=offered_charts(answer, embedder))
    return frame(
        "done", turn, turn_html(answer.question, body),
        source_cards_html(shown, turn), conversation=conversation, place=place,
        record=make_record(answer) if desk.conversations is None else None, words=True,
    )  # fmt: skip


@dataclass(slots=True)
class _Draft:
    """An answer in the making, and what of it the page has not been sent."""

    turn: int
    text: str = ""
    stage: str = ""
    bounds: str = ""
    statements: list[Statement] = field(default_factory=list)
    papers: Sequence[Paper] = ()
    spans: dict[str, dict[Span, None]] = field(default_factory=dict)
    markers: dict[str, int] = field(default_factory=dict)
    unsent: dict[str, None] = field(default_factory=dict)
    listed: bool = True
    restarts: bool = False

    def take(self, event: Stage | PapersToRead | Delta | JudgedSentence) -> None:
        if isinstance(event, Delta):
            # The whole answer follows at once and takes the place of what stands: drawn before
            # it, its bare text would take away verdicts, and markers that a reader has open.
            if self.restarts:
                return
            # Arriving text shows progress better than a stage.
            self.text, self.stage = self.text + event.text, ""
        elif isinstance(event, JudgedSentence):
            self._judge(event.statement)
        elif isinstance(event, PapersToRead):
            # The list says what the stage says.
            self.papers, self.stage, self.listed = event.papers, "", False
            self.unsent = dict.fromkeys(paper.id for paper in event.papers)
        elif event.lasts:
            self.bounds = event.detail
        else:
            self.stage = event.detail
            # Each write stage starts the text again.
            self.restarts = self.restarts or (event.name == "write" and bool(self.text))

    def _judge(self, said: Statement) -> None:
        self.statements.append(said)
        for citation in said.citations:
            span = citation.start, citation.end
            spans = self.spans.setdefault(citation.paper_id, {})
            if span not in spans:
                spans[span] = None
                self.unsent[citation.paper_id] = None
            if citation.paper_id not in self.markers:
                self.markers[citation.paper_id] = citation.marker
                self.listed = False

    def frame(self, question: str) -> Frame:
        names = {p.id: f"t{self.turn}-r{at}" for at, p in enumerate(self.papers, 1)}
        cards = [
            read_card_html(paper, list(self.spans.get(paper.id, ())), names[paper.id])
            for paper in self.papers
            if paper.id in self.unsent
        ]
        body = draft_html(self.text, self.statements, names)
        if self.stage or (self.bounds and not self.text):
            body += stage_html(self.stage or "Beginning", self.bounds)
        reads = Markup() if self.listed else reads_html(self.papers, self.markers, self.turn)
        self.unsent, self.listed = {}, True
        html = turn_html(question, body)
        shown = Markup().join(cards)
        return frame("busy", self.turn, html, shown, reads=reads, words=bool(self.text))


def _steady(
    events: Iterator[Event], question: str, turn: int
) -> Iterator[Frame | Markup | Standing | Answer]:
    """Yields the frames of an answer in the making, no faster than the page can handle.

    Below what stands of a thorough answer only the stages are shown, again and again: a reader can
    stop it only between two of them.
    """
    draft, sent, stands = _Draft(turn), 0.0, False
    for event in events:
        if isinstance(event, Answer | Standing):
            stands = True
            yield event
            continue
        if stands:
            if isinstance(event, Stage):
                yield stage_html(event.detail, draft.bounds)
            continue
        draft.take(event)
        # A model may pause after anything; what is no piece of text is shown at once.
        if not isinstance(event, Delta):
            yield draft.frame(question)
        elif not draft.restarts and time.monotonic() - sent >= UPDATE_SECONDS:
            sent = time.monotonic()
            yield draft.frame(question)
