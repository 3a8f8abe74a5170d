"""Feedback: readers' votes on answers; ``footnote eval import`` turns them into cases."""

import os
import secrets
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
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
    said = {
        "question": answer.question,
        "history": history,
        "answer": answer_json(answer),
        "thumb": args.text("thumb", most=4),
        "fault": args.text("fault", "", most=30) or None,
        "correction": args.text("correction", "").strip() or None,
        "right_papers": papers,
    }
    entry = keep_vote(desk.feedback, said)
    return {"told": "Thank you; kept for the evals.", "voted": entry.thumb}


def keep_vote(file: Path, said: Mapping[str, Any]) -> FeedbackEntry:
    """Adds a vote to a file of feedback; returns it with its id and time.

    Raises:
        BadRequest: Its parts do not fit together.
    """
    try:
        entry = FeedbackEntry.model_validate(
            {**said, "id": secrets.token_hex(8), "at": datetime.now(UTC)}
        )
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        told = fault["msg"].removeprefix("Value error, ")
        told = f"{place}: {told}" if place else told
        raise BadRequest(f"that feedback does not fit together: {told}") from error
    # One flushed write for each line: a kill leaves only complete lines.
    with _LOCK:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(entry.model_dump_json() + "\n")
            lines.flush()
            os.fsync(lines.fileno())
    return entry


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
