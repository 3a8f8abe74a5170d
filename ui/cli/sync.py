"""The command that reads a library's sources again.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.ui.cli.options import (
    JsonOption,
    LibraryOption,
    Misuse,
    WaitOption,
    chosen_limits,
    open_library,
    print_json,
)
from footnote.ui.cli.sources import (
    expand_sources,
    gather_sources,
    identifiers,
    is_feed,
    lasting_name,
)

if TYPE_CHECKING:
    from footnote.index.library import Library
    from footnote.index.readers.gathering import Gathered
    from footnote.index.storage.history.origins import Origin
    from footnote.ui.maintenance.sync import SyncedSource


def sync(
    library: LibraryOption = None,
    add: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="A source to read from now on: hf-daily, arxiv:CATEGORY, openalex:WORDS, "
            "or whatever index takes; repeat for several.",
        ),
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="A source to read no more; its papers stay."),
    ] = None,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Remove papers that are gone from files and folders.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be done.")
    ] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Download from private networks, too.")
    ] = False,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Read the sources of a library again: what is new, changed, gone."""
    from footnote.ui.maintenance import sync as syncing

    if dry_run and (add or forget):
        raise Misuse("--add and --forget write and --dry-run does not; give one of them")
    with open_library(library, empty=True, wait=wait) as opened:
        _change(opened, add or [], forget or [])
        reading = _Reading(opened, allow_private=allow_private)
        rows = syncing.sync(
            opened, reading.grouped(opened.origins.list()), reading.gather,
            mirrored=lambda origin: mirror and reading.is_local(origin.name), dry_run=dry_run,
        )  # fmt: skip
        if not dry_run:
            reading.note_days()
        size = opened.size
        _report(rows, size, dry_run=dry_run, as_json=as_json)
        if not dry_run and opened.needs_tidying():
            opened.tidy()
    if any(row.error for row in rows):
        raise typer.Exit(1)


def _change(library: "Library", add: list[str], forget: list[str]) -> None:
    for given in add:
        name = lasting_name(given)
        if name is None:
            raise Misuse("standard input cannot be read again; give a file or a folder")
        if not is_feed(given):
            expand_sources([given])
        library.origins.record(name)
    for given in forget:
        names = [given, lasting_name(given)]
        if not any(library.origins.forget(name) for name in names if name):
            known = ", ".join(origin.name for origin in library.origins.list()[:10])
            raise Misuse(f"{given} is no source of this library; it has: {known or 'none'}")


class _Reading:
    """Reads sources, and keeps up to which day listings were read."""

    def __init__(self, library: "Library", *, allow_private: bool) -> None:
        from footnote.index.readers.feeds import Fetcher

        self._library = library
        self._allow_private = allow_private
        self._fetcher = Fetcher()
        self._days: list[tuple[Origin, date]] = []
        self._named: dict[str, list[str]] = {}

    def grouped(self, origins: "list[Origin]") -> "list[Origin]":
        """Returns the sources, papers named by identifiers as one: they are looked up together."""
        named = [one for one in origins if identifiers(one.name)]
        if not named:
            return origins
        name = f"{len(named):,} papers by identifier"
        self._named[name] = [one.name for one in named]
        return [*(one for one in origins if one not in named), replace(named[0], name=name)]

    def gather(self, origin: "Origin") -> "Gathered":
        """Returns what a source has now; to be closed."""
        from footnote.index.readers.csv_table import parse_columns
        from footnote.index.readers.gathering import Gathered
        from footnote.index.readers.lookup import MOST

        columns = parse_columns(origin.columns)
        found = Gathered(most_unpacked=chosen_limits().unpacked, columns=columns)
        try:
            if is_feed(origin.name) and not Path(origin.name).exists():
                seen = date.fromisoformat(origin.seen) if origin.seen else None
                today = datetime.now(UTC).date()
                day = self._fetcher.gather(found, origin.name, seen=seen, today=today)
                self._days += [(origin, day)] if day else []
            elif named := self._named.get(origin.name):
                for at in range(0, len(named), MOST):
                    gather_sources(found, named[at : at + MOST])
            else:
                names = expand_sources([origin.name])
                gather_sources(found, names, allow_private=self._allow_private)
        except BaseException:
            found.__exit__(None, None, None)
            raise
        return found

    def is_local(self, name: str) -> bool:
        """Returns whether a source is a file, a folder or a pattern."""
        return Path(name).is_absolute() and name not in self._named

    def note_days(self) -> None:
        """Takes note of the days, once their papers are in the library."""
        for origin, day in self._days:
            self._library.origins.set_seen(origin, day.isoformat())


def _report(rows: "list[SyncedSource]", size: int, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "papers": size, "sources": [asdict(row) for row in rows]})
        return
    if not rows:
        print("No sources to read again; add one with: footnote sync --add SOURCE")
    for row in rows:
        told = f"{row.new:,} new, {row.changed:,} changed, {len(row.gone):,} gone"
        would = " (would be)" if dry_run else ""
        removed = f", {row.removed:,} removed{would}" if row.removed else ""
        print(f"{row.name}: {row.error or told + removed}")
        if row.unread:
            print(f"  nothing is taken as gone, as a file was not read: {row.unread}")
    if any(row.removed for row in rows) and not dry_run:
        print("Put back what was removed with: footnote undo --redo")
