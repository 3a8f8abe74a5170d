"""The commands that change a library: index, remove and undo.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footnote.index import LibraryError
from footnote.index.storage.place import CATALOG, check_place
from footnote.ui.cli.machines import (
    VectorsOption,
    WorkersOption,
    check_cluster,
    choose_place,
    open_embedder,
)
from footnote.ui.cli.options import (
    JsonOption,
    LibraryOption,
    Misuse,
    WaitOption,
    chosen_limits,
    library_folder,
    open_library,
    print_json,
    progress,
)
from footnote.ui.cli.sources import ReadOrigins, expand_sources, read_in_steps, read_origins

if TYPE_CHECKING:
    from footnote.index.embeddings.protocols import Embedder
    from footnote.index.library import Library
    from footnote.index.readers.gathering import FileReading, Gathered
    from footnote.index.search.chroma.address import VectorPlace
    from footnote.index.storage.ingest.pipeline import Added

PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        help="Files, folders, patterns, - (standard input), addresses of the web, or DOIs, "
        "arXiv numbers, PMIDs.",
        show_default=False,
    ),
]
RebuildOption = Annotated[
    bool, typer.Option("--rebuild", help="Embed all papers again with the current embedder.")
]
DocumentsOption = Annotated[
    bool | None,
    typer.Option(
        "--documents/--no-documents",
        help="Store texts and metadata besides vectors in a new library's Chroma "
        "collection; with --rebuild, also in an existing one.",
        show_default=False,
    ),
]
ColumnsOption = Annotated[
    str,
    typer.Option(
        "--columns", metavar="FIELD=NAME,...", show_default=False,
        help="What columns of a CSV file hold, such as title=Titel,abstract=Inhalt.",
    ),
]  # fmt: skip
PrivateOption = Annotated[
    bool, typer.Option("--allow-private", help="Download from private networks and this machine.")
]


@dataclass(frozen=True, slots=True)
class _GivenSources:
    """What the command line gave, and what was read of it."""

    found: "Gathered"
    paths: Sequence[str]
    columns: str

    def origins(self) -> ReadOrigins:
        """Returns the sources that were read, once all are."""
        return read_origins(self.found, self.paths, self.columns)


def index(
    paths: PathsArgument = None,
    library: LibraryOption = None,
    rebuild: RebuildOption = False,
    documents: DocumentsOption = None,
    columns: ColumnsOption = "",
    allow_private: PrivateOption = False,
    vectors: VectorsOption = None,
    workers: WorkersOption = "",
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Add papers to a library: BibTeX, RIS, PubMed, JSON, CSV, EndNote, Atom, PDF, saved pages."""
    from footnote.index.readers.gathering import Gathered

    started = time.perf_counter()
    if not paths and not rebuild and not vectors:
        raise Misuse("nothing to index; give files or folders: footnote index PATH...")
    sources, named = expand_sources(paths or []), _parse_columns(columns)
    folder = library_folder(library)
    # Fail before reading any file.
    check_place(folder)
    place, moves = choose_place(vectors, folder)
    check_cluster(workers)
    with Gathered(most_unpacked=chosen_limits().unpacked, columns=named) as found:
        found.plan(read_in_steps(found, sources, allow_private=allow_private))
        # Where there is nothing to add no library is made.
        found.read_first()
        if not found.papers:
            _print_problems(found)
            found.check()
        opens = rebuild or documents is not None or moves
        known = None if opens else _find_known(found, folder)
        given = _GivenSources(found, paths or [], columns)
        if known:
            _print_problems(found)
            given.origins().record_new(folder)
            _report(found, *known, started, as_json=as_json)
        else:
            wanted: dict[str, Any] = {
                "rebuild": rebuild,
                "documents": documents,
                "vectors": place,
                "wait": wait,
            }
            with open_embedder(workers) as embedder:
                opened = _open_to_add(folder, embedder, **wanted)
                _index(given, opened, started, as_json=as_json)
    if found.failures:
        raise typer.Exit(1)


def _parse_columns(text: str) -> dict[str, str]:
    from footnote.index.readers.csv_table import parse_columns

    try:
        return parse_columns(text)
    except ValueError as error:
        raise Misuse(f"--columns: {error}") from error


def _make_report(found: "Gathered", added: "Added", size: int, seconds: float) -> dict[str, Any]:
    """Returns what ``index --json`` prints."""
    return {
        "records": found.papers,
        "papers": size,
        "new": added.new,
        "changed": added.changed,
        "unchanged": added.unchanged,
        "problems": sum(_problems(file) for file in found.files),
        "files": [_file_as_json(file, added.files.get(n)) for n, file in enumerate(found.files)],
        "seconds": round(seconds, 2),
    }


def _open_to_add(
    folder: Path,
    embedder: "Embedder",
    *,
    rebuild: bool,
    documents: bool | None,
    vectors: "VectorPlace | None",
    wait: float,
) -> "Library":
    """Returns a library to add papers to, made where there is none."""
    from footnote.index.library import Library

    if rebuild:
        with progress("Embedding", 0) as advance:
            Library.rebuild(
                folder,
                embedder=embedder,
                documents=documents,
                vectors=vectors,
                on_progress=advance.to,
                wait=wait,
            ).close()
    opened = Library.open(
        folder,
        embedder=embedder,
        create=True,
        documents=documents is not False,
        vectors=vectors,
        wait=wait,
    )
    if documents is not None and opened.has_documents != documents:
        kind = "with" if opened.has_documents else "without"
        opened.close()
        raise LibraryError(f"{folder} was created {kind} documents; add --rebuild to change that")
    return opened


def _index(given: _GivenSources, library: "Library", started: float, *, as_json: bool) -> None:
    """Adds papers to a library as they are read, tells what that did, then tidies and closes it."""
    found = given.found
    with library as opened:
        with progress("Indexing", 0) as advance:
            done = 0

            def show(count: int) -> None:
                nonlocal done
                done += count
                advance.to(done, found.papers)

            added = opened.add_records(
                found.records(), names=lambda: found.names, on_progress=show, fold=False
            )
        _print_problems(found)
        given.origins().record(opened.origins, of=added.number)
        _report(found, added, opened.size, started, as_json=as_json)
        _tidy(opened)


def _find_known(found: "Gathered", folder: Path) -> "tuple[Added, int] | None":
    """Returns what adding would say, and the library's size, if the library holds all of it."""
    from footnote.index.embeddings.configured import configured_name
    from footnote.index.storage.ingest.known import find_known
    from footnote.ui.settings import all_sources

    return find_known(folder / CATALOG, configured_name(all_sources()), found.records())


def _report(found: "Gathered", added: "Added", size: int, started: float, *, as_json: bool) -> None:
    _print_left_out(found, added)
    report = _make_report(found, added, size, time.perf_counter() - started)
    print_json(report) if as_json else _show_report(report)
    for remark in filter(None, (file.remark for file in found.files)):
        print(remark, file=sys.stderr)


def _tidy(opened: "Library") -> None:
    """Makes ready what readers would wait for, after the report is printed."""
    from footnote.index.search.chroma import UnusableCollection

    sys.stdout.flush()
    try:
        if opened.needs_tidying():
            with progress("Tidying", 0) as advance:
                opened.tidy(on_progress=advance.to)
    except KeyboardInterrupt:
        print(
            "stopped tidying; every paper can be found, and the next index goes on with it",
            file=sys.stderr,
        )
    except UnusableCollection as error:
        print(f"{error}; no paper is lost, and the next index goes on with it", file=sys.stderr)


def _print_problems(found: "Gathered") -> None:
    """Says on stderr which records cannot be used, and which files are left out."""
    for file in found.files:
        for problem in file.problems:
            print(problem, file=sys.stderr)
        if more := file.refused - len(file.problems):
            print(f"{file.name}: {more:,} more records cannot be used", file=sys.stderr)
        # A single file of which nothing can be read is an error.
        if file.error and (len(found.files) > 1 or file.papers):
            print(f"{file.name}: {file.error}", file=sys.stderr)


def _print_left_out(found: "Gathered", added: "Added") -> None:
    """Prints to stderr which files had something left out."""
    from footnote.index.storage.ingest.duplicates.merging import describe_left_out

    for n, of in added.files.items():
        if of.left_out:
            print(describe_left_out(found.files[n].name, of.left_out), file=sys.stderr)


def _problems(file: "FileReading") -> int:
    # In a folder, a file in an unknown format is only a problem, not an error.
    return file.refused + bool(file.error and not file.failed)


def _file_as_json(file: "FileReading", added: "Added | None") -> dict[str, Any]:
    return {
        "file": file.name,
        "papers": file.papers,
        "new": added.new if added else 0,
        "changed": added.changed if added else 0,
        "unchanged": added.unchanged if added else 0,
        "problems": file.refused,
        "left_out": added.left_out if added else 0,
        "error": file.error,
    }


def _show_report(report: dict[str, Any]) -> None:
    print(
        "{records:,} records, {papers:,} papers in the library: {new:,} new, {changed:,} changed, "
        "{unchanged:,} unchanged, {problems:,} problems, {seconds:.1f} s".format(**report)
    )
    unread = [file["file"] for file in report["files"] if file["error"] and not file["papers"]]
    if unread:
        print(f"Not read: {', '.join(unread[:10])}{', …' if len(unread) > 10 else ''}")
    if report["records"] and not report["new"] and not report["changed"]:
        print("Nothing changed.")


def remove(
    papers: Annotated[
        list[str],
        typer.Argument(help="Ids, arXiv numbers or titles of papers.", metavar="PAPER..."),
    ],
    library: LibraryOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Remove papers from a library; if one is unknown, none is removed."""
    with open_library(library, wait=wait) as opened:
        removed = opened.remove(papers)
        report = {"removed": removed, "papers": opened.size}
    if as_json:
        print_json(report)
    else:
        print("{removed:,} removed, {papers:,} papers in the library".format(**report))


def undo(
    library: LibraryOption = None,
    redo: Annotated[bool, typer.Option("--redo", help="Reverse the last undo or removal.")] = False,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Undo the latest import: remove the papers it added, restore those it changed."""
    if redo:
        _redo(library, wait=wait, as_json=as_json)
        return
    with open_library(library, wait=wait) as opened:
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


def _redo(library: Path | None, *, wait: float, as_json: bool) -> None:
    # The library may be empty because of the removal.
    with open_library(library, empty=True, wait=wait) as opened:
        last = next(iter(opened.removals()), None)
        if last is None:
            raise LibraryError(
                f"nothing to redo in {opened.path}: nothing was undone or removed since papers "
                "were last added"
            )
        opened.restore(last.number)
        report = {
            "import": last.undone,
            "names": last.names,
            "papers": opened.size,
            "restored": last.papers,
            "changed": last.changed,
        }
    if as_json:
        print_json(report)
        return
    of = f" of {', '.join(last.names)}" if last.names else ""
    what = "What was removed" if last.undone is None else f"Import {last.undone}{of}"
    print(
        f"{what} is put back: {last.papers:,} again, "
        f"{last.changed:,} changed again, {report['papers']:,} papers in the library"
    )
