"""Sets, runs and other files of evals that are not what they should be: one line, no traceback."""

import gzip
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from footnote.evals.dataset.cases import read_cases
from footnote.evals.runs.run_folder import CONFIG, REPORT, ROWS
from footnote.index import SourceError
from footnote.index.library import Library
from tests.command import Ran, inside
from tests.test_numbers import changed
from tests.test_report import row, small_run, write_run

# A file that is none of what is read, by what is wrong with it.
JUNK: Mapping[str, bytes] = {
    "empty": b"",
    "blank": b" \n\n\t\n",
    "array": b"[]\n",
    "number": b"7\n",
    "null": b"null\n",
    "prose": b"These are my questions.\n",
    "binary": bytes(range(256)) * 8,
    "nul": b"\0" * 64,
    "utf-16": '{"id": "1", "question": "Why?"}'.encode("utf-16"),
    "latin": b'{"id": "1", "question": "na\xefve"}\n',
    "cut": b'{"id": "1", "question": "Wh',
    "huge line": b'{"id": "' + b"x" * 3_000_000,
    "deep": b"[" * 100_000,
    "digits": b'{"id": ' + b"9" * 5000 + b"}\n",
    "surrogate": b'{"id": "\\ud800", "question": "Why?"}\n',
    "no fields": b"{}\n",
}
# What no field of any file is, and what some are.
WRONG: tuple[Any, ...] = (None, True, -1, 10**30, 1e308, "x", [], [None], [{}], {}, {"x": 1})
QUESTION = {
    "id": "1", "question": "Why?", "history": [{"role": "user", "content": "What?"}],
    "gold": ["A paper"], "evidence": [{"title": "A paper", "quote": "So."}], "nuggets": ["a fact"],
    "reference": "So.", "label": "yes", "answerable": True, "type": "single",
}  # fmt: skip
BEIR: dict[str, Any] = {
    "queries.jsonl": {"_id": "1", "text": "Is it so?", "metadata": {"kind": "open"}},
    "answers.jsonl": {
        "_id": "1", "label": "SUPPORT", "long_answer": "It is.",
        "evidence": [{"doc_id": "9", "label": "SUPPORT", "sentences": [1]}],
    },
    "corpus.jsonl": {"_id": "9", "title": "T", "text": "A. B.", "sentences": ["A.", "B."]},
}  # fmt: skip
QRELS = "query-id\tcorpus-id\tscore\n1\t9\t1\n"


def assert_told(ran: Ran, *, of: object) -> None:
    """A refusal is one short line on stderr, and nothing on stdout."""
    assert ran.status in (1, 2), (of, ran)
    assert (ran.out, ran.err.count("\n")) == ("", 1), (of, ran)
    assert ran.err.startswith("footnote: "), of
    assert len(ran.err) < 700, of


def assert_told_or_done(ran: Ran, *, of: object) -> None:
    """Nothing but an answer or a refusal."""
    if ran.status:
        assert_told(ran, of=of)


def write_beir(folder: Path, **files: Any) -> Path:
    folder.mkdir(exist_ok=True)
    for name, found in {**BEIR, **files}.items():
        (folder / name).write_text(json.dumps(found) + "\n", "utf-8")
    (folder / "qrels.tsv").write_text(QRELS)
    return folder


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the way to each value within JSON values; of a list only to its first."""
    if way:
        yield way
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*way, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*way, 0))


def without(value: Any, way: tuple[Any, ...]) -> Any:
    """Returns JSON values without the one at a place."""
    held = value
    for key in way[:-1]:
        held = held[key]
    kept = {k: v for k, v in held.items() if k != way[-1]} if isinstance(held, dict) else held[1:]
    return changed(value, way[:-1], kept)


def spoilt(value: Any, wrongs: Sequence[Any] = WRONG) -> Iterator[tuple[Any, Any]]:
    """Yields JSON values with one place missing or wrong, and which."""
    for way in places(value):
        yield (way, "missing"), without(value, way)
        held = value
        for key in way:
            held = held[key]
        for wrong in wrongs:
            # Another text is a text.
            if isinstance(held, str) and isinstance(wrong, str):
                continue
            yield (way, repr(wrong)[:40]), changed(value, way, wrong)


# Sets.


@pytest.mark.parametrize("name", ["questions.jsonl", "queries.jsonl", "answers.jsonl", "qrels.tsv"])
@pytest.mark.parametrize("junk", JUNK)
def test_a_set_with_a_file_of_something_else_is_refused(
    name: str, junk: str, tmp_path: Path
) -> None:
    folder = write_beir(tmp_path / "set")
    (folder / name).write_bytes(JUNK[junk])
    ran = inside("eval", "run", folder, "--out", tmp_path / "run", "--library", tmp_path / "none")
    assert_told(ran, of=(name, junk))
    # There may be no answers: then it is the library that is missing.
    none = name == "answers.jsonl" and junk in ("empty", "blank")
    assert (str(folder) in ran.err) is not none, ran.err


@pytest.mark.parametrize("junk", JUNK)
def test_a_sweep_over_such_a_set_is_refused(junk: str, tmp_path: Path) -> None:
    (tmp_path / "questions.jsonl").write_bytes(JUNK[junk])
    at = ("--library", tmp_path / "none", "--out", tmp_path / "out")
    assert_told(inside("eval", "sweep", tmp_path, "wide: k=20", *at), of=junk)


def test_a_set_with_a_spoilt_field_is_cases_or_one_line(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    for which, found in spoilt(QUESTION):
        path.write_text(json.dumps(found) + "\n", "utf-8")
        assert_cases_or_line(tmp_path, which)
    for name, good in BEIR.items():
        for which, found in spoilt(good):
            assert_cases_or_line(write_beir(tmp_path / "beir", **{name: found}), (name, which))


def assert_cases_or_line(folder: Path, which: object) -> None:
    try:
        cases = read_cases(folder)
    except SourceError as error:
        assert "\n" not in str(error), which
        assert str(folder) in str(error), which
        assert len(str(error)) < 500, which
        return
    for case in cases:
        texts = (case.id, case.question, case.tag, *case.papers, *case.nuggets)
        assert all(type(text) is str for text in texts), which
        assert type(case.reference) in (str, type(None)), which
        assert type(case.answerable) is bool, which


def test_two_questions_under_one_id_are_refused(tmp_path: Path) -> None:
    line = json.dumps(QUESTION) + "\n"
    (tmp_path / "questions.jsonl").write_text(line * 2, "utf-8")
    with pytest.raises(SourceError, match="id '1' occurs 2 times"):
        read_cases(tmp_path)


def test_what_stands_in_place_of_a_set_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    folders = tmp_path / "folders"
    (folders / "questions.jsonl").mkdir(parents=True)
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "questions.jsonl.gz").write_bytes(gzip.compress(json.dumps(QUESTION).encode())[:40])
    for path in (tmp_path / "file", tmp_path / "pipe", tmp_path / "none", folders, packed):
        assert_told(inside("eval", "run", path, "--library", tmp_path), of=path.name)


# Runs.


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", small_run())


def readers(run: Path, other: Path) -> dict[str, tuple[str | Path, ...]]:
    """Returns each command that reads a finished run."""
    return {
        "html": ("eval", "report", run, "--out", run.parent / "out.html"),
        "md": ("eval", "report", run, "--format", "md"),
        "json": ("eval", "report", run, "--format", "json"),
        "compare": ("eval", "compare", run, other),
        "compared": ("eval", "compare", other, run, "--json"),
        "gate": ("eval", "gate", run, "--min", "evidence=0"),
        "no worse": ("eval", "gate", other, "--no-worse-than", run),
    }


@pytest.mark.parametrize("name", [ROWS, REPORT])
@pytest.mark.parametrize("junk", JUNK)
def test_a_run_with_a_file_of_something_else_is_refused(
    name: str, junk: str, run: Path, tmp_path: Path
) -> None:
    other = write_run(tmp_path / "other", small_run())
    (run / name).write_bytes(JUNK[junk])
    for command, arguments in readers(run, other).items():
        reads = command != "gate" if name == ROWS else command not in ("no worse",)
        if reads:
            assert_told(inside(*arguments), of=(name, junk, command))


def test_a_run_with_a_spoilt_field_is_figures_or_one_line(run: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", small_run())
    good, report = row("k1"), json.loads((run / REPORT).read_text("utf-8"))
    told = {"criterion": "quality", "statement": None, "score": 0.5, "label": None}
    good |= {"judgements": [{**told, "reason": "so", "model": "m"}], "gold": {"Kelp": "paper:kelp"}}
    report["measures"] = {tag: report["measures"][tag] for tag in ("ALL", "sea")}
    only = {"ALL": ("evidence", "abstain_recall"), "sea": ("evidence",)}
    report["measures"] = {
        tag: {name: found[name] for name in only[tag] if name in found}
        for tag, found in report["measures"].items()
    }
    for name, value in ((ROWS, good), (REPORT, report)):
        shutil.rmtree(run)
        write_run(run, [good])
        for which, found in spoilt(value, (None, -1, 1e308, "x", [])):
            (run / name).write_text(json.dumps(found) + "\n", "utf-8")
            ran = inside(*readers(run, other)["md"])
            assert_told_or_done(ran, of=(name, which))
            # What one reader of a run refuses, all do.
            for command in ("html", "compare" if name == ROWS else "gate"):
                if ran.status == 0:
                    ran = inside(*readers(run, other)[command])
                    assert_told_or_done(ran, of=(name, which, command))


def test_what_stands_in_place_of_a_run_is_named(run: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", small_run())
    (tmp_path / "file").write_text("x")
    folders = tmp_path / "folders"
    for name in (ROWS, REPORT):
        (folders / name).mkdir(parents=True)
    piped = tmp_path / "piped"
    piped.mkdir()
    for name in (ROWS, REPORT):
        os.mkfifo(piped / name)
    for wrong in (tmp_path / "none", tmp_path / "file", folders, piped):
        for command, arguments in readers(wrong, other).items():
            assert_told(inside(*arguments), of=(wrong.name, command))


def test_a_run_that_was_cut_off_or_is_of_another_version_is_refused(
    run: Path, tmp_path: Path
) -> None:
    other = write_run(tmp_path / "other", small_run())
    lines = (run / ROWS).read_text("utf-8").splitlines(keepends=True)
    newer = json.loads(lines[0])
    newer["answer"]["version"] = 2
    for text in ("".join(lines[:3]) + lines[3][:50], json.dumps(newer) + "\n", "".join(lines[:2])):
        (run / ROWS).write_text(text, "utf-8")
        assert_told(inside(*readers(run, other)["html"]), of=text[-60:])


@pytest.mark.parametrize(
    "bound", ["R@5", "R@5=", "R@5=1.2.3", "R@5=１２", "R@5=nan", "=1", "x/y/z=1", "R@5=1e3", ""]
)
def test_a_bound_that_is_none_is_refused(bound: str, run: Path) -> None:
    assert_told(inside("eval", "gate", run, "--min", bound), of=bound)


@pytest.mark.parametrize(
    "setting",
    ["", "wide", "wide: k", "wide: k=0", "wide: k=-1", f"wide: k={10**30}", f"wide: k={'9' * 5000}",
     "wide: sentences=0", "wide: dense_weight=nan", "wide: dense_weight=1e308",
     "wide: composer=nobody", "a/b: k=3", "wide: x=1"],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_a_setting_that_is_none_is_refused(setting: str, tmp_path: Path) -> None:
    (tmp_path / "questions.jsonl").write_text(json.dumps(QUESTION) + "\n", "utf-8")
    at = ("--library", tmp_path / "none", "--out", tmp_path / "out")
    ran = inside("eval", "sweep", tmp_path, setting, *at)
    assert_told(ran, of=setting)
    assert "setting" in ran.err


def test_a_folder_that_cannot_go_on_as_a_run_is_refused(
    demo_library: Library, tmp_path: Path
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "questions.jsonl").write_text(json.dumps(QUESTION) + "\n", "utf-8")
    out = tmp_path / "run"
    at = ("eval", "run", tmp_path / "set", "--library", demo_library.path, "--out", out)
    assert inside(*at).status == 0
    config, rows = (out / CONFIG).read_bytes(), (out / ROWS).read_bytes()
    for name, text in [
        (CONFIG, b"[]"), (CONFIG, b""), (CONFIG, bytes(range(256))), (CONFIG, b'{"set": 7}'),
        (ROWS, b"7\n"), (ROWS, b'{"id": []}\n'), (ROWS, b"\xff\xfe\n"),
    ]:  # fmt: skip
        (out / CONFIG).write_bytes(config)
        (out / ROWS).write_bytes(rows)
        (out / name).write_bytes(text)
        assert_told(inside(*at), of=(name, text[:20]))
    (tmp_path / "file").write_text("x")
    assert_told(inside(*at[:-1], tmp_path / "file"), of="a file")
    # A kill may cut a row off inside of a character: that row is asked again.
    (out / CONFIG).write_bytes(config)
    (out / ROWS).write_bytes(rows + '{"id": "é'.encode()[:-1])
    assert inside(*at).status == 0
    assert (out / ROWS).read_bytes() == rows


# Feedback and ratings.


@pytest.mark.parametrize("junk", JUNK)
def test_ratings_of_something_else_are_refused(junk: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "people.jsonl", tmp_path / "bad.jsonl"
    good.write_text('{"id": "1", "label": "yes"}\n')
    bad.write_bytes(JUNK[junk])
    for pair in ((good, bad), (bad, good)):
        ran = inside("eval", "agree", *pair)
        # Without any rating there is nothing to compare, and the figures say so.
        (assert_told_or_done if junk in ("empty", "blank") else assert_told)(ran, of=junk)


@pytest.mark.parametrize("junk", JUNK)
def test_feedback_of_something_else_is_named_line_by_line(junk: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(JUNK[junk])
    ran = inside("eval", "import", bad, "--out", tmp_path / "out.jsonl")
    assert ran.status == 0
    assert ran.out.startswith("0 entries, ")
    assert all(line.startswith(f"{bad}:") for line in ran.err.splitlines())


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "people.jsonl").write_text('{"id": "1", "label": "yes"}\n')
    pipe, people = tmp_path / "pipe", tmp_path / "people.jsonl"
    for arguments in (
        ("eval", "import", pipe, "--out", tmp_path / "out.jsonl"),
        ("eval", "agree", pipe, people),
        ("eval", "agree", people, pipe),
        ("eval", "agree", people, people, "--threshold", "nan", "--positive", "yes"),
        ("ask", "Why?", "--history", pipe, "--library", tmp_path),
        ("ask", "--batch", pipe, "--out", tmp_path / "out", "--library", tmp_path),
    ):
        assert_told(inside(*arguments), of=arguments[:2])


@pytest.mark.parametrize("command", ["md", "html"])
def test_a_measure_of_another_version_is_reported(run: Path, tmp_path: Path, command: str) -> None:
    report = json.loads((run / REPORT).read_text("utf-8"))
    for measure in report["measures"]["ALL"].values():
        del measure["failures"]
        measure["weight"] = 3
    (run / REPORT).write_text(json.dumps(report), "utf-8")
    ran = inside(*readers(run, write_run(tmp_path / "other", small_run()))[command])
    assert (ran.status, ran.err) == (0, "")
