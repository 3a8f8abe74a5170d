"""An import in words: what became of each file, and how to take back or put back what was done."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from footnote.index.library import Library, Removal
from footnote.index.readers.gathering import FileReading
from footnote.index.storage.import_log import Import
from footnote.index.storage.ingest.merging import describe_left_out
from footnote.index.storage.ingest.pipeline import Added
from footnote.ui.rendering.cards import text_html
from footnote.ui.rendering.panels import counted, data

PROBLEMS_SHOWN = 20
LOST = "it did not arrive; it may be too large for this server, or was dropped twice"


def report_html(files: Sequence[FileReading], added: Added) -> str:
    """Returns what an import did, in all and for each file."""
    refused, unread = sum(file.refused for file in files), sum(bool(f.error) for f in files)
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
    line = f"<p>{' '.join(told)}</p>"
    if len(files) == 1 and not (refused or unread or added.left_out):
        return line
    rows = "".join(_file(file, added.files.get(n, Added())) for n, file in enumerate(files))
    return f'{line}<dl class="fn-files">{rows}</dl>'


def _file(file: FileReading, added: Added) -> str:
    name = f"<dt>{text_html(file.name)}</dt>"
    if file.error:
        why = f"{file.error[:1].lower()}{file.error[1:]}"
        return f'<div>{name}<dd class="fn-worse">Not read: {text_html(why)}.</dd></div>'
    did = [
        f"{count:,} {what}"
        for count, what in (
            (added.new, "added"), (added.changed, "changed"), (added.unchanged, "unchanged"),
        )
        if count
    ]  # fmt: skip
    if file.refused:
        did.append(f"{file.refused:,} could not be used")
    return f"<div>{name}<dd>{', '.join(did) or 'no papers'}{_problems(file, added)}</dd></div>"


def _problems(file: FileReading, added: Added) -> str:
    if not file.refused and not added.left_out:
        return ""
    shown = file.problems[:PROBLEMS_SHOWN]
    rows = "".join(f"<li>{text_html(str(problem))}</li>" for problem in shown)
    more = file.refused - len(shown)
    rest = f"<li>and {more:,} more</li>" if more > 0 else ""
    if added.left_out:
        rest += f"<li>{text_html(str(describe_left_out(file.name, added.left_out)))}</li>"
    return f'<ul class="fn-problems">{rows}{rest}</ul>'


def latest_html(library: Library) -> Markup:
    """Returns the last import that can be undone, and what can be put back, if there is any."""
    last = next((one for one in library.imports() if not one.undone), None)
    taken = next(iter(library.removals()), None)
    return Markup((_import(last) if last else "") + (_taken(taken) if taken else ""))


def of_html(names: Sequence[str]) -> str:
    """Returns " of a.bib, b.ris" for the names of what an import read; the first three alone."""
    if not names:
        return ""
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return text_html(f" of {', '.join(names[:3])}{more}")


def _import(last: Import) -> str:
    names = f" from {', '.join(last.names)}" if last.names else ""
    cut = "" if last.complete else ", cut off"
    when = f"{datetime.fromisoformat(last.when).astimezone():%-d %B %Y, %H:%M}"
    told = f"Last import {when}{names}: {last.new:,} new, {last.changed:,} changed{cut}."
    return (
        f'<p class="fn-import"><span>{text_html(told)}</span><button type="button"'
        f' class="fn-button" id="fn-undo" data-do="undo" {data(number=last.number)} data-ask>'
        "Undo</button></p>"
    )


def _taken(taken: Removal) -> str:
    papers = counted(taken.papers, "paper")
    if taken.undone is not None:
        told, label = f"Undone: the import{of_html(taken.names)}, {papers}.", "Redo"
    elif taken.papers == 1 and taken.names:
        told, label = text_html(f"Removed: “{taken.names[0]}”."), "Put back"
    else:
        told, label = f"Removed: {papers}.", "Put back"
    return (
        f'<p class="fn-import fn-taken"><span>{told}</span><button type="button" class="fn-button"'
        f' id="fn-redo" data-do="redo" {data(number=taken.number)}>{label}</button></p>'
    )
