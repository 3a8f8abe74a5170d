"""Schemas of what a server keeps for its readers: conversations, and their feedback."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from footnote.evals.feedback import Fault
from footnote.ui.api.schemas.asking import MOST_TURNS, AnswerReply, AskedTurn, Text


class TitleIn(BaseModel):
    """A title."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Robots"}]})

    title: str = Field(min_length=1, max_length=2_000, description="Cut to 200 characters.")


class KeptConversation(BaseModel):
    """A conversation in a list."""

    id: str
    title: str
    created: AwareDatetime
    updated: AwareDatetime
    answers: int


class ConversationList(BaseModel):
    """The conversations, the last changed first."""

    conversations: list[KeptConversation]


class ConversationReply(BaseModel):
    """A conversation with its answers, in order."""

    id: str
    title: str
    created: AwareDatetime
    answers: list[AnswerReply]


class BeginIn(BaseModel):
    """A conversation to begin."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    title: str | None = Field(
        None, max_length=2_000, description="Without one, the first question about papers."
    )


class FeedbackIn(BaseModel):
    """What a reader says of an answer, in a conversation that is kept or given whole."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"conversation": "c9Zc1y3xTq", "place": 1, "thumb": "up"},
                {
                    "answer": {"question": "What is new?", "text": "Much.", "statements": []},
                    "thumb": "down",
                    "fault": "missing",
                },
            ]
        },
    )

    thumb: Literal["up", "down"]
    conversation: Text | None = None
    place: int | None = Field(None, ge=1, le=1_000_000, description="Of the answer, from 1.")
    answer: dict[str, Any] | None = Field(None, description="As /v1/ask gave it.")
    history: list[AskedTurn] = Field(default_factory=list, max_length=MOST_TURNS)
    fault: Fault | None = Field(None, description="With a thumb down.")
    correction: str | None = Field(None, max_length=20_000, description="A right answer.")
    right_papers: list[Annotated[str, Field(min_length=1, max_length=2_000)]] = Field(
        default_factory=list, max_length=100, description="Titles or ids."
    )


class FeedbackReply(BaseModel):
    """It was kept."""

    id: str
