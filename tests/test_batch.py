"""Files of questions: one Answer a line, in order, whatever happens to one of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index import FootnoteError
from footnote.index.library import EVERYTHING, Library
from footnote.rag.answer import Turn
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.cli.batch import answer_all, read_questions, read_turns
from tests.command import inside

FOLLOW_UP = {
    "id": "b",
    "question": "And how many of the games does it win?",
    "history": [{"role": "user", "content": "What does the deep Q-network see?"}],
}
GOOD = [{"id": 7, "question": "What does PPO clip?"}, FOLLOW_UP, {"id": "é", "question": "RAG?"}]


def lines(rows: Sequence[object]) -> str:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


def written(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def asked(path: Path, rows: Sequence[object]) -> Path:
    path.write_text(lines(rows), "utf-8")
    return path


@pytest.mark.parametrize(("read", "filters"), [(True, "since 2022"), (False, "")])
def test_a_batch_reads_filters_unless_told_not_to(
    demo_library: Library, tmp_path: Path, read: bool, filters: str
) -> None:
    row = {"id": 1, "question": "How are robots taught since 2022?"}
    questions = asked(tmp_path / "in.jsonl", [row])
    out = tmp_path / "out.jsonl"
    answer_all(
        CitedQueryEngine(demo_library), read_questions(questions), out, filters=EVERYTHING, k=20,
        on_answer=lambda count: None, read_filters=read,
    )  # fmt: skip
    assert written(out)[0]["receipt"]["filters"] == filters


def test_a_batch_keeps_ids_and_order(demo_library: Library, tmp_path: Path) -> None:
    questions, out = asked(tmp_path / "in.jsonl", ["", *GOOD]), tmp_path / "out.jsonl"
    ran = inside("ask", "--batch", questions, "--out", out, "--library", demo_library.path)
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    rows = written(out)
    assert [row["id"] for row in rows] == ["7", "b", "é"]
    assert [row["question"] for row in rows] == [row["question"] for row in GOOD]
    assert rows[1]["hits"][0]["title"] == "Playing Atari with Deep Reinforcement Learning"
    assert all(row["version"] == 2 and len(row["hits"]) >= 20 for row in rows)


def test_an_empty_question_in_the_middle_is_a_row_and_status_1(
    demo_library: Library, tmp_path: Path
) -> None:
    rows = [GOOD[0], {"id": "empty", "question": " "}, GOOD[2]]
    questions, out = asked(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    ran = inside("ask", "--batch", questions, "--out", out, "--library", demo_library.path)
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert "1 of 3 questions failed" in ran.err
    first, middle, last = written(out)
    assert list(first) == list(middle) == list(last)
    assert (middle["id"], middle["abstained"]) == ("empty", True)
    assert "the question is empty" in middle["reason"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("{not json", "Invalid JSON"),
        ('{"id": "x"}', "question: Field required"),
        ('{"question": "x"}', "id: Field required"),
        ('{"id": "", "question": "x"}', "id: "),
        ('{"id": "x", "question": "y", "history": [{"role": "system"}]}', "history.0."),
        ('{"id": "x", "question": "\\ud800"}', "Invalid JSON"),
        ("[" * 5000, "Invalid JSON"),
        ("7", "object"),
    ],
)
def test_a_bad_line_is_named_before_anything_is_asked(bad: str, said: str, tmp_path: Path) -> None:
    path = asked(tmp_path / "in.jsonl", [GOOD[0], bad])
    with pytest.raises(FootnoteError) as caught:
        read_questions(path)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert said in str(caught.value)
    assert "no question was asked" in str(caught.value)


def test_a_bad_line_writes_nothing(demo_library: Library, tmp_path: Path) -> None:
    questions, out = asked(tmp_path / "in.jsonl", [GOOD[0], "no"]), tmp_path / "out.jsonl"
    ran = inside("ask", "--batch", questions, "--out", out, "--library", demo_library.path)
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert f"{questions}:2: " in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"]


@pytest.mark.parametrize("out", [".", "in.jsonl", "none/out.jsonl"])
def test_an_output_that_cannot_be_is_refused_first(out: str, tmp_path: Path) -> None:
    questions = asked(tmp_path / "in.jsonl", GOOD)
    ran = inside("ask", "--batch", questions, "--out", tmp_path / out)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert questions.read_text("utf-8") == lines(GOOD)


def test_a_file_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FootnoteError, match="has no questions"):
        read_questions(asked(tmp_path / "in.jsonl", ["", " "]))


def test_a_mark_of_byte_order_and_null_history_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(lines([{"id": "a", "question": "x", "history": None}]), "utf-8-sig")
    (question,) = read_questions(path)
    assert question.turns() == []


class Crashing(CitedQueryEngine):
    """An engine with a bug that one question meets."""

    def ask(self, question: str, *rest: Any, **options: Any) -> Any:
        if "crash" in question:
            raise ZeroDivisionError("division by zero")
        return super().ask(question, *rest, **options)


def test_a_crash_is_a_row_and_the_others_are_answered(
    demo_library: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [GOOD[0], {"id": "x", "question": "crash"}, GOOD[2]]
    questions, out = read_questions(asked(tmp_path / "in.jsonl", rows)), tmp_path / "out.jsonl"
    done: list[int] = []
    failed = answer_all(
        Crashing(demo_library), questions, out, filters=EVERYTHING, k=20, on_answer=done.append
    )
    assert (failed, done) == (1, [1, 1, 1])
    assert [row["abstained"] for row in written(out)] == [False, True, False]
    assert written(out)[1]["reason"] == "it crashed (ZeroDivisionError: division by zero)"
    assert "question x crashed" in caplog.text


def test_an_earlier_output_stays_until_the_new_one_is_whole(
    demo_library: Library, tmp_path: Path
) -> None:
    def interrupt(count: int) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out.jsonl"
    out.write_text("earlier")
    questions = read_questions(asked(tmp_path / "in.jsonl", GOOD))
    with pytest.raises(KeyboardInterrupt):
        answer_all(
            CitedQueryEngine(demo_library), questions, out,
            filters=EVERYTHING, k=20, on_answer=interrupt,
        )  # fmt: skip
    assert out.read_text() == "earlier"
    assert not (tmp_path / "out.jsonl.partial").exists()


@given(talk=st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text()), max_size=5))
def test_a_talk_reads_the_same_as_a_list_and_as_lines(
    talk: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("talk")
    rows = [{"role": role, "content": content} for role, content in talk]
    for ascii_only in (True, False):
        dumped = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
        (folder / "list").write_text(f"[{','.join(dumped)}]", "utf-8")
        (folder / "lines").write_text("\n".join(dumped), "utf-8")
        expected = [Turn(role, content) for role, content in talk]  # type: ignore[arg-type]
        assert read_turns(folder / "list") == read_turns(folder / "lines") == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"role": "user"}]', "0.content: Field required"),
        ("7", "valid list"),
    ],
)
def test_what_is_no_talk_is_said_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "talk").write_text(text)
    with pytest.raises(FootnoteError, match=said) as caught:
        read_turns(tmp_path / "talk")
    assert len(str(caught.value).splitlines()) == 1
