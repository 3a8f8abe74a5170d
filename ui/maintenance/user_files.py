"""User files: what readers made in a library's folder, beside its papers; and the settings.

Nothing of this can be made again, so it is examined and never changed.
"""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from footnote.evals.dataset.cases import read_cases
from footnote.evals.feedback import read_feedback
from footnote.evals.runs.run_folder import REPORT, RunMismatch, iterate_rows, read_report
from footnote.index import FootnoteError
from footnote.index.library import SNAPSHOTS
from footnote.index.settings import beside_settings
from footnote.index.storage.database import SCHEMA_VERSION, find_damage, read_rows
from footnote.rag.generation.settings import LEDGER
from footnote.ui.maintenance.findings import Finding, whole, wrong
from footnote.ui.settings import all_sources, model_sources, setting_rows
from footnote.ui.storage.accounts.accounts import ACCOUNTS, Accounts
from footnote.ui.storage.annotations import Annotations
from footnote.ui.storage.collections import Collections
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.topics import Topics
from footnote.ui.storage.user_database import UserDatabase

# The databases of a library's readers, and the files that are none.
DATABASES = {
    "conversations.sqlite3": Conversations,
    "topics.sqlite3": Topics,
    "collections.sqlite3": Collections,
    "annotations.sqlite3": Annotations,
    ACCOUNTS: Accounts,
}
FEEDBACK, RUNS, SETS = "feedback.jsonl", "runs", "sets"
# Bytes that should stay free beside what a fold takes.
_ROOM = 100_000_000
_AWAY = "restore it from a backup, or move it away"


def examine_user_files(folder: Path) -> Iterator[Finding]:
    """Yields what is found of each file and folder of a library that its readers made."""
    for name, kind in DATABASES.items():
        if (folder / name).is_file():
            yield examine_database(folder / name, kind)
    if (folder / FEEDBACK).is_file():
        yield _examine_feedback(folder / FEEDBACK)
    for name, one in ((RUNS, "runs"), (SETS, "sets")):
        if (folder / name).is_dir():
            yield from _examine_folders(folder / name, one)


def examine_database(path: Path, kind: type[UserDatabase]) -> Finding:
    """Returns whether a file is a whole database of the kind that it should be."""
    if damage := find_damage(path):
        return wrong(path.name, damage[:200], "some of it may be lost", _AWAY)
    holds, told = kind.what, dict(read_rows(path, "SELECT key, value FROM meta"))
    if told.get("holds") != holds:
        return wrong(path.name, f"it holds no {holds}", "the page cannot start", _AWAY)
    version = int(read_rows(path, "PRAGMA user_version")[0][0])
    if told.get("schema") != str(SCHEMA_VERSION) or version > 1 + len(kind.changes):
        return wrong(
            path.name, f"its schema {told.get('schema')}.{version} is of another version",
            "the page cannot start", "update Footnote",
        )  # fmt: skip
    return whole(path.name, f"a whole file of {holds}")


def _examine_feedback(path: Path) -> Finding:
    try:
        entries, problems = read_feedback(path)
    except FootnoteError as error:
        return wrong(FEEDBACK, str(error), "no vote can be used", _AWAY)
    if not problems:
        return whole(FEEDBACK, f"{len(entries):,} votes")
    first = problems[0]
    return wrong(
        FEEDBACK, f"{len(problems):,} lines that are no vote, the first is line {first.line} "
        f"({first.message})", "they are left out of the evals", "correct or delete them",
    )  # fmt: skip


def _examine_folders(root: Path, kind: str) -> Iterator[Finding]:
    """Yields each run or set that cannot be read, else how many there are."""
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    bad = 0
    for folder in folders:
        try:
            _read_run(folder) if kind == RUNS else read_cases(folder)
        except FootnoteError as error:
            bad += 1
            name = f"{kind}/{folder.name}"
            yield wrong(name, str(error), "the room of evals cannot show it", "move it away")
    if not bad:
        yield whole(kind, f"{len(folders):,} that can be read")


def _read_run(folder: Path) -> None:
    try:
        for _ in iterate_rows(folder):
            pass
    except RunMismatch:
        # One that was stopped before its first case.
        return
    if (folder / REPORT).exists():
        read_report(folder)


def examine_settings() -> Iterator[Finding]:
    """Yields what is found of the settings, what was chosen on the page, and the day's ledger."""
    try:
        sources: Mapping[str, str] = all_sources()
        setting_rows(sources)
        setting_rows(model_sources())
    except FootnoteError as error:
        yield wrong("settings", str(error), "commands that need it fail", "see: footnote settings")
        return
    ledger = beside_settings(LEDGER, sources)
    if damage := find_damage(ledger) if ledger.is_file() else None:
        yield wrong(str(ledger), damage[:200], "what a day has taken is not known", "move it away")
    yield whole("settings", "they can be read, and what was chosen on the page")


def examine_room(folder: Path, free: int | None = None) -> Finding:
    """Returns whether the disk has room for a fold, which copies the collection.

    Args:
        folder: Of a library.
        free: Bytes that are free; looked up when not given.
    """
    free = shutil.disk_usage(folder).free if free is None else free
    sizes = [_bytes(one) for one in (folder / SNAPSHOTS).glob("*") if one.is_dir()]
    needed = max(sizes, default=0) + _ROOM
    found = f"{free / 1e9:.1f} GB are free"
    if free >= needed:
        return whole("disk", found)
    return wrong(
        "disk", found, f"a new collection needs {needed / 1e9:.1f} GB beside the old one",
        "free disk space",
    )  # fmt: skip


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
