"""``footnote eval`` as scripts and people meet it: real processes over the demo library."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from footnote.evals.judge.trust import UNKNOWN
from footnote.index.embeddings.minilm_export import cache_folder
from footnote.index.library import Library
from tests.command import Ran, footnote, inside
from tests.endpoint import Endpoint, judges, serve

KEY = "sk-secret-4f9a1c77"
SET = [
    {"id": "vla", "question": "How many episodes was OpenVLA finetuned on?",
     "gold": ["2406.09246"], "nuggets": ["970,000 robot demonstrations"], "type": "single",
     "evidence": [{"title": "2406.09246", "quote": "970,000 robot demonstrations"}]},
    {"id": "dqn", "question": "What does DQN learn from?", "gold": ["1312.5602"],
     "reference": "From the pixels of the screen.", "type": "single"},
    {"id": "both", "question": "What do PPO and TRPO have in common?", "type": "multi",
     "gold": ["1707.06347", "1502.05477"], "reference": "Both bound the step of a policy."},
    {"id": "pasta", "question": "how do I cook pasta", "answerable": False, "type": "refuse"},
]  # fmt: skip
FEEDBACK = {
    "id": "1", "at": "2026-01-02T03:04:05Z", "question": "What does DQN learn from?",
    "answer": {"text": "Pixels."}, "thumb": "down", "right_papers": ["1312.5602"],
}  # fmt: skip


def write_lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of four questions, and files that people made."""
    folder = tmp_path_factory.mktemp("evals")
    (folder / "set").mkdir()
    write_lines(folder / "set" / "questions.jsonl", SET)
    write_lines(folder / "feedback.jsonl", [FEEDBACK, {"thumb": "sideways"}])
    people = [("1", "yes"), ("2", "no"), ("3", "yes"), ("4", "no")]
    write_lines(folder / "people.jsonl", [{"id": i, "label": label} for i, label in people])
    scores = [("1", 0.9), ("2", 0.2), ("3", 0.4), ("4", 0.1)]
    write_lines(folder / "machine.jsonl", [{"id": i, "score": score} for i, score in scores])
    return folder


@pytest.fixture(scope="module")
def ran(demo_library: Library, folder: Path) -> dict[str, Ran]:
    """Two runs of one set and a sweep, then all that reads runs."""
    run = ("eval", "run", folder / "set", "--library", demo_library.path, "--out")
    sweep = ("eval", "sweep", folder / "set", "wide: k=20", "short: sentences=1, k=3",
             "--library", demo_library.path, "--out", folder / "sweep")  # fmt: skip
    done = {
        "run": footnote(*run, folder / "a"),
        "run --json": inside(*run, folder / "b", "--workers", "2", "--json"),
        "sweep": inside(*sweep, COLUMNS="120"),
    }
    poor = folder / "sweep" / "short"
    agree = ("eval", "agree", folder / "people.jsonl", folder / "machine.jsonl")
    then = {
        "again": inside(*run, folder / "a", "--json"),
        "report": inside("eval", "report", folder / "a"),
        "report md": inside("eval", "report", folder / "a", "--format", "md"),
        "report json": inside("eval", "report", folder / "a", "--format", "json"),
        "compare": inside("eval", "compare", folder / "a", folder / "b"),
        "compare --json": inside("eval", "compare", folder / "a", poor, "--json"),
        "gate": inside("eval", "gate", folder / "a", "--min", "refuse/abstain_right=1",
                       "--no-worse-than", folder / "b"),
        "gate fails": inside("eval", "gate", folder / "a", "--min", "R@5=1.01", "--min", "R@1=0"),
        "agree": inside(*agree, "--threshold", "0.5", "--positive", "yes"),
        "agree --json": inside(*agree, "--threshold", "0.5", "--positive", "yes", "--json"),
        "import": inside("eval", "import", folder / "feedback.jsonl",
                         "--out", folder / "new.jsonl"),
    }  # fmt: skip
    return done | then


def test_what_succeeds_exits_with_nought_and_only_says_what_it_skipped(ran: dict[str, Ran]) -> None:
    statuses = {name: found.status for name, found in ran.items()}
    assert statuses == {name: int(name == "gate fails") for name in ran}
    said = {name for name, found in ran.items() if found.err}
    assert said == {"gate fails", "import"}


def test_a_run_shows_each_mean_with_its_interval_and_where_it_is(
    ran: dict[str, Ran], folder: Path
) -> None:
    out = ran["run"].out
    assert "95 % interval" in out
    assert any(line.startswith("R@5 ") and " to " in line for line in out.splitlines())
    assert "abstain_wrong (lower is better)" in out
    assert f"footnote eval report {folder / 'a'}" in out
    assert "judge" not in out


def test_json_is_alone_on_stdout_and_is_the_report_file(ran: dict[str, Ran], folder: Path) -> None:
    report = json.loads((folder / "b" / "report.json").read_text("utf-8"))
    assert ran["run --json"].data == report
    assert (report["cases"], report["failures"], report["config"]["judge"]) == (4, 0, None)
    assert report["measures"]["refuse"]["abstain_right"]["mean"] == 1.0
    assert ran["report json"].data["rows"][0]["id"] == "vla"


def test_a_run_that_is_done_is_not_asked_again(ran: dict[str, Ran], folder: Path) -> None:
    rows = (folder / "a" / "rows.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(row)["id"] for row in rows] == ["vla", "dqn", "both", "pasta"]
    # Not even the times differ: every row is the one of the first run.
    assert ran["again"].data == json.loads((folder / "a" / "report.json").read_text("utf-8"))


def test_a_report_is_a_page_in_the_folder_of_the_run(ran: dict[str, Ran], folder: Path) -> None:
    assert ran["report"].out == f"{folder / 'a' / 'report.html'}\n"
    assert "<!doctype html>" in (folder / "a" / "report.html").read_text("utf-8")
    assert ran["report md"].out.startswith("# set: 4 cases, 0 failures\n")


def test_equal_runs_show_no_difference(ran: dict[str, Ran]) -> None:
    out = ran["compare"].out
    assert "No difference shown over 4 cases." in out
    assert "better" not in out.replace("no difference shown", "")
    assert "0 cases won" in out
    assert "0 cases lost" in out


def test_a_comparison_as_json_names_the_gap(ran: dict[str, Ran]) -> None:
    found = ran["compare --json"].data
    assert found["cases"] == 4
    gaps = {change["measure"]: change["gap"]["mean"] for change in found["changes"]}
    assert gaps["verbatim"] == 0.0
    assert found["judges"] == {"a": None, "b": None}


def test_a_gate_that_holds_says_so_and_one_that_does_not_names_the_bound(
    ran: dict[str, Ran],
) -> None:
    assert (ran["gate"].status, ran["gate"].out) == (0, "gate passed\n")
    failed = ran["gate fails"]
    assert (failed.status, failed.out) == (1, "")
    assert failed.err == "footnote: gate failed: ALL/R@5 1.000, wanted >= 1.01\n"


def test_no_worse_than_is_held_against_the_other_run(folder: Path, ran: dict[str, Ran]) -> None:
    good, bad = folder / "good", folder / "bad"
    rows = (folder / "a" / "rows.jsonl").read_text("utf-8").splitlines()
    report = (folder / "a" / "report.json").read_text("utf-8")
    for run, value in ((good, 1.0), (bad, 0.0)):
        run.mkdir()
        # Four cases cannot show a difference by a permutation test; forty can.
        many = [{**json.loads(rows[0]), "id": str(n), "values": {"evidence": [value]}}
                for n in range(40)]  # fmt: skip
        write_lines(run / "rows.jsonl", many)
        (run / "report.json").write_text(report, "utf-8")
    worse = inside("eval", "gate", bad, "--no-worse-than", good)
    assert worse.status == 1
    assert worse.err == "footnote: gate failed: evidence fell from 1.000 to 0.000\n"
    assert inside("eval", "gate", good, "--no-worse-than", bad).status == 0


def test_a_sweep_is_one_table_against_its_first_setting(ran: dict[str, Ran]) -> None:
    lines = ran["sweep"].out.splitlines()
    assert any(line.startswith("wide ") for line in lines)
    (short,) = (line for line in lines if line.startswith("short "))
    assert "no difference shown" in short
    assert any(line.startswith("Best by evidence: wide.") for line in lines)


def test_feedback_becomes_cases_and_a_bad_line_is_named(ran: dict[str, Ran], folder: Path) -> None:
    assert f"1 entries, 1 problems; 1 cases in {folder / 'new.jsonl'}" in ran["import"].out
    assert ran["import"].err.startswith(f"{folder / 'feedback.jsonl'}:2: ")
    (case,) = map(json.loads, (folder / "new.jsonl").read_text("utf-8").splitlines())
    assert case["gold"] == ["1312.5602"]


def test_agreement_is_printed_for_people_and_as_json(ran: dict[str, Ran]) -> None:
    found = ran["agree --json"].data
    # At 0.5: yes, no, no, no against yes, no, yes, no. Observed 3/4, by chance 1/2.
    assert (found["n"], found["raw"]["value"], found["kappa"]["value"]) == (4, 0.75, 0.5)
    assert ran["agree"].out.startswith("n                  4\n")


NONSENSE = {
    "no set": (1, "neither questions.jsonl", ("run", "{}", "--library", "{library}")),
    "no library": (1, "no library at", ("run", "{}/set", "--library", "{}/none")),
    "no run": (1, "has no run", ("report", "{}")),
    "nothing to compare": (1, "has no run", ("compare", "{}", "{}")),
    "nothing to check": (2, "nothing to check", ("gate", "{}/a")),
    "a bound of letters": (1, "is not MEASURE=VALUE", ("gate", "{}/a", "--min", "R@5=high")),
    "an unknown measure": (1, "no ALL/charm", ("gate", "{}/a", "--min", "charm=1")),
    "an unknown setting": (1, "no 'banana'; known: k", ("sweep", "{}/set", "a: banana=1")),
    "one name twice": (2, "settings have the same name", ("sweep", "{}/set", "a: k=1", "a: k=2")),
    "no label": (1, 'missing "label"', ("agree", "{}/machine.jsonl", "{}/people.jsonl")),
    "no feedback": (1, "cannot be read", ("import", "{}/none", "--out", "{}/x")),
    "workers": (2, "--workers", ("run", "{}/set", "--workers", "0")),
    "no command": (2, "No such command", ("banana",)),
    "judge unasked": (2, "add --judge", ("run", "{}/set", "--judge-tokens", "5")),
    "nameless judge": (2, "give --judge-model or set", ("run", "{}/set", "--judge")),
    "judge nowhere": (2, "no endpoint", ("run", "{}/set", "--judge", "--judge-model", "j")),
    "no prices": (2, "needs prices", ("run", "{}/set", "--judge", "--judge-usd", "1")),
    "odd prices": (2, "is not PROMPT,COMPLETION",
                   ("run", "{}/set", "--judge", "--judge-prices", "cheap")),
}  # fmt: skip


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_one_line_on_stderr(
    name: str, ran: dict[str, Ran], folder: Path, demo_library: Library
) -> None:
    status, part, arguments = NONSENSE[name]
    places = {"{}": str(folder), "{library}": str(demo_library.path)}
    filled = [re.sub(r"{\w*}", lambda found: places[found[0]], a) for a in arguments]
    found = inside("eval", *filled)
    assert (found.status, found.out) == (status, "")
    assert part in found.err
    assert found.err.startswith("footnote: ")
    assert found.err.count("\n") == 1


# The judge.


class Judged(NamedTuple):
    """An endpoint that judges, and the environment that leads there and to an empty cache."""

    endpoint: Endpoint
    environ: dict[str, str]


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Judged]:
    cache = tmp_path / "cache"
    cache.mkdir()
    # The model is the real one; what other runs judged stays theirs.
    for path in cache_folder().iterdir():
        if path.name != "judgements":
            (cache / path.name).symlink_to(path)
    with serve(judges(score=0.5, reason="half")) as endpoint:
        environ = {"OPENAI_BASE_URL": endpoint.url, "OPENAI_API_KEY": KEY}
        yield Judged(endpoint, {**environ, "FOOTNOTE_CACHE": str(cache)})


def test_a_judged_run_says_what_it_took_and_that_nobody_checked_the_judge(
    judged: Judged, folder: Path, demo_library: Library, tmp_path: Path
) -> None:
    run = ("eval", "run", folder / "set", "--library", demo_library.path, "--composer",
           "extractive", "--judge", "--judge-prices", "1,2", "--out")  # fmt: skip
    named = {**judged.environ, "FOOTNOTE_JUDGE_MODEL": "judge-7b"}
    first = inside(*run, tmp_path / "one", **named)
    assert (first.status, first.err) == (0, "")
    assert f"judge_quality: {UNKNOWN}" in first.out.splitlines()
    # dqn and both have a reference: 2 x (300 x 1 + 20 x 2) USD for a million.
    told = "judged by judge-7b: 2 judgements, 0 from the cache; 640 tokens, 0.0007 USD"
    assert told in " ".join(first.out.split())
    assert {request["model"] for request in judged.endpoint.requests} == {"judge-7b"}
    people = write_lines(tmp_path / "people.jsonl", [{"id": "dqn", "label": "partial"}])
    named["FOOTNOTE_JUDGE_MODEL"] = "another"
    again = inside(*run, tmp_path / "two", "--judge-model", "judge-7b", "--json",
                     "--judge-labels", people, **named)  # fmt: skip
    assert len(judged.endpoint.requests) == 2
    judge = again.data["judge"]
    assert (judge["tokens"], judge["cached"]) == (0, 2)
    assert judge["agreement"]["judge_quality"]["raw"]["value"] == 1.0
    bound = ("eval", "gate", tmp_path / "two", "--min", "judge_quality=0.9")
    assert "judge_quality 0.500, wanted >= 0.9 (agreement with people: " in inside(*bound).err
    shown = first.out + again.out + (tmp_path / "one" / "rows.jsonl").read_text("utf-8")
    assert KEY not in shown


def test_at_the_limit_one_line_says_how_to_go_on(
    judged: Judged, folder: Path, demo_library: Library, tmp_path: Path
) -> None:
    run = (
        "eval",
        "run",
        folder / "set",
        "--library",
        demo_library.path,
        "--composer",
        "extractive",
        "--judge",
        "--judge-model",
        "judge-7b",
        "--out",
        tmp_path / "cut",
    )
    stopped = inside(*run, "--judge-tokens", "100", **judged.environ)  # fmt: skip
    assert (stopped.status, stopped.out, stopped.err.count("\n")) == (1, "", 1)
    assert "the limit is 100; raise the limit and run again" in stopped.err
    assert stopped.err.endswith(f"and so are the rows; continue with --out {tmp_path / 'cut'}\n")
    assert judged.endpoint.requests == []
    rows = (tmp_path / "cut" / "rows.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(row)["id"] for row in rows] == ["vla"]
    # Labels in the folder of the set are found without being named.
    labels = write_lines(folder / "set" / "judge_labels.jsonl", [{"id": "dqn", "label": "wrong"}])
    try:
        resumed = inside(*run, **judged.environ)
    finally:
        labels.unlink()
    assert resumed.status == 0
    assert "judge_quality: agreement with people: kappa not defined" in resumed.out
