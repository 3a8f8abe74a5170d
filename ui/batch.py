"""Questions from files: a conversation's history, and batches answered line by line."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from index import FootnoteError
from index.library import Filters
from rag.answer import Answer, Receipt, Turn
from rag.engine import CitedQueryEngine
from rag.prompts import REFUSAL


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: Literal["user", "assistant"]
    content: str


class AskedQuestion(BaseModel):
    """One line of a batch, from untrusted JSON."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: Annotated[str, StringConstraints(min_length=1)]
    question: str
    history: list[_Message] = []

    def turns(self) -> list[Turn]:
        """Returns the history as turns."""
        return [Turn(m.role, m.content) for m in self.history]


def read_turns(path: Path) -> list[Turn]:
    """Returns a conversation from a JSON list, or from JSONL.

    Raises:
        FootnoteError: The file cannot be read, or is no conversation.
    """
    text = _read(path)
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        try:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError as error:
            raise FootnoteError(
                f'{path}: not JSON ({error.msg}); give a list of {{"role", "content"}}'
            ) from error
    try:
        messages = TypeAdapter(list[_Message]).validate_python(found)
    except ValidationError as error:
        raise FootnoteError(f"{path}: {_fault(error)}") from error
    return [Turn(m.role, m.content) for m in messages]


def read_questions(path: Path) -> list[AskedQuestion]:
    """Returns the questions of a batch; the whole file is checked before any is answered.

    Raises:
        FootnoteError: The file cannot be read, or a line is no question.
    """
    asked: list[AskedQuestion] = []
    for number, line in enumerate(_read(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            asked.append(AskedQuestion.model_validate_json(line))
        except ValidationError as error:
            raise FootnoteError(f"{path}:{number}: {_fault(error)}; nothing was asked") from error
    if not asked:
        raise FootnoteError(f"{path}: holds no question; one JSON object a line is read")
    return asked


def answer_all(
    engine: CitedQueryEngine,
    asked: Sequence[AskedQuestion],
    out: Path,
    *,
    filters: Filters,
    k: int,
    on_answer: Callable[[int], None],
) -> int:
    """Writes one Answer a line, in the order of the questions; returns how many failed.

    A question that fails has a line too, abstained and with the reason. The file takes
    its name only when it is whole.
    """
    failed = 0
    partial = out.with_name(f"{out.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            for question in asked:
                try:
                    answer = engine.ask(question.question, question.turns(), filters, k=k)
                except FootnoteError as error:
                    failed += 1
                    answer = _failure(question, str(error))
                row = {**answer.to_json(), "id": question.id}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                on_answer(1)
        os.replace(partial, out)
    except OSError as error:
        raise FootnoteError(f"{out} cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)
    return failed


def _failure(question: AskedQuestion, reason: str) -> Answer:
    receipt = Receipt(timings_ms={"total": 0.0})
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


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise FootnoteError(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise FootnoteError(
            f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from error


def _fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(map(str, fault["loc"]))
    return f"{where + ': ' if where else ''}{fault['msg']}"
