"""Commands killed at random moments: what is lost, and whether the next run ends the work.

    python -m footnote.evals.lab.bench.kills [--trials 300] [--papers 40] [--seed 7] [--only remove]

Each trial copies a prepared library, runs one command of the command line in a process of its
own, over the real embedder, and ends that process and all that it started by SIGKILL. Half of
the moments are drawn evenly over the time that the command takes after its imports; most of
that goes into embedding, so the other half are drawn over the changes of files that it makes.
Then every database must be whole, what was committed or printed must be there, searches by
meaning and by words must find what they find in a clean build of the same papers (by words alone,
while some wait to be embedded), and the same
command, given again, must end where it ends without a kill, with no folder left over. A trial
that does not hold is told, its folder is kept, and the exit status is 1.
"""

import argparse
import json
import random
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from footnote.evals.lab.bench.forked import PATIENCE, Forked, Ran
from footnote.evals.lab.bench.prepared import KillableCommand, prepared
from footnote.evals.lab.bench.truth import Searches, Truth, damages, progress, strays, truth

SEED = 7
HEAD = (
    f"{'command':18s}{'trials':>8s}{'killed':>8s}{'had committed':>15s}{'lost':>6s}"
    f"{'resumed':>9s}{'whole':>7s}{'strays':>8s}"
)
PARTS = ("papers", "texts", "settings", "tokens", "marks", "entries", "rows", "report")


@dataclass(slots=True)
class Row:
    """What became of the trials of one command."""

    trials: int = 0
    killed: int = 0
    committed: int = 0
    lost: int = 0
    resumed: int = 0
    whole: int = 0
    strays: int = 0

    def line(self, name: str) -> str:
        """Returns it as a line of the table."""
        return (
            f"{name:18s}{self.trials:8d}{self.killed:8d}{self.committed:15d}{self.lost:6d}"
            f"{self.resumed:9d}{self.whole:7d}{self.strays:8d}"
        )


@dataclass(slots=True)
class Trial:
    """One kill: what it showed, and the faults that were found, a line each."""

    killed: bool = False
    committed: bool = False
    resumed: bool = False
    whole: bool = False
    strays: bool = False
    faults: list[str] = field(default_factory=list)


class Kills:
    """Trials over prepared folders."""

    def __init__(self, folder: Path, forked: Forked, papers: int, seed: int) -> None:
        """Runs each command to its end once, and kills none."""
        self._folder, self._forked = folder, forked
        self._searches, self._chance = Searches(), random.Random(seed)
        self.commands = prepared(folder, forked, papers)

    def trial(self, command: KillableCommand, number: int, *, by_time: bool) -> tuple[Trial, Path]:
        """Kills a command once; returns what became of it, and its folder.

        Args:
            command: To be killed.
            number: Of the trial.
            by_time: Draw a moment of time, else one of the changes that it makes to files.
        """
        at = self._folder / f"trial-{number}"
        shutil.copytree(self._folder / command.base, at)
        after, change = self._moment(command, by_time)
        seen = [progress(at)]
        ran = self._forked.run(
            *command.arguments(at),
            watched=at,
            after=after,
            changes=change,
            meanwhile=lambda: seen.append(progress(at)),
        )
        found = Trial(killed=ran.killed, faults=damages(at))
        found.whole = not found.faults
        self._check_kept(command, at, ran, seen[-1], found)
        self._check_resumed(command, at, found)
        if found.faults:
            found.faults.append(f"killed after {ran.seconds:.3f} s and {ran.changes} changes")
        return found, at

    def _moment(self, command: KillableCommand, by_time: bool) -> tuple[float, int]:
        """Returns after how many seconds, and at which change, a command shall be killed."""
        if by_time:
            return self._chance.uniform(0, median(command.seconds[-5:])), 0
        return PATIENCE, self._chance.randint(1, max(1, command.changes[-1]))

    def _check_kept(
        self,
        command: KillableCommand,
        at: Path,
        ran: Ran,
        seen: tuple[tuple[int, int], int, int, int],
        found: Trial,
    ) -> None:
        """Looks at what the kill left, before and after the product opens it."""
        here, now = truth(at), progress(at)
        before, after = command.before, command.after
        found.committed = here != replace(before, tokens=here.tokens)
        if any(now[part] < seen[part] for part in range(len(now))):  # type: ignore[operator]
            found.faults.append(f"others had seen {seen}, there is {now}")
        whole = ((t.papers, t.texts, t.settings) for t in (before, after))
        if command.atomic and (here.papers, here.texts, here.settings) not in whole:
            found.faults.append("half of a transaction is there")
        if not here.between(before, after):
            found.faults.append("what was there is missing, or is what it never was")
        found.faults += _acknowledged(command, ran, here)
        if different := self._searches.difference(at):
            found.faults.append(f"after the kill searches differ in {different!r}")

    def _check_resumed(self, command: KillableCommand, at: Path, found: Trial) -> None:
        """Gives the command again, and looks whether all is as without a kill."""
        before = len(found.faults)
        here = truth(at)
        if command.again or (here.papers, here.texts) != (
            command.after.papers,
            command.after.texts,
        ):
            found.faults += self._again(command, at)
        ended = truth(at)
        found.faults += [
            f"given again, it ends with other {part}"
            for part in PARTS
            if getattr(ended, part) != getattr(command.after, part)
        ]
        if different := self._searches.difference(at):
            found.faults.append(f"given again, searches differ in {different!r}")
        found.faults += damages(at)
        if left := strays(at):
            found.strays = True
            found.faults.append(f"folders of snapshots stay: {', '.join(left)}")
        found.resumed = len(found.faults) == before

    def _again(self, command: KillableCommand, at: Path) -> list[str]:
        """Runs a command to its end; returns what it complained of."""
        fresh = truth(at) == command.before
        ran = self._forked.run(*command.arguments(at), watched=at)
        if fresh:
            command.seconds.append(ran.seconds)
        return [f"given again: {ran.err.strip()[-300:]}"] if ran.status else []


def _acknowledged(command: KillableCommand, ran: Ran, here: Truth) -> list[str]:
    """Returns what was printed and is not there, or was marked as told and was not."""
    printed = _whole_json(ran.out)
    unmarked = here.marks == command.before.marks
    # A digest prints first, or writes its feed: what dies in between is told twice.
    told = {
        "digest": unmarked or printed,
        "digest --feed": unmarked or here.entries == command.after.entries,
    }.get(command.name, True)
    lost = [] if told else ["marks moved past what was never told"]
    if printed and command.name != "digest" and here != command.after:
        lost.append("it had printed its report, and its work is not there")
    return lost


def _whole_json(printed: str) -> bool:
    try:
        return json.loads(printed) is not None
    except json.JSONDecodeError:
        return False


def kill(folder: Path, trials: int, papers: int, seed: int, only: str) -> dict[str, Row]:
    """Returns what became of the trials of each command; prints each fault as it is found."""
    with Forked(folder) as forked:
        kills = Kills(folder, forked, papers, seed)
        commands = [command for command in kills.commands if only in command.name]
        rows = {command.name: Row() for command in commands}
        for number, command in enumerate(islice(cycle(commands), trials)):
            found, at = kills.trial(command, number, by_time=number // len(commands) % 2 == 1)
            _count(rows[command.name], found)
            for line in found.faults:
                print(f"{command.name}: {line}; see {at}", flush=True)
            if not found.faults:
                shutil.rmtree(at)
    return rows


def _count(row: Row, found: Trial) -> None:
    row.trials += 1
    for name in ("killed", "committed", "resumed", "whole", "strays"):
        setattr(row, name, getattr(row, name) + getattr(found, name))
    row.lost += bool(found.faults)


def main() -> int:
    """Prints a line a command; returns 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--papers", type=int, default=40)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="part of a command's name")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="footnote-kills-"))
    rows = kill(folder, options.trials, options.papers, options.seed, options.only)
    print(HEAD, *(row.line(name) for name, row in rows.items()), sep="\n")
    lost = sum(row.lost for row in rows.values())
    print(f"{sum(row.trials for row in rows.values())} trials of seed {options.seed}, {lost} lost")
    if not lost:
        shutil.rmtree(folder)
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main())
