"""The commands that change a library: index, remove and undo.

Heavy imports stand inside the functions that need them, so that ``--help`` answers at once.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ui.assemble import (
    JsonOption,
    LibraryOption,
    Misuse,
    library_folder,
    make_embedder,
    open_library,
    print_json,
    progress,
)


def index(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders of papers.", show_default=False)
    ] = None,
    library: LibraryOption = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Embed everything again with the present embedder.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add papers to a library: saved Daily Papers pages, BibTeX, RIS, PubMed XML, JSONL."""
    import time

    from index.sources import NothingUsable, Sources, read_sources

    started = time.perf_counter()
    if not paths and not rebuild:
        raise Misuse("nothing to index; give files or folders: footnote index PATH...")
    for path in paths or ():
        if not path.exists():
            raise Misuse(f"{path} does not exist; give files or folders of papers")
    from index.library import Library, check_place

    folder = library_folder(library)
    # Said before a file is read for nothing.
    check_place(folder)
    try:
        sources = read_sources(paths) if paths else Sources((), ())
    except NothingUsable as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        raise
    for problem in sources.problems:
        print(problem, file=sys.stderr)
    embedder = make_embedder()
    if rebuild:
        with progress("Embedding", 0) as advance:
            Library.rebuild(folder, embedder=embedder, on_progress=advance.to).close()
    with Library.open(folder, embedder=embedder, create=True) as opened:
        with progress("Indexing", len(sources.papers)) as advance:
            added = opened.add(
                sources.papers, names=[str(path) for path in paths or ()], on_progress=advance
            )
        opened.map()  # drawn now, so that no reader of the page waits for it
        size = opened.size
    report = {
        "records": len(sources.papers),
        "papers": size,
        "new": added.new,
        "changed": added.changed,
        "unchanged": added.unchanged,
        "problems": len(sources.problems),
        "seconds": round(time.perf_counter() - started, 2),
    }
    if as_json:
        print_json(report)
    else:
        _show_report(report)


def _show_report(report: dict[str, Any]) -> None:
    print(
        "{records:,} records, {papers:,} papers in the library: {new:,} new, {changed:,} changed, "
        "{unchanged:,} unchanged, {problems:,} problems, {seconds:.1f} s".format(**report)
    )
    if report["records"] and not report["new"] and not report["changed"]:
        print("Nothing changed.")


def remove(
    papers: Annotated[
        list[str],
        typer.Argument(help="Ids, arXiv numbers or titles of papers.", metavar="PAPER..."),
    ],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove papers from a library; all of them, or none where one is unknown."""
    with open_library(library) as opened:
        removed = opened.remove(papers)
        report = {"removed": removed, "papers": opened.size}
    if as_json:
        print_json(report)
    else:
        print("{removed:,} removed, {papers:,} papers in the library".format(**report))


def undo(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Take back the latest import: what it added goes, what it changed is as it was."""
    with open_library(library) as opened:
        newest = next((one for one in opened.imports() if not one.undone), None)
        undone = opened.undo(newest.number if newest else 0)
        size = opened.size
    assert newest is not None
    report = {
        "import": newest.number,
        "when": newest.when,
        "names": newest.names,
        "complete": newest.complete,
        "removed": undone.removed,
        "restored": undone.restored,
        "papers": size,
    }
    if as_json:
        print_json(report)
        return
    of = f" of {', '.join(newest.names)}" if newest.names else ""
    cut = "" if newest.complete else ", which was cut off,"
    print(
        f"Import {newest.number}{of} ({newest.when}){cut} is undone: {undone.removed:,} removed, "
        f"{undone.restored:,} restored, {size:,} papers in the library"
    )
