"""The command that examines a library and repairs it.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.index import LibraryNotFound
from footnote.index.storage.place import CATALOG
from footnote.ui.cli.options import (
    JsonOption,
    LibraryOption,
    Misuse,
    WaitOption,
    make_embedder,
    present_folder,
    print_json,
    progress,
)

if TYPE_CHECKING:
    from footnote.ui.maintenance.findings import Finding


def doctor(
    library: LibraryOption = None,
    fold: Annotated[
        bool, typer.Option("--fold", help="Make a new Chroma collection of all that is there.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair/--check", help="Repair what can be, or only look.")
    ] = True,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Examine a whole library, and repair without loss what can be made again."""
    from footnote.index.embeddings.configured import configured_name
    from footnote.ui.maintenance import doctor as examination
    from footnote.ui.maintenance.findings import count_wrong
    from footnote.ui.settings import all_sources

    if fold and not repair:
        raise Misuse("--fold writes and --check only looks; give one of them")
    folder = present_folder(library)
    if not (folder / CATALOG).is_file():
        raise LibraryNotFound(f"no library at {folder}; give its folder with --library DIR")
    found = examination.examine(folder, configured_name(all_sources()))
    if repair and any(one.mendable for one in found):
        with progress("Repairing", 0) as advance:
            found = examination.repair(
                folder, found, make_embedder, wait=wait, on_progress=advance.to
            )
    if fold and not count_wrong(found):
        _fold(folder, wait)
    left = count_wrong(found)
    _report(folder, found, left, as_json=as_json)
    if left:
        raise typer.Exit(1)


def _fold(folder: Path, wait: float) -> None:
    from footnote.index.library import Library

    with (
        Library.open(folder, embedder=make_embedder(), wait=wait) as opened,
        progress("Folding", 0) as advance,
    ):
        opened.fold(always=True, on_progress=advance.to)


def _report(folder: Path, found: "list[Finding]", left: int, *, as_json: bool) -> None:
    if as_json:
        rows = [asdict(one) for one in found]
        print_json({"library": str(folder), "wrong": left, "findings": rows})
        return
    for one in found:
        print(one.line)
    sys.stdout.flush()
