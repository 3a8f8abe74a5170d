"""Commands to kill, and the folders that they begin with, made by the same commands."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from footnote.evals.demo import demo_set
from footnote.evals.lab.bench.forked import Forked, Ran
from footnote.evals.lab.bench.truth import FEED, LIBRARY, RUN, Hashed, Truth, truth
from footnote.index.demo import demo_papers
from footnote.index.library import Library
from footnote.index.readers.gathering import read_sources

TOPIC = "reinforcement learning from human feedback"
CASES = 4
CHANGED = 3
REMOVED = 5


@dataclass(slots=True)
class KillableCommand:
    """One command to kill.

    Attributes:
        base: Name of the prepared folder that it begins with.
        arguments: Of the command line, for a trial's folder.
        atomic: Whether its work is one transaction, done or not.
        again: Whether it may be given again when its work is done.
        before: What the folder held, and ``after``, what it holds when nobody kills.
        seconds: That it took past its imports, at each run to its end.
        changes: Of files that were seen in such a run.
    """

    name: str
    base: str
    arguments: Callable[[Path], Sequence[str | Path]]
    atomic: bool = True
    again: bool = True
    before: Truth = field(default_factory=Truth)
    after: Truth = field(default_factory=Truth)
    seconds: list[float] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)


def prepared(folder: Path, forked: Forked, papers: int) -> list[KillableCommand]:
    """Returns the commands, each run once to its end; what one leaves is another's beginning.

    Args:
        folder: Takes a folder for each, by its name.
        forked: Runs them.
        papers: So many, half of them in a library to which the others are added.

    Raises:
        SystemExit: A command failed though nobody killed it.
    """
    rows = _rows(papers)
    half = papers // 2
    longer = [{**r, "abstract": f"{r['abstract']} More is known now."} for r in rows[:CHANGED]]
    _write(folder / "first.jsonl", rows[:half])
    _write(folder / "second.jsonl", [*rows[half:], *longer])
    lines = (demo_set() / "questions.jsonl").read_text("utf-8").splitlines()
    _write(folder / "set" / "questions.jsonl", [json.loads(line) for line in lines[:CASES]])
    (folder / "nothing").mkdir()
    with Library.open(folder / "other" / LIBRARY, embedder=Hashed(), create=True) as other:
        other.add(read_sources([folder / "first.jsonl"]).papers)
    commands = _commands(folder, [row["title"] for row in rows[:half]][:REMOVED])
    for command in commands:
        _measure(command, folder, forked)
    return commands


def _rows(count: int) -> list[dict[str, Any]]:
    """Returns papers of the demo, again under other titles where more are wanted."""
    rows = [json.loads(line) for line in demo_papers().read_text("utf-8").splitlines()]
    found = [dict(row) for row in islice(cycle(rows), count)]
    for number, row in enumerate(found[len(rows) :], len(rows)):
        row.update(title=f"{row['title']}, part {number}", arxiv_id=None, url=None)
    return found


def _write(path: Path, rows: Sequence[object]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


def _commands(folder: Path, titles: Sequence[str]) -> list[KillableCommand]:
    first, second, cases = (folder / name for name in ("first.jsonl", "second.jsonl", "set"))
    full = "index, adding"
    return [
        KillableCommand("index", "nothing", lambda at: ["index", first, *_in(at)], atomic=False),
        KillableCommand(full, "index", lambda at: ["index", second, *_in(at)], atomic=False),
        KillableCommand("index --rebuild", "other", lambda at: ["index", "--rebuild", *_in(at)]),
        KillableCommand("remove", full, lambda at: ["remove", *titles, *_in(at)], again=False),
        KillableCommand("undo", full, lambda at: ["undo", *_in(at)], again=False),
        KillableCommand("digest", full, lambda at: ["digest", *_in(at)]),
        KillableCommand(
            "digest --feed", full, lambda at: ["digest", "--feed", at / FEED, *_in(at)]
        ),
        KillableCommand(
            "eval run", full, lambda at: ["eval", "run", cases, "--out", at / RUN, *_in(at)],
            atomic=False,
        ),
    ]  # fmt: skip


def _in(at: Path) -> list[str | Path]:
    return ["--library", at / LIBRARY, "--json"]


def _measure(command: KillableCommand, folder: Path, forked: Forked) -> None:
    """Runs a command to its end, and notes what it made of what."""
    done = folder / command.name
    shutil.copytree(folder / command.base, done)
    command.before = truth(done)
    ran = _run(command.name, forked, command.arguments(done), done)
    command.after = truth(done)
    command.seconds.append(ran.seconds)
    command.changes.append(ran.changes)
    if command.name == "index":
        # What is added to it later is new to somebody.
        _run("topics", forked, ("topics", "add", TOPIC, "--library", done / LIBRARY), done)


def _run(name: str, forked: Forked, arguments: Sequence[str | Path], at: Path) -> Ran:
    ran = forked.run(*arguments, watched=at)
    if ran.status:
        raise SystemExit(f"{name} failed before any kill: {ran.err.strip()}")
    return ran
