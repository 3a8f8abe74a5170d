"""Chat completions, models and embeddings, as OpenAI's clients ask for them."""

import base64
import json
import logging
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from footnote.index import FootnoteError
from footnote.index.settings import read_fields
from footnote.rag.answer import Answer, Delta, Event, Stage
from footnote.rag.serialization import answer_json
from footnote.ui.api.answering import Answering
from footnote.ui.api.asks import EVENT_STREAM, last_answer, user_of
from footnote.ui.api.compatible.chores import do_chore
from footnote.ui.api.compatible.citations import annotations, search_results, source_events
from footnote.ui.api.compatible.schemas import (
    ChatMessage,
    ChatReply,
    ChatRequest,
    EmbeddingsReply,
    EmbeddingsRequest,
    ModelList,
)
from footnote.ui.api.errors import FAULTS, ApiError, error_json, message_of, status_of
from footnote.ui.settings import ServerSettings, all_sources
from footnote.ui.storage.accounts.models import Role
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import QuestionRequest
from footnote.ui.web.security.access.identity import identity_of

log = logging.getLogger(__name__)

# Rounds of a conversation that a question is understood with.
MOST_ROUNDS = 20
# Texts that are embedded in one step.
_BATCH = 16
_WEBUI = "x-openwebui-"


def chat_routes(desk: AppContext, served: Mapping[str, Answering]) -> APIRouter:
    """Returns the routes that list models and complete chats.

    Args:
        desk: Of the library that is asked where a model names none.
        served: What answers, by the name of the library; "" is one alone.
    """
    routes = APIRouter(tags=["openai"], responses=FAULTS)
    chosen = ServerSettings(**read_fields(ServerSettings, all_sources()))

    @routes.get("/models", response_model=ModelList)
    def models(request: Request) -> Any:
        """Lists the ways to answer: quotes, and with a model quick and thorough.

        Where the server has several libraries each is named before them, as in "robots/quotes".
        """
        who = identity_of(request.scope)
        data = [
            {"id": id, "object": "model", "created": 0, "owned_by": "footnote"}
            for library, answering in served.items()
            if who.within(library).role >= Role.READER
            for id in _models(library, answering)
        ]
        return {"object": "list", "data": data}

    @routes.post(
        "/chat/completions",
        response_model=ChatReply,
        responses={200: {"content": {"text/event-stream": {}}, "description": "The reply."}},
    )
    async def chat(body: ChatRequest, request: Request) -> Any:
        """Answers the last question of a chat, with its citations in every format."""
        answering, mode = pick_model(body.model, request, desk, served)
        asked, before = read_turns(body.messages, "messages")
        chore = do_chore(asked, [question for question, _ in before])
        reply = ChatAnswer(mode, events_for_webui=chosen.open_webui or _is_webui(request))
        if chore is not None:
            if body.stream:
                return event_stream(reply.plain(chore))
            return reply.whole(chore, None)
        wanted = answering.choose(QuestionRequest(user_of(request)), mode)
        events = await answering.begin(asked, wanted, before)
        if body.stream:
            return event_stream(reply.stream(events))
        answer = await last_answer(events, request)
        return reply.whole(answer.text, answer)

    return routes


def embedding_routes(desk: AppContext, answering: Answering) -> APIRouter:
    """Returns the route that embeds texts, batch by batch as slots are free."""
    routes = APIRouter(tags=["openai"], responses=FAULTS)

    @routes.post("/embeddings", response_model=EmbeddingsReply)
    async def embeddings(body: EmbeddingsRequest) -> Any:
        """Embeds texts as the library's papers are."""
        texts = [body.input] if isinstance(body.input, str) else body.input
        embed, vectors = desk.papers.embedder.embed, list[Any]()
        for at in range(0, len(texts), _BATCH):
            vectors += list(await answering.compute(partial(embed, texts[at : at + _BATCH])))
        packed = body.encoding_format == "base64"
        data = [
            {"object": "embedding", "index": n, "embedding": _packed(v) if packed else v.tolist()}
            for n, v in enumerate(vectors)
        ]
        tokens = sum(len(text.split()) for text in texts)
        return {
            "object": "list",
            "data": data,
            "model": desk.papers.embedder.name,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    return routes


class ChatAnswer:
    """One reply, whole or in chunks."""

    def __init__(self, model: str, *, events_for_webui: bool = False) -> None:
        """Takes the name that the client gave, and whether it takes source events."""
        self._model, self._webui = model, events_for_webui
        self._id, self._created = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())

    def whole(self, text: str, answer: Answer | None) -> dict[str, Any]:
        """Returns the reply as one object."""
        message = {"role": "assistant", "content": text, **self._cited(answer)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return {
            "id": self._id,
            "object": "chat.completion",
            "created": self._created,
            "model": self._model,
            "choices": [choice],
            "usage": _usage(answer),
            **self._told(answer),
        }

    async def plain(self, text: str) -> AsyncIterator[str]:
        """Yields the chunks of a text that cites nothing."""
        yield self._chunk({"role": "assistant", "content": text})
        yield self._chunk({}, "stop")
        yield "data: [DONE]\n\n"

    async def stream(self, events: AsyncGenerator[Event, None]) -> AsyncIterator[str]:
        """Yields chunks as the answer comes, the last with its citations.

        What a client was shown cannot be taken back: where the checked text is another than what
        was written, it follows.
        """
        yield self._chunk({"role": "assistant", "content": ""})
        shown, answer = "", None
        try:
            async with aclosing(events) as told:
                async for event in told:
                    if isinstance(event, Answer):
                        answer = event
                    elif isinstance(event, Delta):
                        shown += event.text
                        yield self._chunk({"content": event.text})
                    elif isinstance(event, Stage) and self._webui:
                        status = {"description": event.detail, "done": False}
                        yield self._chunk({}, event={"type": "status", "data": status})
        except Exception as error:
            if not isinstance(error, FootnoteError):
                log.exception("an answer failed")
            yield f"data: {json.dumps(error_json(status_of(error), message_of(error)))}\n\n"
            yield "data: [DONE]\n\n"
            return
        if answer is not None:
            if rest := rest_of(shown, answer.text):
                yield self._chunk({"content": rest})
            if self._webui:
                for source in source_events(answer):
                    yield self._chunk({}, event=source)
            yield self._chunk(self._cited(answer), "stop", **self._told(answer))
        yield "data: [DONE]\n\n"

    def _cited(self, answer: Answer | None) -> dict[str, Any]:
        return {"annotations": annotations(answer)} if answer else {}

    def _told(self, answer: Answer | None) -> dict[str, Any]:
        results = search_results(answer) if answer else []
        return {
            "citations": [result["url"] for result in results],
            "search_results": results,
            "footnote": answer_json(answer) if answer else None,
        }

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        chunk = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            **more,
        }
        return f"data: {json.dumps(chunk)}\n\n"


def rest_of(shown: str, text: str) -> str:
    """Returns what a client lacks that was shown a text so far."""
    if text.startswith(shown):
        return text[len(shown) :]
    return f"\n\n---\n\nAs checked:\n\n{text}"


def read_turns(messages: Sequence[ChatMessage], field: str) -> tuple[str, list[tuple[str, str]]]:
    """Returns the last question of a chat, and the pairs before it.

    Args:
        messages: In their order; what has no text or another role is left out.
        field: What a client calls them.

    Raises:
        ApiError: The last message with text is not a question.
    """
    said = [(one.role, one.text.strip()) for one in messages]
    turns = [(role, text) for role, text in said if role in ("user", "assistant") and text]
    if not turns or turns[-1][0] != "user":
        raise ApiError(422, "the last message must be a user's, with text", param=field)
    pairs: list[tuple[str, str]] = []
    for role, text in turns[:-1]:
        if role == "user":
            pairs.append((text, ""))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}\n{text}".strip())
    return turns[-1][1], pairs[-MOST_ROUNDS:]


def _models(library: str, answering: Answering) -> list[str]:
    """Returns the names of the models of a library."""
    return [f"{library}/{mode}" if library else mode for mode in answering.modes()]


def pick_model(
    model: str, request: Request, desk: AppContext, served: Mapping[str, Answering]
) -> tuple[Answering, str]:
    """Returns what answers as a model's name says, and its mode.

    Args:
        model: Its name.
        request: Of somebody who may read its library.
        desk: Of the library that is asked where it names none.
        served: What answers, by the name of the library.

    Raises:
        ApiError: There is no such model that they may use.
    """
    who = identity_of(request.scope)
    readable = {name: one for name, one in served.items() if who.within(name).role >= Role.READER}
    # One that they may not read is as one that is not there.
    first = desk.name if desk.name in readable else next(iter(readable), desk.name)
    library, mode = _chosen(model, first, readable)
    return served[library], mode


def _chosen(model: str, first: str, served: Mapping[str, Answering]) -> tuple[str, str]:
    """Returns the library and the mode that a model's name means.

    Args:
        model: Its name; "footnote", or none, is the first mode.
        first: The library that is asked where it names none.
        served: What answers, by the name of the library.

    Raises:
        ApiError: There is no such model.
    """
    name = model.removeprefix("footnote").lstrip("/:-")
    before, sign, after = name.partition("/")
    library, mode = (before, after) if sign else (first, name)
    if not sign and name and name in served:
        library, mode = name, ""
    if library in served:
        modes = served[library].modes()
        mode = mode or modes[0]
        if mode in modes:
            return library, mode
    known = ", ".join(id for own, answering in served.items() for id in _models(own, answering))
    raise ApiError(404, f"there is no model {model[:80]!r}; there is {known}", param="model")


def _is_webui(request: Request) -> bool:
    return any(name.startswith(_WEBUI) for name in request.headers)


def _usage(answer: Answer | None) -> dict[str, int]:
    trace = answer.receipt if answer else None
    asked, written = (trace.prompt_tokens, trace.completion_tokens) if trace else (0, 0)
    return {
        "prompt_tokens": asked,
        "completion_tokens": written,
        "total_tokens": asked + written,
    }


def _packed(vector: Any) -> str:
    return base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode()


def event_stream(chunks: AsyncIterator[str]) -> StreamingResponse:
    """Returns a reply of server-sent events."""
    return StreamingResponse(chunks, media_type="text/event-stream", headers=EVENT_STREAM)
