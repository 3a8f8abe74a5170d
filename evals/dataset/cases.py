"""Cases: questions with their expected answers, and their readers.

Two layouts are read: our own ``questions.jsonl``, and BEIR's ``queries.jsonl`` with
``qrels.tsv``, to which ``answers.jsonl`` may add SciFact's rationales (sentence numbers and a
label) or PubMedQA's yes/no/maybe with a long answer. Each file may be gzipped.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footnote.evals.dataset.json_files import check_shape, read_json_lines, read_lines
from footnote.evals.dataset.schemas import AnswerRow, PaperRow, QueryRow, QuestionRow
from footnote.index import SourceError
from footnote.index.readers.files import read_text
from footnote.rag.answer import Turn


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
        made: Who made it, where no person did: "rules", or the name of a model.
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
    made: str | None = None


def is_set(folder: Path) -> bool:
    """Returns whether a folder holds a set, whatever its lines are."""
    return any(_find(folder, name) for name in ("questions.jsonl", "queries.jsonl"))


def read_cases(folder: Path) -> list[Case]:
    """Returns the cases of a set, in the order of its file.

    Raises:
        SourceError: The folder is not a set, or a line is not a case.
    """
    if (path := _find(folder, "questions.jsonl")) is not None:
        found = [_case(row, at) for at, row in read_json_lines(path)]
    elif (path := _find(folder, "queries.jsonl")) is not None:
        found = _beir(folder, path)
    else:
        raise SourceError(
            f"{folder}: has neither questions.jsonl nor queries.jsonl; give an evaluation set"
        )
    if not found:
        raise SourceError(f"{path}: has no questions; give an evaluation set")
    for id, times in Counter(case.id for case in found).items():
        if times > 1:
            raise SourceError(
                f"{path}: id {id[:80]!r} occurs {times} times; give each question its own"
            )
    return found


def choose_cases(folder: Path, only: Path | None, limit: int | None = None) -> list[Case]:
    """Returns the cases of a set that are to be asked.

    Args:
        folder: The set.
        only: A file of ids, apart by white space; all cases if none.
        limit: Maximum number of cases.

    Raises:
        SourceError: The folder is no set, the file cannot be read, or an id is of no case.
    """
    cases = read_cases(folder)
    if only is not None:
        names = dict.fromkeys(read_text(only).split())
        unknown = [name for name in names if name not in {case.id for case in cases}]
        if unknown or not names:
            told = f"{unknown[0][:80]!r} is no question of {folder}" if unknown else "has no ids"
            raise SourceError(f"{only}: {told}; give ids of questions, one a line")
        cases = [case for case in cases if case.id in names]
    return cases[:limit]


def makers(cases: Iterable[Case]) -> str | None:
    """Returns by what cases were made, where any were: "rules", "rules and gpt-4o-mini"."""
    return " and ".join(sorted({case.made for case in cases if case.made}, reverse=True)) or None


def describe_made(made: str | None) -> str:
    """Returns what a reader of figures over a made set must know; "" for one of people's.

    Args:
        made: From ``makers``, or the config of a run.
    """
    if not made:
        return ""
    return f"Made from this library by {made}: easier than the questions that people ask."


def _find(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


def _case(found: dict[str, Any], at: str) -> Case:
    row = check_shape(QuestionRow, found, at, "case")
    return Case(
        id=row.id,
        question=row.question,
        history=tuple(Turn(said.role, said.content) for said in row.history),
        papers=tuple(row.gold),
        evidence=tuple(Gold(gold.title, gold.quote) for gold in row.evidence),
        nuggets=tuple(row.nuggets),
        reference=row.reference,
        label=row.label,
        answerable=row.answerable,
        tag=row.type,
        made=row.made.by if row.made else None,
    )


def _beir(folder: Path, queries: Path) -> list[Case]:
    relevant: dict[str, list[str]] = defaultdict(list)
    for qrels in (folder / "qrels.tsv", folder / "qrels" / "test.tsv"):
        if qrels.is_file():
            for query, paper, score in _judgements(qrels):
                if score > 0:
                    relevant[query].append(paper)
            break
    answers: dict[str, AnswerRow] = {}
    if (path := _find(folder, "answers.jsonl")) is not None:
        found = (check_shape(AnswerRow, row, at, "answer") for at, row in read_json_lines(path))
        answers = {row.id: row for row in found}
    rationales = any(answer.evidence is not None for answer in answers.values())
    sentences = _sentences(folder) if rationales else {}
    asked = [check_shape(QueryRow, row, at, "query") for at, row in read_json_lines(queries)]
    return [
        _case_with_answer(row, tuple(relevant[row.id]), answers, sentences, folder) for row in asked
    ]


def _judgements(qrels: Path) -> Iterator[tuple[str, str, float]]:
    """Yields the query, the paper and the score of each line of qrels but its head."""
    head, *filled = [*read_lines(qrels)] or [(str(qrels), "")]
    for at, line in (head, *filled):
        try:
            query, paper, score = line.split("\t")[:3]
            if at != head[0]:
                yield query, paper, float(score)
        except ValueError as error:
            raise SourceError(
                f"{at}: expected query, paper and score, separated by tabs; correct the line"
            ) from error


def _case_with_answer(
    row: QueryRow,
    papers: tuple[str, ...],
    answers: dict[str, AnswerRow],
    sentences: dict[str, list[str]],
    folder: Path,
) -> Case:
    answer = answers.get(row.id) or AnswerRow.model_validate({"_id": row.id})
    label = answer.label if answer.label is not None else answer.answer
    try:
        evidence = tuple(
            Gold(of.doc_id, sentences[of.doc_id][n])
            for of in answer.evidence or ()
            for n in of.sentences
        )
    except LookupError as error:
        raise SourceError(
            f"{folder}: the answer to {row.id[:80]!r} numbers a sentence that corpus.jsonl does "
            "not have; correct one of them"
        ) from error
    return Case(
        id=row.id,
        question=row.text,
        papers=papers,
        evidence=evidence,
        reference=answer.long_answer,
        label=label,
        # A claim without enough information is a question that must be refused.
        answerable=label != "NOT_ENOUGH_INFO",
        tag=label or (row.metadata and row.metadata.kind) or "query",
    )


def _sentences(folder: Path) -> dict[str, list[str]]:
    path = _find(folder, "corpus.jsonl")
    if path is None:
        raise SourceError(
            f"{folder}: answers.jsonl numbers sentences, but corpus.jsonl is missing; add it"
        )
    found = (check_shape(PaperRow, row, at, "paper") for at, row in read_json_lines(path))
    return {row.id: row.sentences for row in found}
