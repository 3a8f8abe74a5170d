"""Feedback: what readers said becomes cases, and nothing that they did not say."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from footnote.evals.dataset.cases import Case, Gold, read_cases
from footnote.evals.feedback import (
    FeedbackCases,
    FeedbackEntry,
    cases_from_feedback,
    read_feedback,
    write_cases,
)
from footnote.index import SourceError
from footnote.rag.answer import Turn
from footnote.rag.serialization import answer_json
from tests.scripted import OLDEST, SPONGES, WARM, abstained, answered

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TALK = ({"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello."})


def entry(thumb: str = "down", *, minute: int = 0, **fields: Any) -> FeedbackEntry:
    """Returns feedback on the scripted answer, some minutes after noon."""
    given: dict[str, Any] = {
        "id": f"e{minute}",
        "at": NOON + timedelta(minutes=minute),
        "question": "How long do glass sponges live?",
        "answer": answer_json(answered()),
        "thumb": thumb,
        **fields,
    }
    return FeedbackEntry.model_validate(given)


def written(path: Path, *entries: FeedbackEntry) -> Path:
    path.write_text("".join(f"{one.model_dump_json()}\n" for one in entries), "utf-8")
    return path


def round_trip(folder: Path, *entries: FeedbackEntry) -> list[Case]:
    """Returns the cases after feedback went through its file and theirs."""
    read, problems = read_feedback(written(folder / "feedback.jsonl", *entries))
    assert problems == []
    assert read == list(entries)
    write_cases(folder / "questions.jsonl", cases_from_feedback(read).rows)
    return read_cases(folder)


def test_a_thumb_up_makes_what_was_cited_gold(tmp_path: Path) -> None:
    (case,) = round_trip(tmp_path, entry("up", history=TALK))
    assert case == Case(
        id=case.id,
        question="How long do glass sponges live?",
        history=(Turn("user", "Hello?"), Turn("assistant", "Hello.")),
        papers=(SPONGES.id, WARM.id),
        evidence=(
            Gold(SPONGES.id, OLDEST),
            Gold(SPONGES.id, "counted their growth rings under polarised light"),
            Gold(SPONGES.id, "which agrees with its oxygen isotope record"),
            Gold(WARM.id, "Above eight degrees growth stopped within a month"),
        ),
        tag="confirmed",
    )


def test_a_correction_is_gold_and_what_was_cited_is_not(tmp_path: Path) -> None:
    (case,) = round_trip(
        tmp_path,
        entry(
            fault="wrong_paper",
            correction="  About 11,000 years.\n",
            right_papers=["Another paper"],
            right_quotes=[{"paper": "A third", "quote": "It lived\u2028long."}],
        ),
    )
    assert case == Case(
        id=case.id,
        question="How long do glass sponges live?",
        papers=("Another paper", "A third"),
        evidence=(Gold("A third", "It lived\u2028long."),),
        reference="About 11,000 years.",
        tag="corrected",
    )


def test_each_kind_of_correction_is_enough(tmp_path: Path) -> None:
    cases = round_trip(
        tmp_path,
        entry(question="One?", correction="So."),
        entry(question="Two?", right_papers=["P"]),
        entry(question="Three?", right_quotes=[{"paper": "P", "quote": "q"}]),
    )
    assert [(c.papers, c.reference) for c in cases] == [((), "So."), (("P",), None), (("P",), None)]


@pytest.mark.parametrize(
    "said",
    [
        entry("down", fault="should_have_refused"),
        entry("down", fault="should_have_refused", correction="No paper here says."),
        entry("up", answer=answer_json(abstained())),
    ],
)
def test_a_question_to_be_refused_has_no_answer(tmp_path: Path, said: FeedbackEntry) -> None:
    (case,) = round_trip(tmp_path, said)
    assert (case.answerable, case.papers, case.evidence, case.reference) == (False, (), (), None)
    assert case.tag == "refused"


def test_feedback_that_says_nothing_right_is_skipped_and_counted() -> None:
    silent = {"id": "a", "text": "Hm.", "statements": []}
    found = cases_from_feedback(
        [
            entry(fault="wrong_quote"),
            entry(question="Two?", correction="  \n"),
            entry("up", question="Three?", answer=silent),
        ]
    )
    assert found == FeedbackCases(
        rows=(),
        skipped={
            "thumb down without a correction": 2,
            "thumb up for an answer that cites nothing": 1,
        },
        superseded=0,
    )


def test_later_feedback_wins_wherever_it_stands_in_the_file() -> None:
    late, early = entry(minute=5, correction="Late."), entry(minute=1, correction="Early.")
    found = cases_from_feedback([late, early])
    assert ([row["reference"] for row in found.rows], found.superseded) == (["Late."], 1)


def test_at_one_time_the_further_down_wins() -> None:
    found = cases_from_feedback([entry(correction="First."), entry(correction="Second.")])
    assert [row["reference"] for row in found.rows] == ["Second."]


def test_times_are_compared_across_offsets() -> None:
    # 13:30 at +02:00 is 11:30 UTC, before noon.
    early = entry(at="2026-11-21T13:30:00+02:00", correction="Early.")
    found = cases_from_feedback([entry(correction="Noon."), early])
    assert [row["reference"] for row in found.rows] == ["Noon."]


def test_a_later_bare_thumb_down_takes_a_thumb_up_back() -> None:
    found = cases_from_feedback([entry("up", minute=1), entry("down", minute=2)])
    assert (found.rows, found.superseded) == ((), 1)


def test_one_question_in_two_conversations_is_two_cases(tmp_path: Path) -> None:
    cases = round_trip(tmp_path, entry("up"), entry("up", history=TALK))
    assert len({case.id for case in cases}) == 2


def test_the_same_question_in_other_spacing_is_one_case() -> None:
    spaced = "How  long do glass\nsponges live?"
    found = cases_from_feedback([entry("up"), entry("up", minute=1, question=spaced)])
    assert (len(found.rows), found.superseded) == (1, 1)


def test_a_case_keeps_its_id_when_its_feedback_changes() -> None:
    (before,) = cases_from_feedback([entry("up")]).rows
    (after,) = cases_from_feedback([entry("up"), entry(minute=9, correction="No.")]).rows
    assert before["id"] == after["id"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "a"', "EOF"),
        ("[]", "object"),
        ("{}", 'missing "id"'),
        (b'{"id": "\xff"}', "unicode"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(
    tmp_path: Path, line: str | bytes, said: str
) -> None:
    path = tmp_path / "feedback.jsonl"
    good = entry("up").model_dump_json().encode()
    bad = line if isinstance(line, bytes) else line.encode()
    path.write_bytes(b"\n".join([good, bad, b"", good]) + b"\n")
    entries, (problem,) = read_feedback(path)
    assert len(entries) == 2
    assert str(problem).startswith(f"{path}:2: ")
    assert said in str(problem)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"version": 2}, '"version"'),
        ({"at": "2026-11-21T12:00:00"}, '"at"'),
        ({"at": "yesterday"}, '"at"'),
        ({"thumb": "sideways"}, '"thumb"'),
        ({"fault": "boring"}, '"fault"'),
        ({"question": "  "}, '"question"'),
        ({"right_paper": ["typed wrongly"]}, '"right_paper"'),
        ({"right_quotes": [{"paper": "P", "quote": " "}]}, '"right_quotes.0.quote"'),
        ({"thumb": "up", "fault": "missing"}, "a thumbs up cannot have a fault"),
        ({"thumb": "up", "correction": "No."}, "a thumbs up cannot have"),
        ({"fault": "should_have_refused", "right_papers": ["P"]}, "cannot have right papers"),
    ],
)
def test_feedback_that_contradicts_itself_or_its_format_is_a_problem(
    tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    row = {**json.loads(entry().model_dump_json()), **fields}
    with pytest.raises(ValidationError):
        FeedbackEntry.model_validate(row)
    path = tmp_path / "feedback.jsonl"
    path.write_text(json.dumps(row), "utf-8")
    entries, (problem,) = read_feedback(path)
    assert (entries, problem.line) == ([], 1)
    assert said in problem.message
    assert "\n" not in problem.message


def test_only_what_feedback_is_about_is_kept_of_an_answer() -> None:
    kept = json.loads(entry().model_dump_json())["answer"]
    assert set(kept) == {"id", "text", "abstained", "statements"}
    assert set(kept["statements"][0]["citations"][0]) == {"paper_id", "quote"}


def test_of_two_rows_for_one_question_the_later_is_written(tmp_path: Path) -> None:
    one = cases_from_feedback([entry(correction="One.")]).rows
    two = cases_from_feedback([entry(correction="Two.")]).rows
    other = cases_from_feedback([entry(question="Other?", correction="O.")]).rows
    assert write_cases(tmp_path / "set" / "questions.jsonl", [*one, *other, *two]) == 2
    assert [case.reference for case in read_cases(tmp_path / "set")] == ["O.", "Two."]


def test_a_write_that_fails_leaves_the_old_cases(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    write_cases(path, cases_from_feedback([entry("up")]).rows)
    before = path.read_bytes()
    (tmp_path / "questions.jsonl.partial").mkdir()
    with pytest.raises(SourceError, match="cannot be written"):
        write_cases(path, [])
    assert path.read_bytes() == before


def test_no_partial_file_is_left(tmp_path: Path) -> None:
    write_cases(tmp_path / "questions.jsonl", [])
    assert [path.name for path in tmp_path.iterdir()] == ["questions.jsonl"]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_feedback(tmp_path / "none.jsonl")
