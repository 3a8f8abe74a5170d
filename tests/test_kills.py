"""Nothing that was acknowledged is lost to a kill: each command of the command line, killed."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from footnote.evals.lab.bench.forked import Forked
from footnote.evals.lab.bench.kills import kill
from footnote.evals.lab.bench.truth import Truth, damages, strays
from footnote.index.demo import demo_papers
from footnote.index.storage.database import find_damage, read_rows

SEED = 7
PAPERS = 40
COMMANDS = 8


def nothing_lost(folder: Path, trials: int) -> None:
    told = io.StringIO()
    with redirect_stdout(told):
        rows = kill(folder, trials, PAPERS, SEED, "")
    assert told.getvalue() == ""
    assert len(rows) == COMMANDS
    assert sum(row.trials for row in rows.values()) == trials
    for name, row in rows.items():
        assert (row.lost, row.strays) == (0, 0), name
        assert row.resumed == row.whole == row.trials, name
    # Moments are drawn over the work, so hardly any command is done before its kill.
    assert sum(row.killed for row in rows.values()) > trials / 2


@pytest.mark.long
def test_each_command_that_is_killed_loses_nothing_and_ends_when_given_again(tmp_path) -> None:
    nothing_lost(tmp_path, 20)


# What the trials rest on.


def test_a_process_is_killed_with_all_that_it_started_and_says_so(tmp_path) -> None:
    with Forked(tmp_path) as forked:
        whole = forked.run("--help", watched=tmp_path)
        assert (whole.status, whole.killed) == (0, False)
        assert "Usage" in whole.out
        index = ("index", demo_papers(), "--library", tmp_path / "library")
        cut = forked.run(*index, watched=tmp_path, after=0.0)
        assert (cut.killed, cut.out) == (True, "")
        # The next one is not touched by it.
        assert forked.run("--help", watched=tmp_path).out == whole.out


def test_a_file_that_is_no_database_any_more_is_damage(tmp_path) -> None:
    path = tmp_path / "catalog.sqlite3"
    assert read_rows(path, "SELECT 1") == []
    path.write_bytes(b"")
    assert find_damage(path) is None
    assert read_rows(path, "SELECT * FROM papers") == []
    path.write_bytes(b"SQLite format 3\0" + b"\1" * 5000)
    assert damages(tmp_path) == [f"catalog.sqlite3: {find_damage(path)}"]


def test_folders_of_snapshots_that_nobody_reads_are_strays(tmp_path) -> None:
    for name in ("1", "2.making"):
        (tmp_path / "library" / "snapshots" / name).mkdir(parents=True)
    assert strays(tmp_path) == ["1", "2.making"]


@pytest.mark.parametrize(
    ("here", "allowed"),
    [
        ({"a": "1", "b": "1"}, True),
        ({"a": "1", "b": "2", "c": "1"}, True),
        ({"a": "1", "b": "2"}, True),
        ({"a": "1"}, False),
        ({"a": "1", "b": "3"}, False),
        ({"a": "1", "b": "1", "d": "1"}, False),
    ],
    ids=json.dumps,
)
def test_on_the_way_nothing_is_missing_and_nothing_invented(
    here: dict[str, str], allowed: bool
) -> None:
    before, after = {"a": "1", "b": "1"}, {"a": "1", "b": "2", "c": "1"}
    assert Truth(papers=here).between(Truth(papers=before), Truth(papers=after)) is allowed
