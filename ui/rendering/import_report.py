"""Import report: the result for each file, with buttons to undo and redo."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from footnote.index.library import Library, Removal
from footnote.index.readers.gathering import FileReading
from footnote.index.storage.history.import_log import Import
from footnote.index.storage.ingest.corrections import BY_HAND
from footnote.index.storage.ingest.duplicates.merging import describe_left_out
from footnote.index.storage.ingest.pipeline import Added
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import counted

PROBLEMS_SHOWN = 20
LOST = "it did not arrive; it may be too large for this server, or was dropped twice"


def report_html(files: Sequence[FileReading], added: Added) -> Markup:
    """Returns what an import did, in all and for each file."""
    refused = sum(file.refused for file in files)
    unread = sum(bool(file.error and not file.papers) for file in files)
    told = [
        f"{counted(added.new, 'paper')} new, {added.changed:,} changed, "
        f"{added.unchanged:,} unchanged."
        if any(file.papers for file in files)
        else "Nothing could be used."
    ]
    if refused:
        told.append(f"{counted(refused, 'record')} could not be used.")
    if unread:
        told.append(f"{counted(unread, 'file')} could not be read.")
    told += [f"{file.remark}{'' if file.remark.endswith('?') else '.'}"
             for file in files if file.remark]  # fmt: skip
    plain = len(files) == 1 and not (refused or files[0].error or added.left_out)
    rows = [_file(file, added.files.get(n, Added())) for n, file in enumerate(files)]
    return piece("import", "report", told, None if plain else rows)


def _file(file: FileReading, added: Added) -> tuple[str, list[str], str, list[str]]:
    """Returns a file's name, what became of its papers, why it was not read, its problems."""
    # Of one that broke off the papers before the fault count.
    error = "" if file.papers else file.error or ""
    did = (
        (added.new, "added"), (added.changed, "changed"), (added.unchanged, "unchanged"),
        (file.refused, "could not be used"),
    )  # fmt: skip
    told = [f"{count:,} {what}" for count, what in did if count]
    return file.name, told, error[:1].lower() + error[1:], _problems(file, added)


def _problems(file: FileReading, added: Added) -> list[str]:
    told = [str(problem) for problem in file.problems[:PROBLEMS_SHOWN]]
    more = file.refused - len(told)
    if file.papers and file.error:
        told.insert(0, f"it breaks off: {file.error}")
    if more > 0:
        told.append(f"and {more:,} more")
    if added.left_out:
        told.append(str(describe_left_out(file.name, added.left_out)))
    return told


def latest_html(library: Library) -> Markup:
    """Returns the last import that can be undone, and what can be put back, if there is any."""
    last = next((one for one in library.imports() if not one.undone), None)
    taken = next(iter(library.removals()), None)
    return piece("import", "latest", last and _import(last), taken and _taken(taken))


def is_correction(names: Sequence[str]) -> bool:
    """Returns whether an import by these names is a correction by hand."""
    return tuple(names) == (BY_HAND,)


def of_names(names: Sequence[str]) -> str:
    """Returns " of a.bib, b.ris" for the names of what an import read; the first three alone."""
    if not names:
        return ""
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return f" of {', '.join(names[:3])}{more}"


def _import(last: Import) -> tuple[str, int]:
    when = f"{datetime.fromisoformat(last.when).astimezone():%-d %B %Y, %H:%M}"
    if is_correction(last.names):
        return f"Last change {when}: a record was corrected by hand.", last.number
    names = f" from {', '.join(last.names)}" if last.names else ""
    cut = "" if last.complete else ", cut off"
    told = f"Last import {when}{names}: {last.new:,} new, {last.changed:,} changed{cut}."
    return told, last.number


def _taken(taken: Removal) -> tuple[str, str, int]:
    papers = counted(taken.papers, "paper")
    told, label = f"Removed: {papers}.", "Put back"
    if is_correction(taken.names):
        told, label = "Undone: a correction by hand.", "Redo"
    elif taken.undone is not None:
        told, label = f"Undone: the import{of_names(taken.names)}, {papers}.", "Redo"
    elif taken.papers == 1 and taken.names:
        told = f"Removed: “{taken.names[0]}”."
    return told, label, taken.number
