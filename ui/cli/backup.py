"""The commands that back a library up and restore it.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

from pathlib import Path
from typing import Annotated

import typer

from footnote.index import LibraryNotFound
from footnote.index.storage.place import CATALOG
from footnote.ui.cli.options import (
    JsonOption,
    LibraryOption,
    WaitOption,
    library_folder,
    present_folder,
    print_json,
    progress,
)

FileArgument = Annotated[Path, typer.Argument(help="The file of the backup.", metavar="FILE")]


def backup(file: FileArgument, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Back up a whole library into one file, also while it is served."""
    from footnote.ui.maintenance.backup import back_up

    folder = present_folder(library)
    if not (folder / CATALOG).is_file():
        raise LibraryNotFound(f"no library at {folder}; give its folder with --library DIR")
    made = back_up(folder, file)
    size = file.stat().st_size
    if as_json:
        names = [member.name for member in made.members]
        print_json({"file": str(file), "bytes": size, "papers": made.papers, "members": names})
        return
    print(
        f"{made.papers:,} papers and {len(made.members) - 1:,} files of readers in {file}, "
        f"{size / 1e6:,.1f} MB. Not in it: settings, and the indexes, which restore makes anew "
        "without embedding."
    )


def restore(
    file: FileArgument,
    library: LibraryOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Move a folder that is not empty aside.")
    ] = False,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Restore a library from a backup into an empty folder; nothing is embedded."""
    from footnote.ui.maintenance import restore as restoring

    folder = library_folder(library)
    with progress("Restoring", 0) as advance:
        made, aside = restoring.restore(
            file, folder, force=force, wait=wait, on_progress=advance.to
        )
    if as_json:
        print_json(
            {
                "library": str(folder), "papers": made.papers, "made": made.made,
                "aside": str(aside) if aside else None,
            }
        )  # fmt: skip
        return
    print(f"{made.papers:,} papers of {made.made} are restored in {folder}")
    if aside:
        print(f"What was there is in {aside}")
