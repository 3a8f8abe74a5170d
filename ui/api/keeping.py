"""Keeping: conversations that the server keeps, and what readers say of answers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from footnote.rag.answer import Answer
from footnote.rag.serialization import answer_json
from footnote.ui.api.asks import User
from footnote.ui.api.errors import FAULTS, ApiError
from footnote.ui.api.schemas.kept import (
    BeginIn,
    ConversationList,
    ConversationReply,
    FeedbackIn,
    FeedbackReply,
    KeptConversation,
    TitleIn,
)
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.models import Conversation, ConversationError
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.feedback import keep_vote


def conversation_routes(desk: AppContext) -> APIRouter:
    """Returns the routes of conversations; each runs in a thread."""
    routes = APIRouter(prefix="/conversations", tags=["conversations"], responses=FAULTS)

    @routes.get("", response_model=ConversationList)
    def conversations(
        user: User,
        search: Annotated[
            str, Query(max_length=500, description="Words that must all stand in it.")
        ] = "",
    ) -> Any:
        """Lists the conversations that programs began, the last changed first."""
        return {"conversations": list(map(_line, _kept(desk).list(user, search)))}

    @routes.post("", response_model=KeptConversation, status_code=201)
    def begin(user: User, body: BeginIn) -> Any:
        """Begins a conversation; `/v1/ask` with its id asks in it."""
        kept = _kept(desk)
        id = kept.start(user)
        if (body.title or "").strip():
            kept.rename(user, id, str(body.title))
        return _known_line(kept, user, id)

    @routes.get("/{id}", response_model=ConversationReply)
    def conversation(user: User, id: str) -> Any:
        """Returns a conversation with its answers, as their papers are now."""
        with _known(id):
            found = desk.refreshed(_kept(desk).load(user, id))
        answers = [{**answer_json(answer), "conversation": id} for answer in found.answers]
        return {"id": id, "title": found.title, "created": found.created, "answers": answers}

    @routes.patch("/{id}", response_model=KeptConversation)
    def rename(user: User, id: str, body: TitleIn) -> Any:
        """Gives a conversation another title."""
        kept = _kept(desk)
        found = _known_line(kept, user, id)
        kept.rename(user, found["id"], body.title)
        return _known_line(kept, user, id)

    @routes.delete("/{id}", status_code=204, response_class=Response)
    def remove(user: User, id: str) -> None:
        """Removes a conversation with every link to it."""
        with _known(id):
            _kept(desk).delete(user, id)

    return routes


def feedback_routes(desk: AppContext) -> APIRouter:
    """Returns the route that takes feedback; it runs in a thread."""
    routes = APIRouter(tags=["feedback"], responses=FAULTS)

    @routes.post("/feedback", response_model=FeedbackReply, status_code=201)
    def feedback(user: User, body: FeedbackIn) -> Any:
        """Keeps what a reader says of an answer; `footnote eval import` makes cases of it."""
        if desk.feedback is None:
            raise ApiError(409, "this server keeps no feedback")
        said: dict[str, Any] = {
            "thumb": body.thumb,
            "fault": body.fault,
            "correction": (body.correction or "").strip() or None,
            "right_papers": [name.strip() for name in body.right_papers],
        }
        return {"id": keep_vote(desk.feedback, {**said, **_answer(desk, user, body)}).id}

    return routes


def _answer(desk: AppContext, user: str, body: FeedbackIn) -> dict[str, Any]:
    """Returns the answer that feedback is about, its question and what was said before."""
    if (body.answer is None) == (body.conversation is None):
        raise ApiError(422, "answer: give an answer, or a conversation and a place", param="answer")
    if body.answer is not None:
        history = [turn.model_dump() for turn in body.history]
        return {
            "answer": body.answer,
            "question": body.answer.get("question"),
            "history": history,
        }
    with _known(str(body.conversation)):
        found = _kept(desk).load(user, str(body.conversation)).answers
    place = body.place or len(found)
    if not 1 <= place <= len(found):
        raise ApiError(422, f"place: the conversation has {len(found)} answers", param="place")
    answer = found[place - 1]
    return {
        "answer": answer_json(answer),
        "question": answer.question,
        "history": _turns(found[: place - 1]),
    }


def _turns(answers: Sequence[Answer]) -> list[dict[str, str]]:
    return [
        turn
        for answer in answers
        for turn in (
            {"role": "user", "content": answer.question},
            {"role": "assistant", "content": answer.text},
        )
    ]


def _kept(desk: AppContext) -> Conversations:
    if desk.conversations is None:
        raise ApiError(409, "this server keeps no conversations; send `history` with each question")
    return desk.conversations


@contextmanager
def _known(id: str) -> Iterator[None]:
    try:
        yield
    except ConversationError as error:
        raise ApiError(404, f"there is no conversation {id[:40]!r}; list them first") from error


def _known_line(kept: Conversations, user: str, id: str) -> dict[str, Any]:
    found = next((one for one in kept.list(user) if one.id == id), None)
    if found is None:
        raise ApiError(404, f"there is no conversation {id[:40]!r}; list them first")
    return _line(found)


def _line(one: Conversation) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "created": one.created,
        "updated": one.updated,
        "answers": one.messages,
    }
