"""Library room: add and remove papers, undo imports, show statistics."""

import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from markupsafe import Markup, escape

from footnote.index import FootnoteError, SourceError
from footnote.index.library import Library
from footnote.index.readers.gathering import FileReading, Gathered
from footnote.index.readers.lookup import gather, parse_identifiers
from footnote.index.readers.pdf import SOURCE, PdfDraft, is_pdf, read_draft
from footnote.index.readers.record import describe_fault, parse_paper
from footnote.index.search.chroma import UnusableCollection
from footnote.index.storage.ingest.pipeline import Added
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.import_report import LOST, latest_html, report_html
from footnote.ui.rendering.panels import counted
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.library.browsing import ORDERS, parts_html, shelf_html
from footnote.ui.web.jobs import Job
from footnote.ui.web.requests import Args, BadRequest
from footnote.ui.web.security.uploads import take_upload

_FIELDS = ("title", "abstract", "authors", "published", "doi", "arxiv_id")
MOST_PASTED = 1_000_000
_DRAFT = re.compile(r"fn-draft-[0-9]{1,3}")
_ROOM = "#fn-room-library"


def shown(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the room: what is here, what was added last, and its papers."""
    parts, shelf = parts_html(desk, args), shelf_html(desk, args)
    told = _state(desk), latest_html(desk.papers), ORDERS, parts, shelf, _health(desk)
    return {"html": {_ROOM: piece("library", "room", *told)}}


def added(desk: AppContext, args: Args) -> dict[str, Any]:
    """Reads dropped files into the library; the reply names a job to follow."""
    files, lost = _uploads(desk, args), [_name(name) for name in args.texts("lost", most=50)]
    # One limit for two sizes: an unpacked file, and the papers of all files while they wait on
    # disk. The papers of a file take about as much as the file.
    library, limit = desk.papers, desk.unpacked

    def work(job: Job) -> str:
        paths = [path for path, _ in files]
        with take_upload(paths), Gathered(most_unpacked=limit, most_kept=limit) as found:
            drafts = []
            for path, name in files:
                if is_pdf(path):
                    drafts.append((name, *_draft(path)))
                else:
                    found.take(path, name)
            found.files += [FileReading(name, name, error=LOST) for name in lost]
            job.total = found.papers
            told = piece("import", "drafts", drafts, job.id) if drafts else Markup()
            if not found.files:
                return told
            added = _add(library, found, job)
            job.imported = added.number
            return told + report_html(found.files, added)

    try:
        return {"job": desk.jobs.start(args.user, "Adding", "papers", work)}
    except FootnoteError:
        with take_upload([path for path, _ in files]):
            raise


def _draft(path: Path) -> tuple[PdfDraft | None, str]:
    """Returns what a PDF seems to say, or None and why it says nothing."""
    try:
        return read_draft(path), ""
    except SourceError as error:
        return None, str(error).removeprefix(f"{path}: ")


def confirmed(desk: AppContext, args: Args) -> dict[str, Any]:
    """Adds a paper as its reader corrected it."""
    fields: dict[str, object] = {
        name: value for name in _FIELDS if (value := args.text(name, "", most=100_000).strip())
    }
    try:
        paper = parse_paper({**fields, "source": SOURCE})
    except ValueError as error:
        raise BadRequest(f"the paper cannot be added: {describe_fault(error)}") from error
    file = args.text("file", "PDF", most=200)
    # What was dropped with it is one import, and undone with it.
    drop = _drop(desk, args)
    added = desk.papers.add([paper], names=[file], joins=drop.imported if drop else None)
    if drop and added.number is not None:
        drop.imported = added.number
    told = "added to the library." if added.new else "it was in the library already."
    # The room stays as it is: other files may still wait to be looked at.
    html = {
        "#fn-import": latest_html(desk.papers),
        "#fn-parts": parts_html(desk, args),
        "#fn-shelf": shelf_html(desk, args),
        f"{_ROOM} .fn-roomhead p": escape(_state(desk)),
    }
    if _DRAFT.fullmatch(place := args.text("draft", "", most=20)):
        html[f"#{place}"] = piece("controls", "remark", f"{file}: {told}")
    return {"html": html, "told": told[0].upper() + told[1:], "changed": True}


def _drop(desk: AppContext, args: Args) -> Job | None:
    """Returns the job that read a file and those dropped beside it, while it is known."""
    with suppress(FootnoteError):
        return desk.jobs.get(args.user, args.text("drop", "", most=100))
    return None


def pasted(desk: AppContext, args: Args) -> dict[str, Any]:
    """Reads pasted references into the library, or looks papers up by their identifiers."""
    text = args.text("text", most=MOST_PASTED)
    if not text.strip():
        raise BadRequest("nothing was pasted; paste references, or DOIs, arXiv numbers or PMIDs")
    library, limit, names = desk.papers, desk.unpacked, parse_identifiers(text)

    def work(job: Job) -> str:
        job.note = "Looking them up" if names else ""
        with TemporaryDirectory() as folder, Gathered(most_unpacked=limit) as found:
            if names:
                gather(found, names, services=desk.services)
            else:
                path = Path(folder) / "pasted"
                path.write_text(text, "utf-8")
                found.take(path, "What was pasted")
            job.note, job.total = "", found.papers
            return report_html(found.files, _add(library, found, job))

    return {"job": desk.jobs.start(args.user, "Adding", "papers", work)}


def _add(library: Library, found: Gathered, job: Job) -> Added:
    if not found.papers:
        return Added()
    # The server folds when nobody waits.
    return library.add_records(
        found.records(), names=found.names, on_progress=job.advance, fold=False
    )


def _uploads(desk: AppContext, args: Args) -> list[tuple[Path, str]]:
    """Returns the uploaded files with the names that readers gave them."""
    folder = desk.uploads.resolve() if desk.uploads else None
    paths = [(folder or Path()).joinpath(path).resolve() for path in args.texts("paths", most=50)]
    # The browser may name only files that it uploaded.
    if not paths or not folder or not all(_within(path, folder) for path in paths):
        raise BadRequest("no file came with that; drop it again")
    names = args.texts("names", most=50)
    if len(names) != len(paths):
        names = tuple(path.name for path in paths)
    return [(path, _name(name)) for path, name in zip(paths, names, strict=True)]


def _name(name: str) -> str:
    """Returns a file's own name on one line, whatever a browser sent as such."""
    bare = name.replace("\\", "/").rpartition("/")[2].encode(errors="replace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in bare).split())[:120] or "a file"


def followed(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns the progress of a job, and finally its result."""
    job = desk.jobs.get(args.user, args.text("job", most=100))
    if job.error:
        return {"done": True, "error": f"{job.label} failed: {job.error}"}
    if job.result is not None:
        return {"done": True, "result": job.result}
    if job.note or not job.total:
        part = job.done / job.total if job.total else 0
        return {"done": False, "line": f"{job.note or 'Reading'}…", "part": part}
    percent = f" · {job.done / job.total:.0%}"
    line = (
        f"{job.label} {job.done:,} of {job.total:,} {job.unit} · {job.rate:.0f} a second{percent}"
    )
    return {"done": False, "line": line, "part": job.done / job.total}


def removed(desk: AppContext, args: Args) -> dict[str, Any]:
    """Removes papers."""
    count = desk.papers.remove(args.texts("papers", most=500))
    return {
        **shown(desk, args),
        "told": f"{counted(count, 'paper')} removed.",
        "unpick": True,
        **_FOCUSED,
    }


def undone(desk: AppContext, args: Args) -> dict[str, Any]:
    """Undoes the last import."""
    number = args.number("number")
    if number is None:
        raise BadRequest("nothing was chosen to undo; reload the page")
    done = desk.papers.undo(number)
    told = f"{counted(done.removed, 'paper')} taken back, {done.restored:,} as before."
    return {**shown(desk, args), "told": told, **_FOCUSED}


def redone(desk: AppContext, args: Args) -> dict[str, Any]:
    """Restores the last undo or removal."""
    number = args.number("number")
    if number is None:
        raise BadRequest("nothing was chosen to put back; reload the page")
    back = desk.papers.restore(number)
    told = f"{counted(back.papers, 'paper')} put back."
    return {**shown(desk, args), "told": told, "focus": "#fn-undo", "changed": True}


# Show the undo button where the reader looks next.
_FOCUSED = {"focus": "#fn-redo", "changed": True}


def _state(desk: AppContext) -> str:
    status = desk.library.status()
    if not status.papers:
        return "No papers yet"
    years = f"{status.first_year}–{status.last_year}" if status.first_year else "no years"
    undated = f", {status.undated:,} without a year" if status.undated else ""
    return f"{counted(status.papers, 'paper')}, {years}{undated}"


def _health(desk: AppContext) -> Markup:
    status, library = desk.library.status(), desk.papers
    try:
        agrees, fault = library.searcher.agrees(), ""
    except UnusableCollection as error:
        agrees, fault = False, f"Searched by words alone: {error.brief}."
    told = fault or (
        "Everything agrees: both search indexes hold what the catalog holds."
        if agrees or not status.papers
        else "A search index does not hold what the catalog holds; it is made again when the "
        "library is next opened, and nothing is lost."
    )
    facts = (
        f"Embedder {status.embedder}, {status.dimensions} dimensions · "
        f"{status.bytes / 2**20:,.0f} MB on disk · {status.path}"
    )
    return piece("library", "health", told, facts)


def _within(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) and path.is_file()


ACTIONS = {
    "library": shown,
    "add": added,
    "paste": pasted,
    "draft-add": confirmed,
    "job": followed,
    "remove": removed,
    "undo": undone,
    "redo": redone,
}
