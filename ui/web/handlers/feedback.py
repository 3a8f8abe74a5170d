"""Feedback: readers' votes on answers; ``footnote eval import`` turns them into cases."""

import os
import secrets
import threading
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from footnote.evals.feedback import FeedbackEntry
from footnote.rag.serialization import answer_json
from footnote.ui.rendering.environment import render
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.conversations import answer_at
from footnote.ui.web.requests import Args, BadRequest, QuestionRequest

_LOCK = threading.Lock()


def voted(desk: AppContext, args: Args) -> dict[str, Any]:
    """Stores a vote, with the reader's reason and correction if given."""
    if desk.feedback is None:
        raise BadRequest("this server keeps no feedback; serve with: footnote chat")
    answer = answer_at(desk, args)
    before = desk.answers(QuestionRequest.read(args.values))[: (args.number("place") or 1) - 1]
    history = [
        message
        for earlier in before
        for message in (
            {"role": "user", "content": earlier.question},
            {"role": "assistant", "content": earlier.text},
        )
    ]
    papers = [line.strip() for line in args.text("papers", "").splitlines() if line.strip()]
    try:
        entry = FeedbackEntry.model_validate(
            {
                "id": secrets.token_hex(8),
                "at": datetime.now(UTC),
                "question": answer.question,
                "history": history,
                "answer": answer_json(answer),
                "thumb": args.text("thumb", most=4),
                "fault": args.text("fault", "", most=30) or None,
                "correction": args.text("correction", "").strip() or None,
                "right_papers": papers,
            }
        )
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise BadRequest(f"that feedback does not fit together: {said}") from error
    # One flushed write for each line: a kill leaves only complete lines.
    with _LOCK:
        desk.feedback.parent.mkdir(parents=True, exist_ok=True)
        with desk.feedback.open("a", encoding="utf-8") as lines:
            lines.write(entry.model_dump_json() + "\n")
            lines.flush()
            os.fsync(lines.fileno())
    return {"told": "Thank you; kept for the evals.", "voted": entry.thumb}


def doubted(desk: AppContext, args: Args) -> dict[str, Any]:
    """Asks what is wrong with an answer, and what would be right."""
    return {"view": render("doubt", faults=_FAULTS)}


_FAULTS = {
    "wrong_paper": "Wrong paper",
    "wrong_quote": "Wrong quote",
    "missing": "Something is missing",
    "should_have_refused": "It should have refused",
}
ACTIONS = {"vote": voted, "doubt": doubted}
