"""The command line as scripts and people meet it: real processes, real files."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest
from rich.console import Console

from footnote.index.demo import demo_papers
from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.rag.answer import Answer, AnswerTrace, Citation, Statement
from footnote.ui.cli.output import show_answer
from tests.command import ROOT, Ran, Start, footnote, inside
from tests.endpoint import Endpoint, cites, refuses, serve

COMMANDS = (
    *"index remove undo status ask search similar cite positions".split(),
    *"topics digest chat demo setup eval".split(),
)
KEY = "sk-secret-4f9a1c77"
QUESTION = "What does PPO clip?"

PAGE = """Daily Papers
A Title of the First Paper
{abstract}
A Title of the Last Paper
{cut}
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of inputs, good and bad."""
    folder = tmp_path_factory.mktemp("files")
    paper = {"title": "Tides", "abstract": "We measured the tide. It rose 7 times."}
    talk = [
        {"role": "user", "content": "What does the deep Q-network see of the screen?"},
        {"role": "assistant", "content": "DQN receives four stacked frames."},
    ]
    sentence = "This is a sentence of an abstract that goes on for a while. "
    page = PAGE.format(abstract=sentence * 5, cut=(sentence * 5)[:250])
    for name, text in {
        "papers.jsonl": f"{json.dumps(paper)}\nno json\n\n{json.dumps({'title': 'No abstract'})}\n",
        "talk.json": json.dumps(talk),
        "talk.jsonl": "\n".join(map(json.dumps, talk)),
        "cut.txt": page,
        "prose.md": "# Notes\nNothing that is a paper.\n",
        "no-talk.json": '{"role": "system", "content": "x"}',
    }.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "a.png").write_bytes(b"\x89PNG\r\n")
    (folder / "nothing").mkdir()
    (folder / "unknown").mkdir()
    (folder / "unknown" / "notes.md").write_text("Nothing that is a paper.")
    return folder


# Help.


def test_the_version_is_that_of_the_distribution() -> None:
    ran = footnote("--version")
    assert (ran.status, ran.out, ran.err) == (0, f"footnote {version('footnote-papers')}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    ran = inside(command, "--help")
    assert (ran.status, ran.err) == (0, "")
    assert f"footnote {command}" in ran.out


def test_help_names_every_command_and_so_does_no_argument() -> None:
    ran = footnote("--help")
    assert ran == footnote()
    assert all(f"\n  {command} " in ran.out for command in COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    heavy = "llama_index chromadb gradio openai onnxruntime numpy rich pydantic tantivy".split()
    code = (
        "import atexit, sys\n"
        "from footnote.ui.cli.main import main\n"
        f"atexit.register(lambda: print('HEAVY', *[m for m in {heavy} if m in sys.modules]))\n"
        "sys.argv = ['footnote', '--help']\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.rstrip().endswith("HEAVY")


# Answers.

LIMITED = "How do robots learn from demonstrations since 2022?"


@pytest.fixture(scope="module")
def answers(start: Start, demo_library: Library, files: Path) -> dict[str, Ran]:
    """Every question that succeeds; those that no terminal's letters change, in this process."""
    at = ("--library", demo_library.path)
    follow_up = ("ask", "And how many of the games does it win?", "--json", *at)
    ascii_only = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    years = ("--since", "2019", "--until", "2020")
    asked = {
        "text": start("ask", "What is dense passage retrieval trained on?", *at, **ascii_only),
        "follow-up": inside(*follow_up, "--history", files / "talk.jsonl"),
        "years": start("ask", "reinforcement learning policies à la Pokémon", "--json", *years, *at,
                       "--history", files / "talk.json", OPENAI_API_KEY=" ", **ascii_only),
        "explained": inside("ask", LIMITED, "--explain", *at),
        "all": inside("ask", LIMITED, "--no-filters", "--json", *at),
        "refused": inside("ask", "how do I cook pasta", *at),
        "search": start("search", "OpenVLA", "-k", "3", "--json", *at, **ascii_only),
        "similar": inside("similar", "1707.06347v2", "-k", "4", *at),
        "status": inside("status", "--json", FOOTNOTE_LIBRARY=str(demo_library.path)),
    }  # fmt: skip
    return {n: ran if isinstance(ran, Ran) else ran.result() for n, ran in asked.items()}


def test_what_succeeds_says_nothing_on_stderr(answers: dict[str, Ran]) -> None:
    said = {name: (ran.status, ran.err) for name, ran in answers.items()}
    assert said == dict.fromkeys(answers, (0, ""))


def test_an_answer_for_people_shows_quotes_markers_and_sources(answers: dict[str, Ran]) -> None:
    out = answers["text"].out
    assert out.startswith("Dense Passage Retrieval (DPR) finds Wikipedia passages for a question")
    assert "[1] Dense Passage Retrieval for Open-Domain Question Answering (2020)." in out
    assert "not the authors' abstract" in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_a_terminal_that_cannot_spell_a_name_still_gets_its_answer(answers: dict[str, Ran]) -> None:
    assert "Barlas O\\u011fuz" in answers["text"].out


def test_history_makes_a_follow_up_stand_alone(answers: dict[str, Ran]) -> None:
    data = answers["follow-up"].data
    assert (data["version"], data["mode"], data["abstained"]) == (2, "extractive", False)
    assert data["standalone_question"].startswith("What does the deep Q-network see")
    assert data["hits"][0]["title"] == "Playing Atari with Deep Reinforcement Learning"
    assert len(data["hits"]) >= 20


def test_json_is_alone_on_stdout(answers: dict[str, Ran]) -> None:
    assert all(answers[kind].out.count("\n") == 1 for kind in ("follow-up", "search", "status"))


def test_years_bound_what_is_found(answers: dict[str, Ran], demo_library: Library) -> None:
    papers = [demo_library.paper(hit["paper_id"]) for hit in answers["years"].data["hits"]]
    assert {paper.year for paper in papers if paper} == {2019, 2020}


def test_a_filter_of_the_question_is_shown_and_can_be_removed(answers: dict[str, Ran]) -> None:
    first = answers["explained"].out.splitlines()[0]
    assert first == "only papers since 2022; --no-filters to search all"
    data = answers["all"].data
    assert (data["scope"], data["receipt"]["filters"], data["receipt"]["searched"]) == ([], "", 70)


def test_an_explained_answer_says_how_it_was_made(answers: dict[str, Ran]) -> None:
    told = answers["explained"].out.partition("How it was made:\n")[2]
    named = [line.split()[0] for line in told.splitlines() if not line.startswith(" ")]
    assert named == (
        "searched for read nearest confidence composer model prompt tokens time".split()
    )
    assert re.search(r"^searched +\d+ papers since 2022$", told, re.M)
    assert re.search(r"^for +How do robots learn from demonstrations\?$", told, re.M)
    assert re.search(r"^read +[01]\.\d{3}  match 0\.\d{3}  \w", told, re.M)
    assert re.search(r"^confidence +0\.\d{3}, refused below 0\.\d{3}$", told, re.M)
    assert re.search(r"^tokens +0 in, 0 out; \$0\.0000$", told, re.M)
    assert re.search(r"^time +search \d+ ms, read \d+ ms, write \d+ ms, total \d+ ms$", told, re.M)


def test_json_stays_json_where_stdout_is_not_utf_8(answers: dict[str, Ran]) -> None:
    assert answers["years"].data["question"].endswith("à la Pokémon")


def test_blank_configuration_is_none(answers: dict[str, Ran]) -> None:
    data = answers["years"].data
    assert (data["mode"], data["model"]) == ("extractive", None)


def test_a_refusal_says_why_and_shows_the_nearest(answers: dict[str, Ran]) -> None:
    refusal, why, *rest = answers["refused"].out.splitlines()
    assert refusal == "The library does not hold an answer to this question."
    assert why == "Why: no paper in the library is close to the question."
    assert "Nearest papers:" in rest


def test_search_ranks_papers(answers: dict[str, Ran]) -> None:
    rows = answers["search"].data
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert list(rows[0]) == ["paper_id", "title", "year", "score", "scale", "rank"]
    assert "OpenVLA" in rows[0]["title"]


def test_similar_leaves_the_paper_itself_out(answers: dict[str, Ran]) -> None:
    out = answers["similar"].out
    assert "Trust Region Policy Optimization" in out
    assert "1707.06347" not in out
    assert "cosine" in out


def test_status_counts_the_library_that_the_environment_names(answers: dict[str, Ran]) -> None:
    status = answers["status"].data
    assert (status["papers"], status["first_year"], status["last_year"]) == (70, 2013, 2024)


# Indexing.


@pytest.fixture(scope="module")
def indexed(files: Path) -> list[Ran]:
    """The same paths, indexed into one library for a script, then for a person."""
    command = ("index", files / "papers.jsonl", files / "cut.txt", "--library", files / "library")
    return [footnote(*command, "--json"), inside(*command)]


def test_index_counts_what_it_did(indexed: list[Ran], files: Path) -> None:
    data = indexed[0].data
    assert indexed[0].status == 0
    assert data.pop("seconds") > 0
    assert [tuple(file.values()) for file in data.pop("files")] == [
        (str(files / "papers.jsonl"), 1, 1, 0, 0, 2, 0, None),
        (str(files / "cut.txt"), 1, 1, 0, 0, 1, 0, None),
    ]
    assert data == {
        "records": 2, "papers": 2, "new": 2, "changed": 0, "unchanged": 0, "problems": 3
    }  # fmt: skip


def test_indexing_again_changes_nothing(indexed: list[Ran]) -> None:
    counted, said = indexed[1].out.splitlines()
    assert counted.startswith("2 records, 2 papers in the library: 0 new, 0 changed, 2 unchanged")
    assert said == "Nothing changed."


def test_a_bad_line_is_printed_with_its_place_and_the_others_go_in(indexed: list[Ran]) -> None:
    bad, missing, _, *remarks = indexed[0].err.splitlines()
    # Of so small files a tenth is lost.
    assert [line.partition(": ")[2] for line in remarks] == [
        "2 of 3 records cannot be used, 67%; is it what you meant?",
        "1 of 2 records cannot be used, 50%; is it what you meant?",
    ]
    assert "papers.jsonl:2: not JSON" in bad
    assert "papers.jsonl:4: missing" in missing


def test_a_page_cut_off_in_the_middle_is_said_and_the_rest_goes_in(indexed: list[Ran]) -> None:
    line = indexed[0].err.splitlines()[2]
    assert "cut.txt:5: " in line
    assert "cut off" in line


# Errors: one line on stderr, nothing on stdout, and the status that scripts look at.


def errors(files: Path, library: Path) -> dict[str, tuple[int, str, Sequence[str | Path | bytes]]]:
    """Returns each misuse or failure: its status, what it must say, and the command."""
    at = ("--library", library)
    ask = ("ask", QUESTION, *at)
    empty = files / "empty-library"
    return {
        "empty question": (2, "question is empty", ("ask", " ", *at)),
        "question of 100 kB": (2, "limit is 4,000", ("ask", "x" * 102_400, *at)),
        "question in Latin-1": (2, "UTF-8", ("ask", b"na\xefve", *at)),
        "empty query": (2, "question is empty", ("search", "", *at)),
        "no question": (2, "give one question", ("ask", *at)),
        "question and batch": (2, "give one question", (*ask, "--batch", files / "talk.json")),
        "out without batch": (2, "go together", (*ask, "--out", files / "x")),
        "unknown option": (2, "No such option", (*ask, "--nope")),
        "unknown command": (2, "No such command", ("nope",)),
        "no hits wanted": (2, "'-k'", (*ask, "-k", "0")),
        "year of three digits": (2, "'--since'", (*ask, "--since", "999")),
        "years the wrong way": (2, "swap them", (*ask, "--since", "2021", "--until", "2020")),
        "no model": (2, "no language model is configured", (*ask, "--composer", "llm")),
        "unknown library": (1, "create one with", ("ask", QUESTION, "--library", files / "none")),
        "library is a file": (1, "is a file", ("status", "--library", files / "talk.json")),
        "index into a file": (
            1, "give another folder", ("index", demo_papers(), "--library", files / "cut.txt")
        ),
        "empty library": (1, "is empty; add papers with", ("ask", QUESTION, "--library", empty)),
        "unknown paper": (1, "no paper 'nope'", ("similar", "nope", *at)),
        "nothing to remove": (2, "Missing argument", ("remove", *at)),
        "removing an unknown paper": (1, "no paper 'nope'", ("remove", "1312.5602", "nope", *at)),
        "undo of nothing": (1, "is empty; add papers with", ("undo", "--library", empty)),
        "history is a folder": (1, "cannot be read", (*ask, "--history", files)),
        "history is missing": (1, "cannot be read", (*ask, "--history", files / "none")),
        "history is no JSON": (1, "not JSON", (*ask, "--history", files / "prose.md")),
        "history of a system": (1, "0.role", (*ask, "--history", files / "no-talk.json")),
        "nothing to index": (2, "nothing to index", ("index",)),
        "missing file": (2, "does not exist", ("index", files / "none", "--library", empty)),
        "folder of nothing": (1, "nothing: ", ("index", files / "nothing", "--library", empty)),
        "no known format": (1, "unknown: ", ("index", files / "unknown", "--library", empty)),
        "a picture": (1, "this is a picture", ("index", files / "a.png", "--library", empty)),
    }  # fmt: skip


@pytest.mark.parametrize("name", errors(Path(), Path()))
def test_an_error_is_one_line_on_stderr(name: str, files: Path, demo_library: Library) -> None:
    empty = files / "empty-library"
    if not empty.exists():
        Library.open(empty, embedder=demo_library.embedder, create=True).close()
    status, said, command = errors(files, demo_library.path)[name]
    # What is no text can only be given to a process.
    run = footnote if any(isinstance(argument, bytes) for argument in command) else inside
    ran = run(*command)
    assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1)
    assert ran.err.startswith("footnote: ")
    assert said in ran.err
    assert len(ran.err) < 400


def test_a_reader_that_goes_away_is_no_traceback(demo_library: Library) -> None:
    footnote = f"{sys.executable} -m footnote.ui.cli.main"
    command = f"{footnote} search PPO -k 1 --json --library {demo_library.path}"
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        ["bash", "-c", f"{command} | true"], cwd=ROOT, env=buffered, capture_output=True, text=True
    )
    assert done.stderr == ""


# A language model.


def configured(endpoint: Endpoint) -> dict[str, str]:
    return {"OPENAI_BASE_URL": endpoint.url, "FOOTNOTE_MODEL": "scripted", "OPENAI_API_KEY": KEY}


def test_a_model_that_is_configured_writes_and_its_quotes_are_shown(demo_library: Library) -> None:
    said = (
        "PPO clips the probability ratio between the new and the old policy [N]. It is fast [777]."
    )
    with serve(cites("variant of PPO clips", *said)) as endpoint:
        ran = footnote("ask", QUESTION, "--library", demo_library.path, **configured(endpoint))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(said[:66])
    assert "fast. (not settled) (marker [777]" in ran.out
    assert "“The main variant of PPO clips the probability ratio" in ran.out
    assert "Written by scripted" in ran.out


def test_a_model_that_fails_costs_a_note_and_never_shows_the_key(demo_library: Library) -> None:
    with serve(refuses(401, f"bad key {KEY}")) as endpoint:
        ran = inside(
            "ask", QUESTION, "--json", "--library", demo_library.path, **configured(endpoint)
        )
    assert (ran.status, ran.data["mode"]) == (0, "extractive")
    assert "refused the key (status 401); check OPENAI_API_KEY" in ran.data["reason"]
    assert KEY not in ran.err
    assert KEY not in ran.out


# What a terminal shows.


def test_control_sequences_of_an_abstract_never_reach_the_terminal() -> None:
    evil = "It clips.\x1b]0;owned\x07\x1b[2J \x9b31m[bold]It learns[/bold]."
    paper = make_paper("Evil \x1b[31m title", evil)
    citation = Citation(1, paper.id, 0, len(evil), evil)
    statement = Statement(evil, (citation,), "supported", 1.0)
    receipt = AnswerTrace({"total": 1.0}, model="m\x1b[0m")
    for mode in ("extractive", "llm"):
        said = Answer("q", "q", "t", (statement,), (paper,), (), False, mode, receipt)  # type: ignore[arg-type]
        out = io.StringIO()
        show_answer(Console(file=out, width=80), said)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out.getvalue())
        assert "[bold]It learns[/bold]" in out.getvalue()
