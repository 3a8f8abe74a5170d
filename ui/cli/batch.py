"""Questions from files: a conversation's history, batches answered and checked line by line."""

import json
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from footnote.index import FootnoteError
from footnote.index.readers.files import read_text
from footnote.rag.answer import REFUSAL, Answer, AnswerTrace, Turn
from footnote.rag.serialization import answer_json

# Only for type names: an error in a file is reported before the engine is loaded.
if TYPE_CHECKING:
    from footnote.index.library import Filters
    from footnote.rag.engine import CitedQueryEngine
    from footnote.rag.verification.sentence_check import CitedSource

_log = logging.getLogger(__name__)
R = TypeVar("R", bound=BaseModel)


class _TurnMessage(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: Literal["user", "assistant"]
    content: str


class AskedQuestion(BaseModel):
    """One line of a batch, from untrusted JSON."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: Annotated[str, StringConstraints(min_length=1)]
    question: str
    history: list[_TurnMessage] | None = None

    def turns(self) -> list[Turn]:
        """Returns the history as turns."""
        return [Turn(m.role, m.content) for m in self.history or ()]


def read_turns(path: Path) -> list[Turn]:
    """Returns a conversation from a JSON list, or from JSONL.

    Raises:
        FootnoteError: The file cannot be read, or is not a conversation.
    """
    text = _read_line(path)
    try:
        found = _parsed(text)
    except RecursionError as error:
        raise FootnoteError(
            f'{path}: not JSON (nested too deeply); give a list of {{"role", "content"}}'
        ) from error
    # A number of too many digits is a ValueError, too.
    except ValueError as error:
        fault = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        raise FootnoteError(
            f'{path}: not JSON ({fault}); give a list of {{"role", "content"}}'
        ) from error
    try:
        messages = TypeAdapter(list[_TurnMessage]).validate_python(found)
    except ValidationError as error:
        raise FootnoteError(f"{path}: {_fault(error)}") from error
    return [Turn(m.role, m.content) for m in messages]


def _parsed(text: str) -> object:
    """Returns the value of a JSON text, or a list of the values in JSON Lines."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    return [found] if isinstance(found, dict) else found


def read_questions(path: Path) -> list[AskedQuestion]:
    """Returns the questions of a batch; the whole file is checked before any is answered.

    Raises:
        FootnoteError: The file cannot be read, or a line is not a question.
    """
    help = "correct the line (no question was asked)"
    return _read_rows(path, _read_line(path), AskedQuestion, "questions", help)


def _read_rows(path: Path, text: str, row: type[R], things: str, help: str) -> list[R]:
    """Returns the rows of JSON Lines; the whole text is read before any of them is used.

    Raises:
        FootnoteError: A line is not such a row, or there is none.
    """
    found: list[R] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(row.model_validate_json(line))
        except ValidationError as error:
            raise FootnoteError(f"{path}:{number}: {_fault(error)}; {help}") from error
    if not found:
        raise FootnoteError(f"{path}: has no {things}; give one JSON object per line")
    return found


class _GivenCitation(BaseModel):
    model_config = ConfigDict(extra="ignore")

    title: str = ""
    quote: str | None = None


class SentenceToCheck(BaseModel):
    """One line of a file to check, from untrusted JSON."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: Annotated[str, StringConstraints(min_length=1)]
    sentence: Annotated[str, StringConstraints(min_length=1)]
    citations: list[_GivenCitation] = []

    def cited(self) -> list["CitedSource"]:
        """Returns the citations as the checker takes them."""
        from footnote.rag.verification.sentence_check import CitedSource

        return [CitedSource(one.title, one.quote or "") for one in self.citations]


def read_sentences(path: Path, text: str) -> list[SentenceToCheck]:
    """Returns the sentences of JSON Lines, a JSON array or one object.

    The whole file is read before any is checked.

    Raises:
        FootnoteError: A line is not a sentence to check.
    """
    # Whoever wrote one value over several lines means the same as JSON Lines.
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        text = "\n".join(map(json.dumps, found if isinstance(found, list) else [found]))
    help = 'give {"id", "sentence", "citations": [{"title", "quote"}]} (nothing was checked)'
    return _read_rows(path, text, SentenceToCheck, "sentences", help)


def answer_all(
    engine: "CitedQueryEngine",
    asked: Sequence[AskedQuestion],
    out: Path,
    *,
    filters: "Filters",
    k: int,
    on_answer: Callable[[int], None],
    read_filters: bool = True,
) -> int:
    """Writes one Answer a line, in the order of the questions; returns how many failed.

    A failed question also gets a line, abstained and with the reason. The file gets its name only
    when it is complete.

    Raises:
        FootnoteError: The file cannot be written.
    """
    failed = 0
    partial = out.with_name(f"{out.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            for question in asked:
                answer, as_hoped = _answer_line(engine, question, filters, k, read_filters)
                failed += not as_hoped
                row = {**answer_json(answer), "id": question.id}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                on_answer(1)
        os.replace(partial, out)
    except OSError as error:
        raise FootnoteError(f"{out} cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return failed


def _answer_line(
    engine: "CitedQueryEngine",
    question: AskedQuestion,
    filters: "Filters",
    k: int,
    read_filters: bool,
) -> tuple[Answer, bool]:
    """Returns the answer and True, or an error row and False."""
    try:
        turns = question.turns()
        answer = engine.ask(question.question, turns, filters, k=k, read_filters=read_filters)
        return answer, True
    except FootnoteError as error:
        return _failure(question, str(error)), False
    except Exception as error:
        # The only broad catch in a batch: one crash must not stop the other questions.
        _log.exception("question %s crashed", question.id)
        return _failure(question, f"it crashed ({type(error).__name__}: {error})"), False


def _failure(question: AskedQuestion, reason: str) -> Answer:
    receipt = AnswerTrace(timings_ms={"total": 0.0})
    return Answer(
        question=question.question,
        standalone_question=question.question,
        text=REFUSAL,
        statements=(),
        papers=(),
        hits=(),
        abstained=True,
        mode="extractive",
        receipt=receipt,
        reason=reason,
    )


def _read_line(path: Path) -> str:
    return read_text(path)


def _fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(map(str, fault["loc"]))
    return f"{where + ': ' if where else ''}{fault['msg']}"
