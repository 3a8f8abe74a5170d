"""Feedback: what readers said of answers, and its import into cases.

The chat page stores one ``FeedbackEntry`` a line (``entry.model_dump_json()``). A thumb up
confirms what an answer cited; a thumb down counts where the reader said what is right.
"""

import hashlib
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from footnote.index import SourceError
from footnote.index.models import Problem
from footnote.index.readers.files import read_bytes

FEEDBACK_VERSION: Literal[1] = 1

Fault = Literal["wrong_paper", "wrong_quote", "missing", "should_have_refused"]
Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Row = dict[str, Any]
"""A line of ``questions.jsonl``, as ``footnote.evals.dataset.cases`` reads it."""


class Message(BaseModel):
    """One message of the conversation before the question."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Literal["user", "assistant"]
    content: str


class CitedQuote(BaseModel):
    """A citation of the answer, from its JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    paper_id: Filled
    quote: Filled


class SaidStatement(BaseModel):
    """A statement of the answer, from its JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    citations: tuple[CitedQuote, ...] = ()


class ShownAnswer(BaseModel):
    """The part of an answer's JSON that feedback is about; ``answer_json`` gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str | None = None
    text: str
    abstained: bool = False
    statements: tuple[SaidStatement, ...] = ()


class RightQuote(BaseModel):
    """A sentence that the answer should have quoted; ``paper`` is a title or an id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper: Filled
    quote: Filled


class FeedbackEntry(BaseModel):
    """What one reader said of one answer.

    Attributes:
        at: When, with its offset from UTC.
        fault: What was wrong, with a thumb down.
        correction: A right answer in the reader's words.
        right_papers: Titles or ids of the papers that answer the question.
        right_quotes: Sentences that answer it.
    """

    # Refuse unknown fields: a misspelled one would silently lose a correction.
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = FEEDBACK_VERSION
    id: Filled
    at: AwareDatetime
    question: Filled
    history: tuple[Message, ...] = ()
    answer: ShownAnswer
    thumb: Literal["up", "down"]
    fault: Fault | None = None
    correction: str | None = None
    right_papers: tuple[Filled, ...] = ()
    right_quotes: tuple[RightQuote, ...] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.thumb == "up" and (self.fault or self.corrected):
            raise ValueError("a thumbs up cannot have a fault or a correction")
        if self.fault == "should_have_refused" and (self.right_papers or self.right_quotes):
            raise ValueError("an answer that should have been refused cannot have right papers")
        return self

    @property
    def corrected(self) -> bool:
        """Whether the reader said what is right."""
        return bool((self.correction or "").strip() or self.right_papers or self.right_quotes)


@dataclass(frozen=True, slots=True)
class FeedbackCases:
    """Feedback as cases.

    Attributes:
        rows: One for each question in its conversation, by time of its feedback.
        skipped: Entries that say nothing of what is right, counted by the reason.
        superseded: Entries with later feedback on the same question.
    """

    rows: tuple[Row, ...]
    skipped: Mapping[str, int]
    superseded: int


def read_feedback(path: Path) -> tuple[list[FeedbackEntry], list[Problem]]:
    """Returns the entries of a JSONL file in order, and each invalid line.

    Raises:
        SourceError: The file cannot be read.
    """
    lines = read_bytes(path).removeprefix(b"\xef\xbb\xbf").split(b"\n")
    entries: list[FeedbackEntry] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entries.append(FeedbackEntry.model_validate_json(line))
        except ValidationError as error:
            problems.append(Problem(str(path), number, _first_fault(error)))
    return entries, problems


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    field = ".".join(map(str, fault["loc"]))
    if fault["type"] == "missing":
        return f'missing "{field}"'
    message = fault["msg"].removeprefix("Value error, ")
    return f'"{field}": {message}' if field else message


def cases_from_feedback(entries: Iterable[FeedbackEntry]) -> FeedbackCases:
    """Returns a case for each question on which the latest feedback says what is right.

    Later means a later time, or a later line at the same time. A later thumb down without a
    correction cancels an earlier confirmation.
    """
    ordered = sorted(entries, key=lambda entry: entry.at)
    latest = {_key(entry.question, _history(entry)): entry for entry in ordered}
    skipped: Counter[str] = Counter()
    rows: list[Row] = []
    for entry in sorted(latest.values(), key=lambda entry: entry.at):
        row = _row(entry)
        if isinstance(row, str):
            skipped[row] += 1
        else:
            rows.append(row)
    return FeedbackCases(tuple(rows), dict(sorted(skipped.items())), len(ordered) - len(latest))


def _row(entry: FeedbackEntry) -> Row | str:
    """Returns the case of an entry, or the reason why it has none."""
    if entry.fault == "should_have_refused" or (entry.thumb == "up" and entry.answer.abstained):
        return _case(entry, "refused", answerable=False)
    if entry.thumb == "up":
        cited = [c for statement in entry.answer.statements for c in statement.citations]
        if not cited:
            return "thumb up for an answer that cites nothing"
        quotes = [(c.paper_id, c.quote) for c in cited]
        return _case(entry, "confirmed", quotes=quotes)
    if not entry.corrected:
        return "thumb down without a correction"
    quotes = [(right.paper, right.quote) for right in entry.right_quotes]
    row = _case(entry, "corrected", papers=entry.right_papers, quotes=quotes)
    correction = (entry.correction or "").strip()
    return {**row, "reference": correction} if correction else row


def _case(
    entry: FeedbackEntry,
    tag: str,
    *,
    papers: Sequence[str] = (),
    quotes: Sequence[tuple[str, str]] = (),
    answerable: bool = True,
) -> Row:
    history = _history(entry)
    return {
        "id": f"feedback-{_key(entry.question, history)}",
        # Confirmed cases favour the version that was confirmed: figures tell them apart.
        "type": tag,
        "question": entry.question,
        "history": history,
        "gold": list(dict.fromkeys([*papers, *(paper for paper, _ in quotes)])),
        "evidence": [{"title": paper, "quote": quote} for paper, quote in dict.fromkeys(quotes)],
        "nuggets": [],
        "answerable": answerable,
    }


def _history(entry: FeedbackEntry) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in entry.history]


def _key(question: str, history: Sequence[Mapping[str, str]]) -> str:
    """Returns 16 hex digits that identify a question in its conversation."""
    said = [(message["role"], message["content"]) for message in history]
    texts = [part for message in [*said, ("user", question)] for part in message]
    plain = [" ".join(unicodedata.normalize("NFC", text).split()) for text in texts]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:16]


def write_cases(path: Path, rows: Iterable[Row]) -> int:
    """Writes ``questions.jsonl`` whole or not at all; returns how many cases it holds.

    Of two rows with the same question and history the later one is kept.

    Raises:
        SourceError: The file cannot be written.
    """
    kept: dict[str, Row] = {}
    for row in rows:
        key = _key(row["question"], row.get("history", ()))
        kept.pop(key, None)
        kept[key] = row
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept.values())
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, "utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be written ({error}); check the folder") from error
    return len(kept)
