"""Cases: questions with what a right answer needs, and their readers.

Two layouts are read: our own ``questions.jsonl``, and BEIR's ``queries.jsonl`` with
``qrels.tsv``, to which ``answers.jsonl`` may add SciFact's rationales (sentence numbers and a
label) or PubMedQA's yes/no/maybe with a long answer. Each file may be gzipped.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index import SourceError
from index.sources.unpacking import text_of
from rag.answer import Turn


@dataclass(frozen=True, slots=True)
class Gold:
    """A sentence, or a part of one, that a right answer quotes; ``paper`` is a title or an id."""

    paper: str
    quote: str


@dataclass(frozen=True, slots=True)
class Case:
    """One question of an evaluation set.

    Attributes:
        papers: Titles or ids of the papers that answer it.
        nuggets: Facts that a right answer states.
        reference: An answer written by a person.
        label: What the papers conclude: yes, no, maybe, SUPPORT, CONTRADICT.
        tag: Kind of question, by which figures are broken down.
    """

    id: str
    question: str
    history: tuple[Turn, ...] = ()
    papers: tuple[str, ...] = ()
    evidence: tuple[Gold, ...] = ()
    nuggets: tuple[str, ...] = ()
    reference: str | None = None
    label: str | None = None
    answerable: bool = True
    tag: str = "single"


def read_cases(folder: Path) -> list[Case]:
    """Returns the cases of a set, in the order of its file.

    Raises:
        SourceError: The folder is no set, or a line of it is no case.
    """
    if (path := _find(folder, "questions.jsonl")) is not None:
        return [_case(row, at) for at, row in _rows(path)]
    if (path := _find(folder, "queries.jsonl")) is not None:
        return _beir(folder, path)
    raise SourceError(
        f"{folder}: neither questions.jsonl nor queries.jsonl in it; give an evaluation set"
    )


def _find(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yields each filled line with its place, ``file:line``."""
    for number, line in enumerate("".join(text_of(path)).split("\n"), 1):
        if line.strip():
            yield f"{path}:{number}", line


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for at, line in _lines(path):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise SourceError(f"{at}: not JSON ({error.msg}); mend the line") from error
        if not isinstance(row, dict):
            raise SourceError(f"{at}: expected an object, got {type(row).__name__}; mend the line")
        yield at, row


def _case(row: dict[str, Any], at: str) -> Case:
    try:
        return Case(
            id=str(row["id"]),
            question=str(row["question"]),
            history=tuple(Turn(m["role"], str(m["content"])) for m in row.get("history", ())),
            papers=tuple(map(str, row.get("gold", ()))),
            evidence=tuple(Gold(str(e["title"]), str(e["quote"])) for e in row.get("evidence", ())),
            nuggets=tuple(map(str, row.get("nuggets", ()))),
            reference=row.get("reference"),
            label=row.get("label"),
            answerable=bool(row.get("answerable", True)),
            tag=str(row.get("type", "single")),
        )
    except (KeyError, TypeError) as error:
        raise SourceError(f"{at}: no case (missing or odd {error}); mend the line") from error


def _beir(folder: Path, queries: Path) -> list[Case]:
    relevant: dict[str, list[str]] = defaultdict(list)
    for qrels in (folder / "qrels.tsv", folder / "qrels" / "test.tsv"):
        if qrels.is_file():
            for _, line in list(_lines(qrels))[1:]:
                query, paper, score = line.split("\t")[:3]
                if float(score) > 0:
                    relevant[query].append(paper)
            break
    answers = {}
    if (path := _find(folder, "answers.jsonl")) is not None:
        answers = {str(row["_id"]): row for _, row in _rows(path)}
    sentences = _sentences(folder) if any("evidence" in row for row in answers.values()) else {}
    return [
        _answered(str(row["_id"]), row, tuple(relevant[str(row["_id"])]), answers, sentences)
        for _, row in _rows(queries)
    ]


def _answered(
    query: str,
    row: dict[str, Any],
    papers: tuple[str, ...],
    answers: dict[str, dict[str, Any]],
    sentences: dict[str, list[str]],
) -> Case:
    answer = answers.get(query, {})
    label = answer.get("label", answer.get("answer"))
    metadata = row.get("metadata") or {}
    return Case(
        id=query,
        question=str(row["text"]),
        papers=papers,
        evidence=tuple(
            Gold(str(e["doc_id"]), sentences[str(e["doc_id"])][n])
            for e in answer.get("evidence", ())
            for n in e["sentences"]
        ),
        reference=answer.get("long_answer"),
        label=label,
        # A claim without enough information is a question that must be refused.
        answerable=label != "NOT_ENOUGH_INFO",
        tag=str(label or metadata.get("kind") or "query"),
    )


def _sentences(folder: Path) -> dict[str, list[str]]:
    path = _find(folder, "corpus.jsonl")
    if path is None:
        raise SourceError(f"{folder}: answers.jsonl numbers sentences, but corpus.jsonl is missing")
    return {str(row["_id"]): row["sentences"] for _, row in _rows(path)}
