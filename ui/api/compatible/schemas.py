"""Schemas of OpenAI's routes, as far as they are used here; what else is sent is ignored."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Long = Annotated[str, Field(max_length=400_000)]


Role = Literal["system", "developer", "user", "assistant", "tool", "function"]


class TextPart(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: Long | None = None


class ChatMessage(BaseModel):
    """A message of a chat."""

    model_config = ConfigDict(extra="allow")

    role: Role
    content: Long | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """Its text, whatever it was sent in."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.text)


class ResponseItem(BaseModel):
    """A message, or something else that a client kept, such as a call of a tool."""

    model_config = ConfigDict(extra="allow")

    role: Role | None = None
    content: Long | list[TextPart] | None = None


class ChatRequest(BaseModel):
    """A chat to be completed."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "model": "quotes",
                    "messages": [{"role": "user", "content": "How does DPO avoid a reward model?"}],
                }
            ]
        },
    )

    model: Annotated[str, Field(max_length=200)] = ""
    messages: list[ChatMessage] = Field(min_length=1, max_length=1_000)
    stream: Annotated[bool, Field(strict=True)] | None = False


class ResponsesRequest(BaseModel):
    """A question, or messages of which the last is one."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [{"model": "quotes", "input": "How does DPO avoid a reward model?"}]
        },
    )

    model: Annotated[str, Field(max_length=200)] = ""
    input: (
        Annotated[Long, Field(min_length=1)]
        | Annotated[list[ResponseItem], Field(min_length=1, max_length=1_000)]
    )
    instructions: Long | None = Field(None, description="Accepted, and not followed.")
    previous_response_id: Annotated[str, Field(max_length=200)] | None = None
    store: Annotated[bool, Field(strict=True)] | None = Field(
        None, description="Whether the next response may follow this one; it may, if not false."
    )
    stream: Annotated[bool, Field(strict=True)] | None = False

    @property
    def messages(self) -> list[ChatMessage]:
        """The messages; calls of tools and the like are left out."""
        if isinstance(self.input, str):
            return [ChatMessage(role="user", content=self.input)]
        return [
            ChatMessage(role=item.role, content=item.content) for item in self.input if item.role
        ]


class ResponseReply(BaseModel):
    """A response."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["completed", "failed", "in_progress"]
    model: str
    output: list[dict[str, Any]]
    usage: dict[str, Any] | None
    search_results: list[dict[str, Any]]
    footnote: dict[str, Any] | None = Field(description="The whole answer, as /v1/ask gives it.")


class EmbeddingsRequest(BaseModel):
    """Texts to be embedded by the library's embedder."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, Field(max_length=200)] = ""
    input: (
        Annotated[str, Field(min_length=1, max_length=100_000)]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=100_000)]],
            Field(min_length=1, max_length=256),
        ]
    )
    encoding_format: Literal["float", "base64"] = "float"


class ChatReply(BaseModel):
    """A completed chat."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, int]
    citations: list[str]
    search_results: list[dict[str, Any]]
    footnote: dict[str, Any] | None = Field(description="The whole answer, as /v1/ask gives it.")


class ModelList(BaseModel):
    """The ways to answer, each as a model."""

    object: Literal["list"]
    data: list[dict[str, Any]]


class EmbeddingsReply(BaseModel):
    """Vectors of unit length."""

    object: Literal["list"]
    data: list[dict[str, Any]]
    model: str
    usage: dict[str, int]
