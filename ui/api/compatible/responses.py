"""Responses: OpenAI's newer way to ask, whole or as events, with its citations as annotations."""

import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from fastapi import APIRouter, Request

from footnote.index import FootnoteError
from footnote.rag.answer import Answer, Delta, Event
from footnote.rag.serialization import answer_json
from footnote.ui.api.answering import Answering
from footnote.ui.api.asks import last_answer, server_event, user_of
from footnote.ui.api.compatible.chat import (
    MOST_ROUNDS,
    event_stream,
    pick_model,
    read_turns,
    rest_of,
)
from footnote.ui.api.compatible.chores import do_chore
from footnote.ui.api.compatible.citations import annotations, search_results
from footnote.ui.api.compatible.schemas import ResponseReply, ResponsesRequest
from footnote.ui.api.errors import FAULTS, ApiError, error_json, message_of, status_of
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import QuestionRequest

log = logging.getLogger(__name__)

# Responses that the next one may follow.
KEPT = 1_000
# Characters that are kept of what was said up to one.
MOST_KEPT = 40_000
Said = Sequence[tuple[str, str]]


def _latest(said: Said) -> Said:
    """Returns the last rounds of what was said that together are not too long to be kept."""
    kept, left = list[tuple[str, str]](), MOST_KEPT
    for question, text in reversed(said[-MOST_ROUNDS:]):
        left -= len(question) + len(text)
        if left < 0:
            break
        kept.insert(0, (question, text))
    return kept


class KeptResponses:
    """What was said up to each of the latest responses; forgotten when the server ends."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[str, str], Said] = OrderedDict()

    def keep(self, user: str, id: str, said: Said) -> None:
        """Remembers the questions and answers up to a response of somebody."""
        self._said[user, id] = _latest(said)
        while len(self._said) > KEPT:
            self._said.popitem(last=False)

    def before(self, user: str, id: str | None) -> Said:
        """Returns what was said up to a response of somebody; nothing without one.

        Raises:
            ApiError: It is not known any more.
        """
        if not id:
            return ()
        if (user, id) not in self._said:
            raise ApiError(
                404,
                f"there is no response {id[:80]!r} any more; send the messages so far as input",
                param="previous_response_id",
            )
        return self._said[user, id]


def response_routes(desk: AppContext, served: Mapping[str, Answering]) -> APIRouter:
    """Returns the route that answers as OpenAI's Responses API does; see ``chat_routes``."""
    routes = APIRouter(tags=["openai"], responses=FAULTS)
    kept = KeptResponses()

    @routes.post(
        "/responses",
        response_model=ResponseReply,
        responses={200: {"content": {"text/event-stream": {}}, "description": "The response."}},
    )
    async def respond(body: ResponsesRequest, request: Request) -> Any:
        """Answers a question, with a citation for each marker as an annotation."""
        user = user_of(request)
        answering, mode = pick_model(body.model, request, desk, served)
        asked, own = read_turns(body.messages, "input")
        before = [*kept.before(user, body.previous_response_id), *own][-MOST_ROUNDS:]
        reply = ResponseAnswer(mode, body, partial(kept.keep, user), (asked, before))
        chore = do_chore(asked, [question for question, _ in before])
        if chore is not None:
            return event_stream(reply.plain(chore)) if body.stream else reply.whole(chore, None)
        events = await answering.begin(asked, answering.choose(QuestionRequest(user), mode), before)
        if body.stream:
            return event_stream(reply.stream(events))
        answer = await last_answer(events, request)
        return reply.whole(answer.text, answer)

    return routes


class ResponseAnswer:
    """One response, whole or as events."""

    def __init__(
        self,
        model: str,
        body: ResponsesRequest,
        keep: Callable[[str, Said], None],
        said: tuple[str, Said],
    ) -> None:
        """Takes what was asked, and what was said before."""
        self._model, self._body, self._keep, self._said = model, body, keep, said
        self._id, self._item = f"resp_{secrets.token_hex(16)}", f"msg_{secrets.token_hex(16)}"
        self._created, self._number = int(time.time()), 0

    def whole(self, text: str, answer: Answer | None) -> dict[str, Any]:
        """Returns the response as one object, and lets the next one follow it."""
        if self._body.store is not False:
            asked, before = self._said
            self._keep(self._id, [*before, (asked, text)])
        return self._response("completed", [self._message(text, answer)], answer)

    async def plain(self, text: str) -> AsyncIterator[str]:
        """Yields the events of a text that cites nothing."""
        for event in (*self._begin(), self._delta(text), *self._end(text, text, None)):
            yield event

    async def stream(self, events: AsyncGenerator[Event, None]) -> AsyncIterator[str]:
        """Yields events as the answer comes, the last with the whole response."""
        for event in self._begin():
            yield event
        shown, answer = "", None
        try:
            async with aclosing(events) as told:
                async for one in told:
                    if isinstance(one, Answer):
                        answer = one
                    elif isinstance(one, Delta):
                        shown += one.text
                        yield self._delta(one.text)
        except Exception as error:
            if not isinstance(error, FootnoteError):
                log.exception("an answer failed")
            fault = error_json(status_of(error), message_of(error))["error"]
            failed = {**self._response("failed", [], None), "error": fault}
            yield self._event("response.failed", response=failed)
            return
        assert answer is not None
        if rest := rest_of(shown, answer.text):
            shown += rest
            yield self._delta(rest)
        for event in self._end(shown, answer.text, answer):
            yield event

    def _begin(self) -> list[str]:
        begun = self._response("in_progress", [], None)
        item = {**self._message("", None), "status": "in_progress", "content": []}
        return [
            self._event("response.created", response=begun),
            self._event("response.in_progress", response=begun),
            self._event("response.output_item.added", output_index=0, item=item),
            self._event("response.content_part.added", **self._at(), part=_part("", None)),
        ]

    def _delta(self, text: str) -> str:
        return self._event("response.output_text.delta", **self._at(), delta=text, logprobs=[])

    def _end(self, shown: str, text: str, answer: Answer | None) -> list[str]:
        """Returns the last events; places in the text count from where the checked text begins."""
        part = _part(shown, answer, len(shown) - len(text))
        notes = [
            self._event(
                "response.output_text.annotation.added",
                **self._at(), annotation_index=number, annotation=note,
            )
            for number, note in enumerate(part["annotations"])
        ]  # fmt: skip
        whole = self.whole(text, answer)
        item = whole["output"][0]
        item["content"] = [part]
        return [
            *notes,
            self._event("response.output_text.done", **self._at(), text=shown, logprobs=[]),
            self._event("response.content_part.done", **self._at(), part=part),
            self._event("response.output_item.done", output_index=0, item=item),
            self._event("response.completed", response=whole),
        ]

    def _at(self) -> dict[str, Any]:
        return {"item_id": self._item, "output_index": 0, "content_index": 0}

    def _event(self, kind: str, **told: Any) -> str:
        self._number += 1
        return server_event(kind, {"type": kind, "sequence_number": self._number - 1, **told})

    def _message(self, text: str, answer: Answer | None) -> dict[str, Any]:
        return {
            "id": self._item,
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [_part(text, answer)],
        }

    def _response(
        self, status: str, output: list[dict[str, Any]], answer: Answer | None
    ) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "model": self._model,
            "output": output,
            "error": None,
            "incomplete_details": None,
            "instructions": self._body.instructions,
            "metadata": {},
            "parallel_tool_calls": False,
            "previous_response_id": self._body.previous_response_id,
            "temperature": None,
            "top_p": None,
            "tool_choice": "none",
            "tools": [],
            "usage": _usage(answer) if answer else None,
            "search_results": search_results(answer) if answer else [],
            "footnote": answer_json(answer) if answer else None,
        }


def _part(text: str, answer: Answer | None, offset: int = 0) -> dict[str, Any]:
    """Returns a text with its citations, which stand ``offset`` characters further on."""
    found = [note["url_citation"] for note in annotations(answer)] if answer else []
    notes = [
        {
            "type": "url_citation",
            **note,
            "start_index": note["start_index"] + offset,
            "end_index": note["end_index"] + offset,
        }
        for note in found
    ]
    return {"type": "output_text", "text": text, "annotations": notes, "logprobs": []}


def _usage(answer: Answer) -> dict[str, Any]:
    asked, written = answer.receipt.prompt_tokens, answer.receipt.completion_tokens
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked + written,
    }
